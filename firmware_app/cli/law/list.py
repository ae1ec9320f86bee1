"""`steelyard law list`: which law packs there are, and which of them judge on a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from firmware_app.cli.common import in_words, print_json
from firmware_app.cli.judge.common import day_of
from firmware_app.cli.law.common import (
    AsJson,
    confidences,
    is_builtin,
    kind_of,
)
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.rules.rows import Pack

Day = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Day whose law is asked for; today.")
]
LEGEND = "rows: confirmed/secondary/unconfirmed; steelyard law show ID --rows says where each was read"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One pack as `--json` prints it. ``counts``: whether it judges on that day; ``rows``: by confidence."""

    id: str
    version: str
    kind: str
    title: str
    effective: date
    expires: date | None
    counts: bool
    builtin: bool
    rows: dict[str, int]
    sha256: str


@in_words
def list_packs(*, on: Day = None, data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Every law pack of the appliance; those that judge on the day are marked.

    A pack that is superseded stays: old records are judged again by their own.
    """
    day = day_of(on)
    packs = packs_of(data)
    ordered = sorted(packs, key=lambda each: (each.id, each.succession))
    listed = [_listed(pack, packs, day) for pack in ordered]
    if as_json:
        print_json({"on": day, "packs": listed})
        return
    table = Table(box=None, pad_edge=False)
    for heading in (f"on {day}", "pack", "version", "in force from", "to", "from", "rows"):
        table.add_column(heading, no_wrap=True)
    for each in listed:
        table.add_row(
            "counts" if each.counts else "",
            each.id,
            each.version,
            str(each.effective),
            str(each.expires or ""),
            "program" if each.builtin else "shelf",
            "/".join(str(count) for count in each.rows.values()),
        )
    out = Console(highlight=False)
    out.print(table)
    out.print(LEGEND, style="dim")


def _listed(pack: Pack, packs: tuple[Pack, ...], day: date) -> Listed:
    return Listed(
        id=pack.id,
        version=pack.version,
        kind=kind_of(pack),
        title=pack.title,
        effective=pack.effective,
        expires=pack.expires,
        counts=_counts(pack, packs, day),
        builtin=is_builtin(pack),
        rows=confidences(pack),
        sha256=pack.sha256,
    )


def _counts(pack: Pack, packs: tuple[Pack, ...], day: date) -> bool:
    """Whether it is the latest of its name that covers the day: check lists hold side by side."""
    same = [each for each in packs if each.id == pack.id and each.covers(day)]
    return pack in same and all(pack.succession >= each.succession for each in same)
