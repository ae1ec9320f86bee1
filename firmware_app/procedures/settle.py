"""When a stream of figures has come to rest: named, numbered policies over a sliding window.

Rules this file obeys:

* A policy never changes under its name: a changed number is a new version, and the record says which.
* Three things together make rest: what the scale itself says of it, a time, and max - min. None does alone:
  scales repeat one conversion several times, send equal figures for seconds while in motion, and leave their
  flag on while the figure walks.
* Only the times handed in count. A gap, or time running backwards (a restart), begins a new window.
* Every figure of the window is kept: what was taken can be judged again from the record.
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from firmware_app.quantity import Grams

SECOND = 1_000_000_000
MAX_SEEN = 256
"""Figures kept whole: two seconds of a line that sends 128 a second. More are counted."""


class Flag(enum.StrEnum):
    """What the scale must say of its rest, with every figure of the window."""

    STABLE = "stable"
    NOT_STATED = "not_stated"
    """The protocol does not speak of it: rest is then an inference of this program, and takes longer."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """At rest: for ``window_ns`` and ``at_least`` figures none left ``band`` intervals, lacked the ``flag``
    or came later than ``gap_ns`` after the one before."""

    name: str
    version: int
    window_ns: int
    band: Decimal
    flag: Flag = Flag.STABLE
    at_least: int = 1
    gap_ns: int = 3 * SECOND

    @property
    def label(self) -> str:
        """What the record says, e.g. ``lead-settled/2``."""
        return f"{self.name}/{self.version}"


LEAD_SETTLED = Policy(name="lead-settled", version=2, window_ns=1 * SECOND, band=Decimal(1), at_least=4)
"""Indications of the scale under test, every one flagged stable; the interval is its d."""

LEAD_STILL = Policy(
    name="lead-still",
    version=1,
    window_ns=2 * SECOND,
    band=Decimal(1),
    flag=Flag.NOT_STATED,
    at_least=5,
)
"""Indications of a protocol that states no stability; the interval is d of the scale under test."""

PAN_AT_REST = Policy(name="pan-at-rest", version=2, window_ns=3 * SECOND // 10, band=Decimal("0.5"))
"""Readings of the appliance's pan, all of them stable; the interval is e of the scale under test. A stable
reading has itself looked back over a second of rest, so this only asks that it stays so."""

CONTROL_AT_REST = Policy(name="control-at-rest", version=1, window_ns=2 * SECOND, band=Decimal(1))
"""Readings of the appliance's pan in its daily check, all of them stable; the interval is its own d. Longer
than for goods: the keeper has the time, and a day's chart stands on this one figure."""

LEAD_PATIENCE_NS = 10 * SECOND
"""How long a settled indication is waited for."""


class Seen(msgspec.Struct, frozen=True):
    """One indication of a window as it came: the figure in grams, the flag, and the frame in hexadecimal."""

    at_ns: int
    value_g: Grams
    stable: bool | None
    raw: str


class Window(msgspec.Struct, frozen=True):
    """A run of figures within the band: when it began, when it was last fed, its extremes, how many."""

    since_ns: int
    last_ns: int
    low: Decimal
    high: Decimal
    count: int = 1
    policy: str = ""
    seen: tuple[Seen, ...] = ()


def lead_policy(stable: bool | None) -> Policy | None:
    """The policy for an indication with this flag; None where the scale says that it moves."""
    if stable is None:
        return LEAD_STILL
    return LEAD_SETTLED if stable else None


def follow(
    window: Window | None,
    value: Decimal,
    now_ns: int,
    policy: Policy,
    interval: Decimal,
    *,
    seen: Seen | None = None,
) -> Window:
    """The window with one more figure, or a new one where the figure does not belong to it."""
    kept = () if seen is None else (seen,)
    fresh = Window(now_ns, now_ns, value, value, 1, policy.label, kept)
    if window is None or window.policy != policy.label or not 0 <= now_ns - window.last_ns <= policy.gap_ns:
        return fresh
    low, high = min(window.low, value), max(window.high, value)
    if high - low > policy.band * interval:
        return fresh
    seen_so_far = (*window.seen, *kept)[:MAX_SEEN]
    return Window(window.since_ns, now_ns, low, high, window.count + 1, policy.label, seen_so_far)


def settled(window: Window | None, policy: Policy) -> bool:
    """Whether the run is long enough to be taken."""
    return (
        window is not None
        and window.policy == policy.label
        and window.count >= policy.at_least
        and window.last_ns - window.since_ns >= policy.window_ns
    )
