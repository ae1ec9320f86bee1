"""Goods and weights in turns at the desk: every move is a step, and a power cut loses no turn."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from firmware_app.ledger.home import open_ledger
from firmware_app.procedures.context import Context, Pan
from firmware_app.procedures.events import FigureTyped, ScaleChosen, StallTyped, WayChosen
from firmware_app.procedures.prompts import ClearPan, OnPan, PutGoods, SwapOnPan, Way, WeighGoods
from firmware_app.quantity import Estimate
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.messages import VisitKind
from firmware_app.service.visits import VisitDesk
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.outlook import Outlook
from firmware_app.weighing.reading import Reading

DATA = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
DAY = date(2026, 11, 23)
GOODS_G = 2600.0
COARSE = Calibration(
    counts_per_gram=300.0,
    relative_standard_uncertainty=1e-3,
    capacity_g=15000.0,
    resolution_g=0.1,
    id="c",
    at="2026-11-01T09:00:00+08:00",
    source="test",
)


class Clock:
    boot = "b" * 8

    def now(self):
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def quality(self):
        return "unsynchronised"

    def uptime_ns(self):
        return 1


def context():
    return Context(
        registry=load_registry(DATA / "registry.toml"),
        weights=load_weights(DATA / "weights.toml", pack_in_force(WeightsPack, DAY)),
        on=DAY,
        pan=Pan(
            max_g=Decimal(15000),
            calibration="c",
            outlook=Outlook(calibration=COARSE, difference=lambda *_: 36.0, noise_g=0.02),
        ),
        seed=3,
    )


class Hands:
    """Puts masses on the pan of a desk, a reading every tenth of a second."""

    def __init__(self, desk):
        self.desk, self.now_ns = desk, 10**9

    def lie(self, mass, seconds):
        for _ in range(round(10 * seconds)):
            self.now_ns += 100_000_000
            estimate = Estimate(mass, max(0.05, 1e-3 * mass))
            reading = Reading(
                self.now_ns, estimate, True, None, 2.0, mass * 300, conversions=160, creep=(0.0,) * 4
            )
            self.desk.handle(reading, self.now_ns)

    def answer(self, answer):
        state = self.desk.state()
        self.desk.answer(state.visit, state.step, answer, self.now_ns)

    @property
    def prompt(self):
        return self.desk.state().prompt


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path, clock=Clock(), software="s", device="D-1") as ledger:
        yield ledger


@pytest.fixture
def hands(ledger):
    """At the question for the weights."""
    desk = VisitDesk(ledger, context, ledger.slip_text)
    hands = Hands(desk)
    desk.start("v1", VisitKind.SELF_CHECK)
    hands.answer(StallTyped("12"))
    hands.answer(ScaleChosen(hands.prompt.scales[0].id))
    hands.answer(WayChosen(Way.GOODS))
    # Near the upper end: light goods the pan knows well enough alone.
    hands.goods = float(hands.prompt.high_g) - 40
    hands.answer(FigureTyped(str(round(hands.goods / 5) * 5), "g"))
    assert isinstance(hands.prompt, ClearPan)
    hands.lie(0.0, 2)
    assert isinstance(hands.prompt, WeighGoods)
    hands.lie(hands.goods, 5)
    assert isinstance(hands.prompt, SwapOnPan)
    return hands


def test_every_move_of_the_hands_is_a_step_so_that_nobody_is_sent_home_at_work(hands):
    steps = [hands.desk.state().step]
    for mass, seconds in ((0.0, 0.2), (float(hands.prompt.nominal_g), 1), (0.0, 0)):
        hands.lie(mass, seconds)
        steps.append(hands.desk.state().step)
    assert steps[0] < steps[1] < steps[2]
    assert hands.prompt.on_pan is OnPan.WEIGHTS


def test_a_power_cut_between_the_turns_goes_on_with_those_taken(hands, ledger):
    hands.lie(0.0, 0.2)
    hands.lie(float(hands.prompt.nominal_g), 4)
    assert hands.prompt.put is OnPan.GOODS

    again = Hands(VisitDesk(ledger, context, ledger.slip_text))
    again.now_ns, again.goods = hands.now_ns, hands.goods
    assert again.prompt.put is OnPan.GOODS
    again.lie(0.0, 0.2)
    again.lie(again.goods, 6)
    assert isinstance(again.prompt, PutGoods) and again.prompt.number == 2


def test_after_a_start_of_the_machine_the_old_turns_do_not_count(hands, ledger):
    # Monotonic time begins anew: turns before and after it cannot be compared, so more are asked for.
    hands.now_ns += 3600 * 10**9
    hands.lie(0.0, 0.2)
    hands.lie(float(hands.prompt.nominal_g), 4)
    again = Hands(VisitDesk(ledger, context, ledger.slip_text))
    again.goods = hands.goods
    nominal = float(again.prompt.nominal_g)
    for mass in (again.goods, nominal, again.goods):
        assert isinstance(again.prompt, SwapOnPan)
        again.lie(0.0, 0.2)
        again.lie(mass, 6)
    assert isinstance(again.prompt, PutGoods) and again.prompt.number == 2
    compared = again.desk.procedure.state.attempts[0].compared
    assert len(compared.turns) == 5 and compared.scheme == "BAB"
    assert [turn.at_ns > 3600 * 10**9 for turn in compared.turns] == [False, True, False, False, False]
