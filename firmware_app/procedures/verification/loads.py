"""The plan: every item in order, with its loads computed for this scale and the weights to put on for each.

Rules this file obeys:

* Loads and counts come from the rows of the pack; what is our own choice is named here and says so.
* What cannot be done with the weights at hand stands in the plan with its reason, never skipped in silence.
* The plan depends on nothing but scale, rules and drawer, so it can be made again from the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from firmware_app.procedures.context import Context
from firmware_app.procedures.verification import drawer
from firmware_app.procedures.verification.drawer import Made, Small
from firmware_app.procedures.verification.goods import Goods, goods_for
from firmware_app.procedures.verification.items import (
    CORNERS,
    Ask,
    Direction,
    Item,
    LeftOut,
    Method,
)
from firmware_app.procedures.verification.law import Rules
from firmware_app.procedures.verification.state import Step, VerificationState
from firmware_app.quantity import Grams
from firmware_app.rules.checks import FEW_SUPPORTS, PartialRange, discrimination_load, range_at
from firmware_app.rules.plan import plan_rows, zero_tracking_load
from firmware_app.standards.sets import Piece

GOODS = "goods"
"""What a load is made of that need only stay the same, not be known."""
FINE_SHARE = 5
"""An interval of e over this or less is fine enough to be read directly (OIML R 76-1:2006 A.4.4.3)."""
PRICES = (Decimal("9.95"), Decimal("12.34"), Decimal("99.99"))
"""Unit prices in yuan per kg. Our own choice: with round loads they give amounts of half a coin step too."""


class Planner:
    """Makes the steps of one scale; see ``plan``."""

    def __init__(self, context: Context, state: VerificationState, rules: Rules) -> None:
        assert state.scale is not None
        self._context, self._state, self._rules = context, state, rules
        self._scale = state.scale
        self._finest = state.ranges[0].e_g if state.ranges else state.scale.d_g
        every = drawer.usable(context.weights, context.on)
        self._every = every
        self._pieces = tuple(
            piece for piece in every if piece.nominal_g > self._finest and piece.nominal_g % self._finest == 0
        )
        self._total = sum((piece.nominal_g for piece in self._pieces), Decimal(0))
        self._small: dict[Grams, Small | None] = {}
        self.used: dict[str, Piece] = {}

    # ------------------------------------------------------------------------------------ what is looked at

    def looks(self) -> Iterator[Step]:
        """What is looked at, of every text in force."""
        for look in self._rules.looks:
            yield Step(
                id=f"{Item.APPEARANCE}:{look.item}", item=Item.APPEARANCE, ask=Ask.LOOK, what=look.item
            )

    # -------------------------------------------------------------------------------------- what is weighed

    def zero(self) -> Iterator[Step]:
        """Getting ready, whether zero is tracked, then the accuracy of zero-setting."""
        yield Step(id=f"{Item.ZERO}:ready", item=Item.ZERO, ask=Ask.READY)
        each = plan_rows(self._rules.pack).zero_tracking.step_d * self._finest
        yield Step(
            id=f"{Item.ZERO}:tracking", item=Item.ZERO, ask=Ask.TRACKING, d_g=self._finest, small_g=each
        )
        yield self._zero(Item.ZERO)

    def tare_zero(self) -> Iterator[Step]:
        """Accuracy of the tare device: zero again once a load was tared."""
        yield self._zero(Item.TARE_ZERO, tare=True)

    def weighing(self) -> Iterator[Step]:
        """E0, up to Max, down again and back to zero; goods stand in where the weights do not reach."""
        item = Item.WEIGHING
        yield self._zero(item)
        goods = goods_for(self._rules, self._total, self._make)
        rising: list[Step] = []
        built = 0
        for number, wanted in enumerate(self._loads(item), 1):
            made = self._make(wanted, upward=number == 1)
            turns = 0
            if isinstance(made, LeftOut) and goods is not None and wanted > goods.weights.load_g:
                turns = goods.turns(wanted)
                made = self._make(wanted - goods.under(turns))
                while isinstance(made, Made) and built < turns:
                    built += 1
                    yield from self._substitution(goods, built, rising)
            under = Decimal(0) if goods is None else goods.under(turns)
            step = self._load(item, f"up{number}", made, wanted, goods=turns, under=under)
            rising.append(_replaced(step, direction=Direction.UP))
            yield rising[-1]
        for number, step in enumerate(reversed(rising[:-1]), 1):
            yield _replaced(step, id=f"{item}:down{number}", direction=Direction.DOWN)
        yield _replaced(self._zero(item), id=f"{item}:return", zero=False, direction=Direction.DOWN)

    def corners(self) -> Iterator[Step]:
        """The eccentric load at each quarter, or over each support where there are more than four."""
        item = Item.CORNERS
        yield self._zero(item)
        supports = self._state.supports
        (wanted,) = self._loads(item)
        places = (
            CORNERS if supports <= FEW_SUPPORTS else tuple(f"support_{n}" for n in range(1, supports + 1))
        )
        made = self._make(wanted)
        for place in places:
            yield self._load(item, place, made, wanted, what=place)

    def repeats(self) -> Iterator[Step]:
        """The same load several times."""
        item = Item.REPEATS
        planned = self._rules.planned(item)
        assert planned is not None
        wanted = planned.loads[-1].load_g
        if drawer.made_of(self._pieces, wanted) is None:
            # Near it will do: a load that the weighing test has used, rather than every weight there is.
            used = [point for point in self._loads(Item.WEIGHING) if self._scale.max_g / 2 <= point <= wanted]
            wanted = max((point for point in used if isinstance(self._make(point), Made)), default=wanted)
        yield self._zero(item)
        for number in range(1, planned.weighings + 1):
            yield _replaced(self._load_or_goods(item, str(number), wanted), nth=number)

    def discrimination(self) -> Iterator[Step]:
        """A small extra load must move the indication."""
        item = Item.DISCRIMINATION
        for number, wanted in enumerate(self._loads(item), 1):
            step = self._load_or_goods(item, str(number), wanted, upward=number == 1)
            extra = discrimination_load(self._rules.pack, step.d_g or self._finest)
            rest = [piece for piece in self._every if piece.id not in step.pieces]
            pieces = drawer.made_of(rest, extra)
            self.used |= {piece.id: piece for piece in pieces or ()}
            yield _replaced(
                step,
                ask=Ask.RESPONDS,
                extra_g=extra,
                extra=tuple(piece.id for piece in pieces or ()),
                why_not=LeftOut.SMALL_WEIGHTS_MISSING if pieces is None else None,
            )

    def tared(self) -> Iterator[Step]:
        """Net loads with a tare in place."""
        item = Item.TARED
        yield self._zero(item, tare=True)
        for number, wanted in enumerate(self._loads(item), 1):
            yield self._load(item, str(number), self._make(wanted, upward=number == 1), wanted)

    def price(self) -> Iterator[Step]:
        """Unit prices and loads whose price to pay must be exact."""
        item = Item.PRICE
        loads = self._loads(Item.WEIGHING)
        for number, (price, wanted) in enumerate(zip(PRICES, loads, strict=False), 1):
            made = self._make(wanted, upward=number == 1)
            step = self._load(item, str(number), made, wanted)
            yield _replaced(step, ask=Ask.PRICE, price=price)

    def challenge(self) -> Iterator[Step]:
        """The cheating challenge."""
        yield Step(id=f"{Item.CHALLENGE}:1", item=Item.CHALLENGE, ask=Ask.CHALLENGE)

    # ---------------------------------------------------------------------------------------------- helpers

    def _loads(self, item: Item) -> tuple[Grams, ...]:
        """The loads of an item, rising."""
        planned = self._rules.planned(item)
        return () if planned is None else tuple(load.load_g for load in planned.loads)

    def _make(self, wanted: Grams, *, upward: bool = False) -> Made | LeftOut:
        """The load at or near the wanted one, or why there is none."""
        grid = self._range(wanted).e_g
        made = drawer.make(self._pieces, wanted, grid, self._fits, upward=upward)
        if made is not None:
            return made
        any_class = drawer.make(self._pieces, wanted, grid, lambda _: True, upward=upward)
        return LeftOut.WEIGHTS_MISSING if any_class is None else LeftOut.WEIGHTS_UNFIT

    def _fits(self, made: Made) -> bool:
        """Whether the weights err by a third of the MPE of their load at most."""
        return drawer.tolerance(made.pieces) <= self._rules.reference(made.load_g)

    def _range(self, load: Grams) -> PartialRange:
        return range_at(self._rules.ranges, min(load, self._scale.max_g))

    def _zero(self, item: Item, *, tare: bool = False) -> Step:
        """The step that finds E0: at ten e of the first range, or at zero itself."""
        wanted = zero_tracking_load(self._rules.pack, self._rules.ranges[0].e_g)
        pieces = None if self._state.at_zero else drawer.made_of(self._pieces, wanted)
        made = Made(wanted if pieces else Decimal(0), pieces or ())
        step = self._load(item, "zero", made, None)
        return _replaced(step, zero=True, what="tare" if tare else "")

    def _load(
        self,
        item: Item,
        name: str,
        made: Made | LeftOut,
        wanted: Grams | None,
        *,
        what: str = "",
        goods: int = 0,
        under: Grams = Decimal(0),
    ) -> Step:
        """A step with a load, upon ``under`` grams of goods, as far as it can be made."""
        if isinstance(made, LeftOut):
            assert wanted is not None
            return Step(id=f"{item}:{name}", item=item, ask=Ask.POINT, what=what, load_g=wanted, why_not=made)
        load = under + made.load_g
        e = self._range(load).e_g
        d = self._scale.d_g if e == self._scale.e_g else e
        self.used |= {piece.id: piece for piece in made.pieces}
        method, small = self._method(d, e)
        return Step(
            id=f"{item}:{name}",
            item=item,
            ask=Ask.POINT,
            what=what,
            load_g=load,
            wanted_g=None if wanted in (None, load) else wanted,
            goods=goods,
            pieces=tuple(piece.id for piece in made.pieces),
            e_g=e,
            d_g=d,
            method=method,
            small_g=Decimal(0) if small is None else small.step_g,
        )

    def _load_or_goods(self, item: Item, name: str, wanted: Grams, *, upward: bool = False) -> Step:
        """A load of weights, or where they do not reach goods of about that mass: it need not be known."""
        made = self._make(wanted, upward=upward)
        if isinstance(made, Made):
            return self._load(item, name, made, wanted)
        return self._load(item, name, Made(wanted, ()), wanted, what=GOODS)

    def _method(self, d: Grams, e: Grams) -> tuple[Method, Small | None]:
        if d * FINE_SHARE <= e:
            return Method.FINE, None
        if d not in self._small:
            self._small[d] = small = drawer.small_weights(self._every, d)
            self.used |= {piece.id: piece for piece in (small.pieces if small is not None else ())}
        small = self._small[d]
        return (Method.DIRECT, None) if small is None else (Method.CHANGE_POINT, small)

    def _substitution(self, goods: Goods, turn: int, rising: list[Step]) -> Iterator[Step]:
        """The point where goods take the weights' place (if not done anyway), and the goods there."""
        item, under = Item.WEIGHING, goods.under(turn - 1)
        point = self._load(item, f"before{turn}", goods.weights, None, goods=turn - 1, under=under)
        done = next((step for step in rising if step.load_g == point.load_g), None)
        if done is None:
            yield point
        for number in range(1, (goods.times if turn == 1 else 1) + 1):
            yield _replaced(
                point,
                id=f"{item}:goods{turn}.{number}",
                ask=Ask.SUBSTITUTE,
                what=(done or point).id,
                pieces=(),
                nth=number,
            )


