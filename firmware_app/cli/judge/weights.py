"""`steelyard judge weights`: the maximum permissible error of a weight."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from firmware_app.cli.common import in_words, print_json
from firmware_app.cli.judge.common import AsJson, On, class_name, day_of, law_rows, show, unit_notes
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.quantity import grams, plain, show_mass
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.rules.weights import weight_mpe


@in_words
def judge_weights(
    *,
    weight_class: Annotated[str, typer.Option("--class", help="E1, E2, F1, F2, M1, M1-2, M2, M2-3 or M3.")],
    nominal: Annotated[str, typer.Option(help="Nominal value, such as 1kg.")],
    on: On = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Maximum permissible error of a weight of a class."""
    day = day_of(on)
    packs = packs_of(data)
    answer = weight_mpe(pack_in_force(WeightsPack, day, packs), class_name(weight_class), grams(nominal))
    notes = unit_notes(packs, day, nominal)
    if as_json:
        facts: dict[str, Any] = msgspec.to_builtins(answer)
        mpe_g = plain(answer.mpe_g)
        print_json(
            {**facts, "mpe_g": mpe_g, "limit_g": mpe_g, "nominal_g": plain(answer.nominal_g), "notes": notes}
        )
        return
    show(
        [
            (f"weight of {show_mass(answer.nominal_g)}, class {answer.weight_class}", ""),
            ("maximum permissible error", f"± {plain(answer.mpe_mg)}\u00a0mg"),
            *law_rows(answer.clause, answer.pack, answer.version, answer.sha256, answer.confidence.value),
            *(("note", note) for note in notes),
        ]
    )
