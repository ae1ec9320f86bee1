"""`steelyard ledger`: the signed record, looked at, verified and exported. Works beside a running core."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.dating.placing import place_entries
from firmware_app.ledger.dating.true_time import Placed
from firmware_app.ledger.dating.true_time import in_words as bounds_in_words
from firmware_app.ledger.entry import Entry, Payload
from firmware_app.ledger.errors import BadFormat, BadReceipt, BadSignature, ChainError, StoreFailed, WrongKey
from firmware_app.ledger.export import NAME, write_export
from firmware_app.ledger.home import read_ledger
from firmware_app.ledger.reader import LedgerReader, Verified
from firmware_app.ledger.shelf import unread

app = typer.Typer(
    no_args_is_help=True,
    help="The signed record: show, verify, export.",
    epilog="Example: steelyard ledger verify --data /var/lib/steelyard",
)

DataDir = Annotated[Path, typer.Option("--data", help="Data directory of the appliance.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]
DEFAULT_DATA = Path("/var/lib/steelyard")
MARKS = {"conforms": "✓", "does_not_conform": "✗", "undecided": "?", "cannot_judge": "–"}


class Shown(msgspec.Struct, frozen=True):
    """One entry as `--json` prints it. ``placed``: the bounds of its true time, by evidence."""

    payload: Payload
    hash: str
    kid: str
    receipted: bool
    placed: Placed


@app.command()
@in_words
def show(
    data: DataDir = DEFAULT_DATA,
    last: Annotated[int, typer.Option(help="So many from the end.", min=1, max=500)] = 20,
    after: Annotated[int | None, typer.Option(help="From the entry after this number.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Shows entries; each signature is verified before it is shown.

    Of an entry whose clock was not synchronised it says when it was really written, as far as entries around
    it and the county's receipts bound it.

    Example: steelyard ledger show --data /var/lib/steelyard --last 5
    """
    with _open(data) as ledger:
        begin = after if after is not None else max(0, ledger.head.seq - last)
        receipted = ledger.receipted
        try:
            entries = ledger.entries(begin, last)
            placed = place_entries(ledger, begin, last)
        except (BadFormat, BadSignature, WrongKey, BadReceipt) as error:
            fail(f"{ledger.path}: after entry {begin}: {error}", NO)
        if as_json:
            for entry in entries:
                print_json(
                    Shown(entry.payload, entry.hash, entry.kid, entry.seq <= receipted, placed[entry.seq])
                )
            return
        shelf = unread(ledger)
        Console().print(_table(entries, receipted, {each.seq for each in shelf}))
        for each in shelf:
            why = each.why or "no reason given"
            words = f"entry {each.seq} lies unread on the county's shelf: {why}"
            console.print(words, markup=False, soft_wrap=True)
        _tell_times(entries, placed)
        county = ledger.county
        console.print(f"device {ledger.device}, key {ledger.key.kid}", markup=False, soft_wrap=True)
        words = (
            f"county {county.county} at {county.url}, key {county.jwk.kid}" if county else "no county joined"
        )
        console.print(words, markup=False, soft_wrap=True)


@app.command()
@in_words
def verify(data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Verifies every entry, the chain and every receipt; leaves with 1 where something is wrong.

    Example: steelyard ledger verify --data /var/lib/steelyard
    """
    with _open(data) as ledger:
        try:
            found = _verify(ledger)
        except (ChainError, BadReceipt, BadFormat, BadSignature, WrongKey) as error:
            fail(f"{ledger.path}: {error}", NO)
        except StoreFailed as error:
            fail(str(error), NO if error.code == "damaged" else DEVICE_FAILED)
    if as_json:
        print_json(found)
        return
    console.print(
        f"[bold green]good[/] {found.head.seq} entries of {found.device}, key {found.kid}", soft_wrap=True
    )
    console.print(f"head {found.head.hash}", soft_wrap=True)
    console.print(f"{found.receipts} receipts, up to entry {found.receipted}")


@app.command()
@in_words
def export(
    data: DataDir = DEFAULT_DATA,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path(NAME),
    as_json: AsJson = False,
) -> None:
    """Writes entries and receipts into one file that anybody can check.

    Example: steelyard ledger export --out /media/usb/ledger.ndjson && python tools/check_ledger.py
    /media/usb/ledger.ndjson
    """
    with _open(data) as ledger, _progress() as progress:
        task = progress.add_task("writing", total=ledger.head.seq)
        lines = write_export(ledger, out, lambda written: progress.update(task, completed=written))
    if as_json:
        print_json({"file": str(out), "lines": lines})
    else:
        console.print(f"{lines} lines in {out}", markup=False, soft_wrap=True)


def _verify(ledger: LedgerReader) -> Verified:
    with _progress() as progress:
        task = progress.add_task("verifying", total=ledger.head.seq)
        return ledger.verify(lambda seq: progress.update(task, completed=seq))


def _progress() -> Progress:
    return Progress(console=console, transient=True)


def _open(data: Path) -> LedgerReader:
    try:
        return read_ledger(data)
    except StoreFailed as error:
        fail(str(error), DEVICE_FAILED)


def _tell_times(entries: tuple[Entry, ...], placed: dict[int, Placed]) -> None:
    for entry in entries:
        bounds = placed[entry.seq]
        if bounds.contradiction:
            words = "the clock or a receipt lies: its bounds contradict each other"
        elif entry.payload.clock is not ClockQuality.SYNCHRONISED:
            words = f"really written: {bounds_in_words(bounds)}"
        else:
            continue
        console.print(f"entry {entry.seq}: {words}", markup=False, soft_wrap=True)


def _table(entries: tuple[Entry, ...], receipted: int, shelved: set[int]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("entry", "time", "clock", "kind", "verdict", "county"):
        table.add_column(heading, justify="right" if heading == "entry" else "left", no_wrap=True)
    for entry in entries:
        verdict = entry.verdict or ""
        table.add_row(
            str(entry.seq),
            entry.payload.at[:19],
            entry.payload.clock.value,
            entry.payload.kind,
            Text(f"{MARKS.get(verdict, '')} {verdict}".strip()),
            "on the shelf" if entry.seq in shelved else "received" if entry.seq <= receipted else "waiting",
        )
    return table
