"""`steelyard judge`: the law's answer for given figures, with clause, pack and how sure it is.

Amounts in JSON are decimal strings of grams under names ending in ``_g``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from firmware_app.cli.common import DONE, NO, in_words, print_json
from firmware_app.quantity import Grams, grams, plain, show_mass
from firmware_app.rules.mpe import (
    Instrument,
    MpeAnswer,
    change_point_error,
    corrected_error,
    mpe,
)
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack, Stage, WeightsPack
from firmware_app.rules.weights import weight_mpe
from firmware_app.uncertainty.decision import Verdict, simple

app = typer.Typer(
    name="judge",
    help="The law's answer for given figures, with clause and pack.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object for a program.")]
On = Annotated[
    datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day whose law counts; today.")
]


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `judge mpe --json` prints; the error and the verdict only where an indication was given."""

    accuracy_class: str
    max_g: str
    e_g: str
    load_g: str
    stage: str
    limit_g: str
    limit_initial_g: str
    indication_g: str = ""
    error_g: str = ""
    verdict: str = ""
    clause: str
    pack: str
    version: str
    sha256: str
    confidence: str
    superseded_by: str = ""


@app.command(
    "mpe",
    epilog="Example: steelyard judge mpe --class III --max 15kg --e 5g --load 2505g --indication 2515g",
)
@in_words
def judge_mpe(
    *,
    accuracy_class: Annotated[str, typer.Option("--class", help="Accuracy class: I, II, III or IIII.")],
    max_: Annotated[str, typer.Option("--max", help="Maximum capacity, such as 15kg.")],
    e: Annotated[str, typer.Option("--e", help="Verification scale interval, such as 5g.")],
    load: Annotated[str, typer.Option("--load", help="Load on the scale, such as 2505g.")],
    stage: Annotated[Stage, typer.Option(help="When in its life the scale is judged.")] = Stage.IN_SERVICE,
    min_: Annotated[str | None, typer.Option("--min", help="Min, where the nameplate gives it.")] = None,
    indication: Annotated[str | None, typer.Option(help="What the scale shows.")] = None,
    added: Annotated[str | None, typer.Option(help="ΔL, small weights up to the change point.")] = None,
    zero_error: Annotated[str | None, typer.Option(help="E0 as found at or near zero.")] = None,
    price_computing: Annotated[
        bool, typer.Option("--price-computing/--other", help="Does the scale compute prices?")
    ] = True,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Maximum permissible error of a scale for one load; with an indication also error and verdict.

    The verdict is that of the regulation (simple acceptance): without ΔL the indication is taken as it
    stands, rounding and all. Exit code 1 where it does not conform.
    """
    instrument = Instrument(
        accuracy_class=accuracy_class,
        max_g=grams(max_),
        e_g=grams(e),
        min_g=None if min_ is None else grams(min_),
        price_computing=price_computing,
    )
    day = on.date() if on is not None else date.today()
    answer = mpe(pack_in_force(NawiPack, day), instrument, grams(load), stage, day)
    error = _error(instrument, answer.load_g, indication, added, zero_error)
    verdict = None if error is None else simple(error, answer.limit_g)
    said = _answer(instrument, answer, indication, error, verdict)
    if as_json:
        print_json(said)
    else:
        _show(answer, indication, error, verdict)
    raise typer.Exit(NO if verdict is Verdict.DOES_NOT_CONFORM else DONE)


@app.command("weights", epilog="Example: steelyard judge weights --class M1 --nominal 1kg")
@in_words
def judge_weights(
    *,
    weight_class: Annotated[str, typer.Option("--class", help="E1, E2, F1, F2, M1, M1-2, M2, M2-3 or M3.")],
    nominal: Annotated[str, typer.Option(help="Nominal value, such as 1kg.")],
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Maximum permissible error of a weight of a class."""
    day = on.date() if on is not None else date.today()
    answer = weight_mpe(pack_in_force(WeightsPack, day), weight_class, grams(nominal))
    if as_json:
        written: dict[str, Any] = msgspec.to_builtins(answer)
        print_json({**written, "mpe_g": plain(answer.mpe_g), "nominal_g": plain(answer.nominal_g)})
        return
    _table(
        [
            (f"weight of {show_mass(answer.nominal_g)}, class {answer.weight_class}", ""),
            ("maximum permissible error", f"± {plain(answer.mpe_mg)}\u00a0mg"),
            ("clause", answer.clause),
            ("pack", f"{answer.pack} version {answer.version} ({answer.sha256[:12]}…)"),
            ("confidence", answer.confidence.value),
        ]
    )


def _error(
    instrument: Instrument, load_g: Grams, indication: str | None, added: str | None, zero_error: str | None
) -> Grams | None:
    if (added is None) != (zero_error is None) or (added is not None and indication is None):
        # E0 is never taken to be zero in silence.
        raise typer.BadParameter("a change point needs --indication, --added and --zero-error together")
    if indication is None:
        return None
    if added is None or zero_error is None:
        return grams(indication) - load_g
    error = change_point_error(grams(indication), load_g, grams(added), instrument.e_g)
    return corrected_error(error, grams(zero_error))


def _answer(
    instrument: Instrument,
    answer: MpeAnswer,
    indication: str | None,
    error: Grams | None,
    verdict: Verdict | None,
) -> Answer:
    return Answer(
        accuracy_class=instrument.accuracy_class,
        max_g=plain(instrument.max_g),
        e_g=plain(instrument.e_g),
        load_g=plain(answer.load_g),
        stage=answer.stage.value,
        limit_g=plain(answer.limit_g),
        limit_initial_g=plain(answer.limit_initial_g),
        indication_g="" if indication is None else plain(grams(indication)),
        error_g="" if error is None else plain(error),
        verdict="" if verdict is None else verdict.value,
        clause=answer.clause,
        pack=answer.pack,
        version=answer.version,
        sha256=answer.sha256,
        confidence=answer.confidence.value,
        superseded_by=answer.superseded_by,
    )


def _show(answer: MpeAnswer, indication: str | None, error: Grams | None, verdict: Verdict | None) -> None:
    rows = [
        ("load", show_mass(answer.load_g)),
        (f"limit ({answer.stage.value})", f"± {show_mass(answer.limit_g)}"),
        ("limit (initial)", f"± {show_mass(answer.limit_initial_g)}"),
    ]
    if indication is not None and error is not None and verdict is not None:
        rows += [
            ("indication", show_mass(grams(indication))),
            ("error", show_mass(error)),
            ("verdict", verdict.value),
        ]
    rows += [
        ("clause", answer.clause),
        ("pack", f"{answer.pack} version {answer.version} ({answer.sha256[:12]}…)"),
        ("confidence", answer.confidence.value),
    ]
    if answer.superseded_by:
        rows.append(
            ("note", f"{answer.superseded_by} is in force for this scale; nobody has read its limits yet")
        )
    _table(rows)


def _table(rows: list[tuple[str, str]]) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table)
