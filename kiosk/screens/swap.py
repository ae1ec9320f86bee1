"""The screen on which goods and reference weights change places on the appliance's pan."""

from __future__ import annotations

from firmware_app.service import messages
from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.loads import LiveFigure
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.loads import Stage
from kiosk.view.swap import Hand, Thing, swap
from kiosk.widgets.base import put
from kiosk.widgets.buttons import Button, Kind, plate
from kiosk.widgets.frames import Banner, StepDots
from kiosk.widgets.on_pan import on_pan
from kiosk.widgets.pen import Pen
from kiosk.widgets.pictures import WeightsPicture
from kiosk.widgets.text import Line

FEW = 3
"""Weights that have room for their marks beside a figure in full size."""


class SwapScreen(ScreenPiece):
    """A picture of what goes where, the live figure, and the weights to take; it goes on by itself."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.dots = StepDots(m)
        self.load = Line(m, (Size.BODY, Size.SMALL), theme.QUIET, bold=True, halign="right")
        self.title = Line(m, (40, 34, Size.TITLE, Size.LEAD), theme.INK, bold=True, balance=True)
        self.pan = LiveFigure(m)
        self.weights = WeightsPicture(m)
        self.note = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.QUIET, balance=True)
        self.problem = Banner(m, (Size.BODY, Size.SMALL))
        self.skip = Button(
            m, "answer.skip", lambda: actions.answer(messages.events.Confirmed()), kind=Kind.PLAIN
        )
        for piece in (self.dots, self.load, self.title, self.pan, self.weights, self.note, self.problem):
            self.add_widget(piece)
        self.add_widget(self.skip)
        self._thing, self._hand, self._stage = Thing.GOODS, Hand.OFF, Stage.EMPTY
        self._picture = self._progress = Box(0, 0, 0, 0)
        self._many = self._skips = False

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = swap(scene.prompt, scene.state, scene.say)
        if not self.changed(view, scene.language):
            return
        language = scene.language
        shape = len(view.pieces) > FEW, view.skips
        if shape != (self._many, self._skips):
            self._many, self._skips = shape
            self.arrange(self.box)
        self.skip.show_if(view.skips)
        self.skip.say(scene.say("confirm_weights.skip"), language)
        self.skip.enable(scene.open_)
        self._thing, self._hand, self._stage = view.thing, view.hand, view.stage
        self.dots.show(view.number, view.count)
        self.load.say(view.load, language)
        self.title.say(view.title, language)
        self.pan.show(view.pan.figure, view.pan.unit, view.pan.note, view.pan.tone, language)
        self.weights.show(view.pieces, language)
        self.problem.say(view.problem, Tone.WAIT, language)
        self.note.say("" if view.problem else view.note, language)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        inside = box.inset(px(16), px(10))
        head, rest = inside.cut_top(px(36), px(2))
        dots, load = head.cut_left(head.w * 0.38, px(6))
        self.dots.place(dots)
        put(self.load, load)
        title, rest = rest.cut_top(px(84), px(6))
        put(self.title, title)
        words, rest = rest.cut_bottom(max(px(70), self.m.target[1] if self._skips else 0), px(6))
        if self._skips:
            key, words = words.cut_right(px(210), px(10))
            self.skip.place(key)
        put(self.note, words)
        self.problem.place(words)
        picture, right = rest.cut_left(px(164 if self._many else 210), px(20))
        self._picture = picture.square()
        figure, weights = right.cut_left(right.w * (0.54 if self._many else 0.58), px(14))
        self._progress, figure = figure.cut_bottom(px(12), px(8))
        self.pan.place(figure)
        self.weights.place(weights.inset(0, px(6)))
        for label in (self.load, self.title, self.note):
            label.fit()

    def draw(self) -> None:
        icon = on_pan(self._thing, self._hand)
        icon(Pen(self._picture, theme.ACTION), theme.ACTION, theme.PAPER)
        if self._hand is Hand.OFF:
            return
        # Three bars: on the pan, at rest, taken. The third is the next screen.
        for i, box in enumerate(self._progress.columns(3, self.m.px(8))):
            ground = theme.ACTION if i < self._stage else theme.LINE
            plate(box, ground, ground, box.h / 2, 1.0)
