"""This pan: date, weights and uncertainty of its calibration, and the residuals drawn."""

from __future__ import annotations

from kivy.graphics import Color, Rectangle

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.pan_card import pan_card
from kiosk.widgets.base import put
from kiosk.widgets.frames import LegalFrame
from kiosk.widgets.plot import Plot
from kiosk.widgets.text import Line, fit_alike

MOST_LINES, FIGURES = 4, 3


class PanCardScreen(ScreenPiece):
    """Left what the calibration rests on, right its residuals."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.title = Line(m, (Size.TITLE, Size.LEAD, Size.BODY), theme.INK, bold=True)
        self.lines = [
            Line(m, (Size.BODY, Size.SMALL, 15, 14, 13), theme.INK, balance=True) for _ in range(MOST_LINES)
        ]
        self.frame = LegalFrame(m)
        self.heading = Line(m, (Size.BODY, Size.SMALL, 15, 14), theme.INK, bold=True, balance=True)
        self.loads = [Line(m, (Size.BODY, Size.SMALL, 15), theme.INK) for _ in range(FIGURES)]
        self.doubts = [
            Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, bold=True, halign="right") for _ in range(FIGURES)
        ]
        self.plot = Plot(m)
        self.legend = Line(m, (Size.SMALL, 15, 13), theme.INK, balance=True)
        pieces = (
            self.title,
            *self.lines,
            self.frame,
            self.heading,
            *self.loads,
            *self.doubts,
            self.plot,
            self.legend,
        )
        for piece in pieces:
            self.add_widget(piece)

    def show(self, scene: Scene) -> None:
        view = pan_card(scene.state.calibration if scene.state is not None else None, scene.say)
        if not self.changed(view, scene.language):
            return
        language = scene.language
        self.title.say(view.title, language)
        for number, line in enumerate(self.lines):
            line.say(view.lines[number] if number < len(view.lines) else "", language)
        fit_alike(self.lines)
        self.heading.say(view.figures_title, language)
        for number, (load, doubt) in enumerate(zip(self.loads, self.doubts, strict=True)):
            shown = view.figures[number] if number < len(view.figures) else ("", "")
            load.say(shown[0], language)
            doubt.say(shown[1], language)
        self.plot.show(view.plot, language)
        self.legend.say(view.legend, language)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        head, inside = box.inset(px(10), px(8)).cut_top(px(42), px(6))
        put(self.title, head)
        left, right = inside.cut_left(px(252), px(14))
        figures, words = left.cut_bottom(px(140), px(6))
        for line, row in zip(self.lines, words.rows(MOST_LINES, px(2)), strict=True):
            put(line, row)
        self.frame.place(figures)
        figures = figures.inset(px(12), px(8))
        heading, figures = figures.cut_top(px(44), px(4))
        put(self.heading, heading)
        for load, doubt, row in zip(self.loads, self.doubts, figures.rows(FIGURES), strict=True):
            load_box, doubt_box = row.columns(2)
            put(load, load_box)
            put(doubt, doubt_box)
        legend, plot = right.cut_bottom(px(44), px(4))
        put(self.legend, legend)
        # The figure of a tick at the right edge is as wide as that of any other.
        self.plot.place(plot.cut_right(px(36))[1])
        for label in (self.title, *self.lines, self.heading, *self.loads, *self.doubts, self.legend):
            label.fit()

    def draw(self) -> None:
        Color(*theme.PAPER)
        Rectangle(pos=self.pos, size=self.size)
