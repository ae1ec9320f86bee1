"""The control chart of the pan: one weighing of the built-in weight a day, judged against its own history.

Rules this file obeys:

* Pure: a chart is a frozen struct, one more check gives the next one. Nothing is read, timed or drawn by lot.
* A chart belongs to one calibration and one weight; who calibrates or changes the weight begins a new one.
* Little history is said, not hidden: for the first ``BASELINE`` checks the limits are those of the budget,
  and the limits from history then carry the doubt of their centre.
* The baseline is frozen once it is full, and a check that is out of control never enters it: no limit is ever
  widened by what it should have caught.

========  ==========================================================================================
budget    |x| > 3·u(x): the pan is worse than the uncertainty that every verdict is given with
Shewhart  |x - centre| > 3·s·√(1 + 1/n)
EWMA      |z - centre| > 3·s·√(λ/(2-λ)·(1-(1-λ)^2i) + 1/n), λ = 0.2
warning   two of the last three checks beyond two thirds of the action limit, on the same side
========  ==========================================================================================

x is what the pan shows of the weight less its conventional mass, s the mean moving range/1.128, n the checks
of the baseline, i the checks since. Sources: individuals chart, d2 = 1.128 and two of three: NIST/SEMATECH
e-Handbook of Statistical Methods 6.3.2 (recalled); EWMA with λ 0.2 … 0.3 and L = 3: the same 6.3.2.4, whose
worked example is a test, and ISO 7870-6 (recalled: its text was not at hand). 1/n is the variance of a centre
that is itself a mean. The rates of false alarms and the run lengths that follow are simulated in tests and
stated in docs/control-check.md.
"""

from __future__ import annotations

import enum
import math

import msgspec

RULE = "steelyard-control/1"
"""Name and version of everything in this file that decides; the record says it."""

ACTION_FACTOR = 3.0
WARNING_SHARE = 2 / 3
LAMBDA = 0.2
BASELINE = 30
"""Checks in control that make the limits of history: with 20 the limits are too uncertain (a shift of one s
then takes 54 checks in the mean, with 30 it takes 22), with 50 a third of a year passes before they count."""
D2 = 1.128
"""Mean range of two of a normal distribution in standard deviations."""
LEAST_SHIFT = 0.5
"""Display intervals: no action limit is nearer to its centre than half an interval, which nobody sees."""


class Outcome(enum.StrEnum):
    """What a check says of the pan."""

    IN_CONTROL = "in_control"
    WARNING = "warning"
    OUT_OF_CONTROL = "out_of_control"


class Reason(enum.StrEnum):
    """Which rule said so."""

    WITHIN = "within"
    TWO_OF_THREE = "two_of_three"
    """Two of three checks near the same limit: no lock, but a look."""
    BEYOND_BUDGET = "beyond_budget"
    """Further off than the stated uncertainty allows."""
    BEYOND_LIMITS = "beyond_limits"
    """Further from its own history than chance explains: a jump."""
    DRIFTED = "drifted"
    """The weighted mean has left its limits: a slow drift."""


class NextStep(enum.StrEnum):
    """What to do about it, one thing at a time."""

    NONE = ""
    WATCH = "watch"
    CLEAN = "clean_and_repeat"
    """Clean pan and weight, then check once more."""
    LEVEL_AND_WARM = "level_and_warm"
    """Look at the level, let the appliance warm, then check once more."""
    CALIBRATE = "calibrate"
    """Call the keeper: calibrate the pan, or have it repaired."""


LADDER = (NextStep.CLEAN, NextStep.LEVEL_AND_WARM, NextStep.CALIBRATE)
"""After the first, the second, and every further check in a row that is out of control."""


class Basis(enum.StrEnum):
    """Where the action limits come from."""

    BUDGET = "budget"
    HISTORY = "history"


class Check(msgspec.Struct, frozen=True):
    """One check: x in grams, and its standard uncertainty by the budget."""

    deviation_g: float
    standard_g: float


class Limits(msgspec.Struct, frozen=True):
    """What x is held to, in grams: action limits around a centre, s of one check, and their origin."""

    basis: Basis
    centre_g: float
    sigma_g: float
    lower_g: float
    upper_g: float

    def side(self, x: float) -> int:
        """The limit that x lies near or beyond: -1, 1, or 0 for neither."""
        if x - self.centre_g > WARNING_SHARE * (self.upper_g - self.centre_g):
            return 1
        return -1 if x - self.centre_g < WARNING_SHARE * (self.lower_g - self.centre_g) else 0


class Ewma(msgspec.Struct, frozen=True):
    """The exponentially weighted moving average with this check in it, and its limits, in grams."""

    z_g: float
    lower_g: float
    upper_g: float


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One check judged. ``baseline``: checks in control before it, at most ``BASELINE``. ``ewma``: None while
    the limits are the budget's. ``failures``: checks in a row out of control, this one included."""

    check: Check
    outcome: Outcome
    reason: Reason
    next_step: NextStep
    baseline: int
    limits: Limits
    ewma: Ewma | None
    failures: int


