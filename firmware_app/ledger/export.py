"""The export: one file, ``ledger.ndjson``, that anybody can check without this program.

Rules this file obeys:

* Entry texts in order, then receipt texts by number; each line ends with exactly one line feed.
* It is written whole or not at all.
* ``tools/check_ledger.py`` reads it and shares no line with this program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from firmware_app import durable
from firmware_app.ledger.reader import LedgerReader

NAME = "ledger.ndjson"


def export_lines(ledger: LedgerReader) -> Iterator[bytes]:
    """The lines of the export, each with its line feed.

    Receipts upon entries that came after the last line written are left for the next export.
    """
    last = 0
    for jws in ledger.all_lines():
        last += 1
        yield jws.encode() + b"\n"
    for jws in ledger.receipt_lines():
        if ledger.check_receipt(jws).seq <= last:
            yield jws.encode() + b"\n"


def write_export(ledger: LedgerReader, path: Path, progress: Callable[[int], None] | None = None) -> int:
    """Writes the export to ``path`` whole and synced; gives the number of lines, which ``progress`` is told.

    Raises OSError, and what reading the ledger raises.
    """
    with durable.writing(path) as file:
        return _write(export_lines(ledger), file.write, progress)


def _write(
    lines: Iterable[bytes], write: Callable[[bytes], int], progress: Callable[[int], None] | None
) -> int:
    number = 0
    for number, line in enumerate(lines, 1):
        write(line)
        if progress is not None:
            progress(number)
    return number
