"""A label for Chinese, Tibetan and Latin text in one line.

Rules this file obeys:

* Nothing shrinks and nothing is cut off in silence: what does not fit says so in ``overflow``.
* Lines end only where ``kiosk.text.breaking`` allows.
* Lines are laid out when text, font or width change, never because the label moved or changed colour.
"""

from __future__ import annotations

from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, InstructionGroup, PopMatrix, PushMatrix, Rectangle, Translate
from kivy.properties import (
    BooleanProperty,
    BoundedNumericProperty,
    ColorProperty,
    ListProperty,
    NumericProperty,
    OptionProperty,
    StringProperty,
    VariableListProperty,
)
from kivy.uix.widget import Widget

from kiosk.text.breaking import break_lines
from kiosk.text.drawing import Drawer, shared_drawer


class TextLabel(Widget):
    """Draws ``text`` inside its own size.

    >>> label = TextLabel(text="请放 1\\u00a0kg 砝码", language="zh", font_size="24sp", size=(300, 60))
    >>> label.layout_now(); label.lines, label.overflow, label.minimum_height

    ``minimum_height`` is what the text needs at the present width; bind it to ``height`` for a label that
    grows. ``max_lines`` 0 means as many as needed. ``line_height`` is a factor on the distance of lines.
    """

    text = StringProperty("")
    language = StringProperty("zh")
    font_size = NumericProperty("20sp")
    bold = BooleanProperty(False)
    color = ColorProperty((1, 1, 1, 1))
    halign = OptionProperty("left", options=("left", "center", "right"))
    valign = OptionProperty("middle", options=("top", "middle", "bottom"))
    max_lines = BoundedNumericProperty(0, min=0)
    line_height = BoundedNumericProperty(1.0, min=0.5, max=3.0)
    padding = VariableListProperty([0, 0, 0, 0])
    balance = BooleanProperty(False)

    overflow = BooleanProperty(False)
    lines = ListProperty([])
    text_width = NumericProperty(0)
    minimum_height = NumericProperty(0)

    def __init__(self, **kwargs: Any) -> None:
        self._drawer: Drawer = kwargs.pop("drawer", None) or shared_drawer()
        self._broken_for: tuple[Any, ...] = ()
        self._drawn_for: tuple[Any, ...] = ()
        self._layout_soon = Clock.create_trigger(self.layout_now, -1)
        super().__init__(**kwargs)
        self._color = Color(rgba=self.color)
        self._shift = Translate(0, 0)
        self._glyphs = InstructionGroup()
        for instruction in (PushMatrix(), self._shift, self._color, self._glyphs, PopMatrix()):
            self.canvas.add(instruction)
        self.bind(color=self._paint, pos=self._move)
        for name in (
            *("text", "language", "font_size", "bold", "halign", "valign", "max_lines", "line_height"),
            *("padding", "balance", "size"),
        ):
            self.fbind(name, self._layout_soon)
        self._move()
        self._layout_soon()

    def natural_width(self, text: str | None = None) -> float:
        """Width in pixels, padding included, of the widest line when nothing but line ends breaks it."""
        lines = (self.text if text is None else text).splitlines() or [""]
        left, _, right, _ = self.padding
        return float(max(self._measure(line) for line in lines) + left + right)

    def layout_now(self, *_: Any) -> None:
        """Lays out and draws at once instead of before the next frame."""
        self._layout_soon.cancel()
        self._break()
        self._draw()

    @property
    def _px(self) -> int:
        return max(1, round(self.font_size))

    def _measure(self, line: str) -> int:
        return self._drawer.line_width(line, self.language, self._px, self.bold)

    def _break(self) -> None:
        left, top, right, bottom = self.padding
        room = max(0, self.width - left - right)
        asked = (
            self.text,
            self.language,
            self._px,
            self.bold,
            room,
            self.balance,
            self.line_height,
            top,
            bottom,
        )
        if asked != self._broken_for:
            self._broken_for = asked
            lines = break_lines(self.text, room, self._measure, balance=self.balance) if self.text else []
            above, below, pitch = self._drawer.heights(self.text, self.language, self._px)
            self._above, self._pitch = above, pitch * self.line_height
            self._block = (len(lines) - 1) * self._pitch + above + below if lines else 0.0
            self.lines = lines
            self.text_width = max(map(self._measure, lines), default=0)
            self.minimum_height = round(self._block + top + bottom)
        too_many = bool(self.max_lines) and len(self.lines) > self.max_lines
        too_high = self._block + top + bottom > self.height + 0.5
        self.overflow = bool(self.text) and (too_many or too_high or self.text_width > room + 0.5)

    def _draw(self) -> None:
        wanted = (self._broken_for, self.halign, self.valign, *self.padding, *self.size)
        if wanted == self._drawn_for:
            return
        self._drawn_for = wanted
        left, top, right, bottom = self.padding
        spare = self.height - top - bottom - self._block
        baseline = bottom + self._block - self._above
        baseline += {"bottom": 0.0, "middle": spare / 2, "top": spare}[self.valign]
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[self.halign]
        self._glyphs.clear()
        for line in self.lines:
            pieces = self._drawer.pieces(line, self.language, self._px, self.bold)
            x = round(left + (self.width - left - right - sum(piece.width for piece in pieces)) * share)
            for piece in pieces:
                y = round(baseline) - (piece.height - piece.above)
                self._glyphs.add(Rectangle(texture=piece.texture, pos=(x, y), size=piece.texture.size))
                x += piece.width
            baseline -= self._pitch

    def _paint(self, *_: Any) -> None:
        self._color.rgba = self.color

    def _move(self, *_: Any) -> None:
        # Whole pixels, or the text is blurred.
        self._shift.xy = round(self.x), round(self.y)
