"""The live weight: digits that stand still.

Rules this file obeys:

* A new figure moves quads; it makes no texture and lays nothing out.
* Every digit and the minus sign take the same width, the figure hangs from its right end, and the unit never
  moves.
* Only figures are drawn: a text with any other character is a mistake of the caller.
"""

from __future__ import annotations

from typing import Any

from kivy.graphics import Color, InstructionGroup, PopMatrix, PushMatrix, Rectangle, Translate
from kivy.properties import (
    BooleanProperty,
    BoundedNumericProperty,
    ColorProperty,
    NumericProperty,
    OptionProperty,
    StringProperty,
)
from kivy.uix.widget import Widget

from kiosk.text.drawing import Drawer, Piece, shared_drawer

DIGITS = "0123456789"
WIDE = "-−–+ "
"""Drawn as wide as a digit."""
NARROW = ".,"
MINUS = "\u2212"
PLACES = 12
"""Most characters of a figure."""


class DigitLabel(Widget):
    """Draws ``text`` ``unit``, for example ``1.005`` ``kg``; ``placeholder`` where there is no figure.

    ``unit_scale`` is the size of the unit against that of the digits. A hyphen is drawn as a minus sign.
    Raises ValueError when ``text`` holds anything but digits, signs, point and spaces or is over 12 long.
    """

    text = StringProperty("")
    unit = StringProperty("kg")
    placeholder = StringProperty("– – –")
    font_size = NumericProperty("64sp")
    unit_scale = BoundedNumericProperty(0.5, min=0.2, max=1.0)
    bold = BooleanProperty(True)
    color = ColorProperty((1, 1, 1, 1))
    halign = OptionProperty("right", options=("left", "center", "right"))
    overflow = BooleanProperty(False)

    def __init__(self, **kwargs: Any) -> None:
        self._drawer: Drawer = kwargs.pop("drawer", None) or shared_drawer()
        self._glyphs: dict[str, Piece] = {}
        self._sheet_for: tuple[Any, ...] = ()
        self._ready = False
        super().__init__(**kwargs)
        self._color = Color(rgba=self.color)
        self._shift = Translate(0, 0)
        quads = InstructionGroup()
        self._quads = [Rectangle(size=(0, 0)) for _ in range(PLACES)]
        self._unit_quads = InstructionGroup()
        for quad in self._quads:
            quads.add(quad)
        for instruction in (PushMatrix(), self._shift, self._color, quads, self._unit_quads, PopMatrix()):
            self.canvas.add(instruction)
        self._ready = True
        self.bind(color=self._paint, pos=self._move)
        for name in ("text", "placeholder", "size", "font_size", "unit", "unit_scale", "bold", "halign"):
            self.fbind(name, self._draw)
        self._move()
        self._draw()

    def natural_width(self, text: str | None = None) -> float:
        """Width in pixels of a figure (the present one by default) with its unit."""
        self._make_sheet()
        return float(sum(map(self._cell, self._shown(text))) + self._unit_room())

    @property
    def minimum_height(self) -> float:
        """Height in pixels that the digits need."""
        above, below = self._drawer.heights("0", "zh", round(self.font_size))[:2]
        return above + below

    def _shown(self, text: str | None = None) -> str:
        shown = (self.text if text is None else text) or self.placeholder
        if len(shown) > PLACES or not set(shown) <= set(DIGITS + WIDE + NARROW):
            raise ValueError(f"{shown[:40]!r} is not a figure of at most {PLACES} characters")
        return shown.replace("-", MINUS)

    def _make_sheet(self) -> None:
        px, unit_px = max(1, round(self.font_size)), max(1, round(self.font_size * self.unit_scale))
        asked = (px, unit_px, self.bold, self.unit)
        if asked == self._sheet_for:
            return
        self._sheet_for = asked
        self._glyphs = {
            char: self._drawer.pieces(char, "zh", px, self.bold)[0] for char in DIGITS + WIDE + NARROW
        }
        self._digit = max(self._glyphs[char].width for char in DIGITS)
        self._unit = self._drawer.pieces(self.unit, "zh", unit_px, self.bold) if self.unit else []
        self._gap = round(unit_px * 0.3)

    def _cell(self, char: str) -> int:
        return self._glyphs[char].width if char in NARROW else self._digit

    def _unit_room(self) -> int:
        return sum(piece.width for piece in self._unit) + self._gap if self._unit else 0

    def _draw(self, *_: Any) -> None:
        self._make_sheet()
        shown = self._shown()
        total = sum(map(self._cell, shown)) + self._unit_room()
        self.overflow = total > self.width + 0.5 or self.minimum_height > self.height + 0.5
        x = round((self.width - total) * {"left": 0.0, "center": 0.5, "right": 1.0}[self.halign])
        above, below = self._drawer.heights("0", "zh", round(self.font_size))[:2]
        baseline = round((self.height - above - below) / 2 + below)
        for place, quad in enumerate(self._quads):
            if place >= len(shown) or shown[place] == " ":
                quad.size = 0, 0
                x += self._cell(" ") if place < len(shown) else 0
                continue
            piece, room = self._glyphs[shown[place]], self._cell(shown[place])
            quad.texture = piece.texture
            quad.size = piece.texture.size
            quad.pos = x + (room - piece.width) // 2, baseline - (piece.height - piece.above)
            x += room
        self._unit_quads.clear()
        x += self._gap
        for piece in self._unit:
            at = x, baseline - (piece.height - piece.above)
            self._unit_quads.add(Rectangle(texture=piece.texture, pos=at, size=piece.texture.size))
            x += piece.width

    def _paint(self, *_: Any) -> None:
        self._color.rgba = self.color

    def _move(self, *_: Any) -> None:
        self._shift.xy = round(self.x), round(self.y)
