"""The look in one place: colours, and sizes in millimetres of the real panel.

Rules this file obeys:

* Every pair of ``PAIRS`` has a contrast of at least 7:1 (WCAG 2.2, 1.4.6), shown by a test.
* A touch target is at least 15 mm both ways; the pixels of a 7-inch panel are not square, so the two
  ways are counted apart.
* Sizes of text and lines are pixels of the 800×480 design and are scaled together.
"""

from __future__ import annotations

import math

import msgspec

Colour = tuple[float, float, float, float]

MIN_CONTRAST = 7.0
TARGET_MM = 15.0
DESIGN = (800, 480)


def colour(hexadecimal: str, alpha: float = 1.0) -> Colour:
    """The colour of ``#rrggbb``."""
    number = int(hexadecimal.removeprefix("#"), 16)
    return ((number >> 16) / 255, (number >> 8 & 255) / 255, (number & 255) / 255, alpha)


def luminance(of: Colour) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in of[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio of two opaque colours, 1 … 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


PAPER = colour("#f3f0e8")
WHITE = colour("#ffffff")
INK = colour("#12181d")
QUIET = colour("#3f474d")
"""Second-rank words; still 7:1 on paper."""
LINE = colour("#c3bdae")
"""Hairlines and unlit dots; never carries words."""
NIGHT = colour("#141c22")
"""The live bar and the rail."""
NIGHT_RAISED = colour("#26323b")
NIGHT_QUIET = colour("#c9d2d8")
ACTION = colour("#0b4a6f")
"""What may be touched."""
ACTION_DOWN = colour("#06293f")
ACTION_PALE = colour("#dbe8ef")
GO = colour("#0c5a2e")
"""The one key that carries on."""
GO_DOWN = colour("#063319")
GOOD = colour("#0c5a2e")
BAD = colour("#8e1616")
DOUBT = colour("#ffc933")
MUTE = colour("#434b52")
BAND_INITIAL = colour("#b9dcc4")
BAND_SERVICE = colour("#e3f0e0")
BAND_OUTSIDE = colour("#f6e0dc")
STEEL = colour("#dde2e6")
STEEL_EDGE = colour("#5c676f")
LEAF = colour("#2f7d3b")
FRUIT = colour("#c0392b")
SIMULATION = colour("#ffc933")
SHADE = colour("#0a0e11", 0.86)
BLACK = colour("#000000")

PAIRS: tuple[tuple[str, Colour, Colour], ...] = (
    ("ink on paper", INK, PAPER),
    ("ink on white", INK, WHITE),
    ("quiet on paper", QUIET, PAPER),
    ("quiet on white", QUIET, WHITE),
    ("white on night", WHITE, NIGHT),
    ("quiet on night", NIGHT_QUIET, NIGHT),
    ("white on raised night", WHITE, NIGHT_RAISED),
    ("quiet on raised night", NIGHT_QUIET, NIGHT_RAISED),
    ("action", WHITE, ACTION),
    ("action held", WHITE, ACTION_DOWN),
    ("action on pale", ACTION, ACTION_PALE),
    ("ink on pale action", INK, ACTION_PALE),
    ("go", WHITE, GO),
    ("go held", WHITE, GO_DOWN),
    ("good", WHITE, GOOD),
    ("good on white", GOOD, WHITE),
    ("bad", WHITE, BAD),
    ("bad on white", BAD, WHITE),
    ("bad on paper", BAD, PAPER),
    ("doubt", INK, DOUBT),
    ("mute", WHITE, MUTE),
    ("simulation", INK, SIMULATION),
    ("ink in the initial band", INK, BAND_INITIAL),
    ("ink in the service band", INK, BAND_SERVICE),
    ("ink outside the bands", INK, BAND_OUTSIDE),
    ("ink on steel", INK, STEEL),
    ("bad outside the bands", BAD, BAND_OUTSIDE),
)


class Metrics(msgspec.Struct, frozen=True):
    """Pixels on this window. ``panel_mm``: width and height of the picture, a 7-inch panel if not told."""

    width: int
    height: int
    panel_mm: tuple[float, float] = (154.08, 85.92)

    @property
    def scale(self) -> float:
        """Pixels of one pixel of the design."""
        return min(self.width / DESIGN[0], self.height / DESIGN[1])

    @property
    def target(self) -> tuple[int, int]:
        """Width and height in pixels of 15 mm on the glass."""
        return (
            math.ceil(TARGET_MM * self.width / self.panel_mm[0]),
            math.ceil(TARGET_MM * self.height / self.panel_mm[1]),
        )

    def px(self, design: float) -> float:
        """Whole pixels of a length of the design."""
        return float(round(design * self.scale))


class Size:
    """Heights of text in pixels of the design."""

    SMALL = 17
    BODY = 20
    LEAD = 24
    TITLE = 30
    KEY = 36
    FIGURE = 52
    HUGE = 68
