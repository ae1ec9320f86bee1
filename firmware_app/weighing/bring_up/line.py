"""Bring-up of the wires: does the chip answer, how fast, and does anything get lost on the way.

Rules this file obeys:

* Only times and faults are looked at; counts are the business of signal.py.
"""

from __future__ import annotations

from itertools import groupby, pairwise

from firmware_app.weighing.bring_up.facts import DATASHEET, FIELD, Finding, Level, Seen
from firmware_app.weighing.gate import LATE_PERIODS, RESET_PERIODS, SECOND
from hardware.loadcell.contract import Fault

NOMINAL_HZ = (10.0, 80.0)
"""What the RATE pin selects (datasheet table 2)."""
FASTEST, FAST, SLOWEST = 1.18, 1.10, 0.99
"""Rates of real parts over the nominal one: 10.0 … 11.7 and 80 … 93 measured; above 1.10 the notch of the
converter lies beside the mains frequency."""
OTHER_PIN = 4.0
"""The two settings of the RATE pin are a factor of eight apart: halfway is 2.8, a part may be 1.2 off."""
FEW = 0.01
POWER_UP_RUN = 4
"""Settling samples in a row that tell of a power-up (five); two tell of a garbled read."""

SILENCE = {
    Fault.DISCONNECTED: (
        "DOUT stays high",
        "is the plug in, has the module its 5 V, is the wire of DOUT whole? Measure E+ against ground",
    ),
    Fault.NOT_A_CHIP: (
        "DOUT stays low",
        "its wire is shorted to ground, or nothing drives it: look at the wire, and fit the pull-up of 10 kΩ",
    ),
    Fault.SILENT: ("the driver says nothing", "close whatever else uses the converter, and try again"),
}


def nominal(rate_hz: float) -> float | None:
    """The setting of the RATE pin that a real chip of this rate has; None where there is none."""
    return next((hz for hz in NOMINAL_HZ if 0.9 * hz <= rate_hz <= 1.25 * hz), None)


def answers(seen: Seen) -> Finding:
    """Whether conversions come, and what the line does where none do."""
    for fault, (what, remedy) in SILENCE.items():
        if times := seen.count(fault):
            share = "never answers" if not seen.converted else f"answers, but {times} times it did not"
            return Finding(
                what="answer", level=Level.BAD, figure=f"{share}; {what}", value=times, words=remedy
            )
    if not seen.converted:
        garbled = seen.count(Fault.BAD_TRANSFER, Fault.SLOW_CLOCK)
        words = "DOUT floats: it is not connected to the module" if garbled else "no sample came at all"
        return Finding(
            what="answer",
            level=Level.BAD,
            figure="no conversion was read",
            value=0,
            words=f"{words}: check DOUT",
        )
    figure = f"{len(seen.converted)} conversions in {seen.seconds:.1f} s"
    return Finding(what="answer", level=Level.GOOD, figure=figure, value=len(seen.converted))


def rate(seen: Seen) -> Finding:
    """The measured rate against the nominal one."""
    if seen.period_ns is None:
        return Finding(what="rate", level=Level.NOT_JUDGED, figure="too few conversions")
    measured = SECOND / seen.period_ns
    expected = seen.bridge.rate_hz or nominal(measured)
    figure, source = f"{measured:.2f}/s", f"{FIELD}; {DATASHEET} table 2"
    if expected is None:
        words = "no setting of the RATE pin gives this: the recording was thinned out, or it is another chip"
        return Finding(what="rate", level=Level.ATTENTION, figure=figure, value=measured, words=words)
    limit = f"{expected:g}/s nominal; real parts {SLOWEST * expected:.1f} … {FASTEST * expected:.1f}/s"
    times = measured / expected
    level, words = Level.GOOD, ""
    if times > OTHER_PIN or times < 1 / OTHER_PIN:
        level = Level.BAD
        says = "high (80/s)" if times > 1 else "low (10/s)"
        words = f"the RATE pin is {says} and rate_hz = {expected:g}: wire the pin as meant, or set rate_hz"
    elif not SLOWEST <= times <= FASTEST:
        level = Level.BAD if not 0.9 <= times <= 1.25 else Level.ATTENTION
        words = "no known part converts so: conversions are lost, or it is another chip"
        if times < 1:
            words += "; see missed conversions"
    elif times > FAST:
        level = Level.ATTENTION
        words = (
            f"the oscillator is {times - 1:.0%} fast, as some parts are: its period is learned, but its "
            "notch no longer lies on 50 Hz: keep mains leads away, or replace the module"
        )
    return Finding(
        what="rate", level=level, figure=figure, value=measured, limit=limit, source=source, words=words
    )


