"""Which weights make up a load, and which small ones find a change point.

Rules this file obeys:

* Same drawer, same pieces: nothing is drawn by lot, and as few pieces as can be, the largest first.
* Together they may err by a third of the initial MPE of the load at most (OIML R 76-1:2006 3.7.1).
* A load that cannot be made is made near the wanted one, on the side named, and the plan says both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from firmware_app.quantity import Grams
from firmware_app.standards.sets import Piece, WeightSet

NEAR = Decimal("0.1")
"""How far from the wanted load another one may lie, as a share of it. R 76 says "at or near"; this is our own
bound for "near"."""
MOST_TRIED = 200
"""Other loads that are tried around a wanted one."""
MOST_LOOKED_AT = 4000
"""Combinations that are looked at for one load; a set of the 1-2-2-5 series needs a few dozen."""
SMALL_SHARES = (Decimal("0.1"), Decimal("0.2"))
"""Small weights of about 0.1 e each (OIML R 76-1:2006 A.4.4.3); where there are none, of 0.2 e."""


class Made(NamedTuple):
    """A load and the pieces that make it up."""

    load_g: Grams
    pieces: tuple[Piece, ...]


class Small(NamedTuple):
    """Small weights that make every multiple of ``step_g`` up to one interval."""

    step_g: Grams
    pieces: tuple[Piece, ...]


def usable(sets: Sequence[WeightSet], on: date) -> tuple[Piece, ...]:
    """The pieces that may be used on that day, largest and finest first."""
    pieces = [piece for each in sets for piece in each.pieces if not piece.unusable(on)]
    return tuple(sorted(pieces, key=lambda piece: (-piece.nominal_g, piece.tolerance_g, piece.id)))


def made_of(pieces: Sequence[Piece], wanted_g: Grams) -> tuple[Piece, ...] | None:
    """Pieces that make exactly the wanted mass, the largest first, None where none do; ``pieces`` sorted."""
    rests = [Decimal(0)]
    for piece in reversed(pieces):
        rests.append(rests[-1] + piece.nominal_g)
    rests.reverse()
    looked = 0

    def fill(start: int, missing: Grams) -> tuple[Piece, ...] | None:
        nonlocal looked
        if not missing:
            return ()
        failed: Grams | None = None
        for place in range(start, len(pieces)):
            piece = pieces[place]
            if rests[place] < missing or looked > MOST_LOOKED_AT:
                return None
            if piece.nominal_g > missing or piece.nominal_g == failed:
                continue
            looked += 1
            more = fill(place + 1, missing - piece.nominal_g)
            if more is not None:
                return (piece, *more)
            failed = piece.nominal_g
        return None

    return fill(0, wanted_g) if wanted_g >= 0 else None


def make(
    pieces: Sequence[Piece],
    wanted_g: Grams,
    grid_g: Grams,
    fits: Callable[[Made], bool],
    *,
    upward: bool = False,
) -> Made | None:
    """The load nearest to the wanted one that can be made and ``fits``, from there down (or up).

    Multiples of ``grid_g``, within ``NEAR`` of the wanted load.
    """
    step = grid_g if upward else -grid_g
    first = wanted_g - wanted_g % grid_g
    if upward and first < wanted_g:
        first += grid_g
    for number in range(MOST_TRIED):
        load = first + number * step
        if load <= 0 or abs(load - wanted_g) > max(NEAR * wanted_g, grid_g):
            return None
        found = made_of(pieces, load)
        if found is not None and fits(Made(load, found)):
            return Made(load, found)
    return None


def small_weights(pieces: Sequence[Piece], interval_g: Grams) -> Small | None:
    """Small weights for the change points of a scale with that interval; None where the drawer has none."""
    for share in SMALL_SHARES:
        step = share * interval_g
        fine = [piece for piece in pieces if piece.nominal_g <= interval_g and piece.tolerance_g * 10 <= step]
        count = int(1 / share)
        if all(made_of(fine, number * step) is not None for number in range(1, count + 1)):
            return Small(step, tuple(fine))
    return None


def tolerance(pieces: Sequence[Piece]) -> Grams:
    """What the pieces may err together: their tolerances added up (they share a laboratory)."""
    return sum((piece.tolerance_g for piece in pieces), Decimal(0))
