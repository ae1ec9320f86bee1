"""What a calibration begins with: points, and what is found about them."""

from __future__ import annotations

import enum

import msgspec

from firmware_app.errors import SteelyardError

MOST_POINTS = 400
FULL_SCALE = 1 << 23
"""Counts of the 24-bit converter to either side (HX711 V2.0: two's complement, saturates at the ends)."""


class CalibratingError(SteelyardError):
    """Root of what this room raises; the message says what, where and what to do."""


class Refused(CalibratingError):
    """The data cannot make a calibration; the message says why and what to do."""


class Direction(enum.StrEnum):
    """How the load was reached: by putting on, or by taking off."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = ""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One load and what the bridge said of it.

    ``row``: where it stands in the file, or its number in the session. ``load_g``: as stated; ``load_u_g``:
    sum of the standard uncertainties of its weights. ``counts_u``: standard uncertainty of the mean read;
    None where not stated. ``cycle``: points with the same zero. ``pieces``: ids of the weights. The texts are
    the figures as they were written, in g and counts: slips are looked for in their digits.
    """

    row: int
    load_g: float
    counts: float
    load_u_g: float = 0.0
    counts_u: float | None = None
    direction: Direction = Direction.UNKNOWN
    cycle: int = 0
    at_s: float | None = None
    temperature_c: float | None = None
    pieces: tuple[str, ...] = ()
    load_text: str = ""
    counts_text: str = ""


class Severity(enum.StrEnum):
    """``refuse``: no calibration is made of this; ``warn``: one is made, and this must be known."""

    REFUSE = "refuse"
    WARN = "warn"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something found: ``code`` for programs, ``words`` for people, the rows it is about."""

    severity: Severity
    code: str
    words: str
    rows: tuple[int, ...] = ()
