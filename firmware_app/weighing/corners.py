"""Corner trim: from the same load at several places of one plate to one factor for each bridge under it.

Rules this file obeys:

* No I/O, no law, no clock: counts of each corner go in, trims with their uncertainties come out.
* Only differences between places are used; the sensitivity of the whole is the calibration's business, so the
  mean of the trims is 1.
* What the places do not determine is refused, with the place that is missing. The one exception is the twist
  (two diagonal corners up, the others down), which a stiff plate never passes on to the sum: it stays 0.

Corners are counted clockwise from the front left. With trims kᵢ = 1 + eᵢ, Σeᵢ = 0, and corner counts cₚᵢ at
place p, the mean of the corners must be the same S everywhere: Σᵢ kᵢ cₚᵢ / n = S. That is linear in e and S
and solved by least squares (singular values).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from firmware_app.errors import SteelyardError

LEAST_SINGULAR = 0.1
"""Below this a trim would be known ten times worse than the readings; a load moved from quarter to quarter
gives 0.5 across and along the plate, and 0.25 for the twist where the plate bends freely."""
LEAST_LEAD = 1.1
"""A corner leads at a place where it carries more than this times its even share."""
MOST_TRIM = 0.2
"""Cells of one type differ by a few per cent; more is a fault of wiring, not of sensitivity."""
LEAST_COUNTS = (1 << 23) / 1000
"""Of a corner that leads: a thousandth of the converter's range; below, noise would be trimmed away."""
MOST_PLACES = 200
TWIST = np.array([0.5, -0.5, 0.5, -0.5])

Floats = npt.NDArray[np.float64]


class BadCornerTest(SteelyardError):
    """The test does not determine the trims; the message says which place is missing or what is wrong."""


class CornerReading(msgspec.Struct, frozen=True):
    """One place of the load: counts of each corner less those of the empty plate, untrimmed.

    ``counts`` has one figure where only the sum of the bridges is wired. ``standard``: standard uncertainty
    of each figure in counts, None where it is not known.
    """

    place: str
    counts: tuple[float, ...]
    standard: float | None = None


class PlaceError(msgspec.Struct, frozen=True):
    """Error at one place against the mean of all, in grams, before and after trimming."""

    place: str
    before_g: float
    after_g: float | None


class CornerTest(msgspec.Struct, frozen=True, kw_only=True):
    """What the test says.

    ``trims``: one a corner, with ``standard`` uncertainties (None where nothing tells them); empty where only
    the sum is wired: then the corner errors are seen but only the junction box can be trimmed.
    ``standard_g``: standard uncertainty of an error. ``twist_free``: the twist was not determined and left 0.
    ``counts_per_gram``: of the trimmed mean; calibrate afterwards all the same.
    """

    load_g: float
    counts_per_gram: float
    trims: tuple[float, ...]
    standard: tuple[float, ...] | None
    twist_free: bool
    places: tuple[PlaceError, ...]
    standard_g: float | None
    largest_before_g: float
    largest_after_g: float | None


class _Fit(msgspec.Struct, frozen=True):
    """Trims, their standard uncertainties for one count of noise in a sum, and the scatter about the fit."""

    trims: Floats
    per_count: Floats
    scatter: float | None
    twist_free: bool


def corner_test(readings: Sequence[CornerReading], load_g: float) -> CornerTest:
    """Trims from the readings of one load at several places; raises BadCornerTest.

    Source: OIML R 76-1:2006 3.6.2 and A.4.7 for the places and the load; EURAMET cg-18 for differences.
    """
    counts = _checked(readings, load_g)
    corners = counts.shape[1]
    before = _errors(counts.mean(axis=1), load_g)
    noises = [reading.standard for reading in readings if reading.standard is not None]
    told = [max(noises) / math.sqrt(corners)] if noises else []
    if corners > 1:
        _check_leads(counts)
        fit = _fit(counts)
        _check_size(fit.trims)
        told += [] if fit.scatter is None else [fit.scatter]
        trims = fit.trims
    else:
        fit, trims = None, np.ones(1)
    noise = max(told) if told else None
    trimmed = counts @ trims / corners
    per_gram = float(trimmed.mean()) / load_g
    after = _errors(trimmed, load_g) if fit else None
    afters = [None] * len(readings) if after is None else [float(value) for value in after]
    return CornerTest(
        load_g=load_g,
        counts_per_gram=per_gram,
        trims=tuple(float(value) for value in trims) if fit else (),
        standard=tuple(float(value) * noise for value in fit.per_count)
        if fit and noise is not None
        else None,
        twist_free=fit is not None and fit.twist_free,
        places=tuple(
            PlaceError(reading.place, float(b), a)
            for reading, b, a in zip(readings, before, afters, strict=True)
        ),
        standard_g=None if noise is None else noise / per_gram,
        largest_before_g=float(abs(before).max()),
        largest_after_g=None if after is None else float(abs(after).max()),
    )


