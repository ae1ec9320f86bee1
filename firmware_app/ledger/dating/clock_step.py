"""Steps of the clock: found by comparing the time of day with the time since the machine was started.

Rules this file obeys:

* No I/O; it is told the two times, and says what to record.
* A clock that is disciplined is drawn, by at most 500 ppm (adjtimex(2)); what moves faster was stepped.
* Across starts only a step back can be known: how long the machine was off, nobody measured.
* A clock that steps all the time must not fill the ledger: at most one entry a minute, with the sum.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from firmware_app.ledger.entry import Payload

KIND = "clock_step"
STEP_S = 0.5
"""Less is lost in the time that two readings are apart; timesyncd steps from 0.4 s on."""
EVERY_NS = 60_000_000_000


class ClockStep(msgspec.Struct, frozen=True):
    """Body of a ``clock_step``: the clock was moved by ``step_s`` seconds, forward where positive.

    ``expected``: what it would have said; ``said``: what it said. ``across``: found at a start, so that
    ``step_s`` is the least that it went back. ``steps``: how many are summed up.
    """

    step_s: float
    expected: str
    said: str
    across: bool = False
    steps: int = 1


class StepWatch:
    """Takes pairs of times, and gives the step to record when there is one."""

    def __init__(self) -> None:
        self._last: tuple[datetime, int] | None = None
        self._since_ns: int | None = None
        self._sum_s, self._steps = 0.0, 0

    def look(self, now: datetime, uptime_ns: int) -> ClockStep | None:
        """The step to be recorded now, None where there is none."""
        if self._last is not None:
            then, then_ns = self._last
            step_s = _beyond(then, then_ns, now, uptime_ns)
            if abs(step_s) >= STEP_S:
                self._sum_s += step_s
                self._steps += 1
        self._last = now, uptime_ns
        due = self._since_ns is None or uptime_ns - self._since_ns >= EVERY_NS
        if not self._steps or not due:
            return None
        step = _step(self._sum_s, now, across=False, steps=self._steps)
        self._sum_s, self._steps, self._since_ns = 0.0, 0, uptime_ns
        return step


def step_since(last: Payload, now: datetime, boot: str, uptime_ns: int) -> ClockStep | None:
    """The step between the last entry and now, a start of the program; None where none can be known."""
    then = datetime.fromisoformat(last.at)
    if last.boot == boot:
        step_s = _beyond(then, last.uptime_ns, now, uptime_ns)
        return _step(step_s, now, across=False, steps=1) if abs(step_s) >= STEP_S else None
    back_s = (now - then).total_seconds()
    return _step(back_s, now, across=True, steps=1) if back_s <= -STEP_S else None


def _beyond(then: datetime, then_ns: int, now: datetime, uptime_ns: int) -> float:
    return (now - then).total_seconds() - (uptime_ns - then_ns) / 1e9


def _step(step_s: float, now: datetime, *, across: bool, steps: int) -> ClockStep:
    expected = now - timedelta(seconds=step_s)
    return ClockStep(
        step_s=round(step_s, 3),
        expected=expected.isoformat(timespec="milliseconds"),
        said=now.isoformat(timespec="milliseconds"),
        across=across,
        steps=steps,
    )
