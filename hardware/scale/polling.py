"""Asks a scale that only answers, and hands on what it says: a transport around a transport.

Rules this file obeys:

* Nothing is sent but the steps of the Poll that was given, and that is given only where a person chose it.
* A round that gets no ACK is over when the next is due: nothing is asked twice at once, nothing faster than
  the profile says.
* After a loss the first thing sent is the first step again.
* What was there before a round's first question is no answer to it, nor is what begins later than the
  profile allows: both are dropped, so that an old weight is not taken for the present one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

from hardware.scale.contract import LineLost, LineState, Poll, Transport

MILLISECOND = 1_000_000
LEFT_OVER = 16
"""Reads that may be thrown away before a question; a scale that streams never runs dry."""


class Polling:
    """What to send and when: no I/O, no clock of its own."""

    def __init__(self, poll: Poll) -> None:
        self._poll = poll
        self._every_ns = poll.every_ms * MILLISECOND
        self._answer_ns = poll.answer_ms * MILLISECOND
        self._began_ns: int | None = None
        self._asked_ns = 0
        self._answered = False
        self._step = 0
        self._heard = b""

    def begins(self, now_ns: int) -> bool:
        """Whether a round begins at ``now_ns``."""
        return self._began_ns is None or now_ns - self._began_ns >= self._every_ns

    def due(self, now_ns: int) -> bytes:
        """The bytes to be sent at ``now_ns``; none where nothing is due."""
        steps, proceed = self._poll.steps, self._poll.proceed
        if self.begins(now_ns):
            self._began_ns = now_ns
            self._step = 1 if proceed else self._step % len(steps) + 1
        elif proceed and self._step < len(steps) and proceed in self._heard:
            self._step += 1
        else:
            return b""
        self._heard = b""
        self._asked_ns, self._answered = now_ns, False
        return steps[self._step - 1]

    def wait_ns(self, now_ns: int) -> int:
        """How long nothing will be due, unless something is heard before."""
        return 0 if self._began_ns is None else max(self._began_ns + self._every_ns - now_ns, 0)

    def answers(self, now_ns: int) -> bool:
        """Whether what came at ``now_ns`` answers the last question: its first byte came in time."""
        self._answered = self._answered or now_ns - self._asked_ns <= self._answer_ns
        return self._answered

    def heard(self, data: bytes) -> None:
        """Takes note of what came back."""
        # Only so much as an acknowledgement cut in two needs.
        self._heard = (self._heard + data)[-64:]

    def lost(self) -> None:
        """The line is gone: the round under way is over."""
        self._began_ns = None
        self._step = 0
        self._heard = b""


class PolledTransport:
    """A transport whose scale is asked whenever a question is due while somebody reads."""

    def __init__(self, line: Transport, poll: Poll, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._line = line
        self._polling = Polling(poll)
        self._clock_ns = clock_ns

    @property
    def state(self) -> LineState:
        return self._line.state

    @property
    def why(self) -> str:
        """Why the line is lost; empty while it is open."""
        return str(getattr(self._line, "why", ""))

    def read(self, timeout_s: float) -> bytes:
        until_ns = self._clock_ns() + int(timeout_s * 1e9)
        while True:
            now_ns = self._clock_ns()
            if not self._ask(now_ns):
                return b""
            wait_ns = min(until_ns - now_ns, self._polling.wait_ns(now_ns))
            data = self._line.read(max(wait_ns, 0) / 1e9)
            if data and self._polling.answers(self._clock_ns()):
                self._polling.heard(data)
                return data
            if self._line.state is not LineState.OPEN:
                self._polling.lost()
                return b""
            if self._clock_ns() >= until_ns:
                return b""

    def write(self, data: bytes) -> None:
        """Sends ``data``; raises LineLost."""
        self._line.write(data)

    def close(self) -> None:
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _ask(self, now_ns: int) -> bool:
        """Sends what is due; False where the line was lost over it."""
        if self._line.state is not LineState.OPEN:
            return True
        if self._polling.begins(now_ns) and not self._emptied():
            return False
        request = self._polling.due(now_ns)
        try:
            if request:
                self._line.write(request)
        except LineLost:
            self._polling.lost()
            return False
        return True

    def _emptied(self) -> bool:
        """Drops what waits to be read; False where the line was lost over it."""
        for _ in range(LEFT_OVER):
            if not self._line.read(0):
                break
        if self._line.state is LineState.OPEN:
            return True
        self._polling.lost()
        return False
