"""What is read out of an entry so that it can be found: pure, for every kind, known or not.

Rules this file obeys:

* A device signs what it likes: a text that no registry would hold counts as not said; nothing raises.
* A kind that nobody here knows is found by what it has in common with the others: stall, scale, verdict,
  and the entries that it names.
* Whoever reads out more counts `VERSION` on; the tables are then filled anew at the next start.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.entry import Payload, verdict_of

VERSION = 1

MAX_NAME = 120
"""Longest name of a stall or scale that a registry holds."""
MAX_CITED, MAX_DEPTH, MAX_LOOKED = 500, 6, 20_000
"""An entry has at most 64 KiB; what is deeper or more than this cites nothing."""
MAX_TOLD = 2000
"""Characters of JSON that an alarm repeats of its entry."""
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NESTED = (dict, list)
CONTROL_CHECK, RECALL, COMPLAINT = "control_check", "recall", "complaint"

ALARMS = {
    "history_broken": "history_broken",
    "software_falsified": "software_falsified",
    "clock_step": "clock_step",
    "county_log_alarm": "log_alarm",
    "delivery_shelved": "shelved",
    "on_shelf": "unreadable",
}
"""Kinds of entries that are alarms, and their causes as they are asked for."""
FORK, GAP, UNTRUSTED = "fork", "gap", "untrusted_key"
"""Causes that no entry tells."""


class ScaleFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an entry says of the scale; empty text where it does not."""

    scale: str
    stall: str
    serial: str
    maker: str
    model: str
    due: str


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an entry is found by. ``day``: of its own clock if that vouches, else the day of its arrival."""

    kind: str
    verdict: str
    stall: str
    scale: str
    day: str
    cites: tuple[str, ...]
    card: ScaleFacts | None

    @property
    def found(self) -> bool:
        """Whether there is anything to find it by."""
        return bool(self.verdict or self.stall or self.scale or self.kind in (RECALL, COMPLAINT))


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """The last check of the pan."""

    outcome: str
    next_step: str
    seq: int
    at: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a chain stood at its last entry ``seq``; empty where it never said.

    ``broken``, ``falsified``: since when (an entry's time); ``judged``: how many entries carry a verdict.
    """

    seq: int = 0
    at: str = ""
    clock: str = ""
    boot: str = ""
    uptime_ns: int = 0
    software: str = ""
    started_at: str = ""
    calibration: str = ""
    judged: int = 0
    control: Control | None = None
    broken: str = ""
    falsified: str = ""
    shelved: list[int] = []
    downlink: dict[str, int] = {}


def target_of(chain: str, seq: int) -> str:
    """How a citation of entry ``seq`` of a chain is kept."""
    return f"{chain}#{seq}"


def facts_of(chain: str, payload: Payload, received_at: str) -> Facts:
    """What the entry of a chain says. ``received_at``: the county's time of its arrival."""
    body = payload.body
    vouched = payload.clock is not ClockQuality.UNSYNCHRONISED
    card = _card(body)
    return Facts(
        kind=payload.kind,
        verdict=verdict_of(body) or "",
        stall=_stall(body) or (card.stall if card else ""),
        scale=card.scale if card else "",
        day=(payload.at if vouched else received_at)[:10],
        cites=tuple(dict.fromkeys(_cited(chain, payload.seq, body))),
        card=card,
    )


def health_after(before: Health, payloads: Sequence[Payload]) -> Health:
    """How the chain stands after more entries, in order."""
    if not payloads:
        return before
    changes = dict[str, Any]()
    judged = before.judged
    for payload in payloads:
        judged += verdict_of(payload.body) is not None
        _change(before, changes, payload)
    last = payloads[-1]
    return msgspec.structs.replace(
        before,
        seq=last.seq,
        at=last.at,
        clock=last.clock.value,
        boot=_text(last.boot),
        uptime_ns=last.uptime_ns,
        software=_text(last.software),
        judged=judged,
        **changes,
    )


def _change(before: Health, changes: dict[str, Any], payload: Payload) -> None:
    """What an entry changes by its kind, put to the ``changes`` of those before it."""
    body = payload.body
    match payload.kind:
        case "control_check":
            changes["control"] = Control(
                outcome=_text(body.get("outcome")),
                next_step=_text(body.get("next_step")),
                seq=payload.seq,
                at=payload.at,
            )
        case "start":
            changes |= {"started_at": payload.at, "calibration": _text(body.get("calibration"))}
            # A program that is falsified says so again right after its start.
            changes["falsified"] = ""
        case "software_falsified":
            changes["falsified"] = payload.at
        case "history_broken":
            changes["broken"] = payload.at
        case "delivery_shelved":
            shelved = changes.get("shelved", before.shelved)
            changes["shelved"] = [*shelved, *_number(body.get("seq"))][-16:]
        case "delivery_read":
            gone, shelved = _number(body.get("seq")), changes.get("shelved", before.shelved)
            changes["shelved"] = [seq for seq in shelved if seq not in gone]
        case "downlink_taken":
            name, version = _text(body.get("name")), _number(body.get("version"))
            taken = changes.get("downlink", before.downlink)
            if name and version and (name in taken or len(taken) < 64):
                changes["downlink"] = {**taken, name: version[0]}


