"""Entries as appliances write them, in the shapes of docs/record-format.md, for the lists of the desk."""

from __future__ import annotations


def scale(name: str, stall: str = "A-01", due: str = "", serial: str = "") -> dict:
    return {
        "id": name,
        "stall": stall,
        "maker": "凯丰",
        "model": "ACS-15",
        "serial": serial or f"SN-{name}",
        "verification_due": due,
    }


def self_check(
    device, name: str = "S-1", verdict: str = "conforms", stall: str = "A-01", due: str = ""
) -> str:
    body = {
        "procedure": "self_check",
        "stall": {"code": stall, "name": ""},
        "scale": scale(name, stall, due),
        "verdict": verdict,
    }
    return device.append("self_check", body)


def fair_weighing(device, verdict: str = "does_not_conform") -> str:
    return device.append("fair_weighing", {"procedure": "fair_weighing", "verdict": verdict})


def complaint(device, weighing: int, name: str = "S-1", stall: str = "A-01") -> str:
    body = {
        "procedure": "complaint",
        "weighing": {"entry": weighing, "verdict": "does_not_conform"},
        "matter": "short_weight",
        "stall": {"code": stall, "name": ""},
        "scale": scale(name, stall) if name else None,
    }
    return device.append("complaint", body)


def control_check(device, deviation: str = "0.4", outcome: str = "in_control") -> str:
    body = {
        "procedure": "control_check",
        "outcome": outcome,
        "before": "due",
        "reason": "within",
        "next_step": "none",
        "weight": {"id": "CW-5kg"},
        "pan": {"calibration": "cal-7"},
        "deviation_g": deviation,
        "u_g": "0.2",
        "chart": {"rule": "r", "basis": "baseline", "centre_g": "0", "s_g": "0.3", "lower_g": "-1",
                  "upper_g": "1", "ewma_g": "0.1"},
    }  # fmt: skip
    return device.append("control_check", body)


def recall(device, affected: list[int]) -> str:
    entries = [
        {"seq": seq, "entry": device.hashes[seq], "kind": "self_check", "rests": "weight", "old": "conforms",
         "new": "undecided"}
        for seq in affected
    ]  # fmt: skip
    body = {"recall": "r-1", "part": 1, "last": True, "weight": {"id": "W-1"}, "affected": entries}
    return device.append("recall", body)


def deliver(bench, device) -> None:
    """Hands over what the county does not hold yet, as the uploader does."""
    answer = bench.post(device.lines[-500:])
    assert answer.status_code == 200, answer.text


def pages(bench, door: str, **asked) -> list[dict]:
    """All items of a list, page by page; also that every page but the last is full."""
    items, cursor = [], None
    while True:
        params = {key: value for key, value in asked.items() if value is not None}
        if cursor is not None:
            params["after"] = cursor
        answer = bench.client.get(f"/v1/desk/{door}", params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items
        assert len(page["items"]) == int(asked.get("limit", 100))
