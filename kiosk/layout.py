"""Rectangles that are cut into smaller ones: the whole layout language of the screens.

Rules this file obeys:

* The origin is the lower left corner, as on the screen; ``top`` and ``bottom`` mean what the eye means.
* Pieces never overlap and never leave the rectangle they were cut from.
"""

from __future__ import annotations

import msgspec


class Box(msgspec.Struct, frozen=True):
    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def top(self) -> float:
        return self.y + self.h

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x + self.w / 2, self.y + self.h / 2)

    def inset(self, by: float, by_y: float | None = None) -> Box:
        vertical = by if by_y is None else by_y
        return Box(self.x + by, self.y + vertical, max(0.0, self.w - 2 * by), max(0.0, self.h - 2 * vertical))

    def cut_top(self, height: float, gap: float = 0.0) -> tuple[Box, Box]:
        """The upper piece of ``height``, and what is left below the gap."""
        height = min(height, self.h)
        rest = max(0.0, self.h - height - gap)
        return Box(self.x, self.top - height, self.w, height), Box(self.x, self.y, self.w, rest)

    def cut_bottom(self, height: float, gap: float = 0.0) -> tuple[Box, Box]:
        """The lower piece of ``height``, and what is left above the gap."""
        height = min(height, self.h)
        rest = max(0.0, self.h - height - gap)
        return Box(self.x, self.y, self.w, height), Box(self.x, self.top - rest, self.w, rest)

    def cut_left(self, width: float, gap: float = 0.0) -> tuple[Box, Box]:
        """The left piece of ``width``, and what is left beyond the gap."""
        width = min(width, self.w)
        rest = max(0.0, self.w - width - gap)
        return Box(self.x, self.y, width, self.h), Box(self.right - rest, self.y, rest, self.h)

    def cut_right(self, width: float, gap: float = 0.0) -> tuple[Box, Box]:
        """The right piece of ``width``, and what is left before the gap."""
        width = min(width, self.w)
        rest = max(0.0, self.w - width - gap)
        return Box(self.right - width, self.y, width, self.h), Box(self.x, self.y, rest, self.h)

    def columns(self, count: int, gap: float = 0.0) -> list[Box]:
        """``count`` equal pieces from left to right."""
        width = (self.w - gap * (count - 1)) / count
        return [Box(self.x + i * (width + gap), self.y, width, self.h) for i in range(count)]

    def rows(self, count: int, gap: float = 0.0) -> list[Box]:
        """``count`` equal pieces from top to bottom."""
        height = (self.h - gap * (count - 1)) / count
        return [Box(self.x, self.top - (i + 1) * height - i * gap, self.w, height) for i in range(count)]

    def middle(self, width: float, height: float) -> Box:
        """A piece of that size in the middle."""
        width, height = min(width, self.w), min(height, self.h)
        return Box(self.x + (self.w - width) / 2, self.y + (self.h - height) / 2, width, height)

    def square(self) -> Box:
        """The largest square in the middle."""
        return self.middle(min(self.w, self.h), min(self.w, self.h))
