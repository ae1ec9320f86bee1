"""From the rows of a table to stalls and scales, with a complaint for each wrong cell, and back.

Rules this file obeys:

* Every wrong cell is told at once: row, column, what stands there and what to give instead.
* Nothing is guessed: Min, e and class that are not there are asked for, whatever they usually are.
* A row names a scale by its id or, without one, by its serial number; what the table has no column for stays
  as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from firmware_app.quantity import show_mass
from firmware_app.registry.columns import BY_KEY, COLUMNS, FORMULA_FOUND, BadCell, Cell, known_header, text_of
from firmware_app.registry.ranges import Range
from firmware_app.registry.registry import BadRegistry, Registry, Scale, Stall, normal

MOST_ROWS = 5000
MOST_TROUBLES = 200
HEADER_WITHIN = 10
"""Rows above the header: a title and remarks, as templates have them."""
FEWEST_HEADERS = 3
WANTED = ("accuracy_class", "e_g")
Row = Sequence[Cell]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: ``row`` from 1 as the spreadsheet counts, ``column`` its header or empty.

    ``found``: what stands there, shortened; ``remedy``: what to do.
    """

    row: int
    column: str
    found: str
    remedy: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What an import does. ``notes``: what was taken otherwise than it stands there; none is a mistake."""

    registry: Registry
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[Trouble, ...] = ()
    ignored: tuple[str, ...] = ()
    """Headers that are not known."""
    rows: int = 0
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class NoTable(BadRegistry):
    """The file holds no table of scales; the message says what is wanted."""


def change(rows: Iterable[Row], old: Registry, *, replace: bool = False) -> Change:
    """What the table makes of a registry; raises NoTable.

    ``replace``: the table is the whole registry; else it is put into the old one. Rows with troubles are left
    out of it, and whoever imports decides whether the rest is taken.
    """
    table = _Table(old, replace)
    numbered = enumerate(rows, 1)
    table.find_header(numbered)
    for number, row in numbered:
        if number > MOST_ROWS + HEADER_WITHIN:
            raise NoTable(f"more than {MOST_ROWS} rows: split the file")
        table.take(number, row)
    return table.done()


def rows_of(registry: Registry) -> Iterator[tuple[str, ...]]:
    """The header and one row for each scale, stall by stall; a stall without scales has a row of its own."""
    yield tuple(column.header for column in COLUMNS)
    by_stall: dict[str, list[Scale]] = {}
    for scale in registry.scales:
        by_stall.setdefault(scale.stall, []).append(scale)
    for stall in registry.stalls:
        for scale in by_stall.get(stall.code, ()):
            yield tuple(column.show(stall, scale) for column in COLUMNS)
        if stall.code not in by_stall:
            yield (stall.code, stall.name, stall.qr, *[""] * (len(COLUMNS) - 3))


class _Table:
    """Takes one row after another."""

    def __init__(self, old: Registry, replace: bool) -> None:
        self._old = old
        self._before = {normal(scale.id): scale for scale in old.scales}
        self._replace = replace
        self._columns: dict[int, str] = {}
        self._ignored: list[str] = []
        self._troubles: list[Trouble] = []
        self._notes: list[Trouble] = []
        self._stalls: dict[str, Stall] = {}
        self._scales: dict[str, Scale] = {}
        self._texts: dict[str, str] = {}
        self._rows = 0

    def find_header(self, rows: Iterator[tuple[int, Row]]) -> None:
        for number, row in rows:
            named = {place: known_header(cell) for place, cell in enumerate(row)}
            known = {place: key for place, key in named.items() if key}
            if len(known) >= FEWEST_HEADERS:
                doubled = [key for key in known.values() if list(known.values()).count(key) > 1]
                if doubled:
                    raise NoTable(f"row {number}: two columns are {BY_KEY[doubled[0]].header}: remove one")
                self._columns = known
                unknown = (str(row[place])[:40] for place, key in named.items() if not key and row[place])
                self._ignored = list(unknown)
                return
            if number >= HEADER_WITHIN:
                break
        wanted = "、".join(BY_KEY[key].header for key in ("stall", "serial", "range", *WANTED))
        raise NoTable(f"no header in the first {HEADER_WITHIN} rows: wanted are columns such as {wanted}")

    def take(self, number: int, row: Row) -> None:
        if not any(cell not in (None, "") for cell in row):
            return
        self._rows += 1
        before = len(self._troubles)
        values = self._read(number, row)
        if len(self._troubles) > before:
            return
        stall = self._stall(number, values)
        if stall is None:
            return
        if any(key in values for key in BY_KEY if key not in ("stall", "stall_name", "stall_qr", "quantity")):
            scale = self._scale(number, values)
            if scale is None:
                return
            self._scales[normal(scale.id)] = scale
        self._stalls[normal(stall.code)] = stall

    def done(self) -> Change:
        old_stalls = () if self._replace else self._old.stalls
        stalls = {normal(each.code): each for each in old_stalls} | self._stalls
        scales = {} if self._replace else dict(self._before)
        scales |= self._scales
        try:
            registry = Registry(tuple(stalls.values()), tuple(scales.values()))
        except ValueError as error:
            raise NoTable(f"the rows contradict what is registered: {error}; nothing was imported") from error
        new, before = self._scales, self._before
        return Change(
            registry=registry,
            troubles=tuple(self._troubles),
            notes=tuple(self._notes),
            ignored=tuple(self._ignored),
            rows=self._rows,
            added=tuple(scale.id for key, scale in new.items() if key not in before),
            changed=tuple(scale.id for key, scale in new.items() if before.get(key, scale) != scale),
            unchanged=tuple(scale.id for key, scale in new.items() if before.get(key) == scale),
            removed=tuple(scale.id for key, scale in before.items() if key not in scales),
        )

    def _read(self, number: int, row: Row) -> dict[str, Any]:
        """The values of the cells that are not empty."""
        values: dict[str, Any] = {}
        for place, key in self._columns.items():
            cell = row[place] if place < len(row) else None
            notes: list[str] = []
            try:
                if text := text_of(cell):
                    values[key] = BY_KEY[key].read(text, notes)
            except BadCell as error:
                self._trouble(number, key, cell, str(error))
            for note in notes:
                self._notes.append(_told(number, key, cell, note))
        return values

    def _stall(self, number: int, values: Mapping[str, Any]) -> Stall | None:
        code = values.get("stall", "")
        if not code:
            self._trouble(number, "stall", "", "say on which stall it stands, in every row; merged cells too")
            return None
        known = self._stalls.get(normal(code))
        old = next((each for each in self._old.stalls if normal(each.code) == normal(code)), Stall(code=code))
        base = known or old
        stall = Stall(
            code=base.code, name=values.get("stall_name", base.name), qr=values.get("stall_qr", base.qr)
        )
        if known is not None and stall != known:
            self._trouble(number, "stall", code, "an earlier row has another name or code for this stall")
            return None
        for what, text in (("stall", stall.code), ("stall_qr", stall.qr)):
            if not self._own(number, what, text, f"stall {stall.code}"):
                return None
        return stall

    def _scale(self, number: int, values: dict[str, Any]) -> Scale | None:
        id = values.get("id") or values.get("serial", "")
        if not id:
            self._trouble(number, "id", "", "give the scale a 器具编号, or its 出厂编号")
            return None
        if normal(id) in self._scales:
            self._trouble(number, "id" if "id" in values else "serial", id, "an earlier row has this scale")
            return None
        if not all(
            self._own(number, key, text, f"scale {id}")
            for key, text in (("id", id), ("qr", values.get("qr", "")))
        ):
            return None
        old = self._before.get(normal(id))
        if not self._masses(number, values, old):
            return None
        fields = {} if old is None else {f: getattr(old, f) for f in old.__struct_fields__}
        # What the table has a column for is the table's to say, an empty cell included.
        for key in self._columns.values():
            fields.pop(key, None)
        fields |= {key: value for key, value in values.items() if key in Scale.__struct_fields__}
        try:
            return msgspec.convert({**fields, "id": id}, Scale, builtin_types=(Decimal, date))
        except (msgspec.ValidationError, ValueError) as error:
            self._trouble(number, "", "", str(error))
            return None

    def _masses(self, number: int, values: dict[str, Any], old: Scale | None) -> bool:
        """Min and Max out of the range or their own columns, which must agree; what is wanted is there."""
        found: Range | None = values.pop("range", None)
        ends = {} if found is None else {"min_g": found.min_g, "max_g": found.max_g}
        for key, value in ends.items():
            if value is not None and values.setdefault(key, value) != value:
                stands = f"{show_mass(values[key])}, but the range says {show_mass(value)}"
                self._trouble(number, key, stands, "make both agree")
                return False
        for key in (*WANTED, "max_g", "min_g"):
            there = key in values or (old is not None and key not in self._columns.values())
            if not there and not (old is not None and key in ("max_g", "min_g") and found is None):
                remedy = {
                    "max_g": "give the 测量范围, such as 100g~15kg",
                    "min_g": "give it as on the nameplate, or as the lower end of the 测量范围",
                }.get(key, "give it as on the nameplate")
                self._trouble(number, key, "", remedy)
                return False
            if not there and old is not None:
                values[key] = getattr(old, key)
        return True

    def _own(self, number: int, key: str, text: str, owner: str) -> bool:
        """One text must never mean two things."""
        if not text:
            return True
        other = self._texts.setdefault(normal(text), owner)
        if other == owner:
            other = self._elsewhere(text, owner)
        if other != owner:
            self._trouble(number, key, text, f"it means {other} already: give it another one")
            return False
        return True

    def _elsewhere(self, text: str, owner: str) -> str:
        """Who has the text in the old registry, where that stays."""
        if self._replace:
            return owner
        wanted = normal(text)
        for stall in self._old.stalls:
            if wanted in {normal(stall.code), normal(stall.qr)} and owner != f"stall {stall.code}":
                return f"stall {stall.code}"
        for scale in self._old.scales:
            if wanted in {normal(scale.id), normal(scale.qr)} and normal(owner) != normal(
                f"scale {scale.id}"
            ):
                return f"scale {scale.id}"
        return owner

    def _trouble(self, number: int, key: str, cell: Cell, remedy: str) -> None:
        if len(self._troubles) < MOST_TROUBLES:
            self._troubles.append(_told(number, key, cell, remedy))


def _told(number: int, key: str, cell: Cell, remedy: str) -> Trouble:
    found = "" if cell in (None, FORMULA_FOUND) else str(cell)[:60].replace("\u00a0", " ")
    # What a file says must not steer the terminal that shows it.
    shown = "".join(char if char.isprintable() else "?" for char in found)
    return Trouble(row=number, column=BY_KEY[key].header if key else "", found=shown, remedy=remedy)
