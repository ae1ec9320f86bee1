"""The slip as a bitmap: lines of text and the QR code, 384 dots wide (58 mm paper, 8 dots a millimetre).

Rules this file obeys:

* One bit a dot, nothing grey: a thermal head knows no shades.
* A number never parts from its unit at a line end: no break at U+00A0.
* The QR code keeps its quiet zone of four modules and whole dots a module (ISO/IEC 18004 6.3.8).
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from firmware_app import qr
from firmware_app.ledger.errors import BadFormat
from firmware_app.qr import QUIET_MODULES

SLIP_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
SLIP_FACE = 2
"""SC in the collection that Debian's fonts-noto-cjk installs."""
WIDTH = 384
MARGIN = 8
TEXT_DOTS = 26
LINE_DOTS = 36
MIN_MODULE_DOTS = 3
MAX_LINES = 200

# A run without a break: Latin, digits and U+00A0 hold together, each CJK character stands alone.
_PIECES = re.compile(
    r"[ \t]+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^ \t\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+"
)
_NOT_FIRST = "，。；：、）》！？,.;:)!?"


def slip_png(lines: Sequence[str], text: str, font: Path, font_index: int = 0) -> bytes:
    """The slip as a PNG of one bit a dot, ``WIDTH`` wide: ``lines`` above, the QR code of ``text`` below.

    An empty line leaves room. ``font_index``: face in a collection (2 is SC in Noto Sans CJK).
    Raises BadFormat where the text does not fit a QR code of modules that a phone can read, or a word
    does not fit a line; OSError where the font cannot be read.
    """
    face = ImageFont.truetype(str(font), TEXT_DOTS, index=font_index)
    rows = [row for line in lines for row in wrapped(line, face)]
    if len(rows) > MAX_LINES:
        raise BadFormat(f"a slip has at most {MAX_LINES} lines")
    code = qr_image(text)
    image = Image.new("1", (WIDTH, MARGIN + len(rows) * LINE_DOTS + code.height + MARGIN), 1)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    for number, row in enumerate(rows):
        draw.text((MARGIN, MARGIN + number * LINE_DOTS), row, font=face, fill=0)
    image.paste(code, ((WIDTH - code.width) // 2, MARGIN + len(rows) * LINE_DOTS))
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(203, 203))
    return out.getvalue()


def qr_image(text: str) -> Image.Image:
    """The QR code with its quiet zone, as many whole dots a module as ``WIDTH`` allows; raises BadFormat.

    Error correction M, or L where that makes the modules larger: on thermal paper size counts for more.
    """
    matrix = max((_matrix(text, "m"), _matrix(text, "l")), key=_module_dots)
    dots = _module_dots(matrix)
    if dots < MIN_MODULE_DOTS:
        raise BadFormat(f"a QR code of {len(text)} characters is too fine for this paper")
    modules = len(matrix) + 2 * QUIET_MODULES
    small = Image.new("1", (modules, modules), 1)
    for y, row in enumerate(matrix, QUIET_MODULES):
        for x, dark in enumerate(row, QUIET_MODULES):
            if dark:
                small.putpixel((x, y), 0)
    return small.resize((modules * dots, modules * dots), Image.Resampling.NEAREST)


def _matrix(text: str, level: qr.Level) -> tuple[bytes, ...]:
    try:
        return qr.modules(text, level)
    except qr.TooLong as error:
        raise BadFormat(str(error)) from error


def _module_dots(matrix: tuple[bytes, ...]) -> int:
    return WIDTH // (len(matrix) + 2 * QUIET_MODULES)


def wrapped(line: str, face: ImageFont.FreeTypeFont) -> list[str]:
    """The line in rows that fit the paper; raises BadFormat where a word alone is too wide."""
    rows, row = [], ""
    for found in _PIECES.findall(line):
        piece = found
        if face.getlength((row + piece).rstrip(" \t")) <= WIDTH - 2 * MARGIN:
            row += piece
            continue
        if face.getlength(piece) > WIDTH - 2 * MARGIN:
            raise BadFormat(f"{piece!r} is wider than the paper")
        if piece in _NOT_FIRST and len(row) > 1:
            row, piece = row[:-1], row[-1] + piece
        rows.append(row.rstrip(" \t"))
        row = piece.lstrip(" \t")
    return [*rows, row.rstrip(" \t")]
