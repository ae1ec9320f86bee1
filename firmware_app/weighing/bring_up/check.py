"""Bring-up of a bridge: what ten seconds of samples say of chip, cable and cell.

Rules this file obeys:

* No I/O and no clock: samples go in, findings come out, one a question, in the order of the bench.
* Where a question cannot be asked (nothing answers), none that builds on it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from firmware_app.weighing.bring_up import line, signal
from firmware_app.weighing.bring_up.facts import ENOUGH, Bridge, Finding, Level, Seen
from hardware.loadcell.contract import Sample

Check = Callable[[Seen], Finding]

ANSWER: tuple[Check, ...] = (line.answers, line.transfers)
WIRES: tuple[Check, ...] = (
    line.answers,
    line.rate,
    line.transfers,
    line.missed,
    line.restarts,
    line.supply,
    signal.in_range,
    signal.alive,
)
STATISTICS: tuple[Check, ...] = (
    signal.power_up,
    signal.noise,
    signal.kinship,
    signal.bursts,
    signal.hum,
    signal.drift,
)


def bring_up(samples: Sequence[Sample], bridge: Bridge) -> tuple[Finding, ...]:
    """Every finding of the samples, in the order of their times.

    Statistics need ENOUGH sound conversions of a live bridge; without them the findings end at the wires.
    """
    seen = Seen(samples, bridge)
    findings = tuple(check(seen) for check in (WIRES if seen.converted else ANSWER))
    dead = any(found.what == "codes" and found.level is Level.BAD for found in findings)
    if dead or len(seen.sound) < ENOUGH:
        return findings
    return (*findings, *(check(seen) for check in STATISTICS))


def worst(findings: Sequence[Finding]) -> Level:
    """The gravest level among the findings."""
    order = (Level.BAD, Level.ATTENTION, Level.GOOD)
    return next((level for level in order if any(f.level is level for f in findings)), Level.NOT_JUDGED)
