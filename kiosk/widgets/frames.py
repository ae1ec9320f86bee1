"""Frames that set things apart: the legal frame, cards, the banner, the dots of the steps."""

from __future__ import annotations

from kivy.graphics import Color, Rectangle, SmoothLine

from kiosk import theme
from kiosk.layout import Box
from kiosk.theme import Colour, Metrics, Size
from kiosk.view.bar import Tone
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import plate
from kiosk.widgets.icons import cannot_judge, conforms, does_not_conform, undecided
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line

TONE_COLOURS: dict[Tone, tuple[Colour, Colour]] = {
    Tone.GOOD: (theme.GOOD, theme.WHITE),
    Tone.WAIT: (theme.DOUBT, theme.INK),
    Tone.BAD: (theme.BAD, theme.WHITE),
    Tone.MUTE: (theme.MUTE, theme.WHITE),
}
"""Ground and ink of a tone."""

TONE_MARKS = {
    Tone.GOOD: conforms,
    Tone.WAIT: undecided,
    Tone.BAD: does_not_conform,
    Tone.MUTE: cannot_judge,
}


class LegalFrame(Piece):
    """White with a double edge: legally relevant figures stand inside one, and nowhere else."""

    def draw(self) -> None:
        legal_frame(self.m, self.box)


def legal_frame(m: Metrics, box: Box) -> None:
    outer = m.px(2)
    Color(*theme.INK)
    Rectangle(pos=(box.x, box.y), size=(box.w, box.h))
    Color(*theme.WHITE)
    inside = box.inset(outer)
    Rectangle(pos=(inside.x, inside.y), size=(inside.w, inside.h))
    Color(*theme.INK)
    line = box.inset(m.px(5))
    SmoothLine(rectangle=(line.x, line.y, line.w, line.h), width=max(1.0, m.px(1) * 0.6))


class Card(Piece):
    """A white sheet."""

    def draw(self) -> None:
        plate(self.box.inset(self.m.px(1)), theme.WHITE, theme.LINE, self.m.px(12), 1.2)


class Banner(Piece):
    """Words on the colour of their tone, with the mark of the tone."""

    def __init__(
        self,
        m: Metrics,
        sizes: int | tuple[int, ...] = (Size.LEAD, Size.BODY, Size.SMALL),
        *,
        bold: bool = True,
    ) -> None:
        super().__init__(m)
        self.tone = Tone.MUTE
        self.words = Line(m, sizes, theme.WHITE, bold=bold)
        self._mark = Box(0, 0, 0, 0)
        self.add_widget(self.words)

    def say(self, text: str, tone: Tone, language: str) -> None:
        """Shows the words, or hides the banner where there are none."""
        self.show_if(bool(text))
        self.tone = tone
        self.words.color = TONE_COLOURS[tone][1]
        self.words.say(text, language)
        self.stale()

    def arrange(self, box: Box) -> None:
        inside = box.inset(self.m.px(10), self.m.px(4))
        side = min(inside.h, max(self.m.px(30), min(self.m.px(64), inside.h * 0.72)))
        mark, words = inside.cut_left(side, self.m.px(10))
        self._mark = mark.middle(side, side)
        put(self.words, words)
        self.words.fit()

    def draw(self) -> None:
        ground, ink = TONE_COLOURS[self.tone]
        plate(self.box, ground, ground, self.m.px(8), 1.0)
        TONE_MARKS[self.tone](Pen(self._mark, ink), ink, ground)


class StepDots(Piece):
    """Which load of how many: done, present, to come."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self._number, self._count = 0, 0

    def show(self, number: int, count: int) -> None:
        if (number, count) != (self._number, self._count):
            self._number, self._count = number, count
            self.stale()

    def draw(self) -> None:
        if not self._count:
            return
        gap = self.m.px(6)
        width = min(self.m.px(40), (self.width - gap * (self._count - 1)) / self._count)
        height = self.m.px(10)
        for step in range(1, self._count + 1):
            x = self.x + (step - 1) * (width + gap)
            present = step == self._number
            h = height * 1.6 if present else height
            ground = theme.ACTION if step <= self._number else theme.LINE
            plate(Box(x, self.center_y - h / 2, width, h), ground, ground, h / 2, 1.0)
