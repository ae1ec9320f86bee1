"""Draws the wiring of each load-cell driver as SVG, from one table of connections.

    python tools/draw_wiring.py           writes hardware/docs/wiring/*.svg
    python tools/draw_wiring.py --check   exit 1 where a drawing is out of date

Rules this file obeys:

* A drawing is a table: which wire goes from which terminal of the module to which pin of the Pi.
* Pins that a driver fixes or defaults to are read from the driver; the header is that of every 40-pin Pi.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TARGET = ROOT / "hardware" / "docs" / "wiring"

GPIO_PIN = {
    2: 3, 3: 5, 4: 7, 5: 29, 6: 31, 7: 26, 8: 24, 9: 21, 10: 19, 11: 23, 12: 32, 13: 33, 14: 8, 15: 10,
    16: 36, 17: 11, 18: 12, 19: 35, 20: 38, 21: 40, 22: 15, 23: 16, 24: 18, 25: 22, 26: 37, 27: 13,
}  # fmt: skip
"""Header pin of each GPIO number (40-pin header, all models since the B+)."""
FIVE_VOLT, THREE_VOLT = 2, 17
SUPPLY_PINS = {1: "3V3", 2: "5V", 4: "5V", 6: "GND", 9: "GND", 14: "GND", 17: "3V3", 20: "GND", 25: "GND",
               30: "GND", 34: "GND", 39: "GND"}  # fmt: skip

RED, BLACK, GREEN, WHITE, ORANGE, BLUE, PURPLE = (
    "#c62828", "#222222", "#2e7d32", "#8a8f98", "#e08700", "#1565c0", "#6a1b9a",
)  # fmt: skip
INK, PAPER, MODULE, BOARD = "#1d2733", "#ffffff", "#d9ecdf", "#e8eef5"

WIDTH, HEIGHT = 980, 640
CELL_X, MODULE_X, MODULE_W, HEADER_X = 40, 300, 190, 780
HEADER_Y, PITCH = 96, 24
TERMINALS = {"VSUP": 170, "DVDD": 230, "DOUT": 300, "PD_SCK": 370, "GND": 440}
"""Height of each terminal on the Pi's side of the module; neighbours share a resistor."""
BRIDGE = (
    ("E+ (AVDD)", "red", RED, 200),
    ("E− (AGND)", "black", BLACK, 260),
    ("A−", "white", WHITE, 320),
    ("A+", "green", GREEN, 380),
)


class Wire(NamedTuple):
    """From a terminal of the module, by the lane at ``lane_x``, to a pin of the header."""

    terminal: str
    pin: int
    lane_x: int
    colour: str


class Drawing(NamedTuple):
    """One page: ``clock_gpio`` and ``data_gpio`` as GPIO numbers, ``ground`` as a header pin."""

    name: str
    title: str
    clock_gpio: int
    data_gpio: int
    ground: int
    words: dict[int, str]
    notes: tuple[str, ...]


def drawings() -> list[Drawing]:
    """Every wiring there is."""
    from hardware.loadcell.gpio import GpioOptions

    gpio = GpioOptions()
    return [
        Drawing(
            "spi",
            "Driver spi: PD_SCK is the data line MOSI, DOUT is MISO",
            clock_gpio=10,
            data_gpio=9,
            ground=25,
            words={19: "MOSI", 21: "MISO"},
            notes=(
                "SCLK (pin 23) and CE0 (pin 24) stay open; nothing else may share SPI0 (dtparam=spi=on).",
                "RATE to DVDD: 80 conversions a second (to GND: 10).",
                "DVDD is 3.3 V, never 5 V: it sets the level of DOUT.",
            ),
        ),
        Drawing(
            "gpio",
            "Drivers gpio, iio and library: any two free pins",
            clock_gpio=gpio.clock_gpio,
            data_gpio=gpio.data_gpio,
            ground=39,
            words={},
            notes=(
                "The pins drawn are the defaults; name others in the driver's options.",
                "RATE to DVDD: 80 conversions a second (to GND: 10).",
                "DVDD is 3.3 V, never 5 V: it sets the level of DOUT.",
            ),
        ),
    ]


