"""`steelyard weights list` and `show`: the sets in the drawer with their certificates."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from firmware_app.cli.common import NO, console, fail, in_words, print_json
from firmware_app.cli.weights.common import DEFAULT, AsJson, ConfigFile, drawer, find, recalls, today
from firmware_app.quantity import plain, show_mass, trimmed
from firmware_app.service import config
from firmware_app.standards.recalls import RecallPart
from firmware_app.standards.sets import Piece, WeightSet

STATES = {
    "": "[green]may be used[/]",
    "expired": "[red]certificate expired[/]",
    "not_yet_valid": "[red]certificate not yet valid[/]",
    "withdrawn": "[bold red]recalled[/]",
}


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One weight as `--json` prints it: masses as decimal strings of grams, U with its k."""

    id: str
    set: str
    weight_class: str = msgspec.field(name="class")
    nominal_g: str
    conventional_mass_g: str
    u_g: str
    expanded_g: str
    k: str
    basis: str
    certificate: str
    issued_by: str
    valid_from: str
    valid_to: str
    may_be_used: bool
    why_not: str


@in_words
def list_(file: ConfigFile = DEFAULT, as_json: AsJson = False) -> None:
    """Lists every weight with its certificate, and whether it may be used today.

    Example: steelyard weights list
    """
    loaded = config.load(file)
    sets, on = drawer(loaded), today(loaded).date()
    if as_json:
        for each in sets:
            for piece in each.pieces:
                print_json(listed(piece, on))
        return
    for each in sets:
        _print_set(each, on)
    if not sets:
        console.print(f"{loaded.resolve(loaded.config.weights)}: no set of weights", markup=False)


@in_words
def show(
    id: Annotated[str, typer.Argument(help="A weight, a set or a certificate.", metavar="ID")],
    file: ConfigFile = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Shows one weight, set or certificate in full, with its recall where there is one.

    Example: steelyard weights show DEMO-M1-5kg
    """
    loaded = config.load(file)
    sets, on = drawer(loaded), today(loaded).date()
    pieces = find(sets, id)
    if not pieces:
        known = ", ".join(each.id for each in sets) or "none"
        fail(f"no weight, set or certificate is called {id!r}; sets: {known}; see steelyard weights list", NO)
    known_recalls = recalls(loaded)
    for piece in pieces:
        if as_json:
            print_json(listed(piece, on))
            continue
        _print_piece(piece, on)
        part = known_recalls.of(piece.id, piece.certificate)
        if part is not None:
            _print_recall(part)


def listed(piece: Piece, on: date) -> Listed:
    """The weight as a program reads it."""
    why_not = piece.unusable(on)
    return Listed(
        id=piece.id,
        set=piece.set_id,
        weight_class=piece.weight_class,
        nominal_g=plain(piece.nominal_g),
        conventional_mass_g=plain(piece.mass_g),
        u_g=repr(piece.standard_g),
        expanded_g=expanded(piece) if piece.certified else "",
        k=f"{piece.coverage_factor:g}" if piece.certified else "",
        basis="certificate" if piece.certified else "class_tolerance",
        certificate=piece.certificate,
        issued_by=piece.issued_by,
        valid_from=piece.valid_from.isoformat() if piece.valid_from else "",
        valid_to=piece.valid_to.isoformat(),
        may_be_used=not why_not,
        why_not=why_not,
    )


def expanded(piece: Piece) -> str:
    """U as the certificate has it, in grams."""
    return f"{piece.standard_g * piece.coverage_factor:.6g}"


def _print_set(each: WeightSet, on: date) -> None:
    """One table a certificate: an id is never cut short, so what they share stands above it."""
    out = Console(highlight=False)
    out.print(f"[bold]{escape(each.id)}[/]  {escape(each.name)}")
    for certificate in dict.fromkeys(piece.certificate for piece in each.pieces):
        pieces = [piece for piece in each.pieces if piece.certificate == certificate]
        out.print(_certificate(pieces[0]), markup=False, soft_wrap=True)
        table = Table(box=None, pad_edge=False)
        for heading in ("weight", "class", "nominal", "mass", "±", ""):
            justify: Literal["left", "right"] = "right" if heading in ("nominal", "mass") else "left"
            table.add_column(heading, justify=justify, overflow="fold")
        for piece in pieces:
            table.add_row(
                escape(piece.id),
                piece.weight_class,
                show_mass(piece.nominal_g),
                f"{trimmed(piece.mass_g)} g" if piece.certified else "nominal",
                f"{expanded(piece)} g, k = {piece.coverage_factor:g}"
                if piece.certified
                else f"{trimmed(piece.tolerance_g)} g of its class",
                STATES[piece.unusable(on)],
            )
        out.print(table)


def _certificate(piece: Piece) -> str:
    by = f", {piece.issued_by}" if piece.issued_by else ""
    span = f"{piece.valid_from} to {piece.valid_to}" if piece.valid_from else f"to {piece.valid_to}"
    return f"certificate {piece.certificate}{by}, valid {span}"


def _print_piece(piece: Piece, on: date) -> None:
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"[bold]{escape(piece.id)}[/] of set {escape(piece.set_id)}: {STATES[piece.unusable(on)]}")
    out.print(f"  class {piece.weight_class}, nominal {show_mass(piece.nominal_g)}", markup=False)
    known = (
        f"conventional mass {trimmed(piece.mass_g)} g, U = {expanded(piece)} g, k = {piece.coverage_factor:g}"
        if piece.certified
        else f"taken as its nominal mass within ± {trimmed(piece.tolerance_g)} g of its class"
    )
    out.print(f"  {known}; u = {piece.standard_g:.3g} g", markup=False)
    out.print(f"  {_certificate(piece)}", markup=False)


def _print_recall(part: RecallPart) -> None:
    weight = part.weight
    console.print(
        f"  recalled{f' from {part.since} on' if part.since else ''} by {part.by}: {part.why}; found "
        f"{trimmed(weight.found_g)} g instead of {trimmed(weight.mass_g)} g. It is used for nothing until "
        "the file of weights has a new certificate for it",
        markup=False,
        soft_wrap=True,
    )
