"""`steelyard law duties`: what organisers and traders at a market are reminded of; no verdict."""

from __future__ import annotations

from typing import Annotated

import typer

from firmware_app.cli.common import in_words, print_json
from firmware_app.cli.judge.common import day_of, show
from firmware_app.cli.law.common import AsJson
from firmware_app.cli.law.list import Day
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.rules.checklist_rows import Concerned
from firmware_app.rules.checklists import duties

WHOM = {"organiser": Concerned.ORGANISER, "trader": Concerned.TRADER}


def whom_of(text: str) -> Concerned:
    """Whom the duties are asked of; raises BadParameter."""
    if text not in WHOM:
        raise typer.BadParameter(f"{text[:40]!r} has no duties here: use one of {', '.join(WHOM)}")
    return WHOM[text]


@in_words
def list_duties(
    *,
    whom: Annotated[
        Concerned | None,
        typer.Option("--for", parser=whom_of, metavar="WHOM", help="organiser or trader; else both."),
    ] = None,
    on: Day = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Duties at a market on a day, with the text that they stand in."""
    found = duties(day_of(on), whom, packs_of(data))
    if as_json:
        print_json({"duties": found})
        return
    if not found:
        show([("", "no text that is in force on that day is among the packs")])
    for each in found:
        show(
            [
                (each.concerned.value, each.words_zh),
                ("", each.words_en),
                (each.confidence.value, f"{each.clause} ({each.pack} version {each.version})"),
            ]
        )
