"""`steelyard judge prepackage`: one package, or a lot by its sample, against the tolerable deficiency.

Rules this file obeys:

* A sample file is bounded and every line of it checked; a complaint names the line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from firmware_app import settings_file
from firmware_app.cli.common import in_words, print_json
from firmware_app.cli.judge.common import (
    AsJson,
    On,
    Rows,
    day_of,
    exit_code,
    law_rows,
    show,
    unit_notes,
    written,
)
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.quantity import BadAmount, Grams, grams, plain, show_mass, trimmed
from firmware_app.rules.base import OutsideTable
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.prepackage_rows import PrepackagePack
from firmware_app.rules.prepackages import LotAnswer, PackageAnswer, judge_lot, judge_package, tolerable
from firmware_app.uncertainty.decision import Verdict

MOST_BYTES = 1 << 16
_BARE = re.compile(r"\d+(?:\.\d+)?")


@in_words
def judge_prepackage(
    *,
    nominal: Annotated[str, typer.Option(help="Declared net content Qn, such as 500g.")],
    actual: Annotated[str | None, typer.Option(help="Net mass found in one package.")] = None,
    u: Annotated[
        str | None, typer.Option("--u", help="Standard uncertainty of the actual mass, such as 0.5g.")
    ] = None,
    lot: Annotated[int | None, typer.Option(help="Packages in the lot.")] = None,
    samples: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="File of net masses, one a line; bare numbers are in the unit of --nominal.",
        ),
    ] = None,
    on: On = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Tolerable deficiency of a prepackage; one package (--actual) or a lot (--lot with --samples).

    Exit code 1 where package or lot does not conform.
    """
    day = day_of(on)
    packs = packs_of(data)
    pack = pack_in_force(PrepackagePack, day, packs)
    if (actual is None) == (lot is None) or (lot is None) != (samples is None) or (lot and u is not None):
        raise typer.BadParameter("give --actual for one package, or --lot and --samples for a lot")
    answer: PackageAnswer | LotAnswer
    try:
        tolerable(pack, grams(nominal))
    except OutsideTable as outside:
        _cannot_judge(pack, nominal, str(outside), as_json)
        return
    if lot is not None and samples is not None:
        answer = judge_lot(pack, grams(nominal), lot, masses(samples, nominal))
        rows = _lot_rows(answer)
    else:
        answer = judge_package(pack, grams(nominal), grams(actual or ""), None if u is None else grams(u))
        rows = _package_rows(answer)
    notes = unit_notes(packs, day, nominal, actual, u)
    if as_json:
        print_json({**facts(answer), "notes": notes})
    else:
        law = law_rows(answer.clause, answer.pack, answer.version, answer.sha256, answer.confidence.value)
        show(rows + law + [("note", note) for note in notes])
    raise typer.Exit(exit_code(answer.verdict))


def _cannot_judge(pack: PrepackagePack, nominal: str, reason: str, as_json: bool) -> None:
    """Outside the table there is no figure to judge by; the answer says so and where the table ends."""
    row = pack.single
    if as_json:
        print_json(
            {
                "verdict": Verdict.CANNOT_JUDGE,
                "reason": reason,
                "nominal_g": plain(grams(nominal)),
                "error_g": None,
                "limit_g": None,
                "clause": row.clause,
                "pack": pack.id,
                "version": pack.version,
                "sha256": pack.sha256,
                "confidence": row.confidence,
            }
        )
        return
    law = law_rows(row.clause, pack.id, pack.version, pack.sha256, row.confidence.value)
    show([("verdict", Verdict.CANNOT_JUDGE.value), ("", reason), *law])


def masses(path: Path, nominal: str) -> tuple[Grams, ...]:
    """The masses of a sample file in grams; empty lines and lines of # are passed over; raises BadAmount."""
    data = settings_file.read(path, MOST_BYTES)
    if len(data) > MOST_BYTES:
        raise BadAmount(f"{path}: more than {MOST_BYTES} bytes: give one net mass a line")
    unit = nominal.strip().lstrip("+-0123456789.").strip()
    found = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        text = line.strip().rstrip(",;").strip()
        if not text or text.startswith("#"):
            continue
        try:
            found.append(grams(f"{text}{unit}" if _BARE.fullmatch(text) else text))
        except BadAmount as error:
            raise BadAmount(f"{path}, line {number}: {error}") from error
    return tuple(found)


def facts(answer: PackageAnswer | LotAnswer) -> dict[str, object]:
    """The answer for a program; mean, s and limit of a lot to the milligram."""
    found = {name: getattr(answer, name) for name in answer.__struct_fields__}
    if isinstance(answer, LotAnswer):
        for name in ("mean_g", "standard_deviation_g", "error_g", "limit_g"):
            found[name] = None if found[name] is None else round(found[name], 3)
    return {name: written(value) for name, value in found.items()}


def _package_rows(answer: PackageAnswer) -> Rows:
    return [
        ("nominal", show_mass(answer.nominal_g)),
        ("actual", show_mass(answer.actual_g)),
        ("deficiency", show_mass(answer.error_g)),
        ("tolerable T", show_mass(answer.limit_g)),
        ("verdict", answer.verdict.value),
        ("", answer.reason),
        ("characters", f"at least {trimmed(answer.character_height_mm)} mm, in {answer.label_unit}"),
    ]


def _lot_rows(answer: LotAnswer) -> Rows:
    rows = [
        ("lot", f"{answer.lot} packages, sample of {answer.samples}"),
        ("nominal", show_mass(answer.nominal_g)),
        ("mean", show_mass(round(answer.mean_g, 3))),
    ]
    if answer.limit_g is not None:
        rows.append(("mean at least", show_mass(round(answer.limit_g, 3))))
    return [
        *rows,
        ("tolerable T", show_mass(answer.tolerable_g)),
        ("short by more than T", f"{answer.beyond_t}, allowed {answer.allowed_beyond_t}"),
        ("short by more than 2 T", f"{answer.beyond_2t}, allowed {answer.allowed_beyond_2t}"),
        ("verdict", answer.verdict.value),
        ("", answer.reason),
    ]
