"""Turns of goods and weights on the real instrument: a noisy, drifting bridge in, a verdict out."""

import random
from decimal import Decimal as D

import pytest
from person import context, honest

from firmware_app.procedures.context import Pan
from firmware_app.procedures.events import FigureTyped, Saved, ScaleChosen, StallTyped, WayChosen
from firmware_app.procedures.prompts import (
    AskStall,
    ChooseScale,
    ChooseWay,
    ClearPan,
    Judged,
    OnPan,
    PutGoods,
    Saving,
    SwapOnPan,
    Way,
    WeighGoods,
)
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.outlook import Outlook
from hardware.loadcell.contract import Sample

PERIOD_NS = 12_500_000
PER_GRAM, ZERO = 300.0, 84_000.0
NOISE, DRIFT_PER_S = 30.0, 1.0
"""Counts of one conversion: 0.1 g; and of the zero: 12 g an hour, more than any cell of its class."""


class Market:
    """A person, and a bridge that reads ``span`` times what its calibration believes."""

    def __init__(self, span, seed, relative=1e-3):
        calibration = Calibration(
            counts_per_gram=PER_GRAM,
            relative_standard_uncertainty=relative,
            zero_counts=ZERO,
            capacity_g=15000.0,
            resolution_g=0.1,
            id="cal",
            at="2026-11-01T09:00:00+08:00",
            source="test",
        )
        self.pan = Instrument(calibration, 80.0)
        self.span, self.random = span, random.Random(seed)
        self.now_ns, self.load, self.changes, self.goods = 0, 0.0, 0, 0.0
        self.listeners = []
        self.truths = []
        """Every mass of goods that was put on, in the order of the loads."""
        self.run(5.0)
        outlook = Outlook(
            calibration=calibration, difference=self.pan.difference, noise_g=self.pan.terms.noise
        )
        self.visit = SelfCheck.start(
            context(pan=Pan(max_g=D(15000), calibration="cal", outlook=outlook), seed=seed)
        )

    def run(self, seconds):
        for _ in range(round(seconds * 80)):
            self.now_ns += PERIOD_NS
            drift = DRIFT_PER_S * self.now_ns * 1e-9
            counts = ZERO + drift + self.load * self.span * PER_GRAM + self.random.gauss(0, NOISE)
            for event in self.pan.feed(Sample(self.now_ns, round(counts))):
                for listen in self.listeners:
                    listen(event, self.now_ns)

    def put(self, load):
        if load != self.load:
            # A hand takes a second to lift a load and another to set one down.
            self.load, self.changes = load, self.changes + 1
            self.run(1.0)

    def step(self):
        prompt = self.visit.prompt
        match prompt:
            case AskStall():
                self.visit.handle(StallTyped("12"), self.now_ns)
            case ChooseScale(scales=scales):
                self.visit.handle(ScaleChosen(scales[0].id), self.now_ns)
            case ChooseWay():
                self.visit.handle(WayChosen(Way.GOODS), self.now_ns)
            case PutGoods(low_g=low, high_g=high):
                self.goods = round(self.random.uniform(float(low) + 5, float(high) - 5), 1)
                self.truths.append(self.goods)
                self.put(0.0)
                self.visit.handle(FigureTyped(str(honest(self.goods)), "g"), self.now_ns)
            case ClearPan():
                self.put(0.0)
            case WeighGoods():
                self.put(self.goods)
            case SwapOnPan(put=put, on_pan=on_pan):
                if on_pan is put or on_pan is OnPan.NOTHING:
                    self.put(self.goods if put is OnPan.GOODS else float(prompt.nominal_g))
                else:
                    self.put(0.0)
            case Saving():
                self.visit.handle(Saved(9, "slip"), self.now_ns)
        self.run(0.1)

    def judged(self):
        self.listeners = [self.visit.handle]
        for _ in range(3000):
            if isinstance(self.visit.prompt, Judged):
                return self.visit.prompt
            self.step()
        raise AssertionError(f"stuck at {self.visit.prompt}")


@pytest.mark.parametrize("span", [1.0, 1.0015, 0.9985])
@pytest.mark.parametrize("seed", range(2))
def test_turns_find_the_mass_that_the_pan_alone_does_not(span, seed):
    market = Market(span, seed)

    judged = market.judged()

    assert judged.result.verdict.value == "conforms"
    attempts = market.visit.state.attempts
    compared = [attempt.compared for attempt in attempts if attempt.compared is not None]
    assert compared and {(each.why_not, each.scheme) for each in compared} == {("", "BAB")}
    assert all(float(load.load_u_g) <= float(load.limit_g) / 3 for load in judged.result.loads)
    # Goods, weights and goods again, each lifted: no load asks for more.
    assert market.changes <= len(attempts) * 6


def test_the_masses_lie_within_their_uncertainty():
    inside = []
    for seed in range(100, 104):
        market = Market(1.0015, seed)
        judged = market.judged()
        for load, said in zip(judged.result.loads, market.visit.outcome.body["loads"], strict=True):
            truth = sum(market.truths[place] for place in said["of"]) / len(said["of"])
            inside.append(abs(float(load.load_g) - truth) <= float(load.load_u_g))
    # U (k = 2) leaves out one in twenty; of eight hardly more than two.
    assert len(inside) == 8 and sum(inside) >= 6


def test_an_instrument_that_knows_its_span_asks_for_no_weight():
    market = Market(1.0, 7, relative=1e-5)
    judged = market.judged()
    assert judged.result.verdict.value == "conforms"
    assert all(attempt.compared is None for attempt in market.visit.state.attempts)
