"""Labels for the stalls of a market as sheets of A4: the number large, the name, and a QR code to scan.

Rules this file obeys:

* The code says what `labels.find_label` understands: the text registered for the stall, else the label's own.
* The code keeps its quiet zone and is printed as rectangles, so that no printer blurs it.
* Fonts are embedded as subsets. A text that is too long is set smaller, never cut.

========  ========================================================================================
sheet     2 × 4 labels of 95 × 67 mm, cut marks in the margin and between them
code      38 mm with its quiet zone: of version 3 (29 modules) a module is 1.03 mm, to be read from
          about 40 cm (ten times the width is the usual rule of thumb)
========  ========================================================================================
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from fpdf import FPDF

from firmware_app import qr
from firmware_app.errors import SteelyardError
from firmware_app.qr import QUIET_MODULES
from firmware_app.quantity import show_mass
from firmware_app.registry.labels import scale_label, stall_label
from firmware_app.registry.registry import Registry, Scale, Stall, normal

FONTS = Path("/usr/share/fonts")
HAN = (FONTS / "opentype/noto/NotoSansCJK-Regular.ttc", FONTS / "opentype/noto/NotoSansCJK-Bold.ttc")
HAN_FACE = 2
"""SC in the collections of Debian's fonts-noto-cjk."""
TIBETAN = FONTS / "truetype/noto/NotoSerifTibetan-Regular.ttf"
SHEET_MM = (210.0, 297.0)
LABEL_MM = (95.0, 67.0)
ACROSS, DOWN = 2, 4
CODE_MM = 38.0
PADDING_MM = 5.0
MARK_MM = 4.0
MM_PER_POINT = 25.4 / 72
NUMBER_POINTS, SMALL_POINTS = 64.0, 8.5
LEADING = 1.25
"""From one line to the next in sizes."""
NAME_STEPS = ((1, 22.0, 15.0), (2, 18.0, 13.0), (3, 15.0, 9.0), (5, 10.0, 6.0))
FACT_STEPS = ((1, 13.0, 9.0), (2, 10.0, 6.0))
"""So many lines between these sizes in points, the first that does."""
BREAKS = " ་、,，-/"
HINT = "扫码核查本摊的秤"
SCALE_HINT = "扫码核查这台秤"
MOST = 5000
Steps = tuple[tuple[int, float, float], ...]
Box = tuple[float, float, float]
"""Left and upper edge, and width, in mm."""


class BadLabels(SteelyardError):
    """The sheet cannot be made; the message says why."""


class Label(msgspec.Struct, frozen=True):
    """One label: the text of its code, what stands large, and the lines below."""

    code: str
    large: str
    lines: tuple[str, ...]
    hint: str


def stall_labels(registry: Registry, only: Sequence[str] = ()) -> tuple[Label, ...]:
    """One label a stall in the order of the registry, or of ``only``; raises BadLabels for an unknown one."""
    stalls = [_stall(registry, code) for code in only] or registry.stalls
    return tuple(
        Label(
            stall.qr or stall_label(stall.code),
            stall.code,
            (stall.name,) if stall.name and normal(stall.name) != normal(stall.code) else (),
            HINT,
        )
        for stall in stalls
    )


def scale_labels(registry: Registry, only: Sequence[str] = ()) -> tuple[Label, ...]:
    """One label a scale of these stalls, or of all."""
    codes = {_stall(registry, code).code for code in only}
    scales = [scale for scale in registry.scales if not codes or scale.stall in codes]
    return tuple(_of_scale(scale) for scale in scales)


def label_sheets(labels: Sequence[Label]) -> bytes:
    """The PDF; raises BadLabels where a font is missing, a text fits no code, or there are none."""
    if not 1 <= len(labels) <= MOST:
        raise BadLabels(f"{len(labels)} labels: 1 … {MOST} can be printed at once")
    pdf = _document(labels)
    for number, label in enumerate(labels):
        place = number % (ACROSS * DOWN)
        if place == 0:
            pdf.add_page()
            _cut_marks(pdf)
        left, top = _corner(place)
        _draw(pdf, label, left, top)
    return bytes(pdf.output())


