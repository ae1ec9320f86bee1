"""Weighted least squares of loads on counts: a polynomial, one zero for each series, and the loop.

Rules this file obeys:

* Pure arithmetic on arrays; no judgement of points, no words.
* Linear in its parameters. Loads are regressed on counts: the noise of counts is 10⁻⁵ of their range, so the
  bias of errors in the regressor is 10⁻¹⁰ and below.
* The error that weights of one set have together is no noise: it is carried through the estimator, not
  weighted by (JCGM 100 F.1.2.3; EURAMET cg-18 7.1.2).

Model: mᵢ = z₍series₎ + Σ aⱼ·tᵢʲ + h·(±½)·4f(1−f) + α·tᵢ·(Tᵢ−T̄), t the counts above the zero of the series as
a share of their range, f = |m|/max|m|. z is brought to nothing by moving the zero of the series.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
MOST_TURNS = 8
"""Turns in which the zeros settle; each gains some four digits, so three are enough for real data."""
SINGULAR = 1e-10


class Singular(Exception):
    """The points do not determine the parameters."""


@dataclass(frozen=True)
class Data:
    """Columns of the points. ``standard``: grams, of one reading, 1 where nothing is stated.

    ``side``: +½ where the load was taken off, −½ where it was put on, 0 where not known.
    """

    load: Array
    load_u: Array
    counts: Array
    standard: Array
    series: Indices
    side: Array
    warmth: Array

    def only(self, keep: NDArray[np.bool_]) -> Data:
        return Data(
            self.load[keep],
            self.load_u[keep],
            self.counts[keep],
            self.standard[keep],
            self.series[keep],
            self.side[keep],
            self.warmth[keep],
        )


@dataclass(frozen=True)
class Model:
    """What is fitted: the order, whether the loop and the temperature are, and the scale of t."""

    order: int
    span: float
    highest_g: float
    loop: bool = False
    warm: bool = False


@dataclass(frozen=True)
class Solution:
    """Parameters in the order series, a₁ …, loop, temperature; ``zeros`` in counts, one for each series."""

    model: Model
    names: Indices
    zeros: Array
    parameters: Array
    covariance: Array
    moved: Array
    residual: Array
    leverage: Array
    dof: int
    rss: float

    @property
    def coefficients(self) -> slice:
        return slice(len(self.names), len(self.names) + self.model.order)


def shares(data: Data, model: Model, names: Indices, zeros: Array) -> Array:
    """t of every point."""
    return (data.counts - zeros[np.searchsorted(names, data.series)]) / model.span


def design(data: Data, model: Model, names: Indices, zeros: Array) -> Array:
    """One row a point, one column a parameter."""
    t = shares(data, model, names, zeros)
    columns = [(data.series == name).astype(float) for name in names]
    columns += [t**power for power in range(1, model.order + 1)]
    if model.loop:
        share = np.minimum(1.0, np.abs(data.load) / model.highest_g)
        columns.append(data.side * 4 * share * (1 - share))
    if model.warm:
        columns.append(t * data.warmth)
    return np.column_stack(columns)


def parameters_of(model: Model, series: int) -> int:
    """How many parameters the model has."""
    return series + model.order + model.loop + model.warm


def solve(data: Data, model: Model, zeros: Array, names: Indices) -> Solution:
    """The least-squares solution of all points of ``data``; raises Singular.

    ``covariance`` is of the stated ``standard``: the caller scales it where the scatter says otherwise.
    ``moved``: by how much each parameter moves when every weight is heavier by its standard uncertainty.
    """
    weight = 1 / data.standard
    for _ in range(MOST_TURNS):
        matrix = design(data, model, names, zeros) * weight[:, None]
        orthogonal, triangle = np.linalg.qr(matrix)
        diagonal = np.abs(np.diag(triangle))
        if len(data.load) < matrix.shape[1] or diagonal.min() < SINGULAR * diagonal.max():
            raise Singular
        inverse = np.linalg.inv(triangle)
        parameters = inverse @ (orthogonal.T @ (data.load * weight))
        offsets = parameters[: len(names)]
        slope = parameters[len(names)] / model.span
        zeros = zeros - offsets / slope
        if np.all(np.abs(offsets) < 1e-9 * model.highest_g):
            break
    residual = data.load - (matrix @ parameters) / weight
    return Solution(
        model=model,
        names=names,
        zeros=zeros,
        parameters=parameters,
        covariance=inverse @ inverse.T,
        moved=inverse @ (orthogonal.T @ (data.load_u * weight)),
        residual=residual,
        leverage=np.sum(orthogonal**2, axis=1),
        dof=len(data.load) - matrix.shape[1],
        rss=float(np.sum((residual * weight) ** 2)),
    )


def predicted(solution: Solution, data: Data) -> tuple[Array, Array]:
    """Loads that the solution gives for ``data``, and √(xᵀCx) of each for its covariance."""
    matrix = design(data, solution.model, solution.names, solution.zeros)
    spread = np.sqrt(np.maximum(0.0, np.einsum("ij,jk,ik->i", matrix, solution.covariance, matrix)))
    return matrix @ solution.parameters, spread


def with_order(model: Model, order: int) -> Model:
    return replace(model, order=order)
