"""`steelyard judge plan`: the tests of a scale with the loads and limits of each."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from firmware_app.cli.common import in_words, print_json
from firmware_app.cli.judge.common import AsJson, On, class_name, day_of, written
from firmware_app.cli.judge.scale import ranges_of, stage_of
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.quantity import grams, show_mass
from firmware_app.rules.mpe import Instrument
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.plan import Examined, PlannedItem, planned_items
from firmware_app.rules.plan_rows import Item
from firmware_app.rules.rows import NawiPack, Stage


@in_words
def judge_plan(
    *,
    accuracy_class: Annotated[str, typer.Option("--class", help="Accuracy class: I, II, III or IIII.")],
    max_: Annotated[str, typer.Option("--max", help="Maximum capacity, such as 15kg; with ranges 6kg/15kg.")],
    e: Annotated[
        str, typer.Option("--e", help="Verification scale interval, such as 5g; with ranges 2g/5g.")
    ],
    stage: Annotated[
        Stage,
        typer.Option(parser=stage_of, metavar="STAGE", help="initial, subsequent or in-service."),
    ] = "in-service",  # type: ignore[assignment]  # typer parses the default too
    active: Annotated[
        int | None, typer.Option(help="Active range of a multiple-range scale, from 1; else multi-interval.")
    ] = None,
    min_: Annotated[str | None, typer.Option("--min", help="Min, where the nameplate gives it.")] = None,
    supports: Annotated[int, typer.Option(help="Points of support of the platform.")] = 4,
    tare: Annotated[str | None, typer.Option(help="Tare of the tare weighing.")] = None,
    price_computing: Annotated[
        bool, typer.Option("--price-computing/--other", help="Does the scale compute prices?")
    ] = True,
    on: On = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """The items by which a scale is tested at a stage, in order, with their loads, limits and clauses."""
    day = day_of(on)
    ranges = ranges_of(max_, e)
    instrument = Instrument(
        accuracy_class=class_name(accuracy_class),
        max_g=ranges[-1].max_g,
        e_g=ranges[-1].e_g,
        min_g=None if min_ is None else grams(min_),
        price_computing=price_computing,
    )
    scale = Examined(
        instrument=instrument,
        ranges=ranges if len(ranges) > 1 else (),
        active=active if len(ranges) > 1 else None,
        supports=supports,
        tare_g=None if tare is None else grams(tare),
    )
    pack = pack_in_force(NawiPack, day, packs_of(data), instrument)
    items = planned_items(pack, scale, stage, day)
    if as_json:
        print_json({"stage": stage.value, "items": written(items)})
        return
    _show(items)


def _show(items: tuple[PlannedItem, ...]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("item", "load", "limit", "how often", "confidence", "clause"):
        table.add_column(heading, overflow="fold")
    for item in items:
        often = f"{item.weighings} times" if item.weighings > 1 else ""
        if item.positions > 1:
            often = f"{item.positions} positions"
        if item.falling:
            often = "up and down"
        table.add_row(item.item.value, "", "", often, item.confidence.value, item.clause)
        for load in item.loads:
            sign = "+" if item.item is Item.DISCRIMINATION else "±"
            limit = f"{sign} {show_mass(load.limit_g)}"
            table.add_row("", show_mass(load.load_g), limit, "", load.confidence.value, load.clause)
    out = Console(highlight=False)
    out.print(table)
    last = items[-1]
    out.print(f"pack {last.pack} version {last.version} ({last.sha256[:12]}…)", style="dim")
    if last.superseded_by:
        out.print(f"{last.superseded_by} is in force for this scale; nobody has read its figures yet")
