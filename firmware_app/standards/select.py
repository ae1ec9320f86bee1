"""Chooses the loads of a self-check from the weights at hand.

Rules this file obeys:

* Few pieces and few loads: a trader has a minute.
* A piece counts only where it is in date and the sum of the tolerances is within a third of the initial
  MPE of the load (OIML R 76-1:2006 3.7.1).
* The choice depends on nothing but what is handed in: same drawer, same loads.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from firmware_app.quantity import Grams
from firmware_app.rules.mpe import Instrument, OutsideTable, first_step, mpe, reference_limit
from firmware_app.rules.rows import NawiPack, Stage
from firmware_app.standards.sets import Piece

TARGETS = (Decimal("0.4"), Decimal(1), Decimal(2))
"""A usual sale, the first MPE step and the upper trade range, in multiples of that step.

For 15 kg/5 g of class III: 1 kg, 2.5 kg and 5 kg.
"""


class Load(msgspec.Struct, frozen=True):
    """One load to put on: its nominal mass and the pieces that make it up, heaviest first."""

    nominal_g: Grams
    pieces: tuple[Piece, ...]


def choose_loads(
    pack: NawiPack,
    instrument: Instrument,
    d_g: Grams,
    pieces: tuple[Piece, ...],
    on: date,
    *,
    usual_g: Grams | None = None,
) -> tuple[Load, ...]:
    """Up to three different loads in rising order, empty where the pieces do not serve.

    ``usual_g``: what the trader usually sells at once, where it is known. Each lies in Min … Max and is made
    of multiples of d, so that an exact scale can show it. Raises BadInstrument.
    """
    sums = _sums(pack, pieces, instrument, d_g, on)
    lowest = instrument.min_g or d_g
    loads: dict[Grams, Load] = {}
    for share in TARGETS:
        wanted = share * first_step(pack, instrument)
        if usual_g is not None and share == TARGETS[0]:
            wanted = usual_g
        for mass in sorted(sums, key=lambda mass: (abs(mass - wanted), len(sums[mass]), mass)):
            fresh = mass >= lowest and mass not in loads
            if fresh and _fine_enough(pack, instrument, sums[mass], mass, on):
                loads[mass] = Load(mass, sums[mass])
                break
    return tuple(loads[mass] for mass in sorted(loads))


def _sums(
    pack: NawiPack, pieces: tuple[Piece, ...], instrument: Instrument, d_g: Grams, on: date
) -> dict[Grams, tuple[Piece, ...]]:
    """Every mass the usable pieces can make within reach, each with the fewest pieces."""
    reach = min(instrument.max_g, (TARGETS[-1] + 1) * first_step(pack, instrument))
    usable = [piece for piece in pieces if not piece.unusable(on) and piece.nominal_g % d_g == 0]
    usable.sort(key=lambda piece: (-piece.nominal_g, piece.id))
    sums: dict[Grams, tuple[Piece, ...]] = {Decimal(0): ()}
    for piece in usable:
        for mass, chosen in list(sums.items()):
            more = mass + piece.nominal_g
            if more <= reach and (more not in sums or len(sums[more]) > len(chosen) + 1):
                sums[more] = (*chosen, piece)
    del sums[Decimal(0)]
    return sums


def _fine_enough(
    pack: NawiPack, instrument: Instrument, pieces: tuple[Piece, ...], mass: Grams, on: date
) -> bool:
    try:
        answer = mpe(pack, instrument, mass, Stage.INITIAL, on)
    except OutsideTable:
        return False
    return sum((piece.tolerance_g for piece in pieces), Decimal(0)) <= reference_limit(pack, answer)
