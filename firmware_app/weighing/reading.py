"""What the weighing room hands out: a Reading of the pan, or the statement of a fault."""

from __future__ import annotations

import enum

import msgspec

from firmware_app.quantity import Estimate
from hardware.loadcell.contract import Fault


class WhyNot(enum.StrEnum):
    """Why a reading is not stable, in the order in which the reasons are tested."""

    SETTLING = "settling"
    """Fewer than four conversions since the load changed, or since power-up."""
    MOVING = "moving"
    """The slope over the window is too steep."""
    UNQUIET = "unquiet"
    """The range over the window is wider than the band."""
    TOO_SHORT = "too_short"
    """Quiet, but not yet for long enough."""
    OUTSIDE = "outside"
    """The load lies outside the range that was calibrated; nothing is extrapolated."""


class Reading(msgspec.Struct, frozen=True, tag="reading"):
    """The mass on the pan at one moment.

    ``mass``: grams relative to zero, with the standard uncertainty of the window actually used.
    ``stable``: fit to be taken; otherwise ``why_not`` says the reason. ``window_s``: length of the window
    that was averaged. ``counts``: the filtered counts behind the mass. ``net``: a tare is taken away.
    ``unfit``: why no verdict may rest on it (the driver's words), empty where one may. ``conversions`` in the
    window and state of the cell's ``creep`` (cell.py): what a comparison with another reading needs.
    """

    at_ns: int
    mass: Estimate
    stable: bool
    why_not: WhyNot | None
    window_s: float
    counts: float
    net: bool = False
    unfit: str = ""
    conversions: int = 0
    creep: tuple[float, ...] = ()


class PanFault(msgspec.Struct, frozen=True, tag="pan_fault"):
    """Nothing on the pan may be judged. ``dropped_at_ns``: the sample that was thrown away, if one was.

    ``lasting``: the fault goes on until a Reading follows; otherwise one sample was dropped and the
    instrument works on.
    """

    at_ns: int
    fault: Fault
    lasting: bool
    dropped_at_ns: int | None = None


PanEvent = Reading | PanFault
