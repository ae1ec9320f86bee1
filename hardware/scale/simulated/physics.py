"""From a load to what a market scale shows: pure functions, grams as floats in, Decimal grams out.

Rules this file obeys:

* No clock: times are passed in, in seconds.
* A model changes what is shown, never what lies on the pan; every model shows zero for an empty pan.
* Limits are those of OIML R 76: nothing but dashes above Max + 9 e, and below -20 d.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

TIME_CONSTANT_S = 0.08
SHORTEST_MOTION_S = 0.3
PIECE_GRID_G = 50
GAIN = 1.10


class Plate(msgspec.Struct, frozen=True, kw_only=True):
    """What the data plate says, in grams; e = d on a market scale."""

    max_g: Decimal
    e_g: Decimal


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the display and the wire tell at one moment; ``grams`` is a multiple of e."""

    grams: Decimal
    stable: bool
    overload: bool
    underload: bool

    @property
    def zero(self) -> bool:
        return self.grams == 0


def honest(load_g: float, plate: Plate) -> float:
    """What lies on the pan."""
    del plate
    return load_g


def multiplier(load_g: float, plate: Plate) -> float:
    """Ten per cent more than lies on the pan."""
    del plate
    return load_g * GAIN


def nominal_honest(load_g: float, plate: Plate) -> float:
    """The truth for a load that weights could make, ten per cent more for any other: the cheat that a
    check with weights alone does not find."""
    return load_g if looks_like_weights(load_g, float(plate.e_g)) else load_g * GAIN


def offset(load_g: float, plate: Plate) -> float:
    """Ten scale intervals more from a hundred intervals up."""
    e = float(plate.e_g)
    return load_g + 10 * e if load_g >= 100 * e else load_g


MODELS: Mapping[str, Callable[[float, Plate], float]] = {
    "honest": honest,
    "multiplier": multiplier,
    "nominal_honest": nominal_honest,
    "offset": offset,
}


def looks_like_weights(load_g: float, e_g: float) -> bool:
    """Whether the load is one piece of 1, 2 or 5 x 10^k g, or a sum of pieces of 50 g and up.

    Sums of smaller pieces make every whole gram, so a cheat that honoured them would never cheat. The
    load counts as nominal within a fifth of e, at most 1 g.
    """
    load = abs(load_g)
    near = min(e_g / 5, 1.0)
    if load <= near or abs(load - PIECE_GRID_G * round(load / PIECE_GRID_G)) <= near:
        return True
    decade = 10.0 ** math.floor(math.log10(load))
    return any(abs(load - piece * decade) <= min(near, load / 20) for piece in (1, 2, 5, 10))


def settling(before_g: float, after_g: float, since_s: float) -> float:
    """The indication before rounding, ``since_s`` after the load changed: first order."""
    return after_g + (before_g - after_g) * math.exp(-max(since_s, 0.0) / TIME_CONSTANT_S)


def shown(exact_g: float, target_g: float, since_s: float, plate: Plate) -> Shown:
    """What is displayed for an indication of ``exact_g`` on the way to ``target_g``."""
    e = plate.e_g
    steps = (Decimal(repr(exact_g)) / e).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    still = abs(exact_g - target_g) < float(e) / 4 and since_s >= SHORTEST_MOTION_S
    return Shown(
        grams=steps * e if steps else Decimal(0),
        stable=still,
        overload=steps * e > plate.max_g + 9 * e,
        underload=steps < -20,
    )


class MarketScale:
    """A scale with a pan: what it shows after loads were put on, at any time asked in order."""

    def __init__(self, plate: Plate, model: str = "honest") -> None:
        """Raises ValueError for a model that is not known."""
        self._plate = plate
        self._load_g = 0.0
        self._model = _model(model)
        self._before_g = 0.0
        self._since_s = -math.inf

    def put(self, load_g: float, now_s: float) -> None:
        """``load_g`` lies on the pan from ``now_s`` on; raises ValueError when it is no finite number."""
        if not math.isfinite(load_g):
            raise ValueError(f"a load is a finite number of grams, not {load_g!r}")
        self._move(now_s)
        self._load_g = load_g

    def cheat(self, model: str, now_s: float) -> None:
        """The scale behaves as ``model`` from ``now_s`` on; raises ValueError for an unknown one."""
        chosen = _model(model)
        self._move(now_s)
        self._model = chosen

    def at(self, now_s: float) -> Shown:
        """What is shown at ``now_s``."""
        since = now_s - self._since_s
        return shown(self._exact(now_s), self._target(), since, self._plate)

    def _target(self) -> float:
        return self._model(self._load_g, self._plate)

    def _exact(self, now_s: float) -> float:
        return settling(self._before_g, self._target(), now_s - self._since_s)

    def _move(self, now_s: float) -> None:
        self._before_g = self._exact(now_s)
        self._since_s = now_s


def _model(name: str) -> Callable[[float, Plate], float]:
    if name not in MODELS:
        raise ValueError(f"no model {name!r}; known: {', '.join(MODELS)}")
    return MODELS[name]
