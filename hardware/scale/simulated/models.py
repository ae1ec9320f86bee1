"""Market scales as people meet them: honest, worn, carried up a mountain, and cheating.

Rules this file obeys:

* A model is data and pure functions: its own state, what an event makes of it, and what it indicates.
* No clock and no chance: times are handed in, and what looks like chance is a written sequence.
* A model changes what is indicated, never what lies on the pan; switched on, each begins at an empty zero.
* The cheats are those of published cases (keys and factors: market inspections of 2014 to 2024); none is a
  recipe: what matters is what each shows, so that checks can be tried against it.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hardware.scale.simulated.display import Plate

GAIN = 1.10
PIECE_GRID_G = 50
OFFSET_E = 10
OFFSET_FROM_E = 100
BASE_E = 10
DISH_E = 17
JUMP_E = 20
JUMP_FROM_E = 20
DROP = 0.95
DROP_AFTER_S = 1.5
PIN = ("9", "5", "2", "7")
KEY_FACTORS: Mapping[str, float] = {
    "M1": 1.0,
    "M2": 1.05,
    "M3": 1.10,
    "M4": 1.20,
    "M5": 1.25,
    "M6": 1.30,
}
"""500 g read 600, 625 and 650 g on M4, M5 and M6 in a published case."""

HYSTERESIS_E = 1.2
ZERO_DRIFT_E_PER_H = 2.0
REPEATS_E = (0.0, 0.6, -0.5, 0.3, -0.7, 0.4)

CARRIED_LATITUDE_DEG = 37.0
CARRIED_TO_M = 2500.0


class Position(enum.StrEnum):
    """Where on the pan the load lies (OIML R 76-1, A.4.7: the centre and the four quarters)."""

    CENTRE = "centre"
    FRONT_LEFT = "front_left"
    FRONT_RIGHT = "front_right"
    BACK_LEFT = "back_left"
    BACK_RIGHT = "back_right"


CORNERS: Mapping[Position, float] = {
    Position.CENTRE: 0.0,
    Position.FRONT_LEFT: 3.0e-3,
    Position.FRONT_RIGHT: -1.0e-3,
    Position.BACK_LEFT: 1.0e-3,
    Position.BACK_RIGHT: -2.5e-3,
}
"""Corner error of the worn scale as a share of the load."""


class Pan(msgspec.Struct, frozen=True, kw_only=True):
    """What physically happened: the load and where it lies, since when, and the history of this pan.

    ``peak_g``: largest load since the pan was last empty. ``loadings``: loads put on an empty pan so far.
    Times in seconds; ``on_since_s``: switched on.
    """

    load_g: float = 0.0
    position: Position = Position.CENTRE
    placed_s: float = 0.0
    on_since_s: float = 0.0
    peak_g: float = 0.0
    loadings: int = 0


class Placed(msgspec.Struct, frozen=True):
    """A load was put on or taken off: what lies there now, in grams."""

    load_g: float


class Pressed(msgspec.Struct, frozen=True):
    """A key of the scale was pressed."""

    key: str


class Remote(msgspec.Struct, frozen=True):
    """The button of a remote control is held or released."""

    held: bool


Event = Placed | Pressed | Remote


class Moment(msgspec.Struct, frozen=True):
    """When a model is asked: the time, and how long the display has stood still under this load."""

    now_s: float
    still_s: float


def _unmoved(state: Any, event: Event) -> Any:
    del event
    return state


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One way to behave. ``indicates(pan, state, moment, plate)``: grams before rounding.

    ``tells``: one sentence for people. ``hands``: what the trader does with bench keys before it acts.
    """

    name: str
    tells: str
    indicates: Callable[[Pan, Any, Moment, Plate], float]
    start: Any = None
    hears: Callable[[Any, Event], Any] = _unmoved
    hands: tuple[tuple[str, object], ...] = ()


# Without intent.


def _honest(pan: Pan, _state: None, _moment: Moment, _plate: Plate) -> float:
    return pan.load_g


def _worn(pan: Pan, _state: None, moment: Moment, plate: Plate) -> float:
    e = float(plate.e_g)
    drift = ZERO_DRIFT_E_PER_H * e * (moment.now_s - pan.on_since_s) / 3600
    if pan.load_g <= 0:
        return pan.load_g + drift
    repeat = REPEATS_E[(pan.loadings - 1) % len(REPEATS_E)] * e * min(1.0, pan.load_g / (20 * e))
    corner = CORNERS[pan.position] * pan.load_g
    return pan.load_g + drift + repeat + corner + _hysteresis(pan.load_g, pan.peak_g, e)


def _hysteresis(load_g: float, peak_g: float, e_g: float) -> float:
    """More on the way down than on the way up, most at half of the largest load, nothing at its ends."""
    share = load_g / peak_g if peak_g > 0 else 1.0
    return HYSTERESIS_E * e_g * 4 * share * (1 - share)


def normal_gravity(latitude_deg: float, altitude_m: float) -> float:
    """Normal gravity in m/s² (WGS 84, Somigliana) with the free-air gradient of -3.086e-6 s⁻²."""
    sin2 = math.sin(math.radians(latitude_deg)) ** 2
    at_sea = 9.7803253359 * (1 + 0.00193185265241 * sin2) / math.sqrt(1 - 0.00669437999 * sin2)
    return at_sea - 3.086e-6 * altitude_m