def transfers(seen: Seen) -> Finding:
    """Garbled reads and slow clocks."""
    garbled, slow = seen.count(Fault.BAD_TRANSFER), seen.count(Fault.SLOW_CLOCK)
    many = (garbled + slow) > FEW * len(seen.samples)
    words = []
    if garbled:
        words.append("pulses are lost or doubled: shorten the cable, twist DOUT and PD_SCK with ground each")
    if slow:
        words.append("this machine holds PD_SCK high too long: use the driver spi")
    return Finding(
        what="transfers",
        level=Level.BAD if many else Level.ATTENTION if words else Level.GOOD,
        figure=f"{garbled} garbled, {slow} with PD_SCK high for more than 50 µs",
        value=garbled + slow,
        limit="none",
        source=f"{DATASHEET} figure 2: T3, and DOUT high after the last pulse",
        words="; ".join(words),
    )


def missed(seen: Seen) -> Finding:
    """Conversions that were not read, pauses of a restart left out."""
    lost = 0
    for gap in seen.gaps if seen.period_ns else []:
        periods = gap / (seen.period_ns or 1)
        if periods > LATE_PERIODS and not RESET_PERIODS[0] <= periods <= RESET_PERIODS[1]:
            lost += round(periods) - 1
    level = Level.GOOD if not lost else Level.ATTENTION if lost <= FEW * len(seen.samples) else Level.BAD
    words = "the program comes late: take load off this machine, or let the sampler run by itself"
    return Finding(
        what="missed conversions",
        level=level,
        figure=f"{lost} of {len(seen.converted) + lost}",
        value=lost,
        limit=f"none later than {LATE_PERIODS:g} periods",
        source=FIELD,
        words="" if not lost else words,
    )


def restarts(seen: Seen) -> Finding:
    """Restarts of the chip without a power-up: pauses of 4.45 periods that no settling follows."""
    found = 0
    for (_, later), gap in zip(pairwise(seen.converted), seen.gaps, strict=True):
        periods = gap / (seen.period_ns or 1)
        if RESET_PERIODS[0] <= periods <= RESET_PERIODS[1] and Fault.SETTLING not in later.faults:
            found += 1
    words = (
        "PD_SCK is held high for more than 60 µs, and the read before each pause is wrong: use the driver "
        "spi; with spi already, the supply dips: see supply"
    )
    return Finding(
        what="hidden restarts",
        level=Level.BAD if found else Level.GOOD,
        figure=f"{found} pauses of {RESET_PERIODS[0]} … {RESET_PERIODS[1]} periods",
        value=found,
        limit="none",
        source=f"{FIELD}: 141 of 141 involuntary restarts",
        words=words if found else "",
    )


def supply(seen: Seen) -> Finding:
    """Power-ups in the middle: the driver marks the conversions after each as settling."""
    sound = (n for n, sample in enumerate(seen.samples) if sample.counts is not None and not sample.faults)
    later = seen.samples[next(sound, len(seen.samples)) :]
    runs = [(key, len(list(group))) for key, group in groupby(Fault.SETTLING in s.faults for s in later)]
    again = sum(settling and length >= POWER_UP_RUN for settling, length in runs)
    words = (
        "the supply of the module dips: feed it from 5 V (a regulator fed with 3.3 V collapses), thicken the "
        "supply leads, and put 100 µF beside the module"
    )
    return Finding(
        what="supply",
        level=Level.BAD if again else Level.GOOD,
        figure=f"{again} power-ups during the test",
        value=again,
        limit="none",
        source=f"{DATASHEET}: settling after a reset",
        words=words if again else "",
    )
