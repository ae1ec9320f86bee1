"""The scale as the law sees it, and the limits of each load: the one place that asks the rule packs.

Rules this file obeys:

* Every figure comes from a row of the pack in force on the day of the visit, with clause and confidence.
* Which items there are and with which loads is the pack's to say, not this program's.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from firmware_app.procedures.context import Context
from firmware_app.procedures.law import Law
from firmware_app.procedures.verification.items import Item
from firmware_app.procedures.verification.state import VerificationState
from firmware_app.quantity import Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.base import Confidence, Row, weakest
from firmware_app.rules.checklists import CheckItem, check_items
from firmware_app.rules.checks import FEW_SUPPORTS, PartialRange, mpe_in_range, range_at
from firmware_app.rules.mpe import Instrument, MpeAnswer, mpe, reference_limit, zero_setting_limit
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.plan import Examined, PlannedItem, planned_items
from firmware_app.rules.rows import NawiPack, Stage

NO_LAW_OF_IT = Law("", "", "", "", Confidence.UNCONFIRMED)
"""Of the cheating challenge: no regulation asks for it."""


class Rules(NamedTuple):
    """The pack in force, the scale in its terms, and the day and stage by which it is judged.

    ``ranges``: of a multi-interval scale, rising; the one range of any other. ``looks``: what is looked at.
    """

    pack: NawiPack
    instrument: Instrument
    ranges: tuple[PartialRange, ...]
    stage: Stage
    on: date
    items: tuple[PlannedItem, ...]
    looks: tuple[CheckItem, ...]

    @property
    def superseded_by(self) -> str:
        """The text in force for this scale whose rows nobody has read, empty where there is none."""
        return next((each.superseded_by for each in self.items if each.superseded_by), "")

    def planned(self, item: Item) -> PlannedItem | None:
        """The item as the pack has it, None where it does not, or the scale does not need it."""
        return next((each for each in self.items if each.item.value == item.value), None)

    def e_at(self, load_g: Grams) -> Grams:
        """e of the range that counts for a load; raises RulesError."""
        return range_at(self.ranges, load_g).e_g

    def limit(self, load_g: Grams) -> MpeAnswer:
        """The MPE of a load at this stage, and on initial verification; raises RulesError."""
        if len(self.ranges) > 1:
            return mpe_in_range(self.pack, self.instrument, self.ranges, load_g, stage=self.stage, on=self.on)
        return mpe(self.pack, self.instrument, load_g, self.stage, self.on)

    def reference(self, load_g: Grams) -> Grams:
        """What the weights of a load may err by; raises RulesError."""
        return reference_limit(self.pack, self.limit(load_g))

    def zero_limit(self) -> Grams:
        """What zero may be off by after zeroing or taring."""
        return zero_setting_limit(self.pack, self.ranges[0].e_g)

    def law_of(self, item: Item) -> Law:
        """The rows that an item stands on: that it is gone through, and those of its loads."""
        planned = self.planned(item)
        if planned is None:
            return NO_LAW_OF_IT
        looked = self.looks if item is Item.APPEARANCE else ()
        clauses = dict.fromkeys([planned.clause, *(load.clause for load in planned.loads)])
        known = [*(load.confidence for load in planned.loads), *(look.confidence for look in looked)]
        for row in self._rows_besides(item):
            clauses[row.clause] = None
            known.append(row.confidence)
        confidence = weakest(planned.confidence, *known)
        return Law(planned.pack, planned.version, planned.sha256, "; ".join(clauses), confidence)

    def _rows_besides(self, item: Item) -> tuple[Row, ...]:
        """Rows that an item leans on besides those of its loads."""
        pack = self.pack
        if item is Item.PRICE:
            return (pack.price_computing,)
        if item in (Item.WEIGHING, Item.TARED):
            # Which loads are put on is one row; that they are held to the MPE is another.
            return (pack.load_points, pack.change_point)
        return () if item in (Item.APPEARANCE, Item.DISCRIMINATION) else (pack.change_point,)

    def law(self) -> Law:
        """The pack as the whole conclusion cites it, as sure as the least sure of its items."""
        known = [Confidence(self.law_of(Item(each.item.value)).confidence) for each in self.items]
        adoption = self.pack.adoption
        confidence = weakest(adoption.confidence, *known)
        return Law(self.pack.id, self.pack.version, self.pack.sha256, adoption.clause, confidence)


def instrument_of(scale: Scale) -> Instrument:
    """The scale in the terms of the rules."""
    return Instrument(
        accuracy_class=scale.accuracy_class,
        max_g=scale.max_g,
        e_g=scale.e_g,
        min_g=scale.min_g,
        price_computing=scale.price_computing,
    )


def rules_of(context: Context, state: VerificationState) -> Rules:
    """The rules for the scale and the stage that were chosen.

    Raises RulesError where no pack is in force, or the scale fits no class of it.
    """
    assert state.scale is not None
    scale, stage = state.scale, state.stage or Stage.IN_SERVICE
    instrument = instrument_of(scale)
    pack = pack_in_force(NawiPack, context.on, context.packs, instrument)
    ranges = (*state.ranges, PartialRange(max_g=scale.max_g, e_g=scale.e_g))
    tested = Examined(
        instrument=instrument,
        ranges=ranges if state.ranges else (),
        d_g=scale.d_g,
        supports=max(state.supports, FEW_SUPPORTS),
    )
    items = planned_items(pack, tested, stage, context.on)
    looks = check_items(context.on, instrument, context.packs)
    return Rules(pack, instrument, ranges, stage, context.on, items, looks)