def _carried(pan: Pan, _state: None, _moment: Moment, _plate: Plate) -> float:
    here = normal_gravity(CARRIED_LATITUDE_DEG, CARRIED_TO_M)
    return pan.load_g * here / normal_gravity(CARRIED_LATITUDE_DEG, 0.0)


# With intent.


def _multiplier(pan: Pan, _state: None, _moment: Moment, _plate: Plate) -> float:
    return pan.load_g * GAIN


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """What the hidden mode knows: the last keys, whether the PIN was typed, the factor chosen."""

    typed: tuple[str, ...] = ()
    unlocked: bool = False
    factor: float = 1.0


def _plu_hears(state: Keys, event: Event) -> Keys:
    if not isinstance(event, Pressed):
        return state
    if state.unlocked and event.key in KEY_FACTORS:
        return msgspec.structs.replace(state, factor=KEY_FACTORS[event.key])
    typed = (*state.typed, event.key)[-len(PIN) :]
    return Keys(typed=typed, unlocked=state.unlocked or typed == PIN, factor=state.factor)


def _plu(pan: Pan, state: Keys, _moment: Moment, _plate: Plate) -> float:
    return pan.load_g * state.factor


def _nominal_honest(pan: Pan, _state: None, _moment: Moment, plate: Plate) -> float:
    return pan.load_g if looks_like_weights(pan.load_g, float(plate.e_g)) else pan.load_g * GAIN


def _offset(pan: Pan, _state: None, _moment: Moment, plate: Plate) -> float:
    e = float(plate.e_g)
    return pan.load_g + OFFSET_E * e if pan.load_g >= OFFSET_FROM_E * e else pan.load_g


def _remote_hears(held: bool, event: Event) -> bool:
    return event.held if isinstance(event, Remote) else held


def _remote(pan: Pan, held: bool, _moment: Moment, plate: Plate) -> float:
    e = float(plate.e_g)
    return pan.load_g + JUMP_E * e if held and pan.load_g >= JUMP_FROM_E * e else pan.load_g


def _base_hears(kept: bool, event: Event) -> bool:
    match event:
        case Placed(load_g=load) if load > 0:
            return True
        case Pressed(key="zero" | "tare"):
            return False
        case _:
            return kept


def _base(pan: Pan, kept: bool, _moment: Moment, plate: Plate) -> float:
    return pan.load_g + (BASE_E * float(plate.e_g) if kept else 0.0)


def _drop(pan: Pan, _state: None, moment: Moment, _plate: Plate) -> float:
    return pan.load_g * DROP if moment.still_s >= DROP_AFTER_S else pan.load_g


def _dish_hears(there: bool, event: Event) -> bool:
    return there or (isinstance(event, Placed) and event.load_g > 0)


def _dish(pan: Pan, there: bool, _moment: Moment, plate: Plate) -> float:
    return pan.load_g + (DISH_E * float(plate.e_g) if there else 0.0)


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


_ALL = (
    Model(name="honest", tells="Shows what lies on the pan.", indicates=_honest),
    Model(
        name="worn",
        tells="Worn out, meaning no harm: hysteresis, corner error, zero drift, poor repeatability.",
        indicates=_worn,
    ),
    Model(
        name="carried",
        tells="Adjusted at sea level, 37° N, and carried up to 2,500 m: weaker gravity, 0.08 % too little.",
        indicates=_carried,
    ),
    Model(name="multiplier", tells="Adds ten per cent to every load.", indicates=_multiplier),
    Model(
        name="plu_multiplier",
        tells="True until a PIN is typed; then the keys M1 to M6 choose a factor up to 1.30.",
        indicates=_plu,
        start=Keys(),
        hears=_plu_hears,
        hands=(("press", [*PIN, "M4"]),),
    ),
    Model(
        name="nominal_honest",
        tells="The truth for a load that weights could make, ten per cent more for any other.",
        indicates=_nominal_honest,
    ),
    Model(name="offset", tells="Ten intervals more from a hundred intervals up.", indicates=_offset),
    Model(
        name="remote_jump",
        tells="Jumps up by twenty intervals while a remote control in the trader's pocket is held.",
        indicates=_remote,
        start=False,
        hears=_remote_hears,
        hands=(("remote", True),),
    ),
    Model(
        name="base_number",
        tells="Keeps a base number of ten intervals in the display after the first load; zero hides it once.",
        indicates=_base,
        start=False,
        hears=_base_hears,
    ),
    Model(
        name="delayed_drop",
        tells="A buyer's scale: true until the display has stood still for 1.5 s, then five per cent less.",
        indicates=_drop,
    ),
    Model(
        name="tare_forgotten",
        tells="A dish of seventeen intervals comes onto the pan with the first load and is never tared.",
        indicates=_dish,
        start=False,
        hears=_dish_hears,
    ),
)

MODELS: Mapping[str, Model] = {model.name: model for model in _ALL}


def model_named(name: str) -> Model:
    """Raises ValueError for a model that is not known."""
    if name not in MODELS:
        raise ValueError(f"no model {name!r}; known: {', '.join(MODELS)}")
    return MODELS[name]
