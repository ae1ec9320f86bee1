"""Buttons: with words, with a picture, or both."""

from __future__ import annotations

import enum
from collections.abc import Callable

from kivy.graphics import Color, SmoothLine, SmoothRoundedRectangle

from kiosk import theme
from kiosk.layout import Box
from kiosk.theme import Colour, Metrics, Size
from kiosk.widgets.base import Tappable, put
from kiosk.widgets.icons import Icon
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line


class Kind(enum.Enum):
    """Ground, ground under the finger, ink, edge."""

    GO = (theme.GO, theme.GO_DOWN, theme.WHITE, theme.GO)
    ACTION = (theme.ACTION, theme.ACTION_DOWN, theme.WHITE, theme.ACTION)
    PLAIN = (theme.WHITE, theme.ACTION_PALE, theme.INK, theme.ACTION)
    RAIL = (theme.NIGHT_RAISED, theme.ACTION, theme.WHITE, theme.NIGHT_RAISED)
    LIT = (theme.WHITE, theme.ACTION_PALE, theme.INK, theme.WHITE)

    @property
    def ground(self) -> Colour:
        return self.value[0]

    @property
    def ground_held(self) -> Colour:
        return self.value[1]

    @property
    def ink(self) -> Colour:
        return self.value[2]

    @property
    def edge(self) -> Colour:
        return self.value[3]


def plate(box: Box, ground: Colour, edge: Colour, radius: float, width: float = 1.5) -> None:
    """A round rectangle with an edge, drawn into the present canvas."""
    Color(*ground)
    SmoothRoundedRectangle(pos=(box.x, box.y), size=(box.w, box.h), radius=[radius])
    Color(*edge)
    SmoothLine(rounded_rectangle=(box.x, box.y, box.w, box.h, radius), width=width)


class Button(Tappable):
    """Words, and a picture before or above them. A disabled one is an empty outline with its words."""

    def __init__(
        self,
        m: Metrics,
        automation_id: str,
        on_tap: Callable[[], None],
        *,
        kind: Kind = Kind.PLAIN,
        sizes: int | tuple[int, ...] = (Size.LEAD, Size.BODY, Size.SMALL),
        icon: Icon | None = None,
        icon_above: bool = False,
        margin: float = 3.0,
    ) -> None:
        super().__init__(m, automation_id, on_tap)
        self.kind = kind
        self.icon = icon
        self._above = icon_above
        self._margin = m.px(margin)
        self._icon_box = Box(0, 0, 0, 0)
        self._said = ("", "")
        self.words = Line(m, sizes, kind.ink, bold=True, halign="center", balance=True)
        self.add_widget(self.words)

    def say(self, text: str, language: str) -> None:
        if (text, language) != self._said:
            self._said = (text, language)
            self.words.say(text, language)
            self.arrange(self.box)
            self.stale()

    def turn(self, kind: Kind) -> None:
        """Changes the look."""
        if kind is not self.kind:
            self.kind = kind
            self.stale()

    @property
    def _plate(self) -> Box:
        return self.box.inset(self._margin)

    def arrange(self, box: Box) -> None:
        inside = box.inset(self._margin + self.m.px(3), self._margin + self.m.px(2))
        if self.icon is None:
            put(self.words, inside)
        elif self._above:
            # The picture gives way to words that need two lines.
            for share in (0.44, 0.7, 0.8):
                words, rest = inside.cut_bottom(inside.h * share)
                put(self.words, words)
                self.words.fit()
                if not self.words.overflow:
                    break
            self._icon_box = rest.inset(0, self.m.px(2)).square()
        else:
            picture, words = inside.cut_left(min(inside.h, self.m.px(64)), self.m.px(6))
            self._icon_box = picture.middle(self.m.px(44), self.m.px(44))
            put(self.words, words)
        self.words.fit()

    def draw(self) -> None:
        kind = self.kind
        ground = kind.ground_held if self.held else kind.ground
        radius = self.m.px(10)
        if self.enabled:
            plate(self._plate, ground, kind.edge, radius)
            ink = theme.INK if kind in (Kind.PLAIN, Kind.LIT) else kind.ink
        else:
            ground = theme.NIGHT if kind is Kind.RAIL else theme.PAPER
            ink = theme.NIGHT_QUIET if kind is Kind.RAIL else theme.QUIET
            plate(self._plate, ground, theme.LINE, radius)
        self.words.color = ink
        if self.icon is not None:
            self.icon(Pen(self._icon_box, ink), ink, ground)


class IconButton(Tappable):
    """A picture alone, for what needs no words."""

    def __init__(
        self,
        m: Metrics,
        automation_id: str,
        on_tap: Callable[[], None],
        icon: Icon,
        *,
        kind: Kind = Kind.PLAIN,
        margin: float = 3.0,
    ) -> None:
        super().__init__(m, automation_id, on_tap)
        self.kind = kind
        self.icon = icon
        self._margin = m.px(margin)

    def draw(self) -> None:
        kind = self.kind
        ground = (kind.ground_held if self.held else kind.ground) if self.enabled else theme.PAPER
        edge = kind.edge if self.enabled else theme.LINE
        ink = kind.ink if self.enabled else theme.QUIET
        plate(self.box.inset(self._margin), ground, edge, self.m.px(10))
        side = self.m.px(38)
        self.icon(Pen(self.box.middle(side, side), ink), ink, ground)
