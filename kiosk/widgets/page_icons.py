"""The pictures of the generic page, drawn with a Pen in 100 × 100: where the load goes, what to touch."""

from __future__ import annotations

from functools import partial

from firmware_app.service import messages
from kiosk import theme
from kiosk.theme import Colour
from kiosk.widgets.icons import Icon, clear_pan, inspector, loaded_pan, market_scale
from kiosk.widgets.pen import Pen

Picture = messages.page.Picture


def weights_on(pen: Pen, ink: Colour, ground: Colour) -> None:
    """A scale with two weights on its pan."""
    market_scale(pen, ink, ground, 40)
    pen.ink(theme.STEEL_EDGE)
    for x, size in ((22, 1.0), (58, 0.7)):
        pen.round_rect(x, 46, 30 * size, 30 * size, 4)
        pen.round_rect(x + 7 * size, 73 * size + 14 * (1 - size) + 3 * size, 16 * size, 12 * size, 5 * size)


def corner(x: float, y: float, pen: Pen, ink: Colour, ground: Colour) -> None:
    """The pan from above with a load on one of its quarters; the display is at the front."""
    pen.ink(ink)
    pen.round_rect(10, 22, 80, 74, 8)
    pen.round_rect(30, 4, 40, 12, 4)
    pen.ink(ground)
    pen.line((50, 28), (50, 90), width=3)
    pen.line((16, 59), (84, 59), width=3)
    pen.ink(theme.DOUBT)
    pen.disc((x, y), 15)


def label(pen: Pen, ink: Colour, ground: Colour) -> None:
    """A label with its bars."""
    pen.ink(ink)
    pen.round_rect(8, 18, 84, 64, 6)
    pen.ink(ground)
    pen.rect(15, 25, 70, 50)
    pen.ink(ink)
    for x, width in ((22, 4), (30, 8), (42, 3), (49, 6), (59, 3), (65, 9), (77, 3)):
        pen.rect(x, 32, width, 36)


def keys(pen: Pen, ink: Colour, ground: Colour) -> None:
    """The keys of a scale."""
    pen.ink(ink)
    pen.round_rect(10, 10, 80, 80, 10)
    pen.ink(ground)
    for x in (20, 42, 64):
        for y in (20, 42, 64):
            pen.round_rect(x, y, 16, 16, 4)
    pen.ink(theme.DOUBT)
    pen.round_rect(42, 42, 16, 16, 4)


def power(pen: Pen, ink: Colour, _ground: Colour) -> None:
    """The sign of a power switch."""
    pen.ink(ink)
    pen.arc((50, 46), 34, 35, 325, 10)
    pen.line((50, 52), (50, 92), width=10)


def seal(pen: Pen, ink: Colour, ground: Colour) -> None:
    """A lead seal on its wire."""
    pen.ink(ink)
    pen.line((20, 92), (44, 50), width=4)
    pen.line((80, 92), (56, 50), width=4)
    pen.disc((50, 34), 28)
    pen.ink(ground)
    pen.ring((50, 34), 19, 4)


def stick(pen: Pen, ink: Colour, ground: Colour) -> None:
    """A USB stick, upright: its case, and the plug with its two holes."""
    pen.ink(ink)
    pen.round_rect(26, 6, 48, 58, 10)
    pen.rect(34, 64, 32, 30)
    pen.ink(ground)
    pen.rect(40, 74, 8, 10)
    pen.rect(52, 74, 8, 10)
    pen.disc((50, 34), 8)


def _small_stick(pen: Pen, ink: Colour, ground: Colour) -> None:
    pen.ink(ink)
    pen.round_rect(58, 6, 38, 52, 8)
    pen.rect(64, 58, 26, 28)
    pen.ink(ground)
    pen.rect(69, 66, 6, 9)
    pen.rect(79, 66, 6, 9)


def onto_stick(pen: Pen, ink: Colour, ground: Colour) -> None:
    """An arrow towards a stick."""
    _small_stick(pen, ink, ground)
    pen.ink(ink)
    pen.line((4, 32), (46, 32), width=9)
    pen.line((28, 50), (46, 32), (28, 14), width=9)


def from_stick(pen: Pen, ink: Colour, ground: Colour) -> None:
    """An arrow away from a stick."""
    _small_stick(pen, ink, ground)
    pen.ink(ink)
    pen.line((6, 32), (48, 32), width=9)
    pen.line((24, 50), (6, 32), (24, 14), width=9)


PICTURES: dict[messages.page.Picture, Icon] = {
    Picture.WEIGHTS_ON_SCALE: weights_on,
    Picture.GOODS_ON_SCALE: loaded_pan,
    Picture.GOODS_ON_PAN: loaded_pan,
    Picture.WEIGHTS_ON_PAN: weights_on,
    Picture.CLEAR_PAN: clear_pan,
    Picture.CLEAR_SCALE: clear_pan,
    Picture.FRONT_LEFT: partial(corner, 31, 42),
    Picture.FRONT_RIGHT: partial(corner, 69, 42),
    Picture.BACK_LEFT: partial(corner, 31, 76),
    Picture.BACK_RIGHT: partial(corner, 69, 76),
    Picture.LABEL: label,
    Picture.KEYS: keys,
    Picture.POWER: power,
    Picture.SEAL: seal,
    Picture.NAMEPLATE: inspector,
}
OURS = frozenset({Picture.GOODS_ON_PAN, Picture.WEIGHTS_ON_PAN, Picture.CLEAR_PAN})
"""What happens on the appliance's own pan is blue; the scale under test is ink."""


def draw_picture(pen: Pen, picture: messages.page.Picture) -> None:
    """Nothing for no picture."""
    if picture in PICTURES:
        PICTURES[picture](pen, theme.ACTION if picture in OURS else theme.INK, theme.PAPER)
