"""Points from a CSV file that somebody typed or a script wrote.

Rules this file obeys:

* Bounded and validated here, once: size, rows, columns, every figure; a complaint names the row.
* Columns are known by their heading, in any order: a load (grams or kilograms), and counts of one cell or
  of several. Optional: u (of the counts), load_u, direction, cycle, time, temperature, pieces.
* Rows without figures in the chosen columns are left out; half-filled ones are refused.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from firmware_app.calibrating.points import MOST_POINTS, CalibratingError, Direction, Point

MOST_BYTES = 1 << 20
MOST_COLUMNS = 40
MOST_CHARACTERS = 200
MOST_COMPLAINTS = 5
REACH_G = 1e7
REACH_COUNTS = float(1 << 31)

LOAD = re.compile(
    r"^(weights?|loads?|mass(es)?|grams?|kg|kilograms?|g|gf|gmf|nominal|reference|重量|质量|载荷|砝码|千?克|公斤)\b"
)
LOAD_WITHIN = re.compile(r".*\b(weights?|mass(es)?|grams?|kg|g|gf)\b")
OTHER_UNIT = re.compile(
    r"(?<![^\W_])(mg|milligrams?|lbs?|pounds?|oz|ounces?|k?n|newtons?|t|tons?|tonnes?|市?斤|两|毫克|吨)(?![^\W_])"
)
"""Units of loads that are not taken: a figure in one of them must not pass for grams."""
DOUBT = re.compile(r"^(u|sd|std|stdev|sigma|uncertainty|noise)\b")
DIRECTION = re.compile(r"^(direction|dir|up_?down|branch)\b")
CYCLE = re.compile(r"^(cycle|run|series)\b")
TIME = re.compile(r"^(t_s|time|t|seconds?)\b")
LOAD_DOUBT = re.compile(r"^(load u|grams u|u load|u grams)\b")
PIECES = re.compile(r"^(pieces)\b")
WARMTH = re.compile(r"^(temperature|temp|t_c|celsius)\b")
KILOGRAMS = re.compile(r"(^|[^a-z])(kg|kgf|kilograms?|千克|公斤)($|[^a-z])")
FIGURE = re.compile(r"[+-]?(\d{1,12}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?")
"""A mean that a script wrote in full has 17 digits, and more decimals where it is small."""
WAYS = {
    "up": Direction.UP,
    "loading": Direction.UP,
    "+": Direction.UP,
    "↑": Direction.UP,
    "down": Direction.DOWN,
    "unloading": Direction.DOWN,
    "-": Direction.DOWN,
    "↓": Direction.DOWN,
    "": Direction.UNKNOWN,
}


class BadPoints(CalibratingError):
    """The file of points cannot be used; the message names the row and what is expected there."""


class Column(msgspec.Struct, frozen=True):
    """The counts of one cell, with the points that were taken of it."""

    name: str
    points: tuple[Point, ...]


class _Headings(msgspec.Struct, frozen=True):
    load: int
    factor: Decimal
    counts: tuple[tuple[int, str], ...]
    doubt: int | None = None
    direction: int | None = None
    cycle: int | None = None
    time: int | None = None
    warmth: int | None = None
    load_doubt: int | None = None
    pieces: int | None = None


def read_points(path: Path) -> tuple[Column, ...]:
    """Every column of counts in the file with its points; raises BadPoints, or OSError."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    return parse_points(data, path.name)


def parse_points(data: bytes, name: str = "points") -> tuple[Column, ...]:
    """As ``read_points``, of the bytes of a file."""
    if len(data) > MOST_BYTES:
        raise BadPoints(f"{name}: more than {MOST_BYTES} bytes: this is not the file that is meant")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPoints(f"{name}: not UTF-8 text: {error}") from error
    rows = _rows(text, name)
    if not rows:
        raise BadPoints(f"{name}: empty: give a heading such as grams,counts and one row a load")
    if all(FIGURE.fullmatch(cell) for cell in rows[0][1] if cell):
        raise BadPoints(
            f"{name}: row {rows[0][0]}: figures without a heading; begin the file with the line grams,counts"
        )
    headings = _headings(rows[0][1], name)
    if len(rows) - 1 > MOST_POINTS:
        raise BadPoints(f"{name}: {len(rows) - 1} rows; at most {MOST_POINTS} points are taken")
    columns = [Column(title, _points(rows[1:], headings, at, name)) for at, title in headings.counts]
    filled = tuple(column for column in columns if column.points)
    if not filled:
        raise BadPoints(f"{name}: no row has both a load and counts")
    return filled


def _rows(text: str, name: str) -> list[tuple[int, list[str]]]:
    """Rows with their line numbers, cells stripped; remarks (#) and blank lines are left out."""
    if "\0" in text:
        raise BadPoints(f"{name}: has NUL characters: this is no text file")
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t", key=first.count)
    decimal_comma = delimiter != ","
    rows = []
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if len(line) > MOST_COLUMNS * MOST_CHARACTERS:
            raise BadPoints(f"{name}: row {number}: longer than any row of figures")
        cells = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
        if len(cells) > MOST_COLUMNS:
            raise BadPoints(f"{name}: row {number}: {len(cells)} columns; at most {MOST_COLUMNS} are read")
        stripped = [cell.strip() for cell in cells]
        if decimal_comma:
            stripped = [cell.replace(",", ".") for cell in stripped]
        if any(stripped):
            rows.append((number, stripped))
    return rows


