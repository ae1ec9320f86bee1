"""The desk's lists on both databases: what is found, by what, in which order, and page by page."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from desk_bench import (
    complaint,
    control_check,
    deliver,
    fair_weighing,
    pages,
    recall,
    self_check,
)

from county_gateway.desk import lists
from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.shelf import ShelfRequest, make_claim

VERDICTS = ("conforms", "does_not_conform", "undecided", "cannot_judge")


@pytest.fixture
def market(bench):
    """Two devices, three scales at two stalls, twelve verdicts."""
    one, two = bench.joined("KIOSK-1", "KIOSK-2")
    for number in range(6):
        self_check(one, f"S-{number % 2}", VERDICTS[number % 4], "A-01")
        self_check(two, "S-2", VERDICTS[number % 4], "B-02")
    deliver(bench, one)
    deliver(bench, two)
    return one, two


# --------------------------------------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 12),
        ({"device": "KIOSK-1"}, 6),
        ({"stall": "B-02"}, 6),
        ({"scale": "S-0"}, 3),
        ({"verdict": "conforms"}, 4),
        ({"kind": "self_check"}, 12),
        ({"kind": "fair_weighing"}, 0),
        ({"device": "KIOSK-2", "verdict": "undecided", "stall": "B-02"}, 1),
        ({"since": "2026-03-01", "until": "2026-03-01"}, 12),
        ({"since": "2026-03-02"}, 0),
        ({"until": "2026-02-28"}, 0),
    ],
)
def test_verdicts_are_found_by_each_filter_on_every_page_size(bench, market, asked, count):
    whole = pages(bench, "verdicts", **asked)

    assert len(whole) == count
    assert pages(bench, "verdicts", limit=1, **asked) == whole
    assert pages(bench, "verdicts", limit=5, **asked) == whole
    assert whole == sorted(whole, key=lambda each: (each["day"], each["id"]), reverse=True)
    for name in ("device", "stall", "scale", "verdict", "kind"):
        assert {each[name] for each in whole} <= {asked.get(name, each[name]) for each in whole}


def test_a_page_goes_on_where_it_was_though_entries_come_in_between(bench, market):
    one, _ = market
    before = pages(bench, "verdicts")
    first = bench.client.get("/v1/desk/verdicts", params={"limit": 5}).json()

    for _ in range(4):
        self_check(one, "S-9")
    deliver(bench, one)
    second = bench.client.get("/v1/desk/verdicts", params={"limit": 200, "after": first["next"]}).json()

    # No row twice, none left out: what is new stands before the first page.
    assert first["items"] + second["items"] == before


def test_a_verdict_of_a_kind_that_nobody_here_knows_is_found_as_it_was_signed(bench, market):
    one, _ = market
    one.append("moon_check", {"verdict": "waxing", "stall": "C-03", "scale": {"serial": "M-1"}})
    deliver(bench, one)

    (found,) = pages(bench, "verdicts", kind="moon_check")

    assert (found["verdict"], found["stall"], found["scale"]) == ("waxing", "C-03", "M-1")


def test_what_a_device_writes_into_a_name_makes_no_list_fail(bench):
    (device,) = bench.joined("KIOSK-1")
    nasty = ["\x00", "x" * 121, "a\nb", "\u202ex", "", 7, None, ["A"], {"code": ["A"]}]
    for each in nasty:
        device.append("self_check", {"verdict": "conforms", "stall": each, "scale": {"id": each}})
        device.append("self_check", {"verdict": "conforms", "stall": {"code": each}, "scale": each})
    device.append("clock_step", {"step_s": "\x00" * 50, "entry": [[[[[[[["deep"]]]]]]]]})
    device.append("control_check", {"outcome": 7, "chart": [], "weight": "w", "pan": None, "u_g": 0.1})
    device.append("delivery_shelved", {"seq": True})

    deliver(bench, device)

    found = pages(bench, "verdicts")
    assert len(found) == 2 * len(nasty)
    assert {each["stall"] for each in found} == {""}
    assert len(pages(bench, "devices/KIOSK-1/chart")) == 1


def test_the_day_is_the_countys_where_nobody_vouches_for_the_clock(bench):
    (device,) = bench.joined("KIOSK-1")
    stamp = Stamp(at="1970-01-01T08:00:00+08:00", clock=ClockQuality.UNSYNCHRONISED, boot="b", uptime_ns=1)
    entry = make_entry(
        device.key, device="KIOSK-1", seq=2, prev=device.hashes[1], stamp=stamp, software="00",
        kind="self_check", body={"verdict": "conforms"},
    )  # fmt: skip
    bench.post([*device.lines, entry.jws])

    (found,) = pages(bench, "verdicts")

    assert (found["day"], found["clock"]) == ("2026-03-01", "unsynchronised")


# ------------------------------------------------------------------------------------------------ trails


def test_a_complaint_leads_to_its_weighing_and_to_what_came_later_of_the_scale(bench):
    (device,) = bench.joined("KIOSK-1")
    self_check(device, "S-1")
    fair_weighing(device)  # entry 3
    complaint(device, weighing=3)
    self_check(device, "S-1", "does_not_conform")
    self_check(device, "S-2")
    deliver(bench, device)

    (listed,) = pages(bench, "complaints", scale="S-1")
    told = bench.client.get(f"/v1/desk/complaints/{listed['id']}").json()

    assert told["body"]["matter"] == "short_weight"
    assert [(each["target"], each["entry"]["kind"]) for each in told["cites"]] == [
        ("KIOSK-1#3", "fair_weighing")
    ]
    assert [each["seq"] for each in told["before"]] == [2]
    assert [(each["seq"], each["verdict"]) for each in told["after"]] == [(5, "does_not_conform")]
    assert told["jws"] == device.lines[3]
    weighing = told["cites"][0]["entry"]["id"]
    seen = bench.client.get(f"/v1/desk/entries/{weighing}").json()
    assert [each["kind"] for each in seen["cited_by"]] == ["complaint"]


def test_a_complaint_that_names_no_scale_leads_to_its_stall(bench):
    (device,) = bench.joined("KIOSK-1")
    fair_weighing(device)
    complaint(device, weighing=2, name="", stall="A-01")
    self_check(device, "S-1", stall="A-01")
    self_check(device, "S-2", stall="B-02")
    deliver(bench, device)

    (listed,) = pages(bench, "complaints", stall="A-01")

    told = bench.client.get(f"/v1/desk/complaints/{listed['id']}").json()
    assert [each["scale"] for each in told["after"]] == ["S-1"]


def test_a_recall_leads_to_the_entries_that_it_judges_again_and_back(bench):
    (device,) = bench.joined("KIOSK-1")
    self_check(device, "S-1")
    self_check(device, "S-2")
    recall(device, [2, 3])
    deliver(bench, device)

    (listed,) = pages(bench, "recalls")
    told = bench.client.get(f"/v1/desk/recalls/{listed['id']}").json()

    assert sorted(each["entry"]["scale"] for each in told["cites"]) == ["S-1", "S-2"]
    first = min(each["entry"]["id"] for each in told["cites"])
    assert bench.client.get(f"/v1/desk/entries/{first}").json()["cited_by"][0]["kind"] == "recall"
    assert bench.client.get(f"/v1/desk/complaints/{listed['id']}").status_code == 404


def test_an_entry_is_told_with_receipt_place_and_time(bench):
    (device,) = bench.joined("KIOSK-1")
    self_check(device)
    deliver(bench, device)

    (listed,) = pages(bench, "verdicts")
    told = bench.client.get(f"/v1/desk/entries/{listed['id']}").json()

    assert told["position"] == 1
    assert told["receipt"].count(".") == 2
    assert told["time"]["seq"] == 2
    assert bench.client.get("/v1/desk/entries/999").json()["error"] == "not_found"


# ------------------------------------------------------------------------------------- devices and charts


def test_devices_are_told_with_their_health(bench):
    one, two = bench.joined("KIOSK-1", "KIOSK-2")
    one.append("start", {"calibration": "cal-7", "driver": "spi"})
    control_check(one, outcome="warning")
    self_check(one)
    one.append("software_falsified", {"running": "a", "found": "b", "installed": "a"})
    one.append("downlink_taken", {"name": "registry", "version": 17, "sha256": "0" * 64, "old": None,
                                  "county": "k"})  # fmt: skip
    deliver(bench, one)
    deliver(bench, two)

    first, second = pages(bench, "devices", limit=1)

    health = first["health"]
    assert (first["device"], first["entries"], first["receipted"], first["alarms"]) == ("KIOSK-1", 6, 6, 1)
    assert health["control"]["outcome"] == "warning"
    assert (health["calibration"], health["judged"], health["downlink"]) == ("cal-7", 1, {"registry": 17})
    assert health["falsified"] and not health["broken"]
    assert (second["device"], second["health"]["seq"], second["alarms"]) == ("KIOSK-2", 1, 0)
    told = bench.client.get("/v1/desk/devices/KIOSK-1").json()
    assert {"kind": "self_check", "verdict": "conforms", "count": 1} in told["counts"]
    assert bench.client.get("/v1/desk/devices/KIOSK-9").status_code == 404


def test_the_points_of_a_control_chart_come_latest_first(bench):
    (device,) = bench.joined("KIOSK-1")
    for number in range(5):
        control_check(device, f"0.{number}")
        self_check(device)
    deliver(bench, device)

    points = pages(bench, "devices/KIOSK-1/chart", limit=2)

    assert [each["deviation_g"] for each in points] == ["0.4", "0.3", "0.2", "0.1", "0.0"]
    assert (points[0]["upper_g"], points[0]["weight"], points[0]["calibration"]) == ("1", "CW-5kg", "cal-7")


def test_the_sums_of_the_days_are_what_the_record_holds(bench, market):
    days = pages(bench, "days", limit=3)

    assert sum(each["count"] for each in days) == 14  # with two geneses
    assert {(each["device"], each["verdict"]): each["count"] for each in days if each["verdict"]} == {
        (device, verdict): 2 if nth < 2 else 1
        for device in ("KIOSK-1", "KIOSK-2")
        for nth, verdict in enumerate(VERDICTS)
    }


def test_what_was_added_up_is_what_the_days_add_up_to(bench, market):
    one, _ = market
    control_check(one)
    deliver(bench, one)

    with bench.county.store.reading() as store:
        for device in (None, "KIOSK-1", "KIOSK-2", "KIOSK-9"):
            whole = lists.totals(store.connection, device=device)
            assert whole == lists.totals(store.connection, device=device, since="0001-01-01")
        verdicts = store.verdicts()

    assert sum(count.count for count in whole) == 0
    assert verdicts == {verdict: 4 if nth < 2 else 2 for nth, verdict in enumerate(VERDICTS)}


# ---------------------------------------------------------------------------------------------- overdue


REGISTRY = """
[[stall]]
code = "A-01"
[[scale]]
id = "S-0"
stall = "A-01"
class = "III"
max = "15 kg"
min = "100 g"
e = "5 g"
verification_due = 2026-02-01
[[scale]]
id = "S-7"
stall = "A-01"
class = "III"
max = "15 kg"
min = "100 g"
e = "5 g"
serial = "SN-7"
verification_due = 2026-01-15
[[scale]]
id = "S-8"
stall = "A-01"
class = "III"
max = "15 kg"
min = "100 g"
e = "5 g"
verification_due = 2027-01-15
"""


def test_overdue_scales_are_told_by_the_word_of_entries_and_then_of_the_registry(bench):
    (device,) = bench.joined("KIOSK-1")
    self_check(device, "S-0", due="2026-02-20")
    self_check(device, "S-1", due="2026-02-10")
    self_check(device, "S-2", due="2026-12-31")
    deliver(bench, device)
    by_entries = [(each["scale"], each["due"]) for each in pages(bench, "overdue", limit=1)]

    bench.county.publish("registry", REGISTRY.encode())
    by_registry = pages(bench, "overdue", limit=1)
    self_check(device, "S-0", due="2027-02-20")
    deliver(bench, device)
    bench.county.publish("registry", REGISTRY.replace("S-7", "S-9").encode())

    assert by_entries == [("S-1", "2026-02-10"), ("S-0", "2026-02-20")]
    assert [(each["scale"], each["due_from"]) for each in by_registry] == [
        ("S-7", "registry"),
        ("S-0", "registry"),
        ("S-1", "entry"),
    ]
    assert (by_registry[1]["last_verdict"], by_registry[0]["last_id"]) == ("conforms", None)
    # An appliance with an older registry does not overrule it; who left the registry is not due by it.
    assert [each["scale"] for each in pages(bench, "overdue")] == ["S-9", "S-0", "S-1"]
    assert pages(bench, "overdue", on="2026-01-10") == []


# ----------------------------------------------------------------------------------------------- alarms


def test_everything_that_somebody_should_look_at_is_an_alarm(bench, new_device):
    one, two = bench.joined("KIOSK-1", "KIOSK-2")
    one.append("clock_step", {"step_s": -3600.0, "expected": "a", "said": "b", "across": False, "steps": 1})
    one.append("software_falsified", {"running": "a", "found": "b", "installed": "a"})
    one.append("delivery_shelved", {"seq": 2, "entry": "0" * 64, "why": "bad"})
    one.append("history_broken", {"why": "fork"})
    deliver(bench, one)
    bench.post([one.sign(3, one.hashes[2], "note", {"other": 1})])  # a fork
    deliver(bench, two)
    two.check(), two.check()
    for _ in range(2):
        assert bench.post(two.lines[2:]).json()["error"] == "gap"
    bench.county.revoke("KIOSK-2", "stolen")
    for _ in range(2):
        assert bench.post(two.lines).json()["error"] == "revoked"

    alarms = pages(bench, "alarms", limit=2)

    assert [(each["cause"], each["device"]) for each in alarms] == [
        ("untrusted_key", "KIOSK-2"),
        ("gap", "KIOSK-2"),
        ("fork", "KIOSK-1"),
        ("history_broken", "KIOSK-1"),
        ("shelved", "KIOSK-1"),
        ("software_falsified", "KIOSK-1"),
        ("clock_step", "KIOSK-1"),
    ]
    assert alarms[1]["told"] == {"expected": 2}
    assert alarms[-1]["told"]["step_s"] == -3600.0
    assert [each["cause"] for each in pages(bench, "alarms", device="KIOSK-2")] == ["untrusted_key", "gap"]
    assert len(pages(bench, "alarms", cause="fork")) == 1


def test_nobody_raises_an_alarm_in_a_devices_place(bench, new_device):
    (device,) = bench.joined("KIOSK-1")
    deliver(bench, device)
    thief = new_device("KIOSK-1")
    thief.check(), thief.check()

    assert bench.post(thief.lines[2:]).status_code in (403, 422)
    assert bench.post([thief.sign(1, "0" * 64, "genesis", {})]).status_code in (403, 422)

    assert pages(bench, "alarms") == []


def test_a_text_on_the_shelf_is_an_alarm_until_it_can_be_read(bench, mocker):
    (device,) = bench.joined("KIOSK-1")
    self_check(device)
    bench.post(device.lines[:1])
    entry = make_entry(
        device.key, device="KIOSK-1", seq=2, prev=device.hashes[1],
        stamp=Stamp(at="2026-03-01T09:00:00+08:00", clock=ClockQuality.SYNCHRONISED, boot="b", uptime_ns=2),
        software="00", kind="self_check", body={"verdict": "conforms", "scale": {"id": "S-5"}},
    )  # fmt: skip
    request = ShelfRequest(claim=make_claim(device.key, entry), text=entry.jws)

    def hand_over():
        return bench.client.post(
            "/v1/shelf", content=msgspec.json.encode(request), headers={"Content-Type": "application/json"}
        ).json()

    from firmware_app.ledger.errors import BadEntry

    unreadable = mocker.patch("county_gateway.shelf.Chain.follow", side_effect=BadEntry(2, "not read"))
    unreadable_then = mocker.patch("county_gateway.shelf._readable", return_value=None)
    assert hand_over()["read"] is False
    assert [each["cause"] for each in pages(bench, "alarms")] == ["unreadable"]
    assert pages(bench, "verdicts") == []
    mocker.stop(unreadable)
    mocker.stop(unreadable_then)

    assert hand_over()["read"] is True

    assert pages(bench, "alarms") == []
    assert [each["scale"] for each in pages(bench, "verdicts")] == ["S-5"]


def test_an_officer_says_that_an_alarm_was_seen_once_and_for_good(bench):
    (device,) = bench.joined("KIOSK-1")
    device.append("software_falsified", {"running": "a", "found": "b", "installed": "a"})
    deliver(bench, device)
    (alarm,) = pages(bench, "alarms", unseen=True)

    def see(note: str):
        return bench.client.post(f"/v1/desk/alarms/{alarm['id']}/seen", json={"note": note})

    first = see("went there, replaced").json()
    bench.clock.time += timedelta(days=1)
    second = see("me too").json()

    assert (
        first == second == {"at": "2026-03-01T08:00:00+00:00", "who": "desk", "note": "went there, replaced"}
    )
    assert pages(bench, "alarms", unseen=True) == []
    assert pages(bench, "alarms")[0]["seen"] == first
    assert bench.client.post("/v1/desk/alarms/99/seen", json={}).status_code == 404
    assert "alarm_seen" in [each["did"] for each in pages(bench, "audit")]


# --------------------------------------------------------------------------------------------- refilling


def everything(bench) -> dict:
    doors = ("verdicts", "entries", "complaints", "recalls", "devices", "days", "overdue", "alarms")
    found = {door: pages(bench, door) for door in doors}
    found["chart"] = pages(bench, "devices/KIOSK-1/chart")
    for alarm in found["alarms"]:
        alarm["id"] = 0
    found["alarms"].sort(key=lambda each: (each["cause"], each["seq"]))
    return found


def test_lists_made_anew_from_the_record_are_the_same(bench, market):
    one, _ = market
    control_check(one)
    fair_weighing(one)
    complaint(one, weighing=len(one.lines))
    recall(one, [2])
    one.append("clock_step", {"step_s": 1.0})
    self_check(one, "S-4", due="2026-01-01")
    deliver(bench, one)
    bench.post([one.sign(3, one.hashes[2], "note", {"other": 1})])
    bench.county.publish("registry", REGISTRY.encode())
    before = everything(bench)
    with bench.county.store.writing() as store:
        for table in ("citations", "chart_points", "facts", "sums", "totals", "health", "alarms", "filled"):
            store.connection.exec_driver_sql(f"DELETE FROM {table}")

    with bench.county.store.writing() as store:
        assert store.make_findable() > 0
        assert store.make_findable() == 0

    assert everything(bench) == before


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "bm9uc2Vuc2U", "WyJhIiwxXQ", "A" * 400])
def test_a_cursor_of_something_else_is_refused(bench, cursor):
    for door in ("verdicts", "devices", "days", "overdue", "alarms", "audit", "devices/K/chart"):
        answer = bench.client.get(f"/v1/desk/{door}", params={"after": cursor})
        assert answer.status_code in (200, 400), (door, answer.text)
        if answer.status_code == 400:
            assert answer.json()["error"] in ("bad_cursor", "bad_request")
