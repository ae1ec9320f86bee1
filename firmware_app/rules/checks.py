"""The other tests of a scale: loads, repeatability, discrimination, substitution, ranges, price to pay.

Rules this file obeys:

* Every figure comes from a row of the pack handed in, and the answer names that row.
* Rows that are only recalled are kept in the pack and not applied here where a read one exists.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Protocol

import msgspec

from firmware_app.quantity import Grams, show_mass
from firmware_app.rules.base import Confidence, OutsideTable, weakest
from firmware_app.rules.mpe import BadInstrument, Instrument, MpeAnswer, class_row, handed_over, mpe
from firmware_app.rules.rows import NawiPack, Platform, RepeatabilityRow, Stage
from firmware_app.uncertainty.decision import Verdict

FEW_SUPPORTS = 4
"""Up to here the eccentric load is the same share of Max (OIML R 76-1:2006 A.4.7)."""


class PartialRange(msgspec.Struct, frozen=True, kw_only=True):
    """One weighing range of a scale: its Max and its e, grams."""

    max_g: Grams
    e_g: Grams


class Held(Protocol):
    """A limit with the rows it stands on: an answer of `mpe`, or a load of a plan."""

    @property
    def limit_g(self) -> Grams: ...
    @property
    def clause(self) -> str: ...
    @property
    def confidence(self) -> Confidence: ...


class SpreadAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Repeatability: the spread of the errors and the largest single one against the same limit."""

    verdict: Verdict
    spread_g: Grams
    largest_g: Grams
    limit_g: Grams
    clause: str
    confidence: Confidence


def eccentric_load(
    pack: NawiPack,
    max_g: Grams,
    *,
    supports: int = FEW_SUPPORTS,
    platform: Platform | None = None,
    additive_tare_g: Grams = Decimal(0),
) -> Grams:
    """The load of the eccentricity test in grams; raises BadInstrument for supports that carry nothing.

    ``platform``: tank or rolling load; otherwise the number of supports counts. Source: OIML R 76-1 A.4.7.
    """
    if supports < 1:
        raise BadInstrument(f"{supports} points of support: give 1 or more")
    whole = max_g + additive_tare_g
    if platform in (None, Platform.MANY_SUPPORTS) and supports <= FEW_SUPPORTS:
        return whole / pack.eccentricity.divisor
    wanted = platform or Platform.MANY_SUPPORTS
    row = next(each for each in pack.partial_eccentric_loads if each.platform is wanted)
    if row.supports_less is not None:
        return whole / (supports - row.supports_less)
    return whole * (row.fraction or Decimal(0))


def repeatability_row(pack: NawiPack, accuracy_class: str) -> RepeatabilityRow:
    """How often and where the same load is weighed at verification and in service; raises BadInstrument."""
    for row in pack.repeatability:
        if row.accuracy_class == accuracy_class and not row.recalled:
            return row
    raise BadInstrument(f"class {accuracy_class!r} has no repeatability test in {pack.id}")


def judge_repeatability(
    pack: NawiPack, instrument: Instrument, errors_g: tuple[Grams, ...], limit: Held
) -> SpreadAnswer:
    """Spread at most |MPE| and each single error within it; ``errors_g`` before rounding, all of one load.

    Raises OutsideTable where the load was weighed less often than the row asks.
    """
    row = repeatability_row(pack, instrument.accuracy_class)
    if len(errors_g) < row.weighings:
        raise OutsideTable(
            f"{len(errors_g)} weighings: class {instrument.accuracy_class} asks for {row.weighings}"
        )
    spread = max(errors_g) - min(errors_g)
    largest = max(errors_g, key=abs)
    held = spread <= limit.limit_g and abs(largest) <= limit.limit_g
    return SpreadAnswer(
        verdict=Verdict.CONFORMS if held else Verdict.DOES_NOT_CONFORM,
        spread_g=spread,
        largest_g=largest,
        limit_g=limit.limit_g,
        clause=f"{row.clause}; {limit.clause}",
        confidence=weakest(row.confidence, limit.confidence),
    )


def discrimination_load(pack: NawiPack, d_g: Grams) -> Grams:
    """The extra load that must change the display by one d: 1.4 d (OIML R 76-1 3.8, A.4.8.2)."""
    return pack.discrimination.factor_d * d_g


def discrimination_points(pack: NawiPack, instrument: Instrument) -> tuple[Grams, ...]:
    """The loads at which discrimination is tried: Min and fractions of Max, rising."""
    points = {fraction * instrument.max_g for fraction in pack.discrimination.fractions_of_max}
    return tuple(sorted({least_load(pack, instrument)} | points))


