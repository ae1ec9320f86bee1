"""Which check finds which scale: one self-check in five ways on every simulated market scale.

One table: the errors that the self-check states, and its verdict.
Run: python benchmarks/models.py [--json]

Rules this file obeys:

* The scale is the simulator's (hardware), loads and verdict the self-check's own (firmware_app): which loads
  it asks for is not repeated here. How often over a whole market: visits.py.
* "Off" is a trader with hands behind the back, as before an inspector; "on" does what makes the cheat act.
* "At once" reads as soon as the display has stood still for a second; "later" looks for three seconds more.
* "Over the lead" is ten frames a second, and goods that lie on for one to five seconds after their figure.
"""

from __future__ import annotations

import json
import random
import sys
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from visit_people import LeadTrader, Trader  # noqa: E402
from visit_scales import SIZES  # noqa: E402

from firmware_app.procedures.prompts import Judged, LoadResult, Way  # noqa: E402
from hardware.scale.simulated.display import Plate, Shown  # noqa: E402
from hardware.scale.simulated.models import MODELS, Model  # noqa: E402
from hardware.scale.simulated.physics import MarketScale  # noqa: E402

SIZE = SIZES.index(("15000", "5", "100"))
PLATE = Plate(max_g=Decimal(15000), e_g=Decimal(5))
AT_ONCE_S, LATER_S = 1.4, 4.4
BETWEEN_S = 1.0
TICKS = 4000
OVER_THE_LEAD = "goods, on, over the lead"

WAYS: dict[str, tuple[Way, float, bool]] = {
    "weights, off, at once": (Way.WEIGHTS, AT_ONCE_S, False),
    "weights, on, later": (Way.WEIGHTS, LATER_S, True),
    "goods, on, at once": (Way.GOODS, AT_ONCE_S, True),
    "goods, on, later": (Way.GOODS, LATER_S, True),
}


class Stall:
    """The scale under test, with the trader's hands. ``wait_s``: from the load to the reading."""

    size = SIZE

    def __init__(self, model: Model, hands: bool, wait_s: float) -> None:
        self._scale, self._wait_s = MarketScale(PLATE, model.name), wait_s
        self._now_s, self._load = 0.0, 0.0
        for wish, value in model.hands if hands else ():
            if wish == "press" and isinstance(value, list):
                for key in value:
                    self._scale.press(str(key), 0.0)
            elif wish == "remote":
                self._scale.remote(bool(value), 0.0)
            else:
                raise ValueError(f"{model.name}: no hands for {wish}")

    def put(self, load: float) -> Decimal:
        """The load is put on the empty scale and read."""
        self.place(load)
        self._now_s += self._wait_s
        return self.read()

    def place(self, load: float) -> None:
        """The load is put on the empty scale."""
        if self._load:
            self.lift()
            self._now_s += BETWEEN_S
        self._scale.put(load, self._now_s)
        self._load = load

    def lift(self) -> None:
        """The load is taken off."""
        self._scale.put(0.0, self._now_s)
        self._load = 0.0

    def read(self) -> Decimal:
        """What stands on the display."""
        return self._scale.at(self._now_s).grams

    def frame(self, seconds: float) -> Shown:
        """What the lead says so much later."""
        self._now_s += seconds
        return self._scale.at(self._now_s)


def told(trader: Trader) -> dict[str, object]:
    """What comes of a visit: by rising load what was put on, the error stated of it, and the verdict."""
    judged = trader.until(Judged, ticks=TICKS)
    assert isinstance(judged, Judged)
    loads: list[LoadResult] = sorted(judged.result.loads, key=lambda load: Decimal(load.load_g))
    return {
        "loads_g": [load.load_g for load in loads],
        "errors_g": [load.error_g for load in loads],
        "verdict": judged.result.verdict.value,
    }


def rows() -> list[dict[str, object]]:
    """One row a model: its errors in grams and the verdict, by way of checking."""
    out: list[dict[str, object]] = []
    for model in MODELS.values():
        row: dict[str, object] = {"model": model.name}
        for way, (kind, wait_s, hands) in WAYS.items():
            row[way] = told(Trader(Stall(model, hands, wait_s), kind, random.Random(way)))
        row[OVER_THE_LEAD] = told(
            LeadTrader(Stall(model, True, LATER_S), Way.GOODS, random.Random(OVER_THE_LEAD))
        )
        out.append(row)
    return out


def main() -> None:
    table_rows = rows()
    if "--json" in sys.argv[1:]:
        for row in table_rows:
            print(json.dumps(row))
        return
    ways = (*WAYS, OVER_THE_LEAD)
    table = Table(title="Max 15 kg, e 5 g: errors in grams and verdict of a self-check")
    table.add_column("model")
    for way in ways:
        table.add_column(way)
    marks = {"conforms": "[green]conforms[/]", "does_not_conform": "[red]does not conform[/]"}
    for row in table_rows:
        cells = []
        for way in ways:
            found = row[way]
            assert isinstance(found, dict)
            grams = " ".join(f"{float(error):+.1f}" for error in found["errors_g"])
            cells.append(f"{marks.get(found['verdict'], found['verdict'])}\n{grams}")
        table.add_row(str(row["model"]), *cells)
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