def _headings(cells: Sequence[str], name: str) -> _Headings:
    titles = [re.sub(r"[\s_]+", "_", cell.lower()).strip("_") for cell in cells]
    plain = [title.replace("_", " ") for title in titles]

    def where(pattern: re.Pattern[str], taken: set[int]) -> int | None:
        found = (at for at, title in enumerate(plain) if at not in taken and pattern.match(title))
        at = next(found, None)
        if at is not None:
            taken.add(at)
        return at

    taken: set[int] = {at for at, title in enumerate(titles) if not title}
    load_doubt, pieces = where(LOAD_DOUBT, taken), where(PIECES, taken)
    load = where(LOAD, taken)
    if load is None:
        load = where(LOAD_WITHIN, taken)
    if load is None:
        raise BadPoints(
            f"{name}: row 1: no column of loads among {', '.join(cells[:8])!r}: name one grams or weight"
        )
    if unit := OTHER_UNIT.search(plain[load]):
        raise BadPoints(
            f"{name}: row 1: loads in {unit.group()!r} ({cells[load][:40]!r}): give them in"
            " grams or kilograms"
        )
    rest = {each: where(each, taken) for each in (DOUBT, DIRECTION, CYCLE, WARMTH, TIME)}
    counts = tuple((at, cells[at][:40]) for at in range(len(cells)) if at not in taken)
    if not counts:
        raise BadPoints(f"{name}: row 1: no column of counts: name one counts (or reading)")
    if len({title for _, title in counts}) < len(counts):
        raise BadPoints(f"{name}: row 1: two columns have the same name; give each cell its own")
    return _Headings(
        load,
        Decimal(1000) if KILOGRAMS.search(plain[load]) else Decimal(1),
        counts,
        rest[DOUBT],
        rest[DIRECTION],
        rest[CYCLE],
        rest[TIME],
        rest[WARMTH],
        load_doubt,
        pieces,
    )


def _points(
    rows: Sequence[tuple[int, list[str]]], headings: _Headings, column: int, name: str
) -> tuple[Point, ...]:
    complaints: list[str] = []
    points = []
    for number, cells in rows:
        try:
            point = _point(number, cells, headings, column)
        except ValueError as error:
            complaints.append(f"row {number}: {error}")
            continue
        if point is not None:
            points.append(point)
    if complaints:
        more = f" … and {len(complaints) - MOST_COMPLAINTS} more" if len(complaints) > MOST_COMPLAINTS else ""
        raise BadPoints(f"{name}: {'; '.join(complaints[:MOST_COMPLAINTS])}{more}")
    return _directed(points) if headings.direction is None else tuple(points)


def _point(number: int, cells: Sequence[str], headings: _Headings, column: int) -> Point | None:
    load, counts = _cell(cells, headings.load), _cell(cells, column)
    if not counts:
        # A load that was not put on this cell.
        return None
    if not load:
        raise ValueError("counts without a load")
    grams = _figure(load, "load", REACH_G / float(headings.factor)) * headings.factor
    doubt = _optional(cells, headings.doubt, "uncertainty", REACH_COUNTS)
    load_doubt = _optional(cells, headings.load_doubt, "uncertainty of the load", REACH_G)
    if min(doubt or 0.0, load_doubt or 0.0) < 0:
        raise ValueError("an uncertainty is below zero")
    cycle = _optional(cells, headings.cycle, "cycle", 1e6)
    way = "" if headings.direction is None else _cell(cells, headings.direction).lower()
    if way not in WAYS:
        raise ValueError(f"direction {way[:20]!r}: give up or down")
    return Point(
        row=number,
        load_g=float(grams),
        counts=float(_figure(counts, "counts", REACH_COUNTS)),
        counts_u=doubt or None,
        direction=WAYS[way],
        cycle=round(cycle or 0),
        at_s=_optional(cells, headings.time, "time", 1e12),
        temperature_c=_optional(cells, headings.warmth, "temperature", 200.0),
        load_u_g=load_doubt or 0.0,
        pieces=tuple(("" if headings.pieces is None else _cell(cells, headings.pieces)).split()),
        load_text=format(grams, "f"),
        counts_text=counts,
    )


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at] if at < len(cells) else ""


def _optional(cells: Sequence[str], at: int | None, what: str, reach: float) -> float | None:
    text = "" if at is None else _cell(cells, at)
    return float(_figure(text, what, reach)) if text else None


def _figure(text: str, what: str, reach: float) -> Decimal:
    try:
        if not FIGURE.fullmatch(text):
            raise InvalidOperation
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{what} {text[:20]!r} is no figure") from error
    if not abs(value) <= Decimal(repr(reach)) or not math.isfinite(float(value)):
        raise ValueError(f"{what} {text[:20]} is beyond ± {reach:g}")
    return value


def _directed(points: Sequence[Point]) -> tuple[Point, ...]:
    """Directions from the order of the rows, where the same loads come rising as well as falling."""
    ways: dict[float, set[Direction]] = {}
    told: list[Direction] = []
    way = Direction.UP
    loads = [abs(point.load_g) for point in points]
    for here, after in itertools.zip_longest(loads, loads[1:]):
        before = loads[len(told) - 1] if told else here
        if here != before:
            way = Direction.UP if here > before else Direction.DOWN
        turning = after is not None and before < here and after < here
        told.append(Direction.UP if turning else way)
        if here:
            ways.setdefault(here, set()).add(told[-1])
    both = sum(1 for seen in ways.values() if len(seen) > 1)
    same_side = min(point.load_g for point in points) >= 0 if points else False
    if both < 2 or not same_side:
        return tuple(points)
    return tuple(
        msgspec.structs.replace(point, direction=each) for point, each in zip(points, told, strict=True)
    )
