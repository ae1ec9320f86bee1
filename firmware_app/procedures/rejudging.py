"""Judges an old record again: finds the rule of its procedure and version, and hands it the body.

Rules this file obeys:

* A record is judged by the rule that judged it: procedure and version pick it, nothing else does.
* A procedure that judges has a line here for each version that was ever delivered.

A procedure adds itself with a function of the form `rejudged.Rejudger` in a file of its own (for example
``procedures/fair_weighing/rejudging.py``) and one line in ``REJUDGERS``. What it must hold: with
``NOTHING_CHANGED`` it gives the verdict of the record; a weight in ``correction.weights`` replaces mass and u
of the weight of that id in the body; what rests on the pan is widened by ``correction.pan_doubt(load)``, and
under ``correction.pan_lock`` it is ``cannot_judge`` with that code; the law is the pack that the body cites,
got with `rules.pack.pack_of`. So that a recall finds the record at all, its body has what `standards.uses`
reads: ``weights`` as a self-check writes them, and where it rests on the pan ``pan.calibration`` and
``pan.control.entry``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware_app.procedures.challenge import rejudging as challenge
from firmware_app.procedures.fair_weighing import rejudging as fair_weighing
from firmware_app.procedures.rejudged import (
    NOTHING_CHANGED,
    CannotRejudge,
    Correction,
    Rejudged,
    Rejudger,
)
from firmware_app.procedures.self_check.rejudging import rejudge_version_1
from firmware_app.procedures.self_check.rejudging_2 import rejudge_version_2
from firmware_app.procedures.verification import rejudging as verification
from firmware_app.rules.rows import Pack

REJUDGERS: dict[tuple[str, int], Rejudger] = {
    ("self_check", 1): rejudge_version_1,
    ("self_check", 2): rejudge_version_2,
    ("fair_weighing", 1): fair_weighing.rejudge_version_1,
    ("challenge", 1): challenge.rejudge_version_1,
    ("on-site-examination", 1): verification.rejudge_version_1,
}
"""By ``procedure`` and ``procedure_version`` of the body."""


def rejudge(
    body: Mapping[str, Any],
    correction: Correction = NOTHING_CHANGED,
    packs: tuple[Pack, ...] | None = None,
) -> Rejudged:
    """The verdict upon the body of an entry as it is with the corrections; raises CannotRejudge."""
    procedure, version = body.get("procedure"), body.get("procedure_version")
    rejudger = None
    if isinstance(procedure, str) and isinstance(version, int):
        rejudger = REJUDGERS.get((procedure, version))
    if rejudger is None:
        raise CannotRejudge(f"no rule is known for procedure {procedure!r} of version {version!r}")
    return rejudger(body, correction, packs)
