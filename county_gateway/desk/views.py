"""What the desk's lists give: facts of the record, frozen, in the names of the record.

Rules this file obeys:

* A verdict, kind or code is handed through as the device signed it, known here or not.
* ``id`` is the place in the county's own order; it never changes.
"""

from __future__ import annotations

from typing import Any

import msgspec

from county_gateway.desk.facts import Health
from firmware_app.ledger.dating.true_time import Placed


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An entry in a list; empty text: not said. ``day``: of its clock if that vouches, else of arrival."""

    id: int
    device: str
    seq: int
    kind: str
    verdict: str
    stall: str
    scale: str
    day: str
    at: str
    clock: str
    received_at: str
    hash: str


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that another names. ``target``: as it was named; ``entry``: None where it is not here."""

    target: str
    entry: Found | None


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, and what hangs together with it.

    ``body``: what the device signed, ``jws``: its text; ``receipt``: the county's, None before one was given;
    ``position``: its place in the transparency log; ``time``: when it was really written, by evidence;
    ``cites``, ``cited_by``: entries that it names, and that name it; ``before``, ``after``: the nearest about
    the same scale, or at the same stall where it names no scale, each from the nearest on.
    """

    entry: Found
    body: dict[str, Any]
    jws: str
    receipt: str | None
    position: int | None
    time: Placed | None
    cites: list[Cited]
    cited_by: list[Found]
    before: list[Found]
    after: list[Found]


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A device's chain. ``entries``, ``receipted``: numbers of its last entry and of the last with a receipt.

    ``device``: name of the chain; ``health``: at that last entry; ``alarms``: of the device, unseen.
    """

    device: str
    id: str
    kid: str
    enrolled_at: str
    seen_at: str | None
    entries: int
    receipted: int
    revoked_at: str | None
    revoked_why: str | None
    closed_at: str | None
    health: Health
    alarms: int


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries of a kind and verdict (empty where the kind has none) there are."""

    kind: str
    verdict: str
    count: int


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """The same, of one device on one day."""

    day: str
    device: str
    kind: str
    verdict: str
    count: int


class ChartPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A check of a device's pan: deviation and limits in grams, as decimal texts; empty text: not said."""

    id: int
    seq: int
    at: str
    clock: str
    outcome: str = ""
    before: str = ""
    reason: str = ""
    next_step: str = ""
    deviation_g: str = ""
    u_g: str = ""
    rule: str = ""
    basis: str = ""
    centre_g: str = ""
    s_g: str = ""
    lower_g: str = ""
    upper_g: str = ""
    ewma_g: str = ""
    weight: str = ""
    calibration: str = ""


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """A scale whose verification was due before a day.

    ``due_from``: by whose word, registry or entry; ``last_id``, ``last_day``, ``last_verdict``: of the last
    entry about it, None and empty where there is none.
    """

    scale: str
    stall: str
    serial: str
    maker: str
    model: str
    due: str
    due_from: str
    last_id: int | None
    last_day: str
    last_verdict: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Who has seen an alarm, and what was made of it."""

    at: str
    who: str
    note: str


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody should look at. ``entry``: id of the entry that says it, None where none does.

    ``told``: what it says; of a gap ``expected``, the first entry that was missing.
    """

    id: int
    device: str
    cause: str
    seq: int
    entry: int | None
    raised_at: str
    told: dict[str, Any]
    seen: Seen | None
