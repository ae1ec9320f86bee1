"""`steelyard judge mpe`: the limit of a scale for one load, and with an indication its error.

Amounts in JSON are decimal strings of grams under names ending in ``_g``.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from firmware_app.cli.common import in_words, print_json
from firmware_app.cli.judge.common import (
    AsJson,
    On,
    class_name,
    day_of,
    exit_code,
    law_rows,
    show,
    unit_notes,
)
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.quantity import BadAmount, Grams, grams, plain, show_mass
from firmware_app.rules.checks import PartialRange, mpe_in_range, range_at
from firmware_app.rules.mpe import (
    Instrument,
    MpeAnswer,
    change_point_error,
    corrected_error,
    mpe,
    zero_setting_limit,
)
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack, Stage
from firmware_app.uncertainty.decision import Verdict, guarded, simple

CHANGE_POINT = "E0 is not given: an accurate zero leaves up to {zero} either way, which is counted as doubt"


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
    active_e_g: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()


def stage_of(text: str) -> Stage:
    """The stage as typed, ``in-service`` as well as ``in_service``; raises BadParameter."""
    try:
        return Stage(text.strip().lower().replace("-", "_"))
    except ValueError:
        known = ", ".join(stage.value.replace("_", "-") for stage in Stage)
        raise typer.BadParameter(f"{text[:40]!r} is no stage: use one of {known}") from None


@in_words
def judge_mpe(
    *,
    accuracy_class: Annotated[str, typer.Option("--class", help="Accuracy class: I, II, III or IIII.")],
    max_: Annotated[str, typer.Option("--max", help="Maximum capacity, such as 15kg; with ranges 6kg/15kg.")],
    e: Annotated[
        str, typer.Option("--e", help="Verification scale interval, such as 5g; with ranges 2g/5g.")
    ],
    load: Annotated[str, typer.Option("--load", help="Load on the scale, such as 2505g.")],
    stage: Annotated[
        Stage,
        typer.Option(parser=stage_of, metavar="STAGE", help="initial, subsequent or in-service."),
    ] = "in-service",  # type: ignore[assignment]  # typer parses the default too
    active: Annotated[
        int | None, typer.Option(help="Active range of a multiple-range scale, from 1; else the load's.")
    ] = None,
    min_: Annotated[str | None, typer.Option("--min", help="Min, where the nameplate gives it.")] = None,
    indication: Annotated[str | None, typer.Option(help="What the scale shows.")] = None,
    added: Annotated[
        str | None,
        typer.Option("--change-point", "--added", help="ΔL, small weights up to the change point."),
    ] = None,
    zero_error: Annotated[str | None, typer.Option(help="E0 as found at or near zero.")] = None,
    price_computing: Annotated[
        bool, typer.Option("--price-computing/--other", help="Does the scale compute prices?")
    ] = True,
    on: On = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Maximum permissible error of a scale for one load; with an indication also error and verdict.

    The verdict is that of the regulation (simple acceptance): without a change point the indication is taken
    as it stands, rounding and all. Without E0 the doubt it leaves is counted. Exit code 1 where it does not
    conform.
    """
    day = day_of(on)
    packs = packs_of(data)
    ranges = ranges_of(max_, e)
    instrument = Instrument(
        accuracy_class=class_name(accuracy_class),
        max_g=ranges[-1].max_g,
        e_g=ranges[-1].e_g,
        min_g=None if min_ is None else grams(min_),
        price_computing=price_computing,
    )
    pack = pack_in_force(NawiPack, day, packs, instrument)
    if len(ranges) == 1 and active is None:
        answer = mpe(pack, instrument, grams(load), stage, day)
    else:
        answer = mpe_in_range(pack, instrument, ranges, grams(load), stage=stage, on=day, active=active)
    e_g = range_at(ranges, answer.load_g, active).e_g
    error = _error(e_g, answer.load_g, indication, added, zero_error)
    verdict, reason = None, ""
    if error is not None and added is not None and zero_error is None:
        # E0 is never taken to be zero in silence.
        zero = zero_setting_limit(pack, e_g)
        verdict, reason = guarded(error, zero, answer.limit_g), CHANGE_POINT.format(zero=show_mass(zero))
    elif error is not None:
        verdict = simple(error, answer.limit_g)
    notes = (
        *unit_notes(packs, day, max_, e, min_, load, indication, added, zero_error),
        *_odd_indication(indication, e_g),
    )
    said = _answer(instrument, answer, indication, error, verdict)
    said = msgspec.structs.replace(said, active_e_g=plain(e_g), reason=reason, notes=notes)
    if as_json:
        print_json(said)
    else:
        _show(answer, indication, error, verdict, (*((reason,) if reason else ()), *notes))
    raise typer.Exit(exit_code(verdict))


def ranges_of(max_: str, e: str) -> tuple[PartialRange, ...]:
    """The ranges as the nameplate writes them, ``6kg/15kg`` and ``2g/5g``; raises BadAmount."""
    tops, intervals = max_.split("/"), e.split("/")
    if len(tops) != len(intervals):
        raise BadAmount(f"--max has {len(tops)} ranges and --e has {len(intervals)}: give one e a range")
    return tuple(
        PartialRange(max_g=grams(top), e_g=grams(interval))
        for top, interval in zip(tops, intervals, strict=True)
    )


def _error(
    e_g: Grams, load_g: Grams, indication: str | None, added: str | None, zero_error: str | None
) -> Grams | None:
    if (added is None and zero_error is not None) or (added is not None and indication is None):
        raise typer.BadParameter(
            "a change point needs --indication and --change-point, and best --zero-error"
        )
    if indication is None:
        return None
    if added is None:
        return grams(indication) - load_g
    if not 0 <= grams(added) <= e_g:
        raise BadAmount(
            f"--change-point {added}: the display changes before {show_mass(e_g)} (e) are added; "
            "give the small weights that were on the pan as it changed"
        )
    error = change_point_error(grams(indication), load_g, grams(added), e_g)
    return error if zero_error is None else corrected_error(error, grams(zero_error))


def _odd_indication(indication: str | None, e_g: Grams) -> tuple[str, ...]:
    if indication is None or grams(indication) % e_g == 0:
        return ()
    return (
        f"{show_mass(grams(indication))} is no whole number of e = {show_mass(e_g)}: "
        "a scale with d = e cannot show it; a slip of the pen, or a finer d?",
    )


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


def _show(
    answer: MpeAnswer,
    indication: str | None,
    error: Grams | None,
    verdict: Verdict | None,
    notes: tuple[str, ...],
) -> None:
    rows = [
        ("load", show_mass(answer.load_g)),
        (f"limit ({answer.stage.value})", f"± {show_mass(answer.limit_g)}"),
    ]
    if answer.stage is not Stage.INITIAL:
        rows.append(("limit (initial)", f"± {show_mass(answer.limit_initial_g)}"))
    if indication is not None and error is not None and verdict is not None:
        rows += [
            ("indication", show_mass(grams(indication))),
            ("error", show_mass(error)),
            ("verdict", verdict.value),
        ]
    rows += law_rows(answer.clause, answer.pack, answer.version, answer.sha256, answer.confidence.value)
    if answer.superseded_by:
        rows.append(
            ("note", f"{answer.superseded_by} is in force for this scale; nobody has read its limits yet")
        )
    show(rows + [("note", note) for note in notes])