def _stall(registry: Registry, code: str) -> Stall:
    for stall in registry.stalls:
        if normal(stall.code) == normal(code):
            return stall
    raise BadLabels(f"there is no stall {code[:60]!r}; see steelyard registry list")


def _of_scale(scale: Scale) -> Label:
    facts = (scale.name or scale.model, f"出厂编号 {scale.serial}" if scale.serial else "")
    limits = f"Max {show_mass(scale.max_g)}  e = {show_mass(scale.e_g)}"
    lines = (f"摊位 {scale.stall}", *(fact for fact in facts if fact), limits)
    return Label(scale.qr or scale_label(scale.id), scale.id, lines, SCALE_HINT)


def _document(labels: Sequence[Label]) -> FPDF:
    pdf = FPDF(unit="mm", format=SHEET_MM)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.set_title("摊位标签")
    # The same registry gives the same file.
    pdf.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    for font in HAN:
        if not font.is_file():
            raise BadLabels(f"font {font} is missing: install the package fonts-noto-cjk")
    pdf.add_font("han", "", str(HAN[0]), collection_font_number=HAN_FACE)
    pdf.add_font("han", "B", str(HAN[1]), collection_font_number=HAN_FACE)
    text = "".join(part for label in labels for part in (label.large, *label.lines))
    if any("TIBETAN" in unicodedata.name(char, "") for char in text):
        _add_tibetan(pdf)
    return pdf


def _add_tibetan(pdf: FPDF) -> None:
    if not TIBETAN.is_file():
        raise BadLabels(f"font {TIBETAN} is missing: install the package fonts-noto-core")
    for style in ("", "B"):
        pdf.add_font("tibetan", style, str(TIBETAN))
    pdf.set_fallback_fonts(["tibetan"], exact_match=False)
    pdf.set_text_shaping(True)


def _corner(place: int) -> tuple[float, float]:
    """Of the label: its left upper corner in mm."""
    left, top = _margins()
    return left + place % ACROSS * LABEL_MM[0], top + place // ACROSS * LABEL_MM[1]


def _margins() -> tuple[float, float]:
    return (SHEET_MM[0] - ACROSS * LABEL_MM[0]) / 2, (SHEET_MM[1] - DOWN * LABEL_MM[1]) / 2


def _cut_marks(pdf: FPDF) -> None:
    """Short lines at the ends of every cut, and small crosses where cuts meet."""
    pdf.set_draw_color(150)
    pdf.set_line_width(0.15)
    left, top = _margins()
    columns = [left + n * LABEL_MM[0] for n in range(ACROSS + 1)]
    rows = [top + n * LABEL_MM[1] for n in range(DOWN + 1)]
    for x in columns:
        for start, end in ((top - MARK_MM - 1, top - 1), (rows[-1] + 1, rows[-1] + 1 + MARK_MM)):
            pdf.line(x, start, x, end)
    for y in rows:
        for start, end in ((left - MARK_MM - 1, left - 1), (columns[-1] + 1, columns[-1] + 1 + MARK_MM)):
            pdf.line(start, y, end, y)
    for x in columns[1:-1]:
        for y in rows[1:-1]:
            pdf.line(x - MARK_MM / 2, y, x + MARK_MM / 2, y)
            pdf.line(x, y - MARK_MM / 2, x, y + MARK_MM / 2)


