"""The corridor of permitted errors with one point a load: inside or outside is seen without reading."""

from __future__ import annotations

from kivy.graphics import Color, Line, Rectangle

from firmware_app.service import messages
from kiosk import theme
from kiosk.layout import Box
from kiosk.theme import Colour, Metrics, Size
from kiosk.view.corridor import Column, CorridorView
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line as Words

MOST_COLUMNS = 12

_COLOURS: dict[messages.Verdict, Colour] = {
    messages.Verdict.CONFORMS: theme.GOOD,
    messages.Verdict.DOES_NOT_CONFORM: theme.BAD,
    messages.Verdict.UNDECIDED: theme.INK,
    messages.Verdict.CANNOT_JUDGE: theme.MUTE,
}
_GROUND = {messages.Verdict.UNDECIDED: theme.DOUBT}


class Corridor(Piece):
    """Bands of the initial and the in-service limit, the zero line, a bar of U and a mark at each error."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self._view = CorridorView((), ())
        self._language = "zh"
        self.loads = [
            Words(m, (Size.SMALL, 15), theme.INK, bold=True, halign="center") for _ in range(MOST_COLUMNS)
        ]
        self.errors = [
            Words(m, (Size.SMALL, 15), theme.INK, bold=True, halign="center") for _ in range(MOST_COLUMNS)
        ]
        self.ticks = [Words(m, (Size.SMALL, 15), theme.INK, halign="right") for _ in range(3)]
        self.legend = [Words(m, (Size.SMALL, 15), theme.INK) for _ in range(2)]
        for label in (*self.loads, *self.errors, *self.ticks, *self.legend):
            self.add_widget(label)
        self._plot = self._swatches = Box(0, 0, 0, 0)
        self._legend_words = ("", "")

    def show(self, view: CorridorView, legend: tuple[str, str], language: str) -> None:
        self._view = CorridorView(view.columns[:MOST_COLUMNS], view.ticks)
        self._language = language
        self._legend_words = legend
        self.arrange(self.box)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        bottom_loads, plot = box.cut_bottom(px(24), px(2))
        legend, plot = plot.cut_top(px(32), px(2))
        axis, plot = plot.cut_left(px(58), px(6))
        self._plot = plot
        self._swatches = Box(plot.x, legend.y, plot.w, legend.h)
        self._say_legend(self._swatches)
        for label in (*self.loads, *self.errors, *self.ticks):
            label.say("", self._language)
        for label, (height, text) in zip(self.ticks, self._view.ticks, strict=False):
            y = self._y(height)
            put(label, Box(axis.x, y - px(13), axis.w, px(26)))
            label.say(text, self._language)
        if not self._view.columns:
            return
        width = plot.w / len(self._view.columns)
        for i, column in enumerate(self._view.columns):
            x = plot.x + i * width
            put(self.loads[i], Box(x, bottom_loads.y, width, bottom_loads.h))
            self.loads[i].say(column.load, self._language)
            put(self.errors[i], self._error_box(column, x, width))
            self.errors[i].say(column.error, self._language)

    def _error_box(self, column: Column, x: float, width: float) -> Box:
        """Beyond the far end of the bar of U where there is room, else on the side of zero."""
        height, gap = self.m.px(24), self.m.px(9)
        high, low = self._y(column.high) + gap, self._y(column.low) - gap - height
        up = column.y >= 0
        if up and (column.clipped or high + height > self._plot.top):
            up = False
        elif not up and (column.clipped or low < self._plot.y):
            up = True
        if column.clipped:
            mark = self.m.px(24)
            y = self._plot.top - mark - height if column.clipped > 0 else self._plot.y + mark
            return Box(x, y, width, height)
        return Box(x, high if up else low, width, height)

    def _say_legend(self, box: Box) -> None:
        px = self.m.px
        for label, half, words in zip(self.legend, box.columns(2, px(8)), self._legend_words, strict=True):
            put(label, half.cut_left(px(30))[1])
            label.say(words if self._view.columns else "", self._language)

    def _y(self, height: float) -> float:
        return self._plot.y + self._plot.h / 2 * (1 + height)

    def draw(self) -> None:
        plot, columns, px = self._plot, self._view.columns, self.m.px
        if not columns:
            # Nothing was judged: a picture without a point would look like one that is all outside.
            return
        Color(*theme.BAND_OUTSIDE)
        Rectangle(pos=(plot.x, plot.y), size=(plot.w, plot.h))
        self._bands(columns, plot.w / len(columns))
        Color(*theme.INK)
        Line(points=(plot.x, self._y(0), plot.right, self._y(0)), width=px(1))
        for i, column in enumerate(columns):
            self._point(column, plot.x + (i + 0.5) * plot.w / len(columns))
        # The figures stand on their own paper, or the lines of the bands run through them.
        Color(*theme.WHITE[:3], 0.72)
        for label in self.errors[: len(columns)]:
            wide = label.text_width + px(8)
            Rectangle(pos=(label.center_x - wide / 2, label.y + px(2)), size=(wide, label.height - px(4)))
        swatches = self._swatches.columns(2, px(8))
        for half, ground in zip(swatches, (theme.BAND_INITIAL, theme.BAND_SERVICE), strict=True):
            swatch = half.cut_left(px(24))[0].middle(px(24), px(16))
            Color(*ground)
            Rectangle(pos=(swatch.x, swatch.y), size=(swatch.w, swatch.h))
            Color(*theme.GOOD)
            Line(rectangle=(swatch.x, swatch.y, swatch.w, swatch.h), width=1)

    def _bands(self, columns: tuple[Column, ...], width: float) -> None:
        for ground, limits in (
            (theme.BAND_SERVICE, [column.service for column in columns]),
            (theme.BAND_INITIAL, [column.initial for column in columns]),
        ):
            Color(*ground)
            for i, limit in enumerate(limits):
                low, high = self._y(-limit), self._y(limit)
                Rectangle(pos=(self._plot.x + i * width, low), size=(width + 0.5, high - low))
            Color(*theme.GOOD)
            for sign in (1, -1):
                points: list[float] = []
                for i, limit in enumerate(limits):
                    x = self._plot.x + i * width
                    points += (x, self._y(sign * limit), x + width, self._y(sign * limit))
                Line(points=points, width=self.m.px(1) if ground is theme.BAND_SERVICE else 1)

    def _point(self, column: Column, x: float) -> None:
        px, ink = self.m.px, _COLOURS[column.verdict]
        Color(*theme.INK)
        if not column.clipped:
            low, high = self._y(column.low), self._y(column.high)
            Line(points=(x, low, x, high), width=px(1.5))
            for y in (low, high):
                Line(points=(x - px(6), y, x + px(6), y), width=px(1.5))
            side = px(18)
            box = Box(x - side / 2, self._y(column.y) - side / 2, side, side)
            mark = icons.OF_VERDICT[column.verdict.value]
            mark(Pen(box, ink), ink, _GROUND.get(column.verdict, theme.WHITE))
            return
        # Far outside: an arrow at the edge that points on.
        side = px(24)
        y = self._plot.top - side if column.clipped > 0 else self._plot.y
        pen = Pen(Box(x - side / 2, y, side, side), ink)
        if column.clipped > 0:
            pen.shape((5, 25), (95, 25), (50, 98))
            pen.rect(32, 0, 36, 28)
        else:
            pen.shape((5, 75), (95, 75), (50, 2))
            pen.rect(32, 72, 36, 28)