def _replaced(step: Step, **fields: object) -> Step:
    return type(step)(**{**{name: getattr(step, name) for name in step.__struct_fields__}, **fields})


def plan(
    context: Context, state: VerificationState, rules: Rules
) -> tuple[tuple[Step, ...], tuple[Piece, ...]]:
    """Every step in order, and every weight they use; raises RulesError for a scale that no class fits."""
    planner = Planner(context, state, rules)
    makers = {
        Item.APPEARANCE: planner.looks,
        Item.ZERO: planner.zero,
        Item.TARE_ZERO: planner.tare_zero,
        Item.WEIGHING: planner.weighing,
        Item.CORNERS: planner.corners,
        Item.REPEATS: planner.repeats,
        Item.DISCRIMINATION: planner.discrimination,
        Item.TARED: planner.tared,
        Item.PRICE: planner.price,
    }
    items = [Item(each.item.value) for each in rules.items]
    steps = (*(step for item in items for step in makers[item]()), *planner.challenge())
    drawn = sorted(planner.used.values(), key=lambda piece: (-piece.nominal_g, piece.id))
    return steps, tuple(drawn)


def ranges_rise(ranges: tuple[PartialRange, ...]) -> bool:
    """Whether each range has a larger Max and a larger e than the one below it."""
    return all(a.max_g < b.max_g and a.e_g < b.e_g for a, b in pairwise(ranges))
