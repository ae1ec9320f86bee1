"""What the kiosk knows of the core, without I/O: is it answering, and which commands still wait.

Rules this file obeys:

* Time is passed in as monotonic seconds.
* A command is sent again until its reply comes: every command may be sent twice (messages.wire).
* A touch older than ``GIVE_UP_S`` starts nothing any more: the core may be back long after the person left.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec

from firmware_app.service import messages

SILENT_AFTER_S = 2.5
"""Without a State for this long the core counts as not answering."""

RETRY_S = 0.5
GIVE_UP_S = 30.0
ALIVE_EVERY_S = 1.0


class Condition(enum.StrEnum):
    STARTING = "starting"
    """No State yet, and not long enough to call it silence."""
    ANSWERING = "answering"
    SILENT = "silent"


class Waiting(msgspec.Struct):
    """A command that has no reply yet."""

    id: bytes
    command: messages.Command
    asked_at: float
    step: tuple[str, int] | None
    """Visit and step that were shown when it was asked."""
    sent_at: float | None = None


class Link:
    """The kiosk's end of the conversation; the client moves the bytes."""

    def __init__(self, new_id: Callable[[], bytes], now: float) -> None:
        self.state: messages.State | None = None
        self.refusal: messages.Refused | None = None
        self._new_id = new_id
        self._opened_at = now
        self._heard_at: float | None = None
        self._alive_at: float | None = None
        self._waiting: list[Waiting] = []
        self._outdated = False
        self.touched = False
        """Whether somebody touched the screen since the last sign of life."""

    def condition(self, now: float) -> Condition:
        if self._heard_at is not None and now - self._heard_at <= SILENT_AFTER_S:
            return Condition.ANSWERING
        if self._heard_at is None and now - self._opened_at <= SILENT_AFTER_S:
            return Condition.STARTING
        return Condition.SILENT

    @property
    def busy(self) -> bool:
        """Whether no further answer is taken: a command waits for its reply, or for the State after it.

        Between the two the screen still shows the question that has just been answered.
        """
        return bool(self._waiting) or self._outdated

    def heard_state(self, state: messages.State, now: float) -> None:
        self.state = state
        self._heard_at = now
        self._outdated = False

    def heard_reply(self, request_id: bytes, reply: messages.Reply) -> None:
        """Ends the wait of the command with that id; a late repetition is of no interest."""
        for waiting in self._waiting:
            if waiting.id == request_id:
                self._waiting.remove(waiting)
                # Where the State that the command brought about came first, nothing newer is awaited.
                self._outdated = waiting.step == self._step()
                self.refusal = reply if isinstance(reply, messages.Refused) else None
                return

    def ask(self, command: messages.Command, now: float) -> None:
        """Queues ``command``; it goes out with the next ``due``."""
        self.refusal = None
        self._waiting.append(Waiting(id=self._new_id(), command=command, asked_at=now, step=self._step()))

    def _step(self) -> tuple[str, int] | None:
        visit = self.state.visit if self.state is not None else None
        return None if visit is None else (visit.visit, visit.step)

    def due(self, now: float) -> list[tuple[bytes, messages.Command]]:
        """What has to be sent now; the caller sends all of it."""
        self._waiting = [waiting for waiting in self._waiting if now - waiting.asked_at <= GIVE_UP_S]
        out: list[tuple[bytes, messages.Command]] = []
        for waiting in self._waiting:
            if waiting.sent_at is None or now - waiting.sent_at >= RETRY_S:
                waiting.sent_at = now
                out.append((waiting.id, waiting.command))
        if self._alive_at is None or now - self._alive_at >= ALIVE_EVERY_S:
            # A sign of life is worth nothing later, so it waits for no reply.
            self._alive_at = now
            out.append((self._new_id(), messages.KioskAlive(self.touched)))
            self.touched = False
        return out
