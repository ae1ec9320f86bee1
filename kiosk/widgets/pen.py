"""A pen for pictures: canvas instructions in a square of 100 × 100, y upwards.

Used inside ``with canvas:``. All shapes are anti-aliased; no fonts and no image files.
"""

from __future__ import annotations

from collections.abc import Sequence

from kivy.graphics import (
    Color,
    Ellipse,
    Mesh,
    Rectangle,
    SmoothEllipse,
    SmoothLine,
    SmoothRoundedRectangle,
)

from kiosk.layout import Box
from kiosk.theme import Colour

Point = tuple[float, float]


class Pen:
    """Draws in ``box``; 100 units are the shorter side."""

    def __init__(self, box: Box, ink: Colour) -> None:
        square = box.square()
        self._x, self._y, self._unit = square.x, square.y, square.w / 100
        self.ink(ink)

    def ink(self, ink: Colour) -> None:
        """The colour of what follows."""
        Color(*ink)

    def _at(self, points: Sequence[Point]) -> list[float]:
        flat: list[float] = []
        for x, y in points:
            flat += (self._x + x * self._unit, self._y + y * self._unit)
        return flat

    def line(self, *points: Point, width: float = 6.0, close: bool = False) -> None:
        """A line with round ends and joints; ``width`` is the whole width."""
        half = max(1.0, width * self._unit / 2)
        SmoothLine(points=self._at(points), width=half, close=close, cap="round", joint="round")
        if not close and half > 1.5:
            for point in (points[0], points[-1]):
                self.disc(point, width / 2)

    def shape(self, *points: Point) -> None:
        """A filled convex shape."""
        flat = self._at(points)
        vertices: list[float] = []
        for x, y in zip(flat[::2], flat[1::2], strict=True):
            vertices += (x, y, 0.0, 0.0)
        Mesh(vertices=vertices, indices=list(range(len(points))), mode="triangle_fan")
        SmoothLine(points=flat, width=1.0, close=True)

    def disc(self, centre: Point, radius: float) -> None:
        x, y = self._at([centre])
        r = radius * self._unit
        kind = SmoothEllipse if r > 4 else Ellipse
        kind(pos=(x - r, y - r), size=(2 * r, 2 * r))

    def ring(self, centre: Point, radius: float, width: float = 6.0) -> None:
        x, y = self._at([centre])
        SmoothLine(circle=(x, y, radius * self._unit), width=max(1.0, width * self._unit / 2))

    def arc(self, centre: Point, radius: float, start: float, end: float, width: float = 6.0) -> None:
        """Part of a ring; degrees clockwise from twelve o'clock."""
        x, y = self._at([centre])
        half = max(1.0, width * self._unit / 2)
        SmoothLine(circle=(x, y, radius * self._unit, start, end), width=half, cap="round")

    def rect(self, x: float, y: float, w: float, h: float) -> None:
        left, bottom = self._at([(x, y)])
        Rectangle(pos=(left, bottom), size=(w * self._unit, h * self._unit))

    def round_rect(self, x: float, y: float, w: float, h: float, radius: float = 6.0) -> None:
        left, bottom = self._at([(x, y)])
        SmoothRoundedRectangle(
            pos=(left, bottom), size=(w * self._unit, h * self._unit), radius=[max(1.0, radius * self._unit)]
        )

    def frame(
        self, x: float, y: float, w: float, h: float, *, radius: float = 6.0, width: float = 5.0
    ) -> None:
        """The outline of a round rectangle."""
        left, bottom = self._at([(x, y)])
        SmoothLine(
            rounded_rectangle=(left, bottom, w * self._unit, h * self._unit, max(1.0, radius * self._unit)),
            width=max(1.0, width * self._unit / 2),
        )
