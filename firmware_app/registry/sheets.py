"""Tables as files: XLSX and CSV of whatever spreadsheet, in and out.

Rules this file obeys:

* A file is hostile: its size, what it unpacks to, its rows, columns and cells are bounded first.
* Nothing in it is evaluated, followed or fetched: a formula is a complaint, not a value.
* What goes out can be opened by any spreadsheet, and none of its texts is taken for a formula: in XLSX it is
  marked as text; in a CSV an apostrophe stands before it, which is taken off again on the way in.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from firmware_app.registry.columns import FORMULA_FOUND, Cell, known_header
from firmware_app.registry.table import HEADER_WITHIN, MOST_ROWS, NoTable

MAX_FILE = 8 << 20
MAX_UNPACKED = 64 << 20
MAX_PARTS = 1000
MOST_COLUMNS = 100
MAX_FIELD = 4096
FORMULA = "=+-@＝＋－＠\t\r"
"""What a spreadsheet may take for the beginning of a formula."""
DELIMITERS = ",;\t"

_NOT_PLAIN = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)|\x00", re.IGNORECASE)
"""A document type, by which XML grows without end; or another encoding, in which one could hide."""
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)


def read_rows(data: bytes, name: str) -> Iterator[Sequence[Cell]]:
    """The rows of the first sheet; raises NoTable with a sentence that begins with ``name``."""
    if len(data) > MAX_FILE:
        raise NoTable(f"{name}: more than {MAX_FILE >> 20} MiB: this is not the file that is meant")
    if data.startswith(b"PK\x03\x04"):
        yield from _xlsx_rows(data, name)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise NoTable(f"{name}: an old or encrypted workbook: save it as .xlsx without a password, or as CSV")
    else:
        yield from _csv_rows(data, name)


def write_rows(rows: Iterable[Sequence[str]], path: Path) -> bytes:
    """The bytes of a file of the kind that the name says; raises NoTable for another kind."""
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return _xlsx(rows)
    if suffix == ".csv":
        return _csv(rows)
    raise NoTable(f"{path.name}: give a name that ends in .xlsx or .csv")


# ------------------------------------------------------------------------------------------------- XLSX


def _xlsx_rows(data: bytes, name: str) -> Iterator[Sequence[Cell]]:
    # A third of a second of import: only for those who have such a file.
    from openpyxl import load_workbook

    _check_parts(data, name)
    broken = f"{name}: not a workbook that can be read; save it anew as .xlsx, or as CSV"
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Exception as error:
        # openpyxl lets through whatever a damaged part provokes.
        raise NoTable(broken) from error
    try:
        if not book.worksheets:
            raise NoTable(f"{name}: a workbook without a sheet")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        last = MOST_ROWS + HEADER_WITHIN + 1
        rows = sheet.iter_rows(max_row=last, max_col=MOST_COLUMNS)
        while True:
            try:
                row = next(rows, None)
            except Exception as error:
                raise NoTable(broken) from error
            if row is None:
                return
            yield [_cell(each) for each in row]
    finally:
        book.close()


def _cell(cell: object) -> Cell:
    kind, value = getattr(cell, "data_type", ""), getattr(cell, "value", None)
    if kind == "f":
        # Not evaluated, and what it once gave is not believed.
        return FORMULA_FOUND
    if kind == "e":
        return str(value)
    return value if isinstance(value, Cell) else str(value)


def _check_parts(data: bytes, name: str) -> None:
    """No bomb, and no document type: parts are small enough together, and plain XML."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise NoTable(f"{name}: unpacks to more than {MAX_UNPACKED >> 20} MiB: it is not opened")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    with archive.open(part) as file:
                        content = file.read(MAX_UNPACKED)
                    if _NOT_PLAIN.search(content):
                        raise NoTable(f"{name}: {part.filename[:60]} is no part of a plain workbook")
    except _UNREADABLE as error:
        raise NoTable(f"{name}: a damaged or encrypted workbook; save it anew as .xlsx") from error


def _xlsx(rows: Iterable[Sequence[str]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("计量器具")
    sheet.freeze_panes = "A2"
    table = [list(row) for row in rows]
    for place in range(len(table[0])):
        widest = max(sum(1 + (ord(char) > 0x2E7F) for char in row[place]) for row in table)
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(40, widest + 2)
    for number, row in enumerate(table):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=text)
            # Text, whatever it begins with; and "@" keeps what is typed over it text as well.
            cell.data_type, cell.number_format = "s", "@"
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# -------------------------------------------------------------------------------------------------- CSV


def _csv_rows(data: bytes, name: str) -> Iterator[Sequence[Cell]]:
    text = _decoded(data, name)
    if "\x00" in text:
        raise NoTable(f"{name}: neither a workbook nor text: give .xlsx or CSV")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        while (row := next(reader, None)) is not None:
            yield [_without_apostrophe(cell) for cell in row[:MOST_COLUMNS]]
    except csv.Error as error:
        raise NoTable(f"{name}: line {reader.line_num}: {error}") from error


def _decoded(data: bytes, name: str) -> str:
    """UTF-8 and UTF-16 as their marks say; else UTF-8 or, as Chinese spreadsheets write it, GB 18030."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if marked else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NoTable(f"{name}: neither UTF-8 nor GB 18030 text: save it as CSV UTF-8, or as .xlsx")


def _delimiter(text: str) -> str:
    """What divides the cells: whatever gives the most known headers near the top."""
    top = [line[:MAX_FIELD] for line in text[: 64 * MAX_FIELD].splitlines()[:HEADER_WITHIN]]

    def known(delimiter: str) -> int:
        return max(
            (sum(bool(known_header(cell.strip('"'))) for cell in line.split(delimiter)) for line in top),
            default=0,
        )

    return max(DELIMITERS, key=known)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_with_apostrophe(cell) for cell in row] for row in rows)
    # With its mark: without one Excel takes UTF-8 for the code page of the machine.
    return out.getvalue().encode("utf-8-sig")


def _with_apostrophe(text: str) -> str:
    return f"'{text}" if text.startswith((*FORMULA, "'")) else text


def _without_apostrophe(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] and text[1:].startswith((*FORMULA, "'")) else text
