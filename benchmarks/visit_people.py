"""People at the simulated market scales: a trader who types, one whose scale has a lead, an inspector.

They answer the appliance's own prompts; what they choose (goods, how long they wait) comes from the one
generator of their visit.
"""

from __future__ import annotations

import math
import random

from visit_scales import ON, Tested, registry

from firmware_app.procedures.context import Head
from firmware_app.procedures.events import LoadIsOn
from firmware_app.procedures.prompts import PutGoods, Source, Way
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.procedures.self_check.state import Phase
from tests.procedures.challenger import Inspector
from tests.procedures.person import PAN, TICK_NS, WEIGHTS, Person, context, indication, reading

PROFILE = "and-st-gs"
PLAIN, LED = registry(), registry(PROFILE)
FRAME_S = TICK_NS / 1e9
LIES_ON_S = (1.0, 5.0)
"""How long the goods stay on the scale after its figure was taken: the person reads the next page first."""
LIFTING_S = 0.5


def pan_u(load: float) -> float:
    """u of our pan with a C3 cell in grams: 2.5 kg within U = 0.34 g (procedures/budget.py)."""
    return math.hypot(0.05, 6.8e-5 * load)


class OwnPan:
    """Our pan: its span is a little wrong for the whole visit, and every reading a little by itself."""

    def __init__(self, rng: random.Random) -> None:
        self._rng, self._span = rng, rng.gauss(0.0, 6e-5)

    def reading(self, now_ns: int, load: float):
        mass = load * (1 + self._span) + self._rng.gauss(0.0, 0.05)
        return reading(now_ns, round(mass, 3), u=pan_u(load), conversions=120)


class Trader(Person):
    """A person at the self-check who takes what goods there are and types what the display shows."""

    LEAD: tuple[str, ...] = ()

    def __init__(self, tested: Tested, way: Way, rng: random.Random) -> None:
        made = context(
            registry=LED if self.LEAD else PLAIN,
            weights=WEIGHTS,
            pan=PAN,
            on=ON,
            seed=rng.getrandbits(63),
            lead_profiles=self.LEAD,
        )
        super().__init__(SelfCheck.start(made), tested.put, way, stall=str(tested.size))
        self._rng, self._own, self._tested = rng, OwnPan(rng), tested

    def tick(self, pan=None, lead=None) -> None:  # noqa: ARG002 - as Person has it
        self.now_ns += TICK_NS
        if pan is not None:
            self.tell(self._own.reading(self.now_ns, pan))

    def step(self) -> None:
        prompt = self.visit.prompt
        if not isinstance(prompt, PutGoods):
            super().step()
            return
        low, high = float(prompt.low_g), float(prompt.high_g)
        self.goods = round(self._rng.uniform(low, high), 1)
        self._figure(self.goods, prompt.source)


class LeadTrader(Trader):
    """The same with a scale that speaks over its lead ten times a second, until the goods are taken off."""

    LEAD = (PROFILE,)

    def _figure(self, load: float, source: Source) -> None:
        if source is Source.TYPED:
            super()._figure(load, source)
            return
        self._tested.place(load)
        self.tell(LoadIsOn())
        while self.visit.state.phase is Phase.LISTEN_GOODS:
            self._frame()
        self._tested.read()
        if self.visit.state.phase is not Phase.PUT_GOODS:
            self._frames(self._rng.uniform(*LIES_ON_S))
            self._tested.read()
        self._tested.lift()
        self._frames(LIFTING_S)

    def _frames(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self._frame()

    def _frame(self) -> None:
        self.now_ns += TICK_NS
        shown = self._tested.frame(FRAME_S)
        value = None if shown.out_of_range else shown.grams
        self.tell(indication(value, stable=shown.stable, overload=shown.overload))


class Challenger(Inspector):
    """An inspector with goods of any weight."""

    def __init__(self, tested: Tested, rng: random.Random) -> None:
        super().__init__(
            tested,
            stall=str(tested.size),
            share=lambda _: rng.uniform(0.02, 0.98),
            registry=PLAIN,
            weights=WEIGHTS,
            pan=PAN,
            on=ON,
            head=Head(rng.randrange(1, 1 << 40), rng.randbytes(32).hex()),
        )
        self._own = OwnPan(rng)

    def tick(self, pan: float) -> None:
        self.now_ns += TICK_NS
        self.tell(self._own.reading(self.now_ns, pan))
