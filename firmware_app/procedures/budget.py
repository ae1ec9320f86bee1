"""How well a load must be known, and which way of weighing it on the pan knows it so well.

Rules this file obeys:

* The reference must be capable: U(k=2) ≤ ⅓ of the limit used (JCGM 106:2012 8.2.3, OIML R 76-1:2006 3.7.1).
* U of an error holds the reference and the rounding of the scale under test at load and at zero, both d/(2√3)
  (EURAMET cg-18 7.1). It is rounded up, never down.
* The pan's own reading comes first; a reference weight beside it only where that is not good enough and the
  weight makes it so, and then as few pieces as do.

For 15 kg/5 g of class III the rounding of the scale alone makes U = 4.083 g; a pan with a C3 cell, which
knows 2.5 kg within U = 0.34 g, makes 4.097 g of it. Below 2.5 kg, where the limit is 5 g, an exact scale may
show 2.5 g too much by rounding: no pan and no weight can tell that from an error.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.quantity import Estimate, Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import Instrument, mpe
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack, Stage
from firmware_app.standards.sets import Piece, reference_mass
from firmware_app.uncertainty.decision import CAPABILITY, capable
from firmware_app.weighing import substitution
from firmware_app.weighing.substitution import MOST_DIFFERENCE, Reference, Way

MILLIGRAM = Decimal("0.001")
MOST_PIECES = 3
"""More weights beside each other are more trouble than they are worth."""
LEAST_SHARE = Decimal("0.05")
"""Of the load: a smaller piece does not bring the weights nearer to it by what is worth putting it on."""


class Chosen(msgspec.Struct, frozen=True):
    """How a load is to be weighed on the pan: the way, its U (k = 2, grams), and the weights beside it."""

    way: Way
    expanded_g: Grams
    pieces: tuple[Piece, ...] = ()


def instrument_of(scale: Scale) -> Instrument:
    """The scale as the law sees it."""
    return Instrument(
        accuracy_class=scale.accuracy_class,
        max_g=scale.max_g,
        e_g=scale.e_g,
        min_g=scale.min_g,
        price_computing=scale.price_computing,
    )


def expanded_g(*standards: float) -> Grams:
    """U = 2·√(Σu²) of independent standard uncertainties in grams, rounded up to the milligram."""
    return Decimal(repr(2 * math.hypot(*standards))).quantize(MILLIGRAM, ROUND_CEILING)


def expanded_of_error(reference_u: float, step_g: Grams, *others: float) -> Grams:
    """U(k=2) of an error: reference, rounding at load and at zero, and further terms, all in grams.

    ``step_g``: d where the scale is read directly, the step of the small weights where the change point is
    sought. Source: EURAMET cg-18 7.1.
    """
    rounding = float(step_g) / (2 * math.sqrt(3))
    return expanded_g(reference_u, rounding, rounding, *others)


def limit_between(context: Context, scale: Scale, low_g: Grams, high_g: Grams) -> Grams:
    """The smaller of the limits in service at two loads; raises RulesError."""
    instrument = instrument_of(scale)
    pack = pack_in_force(NawiPack, context.on, context.packs, instrument)
    return min(mpe(pack, instrument, load, Stage.IN_SERVICE, context.on).limit_g for load in {low_g, high_g})


def tells_honest(reference_u: float, d_g: Grams, limit_g: Grams) -> bool:
    """Whether an exact scale is found right whatever its rounding: d/2 + U ≤ limit."""
    return d_g / 2 + expanded_of_error(reference_u, d_g) <= limit_g


def needed_g(limit_g: Grams) -> Grams:
    """The U(k=2) that the reference may have at most."""
    return limit_g / CAPABILITY


def choose(context: Context, direct: Estimate, limit_g: Grams) -> Chosen:
    """The way to weigh a load whose direct reading is (or is expected to be) so well known."""
    known = expanded_g(direct.standard) if math.isfinite(direct.standard) else Decimal("Infinity")
    if capable(known, limit_g):
        return Chosen(Way.DIRECT, known)
    outlook = None if context.pan is None else context.pan.outlook
    if outlook is None or direct.value <= 0:
        return Chosen(Way.NEITHER, known)
    for together in _near(context, direct.value):
        advice = substitution.advise(
            direct.value,
            direct,
            float(limit_g),
            [reference for reference, _ in together],
            calibration=outlook.calibration,
            noise_g=outlook.noise_g,
        )
        if advice.way is Way.SUBSTITUTE:
            pieces = next(pieces for reference, pieces in together if reference is advice.reference)
            return Chosen(Way.SUBSTITUTE, expanded_g(advice.expanded_g / 2), pieces)
    return Chosen(Way.NEITHER, known)


def expected(context: Context, load_g: Grams, limit_g: Grams) -> Chosen:
    """The way to weigh a load that is not there yet; of a pan of which nothing is known the direct one."""
    outlook = None if context.pan is None else context.pan.outlook
    if outlook is None:
        return Chosen(Way.DIRECT, Decimal(0))
    return choose(context, outlook.direct(float(load_g)), limit_g)


def reference_of(context: Context, pieces: tuple[Piece, ...]) -> Reference:
    """The weights as the comparison takes them; raises NotUsable for a piece out of date."""
    known = reference_mass(pieces, context.on)
    # Limits of several weights do not stay rectangular, so only one weight alone has the shorter factor.
    by_limit = len(pieces) == 1 and not pieces[0].certified
    return Reference(known.value, known.standard, by_limit=by_limit)


def _near(context: Context, load_g: float) -> Iterator[list[tuple[Reference, tuple[Piece, ...]]]]:
    """The weights near the load, one piece first, then two together, then three; each mass once."""
    usable = _usable(context, Decimal(repr(load_g)))
    seen: set[Grams] = set()
    for count in range(1, MOST_PIECES + 1):
        together = []
        for pieces in itertools.combinations(usable, count):
            nominal = sum((piece.nominal_g for piece in pieces), Decimal(0))
            if nominal not in seen and abs(float(nominal) - load_g) <= MOST_DIFFERENCE * float(nominal):
                seen.add(nominal)
                together.append((reference_of(context, pieces), pieces))
        yield together


def _usable(context: Context, load_g: Grams) -> list[Piece]:
    """The pieces that could be part of it, the heaviest first; of each nominal mass as many as are taken."""
    most = load_g / (1 - Decimal(repr(MOST_DIFFERENCE)))
    kinds: dict[Grams, list[Piece]] = {}
    for piece in (piece for each in context.weights for piece in each.pieces):
        if not piece.unusable(context.on) and LEAST_SHARE * load_g <= piece.nominal_g <= most:
            kinds.setdefault(piece.nominal_g, []).append(piece)
    best = [sorted(alike, key=lambda piece: (piece.standard_g, piece.id)) for alike in kinds.values()]
    chosen = [piece for alike in best for piece in alike[:MOST_PIECES]]
    return sorted(chosen, key=lambda piece: (-piece.nominal_g, piece.id))