CORNERS = ((17, 4), (13, 5), (19, 6), (26, 7))
"""GPIO numbers of PD_SCK (pulled down after reset) and DOUT (pulled up) of each corner, by ``gpio``."""
LANES = ((570, 550), (730, 700), (710, 680), (650, 600))
"""Where the wires of DOUT and PD_SCK of each corner run down, so that they cross as little as can be."""
CORNER_NOTES = (
    'Options: driver = "gpio", clock_gpio_1 = 17, data_gpio_1 = 4, clock_gpio_2 = 13 and so on.',
    "Each module is wired to its cell as in the drawing of one, with both resistors (10 kΩ) at each.",
    "VSUP of all to 5 V (pin 2), DVDD to 3.3 V (pin 17), GND to pin 39; RATE alike on all four.",
)


# ------------------------------------------------------------------------------------------------ drawing


def draw(drawing: Drawing) -> str:
    """The drawing as an SVG page."""
    clock, data = GPIO_PIN[drawing.clock_gpio], GPIO_PIN[drawing.data_gpio]
    wires = (
        Wire("VSUP", FIVE_VOLT, 720, RED),
        Wire("DVDD", THREE_VOLT, 690, ORANGE),
        Wire("DOUT", data, 660, BLUE),
        Wire("PD_SCK", clock, 630, PURPLE),
        Wire("GND", drawing.ground, 600, BLACK),
    )
    words = {clock: f"GPIO{drawing.clock_gpio}", data: f"GPIO{drawing.data_gpio}"}
    for pin, word in drawing.words.items():
        words[pin] = f"{words[pin]} {word}" if pin in words else word
    parts = [
        _text(WIDTH / 2, 36, drawing.title, size=20, weight="bold", anchor="middle"),
        *_module(),
        *_cell(),
        *_header_outline(),
        *(_wire(wire) for wire in wires),
        *_pins({wire.pin for wire in wires}, words),
        *_resistor(520, "DVDD", "DOUT", "10 kΩ"),
        *_resistor(520, "PD_SCK", "GND", "10 kΩ"),
        *_notes(drawing.notes),
    ]
    return _page(drawing.title, parts)


def draw_bridges() -> str:
    """Four corners, each with a module and two pins of its own, as an SVG page."""
    used: dict[int, str] = {FIVE_VOLT: "5V", THREE_VOLT: "3V3", 39: "GND"}
    parts = list(_header_outline())
    for row, (clock, data) in enumerate(CORNERS):
        top, number = 110 + 110 * row, row + 1
        parts += [
            _box(MODULE_X, top, MODULE_W, 80, MODULE),
            _text(MODULE_X + 12, top + 46, f"HX711 {number}", weight="bold"),
            _box(CELL_X, top + 10, 120, 60, BOARD),
            _text(CELL_X + 60, top + 46, f"corner {number}", anchor="middle"),
            _line([(CELL_X + 120, top + 40), (MODULE_X, top + 40)], INK),
            _text(CELL_X + 190, top + 32, "4 wires", size=13, anchor="middle"),
        ]
        for place, (word, gpio, colour) in enumerate((("DOUT", data, BLUE), ("PD_SCK", clock, PURPLE))):
            pin = GPIO_PIN[gpio]
            start = (MODULE_X + MODULE_W, top + 28 + 32 * place)
            used[pin] = f"GPIO{gpio} {word} {number}"
            parts.append(_text(start[0] - 8, start[1] + 5, word, anchor="end"))
            parts.append(_line(_way(start, LANES[row][place], pin), colour))
    title = "Driver bridges: a cell, a module and two pins for each corner"
    parts += [
        _text(WIDTH / 2, 36, title, size=20, weight="bold", anchor="middle"),
        _text(CELL_X + 60, 96, "clockwise from front left", size=13, anchor="middle"),
        *_pins(set(used), used),
        *_notes(CORNER_NOTES),
    ]
    return _page(title, parts)


def _notes(notes: Iterable[str]) -> Iterable[str]:
    return (_text(CELL_X, HEIGHT - 62 + 22 * row, note, size=14) for row, note in enumerate(notes))


