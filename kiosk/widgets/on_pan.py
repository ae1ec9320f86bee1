"""Pictures of goods and weights that change places on the appliance's pan, drawn with a Pen in 100 × 100."""

from __future__ import annotations

from kiosk import theme
from kiosk.theme import Colour
from kiosk.view.swap import Hand, Thing
from kiosk.widgets.icons import Icon, market_scale
from kiosk.widgets.pen import Pen

PAN_TOP = 34.0
WITH_HAND_X, ALONE_X = 36.0, 50.0


def on_pan(thing: Thing, hand: Hand) -> Icon:
    """The pan with the thing on it or above it, and the way it is to go."""

    def icon(pen: Pen, ink: Colour, ground: Colour) -> None:
        market_scale(pen, ink, ground, PAN_TOP)
        x = ALONE_X if hand is Hand.NONE else WITH_HAND_X
        # What is to be put on hangs above the pan, what lies there stands on it.
        y = PAN_TOP + (14 if hand is Hand.ON else 5)
        (_goods if thing is Thing.GOODS else _weight)(pen, x, y)
        pen.ink(ink)
        if hand is Hand.ON:
            pen.line((82, 92), (82, 66), width=9)
            pen.shape((68, 68), (96, 68), (82, 47))
        elif hand is Hand.OFF:
            pen.line((82, 46), (82, 74), width=9)
            pen.shape((68, 71), (96, 71), (82, 93))

    return icon


def _goods(pen: Pen, x: float, y: float) -> None:
    pen.ink(theme.FRUIT)
    pen.disc((x - 14, y + 12), 13)
    pen.disc((x + 14, y + 12), 13)
    pen.disc((x, y + 26), 14)
    pen.ink(theme.LEAF)
    pen.shape((x + 1, y + 39), (x + 7, y + 49), (x + 22, y + 50), (x + 16, y + 39))


def _weight(pen: Pen, x: float, y: float) -> None:
    for edge, colour in ((0.0, theme.STEEL_EDGE), (2.5, theme.STEEL)):
        pen.ink(colour)
        pen.round_rect(x - 22 + edge, y + edge, 44 - 2 * edge, 28 - 2 * edge, 4)
        pen.rect(x - 6 + edge, y + 26 - edge, 12 - 2 * edge, 8)
        pen.round_rect(x - 13 + edge, y + 33 + edge, 26 - 2 * edge, 13 - 2 * edge, 5)