def averaged(z: float, x: float, weight: float = LAMBDA) -> float:
    """The moving average with one more figure in it."""
    return (1 - weight) * z + weight * x


def memory(i: int, weight: float = LAMBDA) -> float:
    """Variance of the moving average of i independent figures, in variances of one of them."""
    return weight / (2 - weight) * (1 - (1 - weight) ** (2 * i))


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the next check is judged by. ``resolution_g``: display interval d of the pan.

    >>> chart = Chart(resolution_g=0.1)
    >>> judged, chart = chart.add(Check(0.02, 0.06))
    >>> judged.outcome.value, judged.limits.basis.value, chart.baseline
    ('in_control', 'budget', 1)
    """

    resolution_g: float
    baseline: int = 0
    total_g: float = 0.0
    ranges_g: float = 0.0
    last_g: float | None = None
    """The last check of the baseline."""
    ewma_g: float | None = None
    weighed: int = 0
    """Checks in the EWMA."""
    sides: tuple[int, ...] = ()
    """Of the last two checks: -1 or 1 where one lay near or beyond that limit, else 0."""
    failures: int = 0

    def add(self, check: Check) -> tuple[Judged, Chart]:
        """The check judged by what came before it, and the chart with it."""
        judged = self.judge(check)
        return judged, self._after(check, judged)

    def judge(self, check: Check) -> Judged:
        """The check judged by what came before it; raises ValueError where it is no finite figure."""
        if not (
            math.isfinite(check.deviation_g) and math.isfinite(check.standard_g) and check.standard_g > 0
        ):
            raise ValueError(f"not a check: {check}")
        budget = ACTION_FACTOR * check.standard_g
        n = self.baseline
        if n < BASELINE:
            return self._judged(check, Limits(Basis.BUDGET, 0.0, check.standard_g, -budget, budget))
        centre, sigma = self.total_g / n, self._sigma()
        reach = ACTION_FACTOR * sigma * math.sqrt(1 + 1 / n)
        # Where history is wider than the budget, the budget counts: verdicts are given with it.
        limits = Limits(
            Basis.HISTORY, centre, sigma, max(centre - reach, -budget), min(centre + reach, budget)
        )
        # What lies beyond the limits counts as the limit: a gross error would hold the mean beyond its own
        # for weeks, and one left out altogether could be weighed away by trying again.
        x = min(max(check.deviation_g, limits.lower_g), limits.upper_g)
        z = averaged(centre if self.ewma_g is None else self.ewma_g, x)
        width = ACTION_FACTOR * sigma * math.sqrt(memory(self.weighed + 1) + 1 / n)
        return self._judged(check, limits, Ewma(z, centre - width, centre + width))

    def _judged(self, check: Check, limits: Limits, ewma: Ewma | None = None) -> Judged:
        x, outcome = check.deviation_g, Outcome.OUT_OF_CONTROL
        if abs(x) > ACTION_FACTOR * check.standard_g:
            reason = Reason.BEYOND_BUDGET
        elif not limits.lower_g <= x <= limits.upper_g:
            reason = Reason.BEYOND_LIMITS
        elif ewma is not None and not ewma.lower_g <= ewma.z_g <= ewma.upper_g:
            reason = Reason.DRIFTED
        elif limits.side(x) and limits.side(x) in self.sides:
            outcome, reason = Outcome.WARNING, Reason.TWO_OF_THREE
        else:
            outcome, reason = Outcome.IN_CONTROL, Reason.WITHIN
        failures = self.failures + 1 if outcome is Outcome.OUT_OF_CONTROL else 0
        step = NextStep.WATCH if outcome is Outcome.WARNING else NextStep.NONE
        return Judged(
            check=check,
            outcome=outcome,
            reason=reason,
            next_step=LADDER[min(failures, len(LADDER)) - 1] if failures else step,
            baseline=self.baseline,
            limits=limits,
            ewma=ewma,
            failures=failures,
        )

    def _after(self, check: Check, judged: Judged) -> Chart:
        sides = (*self.sides[-1:], judged.limits.side(check.deviation_g))
        changed = msgspec.structs.replace(self, sides=sides, failures=judged.failures)
        if judged.ewma is not None:
            changed = msgspec.structs.replace(changed, ewma_g=judged.ewma.z_g, weighed=self.weighed + 1)
        if judged.outcome is Outcome.OUT_OF_CONTROL or self.baseline >= BASELINE:
            return changed
        x = check.deviation_g
        return msgspec.structs.replace(
            changed,
            baseline=self.baseline + 1,
            total_g=self.total_g + x,
            ranges_g=self.ranges_g + (0.0 if self.last_g is None else abs(x - self.last_g)),
            last_g=x,
        )

    def _sigma(self) -> float:
        """s of the baseline; not below what half a display interval is worth as an action limit."""
        return max(self.ranges_g / (self.baseline - 1) / D2, LEAST_SHIFT * self.resolution_g / ACTION_FACTOR)
