"""From a load to what a market scale shows: settling, zero, tare and rounding around a model.

Rules this file obeys:

* No clock: times are passed in, in seconds, and asked in order.
* Limits are those of OIML R 76-1: nothing but dashes above Max + 9 e and below -20 d; zero is set within
  4 % of Max.
* A load settles as a spring with a damper does; what a chip invents jumps at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from hardware.scale.simulated.display import Plate, Shown
from hardware.scale.simulated.models import (
    Event,
    Moment,
    Pan,
    Placed,
    Position,
    Pressed,
    Remote,
    model_named,
)

TIME_CONSTANT_S = 0.08
SHORTEST_MOTION_S = 0.3
ZERO_RANGE = 0.04
LONGEST_KEY = 16


def settling(before_g: float, after_g: float, since_s: float) -> float:
    """The indication before rounding, ``since_s`` after the load changed: first order."""
    return after_g + (before_g - after_g) * math.exp(-max(since_s, 0.0) / TIME_CONSTANT_S)


def shown(
    exact_g: float, target_g: float, since_s: float, plate: Plate, tare_g: Decimal = Decimal(0)
) -> Shown:
    """What is displayed for a gross indication of ``exact_g`` on the way to ``target_g``."""
    e = plate.e_g
    gross = (Decimal(repr(exact_g)) / e).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * e
    net = gross - tare_g
    return Shown(
        grams=net if net else Decimal(0),
        stable=abs(exact_g - target_g) < float(e) / 4 and since_s >= SHORTEST_MOTION_S,
        overload=gross > plate.max_g + 9 * e,
        underload=gross < -20 * e,
        tare_g=tare_g,
    )


class MarketScale:
    """A scale with a pan and keys: what it shows after what was done to it, at any time asked in order."""

    def __init__(self, plate: Plate, model: str = "honest", now_s: float = 0.0) -> None:
        """Switched on at ``now_s`` with an empty pan; raises ValueError for a model that is not known."""
        self._plate = plate
        self._model = model_named(model)
        self._state: Any = self._model.start
        self._pan = Pan(on_since_s=now_s)
        self._before_g = 0.0
        self._since_s = -math.inf
        self._zero_g = 0.0
        self._tare_g = Decimal(0)

    def put(self, load_g: float, now_s: float, position: Position | None = None) -> None:
        """``load_g`` lies on the pan from ``now_s`` on, where the last load lay unless ``position`` says.

        Raises ValueError when it is no finite number.
        """
        if not math.isfinite(load_g):
            raise ValueError(f"a load is a finite number of grams, not {load_g!r}")

        def place() -> None:
            old, empty = self._pan, load_g <= 0
            self._pan = msgspec.structs.replace(
                old,
                load_g=load_g,
                position=old.position if position is None else position,
                placed_s=now_s,
                peak_g=0.0 if empty else max(old.peak_g, load_g),
                loadings=old.loadings + (old.load_g <= 0 < load_g),
            )
            self._hear(Placed(load_g))

        self._move(now_s, place)

    def move(self, position: str, now_s: float) -> None:
        """The load is pushed to another place; raises ValueError for one that is no place."""
        if position not in list(Position):
            raise ValueError(f"no position {position!r}; known: {', '.join(Position)}")
        self.put(self._pan.load_g, now_s, Position(position))

    def press(self, key: str, now_s: float) -> None:
        """A key is pressed: zero, tare, digits, M1 to M6, …; raises ValueError for what is no key.

        Zero and tare are refused in motion and out of range, without a word, as scales do.
        """
        if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise ValueError(f"no key {key!r}: a key is a short printable word such as zero, tare, 7 or M4")
        before = self.at(now_s)
        self._hear(Pressed(key))
        if not before.stable or before.out_of_range:
            return
        gross_g = self._target(now_s)
        if key == "zero" and abs(gross_g + self._zero_g) <= ZERO_RANGE * float(self._plate.max_g):
            self._zero_g += gross_g
            self._tare_g = Decimal(0)
        elif key == "tare":
            displayed = shown(gross_g, gross_g, math.inf, self._plate).grams
            self._tare_g = max(displayed, Decimal(0))

    def remote(self, held: bool, now_s: float) -> None:
        """The button of a remote control is held from ``now_s`` on, or released."""
        del now_s  # what a chip invents needs no settling
        self._hear(Remote(held))

    def cheat(self, model: str, now_s: float) -> None:
        """The scale behaves as ``model`` from ``now_s`` on, as if it had just been switched on with it.

        Raises ValueError for an unknown one.
        """
        chosen = model_named(model)

        def become() -> None:
            self._model = chosen
            self._restart(now_s)

        self._move(now_s, become)

    def switch_on(self, now_s: float) -> None:
        """Power comes back: model, zero and tare begin anew, and what the model was told is forgotten."""
        self._move(now_s, lambda: self._restart(now_s))

    def at(self, now_s: float) -> Shown:
        """What is shown at ``now_s``."""
        return shown(
            self._exact(now_s), self._target(now_s), now_s - self._since_s, self._plate, self._tare_g
        )

    def _restart(self, now_s: float) -> None:
        self._state = self._model.start
        self._zero_g, self._tare_g = 0.0, Decimal(0)
        load_g = self._pan.load_g
        self._pan = Pan(
            load_g=load_g,
            position=self._pan.position,
            placed_s=now_s,
            on_since_s=now_s,
            peak_g=max(load_g, 0.0),
            loadings=int(load_g > 0),
        )
        self._hear(Placed(load_g))

    def _hear(self, event: Event) -> None:
        self._state = self._model.hears(self._state, event)

    def _target(self, now_s: float) -> float:
        still_s = now_s - self._since_s - SHORTEST_MOTION_S
        moment = Moment(now_s, max(still_s, 0.0))
        return self._model.indicates(self._pan, self._state, moment, self._plate) - self._zero_g

    def _exact(self, now_s: float) -> float:
        return settling(self._before_g, self._target(now_s), now_s - self._since_s)

    def _move(self, now_s: float, change: Callable[[], None]) -> None:
        before_g = self._exact(now_s)
        change()
        self._before_g, self._since_s = before_g, now_s
