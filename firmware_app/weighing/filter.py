"""The filter: from sound conversions to the mean of the longest window that still tells one load.

Rules this file obeys:

* No clock, no I/O, no law, no grams: counts and times in, a Window out.
* A step needs two conversions that agree: one conversion proves nothing (the chip averages three). A step
  too small for that shows in the mean of 0.4 s.
* No conversion older than 2.5 s is averaged: beyond the Allan minimum the drift of a real cell makes a
  longer mean worse (13.7 counts at 2.7 s, 20.5 at 11 s on the static log).
* The type A uncertainty is the Allan deviation at the length used, not σ/√N: conversions are correlated.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import msgspec

from firmware_app.weighing.noise import Noise

LONGEST_NS = 2_500_000_000
SETTLED_CONVERSIONS = 4
"""A step is fully in the fourth conversion after it (three-conversion kernel; datasheet: four periods)."""
STEP_SIGMAS = 5.0
RECENT_NS = 1_000_000_000
SMALL_STEP_NS = 400_000_000
SMALL_STEP_DEVIATIONS = 4.0
"""Mean of the last 0.4 s against that of the window before it, over their Allan deviations: at most 3.5 in
ten minutes of a real plateau. Finds steps of three σ that no single conversion shows."""

CORRELATION = 2.0
"""Variance of a mean of real conversions over that of independent ones: 1 + 2·ρ₁ with ρ₁ ≈ 0.5 measured."""

Point = tuple[int, float]
"""A conversion: monotonic nanoseconds and counts."""


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

    @classmethod
    def of(cls, points: Sequence[Point], sigma: float | None) -> Stretch:
        """The stretch of at least one point, for noise ``sigma`` of one conversion."""
        first_ns, origin = points[0]
        times = [(at_ns - first_ns) * 1e-9 for at_ns, _ in points]
        values = [counts - origin for _, counts in points]
        count = len(points)
        mid, mean = sum(times) / count, sum(values) / count
        inertia = sum((t - mid) ** 2 for t in times)
        slope = sum((t - mid) * v for t, v in zip(times, values, strict=True)) / inertia if inertia else 0.0
        slope_u = math.sqrt(CORRELATION / inertia) * sigma if inertia and sigma is not None else math.inf
        return cls(count, times[-1], origin + mean, slope, slope_u, max(values) - min(values))


class Window(msgspec.Struct, frozen=True):
    """The averaging window after one conversion.

    ``since_step``: conversions since the load changed, the one that first showed it included.
    ``sigma``: noise of one conversion, None until it is learned. ``type_a``: standard uncertainty of
    ``whole.mean`` in counts. ``recent``: the shortest tail of the window that spans a second.
    ``outliers``: lone conversions far off that were left out within the last second.
    """

    at_ns: int
    whole: Stretch
    recent: Stretch
    since_step: int
    sigma: float | None
    type_a: float
    outliers: int


class Filter:
    """Two-sided step test in front of a growing window.

    ``smallest_step``: counts; what moves less is no step however quiet the bridge (half a display interval).
    """

    def __init__(self, smallest_step: float = 0.0) -> None:
        self.noise = Noise()
        self._smallest_step = smallest_step
        self.reset()

    def reset(self) -> None:
        """Begins anew after a fault; what was learned of the noise stays."""
        self._points: deque[Point] = deque()
        self._unconfirmed: deque[Point] = deque()
        self._since_step = 0
        self._suspect = 0.0
        self._outliers: deque[int] = deque()
        self.noise.interrupt()

    def feed(self, at_ns: int, counts: float) -> Window:
        """The window after one more sound conversion."""
        self.noise.add(at_ns, counts)
        if self._since_step < SETTLED_CONVERSIONS:
            self._since_step += 1
            self._start_with(at_ns, counts)
        elif (side := self._off(counts)) == 0.0:
            self._since_step += 1
            self._suspect = 0.0
            self._points.append((at_ns, counts))
            self._unconfirmed.append((at_ns, counts))
            self._cut_small_step()
            self._confirm(at_ns)
        elif side == self._suspect:
            self._since_step = 2
            self._start_with(at_ns, counts)
        else:
            self._since_step += 1
            self._suspect = side
            self._outliers.append(at_ns)
        while self._points and self._points[0][0] < at_ns - LONGEST_NS:
            self._points.popleft()
        if not self._points:
            self._since_step = 1
            self._start_with(at_ns, counts)
        return self._window(at_ns)

    def shorten(self) -> Window:
        """Gives up all but the last second: what came before it told of another load."""
        last_ns = self._points[-1][0]
        while len(self._points) > 1 and self._points[1][0] <= last_ns - RECENT_NS:
            self._points.popleft()
        self._break_plateau()
        return self._window(last_ns)

    # ----------------------------------------------------------------------------------------- inside

    def _off(self, counts: float) -> float:
        """+1 or −1 where the conversion lies beyond the noise about the window's mean, else 0."""
        sigma = self.noise.sigma
        if sigma is None:
            return 0.0
        count = len(self._points)
        away = counts - sum(value for _, value in self._points) / count
        limit = STEP_SIGMAS * sigma * math.sqrt(1 + CORRELATION / count)
        return math.copysign(1.0, away) if abs(away) > max(limit, self._smallest_step) else 0.0

    def _cut_small_step(self) -> None:
        """Begins the window anew where its last 0.4 s tell of another load than what came before."""
        points = list(self._points)
        last_ns = points[-1][0]
        late = sum(1 for at_ns, _ in points if at_ns > last_ns - SMALL_STEP_NS)
        early = len(points) - late
        if min(late, early) < SETTLED_CONVERSIONS or self.noise.sigma is None:
            return
        away = sum(c for _, c in points[early:]) / late - sum(c for _, c in points[:early]) / early
        deviation = math.hypot(self.noise.type_a(late), self.noise.type_a(early))
        if abs(away) > max(SMALL_STEP_DEVIATIONS * deviation, self._smallest_step):
            self._points = deque(points[early:])
            self._since_step = late
            self._break_plateau()

    def _start_with(self, at_ns: int, counts: float) -> None:
        self._points.clear()
        self._points.append((at_ns, counts))
        self._suspect = 0.0
        self._outliers.clear()
        self._break_plateau()

    def _confirm(self, now_ns: int) -> None:
        """Only what no step has followed for 0.4 s teaches the noise of a plateau."""
        while self._unconfirmed and self._unconfirmed[0][0] <= now_ns - SMALL_STEP_NS:
            self.noise.plateau(self._unconfirmed.popleft()[1])

    def _break_plateau(self) -> None:
        self._unconfirmed.clear()
        self.noise.interrupt_plateau()

    def _window(self, at_ns: int) -> Window:
        sigma = self.noise.sigma
        points = list(self._points)
        whole = Stretch.of(points, sigma)
        before = sum(1 for point in points if point[0] <= at_ns - RECENT_NS)
        recent = points[max(0, before - 1) :]
        while self._outliers and self._outliers[0] < at_ns - RECENT_NS:
            self._outliers.popleft()
        return Window(
            at_ns,
            whole,
            whole if len(recent) == len(points) else Stretch.of(recent, sigma),
            self._since_step,
            sigma,
            self.noise.type_a(whole.conversions),
            len(self._outliers),
        )
