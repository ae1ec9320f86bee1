"""Pictures that depend on figures: the weights to take, the code to scan."""

from __future__ import annotations

import math
from collections.abc import Callable

from kivy.graphics import Color, Rectangle, SmoothRoundedRectangle
from kivy.graphics.texture import Texture

from firmware_app import qr
from kiosk import theme
from kiosk.layout import Box
from kiosk.theme import Metrics, Size
from kiosk.widgets.base import Piece, Tappable, put
from kiosk.widgets.buttons import plate
from kiosk.widgets.text import Line

MOST_WEIGHTS = 8
READABLE = 3
"""Pixels a module below which a cheap phone reads no code off this panel (0.19 mm a pixel)."""


class WeightsPicture(Piece):
    """The weights to put on, drawn in falling size with their marks; at most ``MOST_WEIGHTS`` are drawn."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self._pieces: tuple[tuple[str, float], ...] = ()
        self._marks = [
            Line(m, (Size.LEAD, Size.BODY, Size.SMALL, 15, 13), theme.INK, bold=True, halign="center")
            for _ in range(MOST_WEIGHTS)
        ]
        for mark in self._marks:
            self.add_widget(mark)
        self._bodies: list[Box] = []

    def show(self, pieces: tuple[tuple[str, float], ...], language: str) -> None:
        self._pieces = tuple(sorted(pieces, key=lambda piece: -piece[1]))[:MOST_WEIGHTS]
        self.arrange(self.box)
        for mark, piece in zip(self._marks, self._pieces, strict=False):
            mark.say(piece[0], language)
        for mark in self._marks[len(self._pieces) :]:
            mark.say("", language)
        self.stale()

    def arrange(self, box: Box) -> None:
        self._bodies = []
        if not self._pieces:
            return
        gap = self.m.px(8)
        widths = [self._width(grams) for _, grams in self._pieces]
        room = box.w - gap * (len(widths) - 1)
        shrink = min(1.0, room / sum(widths))
        heaviest = max(grams for _, grams in self._pieces)
        x = box.x + (room - sum(widths) * shrink) / 2
        for mark, width, (_, grams) in zip(self._marks, widths, self._pieces, strict=False):
            # Between half and all of the height, as the cube root of the mass would have it.
            height = box.h * (0.5 + 0.5 * math.cbrt(grams / heaviest))
            body = Box(x, box.y, width * shrink, height)
            self._bodies.append(body)
            put(mark, Box(body.x + 1, body.y, body.w - 2, body.h * 0.62))
            mark.fit()
            x += body.w + gap

    def _width(self, grams: float) -> float:
        return self.m.px(min(128.0, 74.0 + 10.0 * math.cbrt(grams / 50)))

    def draw(self) -> None:
        for body in self._bodies:
            radius = self.m.px(5)
            base, head = body.cut_bottom(body.h * 0.62)
            neck = Box(base.x + base.w * 0.36, base.top - 1, base.w * 0.28, head.h * 0.5)
            knob = Box(base.x + base.w * 0.24, neck.top - head.h * 0.15, base.w * 0.52, head.h * 0.62)
            for part, r in ((neck, 1.0), (knob, knob.h * 0.45), (base, radius)):
                plate(part, theme.STEEL, theme.STEEL_EDGE, r, self.m.px(1) * 1.2)
            Color(*theme.WHITE[:3], 0.75)
            SmoothRoundedRectangle(
                pos=(base.x + self.m.px(5), base.y + self.m.px(6)),
                size=(self.m.px(4), base.h - self.m.px(12)),
                radius=[self.m.px(2)],
            )


class QrCode(Tappable):
    """The slip as a QR code in whole pixels a module; a tap makes it large."""

    def __init__(self, m: Metrics, automation_id: str, on_tap: Callable[[], None]) -> None:
        super().__init__(m, automation_id, on_tap)
        self._text = ""
        self._texture: Texture | None = None

    def show(self, text: str) -> None:
        if text == self._text:
            return
        self._text = text
        # Level L, or better where it costs no module more: the slip is signed, so a wrong read cannot pass.
        rows = qr.modules(text, "l", boost=True)
        side = len(rows)
        self._texture = Texture.create(size=(side, side), colorfmt="luminance")
        self._texture.mag_filter = self._texture.min_filter = "nearest"
        grey = bytes(0 if dark else 255 for row in reversed(rows) for dark in row)
        self._texture.blit_buffer(grey, colorfmt="luminance", bufferfmt="ubyte")
        self.stale()

    @property
    def readable(self) -> bool:
        """Whether a module is wide enough for the camera of a phone."""
        return self._pixels() >= READABLE

    def _pixels(self) -> int:
        """Whole pixels a module for which there is room."""
        if self._texture is None:
            return 0
        # The card around the code is white, but the zone is kept inside the box: it may be placed anywhere.
        return int(min(self.width, self.height) // (self._texture.width + 2 * qr.QUIET_MODULES))

    def draw(self) -> None:
        if self._texture is None:
            return
        module = max(1, self._pixels())
        pixels = module * self._texture.width
        box = self.box.middle(pixels, pixels)
        Color(*theme.WHITE)
        paper = box.inset(-module * qr.QUIET_MODULES)
        Rectangle(pos=(paper.x, paper.y), size=(paper.w, paper.h))
        Color(1, 1, 1, 1)
        Rectangle(texture=self._texture, pos=(round(box.x), round(box.y)), size=(pixels, pixels))
