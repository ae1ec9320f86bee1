"""Market scales as a population: honest ones up to the edge of the law, worn, carried, and cheating ones.

What each shows comes from the models of ``hardware.scale.simulated``; here stands only how they vary from
stall to stall: size, curve of the errors, how long the person waits, what the trader's hand does meanwhile.
Every draw comes from one generator a visit, so a visit can be repeated by its number.
"""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

from firmware_app.registry.registry import Registry, Scale, Stall
from firmware_app.rules.mpe import Instrument, mpe
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack, Stage
from hardware.scale.simulated.display import Plate, Shown
from hardware.scale.simulated.models import PIN, Position
from hardware.scale.simulated.physics import MarketScale

HONEST, OUT_OF_ORDER = ("honest",), ("worn", "carried")
CHEATS = ("multiplier", "plu_multiplier", "nominal_honest", "offset", "remote_jump", "delayed_drop")
MORE = ("base_number", "tare_forgotten")
"""The trader's hands rather than the chip: shown too, not counted among the six."""
MODELS = (*HONEST, *OUT_OF_ORDER, *CHEATS, *MORE)
RATIOS = {f"ratio_{share}": float(share) / 100 for share in ("0.3", "0.5", "1.0", "1.5", "2.0")}
"""Multipliers as small as they come, in per cent: how much must it be to be found?"""
SIZES = (("15000", "5", "100"), ("30000", "10", "200"), ("6000", "2", "40"))
"""Max, e, Min in grams: n = 3000, as market scales are."""
ON = date(2026, 11, 23)
PACK = pack_in_force(NawiPack, ON)
SETTLES_S, EMPTY_S, SECOND_LOOK_S = 0.6, 3.0, 11.0
AT_EDGE = 0.5
"""Share of the honest scales whose curve uses up the whole maximum permissible error."""


def registry(profile: str = "") -> Registry:
    """One stall for each size. ``profile``: protocol of the lead of every scale, empty for none."""
    stalls = tuple(Stall(code=str(index), name="") for index in range(len(SIZES)))
    scales = tuple(
        Scale(
            id=f"S{index}",
            stall=str(index),
            accuracy_class="III",
            max_g=Decimal(most),
            min_g=Decimal(least),
            e_g=Decimal(e),
            profile=profile,
        )
        for index, (most, e, least) in enumerate(SIZES)
    )
    return Registry(stalls=stalls, scales=scales)


class Tested:
    """One scale on one stall in one visit, with the trader beside it."""

    def __init__(self, model: str, rng: random.Random) -> None:
        self.model, self._rng = model, rng
        self.size = rng.randrange(len(SIZES))
        most, e, least = (Decimal(text) for text in SIZES[self.size])
        self.e = float(e)
        self.instrument = Instrument(
            accuracy_class="III", max_g=most, e_g=e, min_g=least, price_computing=True
        )
        edge = rng.choice((-1.0, 1.0)) if rng.random() < AT_EDGE else rng.uniform(-1.0, 1.0)
        self._curve = edge if model in HONEST else rng.uniform(-0.3, 0.3)
        if model == "nominal_honest":
            # Whoever builds it adjusts it well: with an error of its own it would not know its weights.
            self._curve = 0.0
        self._now_s = rng.uniform(60.0, 1800.0)
        self._ratio = RATIOS.get(model, 0.0)
        self._scale = MarketScale(Plate(max_g=most, e_g=e), "honest" if model in RATIOS else model)
        self._load = 0.0
        self.worst_limits = 0.0
        """Largest error shown so far in multiples of the limit, less half an interval."""
        if model == "plu_multiplier":
            for key in (*PIN, rng.choice(("M1", "M4"))):
                self.press(key)

    def limit(self, load: float) -> float:
        """MPE in service."""
        near = min(Decimal(repr(round(load, 3))), self.instrument.max_g)
        return float(mpe(PACK, self.instrument, near, Stage.IN_SERVICE, ON).limit_g)

    def error(self, load: float) -> float:
        """The curve: within the limit everywhere, and at it at 500 e and 2000 e for a scale at the edge."""
        if self._ratio:
            return self._ratio * load
        n = load / self.e
        share = 0.5 + 0.5 * n / 500 if n <= 500 else 1 + min((n - 500) / 1500, 1.0)
        return self._curve * self.e * share

    def put(self, load: float) -> Decimal:
        """The load is put on the empty scale and read after a while."""
        self.place(load)
        self._now_s += SETTLES_S + self._rng.uniform(0.2, 4.0)
        return self.read()

    def place(self, load: float) -> None:
        """The load is put on the empty scale."""
        if self._load:
            self.clear()
        if self.model == "remote_jump":
            self._scale.remote(self._rng.random() < 0.5, self._now_s)
        if self.model == "worn":
            # People put goods roughly in the middle; one load in ten lies at a corner.
            corner = self._rng.random() < 0.1
            position = self._rng.choice(list(Position)) if corner else Position.CENTRE
            self._scale.put(load + self.error(load), self._now_s, position)
        else:
            self._scale.put(load + self.error(load), self._now_s)
        self._load = load

    def frame(self, seconds: float) -> Shown:
        """What the lead says so much later."""
        self._now_s += seconds
        return self._scale.at(self._now_s)

    def read(self) -> Decimal:
        """What stands on the display."""
        shown = self._scale.at(self._now_s)
        if self._load:
            beyond = abs(float(shown.grams) - self._load) - self.e / 2
            self.worst_limits = max(self.worst_limits, beyond / self.limit(self._load))
        return shown.grams

    def lift(self) -> None:
        """The load is taken off at once."""
        self._load = 0.0
        self._scale.put(0.0, self._now_s)

    def clear(self) -> None:
        self.lift()
        self._now_s += EMPTY_S

    def wait(self, seconds: float = SECOND_LOOK_S) -> None:
        self._now_s += seconds

    def press(self, key: str) -> None:
        self._scale.press(key, self._now_s)
        self._now_s += 1.0

    def power(self) -> None:
        self.clear()
        self._scale.switch_on(self._now_s)
        self._now_s += EMPTY_S
