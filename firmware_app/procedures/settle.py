"""When a stream of figures has come to rest: named, numbered policies over a sliding window.

Rules this file obeys:

* A policy never changes under its name: a changed number is a new version, and the record says which.
* Only the times handed in count. A gap, or time running backwards (a restart), begins a new window.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

SECOND = 1_000_000_000


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """At rest: for ``window_ns`` no figure left ``band`` intervals and no gap was over ``gap_ns``."""

    name: str
    version: int
    window_ns: int
    band: Decimal
    gap_ns: int = 3 * SECOND

    @property
    def label(self) -> str:
        """What the record says, e.g. ``lead-settled/1``."""
        return f"{self.name}/{self.version}"


LEAD_SETTLED = Policy(name="lead-settled", version=1, window_ns=1 * SECOND, band=Decimal(1))
"""Indications of the scale under test, none flagged unstable; the interval is its d."""

PAN_AT_REST = Policy(name="pan-at-rest", version=1, window_ns=1 * SECOND, band=Decimal("0.5"))
"""Readings of the appliance's pan, all of them stable; the interval is e of the scale under test."""

LEAD_PATIENCE_NS = 10 * SECOND
"""How long a settled indication is waited for."""


class Window(msgspec.Struct, frozen=True):
    """A run of figures within the band: when it began, when it was last fed, its extremes."""

    since_ns: int
    last_ns: int
    low: Decimal
    high: Decimal


def follow(window: Window | None, value: Decimal, now_ns: int, policy: Policy, interval: Decimal) -> Window:
    """The window with one more figure, or a new one where the figure does not belong to it."""
    fresh = Window(now_ns, now_ns, value, value)
    if window is None or not 0 <= now_ns - window.last_ns <= policy.gap_ns:
        return fresh
    low, high = min(window.low, value), max(window.high, value)
    if high - low > policy.band * interval:
        return fresh
    return Window(window.since_ns, now_ns, low, high)


def settled(window: Window | None, policy: Policy) -> bool:
    """Whether the run is long enough to be taken."""
    return window is not None and window.last_ns - window.since_ns >= policy.window_ns
