"""What a screen is told of each part of the appliance, from the pan to the printer; part of `messages`.

Rules this file obeys:

* Codes and figures, never sentences; masses are decimal strings of grams under names ending in ``_g``.
"""

from __future__ import annotations

import msgspec

from hardware.loadcell.contract import Fault


class PanState(msgspec.Struct, frozen=True, kw_only=True):
    """The appliance's own pan. ``mass_g`` is rounded for display; None while faulty or hidden.

    ``hidden``: a blind figure is being asked for. ``why_not``: code of why it is not stable, ``not_empty``
    where it was loaded at the start and waits to be emptied. ``unfit``: why no verdict may rest on it, in the
    words of the driver for the keeper; empty where one may.
    """

    mass_g: str | None
    stable: bool
    why_not: str | None
    fault: Fault | None
    hidden: bool = False
    unfit: str = ""


class LeadState(msgspec.Struct, frozen=True, kw_only=True):
    """The lead from the scale under test: absent, lost, silent, or streaming ``text`` ``unit``."""

    state: str
    text: str = ""
    unit: str = ""
    stable: bool | None = None
    overload: bool = False
    underload: bool = False


class WitnessState(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the witnesses that are pinned have cosigned what the county showed last of its log, by name.

    ``needed``: so many must have; ``receipt``: upon which entry; ``at``: when, by the county's clock.
    """

    needed: int
    cosigned: tuple[str, ...]
    missing: tuple[str, ...]
    receipt: int
    at: str

    @property
    def well(self) -> bool:
        """Whether they are enough."""
        return len(self.cosigned) >= self.needed


class CountyState(msgspec.Struct, frozen=True, kw_only=True):
    """Delivery: ``reachable`` None before the first try; ``problem`` a code, empty when well."""

    reachable: bool | None
    unsent: int
    last_entry: int
    received: int
    """The highest entry that the county has receipted."""
    problem: str = ""
    shelved: tuple[int, ...] = ()
    """Entries that the county could not read and holds unread on its shelf."""
    witnesses: WitnessState | None = None
    """None where no witness is pinned, or nothing of the county's log was seen yet."""


class SeenScan(msgspec.Struct, frozen=True, kw_only=True):
    """What the scanner read last, for a few seconds where it must be spoken of; ``at_ns`` tells scans apart.

    ``code``: why nothing came of it; or ``figure``: what stands on a label, for the person to confirm.
    """

    at_ns: int
    code: str
    figure: str = ""
    unit: str = ""


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
