"""The filter: from sound conversions to the mean of the longest window that still tells one load.

Rules this file obeys:

* No clock, no I/O, no law, no grams: counts and times in, a Window out.
* A step needs two conversions that agree: one conversion proves nothing (the chip averages three). A step
  too small for that shows in the mean of 0.4 s.
* No conversion older than the Allan minimum is averaged, for beyond it the drift of a real cell makes a
  longer mean worse (13.7 counts at 2.7 s, 20.5 at 11 s on the static log). Where it lies is learned, within
  2 … 3 s, and changed only when it has moved by a tenth.
"""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from collections import deque

import msgspec

from firmware_app.weighing.allan import Law
from firmware_app.weighing.noise import Noise
from firmware_app.weighing.stretch import CORRELATION, Run, Stretch

SHORTEST_MINIMUM_S, USUAL_MINIMUM_S, LONGEST_MINIMUM_S = 2.0, 2.5, 3.0
"""Where the Allan minimum of a common cell lies (static log: 2.7 s); until it is learned, the middle."""
MINIMUM_MOVED = 0.25
"""Seconds by which a learned minimum must differ from the one in use to take its place."""
SETTLED_CONVERSIONS = 4
"""A step is fully in the fourth conversion after it (three-conversion kernel; datasheet: four periods)."""
QUARTERS = 4
STEP_SIGMAS = 5.0
RECENT_NS = 1_000_000_000
SMALL_STEP_NS = 400_000_000
SMALL_STEP_DEVIATIONS = 4.0
"""Mean of the last 0.4 s against that of the window before it, over the deviation of their difference: at
most 3.5 in ten minutes of a real plateau. Finds steps of three σ that no single conversion shows."""


class Window(msgspec.Struct, frozen=True):
    """The averaging window after one conversion.

    ``since_step``: conversions since the load changed, the one that first showed it included. ``rest_s``: for
    how long it has not moved by more than a shake.
    ``sigma``: noise of one conversion, None until it is learned. ``outliers``: lone conversions far off that
    were left out within the last second.
    """

    at_ns: int
    whole: Stretch
    since_step: int
    sigma: float | None
    outliers: int
    rest_s: float = 0.0


