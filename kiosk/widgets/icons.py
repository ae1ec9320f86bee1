"""The pictures of the kiosk, drawn with a Pen in 100 × 100.

Each takes the pen, its ink and the ground behind it (for what is cut out).
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk import theme
from kiosk.theme import Colour
from kiosk.widgets.pen import Pen

Icon = Callable[[Pen, Colour, Colour], None]


def market_scale(pen: Pen, ink: Colour, ground: Colour, top: float) -> None:
    """A market scale whose pan is at the height ``top``."""
    pen.ink(ink)
    pen.round_rect(8, top - 4, 84, 8, 4)
    pen.rect(45, top - 14, 10, 12)
    pen.shape((18, 6), (82, 6), (72, top - 12), (28, top - 12))
    pen.ink(ground)
    pen.round_rect(32, 16, 36, 14, 3)


def self_check(pen: Pen, ink: Colour, ground: Colour) -> None:
    market_scale(pen, ink, ground, 52)
    pen.ink(ink)
    pen.line((32, 78), (45, 65), (70, 94), width=9)


def fair(pen: Pen, ink: Colour, ground: Colour) -> None:
    market_scale(pen, ink, ground, 46)
    pen.ink(ink)
    pen.disc((36, 64), 14)
    pen.disc((64, 64), 14)
    pen.disc((50, 82), 14)


def inspector(pen: Pen, ink: Colour, ground: Colour) -> None:
    pen.ink(ink)
    pen.round_rect(18, 6, 64, 82, 8)
    pen.round_rect(36, 80, 28, 16, 5)
    pen.ink(ground)
    for y in (62, 42, 22):
        pen.line((28, y + 1), (33, y - 4), (41, y + 7), width=5)
        pen.line((50, y), (72, y), width=5)


def key(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.ring((32, 62), 18, 9)
    pen.line((46, 50), (82, 18), width=9)
    pen.line((70, 29), (80, 40), width=8)
    pen.line((58, 40), (66, 49), width=8)


def weights(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    for x, y, scale in ((4, 10, 1.0), (58, 10, 0.66)):
        pen.round_rect(x, y, 54 * scale, 52 * scale, 5)
        pen.rect(x + 20 * scale, y + 50 * scale, 14 * scale, 10 * scale)
        pen.round_rect(x + 12 * scale, y + 58 * scale, 30 * scale, 16 * scale, 7 * scale)


def goods(pen: Pen, _ink: Colour, _ground: Colour) -> None:
    """Fruit and a leaf, in their colours."""
    pen.ink(theme.FRUIT)
    pen.disc((38, 38), 27)
    pen.disc((60, 38), 27)
    pen.ink(theme.INK)
    pen.line((49, 58), (52, 80), width=5)
    pen.ink(theme.LEAF)
    pen.shape((53, 72), (64, 88), (84, 90), (76, 74))


def back(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.line((62, 82), (30, 50), (62, 18), width=12)


def forward(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.line((38, 82), (70, 50), (38, 18), width=12)


def arrow(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.line((10, 50), (80, 50), width=14)
    pen.shape((54, 14), (98, 50), (54, 86))


def stop(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.line((24, 24), (76, 76), width=12)
    pen.line((24, 76), (76, 24), width=12)


def check(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.line((18, 50), (41, 26), (82, 78), width=13)


def delete(pen: Pen, ink: Colour, ground: Colour) -> None:
    pen.ink(ink)
    pen.shape((6, 50), (34, 80), (94, 80), (94, 20), (34, 20))
    pen.ink(ground)
    pen.line((48, 36), (76, 64), width=8)
    pen.line((48, 64), (76, 36), width=8)


def table(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.frame(10, 16, 80, 68, radius=6, width=7)
    pen.line((12, 60), (88, 60), width=6)
    pen.line((12, 38), (88, 38), width=6)
    pen.line((38, 18), (38, 82), width=6)


def printer(pen: Pen, ink: Colour, ground: Colour) -> None:
    """A slip that comes out of the top of a printer."""
    pen.ink(ink)
    pen.round_rect(8, 8, 84, 46, 9)
    pen.round_rect(28, 40, 44, 54, 3)
    pen.ink(ground)
    pen.rect(34, 50, 32, 38)
    pen.round_rect(68, 34, 12, 8, 4)
    pen.ink(ink)
    for y in (78, 66):
        pen.line((41, y), (59, y), width=5)


def chart(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.line((14, 90), (14, 12), (92, 12), width=7)
    for x, y in ((32, 40), (54, 62), (76, 48)):
        pen.disc((x, y), 8)


def plug(pen: Pen, ink: Colour, _ground: Colour) -> None:
    """A plug pulled out of its socket."""
    pen.ink(ink)
    pen.line((4, 50), (20, 50), width=9)
    pen.round_rect(18, 32, 24, 36, 6)
    pen.line((42, 60), (52, 60), width=7)
    pen.line((42, 40), (52, 40), width=7)
    pen.round_rect(66, 28, 18, 44, 6)
    pen.line((84, 50), (97, 50), width=9)
    pen.line((57, 78), (52, 94), width=5)
    pen.line((66, 82), (72, 95), width=5)
    pen.line((57, 22), (52, 6), width=5)
    pen.line((66, 18), (72, 5), width=5)


def overload(pen: Pen, ink: Colour, ground: Colour) -> None:
    market_scale(pen, ink, ground, 44)
    pen.ink(ink)
    pen.line((50, 92), (50, 62), width=10)
    pen.shape((32, 70), (68, 70), (50, 52))


def hourglass(pen: Pen, ink: Colour, ground: Colour) -> None:
    pen.ink(ink)
    pen.round_rect(20, 88, 60, 9, 4)
    pen.round_rect(20, 3, 60, 9, 4)
    pen.shape((27, 86), (73, 86), (50, 48))
    pen.shape((27, 14), (73, 14), (50, 52))
    pen.ink(ground)
    pen.shape((38, 80), (62, 80), (50, 60))


def disk(pen: Pen, ink: Colour, ground: Colour) -> None:
    """An entry that is written into a book."""
    pen.ink(ink)
    pen.round_rect(14, 8, 66, 84, 6)
    pen.ink(ground)
    for y in (74, 60, 46, 32):
        pen.line((28, y), (66, y), width=5)
    pen.ink(ink)
    pen.line((94, 62), (62, 20), width=15)
    pen.ink(ground)
    pen.line((93, 61), (66, 26), width=6)


def clear_pan(pen: Pen, ink: Colour, ground: Colour) -> None:
    market_scale(pen, ink, ground, 40)
    pen.ink(ink)
    pen.line((50, 52), (50, 78), width=10)
    pen.shape((30, 74), (70, 74), (50, 97))


def load_pan(pen: Pen, ink: Colour, ground: Colour) -> None:
    market_scale(pen, ink, ground, 40)
    pen.ink(ink)
    pen.line((50, 96), (50, 72), width=10)
    pen.shape((30, 74), (70, 74), (50, 50))


def loaded_pan(pen: Pen, ink: Colour, ground: Colour) -> None:
    market_scale(pen, ink, ground, 40)
    pen.ink(theme.FRUIT)
    pen.disc((34, 58), 14)
    pen.disc((66, 58), 14)
    pen.disc((50, 70), 16)
    pen.ink(theme.LEAF)
    pen.shape((51, 84), (58, 96), (74, 97), (68, 85))


def clock(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    pen.ring((50, 50), 38, 10)
    pen.line((50, 74), (50, 50), (68, 40), width=9)


def network(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    for x, height in ((8, 24), (32, 44), (56, 64), (80, 84)):
        pen.round_rect(x, 8, 16, height, 3)


def no_network(pen: Pen, ink: Colour, _ground: Colour) -> None:
    pen.ink(ink)
    for x, height in ((8, 24), (32, 34), (56, 44), (80, 84)):
        pen.round_rect(x, 8, 16, height, 3)
    pen.line((10, 94), (48, 56), width=11)
    pen.line((10, 56), (48, 94), width=11)


def hand(pen: Pen, ink: Colour, _ground: Colour) -> None:
    """A finger that touches."""
    pen.ink(ink)
    pen.round_rect(36, 34, 15, 54, 7)
    pen.round_rect(24, 6, 56, 42, 14)
    pen.round_rect(52, 30, 13, 30, 6)
    pen.round_rect(67, 26, 13, 30, 6)
    pen.line((18, 44), (30, 22), width=13)


def eye_shut(pen: Pen, ink: Colour, _ground: Colour) -> None:
    """What is covered until the figure is given."""
    pen.ink(ink)
    pen.arc((50, 76), 46, 122, 238, 8)
    for x, y, dx, dy in ((18, 44, -8, -14), (38, 33, -4, -15), (62, 33, 4, -15), (82, 44, 8, -14)):
        pen.line((x, y), (x + dx, y + dy), width=8)


def conforms(pen: Pen, ink: Colour, ground: Colour) -> None:
    """A disc with a check mark."""
    pen.ink(ink)
    pen.disc((50, 50), 48)
    check_small(pen, ground)


def check_small(pen: Pen, ink: Colour) -> None:
    pen.ink(ink)
    pen.line((26, 50), (44, 31), (75, 70), width=11)


def does_not_conform(pen: Pen, ink: Colour, ground: Colour) -> None:
    """An octagon with a cross."""
    pen.ink(ink)
    near, far = 29.0, 71.0
    pen.shape((near, 2), (far, 2), (98, near), (98, far), (far, 98), (near, 98), (2, far), (2, near))
    pen.ink(ground)
    pen.line((31, 31), (69, 69), width=12)
    pen.line((31, 69), (69, 31), width=12)


def undecided(pen: Pen, ink: Colour, ground: Colour) -> None:
    """A triangle with an exclamation mark."""
    pen.ink(ink)
    pen.shape((2, 6), (98, 6), (50, 96))
    pen.ink(ground)
    pen.line((50, 64), (50, 38), width=10)
    pen.disc((50, 21), 6)


def cannot_judge(pen: Pen, ink: Colour, ground: Colour) -> None:
    """A square with a dash."""
    pen.ink(ink)
    pen.round_rect(4, 4, 92, 92, 8)
    pen.ink(ground)
    pen.line((28, 50), (72, 50), width=13)


OF_VERDICT: dict[str, Icon] = {
    "conforms": conforms,
    "does_not_conform": does_not_conform,
    "undecided": undecided,
    "cannot_judge": cannot_judge,
}
OF_PICTURE: dict[str, Icon] = {
    "plug": plug,
    "overload": overload,
    "hourglass": hourglass,
    "clear_pan": clear_pan,
    "disk": disk,
    "cross": does_not_conform,
}
OF_DOOR: dict[str, Icon] = {"self_check": self_check, "fair": fair, "inspector": inspector, "keeper": key}