def told_of(payload: Payload) -> str:
    """The body of an alarm's entry as JSON, the longest texts left out where it is large."""
    whole = msgspec.json.encode(payload.body).decode()
    if len(whole) <= MAX_TOLD:
        return whole
    short = {
        name: value
        for name, value in payload.body.items()
        if len(name) <= 40 and (not isinstance(value, str | list | dict) or len(str(value)) <= 200)
    }
    told = msgspec.json.encode(short).decode()
    return told if len(told) <= MAX_TOLD else "{}"


def chart_point(payload: Payload) -> str | None:
    """The point that a check of the pan adds to its chart, as JSON; None where it is none."""
    body = payload.body
    if payload.kind != CONTROL_CHECK:
        return None
    chart, weight, pan = (body.get(name) for name in ("chart", "weight", "pan"))
    chart = chart if isinstance(chart, dict) else {}
    point = {
        name: _text(body.get(name))
        for name in ("outcome", "before", "reason", "next_step", "deviation_g", "u_g")
    }
    point |= {
        name: _text(chart.get(name))
        for name in ("rule", "basis", "centre_g", "s_g", "lower_g", "upper_g", "ewma_g")
    }
    point["weight"] = _text(weight.get("id")) if isinstance(weight, dict) else ""
    point["calibration"] = _text(pan.get("calibration")) if isinstance(pan, dict) else ""
    return msgspec.json.encode(point).decode()


# ----------------------------------------------------------------------------------------------- bodies


def _text(value: object) -> str:
    """A text as a registry may hold it, else empty: PostgreSQL keeps no NUL, and no list shows controls."""
    if not isinstance(value, str) or len(value) > MAX_NAME:
        return ""
    # Nearly every text is printable, and Python says so at once; spaces of other scripts are not, and may be.
    if value.isprintable():
        return value
    return "" if any(unicodedata.category(char).startswith("C") for char in value) else value


def _day(value: object) -> str:
    if not (text := _text(value)):
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _number(value: object) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else ()


def _stall(body: dict[str, Any]) -> str:
    stall = body.get("stall")
    return _text(stall.get("code")) if isinstance(stall, dict) else _text(stall)


def _card(body: dict[str, Any]) -> ScaleFacts | None:
    """The scale, by its id in the registry, or by its serial number where it has none."""
    scale = body.get("scale")
    if isinstance(scale, str):
        scale = {"id": scale}
    if not isinstance(scale, dict):
        return None
    name = _text(scale.get("id")) or _text(scale.get("serial"))
    if not name:
        return None
    return ScaleFacts(
        scale=name,
        stall=_text(scale.get("stall")) or _stall(body),
        serial=_text(scale.get("serial")),
        maker=_text(scale.get("maker")),
        model=_text(scale.get("model")),
        due=_day(body.get("verification_due")) or _day(scale.get("verification_due")),
    )


def _cited(chain: str, own: int, body: dict[str, Any]) -> Iterator[str]:
    """The entries that a body names: ``entry`` (a hash, or a number in the same chain), best with ``seq``."""
    left: list[tuple[Any, int]] = [(body, 0)]
    looked = given = 0
    while left and looked < MAX_LOOKED and given < MAX_CITED:
        value, depth = left.pop()
        looked += 1
        members = value
        if isinstance(value, dict):
            members = value.values()
            if "entry" in value or "entries" in value:
                for target in _named(chain, own, value):
                    given += 1
                    yield target
        if depth < MAX_DEPTH:
            left += [(member, depth + 1) for member in members if isinstance(member, _NESTED)]


def _named(chain: str, own: int, value: dict[str, Any]) -> Iterator[str]:
    entry, entries = value.get("entry"), value.get("entries")
    device = value.get("device")
    of = device if isinstance(device, str) and 0 < len(device) <= 64 and _text(device) else chain
    seq = _number(value.get("seq")) or _number(entry)
    if seq and entry is not None:
        if (of, seq[0]) != (chain, own):
            yield target_of(of, seq[0])
    elif isinstance(entry, str) and _HASH.fullmatch(entry):
        yield entry
    for each in entries if isinstance(entries, list) else ():
        if number := _number(each):
            yield target_of(of, number[0])
        elif isinstance(each, str) and _HASH.fullmatch(each):
            yield each