def _page(title: str, parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="DejaVu Sans, Arial, sans-serif" role="img" aria-label="{escape(title)}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )


def _cell() -> Iterable[str]:
    yield _box(CELL_X, 160, 120, 260, BOARD)
    yield _text(CELL_X + 60, 150, "load cell", anchor="middle", weight="bold")
    for terminal, colour_name, colour, y in BRIDGE:
        yield _text(CELL_X + 110, y + 5, colour_name, anchor="end")
        yield _line([(CELL_X + 120, y), (MODULE_X, y)], colour)
        yield _text(MODULE_X + 8, y + 5, terminal)
    yield _line([(CELL_X + 60, 420), (CELL_X + 60, 470), (MODULE_X + 60, 470)], WHITE, dashed=True)
    yield _text(CELL_X + 68, 462, "shield, joined to GND here only", size=13)


def _module() -> Iterable[str]:
    yield _box(MODULE_X, 130, MODULE_W, 360, MODULE)
    yield _text(MODULE_X + MODULE_W / 2, 120, "HX711 module", anchor="middle", weight="bold")
    for name, y in TERMINALS.items():
        yield _text(MODULE_X + MODULE_W - 8, y + 5, name, anchor="end")
    yield _line([(MODULE_X + MODULE_W - 58, 225), (MODULE_X + 120, 225), (MODULE_X + 120, 155)], ORANGE)
    yield _text(MODULE_X + 112, 165, "RATE", anchor="end")
    yield _line([(MODULE_X + 60, 470), (MODULE_X + 165, 470), (MODULE_X + 165, 450)], BLACK)


def _header_outline() -> Iterable[str]:
    yield _box(HEADER_X - 22, HEADER_Y - 22, 70, 20 * PITCH + 20, BOARD)
    yield _text(HEADER_X + 13, HEADER_Y - 30, "Raspberry Pi, 40 pins", anchor="middle", weight="bold")


def _pins(used: set[int], words: dict[int, str]) -> Iterable[str]:
    for pin in range(1, 41):
        x, y = _pin(pin)
        fill = INK if pin in used else PAPER
        yield f'<circle cx="{x}" cy="{y}" r="8" fill="{fill}" stroke="{INK}"/>'
        yield _text(x, y + 4, str(pin), size=9, anchor="middle", colour=PAPER if pin in used else INK)
        word = words.get(pin) or (SUPPLY_PINS.get(pin, "") if pin in used else "")
        if word:
            yield _text(HEADER_X + 54, y + 5, f"{pin}: {word}", size=13)


def _pin(pin: int) -> tuple[int, int]:
    return HEADER_X + (26 if pin % 2 == 0 else 0), HEADER_Y + (pin - 1) // 2 * PITCH


def _wire(wire: Wire) -> str:
    return _line(_way((MODULE_X + MODULE_W, TERMINALS[wire.terminal]), wire.lane_x, wire.pin), wire.colour)


def _way(start: tuple[int, int], lane_x: int, pin: int) -> list[tuple[float, float]]:
    """From a terminal along its lane to a pin; the far row is reached between two pins of the near one."""
    x, y = _pin(pin)
    across = y - PITCH // 2 if pin % 2 == 0 else y
    return [start, (lane_x, start[1]), (lane_x, across), (x, across), (x, y)]


def _resistor(x: int, upper: str, lower: str, value: str) -> Iterable[str]:
    top, bottom = TERMINALS[upper], TERMINALS[lower]
    middle = (top + bottom) / 2
    yield _line([(x, top), (x, bottom)], INK)
    yield (
        f'<rect x="{x - 7}" y="{middle - 18}" width="14" height="36" fill="{PAPER}" '
        f'stroke="{INK}" stroke-width="2"/>'
    )
    yield _text(x + 13, middle + 5, value, size=13)
    for y in (top, bottom):
        yield f'<circle cx="{x}" cy="{y}" r="4" fill="{INK}"/>'


def _line(points: list[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    dash = ' stroke-dasharray="6 5"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="3"{dash}/>'


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="{fill}" '
        f'stroke="{INK}" stroke-width="2"/>'
    )


def _text(
    x: float, y: float, words: str, *, size: int = 15, anchor: str = "start", weight: str = "normal",
    colour: str = INK,
) -> str:  # fmt: skip
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{colour}">{escape(words)}</text>'
    )


def main() -> int:
    stale = 0
    TARGET.mkdir(exist_ok=True)
    pages = {drawing.name: draw(drawing) for drawing in drawings()} | {"bridges": draw_bridges()}
    for name, page in pages.items():
        path = TARGET / f"{name}.svg"
        if "--check" in sys.argv:
            if not path.exists() or path.read_text(encoding="utf-8") != page:
                print(f"{path.relative_to(ROOT)} is out of date: run python tools/draw_wiring.py")
                stale = 1
        else:
            path.write_text(page, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
