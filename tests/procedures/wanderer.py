"""Somebody who wanders through any procedure: mostly answers what is asked, often does something else."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from person import TICK_NS, coarse_reading, indication, reading

from firmware_app.procedures import events as e
from firmware_app.procedures import page, prompts
from firmware_app.registry.person import Role
from firmware_app.service.visits import Procedure
from firmware_app.weighing.reading import PanFault
from hardware.loadcell.contract import Fault

FIGURES = ("0", "5", "0.5", "1005", "2505", "2500", "12.50", "1.005", "15000", "20", "99999999", "x", "")
PHOTO_TROUBLES = ("silent", "disk_full", "no_camera", "?")
UNITS = ("g", "kg", "CNY", "CNY/kg", "", "斤")
MASSES = (0.0, 0.02, -3.0, 40.0, 437.3, 1260.4, 2505.0, 5000.0, 9999.0, 21000.0)
CODES = ("12", "7", "99", "", "2001234012502", "x" * 60)


class Wanderer:
    """Leads one visit by a seed. ``sense``: share of sensible answers; Cancel is left to the test."""

    def __init__(self, visit: Procedure, seed: int, sense: float = 0.85) -> None:
        self.visit = visit
        self.random = random.Random(seed)
        self.sense = sense
        self.now_ns = 1_000_000_000
        self.load = 0.0
        self.coarse = False
        """Of the pan that knows its span but poorly, and so compares goods with weights."""

    def wander(self, steps: int) -> Iterator[Procedure]:
        """The visit after each of so many steps, until it is over."""
        for _ in range(steps):
            if self.visit.finished:
                return
            self.step()
            yield self.visit

    def step(self) -> None:
        """One answer, or a second of an instrument."""
        if self.random.random() < self.sense:
            self.answer(self.visit.prompt)
        else:
            self.tell(self.anything())

    def tell(self, event: Any, after: float = 0.1) -> None:
        self.now_ns += round(after * 1e9)
        self.visit.handle(event, self.now_ns)

    def still(self, load: float) -> None:
        """The pan lies still with a load for long enough to be believed; now and then its plug is out."""
        if self.random.random() < 1.0 - self.sense:
            self.tell(PanFault(self.now_ns, Fault.DISCONNECTED, lasting=True))
        for _ in range(30):
            before = self.visit.prompt
            self.now_ns += TICK_NS
            made = coarse_reading if self.coarse else reading
            self.visit.handle(made(self.now_ns, load), self.now_ns)
            if self.visit.prompt != before:
                return

    def answer(self, prompt: prompts.Prompt) -> None:
        """What a willing person would do, with figures that may be anything near."""
        pick = self.random.choice
        match prompt:
            case prompts.AskStall():
                self.tell(e.StallTyped(pick(("12", "12", "7"))))
            case prompts.ChooseScale(scales=scales) if scales:
                self.tell(e.ScaleChosen(pick(scales).id))
            case prompts.ChooseWay(ways=ways):
                self.tell(
                    e.WayChosen(pick([each.way for each in ways if each.possible] or list(prompts.Way)))
                )
            case prompts.PutWeights() | prompts.PutGoods() if prompt.source is prompts.Source.LEAD:
                self.over_lead(prompt)
            case prompts.PutWeights(nominal_g=nominal):
                self.figure(Decimal(nominal))
            case prompts.PutGoods(low_g=low, high_g=high):
                self.load = self.random.uniform(float(low), float(high))
                self.figure(Decimal(round(self.load / 5) * 5))
            case prompts.ClearPan():
                self.still(0.01)
            case prompts.WeighGoods():
                self.still(self.load)
            case prompts.SwapOnPan(put=put, nominal_g=nominal):
                self.still(0.01)
                self.still(self.load if put is prompts.OnPan.GOODS else float(nominal))
            case prompts.PutControlWeight(nominal_g=nominal):
                self.still(float(nominal))
            case prompts.Interrupted():
                self.still(0.01)
            case prompts.Saving():
                saved = self.random.random() < 0.8
                self.tell(e.Saved(self.random.randint(1, 99), "slip") if saved else e.SaveFailed("disk_full"))
            case prompts.AskWitness():
                self.tell(e.Witnessed("1002", "王核", Role.INSPECTOR))
            case page.Page():
                self.page(prompt)
            case page.PageJudged(beside=beside) if beside:
                self.tell(e.Picked(pick(beside).id))
            case _:
                self.tell(self.anything())

    def over_lead(self, prompt: prompts.PutWeights | prompts.PutGoods) -> None:
        """The load is on, and the scale says so over its lead, or now and then nothing."""
        self.tell(e.LoadIsOn())
        if isinstance(prompt, prompts.PutWeights):
            self.load = float(prompt.nominal_g)
        else:
            self.load = self.random.uniform(float(prompt.low_g), float(prompt.high_g))
        shown = Decimal(round(self.load / 5) * 5)
        for _ in range(self.random.choice((3, 30))):
            self.tell(indication(shown))

    def figure(self, grams: Decimal) -> None:
        self.tell(e.FigureTyped(str(grams + self.random.choice((-5, 0, 0, 0, 0, 5))), "g"))

    def page(self, prompt: page.Page) -> None:
        """An answer to a generic page; now and then one of the choices beside it."""
        if prompt.beside and self.random.random() < 0.1:
            self.tell(e.Picked(self.random.choice(prompt.beside).id))
            return
        match prompt.wants:
            case page.Pick(options=options):
                self.tell(e.Picked(self.random.choice(options).id))
            case page.Amount(units=units):
                unit = "g" if "g" in units else units[0]
                self.tell(e.FigureTyped(self.likely(prompt), unit))
            case page.Code():
                self.tell(e.CodeGiven(self.random.choice(CODES)))
            case page.Confirm():
                self.tell(e.Confirmed())
            case page.Shot():
                photo = e.PhotoTaken(
                    sha256="7" * 64, size=200_000, at="2026-11-23T09:00:00+08:00", clock="battery"
                )
                self.tell(
                    photo if self.random.random() < 0.7 else e.PhotoFailed(self.random.choice(PHOTO_TROUBLES))
                )
            case page.Wait():
                pile = float(sum(map(Decimal, prompt.pieces_g)))
                self.still(self.random.choice((0.01, pile or self.wanted(prompt), pile * 0.9 or 40.0)))

    def likely(self, prompt: page.Page) -> str:
        """The sum of the weights shown, a figure that is shown, or any."""
        if prompt.pieces_g:
            return str(sum(map(Decimal, prompt.pieces_g)))
        if self.load and self.random.random() < 0.5:
            return str(round(self.load / 5) * 5)
        shown = [fact.value for fact in prompt.facts if _is_number(fact.value)]
        return self.random.choice([*shown, *FIGURES, "1.26", "12.5"])

    def wanted(self, prompt: page.Page) -> float:
        """Between the masses that the page names, else the load of before, else some goods."""
        named = [float(fact.value) for fact in prompt.facts if fact.unit == "g" and _is_number(fact.value)]
        self.load = sum(named) / len(named) if named else self.load or self.random.choice((1260.4, 437.3))
        return self.load

    def anything(self) -> Any:
        """Any event but Cancel."""
        pick = self.random.choice
        makers: list[Callable[[], Any]] = [
            lambda: e.StallTyped(pick(CODES)),
            lambda: e.ScaleChosen(pick(("TZ-DEMO-0012", "?"))),
            lambda: e.WayChosen(pick(list(prompts.Way))),
            lambda: e.FigureTyped(pick(FIGURES), pick(UNITS)),
            e.LoadIsOn,
            e.TypeInstead,
            lambda: e.Picked(pick(("yes", "no", "skip", "again", "?"))),
            lambda: e.CodeGiven(pick(CODES)),
            e.Confirmed,
            e.GoBack,
            lambda: reading(self.now_ns, pick(MASSES), pick((True, False)), unfit=pick(("", "", "too slow"))),
            lambda: PanFault(self.now_ns, pick(list(Fault)), pick((True, False))),
            lambda: indication(pick((None, Decimal(0), Decimal(2505))), stable=pick((True, False, None))),
            e.LineSilent,
            lambda: e.Saved(1, "slip"),
            lambda: e.SaveFailed("disk_full"),
            lambda: e.Witnessed("1003", "赵", pick(list(Role))),
        ]
        return pick(makers)()


def _is_number(text: str) -> bool:
    return text.replace(".", "").isdigit()
