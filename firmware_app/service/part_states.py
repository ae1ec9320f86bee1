"""What a screen is told of the printer, the pan's daily check and its calibration; part of `messages`.

Rules this file obeys:

* Codes and figures, never sentences; masses are decimal strings of grams under names ending in ``_g``.
"""

from __future__ import annotations

import msgspec


class SlipJob(msgspec.Struct, frozen=True, kw_only=True):
    """A slip on its way to paper. ``copy``: it says that the entry had been printed before.

    ``phase``: waiting, printing, printed, sent (to a printer that does not say how it is), unsure (the
    printer was lost within the slip), failed (no slip can be made of it) or cancelled.
    """

    job: str
    entry: int
    phase: str
    copy: bool = False


class PrinterStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The slip printer: whether it prints now, the code of its trouble (also one that does not stop it), and
    the latest jobs, oldest first."""

    ready: bool
    trouble: str = ""
    jobs: tuple[SlipJob, ...] = ()


class ControlStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The daily check of the pan. ``state``: not_configured, due, in_control, warning or out_of_control.

    ``lock``: code of why nothing is judged by the pan, empty where it is (also in state ``due``: today's
    check is asked for, but the last one counts until ``valid_until``). ``entry``, ``at``: the last check of
    this calibration; ``next_step``: what it asked for. ``weight``: id of the control weight.
    """

    state: str
    lock: str = ""
    next_step: str = ""
    entry: int = 0
    at: str = ""
    valid_until: str = ""
    weight: str = ""


class CalibrationAt(msgspec.Struct, frozen=True):
    """What the calibration adds to a weighing of ``load_g``: expanded uncertainty, k = 2."""

    load_g: str
    expanded_g: str


class CalibrationPoint(msgspec.Struct, frozen=True):
    """One load of the calibration: error of the curve there with its expanded uncertainty (k = 2).

    ``direction``: up, down or empty; ``used`` False where the point was set aside.
    """

    load_g: str
    error_g: str
    expanded_g: str
    direction: str
    used: bool


class CalibrationCard(msgspec.Struct, frozen=True, kw_only=True):
    """The calibration in use. ``valid_to``: when the first of its weights is due, empty where none is named.

    ``order``: of the curve, 1 for a straight line. ``interval_g``: display interval d.
    """

    id: str
    at: str
    source: str
    weights: tuple[str, ...]
    valid_to: str
    order: int
    hysteresis_known: bool
    uncertainties: tuple[CalibrationAt, ...]
    interval_g: str | None
    points: tuple[CalibrationPoint, ...]
