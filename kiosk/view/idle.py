"""When nobody touches: a warning, then home, then dark. Without a clock of its own.

Rules this file obeys:

* The first touch on a dark screen, or on the warning, only wakes; it presses nothing.
* While the appliance works or is at fault (``held``) nobody is sent home.
"""

from __future__ import annotations

import enum
import math

import msgspec

from firmware_app.service import messages

MARGIN_S = 5.0
"""So much earlier than the core does the screen end a session: it says a touch once a second."""


class Phase(enum.StrEnum):
    AWAKE = "awake"
    WARNING = "warning"
    DARK = "dark"


class Times(msgspec.Struct, frozen=True):
    """Seconds: without a touch until the warning, of the warning, and at home until dark."""

    until_warning: float = 60.0
    warning: float = 15.0
    until_dark: float = 300.0


def times(base: Times, state: messages.State | None) -> Times:
    """``base`` as the appliance is set now: whoever is signed in is warned before the session ends."""
    if state is None:
        return base
    if state.person is not None:
        warn = max(MARGIN_S, state.person.idle_s - base.warning - MARGIN_S)
        return msgspec.structs.replace(base, until_warning=warn)
    return base if state.screen is None else msgspec.structs.replace(base, until_warning=state.screen.idle_s)


class Idle:
    """Follows touches and visits; ``tick`` says the phase and whether the visit is to be left now."""

    def __init__(self, times: Times, now: float) -> None:
        self.phase = Phase.AWAKE
        self._times = times
        self._since = now

    def use(self, times: Times) -> None:
        """These times from now on."""
        self._times = times

    def seconds_left(self, now: float) -> int:
        """Of the warning, rounded up; 0 outside it."""
        if self.phase is not Phase.WARNING:
            return 0
        return max(0, math.ceil(self._since + self._times.until_warning + self._times.warning - now))

    def touched(self, now: float) -> bool:
        """Whether the touch may press something; False where it only woke the screen."""
        presses = self.phase is Phase.AWAKE
        self.stirred(now)
        return presses

    def stirred(self, now: float) -> None:
        """Something else than a touch shows that somebody is there, such as a new step."""
        self._since = now
        self.phase = Phase.AWAKE

    def tick(self, now: float, *, visiting: bool, held: bool) -> bool:
        """Sets ``phase``; True exactly once when the visit has to be left."""
        if held:
            self.stirred(now)
            return False
        still = now - self._since
        if not visiting:
            self.phase = Phase.DARK if still >= self._times.until_dark else Phase.AWAKE
            return False
        if still >= self._times.until_warning + self._times.warning:
            self.stirred(now)
            return True
        self.phase = Phase.WARNING if still >= self._times.until_warning else Phase.AWAKE
        return False