def least_weights(pack: NawiPack, instrument: Instrument, repeatability_g: Grams | None = None) -> Grams:
    """The mass of weights that must be had before other loads may stand in (OIML R 76-1 3.7.3).

    ``repeatability_g``: spread of the substitution load placed three times, None where it was not found.
    """
    shares = [
        row.divisor
        for row in pack.substitution
        if row.repeatability_e is None
        or (repeatability_g is not None and repeatability_g <= row.repeatability_e * instrument.e_g)
    ]
    return instrument.max_g / max(shares)


def least_load(pack: NawiPack, instrument: Instrument) -> Grams:
    """Min of the scale: from its nameplate, else the lower limit of its class."""
    lowest = class_row(pack, instrument).min_e * instrument.e_g
    return lowest if instrument.min_g is None else instrument.min_g


def load_points(pack: NawiPack, instrument: Instrument) -> tuple[Grams, ...]:
    """The loads of the weighing test, rising: Min, the steps of the MPE, fractions of Max.

    The choice is only recalled (row load_points, unconfirmed); raises BadInstrument.
    """
    steps = {
        row.up_to_e * instrument.e_g
        for row in pack.steps
        if row.accuracy_class == instrument.accuracy_class and row.up_to_e is not None
    }
    fractions = {fraction * instrument.max_g for fraction in pack.load_points.fractions_of_max}
    points = {least_load(pack, instrument)} | steps | fractions
    return tuple(sorted(point for point in points if point <= instrument.max_g))


def range_at(ranges: tuple[PartialRange, ...], load_g: Grams, active: int | None = None) -> PartialRange:
    """The range that counts for a load: the one told active (from 1), else the first that reaches it.

    A multi-interval scale changes by the load; a multiple-range scale says which range is active.
    Raises BadInstrument for ranges that do not rise, OutsideTable for a load none of them reaches.
    """
    rising = all(a.max_g < b.max_g and a.e_g < b.e_g for a, b in pairwise(ranges))
    if not ranges or not rising:
        raise BadInstrument("the ranges of a scale rise: each has a larger Max and a larger e than the last")
    if active is not None:
        if not 1 <= active <= len(ranges):
            raise BadInstrument(f"range {active}: the scale has ranges 1 to {len(ranges)}")
        return ranges[active - 1]
    for each in ranges:
        if load_g <= each.max_g:
            return each
    raise OutsideTable(
        f"load {show_mass(load_g)} is above Max {show_mass(ranges[-1].max_g)}: the law gives no limit there"
    )


def mpe_in_range(
    pack: NawiPack,
    instrument: Instrument,
    ranges: tuple[PartialRange, ...],
    load_g: Grams,
    *,
    stage: Stage,
    on: date,
    active: int | None = None,
) -> MpeAnswer:
    """The MPE of a multi-interval scale, or (``active``, from 1) of a multiple-range scale.

    e is that of the range that counts; ``instrument`` gives class and Max of the whole scale.
    """
    counted = range_at(ranges, load_g, active)
    # Each range is a scale of its own with n_i = Max_i / e_i, but which text it falls under goes by the
    # Max of the whole.
    handed = handed_over(pack, instrument, on) is not None
    partial = msgspec.structs.replace(
        instrument,
        max_g=counted.max_g,
        e_g=counted.e_g,
        min_g=instrument.min_g if counted == ranges[0] else None,
        price_computing=handed,
    )
    answer = mpe(pack, partial, load_g, stage, on)
    return msgspec.structs.replace(
        answer,
        clause=f"{answer.clause}; {pack.partial_range.clause}",
        confidence=weakest(answer.confidence, pack.partial_range.confidence),
    )


def price_to_pay(pack: NawiPack, price: Decimal, mass_g: Grams) -> Decimal:
    """Price per kg times mass, to the smallest coin step, half a step up; yuan."""
    step = pack.price_computing.step_yuan
    return (price * mass_g / 1000 / step).to_integral_value(ROUND_HALF_UP) * step


class PriceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A price that the scale computed against the one it should have; equal or not."""

    verdict: Verdict
    wanted_yuan: Decimal
    shown_yuan: Decimal
    clause: str
    confidence: Confidence


def judge_price(pack: NawiPack, price: Decimal, mass_g: Grams, shown_yuan: Decimal) -> PriceAnswer:
    """Whether the scale computes rightly; ``price`` in yuan per kg, ``mass_g`` as the scale shows it."""
    wanted = price_to_pay(pack, price, mass_g)
    return PriceAnswer(
        verdict=Verdict.CONFORMS if shown_yuan == wanted else Verdict.DOES_NOT_CONFORM,
        wanted_yuan=wanted,
        shown_yuan=shown_yuan,
        clause=pack.price_computing.clause,
        confidence=pack.price_computing.confidence,
    )


def judge_discrimination(before_g: Grams, after_g: Grams, d_g: Grams) -> Verdict:
    """Whether the extra load of 1.4 d has changed the display by one d at least (OIML R 76-1 A.4.8.2)."""
    return Verdict.CONFORMS if abs(after_g - before_g) >= d_g else Verdict.DOES_NOT_CONFORM
