"""A fair weighing as the law looks at it: what was paid for, what was weighed, and what of that is bag.

Rules this file obeys:

* A case is made of a visit that ends, and again from its record: both are judged by the same lines.
* Of two weighings of the goods the heavier counts: it is the better one for the seller.
* Of a bag that nobody knows nothing is taken off.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Decimal

import msgspec

from firmware_app.procedures.fair_weighing.state import Bag, FairState, Settled, Weighed, What
from firmware_app.quantity import Grams

MILLIGRAM = Decimal("0.001")


class Weighing(msgspec.Struct, frozen=True):
    """What was put on the pan, in grams, with the standard uncertainties of the two readings."""

    net_g: Grams
    standards_g: tuple[float, float]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """All that the verdict rests on. ``unfit``: why none may rest on the pan. ``doubt_g``: widens U.

    ``goods``: none where they never came to rest, two where a shortage was weighed once more. ``bag_weighed``
    and ``bag_typed_g`` with its half width ``bag_half_g`` go with ``bag``.
    """

    what: What
    settled: Settled
    kind: str = ""
    price: Decimal | None = None
    counts_band: str = ""
    bag: Bag = Bag.BARE
    bag_weighed: Weighing | None = None
    bag_typed_g: Grams = Decimal(0)
    bag_half_g: Grams = Decimal(0)
    goods: tuple[Weighing, ...] = ()
    unfit: str = ""
    doubt_g: Grams = Decimal(0)


class Net(msgspec.Struct, frozen=True):
    """A net mass, its standard uncertainty, and the mass with nothing taken off for the bag."""

    mass_g: Grams
    standard_g: Decimal
    with_bag_g: Grams

    @property
    def expanded_g(self) -> Grams:
        """U (k = 2), rounded up to the milligram."""
        return (2 * self.standard_g).quantize(MILLIGRAM, ROUND_CEILING)


def case_of(state: FairState, not_ready: str) -> Case:
    """The case of a visit; ``not_ready``: why nothing is judged by the pan, empty where it is."""
    assert state.what is not None and state.settled is not None
    stand = [each for each in state.weighed if not each.dropped]
    unfit = any(mass.unfit for each in stand for mass in (each.empty, each.loaded))
    bag = state.standing("bag")
    goods = (state.standing("goods"), state.standing("again"))
    return Case(
        what=state.what,
        settled=state.settled,
        kind=state.kind,
        price=state.price,
        counts_band=state.counts_band,
        bag=state.bag or Bag.UNKNOWN,
        bag_weighed=None if bag is None else weighing_of(bag),
        bag_typed_g=state.bag_typed_g or Decimal(0),
        bag_half_g=state.bag_half_g or Decimal(0),
        goods=() if state.gave_up else tuple(weighing_of(each) for each in goods if each is not None),
        unfit="pan_unfit" if unfit else not_ready,
    )


def weighing_of(weighed: Weighed) -> Weighing:
    """What counts of a weighing."""
    return Weighing(weighed.net_g, (weighed.empty.standard_g, weighed.loaded.standard_g))


def net_of(case: Case) -> Net | None:
    """The goods without their bag, None where they were not weighed."""
    if not case.goods:
        return None
    heavier = max(case.goods, key=lambda each: each.net_g)
    bag, bag_standards = _bag(case)
    standard = math.hypot(*heavier.standards_g, *bag_standards) + float(case.doubt_g) / 2
    return Net(max(heavier.net_g - bag, Decimal(0)), Decimal(repr(standard)), max(heavier.net_g, Decimal(0)))


def apart_g(case: Case) -> Grams:
    """By how much the weighings of the goods differ."""
    masses = [each.net_g for each in case.goods]
    return max(masses) - min(masses) if masses else Decimal(0)


def _bag(case: Case) -> tuple[Grams, tuple[float, ...]]:
    if case.bag is Bag.WEIGHED:
        assert case.bag_weighed is not None
        return max(case.bag_weighed.net_g, Decimal(0)), case.bag_weighed.standards_g
    if case.bag is Bag.TYPED:
        return case.bag_typed_g, (float(case.bag_half_g) / math.sqrt(3),)
    return Decimal(0), ()
