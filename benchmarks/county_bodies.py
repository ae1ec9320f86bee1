"""Bodies as visits leave them: the appliance's own self-check, led by simulated people."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import visits
from visit_scales import MODELS

from firmware_app.procedures.prompts import Saving, Way

DIFFERENT = 1000
"""So many visits are led; then they come again. Deflate looks back 32 kB, which is four entries."""


def bodies(different: int = DIFFERENT) -> Iterator[dict[str, Any]]:
    """Bodies of self-checks, half with weights and half with goods, without end."""
    return itertools.cycle(_led(different))


@visits._remembering()
def _led(count: int) -> list[dict[str, Any]]:
    made = []
    for number in range(count):
        chance = random.Random(f"backlog/{number}")
        tested = visits.Tested(MODELS[number % len(MODELS)], chance)
        trader = visits.Trader(tested, Way.WEIGHTS if number % 2 else Way.GOODS, chance)
        trader.until(Saving, ticks=4000)
        made.append(trader.visit.outcome.body)
    return made
