"""`steelyard weights used`: from a weight to all that rests on it, and from an entry to its certificates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from firmware_app.cli.common import NO, console, fail, in_words, print_json
from firmware_app.cli.weights.common import DEFAULT, AsJson, ConfigFile, drawer, find, record
from firmware_app.ledger.reader import LedgerReader
from firmware_app.service import config
from firmware_app.standards.trace import NAME, Trace, Traced
from firmware_app.standards.uses import (
    CALIBRATION_KINDS,
    What,
    calibration_in,
    weights_in,
    weights_of_calibration,
)

MOST_SHOWN = 50
BY = {
    What.WEIGHT: "this weight",
    What.SET: "this set",
    What.CERTIFICATE: "this certificate",
    What.CALIBRATION: "the pan so calibrated",
    What.CONTROL: "a pan so checked",
}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate that an entry rests on. ``through``: 0 for the entry itself, else the entry between."""

    entry: int
    through: int
    weight: str
    certificate: str
    valid_to: str


@in_words
def used(
    id: Annotated[str, typer.Argument(help="A weight, a set, a certificate, or the number of an entry.")],
    file: ConfigFile = DEFAULT,
    all_: Annotated[bool, typer.Option("--all", help=f"All of them, not the last {MOST_SHOWN}.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lists every entry whose verdict, calibration or check of the pan rests on a weight, set or certificate.

    Of the number of an entry it lists the certificates that the entry rests on, through the calibration and
    the last check of the pan as well.

    Example: steelyard weights used DEMO-M1-5kg
    """
    loaded = config.load(file)
    with record(loaded) as ledger, Trace.open(ledger, loaded.data_dir / NAME) as trace:
        trace.update()
        if id.isdecimal() and not find(drawer(loaded), id):
            _print_sources(list(sources(ledger, trace, int(id))), int(id), as_json)
            return
        found = _found(trace, id)
        if not found and not find(drawer(loaded), id):
            fail(f"nothing is called {id!r}, in the drawer or in the record; see steelyard weights list", NO)
        if as_json:
            for each in found:
                print_json(each)
            return
        _print_used(id, found, all_)


def sources(ledger: LedgerReader, trace: Trace, seq: int, through: int = 0) -> Iterator[Source]:
    """Every certificate that an entry rests on; raises as `LedgerReader.entry`."""
    entry = ledger.entry(seq)
    if entry is None:
        fail(f"{ledger.path}: there is no entry {seq}; the last one is {ledger.head_seq}", NO)
    kind, body = entry.payload.kind, entry.payload.body
    asked = through or seq
    between = seq if through else 0
    for weight in weights_in(body):
        yield Source(
            entry=asked,
            through=between,
            weight=weight["id"],
            certificate=str(weight.get("certificate", "")),
            valid_to=str(weight.get("valid_to", "")),
        )
    if kind in CALIBRATION_KINDS:
        for weight_id, day, certificate in weights_of_calibration(calibration_in(kind, body)):
            yield Source(
                entry=asked, through=between, weight=weight_id, certificate=certificate, valid_to=day
            )
    if through:
        return
    for use in trace.uses(seq):
        if use.what is What.CONTROL:
            yield from sources(ledger, trace, int(use.name), seq)
        elif use.what is What.CALIBRATION:
            told = [each for each in trace.telling_of(use.name) if each < seq]
            if told:
                yield from sources(ledger, trace, told[-1], seq)


def _found(trace: Trace, id: str) -> list[Traced]:
    for what in (What.WEIGHT, What.SET, What.CERTIFICATE):
        found = list(trace.resting_on(what, id))
        if found:
            return found
    return []


def _print_used(id: str, found: list[Traced], all_: bool) -> None:
    shown = found if all_ else found[-MOST_SHOWN:]
    table = Table(box=None, pad_edge=False)
    for heading in ("entry", "time", "kind", "verdict", "rests on"):
        table.add_column(heading, justify="right" if heading == "entry" else "left", no_wrap=True)
    for each in shown:
        table.add_row(str(each.seq), each.at[:19], each.kind, each.verdict, BY[each.by])
    if shown:
        Console().print(table)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(e.kind for e in found).items()))
    more = f"; the last {len(shown)} are shown, --all shows all" if len(shown) < len(found) else ""
    console.print(f"{len(found)} entries rest on {id}{f': {kinds}' if kinds else ''}{more}", markup=False)


def _print_sources(found: list[Source], seq: int, as_json: bool) -> None:
    if as_json:
        for each in found:
            print_json(each)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("weight", "certificate", "valid to", "through"):
        table.add_column(heading, no_wrap=True)
    for each in found:
        way = f"entry {each.through}" if each.through else "itself"
        table.add_row(each.weight, each.certificate or "not recorded", each.valid_to, way)
    if found:
        Console().print(table)
    console.print(f"entry {seq} rests on {len({each.weight for each in found})} weights", markup=False)
