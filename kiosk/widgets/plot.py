"""A plot: points with bars of uncertainty, limits as lines, figures at both axes. Calibration and charts."""

from __future__ import annotations

from kivy.graphics import Color, Line, Rectangle

from kiosk import theme
from kiosk.layout import Box
from kiosk.theme import Colour, Metrics, Size
from kiosk.view.plot import Mark, Placed, PlotView
from kiosk.widgets.base import Piece, put
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line as Words

MOST_TICKS = 8

_INK: dict[Mark, Colour] = {
    Mark.DOT: theme.INK,
    Mark.UP: theme.ACTION,
    Mark.DOWN: theme.GOOD,
    Mark.WRONG: theme.BAD,
}


class Plot(Piece):
    """Shows a PlotView in the box it is given."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self._view = PlotView()
        self._language = "zh"
        small = (Size.SMALL, 15, 13)
        self.x_ticks = [Words(m, small, theme.INK, halign="center") for _ in range(MOST_TICKS)]
        self.y_ticks = [Words(m, small, theme.INK, halign="right") for _ in range(MOST_TICKS)]
        self.x_label = Words(m, small, theme.INK, halign="right")
        self.y_label = Words(m, small, theme.INK)
        for label in (*self.x_ticks, *self.y_ticks, self.x_label, self.y_label):
            self.add_widget(label)
        self._plot = Box(0, 0, 0, 0)

    def show(self, view: PlotView, language: str) -> None:
        """Shows ``view``; words of the axes are in ``language``."""
        self._view, self._language = view, language
        self.arrange(self.box)
        self.stale()

    def arrange(self, box: Box) -> None:
        px, view = self.m.px, self._view
        top, rest = box.cut_top(px(28), px(4))
        ticks, rest = rest.cut_bottom(px(24), px(3))
        axis, plot = rest.cut_left(px(66), px(18))
        self._plot = plot.cut_right(px(14))[1]
        half = top.columns(2, px(8))
        for label, place, words in zip(
            (self.y_label, self.x_label), half, (view.y_label, view.x_label), strict=True
        ):
            put(label, place)
            label.say(words, self._language)
        for label in (*self.x_ticks, *self.y_ticks):
            label.say("", self._language)
        for label, (share, text) in zip(self.x_ticks, view.x_ticks, strict=False):
            put(label, Box(self._x(share) - px(50), ticks.y, px(100), ticks.h))
            label.say(text, self._language)
        for label, (share, text) in zip(self.y_ticks, view.y_ticks, strict=False):
            put(label, Box(axis.x, self._y(share) - px(12), axis.w, px(24)))
            label.say(text, self._language)

    def _x(self, share: float) -> float:
        return self._plot.x + self._plot.w * share

    def _y(self, share: float) -> float:
        return self._plot.y + self._plot.h / 2 * (1 + share)

    def draw(self) -> None:
        plot, view, px = self._plot, self._view, self.m.px
        Color(*theme.WHITE)
        Rectangle(pos=(plot.x - px(12), plot.y), size=(plot.w + px(24), plot.h))
        Color(*theme.LINE)
        for share, _ in view.y_ticks:
            Line(points=(plot.x - px(12), self._y(share), plot.right + px(12), self._y(share)), width=1)
        for share, _ in view.x_ticks:
            Line(points=(self._x(share), plot.y, self._x(share), plot.y + px(6)), width=px(1))
        Color(*theme.INK)
        Line(points=(plot.x - px(12), self._y(0), plot.right + px(12), self._y(0)), width=px(1))
        for limit in view.limits:
            Color(*(theme.GOOD if limit.inner else theme.BAD))
            flat = [value for x, y in limit.line for value in (self._x(x), self._y(y))]
            Line(points=flat, width=px(1.2))
        for point in view.points:
            self._point(point)

    def _point(self, point: Placed) -> None:
        px, x, ink = self.m.px, self._x(point.x), _INK[point.mark]
        Color(*theme.INK)
        if point.high > point.low and not point.clipped:
            Line(points=(x, self._y(point.low), x, self._y(point.high)), width=px(1))
            for y in (self._y(point.low), self._y(point.high)):
                Line(points=(x - px(4), y, x + px(4), y), width=px(1))
        side = px(13)
        inside = self._y(point.y) - point.clipped * side / 2
        pen = Pen(Box(x - side / 2, inside - side / 2, side, side), ink)
        if point.clipped and point.mark is not Mark.WRONG:
            tip, base = (98, 10) if point.clipped > 0 else (2, 90)
            pen.shape((5, base), (95, base), (50, tip))
        elif point.mark is Mark.UP:
            pen.shape((5, 12), (95, 12), (50, 92))
        elif point.mark is Mark.DOWN:
            pen.shape((5, 88), (95, 88), (50, 8))
        elif point.mark is Mark.WRONG:
            pen.line((12, 12), (88, 88), width=22)
            pen.line((12, 88), (88, 12), width=22)
        else:
            pen.disc((50, 50), 40)
