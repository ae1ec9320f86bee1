"""The visits of the demonstration, each a short play."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from firmware_app.cli.demo.models import ScaleModel
from firmware_app.cli.demo.stage import Stage
from firmware_app.cli.demo.visitor import Visitor
from firmware_app.procedures.page import Page
from firmware_app.procedures.prompts import (
    AskStall,
    ChooseScale,
    ChooseWay,
    ClearPan,
    Interrupted,
    Judged,
    PutGoods,
    PutWeights,
    SwapOnPan,
    WeighGoods,
)
from firmware_app.registry.labels import stall_label
from hardware.bench import ask

STALL = "12"
MOST_LOADS = 99
"""No visit has so many: after the question about the corners none comes."""
OFFER = "self_check_offer"
"""Key of the page that offers to seek change points where the loads did not decide."""
LOOK_S = 2.0
"""A visitor looks at the display for so long before saying that the load is on: some cheats wait."""

ODD_FROM, ODD_STEP = 0.313, 0.6180339887
"""Where in the asked range the visitor's goods lie: no load comes out as a round mass, none twice."""


class Done(msgspec.Struct, frozen=True):
    """What came of one visit; the line that `--json` prints."""

    visit: str
    verdict: str
    entry: int
    receipt: bool


class Play:
    """One visitor at one stage."""

    def __init__(self, stage: Stage, shots: Path) -> None:
        self._stage = stage
        self.visitor = Visitor(stage, shots)
        self._look_s = 0.0
        self.slips: dict[int, str] = {}
        """Text of the QR code that the screen showed, by entry."""

    def honest_with_weights(self) -> Done:
        """An honest scale, reference weights out of the drawer."""
        self._model("honest")
        return self._with_weights("honest scale, reference weights", "zh")

    def ten_percent_with_weights(self) -> Done:
        """A scale that adds ten percent."""
        self._model("multiplier")
        return self._with_weights("scale that adds 10 %, reference weights", "bo")

    def nominal_honest_with_goods(self) -> Done:
        """A scale that is honest with standard weights only, unmasked by goods."""
        self._model("nominal_honest")
        return self._with_goods("scale that is honest with weights only, goods", "en", unplug=False)

    def unplugged(self) -> Done:
        """The load cell's plug is pulled in the middle of a visit and put back."""
        self._model("honest")
        return self._with_goods(
            "honest scale, goods, plug of the load cell pulled half-way", "zh", unplug=True
        )

    def model_with_goods(self, model: ScaleModel) -> Done:
        """One model of a market scale with goods, its trader doing what makes it act."""
        self._model(model.name)
        for wish, value in model.hands.items():
            hand: dict[str, Any] = {wish: value}
            ask(self._stage.scale_bench, **hand)
        self._look_s = LOOK_S
        return self._with_goods(f"{model.name}: {model.tells.rstrip('.')}", "zh", unplug=False)

    # parts of a visit

    def _model(self, model: str) -> None:
        ask(self._stage.scale_bench, model=model, load_g=0.0)
        ask(self._stage.pan_bench, load_g=0.0)

    def _begin(self, way: str, language: str, *, scanned: bool = False) -> None:
        visitor = self.visitor
        visitor.wait_home()
        visitor.tap(f"language.{language}")
        visitor.shot(f"home-{language}")
        if scanned:
            ask(self._stage.scanner_bench, scan=stall_label(STALL))
        else:
            visitor.tap("door.self_check")
            visitor.wait_for(AskStall)
            visitor.shot(f"stall-{language}")
            visitor.type(STALL)
        visitor.wait_for(ChooseScale)
        visitor.shot(f"scale-{language}")
        visitor.tap("scale.0")
        visitor.wait_for(ChooseWay)
        visitor.shot(f"way-{language}")
        visitor.tap(f"way.{way}")

    def _next(self, kind: type[PutWeights] | type[PutGoods], number: int) -> Any:
        """The question for the load after ``number``, one about the corners, or the verdict."""
        return self.visitor.wait_until(
            lambda prompt: (
                isinstance(prompt, Judged)
                or (isinstance(prompt, Page) and number < MOST_LOADS + (prompt.key == OFFER))
                or (isinstance(prompt, kind) and prompt.number > number)
            ),
            "the next load or the verdict",
        )

    def _with_weights(self, name: str, language: str) -> Done:
        visitor = self.visitor
        self._begin("weights", language)
        self._confirm_weights(language)
        number = 0
        while True:
            prompt = self._next(PutWeights, number)
            if isinstance(prompt, Judged):
                return self._end(name, language, prompt)
            if isinstance(prompt, Page):
                # What no load has decided stays undecided here: the play is about the loads.
                sought = prompt.key == OFFER
                visitor.shot(f"{'offer' if sought else 'corners'}-{language}")
                visitor.tap("option.leave" if sought else "option.same")
                number = MOST_LOADS + sought
                continue
            number = prompt.number
            ask(self._stage.scale_bench, load_g=float(prompt.nominal_g))
            if number == 1:
                visitor.shot(f"weights-{language}")
            visitor.tap("answer.load_is_on")

    def _confirm_weights(self, language: str) -> None:
        """The weights lie on the appliance's pan on their way from the drawer to the scale.

        A pan that is at fault just then looks at nothing, and the person goes to the scale at once.
        """
        visitor = self.visitor
        asked = visitor.wait_for(SwapOnPan, PutWeights)
        if not isinstance(asked, SwapOnPan):
            return
        visitor.shot(f"weights-looked-at-{language}")
        ask(self._stage.pan_bench, load_g=float(asked.nominal_g))
        visitor.wait_for(PutWeights)
        ask(self._stage.pan_bench, load_g=0.0)

    def _with_goods(self, name: str, language: str, *, unplug: bool) -> Done:
        visitor = self.visitor
        self._begin("goods", language, scanned=unplug)
        number = 0
        while True:
            prompt = self._next(PutGoods, number)
            if isinstance(prompt, Judged):
                return self._end(name, language, prompt)
            number = prompt.number
            goods_g = _odd_mass(prompt)
            ask(self._stage.pan_bench, load_g=0.0)
            ask(self._stage.scale_bench, load_g=goods_g)
            if number == 1:
                visitor.shot(f"goods-{language}")
            time.sleep(self._look_s)
            visitor.tap("answer.load_is_on")
            self._weigh_on_pan(goods_g, language, first=number == 1, unplug=unplug and number == 2)

    def _weigh_on_pan(self, goods_g: float, language: str, *, first: bool, unplug: bool) -> None:
        visitor = self.visitor
        prompt = visitor.wait_for(ClearPan, WeighGoods)
        if isinstance(prompt, ClearPan):
            visitor.wait_for(WeighGoods)
        ask(self._stage.scale_bench, load_g=0.0)
        if first:
            visitor.shot(f"pan-{language}")
        if unplug:
            self._pull_the_plug(language)
        ask(self._stage.pan_bench, load_g=goods_g)

    def _pull_the_plug(self, language: str) -> None:
        visitor = self.visitor
        ask(self._stage.pan_bench, plugged=False)
        visitor.wait_for(Interrupted)
        visitor.shot(f"unplugged-{language}")
        ask(self._stage.pan_bench, plugged=True)
        visitor.wait_for(ClearPan, WeighGoods)
        visitor.wait_for(WeighGoods)
        visitor.shot(f"replugged-{language}")

    def _end(self, name: str, language: str, judged: Judged) -> Done:
        visitor = self.visitor
        ask(self._stage.scale_bench, load_g=0.0)
        ask(self._stage.pan_bench, load_g=0.0)
        visitor.shot(f"verdict-{language}")
        self.slips[judged.entry] = judged.slip
        if not self.slips.keys() - {judged.entry}:
            self._print(judged.entry, language)
        receipt = visitor.wait_received(judged.entry)
        visitor.tap("judged.done")
        return Done(name, judged.result.verdict.value, judged.entry, receipt)

    def _print(self, entry: int, language: str) -> None:
        """The first visitor wants the slip on paper."""
        self.visitor.tap("judged.print")
        self.visitor.wait_printed(entry)
        self.visitor.shot(f"printed-{language}")

    def close(self) -> None:
        self.visitor.close()


PLAYS: tuple[Callable[[Play], Done], ...] = (
    Play.honest_with_weights,
    Play.ten_percent_with_weights,
    Play.nominal_honest_with_goods,
    Play.unplugged,
)


def on_model(model: ScaleModel) -> Callable[[Play], Done]:
    """The visit with goods on one model."""

    def visit(play: Play) -> Done:
        return play.model_with_goods(model)

    visit.__doc__ = model.tells
    return visit


def _odd_mass(prompt: PutGoods) -> float:
    low, high = float(prompt.low_g), float(prompt.high_g)
    share = (ODD_FROM + ODD_STEP * prompt.number) % 1
    return round(low + share * (high - low), 1)