# --------------------------------------------------------------------------------------------- inside


def _fit(counts: Floats) -> _Fit:
    """Least squares over what the places determine."""
    places, corners = counts.shape
    means = counts.mean(axis=1)
    scale = float(means.mean())
    free = _sum_zero(corners)
    design = np.hstack([counts @ free / (corners * scale), -np.ones((places, 1))])
    left, singular, right = np.linalg.svd(design, full_matrices=True)
    rank = int((singular > LEAST_SINGULAR).sum())
    if rank < corners:
        _check_only_twist(free, right[rank:])
    inverse = right[:rank].T / singular[:rank] @ left[:, :rank].T
    solved = inverse @ (-means / scale)
    misfit = (design @ solved + means / scale) * scale
    spare = places - rank
    return _Fit(
        trims=1 + free @ solved[:-1],
        per_count=np.sqrt(((free @ inverse[:-1] / scale) ** 2).sum(axis=1)),
        scatter=math.sqrt(float(misfit @ misfit) / spare) if spare else None,
        twist_free=rank < corners,
    )


def _checked(readings: Sequence[CornerReading], load_g: float) -> Floats:
    """The counts as places × corners, all pointing up."""
    if not (math.isfinite(load_g) and load_g > 0):
        raise BadCornerTest(f"load {load_g!r} g: give the mass that was moved about, above zero")
    if not 2 <= len(readings) <= MOST_PLACES:
        raise BadCornerTest(
            f"{len(readings)} places: give 2 to {MOST_PLACES}, at best the middle and each corner"
        )
    widths = {len(reading.counts) for reading in readings}
    if len(widths) > 1 or not widths <= {1, 2, 3, 4}:
        raise BadCornerTest(f"every place needs the same 1 to 4 counts, not {sorted(widths)}")
    counts = np.array([reading.counts for reading in readings], dtype=float)
    if not np.isfinite(counts).all():
        raise BadCornerTest("a count is not finite")
    if any(reading.standard is not None and not reading.standard >= 0 for reading in readings):
        raise BadCornerTest("a standard uncertainty is below zero")
    if abs(counts).max() < LEAST_COUNTS:
        raise BadCornerTest(
            f"the load moves no corner by more than {abs(counts).max():.0f} counts: take a heavier one, "
            "about a third of Max, and see that the cells carry the plate"
        )
    sides = np.sign(counts.sum(axis=1))
    if abs(sides.sum()) != len(readings):
        raise BadCornerTest(
            "the load raises the sum at one place and lowers it at another: a corner is wired the "
            "wrong way round, or the load was not there"
        )
    upward: Floats = counts * sides[0]
    return upward


def _check_leads(counts: Floats) -> None:
    """Raises unless every corner carries the most somewhere."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    even = 1 / counts.shape[1]
    for corner, best in enumerate(shares.max(axis=0)):
        if shares[:, corner].min() < -even / 2 and best < even:
            raise BadCornerTest(f"corner {corner + 1} counts downwards: exchange its A+ and A-")
        if best < LEAST_LEAD * even:
            raise BadCornerTest(
                f"corner {corner + 1} never carries more than {best:.0%} of the load: put the load above it, "
                "too, or look whether this corner touches the plate"
            )


def _check_size(trims: Floats) -> None:
    worst = int(abs(trims - 1).argmax())
    if abs(trims[worst] - 1) > MOST_TRIM:
        raise BadCornerTest(
            f"corner {worst + 1} would need a trim of {trims[worst]:.3f}: more than {MOST_TRIM:.0%} is no "
            "spread of cells; check its wiring and mounting, and that the load was the same everywhere"
        )


def _sum_zero(corners: int) -> Floats:
    """An orthonormal basis of what leaves the sum of the trims as it is, corners × (corners − 1)."""
    everything = np.vstack([np.ones(corners), np.eye(corners)[:-1]]).T
    basis: Floats = np.linalg.qr(everything).Q[:, 1:]
    return basis


def _check_only_twist(free: Floats, null: Floats) -> None:
    """Raises unless the one combination that is not determined is the twist of four corners."""
    if len(null) == 1 and free.shape[0] == 4:
        loose = free @ null[0][:-1]
        size = float(np.linalg.norm(loose))
        if size > 0 and abs(float(loose @ TWIST)) > 0.9 * size:
            return
    raise BadCornerTest(
        "these places do not tell the corners apart: put the load above each corner in turn, and in the "
        "middle"
    )


def _errors(means: Floats, load_g: float) -> Floats:
    errors: Floats = (means / means.mean() - 1) * load_g
    return errors
