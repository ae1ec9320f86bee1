"""Runs of conversions and what they look like: mean, slope and range of any tail in constant time.

Rules this file obeys:

* Sums run on from conversion to conversion and tails are differences of them, so the cost of a conversion
  does not depend on the rate or on the length of the window.
* Sums are taken about the first conversion and begin anew every MOST conversions, so that no figure of a
  double is lost: at 2²³ counts over an hour a mean is good to 10⁻⁷ counts.
"""

from __future__ import annotations

import math
from collections import deque

import msgspec

CORRELATION = 2.0
"""Variance of a mean of real conversions over that of independent ones: 1 + 2·ρ₁ with ρ₁ ≈ 0.5 measured."""
MOST = 1024
"""Conversions after which the sums begin anew (and after as many again as the window holds)."""


class Stretch(msgspec.Struct, frozen=True):
    """What a run of conversions looks like: ``slope`` in counts/s (least squares), ``spread`` max − min.

    ``slope_u``: standard uncertainty of the slope from the noise alone, correlation allowed for.
    """

    conversions: int
    length_s: float
    mean: float
    slope: float
    slope_u: float
    spread: float


class Run:
    """Conversions in order, the oldest given up as new ones come."""

    __slots__ = ("_counts", "_high", "_low", "_origin", "_sums", "_times", "begin", "times_ns")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Gives up everything."""
        self.begin = 0
        """Index of the oldest conversion; the sums before it are kept until they begin anew."""
        self.times_ns: list[int] = []
        self._counts: list[float] = []
        self._times: list[float] = []
        self._sums: list[tuple[float, float, float, float]] = [(0.0, 0.0, 0.0, 0.0)]
        self._high: deque[int] = deque()
        self._low: deque[int] = deque()

    def __len__(self) -> int:
        return len(self.times_ns) - self.begin

    def append(self, at_ns: int, counts: float) -> None:
        """Adds the newest conversion; its time is not before the last."""
        if self.begin > MOST and self.begin >= len(self):
            self._begin_anew()
        if not self.times_ns:
            self._origin = counts
        t, v = (at_ns - self.times_ns[0]) * 1e-9 if self.times_ns else 0.0, counts - self._origin
        self.times_ns.append(at_ns)
        self._counts.append(counts)
        sum_t, sum_v, sum_tt, sum_tv = self._sums[-1]
        self._sums.append((sum_t + t, sum_v + v, sum_tt + t * t, sum_tv + t * v))
        index, known = len(self._counts) - 1, self._counts
        high, low = self._high, self._low
        while high and known[high[-1]] <= counts:
            high.pop()
        while low and known[low[-1]] >= counts:
            low.pop()
        high.append(index)
        low.append(index)

    def since(self, at_ns: int, begin: int) -> int:
        """Index of the first conversion from ``at_ns`` on, looked for from index ``begin`` on."""
        times = self.times_ns
        while begin < len(times) and times[begin] < at_ns:
            begin += 1
        return begin

    def drop_to(self, begin: int) -> None:
        """Gives up what comes before index ``begin``."""
        self.begin = begin
        while self._high and self._high[0] < begin:
            self._high.popleft()
        while self._low and self._low[0] < begin:
            self._low.popleft()

    def mean(self, begin: int, end: int | None = None) -> float:
        """Mean of the conversions from index ``begin`` to before ``end``."""
        last = len(self._counts) if end is None else end
        return self._origin + (self._sums[last][1] - self._sums[begin][1]) / (last - begin)

    def whole(self, sigma: float | None) -> Stretch:
        """What all conversions look like, for noise ``sigma`` of one."""
        spread = self._counts[self._high[0]] - self._counts[self._low[0]]
        return self._stretch(self.begin, spread, sigma)

    def tail(self, begin: int, sigma: float | None) -> Stretch:
        """What the conversions from index ``begin`` on look like."""
        counts = self._counts[begin:]
        return self._stretch(begin, max(counts) - min(counts), sigma)

    # ----------------------------------------------------------------------------------------- inside

    def _stretch(self, begin: int, spread: float, sigma: float | None) -> Stretch:
        last, before = self._sums[-1], self._sums[begin]
        count = len(self._counts) - begin
        sum_t, sum_v = last[0] - before[0], last[1] - before[1]
        inertia = last[2] - before[2] - sum_t * sum_t / count if count > 1 else 0.0
        slope, slope_u = 0.0, math.inf
        if inertia > 0.0:
            slope = (last[3] - before[3] - sum_t * sum_v / count) / inertia
            if sigma is not None:
                slope_u = math.sqrt(CORRELATION / inertia) * sigma
        length_s = (self.times_ns[-1] - self.times_ns[begin]) * 1e-9
        return Stretch(count, length_s, self._origin + sum_v / count, slope, slope_u, spread)

    def _begin_anew(self) -> None:
        times, counts = self.times_ns[self.begin :], self._counts[self.begin :]
        self.clear()
        for at_ns, value in zip(times, counts, strict=True):
            self.append(at_ns, value)
