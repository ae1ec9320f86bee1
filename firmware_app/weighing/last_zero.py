"""The zero at power-up against the last one: has something happened to the pan while it was off?

Rules this file obeys:

* Pure: zeros come in, a judgement goes out; who keeps the file is not said here.
* What a sound cell may move is worked out from its class (cell.py); beyond it, words and no correction.
"""

from __future__ import annotations

import msgspec

from firmware_app.weighing.calibration import Calibration


class LastZero(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The zero as it was seen last: counts, RFC 3339, and the calibration it belongs to."""

    counts: float
    at: str
    calibration: str


class ZeroShift(msgspec.Struct, frozen=True):
    """By how much the zero has moved since ``since``, and how much it may have, in grams."""

    moved_g: float
    allowed_g: float
    since: str

    @property
    def well(self) -> bool:
        """Whether a sound cell may have moved so far."""
        return abs(self.moved_g) <= self.allowed_g


def shift(counts: float, last: LastZero, calibration: Calibration) -> ZeroShift | None:
    """How far the zero has moved since the last time; None where the two cannot be compared.

    Allowed is what the air from one end to the other does to the zero of a cell of this class, and its zero
    return after a load (R 60-1:2021 5.5.1.3 and 5.3.3).
    """
    if last.calibration != calibration.id or calibration.capacity_g is None:
        return None
    moved_g = (counts - last.counts) / calibration.counts_per_gram
    return ZeroShift(moved_g, calibration.cell.zero_shift_g(calibration.capacity_g), last.at)