class Filter:
    """Two-sided step test in front of a growing window.

    ``smallest_step``: counts; two conversions that lie less than this aside (half a display interval) are a
    shake and no step, however quiet the bridge; the mean of 0.4 s tells every move beyond its noise.
    """

    def __init__(self, smallest_step: float = 0.0) -> None:
        self.noise = Noise()
        self.longest_s = USUAL_MINIMUM_S
        """The length up to which the window grows: the Allan minimum of this instrument."""
        self._smallest_step = smallest_step
        self._run = Run()
        self._law: Law | None = None
        self._small_steps: dict[tuple[int, int], float] = {}
        self.reset()

    def reset(self) -> None:
        """Begins anew after a fault; what was learned of the noise stays."""
        self._run.clear()
        self._late = 0
        self._unconfirmed: deque[tuple[int, float]] = deque()
        self._since_step = 0
        self._rest_ns = 0
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
            self._run.append(at_ns, counts)
            self._unconfirmed.append((at_ns, counts))
            self._cut_small_step(at_ns)
            self._confirm(at_ns)
        elif side == self._suspect:
            self._since_step = 2
            self._start_with(at_ns, counts)
        else:
            self._since_step += 1
            self._suspect = side
            self._outliers.append(at_ns)
        run = self._run
        oldest_ns = at_ns - round(self.longest_s * 1e9)
        if run.times_ns[run.begin] < oldest_ns:
            run.drop_to(run.since(oldest_ns, run.begin))
        if not run:
            self._since_step = 1
            self._start_with(at_ns, counts)
        return self._window(at_ns)

    def recent(self) -> Stretch:
        """The conversions of the last second, also those that a move by a shake took out of the window."""
        times = self._run.times_ns
        begin = bisect.bisect_right(times, times[-1] - RECENT_NS) - 1
        return self._run.tail(max(0, begin), self.noise.sigma)

    def unrest(self) -> float:
        """Standard uncertainty of the window's mean from how its four quarters scatter, in counts.

        A swing that is over within a quarter hardly moves the mean, a slow one does; with three degrees of
        freedom a t distribution is wider than s/√4 by √3 (JCGM 101 6.4.9.4).
        """
        run = self._run
        count = len(run)
        if count < QUARTERS:
            spread = run.whole(None).spread
            return spread / math.sqrt(12)
        edges = [run.begin + count * number // QUARTERS for number in range(QUARTERS + 1)]
        means = [run.mean(begin, end) for begin, end in itertools.pairwise(edges)]
        return statistics.stdev(means) / math.sqrt(QUARTERS) * math.sqrt((QUARTERS - 1) / (QUARTERS - 3))

    def shorten(self) -> Window:
        """Gives up all but the last second: what came before it told of another load."""
        run = self._run
        last_ns = run.times_ns[-1]
        run.drop_to(max(run.begin, run.since(last_ns - RECENT_NS + 1, run.begin) - 1))
        self._rest_ns = max(self._rest_ns, run.times_ns[run.begin])
        self._break_plateau()
        return self._window(last_ns)

    # ----------------------------------------------------------------------------------------- inside

    def _off(self, counts: float) -> float:
        """+1 or −1 where the conversion lies beyond the noise about the window's mean, else 0."""
        sigma = self.noise.sigma
        if sigma is None:
            return 0.0
        away = counts - self._run.mean(self._run.begin)
        limit = STEP_SIGMAS * sigma * math.sqrt(1 + CORRELATION / len(self._run))
        return math.copysign(1.0, away) if abs(away) > max(limit, self._smallest_step) else 0.0

    def _cut_small_step(self, at_ns: int) -> None:
        """Begins the window anew where its last 0.4 s tell of another load than what came before."""
        run = self._run
        known = run.begin <= self._late < len(run.times_ns)  # not so after the sums have begun anew
        self._late = run.since(at_ns - SMALL_STEP_NS + 1, self._late if known else run.begin)
        count, early = len(run), self._late - run.begin
        late = count - early
        if min(late, early) < SETTLED_CONVERSIONS:
            return
        away = run.mean(self._late) - run.mean(run.begin, self._late)
        if abs(away) > self._small_step(late, early):
            run.drop_to(self._late)
            self._since_step = late
            if abs(away) > self._smallest_step:
                self._rest_ns = run.times_ns[self._late]
            self._break_plateau()

    def _small_step(self, late: int, early: int) -> float:
        """By how much the means of two neighbouring parts may differ by chance, in counts."""
        law = self.noise.law()
        if law is not self._law:
            self._law = law
            self._small_steps.clear()
        limit = self._small_steps.get((late, early))
        if limit is None:
            deviation = math.sqrt(self.noise.difference(late, early, (late + early) / 2))
            limit = SMALL_STEP_DEVIATIONS * deviation
            self._small_steps[late, early] = limit
        return limit

    def _start_with(self, at_ns: int, counts: float) -> None:
        self._run.clear()
        self._late = 0
        self._rest_ns = at_ns
        self._run.append(at_ns, counts)
        self._suspect = 0.0
        self._outliers.clear()
        self._break_plateau()

    def _confirm(self, now_ns: int) -> None:
        """Only what no step has followed for 0.4 s teaches the noise of a plateau."""
        law = self.noise.law()
        while self._unconfirmed and self._unconfirmed[0][0] <= now_ns - SMALL_STEP_NS:
            self.noise.plateau(self._unconfirmed.popleft()[1])
        if law is not self.noise.law():
            self._learn_length()

    def _learn_length(self) -> None:
        """The length of the window is the Allan minimum of this very instrument."""
        run = self._run
        span_ns = run.times_ns[-1] - run.times_ns[run.begin]
        if span_ns <= 0:
            return
        per_s = (len(run) - 1) / (span_ns * 1e-9)
        best = self.noise.quietest(SHORTEST_MINIMUM_S * per_s, LONGEST_MINIMUM_S * per_s)
        if best is not None and abs(best / per_s - self.longest_s) > MINIMUM_MOVED:
            self.longest_s = min(max(best / per_s, SHORTEST_MINIMUM_S), LONGEST_MINIMUM_S)

    def _break_plateau(self) -> None:
        self._unconfirmed.clear()
        self.noise.interrupt_plateau()

    def _window(self, at_ns: int) -> Window:
        sigma = self.noise.sigma
        while self._outliers and self._outliers[0] < at_ns - RECENT_NS:
            self._outliers.popleft()
        whole = self._run.whole(sigma)
        rest_s = (at_ns - self._rest_ns) * 1e-9
        return Window(at_ns, whole, self._since_step, sigma, len(self._outliers), rest_s)
