"""Substitution weighing: a load compared with a reference weight near it, in turns (ABA, BAB, ABBA …).

Rules this file obeys:

* Pure: what was seen on the pan comes in, a mass with its budget goes out. No clock, no I/O.
* What the turns share drops out: zero, steady drift, and the span but for the difference B − A.
* The noise of a contrast Σ wᵢ·xᵢ is −½ ΣΣ wᵢ·wⱼ·D(i, j) with the variance D of the difference of two
  windows (allan.py), so what lies between the turns counts as what it is.
* A comparison outside its limits is refused with the reason; nothing is stretched.

Sources: EURAMET cg-18 v4.0 7.1.2 (reference weights), OIML R 111-1:2004 C.4 (weighing cycles) and E.3 (air),
OIML R 76-1:2006 3.7.1 (a third of the limit).
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable, Sequence

import msgspec

from firmware_app.errors import SteelyardError
from firmware_app.quantity import Estimate
from firmware_app.uncertainty.coverage import factor_with_limit
from firmware_app.uncertainty.decision import CAPABILITY
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.cell import RECTANGULAR, Creep
from firmware_app.weighing.site import REFERENCE_WEIGHT_KG_M3, buoyancy_of_weight
from firmware_app.weighing.zero import Seen

Variance = Callable[[Seen, Seen], float]
"""Variance in counts squared of the difference of two windows (``Instrument.difference``)."""

SCHEMES = ("ABA", "BAB", "ABBA", "ABBAABBA")
"""BAB is for a load that lies on the pan already; its two turns also show whether it stayed the same."""
MOST_DIFFERENCE = 0.2
"""Of the reference: beyond it the span is in the difference again, and another weight is the remedy."""
MOST_ASYMMETRY = 0.2
"""Of the duration, between the mean times of A and of B: drift that is not steady would not drop out."""
LONGEST_S = 600.0
"""Between the first and the last turn: the air changes by less than a kelvin (5 K an hour)."""
AIR_U_KG_M3 = 0.02
"""Standard uncertainty of an air density worked out from altitude alone: ± 3 % of weather."""


class BadComparison(SteelyardError):
    """The turns give no mass; the message says why and what to do."""


class Reference(msgspec.Struct, frozen=True):
    """The weight A: conventional mass and its standard uncertainty in grams, density in kg/m³.

    Of several weights the uncertainties are added arithmetically (cg-18 7.1.2). ``by_limit``: nothing is
    known of it but the limit of its class (δm/√3, rectangular), as without a certificate.
    """

    mass_g: float
    standard_g: float
    density_kg_m3: float = REFERENCE_WEIGHT_KG_M3
    density_u_kg_m3: float = 140.0
    """R 111-1 table B.7: steel of class M1 lies within ± 140 … 280; of little weight here."""
    by_limit: bool = False


class Substituted(msgspec.Struct, frozen=True):
    """The mass of B with its budget, all standard uncertainties in grams.

    ``mass`` is conventional where the density of B is known, else what an ideal scale shows in this air.
    ``difference_g``: B − A on the pan. ``k``: coverage factor for 95.45 %; less than 2 where a weight that is
    known by its limit only is most of the doubt.
    """

    mass: Estimate
    difference_g: float
    reference: float
    noise: float
    creep: float
    span: float
    placing: float
    buoyancy: float
    k: float = 2.0

    @property
    def expanded(self) -> float:
        """U = k·u in grams."""
        return self.mass.expanded(self.k)


def compare(
    scheme: str,
    turns: Sequence[Seen],
    reference: Reference,
    calibration: Calibration,
    difference: Variance,
    *,
    air_kg_m3: float = 1.2,
    air_u_kg_m3: float = AIR_U_KG_M3,
    density_kg_m3: float | None = None,
    density_u_kg_m3: float = 0.0,
) -> Substituted:
    """The mass of B from what was seen in each turn of ``scheme``; raises BadComparison.

    ``turns``: windows of equal rest (Instrument.seen). ``difference``: Instrument.difference.
    """
    weights = contrast(scheme, [seen.at_ns * 1e-9 for seen in turns])
    # The curve is used where the loads are, not at zero.
    near = reference.mass_g * calibration.counts_per_gram
    start = calibration.grams(near)
    base = turns[scheme.index("A")].counts
    values = [calibration.grams(near + seen.counts - base) - start for seen in turns]
    away = sum(w * v for w, v in zip(weights, values, strict=True))
    if abs(away) > MOST_DIFFERENCE * reference.mass_g:
        raise BadComparison(
            f"the load is {away:+.1f} g from the weight of {reference.mass_g:g} g: "
            f"take a weight within {MOST_DIFFERENCE:.0%} of it"
        )
    ours = buoyancy_of_weight(air_kg_m3, reference.density_kg_m3)
    theirs = 0.0 if density_kg_m3 is None else buoyancy_of_weight(air_kg_m3, density_kg_m3)
    mass = (reference.mass_g * (1 + ours) + away) / (1 + theirs)
    terms = {
        "reference": reference.standard_g,
        "noise": _noise_g(weights, turns, difference, calibration),
        "creep": Creep(calibration.cell).contrast_g(weights, [seen.creep for seen in turns]),
        "span": abs(away) * span_u(calibration, reference.mass_g),
        "placing": calibration.repeatability_g * math.sqrt(sum(w * w for w in weights)),
        "buoyancy": _buoyancy_u(
            reference, mass, air_kg_m3, air_u_kg_m3, density=density_kg_m3, density_u=density_u_kg_m3
        ),
    }
    estimate = Estimate(mass, math.hypot(*terms.values()))
    return Substituted(estimate, away, **terms, k=_factor(reference, estimate.standard))


def contrast(scheme: str, times_s: Sequence[float]) -> list[float]:
    """By what each turn counts in B − A, so that a steady drift drops out whatever the times (least squares).

    Raises BadComparison where the turns lie too unevenly or too far apart.
    """
    if scheme not in SCHEMES or len(times_s) != len(scheme):
        raise BadComparison(f"{len(times_s)} turns are no {scheme}: weigh one of {', '.join(SCHEMES)}")
    duration = times_s[-1] - times_s[0]
    if not 0 < duration <= LONGEST_S or any(b <= a for a, b in itertools.pairwise(times_s)):
        raise BadComparison(f"the turns took {duration:.0f} s: weigh them again within {LONGEST_S:.0f} s")
    is_b = [turn == "B" for turn in scheme]
    share = sum(is_b) / len(is_b)
    mean_t = sum(times_s) / len(times_s)
    late_b = sum(t for t, b in zip(times_s, is_b, strict=True) if b) / sum(is_b)
    late_a = sum(t for t, b in zip(times_s, is_b, strict=True) if not b) / (len(is_b) - sum(is_b))
    if abs(late_b - late_a) > MOST_ASYMMETRY * duration:
        raise BadComparison(
            "the turns are too uneven in time: leave each load on the pan as long as the others"
        )
    # Regression of the readings on (1, t, is_b): the coefficient of is_b, with t taken out of it.
    inertia = sum((t - mean_t) ** 2 for t in times_s)
    tilt = sum((t - mean_t) * b for t, b in zip(times_s, is_b, strict=True)) / inertia
    rest = [b - share - tilt * (t - mean_t) for t, b in zip(times_s, is_b, strict=True)]
    scale = sum(r * b for r, b in zip(rest, is_b, strict=True))
    return [r / scale for r in rest]


def span_u(calibration: Calibration, at_g: float) -> float:
    """Relative standard uncertainty of the slope near a load: of the calibration, and from unknown air."""
    weighed = calibration.mass(at_g * calibration.counts_per_gram)
    known = math.hypot(weighed.fit, weighed.weights, weighed.temperature, weighed.hysteresis) / abs(at_g)
    return math.hypot(known, calibration.cell.span_u() if calibration.capacity_g is not None else 0.0)


def _factor(reference: Reference, standard_g: float) -> float:
    if not reference.by_limit:
        return 2.0
    rest = math.sqrt(max(0.0, standard_g**2 - reference.standard_g**2))
    return factor_with_limit(reference.standard_g, rest)


def _noise_g(
    weights: Sequence[float], turns: Sequence[Seen], difference: Variance, calibration: Calibration
) -> float:
    variance = 0.0
    for i, one in enumerate(turns):
        for j in range(i):
            variance -= weights[i] * weights[j] * difference(one, turns[j])
    return math.sqrt(max(0.0, variance)) / abs(calibration.counts_per_gram)


def _buoyancy_u(
    reference: Reference,
    mass_g: float,
    air: float,
    air_u: float,
    *,
    density: float | None = None,
    density_u: float = 0.0,
) -> float:
    """First order in the air and in both densities (R 111-1:2004 C.6.3)."""
    ours, theirs = 1 / reference.density_kg_m3, 1 / (density or reference.density_kg_m3)
    by_air = mass_g * abs(ours - theirs) * air_u
    lift = abs(1.2 - air) * mass_g
    by_theirs = lift * theirs**2 * density_u if density is not None else 0.0
    return math.hypot(by_air, lift * ours**2 * reference.density_u_kg_m3, by_theirs)


# ------------------------------------------------------------------------------------------- worth it?


class Way(enum.StrEnum):
    """How a load is to be weighed."""

    DIRECT = "direct"
    """The reading of the pan is good enough."""
    SUBSTITUTE = "substitute"
    """A weight beside it is worth the trouble."""
    NEITHER = "neither"
    """What is at hand is not good enough for this need."""


class Advice(msgspec.Struct, frozen=True):
    """Which way, what U (k = 2, grams) it gives, and the weight to take (None: none).

    ``needed``: the U that is needed, a third of the limit.
    """

    way: Way
    expanded_g: float
    needed_g: float
    reference: Reference | None = None


def expected(
    load_g: float,
    reference: Reference,
    calibration: Calibration,
    noise_g: float,
    *,
    scheme: str = "ABA",
    air_kg_m3: float = 1.2,
) -> float:
    """Standard uncertainty in grams that a comparison would have.

    ``noise_g``: of one reading against another a quarter of a minute apart (Terms.noise of a recent reading).
    """
    weights = contrast(scheme, [15.0 * n for n in range(len(scheme))])
    # Each reading carries half of the variance of a difference of two.
    noise = noise_g / math.sqrt(2) * math.sqrt(sum(w * w for w in weights))
    # Turn by turn the same creep begins anew; the first has no load before it.
    creep = calibration.cell.creep / RECTANGULAR * load_g * FIRST_TURN * abs(weights[0])
    span = abs(load_g - reference.mass_g) * span_u(calibration, reference.mass_g)
    placing = calibration.repeatability_g * math.sqrt(sum(w * w for w in weights))
    buoyancy = _buoyancy_u(reference, load_g, air_kg_m3, AIR_U_KG_M3)
    return math.hypot(reference.standard_g, noise, creep, span, placing, buoyancy)


FIRST_TURN = 0.15
"""Share of the creep of half an hour by which the first turn differs from those after it, at equal rest."""


def advise(
    load_g: float,
    direct: Estimate,
    limit_g: float,
    at_hand: Sequence[Reference],
    *,
    calibration: Calibration,
    noise_g: float,
    air_kg_m3: float = 1.2,
) -> Advice:
    """Whether the direct reading does, whether substitution with a weight at hand would, or neither.

    The need is U (k = 2) ≤ ⅓ of the limit (R 76-1 3.7.1, JCGM 106 8.2.3).
    """
    needed = limit_g / float(CAPABILITY)
    if direct.expanded() <= needed:
        return Advice(Way.DIRECT, direct.expanded(), needed)
    near = [each for each in at_hand if abs(each.mass_g - load_g) <= MOST_DIFFERENCE * each.mass_g]
    found = []
    for each in near:
        standard = expected(load_g, each, calibration, noise_g, air_kg_m3=air_kg_m3)
        found.append((_factor(each, standard) * standard, each))
    best = min(found, key=lambda pair: pair[0], default=None)
    if best is not None and best[0] <= needed:
        return Advice(Way.SUBSTITUTE, best[0], needed, best[1])
    if best is not None and best[0] < direct.expanded():
        return Advice(Way.NEITHER, best[0], needed, best[1])
    return Advice(Way.NEITHER, direct.expanded(), needed)


# --------------------------------------------------------------------------------------- turn by turn


class Turns:
    """Collects the turns as a person changes the loads; ``wants`` is the letter of the next one.

    A turn is taken after the load has rested for ``rest_s``, the same for all, so that creep drops out; the
    load must then move before the next one counts.
    """

    REST_S = 5.0
    NEAR = 0.05
    """How near to its nominal value a weight must be to be the one that was asked for."""

    def __init__(self, scheme: str, reference_g: float, rest_s: float = REST_S) -> None:
        if scheme not in SCHEMES:
            raise BadComparison(f"{scheme!r} is no scheme: one of {', '.join(SCHEMES)}")
        self.scheme = scheme
        self.taken: list[Seen] = []
        self.wrong_g: float | None = None
        """What lies on the pan instead of what is wanted; None while all is well."""
        self._reference_g = reference_g
        self._rest_ns = round(rest_s * 1e9)
        self._since_ns: int | None = None
        self._moved = True

    @property
    def wants(self) -> str | None:
        """``A`` or ``B``; None when all are taken."""
        return self.scheme[len(self.taken)] if len(self.taken) < len(self.scheme) else None

    @property
    def empty(self) -> bool:
        """Whether the next load may come: the one before it has left the pan, and none lies there."""
        return self._moved and self._since_ns is None

    def feed(self, at_ns: int, mass_g: float, stable: bool, seen: Seen) -> bool:
        """Takes one reading; True when a turn was taken with it."""
        near = self.NEAR if self.wants == "A" else MOST_DIFFERENCE
        if abs(mass_g) < 0.5 * self._reference_g:
            self._moved = True
        if not stable or not self._moved or self.wants is None or abs(mass_g) < 0.5 * self._reference_g:
            self._since_ns = self.wrong_g = None
            return False
        if abs(mass_g - self._reference_g) > near * self._reference_g:
            self.wrong_g = mass_g
            return False
        self.wrong_g = None
        if self._since_ns is None:
            self._since_ns = at_ns
        if at_ns - self._since_ns < self._rest_ns:
            return False
        self.taken.append(seen)
        self._moved, self._since_ns = False, None
        return True
