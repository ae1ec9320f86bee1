"""Packs prove themselves: what the rows give against what their vectors want.

Rules this file obeys:

* A proof calls the same functions that judge; there is no second way to read a row.
* Each proof yields what is wrong, in words; nothing wrong is nothing yielded.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from firmware_app.quantity import GRAMS_PER, grams, plain
from firmware_app.rules.base import OutsideTable
from firmware_app.rules.checklist_rows import ChecklistPack
from firmware_app.rules.code_rows import CodePack
from firmware_app.rules.codes import check_code
from firmware_app.rules.legal_units import unit_note
from firmware_app.rules.mpe import BadInstrument, Instrument, mpe
from firmware_app.rules.plan import Examined, planned_item
from firmware_app.rules.plan_rows import Item, PlanVector
from firmware_app.rules.prepackage_rows import PrepackagePack
from firmware_app.rules.prepackages import tolerable
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.retail_table import permitted_deviation
from firmware_app.rules.rows import NawiPack, Pack, Platform, WeightsPack
from firmware_app.rules.unit_rows import UnitsPack
from firmware_app.rules.weights import NotDefined, weight_mpe

MOST_WEIGHINGS = 20
"""Of one load: R 76 asks for ten at type evaluation."""


def contradictions(pack: Pack) -> Iterator[str]:
    """Everything in which the pack contradicts its own vectors or itself, in words."""
    match pack:
        case NawiPack():
            yield from _nawi(pack)
        case WeightsPack():
            yield from _weights(pack)
        case RetailPack():
            yield from _retail(pack)
        case PrepackagePack():
            yield from _prepackages(pack)
        case CodePack():
            yield from _codes(pack)
        case UnitsPack():
            yield from _units(pack)
        case ChecklistPack():
            yield from _checklist(pack)


def _nawi(pack: NawiPack) -> Iterator[str]:
    for vector in pack.vectors:
        instrument = Instrument(
            accuracy_class=vector.accuracy_class, max_g=vector.max_g, e_g=vector.e_g, price_computing=False
        )
        try:
            given = mpe(pack, instrument, vector.load_g, vector.stage, pack.effective).limit_g
        except (OutsideTable, BadInstrument):
            given = None
        if given != vector.limit_g:
            yield (
                f"class {vector.accuracy_class}, e = {plain(vector.e_g)} g, "
                f"load {plain(vector.load_g)} g, {vector.stage.value}: "
                f"the rows give {given}, the vector wants {vector.limit_g}"
            )

    yield from _nawi_rows(pack)
    for planned in pack.plan_vectors:
        yield from _plan(pack, planned)
    if pack.plan is not None and (missing := set(Item) - {row.item for row in pack.plan.items}):
        yield f"the plan does not name {sorted(each.value for each in missing)}"
    for row in pack.repeatability:
        if not (1 <= row.weighings <= MOST_WEIGHINGS and row.series >= 1):
            yield f"repeatability of class {row.accuracy_class}: 1 to {MOST_WEIGHINGS} weighings in a series"


def _nawi_rows(pack: NawiPack) -> Iterator[str]:
    for name in sorted({row.accuracy_class for row in pack.classes}):
        steps = [row for row in pack.steps if row.accuracy_class == name]
        bounds = [row.up_to_e for row in steps if row.up_to_e is not None]
        limits = [row.mpe_e for row in steps]
        if not steps or bounds != sorted(set(bounds)) or limits != sorted(limits) or limits[0] <= 0:
            yield f"class {name}: it must have steps, and bounds and limits must rise"
        if None in [row.up_to_e for row in steps[:-1]]:
            yield f"class {name}: only the last step is open"
    if {row.platform for row in pack.partial_eccentric_loads} != set(Platform):
        yield f"eccentric loads: one for each of {', '.join(each.value for each in Platform)}"
    if all(row.repeatability_e is not None for row in pack.substitution):
        yield "substitution: one row must hold whatever the repeatability"
    shares = [pack.reference.divisor, pack.eccentricity.divisor, *(row.divisor for row in pack.substitution)]
    steps_of_money = [
        pack.price_computing.step_yuan,
        pack.zero_setting.factor_e,
        pack.discrimination.factor_d,
    ]
    if min(*shares, *steps_of_money) <= 0:
        yield "divisors, factors and the coin step are above zero"


def _plan(pack: NawiPack, vector: PlanVector) -> Iterator[str]:
    scale = Examined(
        instrument=Instrument(
            accuracy_class=vector.accuracy_class, max_g=vector.max_g, e_g=vector.e_g, price_computing=True
        ),
        supports=vector.supports,
    )
    try:
        item = planned_item(pack, scale, vector.item, vector.stage, pack.effective)
        given = (
            tuple(each.load_g for each in item.loads),
            tuple(each.limit_g for each in item.loads),
            item.weighings,
        )
    except (OutsideTable, BadInstrument) as refused:
        yield f"{vector.item.value}, {vector.stage.value}: {refused}"
        return
    wanted = (vector.loads_g, vector.limits_g, vector.weighings)
    if given != wanted:
        yield (
            f"{vector.item.value} of class {vector.accuracy_class}, e = {plain(vector.e_g)} g, "
            f"{vector.stage.value}: the rows give {_listed(given)}, the vector wants {_listed(wanted)}"
        )


def _listed(what: tuple[tuple[Decimal, ...], tuple[Decimal, ...], int]) -> str:
    loads, limits, weighings = what
    return f"{[plain(each) for each in loads]} g, {[plain(each) for each in limits]} g, {weighings} times"


def _weights(pack: WeightsPack) -> Iterator[str]:
    for row in pack.rows:
        if strange := set(row.mpe_mg) - set(pack.weight_classes):
            yield f"{plain(row.nominal_g)} g: unknown weight classes {sorted(strange)}"
    for vector in pack.vectors:
        try:
            given = weight_mpe(pack, vector.weight_class, vector.nominal_g).mpe_mg
        except NotDefined:
            given = None
        if given != vector.mpe_mg:
            yield (
                f"{vector.weight_class} {plain(vector.nominal_g)} g: the rows give {given} mg, "
                f"the vector wants {vector.mpe_mg}"
            )


def _retail(pack: RetailPack) -> Iterator[str]:
    named = {row.band for row in pack.bands}
    for method in pack.methods:
        applied = [row for row in pack.conditions if row.method == method.method and not row.contrary]
        if len(applied) != 1:
            yield f"method {method.method}: {len(applied)} conditions are applied, there must be one"
    for band in sorted(named | {row.band for row in pack.deviations}):
        bounds = [row.up_to_g for row in pack.deviations if row.band == band]
        if band not in named or not bounds or bounds != sorted(set(bounds)):
            yield f"band {band!r}: it must be named and its bounds must rise"
        allowed = [row.deviation_g for row in pack.deviations if row.band == band]
        if allowed != sorted(allowed) or allowed[0] <= 0:
            yield f"band {band!r}: what is permitted must rise with the mass"
    for vector in pack.vectors:
        try:
            given = permitted_deviation(pack, vector.band, vector.settled_g).deviation_g
        except OutsideTable:
            given = None
        if given != vector.deviation_g:
            yield (
                f"band {vector.band}, {plain(vector.settled_g)} g: the rows give {given} g, "
                f"the vector wants {vector.deviation_g}"
            )


def _prepackages(pack: PrepackagePack) -> Iterator[str]:
    for name, last in (
        ("roundings", [row.up_to_g for row in pack.roundings if not row.always_up]),
        ("sampling", [row.lot_to for row in pack.sampling]),
        ("characters", [row.up_to_g for row in pack.characters]),
    ):
        if not last or last[-1] is not None:
            yield f"{name}: the last row must be open"
    for vector in pack.vectors:
        try:
            given = tolerable(pack, vector.nominal_g).tolerable_g
        except OutsideTable:
            given = None
        if given != vector.tolerable_g:
            yield (
                f"nominal {plain(vector.nominal_g)} g: the rows give {given} g, "
                f"the vector wants {vector.tolerable_g}"
            )


def _codes(pack: CodePack) -> Iterator[str]:
    for vector in pack.vectors:
        answer = check_code(pack, vector.code)
        given, wanted = (
            (answer.valid, answer.organisation_valid),
            (vector.valid, vector.organisation_valid),
        )
        if given != wanted:
            yield f"{vector.code}: the rows give {given}, the vector wants {wanted}"


def _units(pack: UnitsPack) -> Iterator[str]:
    for row in pack.market:
        for name in row.names:
            if GRAMS_PER.get(name) != row.grams:
                yield f"unit {name!r} is {row.grams} g here and {GRAMS_PER.get(name)} g on entry"
    for vector in pack.vectors:
        given = (unit_note(pack, vector.amount) is not None, grams(vector.amount))
        if given != (vector.market, vector.grams):
            yield f"{vector.amount}: the rows give {given}, the vector wants {vector.market}, {vector.grams}"


def _checklist(pack: ChecklistPack) -> Iterator[str]:
    names = [row.item for row in pack.items]
    if len(set(names)) != len(names) or not all(row.words_zh and row.words_en for row in pack.items):
        yield "every item has a name of its own and its words"
    items = {(row.item, row.concerned) for row in pack.items}
    for vector in pack.vectors:
        if (vector.item, vector.concerned) not in items:
            yield f"item {vector.item!r} for {vector.concerned.value} is not there"
