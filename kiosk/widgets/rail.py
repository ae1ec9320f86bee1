"""The rail at the left edge: the three languages, and below them the ways out; the same on every screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kivy.graphics import Color, Rectangle

from kiosk import theme
from kiosk.language.catalogue import LANGUAGES, NAMES
from kiosk.layout import Box
from kiosk.theme import Metrics, Size
from kiosk.widgets.base import Piece
from kiosk.widgets.buttons import Button, Kind
from kiosk.widgets.icons import Icon

WIDTH = 96


class LanguageSwitch(Piece):
    """One key a language, named in its own script; the present one is lit."""

    def __init__(self, m: Metrics, chosen: Callable[[str], None]) -> None:
        super().__init__(m)
        self.keys = {}
        for language in LANGUAGES:
            key = Button(
                m,
                f"language.{language}",
                partial(chosen, language),
                kind=Kind.RAIL,
                sizes=(Size.BODY, Size.SMALL),
            )
            self.keys[language] = key
            self.add_widget(key)

    def show(self, language: str) -> None:
        for name, key in self.keys.items():
            key.turn(Kind.LIT if name == language else Kind.RAIL)
            # A name is written in its own script, whatever language is shown.
            key.say(NAMES[name], name)

    def arrange(self, box: Box) -> None:
        for key, row in zip(self.keys.values(), box.rows(len(self.keys)), strict=True):
            key.place(row)


class Way(Piece):
    """One of the two lower places of the rail: a key whose meaning the screen gives."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self._offers: dict[str, Button] = {}
        self._present = ""

    def add(self, automation_id: str, icon: Icon, on_tap: Callable[[], None], kind: Kind = Kind.RAIL) -> None:
        key = Button(
            self.m,
            automation_id,
            on_tap,
            kind=kind,
            icon=icon,
            icon_above=True,
            sizes=(Size.BODY, Size.SMALL, 15, 14),
        )
        key.show_if(False)
        self._offers[automation_id] = key
        self.add_widget(key)

    def offer(self, automation_id: str, text: str, language: str, *, open_: bool = True) -> None:
        """Shows that key, or none for an empty id."""
        for name, key in self._offers.items():
            key.show_if(name == automation_id)
            if name == automation_id:
                key.say(text, language)
                key.enable(open_)

    def arrange(self, box: Box) -> None:
        for key in self._offers.values():
            key.place(box)


class Rail(Piece):
    """Five places of equal height."""

    def __init__(self, m: Metrics, chosen: Callable[[str], None]) -> None:
        super().__init__(m)
        self.languages = LanguageSwitch(m, chosen)
        self.upper = Way(m)
        self.lower = Way(m)
        for piece in (self.languages, self.upper, self.lower):
            self.add_widget(piece)

    def arrange(self, box: Box) -> None:
        rows = box.rows(5)
        self.languages.place(Box(box.x, rows[2].y, box.w, rows[0].top - rows[2].y))
        self.upper.place(rows[3])
        self.lower.place(rows[4])

    def draw(self) -> None:
        Color(*theme.NIGHT)
        Rectangle(pos=self.pos, size=self.size)
