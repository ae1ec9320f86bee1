"""What the judge commands share: the day, amounts as typed, answers for programs and for people.

Rules this file obeys:

* Amounts leave as decimal strings of grams under names ending in ``_g``; what there is no figure for is null.
* An amount in a market unit is answered in the legal one, and the answer says so.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from firmware_app.quantity import plain, trimmed
from firmware_app.rules.legal_units import unit_note
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import Pack
from firmware_app.rules.unit_rows import UnitsPack
from firmware_app.uncertainty.decision import Verdict

Rows = list[tuple[str, str]]

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object for a program.")]
On = Annotated[
    datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day whose law counts; today.")
]


def day_of(on: datetime | None) -> date:
    """The day whose law counts."""
    return date.today() if on is None else on.date()


def unit_notes(packs: tuple[Pack, ...], day: date, *typed: str | None) -> tuple[str, ...]:
    """A sentence for every amount, also of ranges, that was typed in a market unit; raises BadAmount."""
    pack = pack_in_force(UnitsPack, day, packs)
    amounts = [part for each in typed if each is not None for part in each.split("/")]
    notes = (unit_note(pack, each) for each in dict.fromkeys(amounts))
    return tuple(f"{note.words} ({note.clause})" for note in notes if note is not None)


def class_name(text: str) -> str:
    """A class as typed, ``iii`` and ``Ⅲ`` as well as ``III``."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def written(answer: object) -> Any:
    """The answer as plain values; decimals as digits without exponent, money with its fen."""
    if isinstance(answer, Decimal):
        return trimmed(answer)
    if isinstance(answer, msgspec.Struct):
        facts = {name: getattr(answer, name) for name in answer.__struct_fields__}
        return {n: plain(v) if n.endswith("_yuan") else written(v) for n, v in facts.items()}
    if isinstance(answer, tuple | list):
        return [written(each) for each in answer]
    return answer


def law_rows(clause: str, pack: str, version: str, sha256: str, confidence: str) -> Rows:
    """The lines that say by which law an answer was given."""
    return [
        ("clause", clause),
        ("pack", f"{pack} version {version} ({sha256[:12]}…)"),
        ("confidence", confidence),
    ]


def show(rows: Rows) -> None:
    """The lines as a table on standard output."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table)


def exit_code(verdict: Verdict | None) -> int:
    """1 where the answer is no, otherwise 0."""
    return int(verdict is Verdict.DOES_NOT_CONFORM)
