"""Which check finds which scale: three weights, and three bags of goods, on every simulated market scale.

One table: the errors that a person would see and the verdict of the law's in-service limits.
Run: python benchmarks/models.py [--json]

Rules this file obeys:

* The scale is the simulator's (hardware), the verdict the appliance's (firmware_app); only here do they meet.
* "Off" is a trader with hands behind the back, as before an inspector; "on" does what makes the cheat act.
* "At once" reads as soon as the display has stood still for a second; "later" looks for three seconds more.
* "Over the lead" is what the appliance does: ten frames a second, the figure by the settling policy, and the
  display watched until the goods are taken off two and a half seconds later.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from firmware_app.procedures.budget import expanded_of_error
from firmware_app.procedures.self_check.after import Changed, Watch, look
from firmware_app.procedures.settle import LEAD_SETTLED, SECOND, Seen, follow, settled
from firmware_app.rules.mpe import Instrument, mpe
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack, Stage
from firmware_app.uncertainty.decision import Verdict, guarded, worst
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.models import MODELS, Model
from hardware.scale.simulated.physics import MarketScale

PLATE = Plate(max_g=Decimal(15000), e_g=Decimal(5))
WEIGHTS_G = ("500", "5000", "10000")
GOODS_G = ("3193.4", "4977.8", "6683.6")
"""Odd masses in the three bands that a self-check with goods asks for on such a scale."""
WEIGHT_U_G, PAN_U_G = 0.1, 0.5
"""Standard uncertainty of M1 weights together, and assumed of the appliance's own pan."""
AT_ONCE_S, LATER_S = 1.4, 4.4
BETWEEN_S = 6.0
LEAD_BETWEEN_S, FRAMES_PER_S, REACTION_S = 8.0, 10, 2.5
OVER_THE_LEAD = "goods, on, over the lead"
ON = date(2026, 6, 1)

WAYS: dict[str, tuple[Sequence[str], float, bool, float]] = {
    "weights, off, at once": (WEIGHTS_G, WEIGHT_U_G, False, AT_ONCE_S),
    "weights, on, later": (WEIGHTS_G, WEIGHT_U_G, True, LATER_S),
    "goods, on, at once": (GOODS_G, PAN_U_G, True, AT_ONCE_S),
    "goods, on, later": (GOODS_G, PAN_U_G, True, LATER_S),
}


def errors(model: Model, loads: Sequence[str], hands: bool, wait_s: float) -> list[Decimal | None]:
    """What the display shows less the load, in grams; None where it shows nothing."""
    scale = MarketScale(PLATE, model.name)
    if hands:
        _do(scale, model)
    found: list[Decimal | None] = []
    for number, load in enumerate(loads):
        start = number * BETWEEN_S
        scale.put(float(load), start)
        shown = scale.at(start + wait_s)
        found.append(None if shown.out_of_range else shown.grams - Decimal(load))
        scale.put(0.0, start + BETWEEN_S - 1)
    return found


def _do(scale: MarketScale, model: Model) -> None:
    for wish, value in model.hands:
        if wish == "press" and isinstance(value, list):
            for key in value:
                scale.press(str(key), 0.0)
        elif wish == "remote":
            scale.remote(bool(value), 0.0)
        else:
            raise ValueError(f"{model.name}: no hands for {wish}")


def over_the_lead(model: Model, loads: Sequence[str]) -> tuple[list[Decimal | None], Verdict]:
    """The errors of the figures that the settling policy takes, and the verdict with what happened after."""
    scale = MarketScale(PLATE, model.name)
    _do(scale, model)
    found: list[Decimal | None] = []
    changed = False
    for number, load in enumerate(loads):
        scale.put(float(load), number * LEAD_BETWEEN_S)
        window, watch = None, None
        for frame in range(1, int((LEAD_BETWEEN_S - 1) * FRAMES_PER_S)):
            now_s = number * LEAD_BETWEEN_S + frame / FRAMES_PER_S
            shown = scale.at(now_s)
            seen = Seen(int(now_s * SECOND), shown.grams, shown.stable, "")
            if watch is not None:
                told = look(watch, seen, min_g=20 * PLATE.e_g, d_g=PLATE.e_g)
                changed = changed or isinstance(told, Changed)
                watch = told if isinstance(told, Watch) else None
                if watch is None or seen.at_ns - watch.since_ns > REACTION_S * SECOND:
                    break
            elif shown.stable and not shown.out_of_range:
                window = follow(window, seen.value_g, seen.at_ns, LEAD_SETTLED, PLATE.e_g, seen=seen)
                if settled(window, LEAD_SETTLED):
                    watch = Watch(attempt=0, since_ns=seen.at_ns, figure_g=seen.value_g, last=seen)
                    found.append(seen.value_g - Decimal(load))
            else:
                window = None
        if len(found) <= number:
            found.append(None)
        scale.put(0.0, (number + 1) * LEAD_BETWEEN_S - 1)
    told_verdict = verdict(loads, found, PAN_U_G)
    if changed and told_verdict is Verdict.CONFORMS:
        told_verdict = Verdict.UNDECIDED
    return found, told_verdict


def verdict(loads: Sequence[str], found: Sequence[Decimal | None], reference_u: float) -> Verdict:
    """The worst verdict of the loads, as the appliance judges a scale that is read directly."""
    pack = pack_in_force(NawiPack, ON)
    scale = Instrument(accuracy_class="III", max_g=PLATE.max_g, e_g=PLATE.e_g)
    told = []
    for load, error in zip(loads, found, strict=True):
        limit = mpe(pack, scale, Decimal(load), Stage.IN_SERVICE, ON).limit_g
        expanded = expanded_of_error(reference_u, PLATE.e_g)
        told.append(Verdict.CANNOT_JUDGE if error is None else guarded(error, expanded, limit))
    return worst(told)


def rows() -> list[dict[str, object]]:
    """One row a model: its errors in grams and the verdict, by way of checking."""
    out: list[dict[str, object]] = []
    for model in MODELS.values():
        row: dict[str, object] = {"model": model.name}
        for way, (loads, reference_u, hands, wait_s) in WAYS.items():
            found = errors(model, loads, hands, wait_s)
            row[way] = {
                "errors_g": [None if error is None else str(error) for error in found],
                "verdict": verdict(loads, found, reference_u).value,
            }
        found, told = over_the_lead(model, GOODS_G)
        row[OVER_THE_LEAD] = {
            "errors_g": [None if error is None else str(error) for error in found],
            "verdict": told.value,
        }
        out.append(row)
    return out


def main() -> None:
    table_rows = rows()
    if "--json" in sys.argv[1:]:
        for row in table_rows:
            print(json.dumps(row))
        return
    table = Table(title=f"Max 15 kg, e 5 g: weights {'/'.join(WEIGHTS_G)} g, goods {'/'.join(GOODS_G)} g")
    table.add_column("model")
    ways = (*WAYS, OVER_THE_LEAD)
    for way in ways:
        table.add_column(way)
    marks = {"conforms": "[green]conforms[/]", "does_not_conform": "[red]does not conform[/]"}
    for row in table_rows:
        cells = []
        for way in ways:
            told = row[way]
            assert isinstance(told, dict)
            grams = " ".join("-" if error is None else f"{float(error):+.1f}" for error in told["errors_g"])
            cells.append(f"{marks.get(told['verdict'], told['verdict'])}\n{grams}")
        table.add_row(str(row["model"]), *cells)
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
