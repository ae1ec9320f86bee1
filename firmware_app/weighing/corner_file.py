"""Readings of a corner test as CSV, and back.

Rules this file obeys:

* A file is hostile until read: every message names the line, memory is bounded.
* The row ``empty`` is the plate without a load; it must be there, and what is above it counts.

::

    place,corner_1,corner_2,corner_3,corner_4,standard
    empty,84012,83011,85400,84790,4
    middle,461800,469900,453000,447100,4

``standard``, the standard uncertainty of each figure in counts, may be left out. Where only the sum of the
bridges is wired there is one column ``counts`` in place of the corners.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from firmware_app.weighing.corners import MOST_PLACES, BadCornerTest, CornerReading

EMPTY = "empty"
MAX_BYTES = 64 * 1024
MAX_PLACE = 60


def parse(data: bytes, where: str) -> list[CornerReading]:
    """The places of a file, less the empty plate; raises BadCornerTest that begins with ``where``."""
    if len(data) > MAX_BYTES:
        raise BadCornerTest(f"{where}: more than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadCornerTest(f"{where}: not UTF-8 text") from None
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    if not lines:
        raise BadCornerTest(f"{where}: empty")
    header = tuple(cell.strip() for cell in lines[0][1].split(","))
    corners = _corners(header, f"{where}:{lines[0][0]}")
    rows = [_row(line, header, corners, f"{where}:{number}") for number, line in lines[1:]]
    return less_empty(rows, where)


def less_empty(rows: Sequence[CornerReading], where: str) -> list[CornerReading]:
    """The loaded places, each less the mean of the empty ones; raises BadCornerTest."""
    empty = [row for row in rows if row.place == EMPTY]
    loaded = [row for row in rows if row.place != EMPTY]
    if not empty:
        raise BadCornerTest(f"{where}: no row {EMPTY!r}: read the plate without a load, too")
    if len(loaded) > MOST_PLACES:
        raise BadCornerTest(f"{where}: more than {MOST_PLACES} places")
    zero = [math.fsum(row.counts[n] for row in empty) / len(empty) for n in range(len(empty[0].counts))]
    zero_u = max((row.standard or 0.0) for row in empty) / math.sqrt(len(empty))
    return [
        CornerReading(
            row.place,
            tuple(counts - nought for counts, nought in zip(row.counts, zero, strict=True)),
            None if row.standard is None else math.hypot(row.standard, zero_u),
        )
        for row in loaded
    ]


def write(rows: Sequence[CornerReading], remark: str) -> str:
    """The rows, the empty plate among them, as ``parse`` reads them."""
    names = (
        ["counts"] if len(rows[0].counts) == 1 else [f"corner_{n + 1}" for n in range(len(rows[0].counts))]
    )
    out = io.StringIO()
    out.write(f"# {remark}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["place", *names, "standard"])
    for row in rows:
        standard = "" if row.standard is None else f"{row.standard:.3f}"
        writer.writerow([row.place, *(f"{counts:.3f}" for counts in row.counts), standard])
    return out.getvalue()


def _corners(header: tuple[str, ...], where: str) -> int:
    """How many columns hold counts."""
    names = header[1:-1] if header[-1] == "standard" else header[1:]
    numbered = tuple(f"corner_{n + 1}" for n in range(len(names)))
    if header[0] != "place" or not (names == ("counts",) or (names == numbered and 2 <= len(names) <= 4)):
        raise BadCornerTest(
            f"{where}: the header must be place,corner_1,corner_2 … (2 to 4 corners) or place,counts, "
            f"and is {','.join(header)[:80]!r}"
        )
    return len(names)


def _row(line: str, header: tuple[str, ...], corners: int, where: str) -> CornerReading:
    cells = [cell.strip() for cell in next(csv.reader([line]))]
    if len(cells) != len(header):
        raise BadCornerTest(f"{where}: {len(cells)} columns where the header has {len(header)}")
    place = cells[0]
    if not 0 < len(place) <= MAX_PLACE:
        raise BadCornerTest(f"{where}: say where the load stood, in 1 to {MAX_PLACE} letters")
    counts = tuple(_number(cell, where) for cell in cells[1 : 1 + corners])
    extra = cells[1 + corners] if len(cells) > 1 + corners else ""
    return CornerReading(place, counts, _number(extra, where) if extra else None)


def _number(text: str, where: str) -> float:
    try:
        value = float(text) if len(text) <= 40 else math.nan
    except ValueError:
        value = math.nan
    if not abs(value) < 1e9:
        raise BadCornerTest(f"{where}: {text[:40]!r} is no count")
    return value
