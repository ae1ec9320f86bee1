"""`steelyard budget`: the uncertainty of whatever a model says, to first order and by Monte Carlo.

Rules this file obeys:

* JSON has every figure as it was worked out; people read two digits of an uncertainty and the value to the
  same place (JCGM 100 7.2.6).
* GTC and SciPy are loaded when a budget is worked out, not when the program starts.
"""

from __future__ import annotations

import math
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from firmware_app import settings_file
from firmware_app.cli.common import in_words, print_json

if TYPE_CHECKING:
    from firmware_app.uncertainty.budget import Budget
    from firmware_app.uncertainty.first_order import FirstOrder
    from firmware_app.uncertainty.monte_carlo import MonteCarlo

SEED_BITS = 48
"""So that every reader of JSON keeps the seed exactly."""


@in_words
def budget(
    file: Annotated[Path, typer.Argument(help="The budget (TOML); docs/budgets.md says how.")],
    *,
    trials: Annotated[
        int | None, typer.Option("--monte-carlo", metavar="N", help="Also draw N times from the inputs.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=(1 << SEED_BITS) - 1, help="Of the draws; chosen where not given."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for a program.")] = False,
) -> None:
    """Value, standard and expanded uncertainty of a budget, and what each input contributes."""
    from firmware_app.uncertainty.budget import MAX_BYTES, parse_budget
    from firmware_app.uncertainty.errors import NoValue
    from firmware_app.uncertainty.first_order import first_order
    from firmware_app.uncertainty.monte_carlo import monte_carlo

    written = parse_budget(settings_file.read(file, MAX_BYTES), file.name)
    result = first_order(written)
    drawn: MonteCarlo | None = None
    undrawn: NoValue | None = None
    if trials is not None:
        try:
            chosen = secrets.randbits(SEED_BITS) if seed is None else seed
            drawn = monte_carlo(written, trials, chosen, result)
        except NoValue as error:
            undrawn = error
    if as_json:
        print_json(
            {
                "title": written.title,
                "unit": written.unit,
                **msgspec.to_builtins(result),
                **({} if trials is None else {"monte_carlo": drawn}),
            }
        )
    else:
        _show(written, result, drawn)
    if undrawn is not None:
        # First order stands; whoever asked for draws is told that they have no result.
        raise undrawn


def _show(written: Budget, result: FirstOrder, drawn: MonteCarlo | None) -> None:
    out, unit = Console(highlight=False, markup=False), f" {written.unit}" if written.unit else ""
    if written.title:
        out.print(written.title, style="bold")
    inputs = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("input", "value", "u", "dof", "from", "sensitivity", "contribution", "share"):
        inputs.add_column(heading, justify="left" if heading in ("input", "from") else "right", no_wrap=True)
    for each in result.contributions:
        inputs.add_row(
            each.name,
            to_the_place_of(each.standard_uncertainty, each.value),
            two_digits(each.standard_uncertainty),
            "∞" if each.dof is None else f"{each.dof:g}",
            each.distribution if each.standard_uncertainty else "exact",
            "" if each.sensitivity is None else f"{each.sensitivity:.4g}",
            two_digits(each.contribution),
            f"{each.share:.1%}",
        )
    out.print(inputs)
    u, dof = result.standard_uncertainty, result.effective_dof
    said = [
        ("value", to_the_place_of(u, result.value) + unit),
        ("standard uncertainty", two_digits(u) + unit),
        ("expanded uncertainty", f"{two_digits(result.expanded)}{unit} (k = {result.k:.2f})"),
        ("degrees of freedom", "∞" if dof is None else f"{dof:.1f}"),
    ]
    if drawn is not None:
        said += _drawn(drawn, unit)
    said += [("note", note) for note in (*result.notes, *(drawn.notes if drawn else ()))]
    summary = Table(show_header=False, box=None, pad_edge=False)
    summary.add_column(style="dim", no_wrap=True)
    summary.add_column(overflow="fold")
    for row in said:
        summary.add_row(*row)
    out.print(summary)


def _drawn(drawn: MonteCarlo, unit: str) -> list[tuple[str, str]]:
    u = drawn.standard_uncertainty
    width = u or (drawn.symmetric_95[1] - drawn.symmetric_95[0]) / 4
    middle = drawn.median if drawn.value is None else drawn.value
    enough = {True: "enough", False: "not enough: take the figures by Monte Carlo", None: "cannot be told"}
    return [
        ("Monte Carlo", f"{drawn.trials} trials, seed {drawn.seed}"),
        ("median" if drawn.value is None else "value", to_the_place_of(width, middle) + unit),
        ("standard uncertainty", "there is none" if u is None else two_digits(u) + unit),
        ("95 %, as much either side", _interval(drawn.symmetric_95, width) + unit),
        ("95 %, shortest", _interval(drawn.shortest_95, width) + unit),
        ("first order", enough[drawn.first_order_is_enough]),
    ]


def _interval(ends: tuple[float, float], width: float) -> str:
    return " … ".join(to_the_place_of(width, end) for end in ends)


def two_digits(uncertainty: float) -> str:
    """An uncertainty with two significant digits."""
    return to_the_place_of(uncertainty, uncertainty)


def to_the_place_of(uncertainty: float, value: float) -> str:
    """A value to the place of the second significant digit of its uncertainty; in full where that is zero."""
    if uncertainty == 0:
        return f"{value:.10g}"
    places = 1 - math.floor(math.log10(float(f"{uncertainty:.1e}")))
    rounded = round(value, places)
    if not 1e-6 < abs(uncertainty) < 1e9 or abs(value) >= 1e15:
        return f"{rounded:.6g}"
    return f"{rounded + 0.0:.{max(places, 0)}f}"