def _draw(pdf: FPDF, label: Label, left: float, top: float) -> None:
    width, height = LABEL_MM
    _code(pdf, label.code, left + PADDING_MM, top + (height - CODE_MM) / 2 - 3)
    pdf.set_text_color(90)
    below = (left + PADDING_MM, top + (height + CODE_MM) / 2 - 1, CODE_MM)
    _line(pdf, label.hint, below, SMALL_POINTS)
    pdf.set_text_color(0)
    column = left + PADDING_MM + CODE_MM + PADDING_MM
    room = width - CODE_MM - 3 * PADDING_MM
    set_as = [(label.large, _fitting(pdf, label.large, room, NUMBER_POINTS, "B"), "B")]
    steps = NAME_STEPS if len(label.lines) == 1 else FACT_STEPS
    for line in label.lines:
        set_as += [(part, points, "") for part, points in _wrapped(pdf, line, room, steps)]
    y = top + (height - sum(points for _, points, _ in set_as) * LEADING * MM_PER_POINT) / 2
    for text, points, style in set_as:
        y += _line(pdf, text, (column, y, room), points, style)


def _line(pdf: FPDF, text: str, box: Box, points: float, style: str = "") -> float:
    """One line, centred in its box, as large as fits; its height in mm."""
    left, top, room = box
    points = _fitting(pdf, text, room, points, style)
    height = points * LEADING * MM_PER_POINT
    pdf.set_xy(left, top)
    pdf.cell(room, height, text, align="C")
    return height


def _fitting(pdf: FPDF, text: str, room: float, points: float, style: str = "") -> float:
    """The size at which the text fits, at most ``points``; the font is set to it."""
    pdf.set_font("han", style, points)
    wide = pdf.get_string_width(text)
    if wide > room:
        points = points * room / wide * 0.98
        pdf.set_font("han", style, points)
    return points


def _wrapped(pdf: FPDF, text: str, room: float, steps: Steps) -> list[tuple[str, float]]:
    """The text in as few lines as can be read well, each with its size."""
    pdf.set_font("han", "", 1)
    widths = [pdf.get_string_width(char) for char in text]
    for most, largest, least in steps:
        points = largest
        while points >= least:
            lines = _broken(text, widths, room / points)
            if len(lines) <= most:
                return [(line, points) for line in lines]
            points -= 1
    most, _, least = steps[-1]
    lines = _broken(text, widths, room / least)
    # What is longer still goes smaller into the last line: nothing is cut.
    last = "".join(lines[most - 1 :])
    return [*((line, least) for line in lines[: most - 1]), (last, _fitting(pdf, last, room, least))]


def _broken(text: str, widths: Sequence[float], room: float) -> list[str]:
    """The text in lines: broken at a space or tsheg where there is one, else anywhere.

    ``widths``: of its characters at one point, ``room`` divided by the size. Stacked letters take less room
    than the sum; each line is fitted once more when it is drawn.
    """
    lines, begin = [], 0
    while begin < len(text):
        end, wide = begin, 0.0
        while end < len(text) and (end == begin or wide + widths[end] <= room):
            wide += widths[end]
            end += 1
        if end < len(text):
            breaks = [place for place in range(begin + 1, end + 1) if text[place - 1] in BREAKS]
            end = breaks[-1] if breaks else end
        lines.append(text[begin:end].strip())
        begin = end
    return [line for line in lines if line]


def _code(pdf: FPDF, text: str, left: float, top: float) -> None:
    try:
        rows = qr.modules(text, "m", boost=True)
    except qr.TooLong as error:
        raise BadLabels(str(error)) from error
    size = CODE_MM / (len(rows) + 2 * QUIET_MODULES)
    pdf.set_fill_color(0)
    for y, row in enumerate(rows):
        for start, length in _runs(row):
            x = left + (start + QUIET_MODULES) * size
            pdf.rect(x, top + (y + QUIET_MODULES) * size, length * size, size, style="F")


def _runs(row: bytes) -> Iterator[tuple[int, int]]:
    """Where dark modules begin, and how many there are side by side."""
    start = -1
    for place, dark in enumerate((*row, 0)):
        if dark and start < 0:
            start = place
        elif not dark and start >= 0:
            yield start, place - start
            start = -1
