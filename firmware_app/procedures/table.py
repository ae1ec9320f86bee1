"""What every procedure is: a table of state × event, led by one class.

Rules this file obeys:

* Every event has an answer in every state; a missing one is an error of the program, not of the person.
* Which states a handler may lead to is written beside it and held at every step.
* A handler is a pure function of context, state, event and time; the state struct is all there is.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar, get_args

import msgspec

from firmware_app.errors import SteelyardError
from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Event
from firmware_app.procedures.prompts import Prompt
from firmware_app.registry.registry import Scale
from hardware.scale.confirm import Confirmation


class BadSnapshot(SteelyardError):
    """The bytes are no snapshot of such a visit in a format that this program reads."""


class VisitRecord(NamedTuple):
    """What comes of a visit: kind and body of its entry in the ledger."""

    kind: str
    body: dict[str, Any]


class State(Protocol):
    """What the state of every procedure has: the format it is kept in, and where the visit stands."""

    @property
    def format(self) -> int: ...

    @property
    def phase(self) -> Any: ...


S = TypeVar("S", bound=State)


class Move(NamedTuple):
    """What happens on an event: the handler and the states it may lead to (none: the state stays).

    A handler takes context, state, event and monotonic nanoseconds, and gives the next state.
    """

    handler: Callable[[Context, Any, Any, int], Any]
    to: tuple[enum.Enum, ...] = ()


Row = dict[type[Event], Move]


def stay(_context: Context, state: S, _event: Event, _now_ns: int) -> S:
    """Nothing changes: the event means nothing here."""
    return state


def everywhere(moves: Row) -> Row:
    """A row with an answer to every event: these moves, and for the rest that nothing changes."""
    return {**{event: Move(stay) for event in get_args(Event)}, **moves}


class Led(ABC, Generic[S]):
    """One visit. Feed it every event with its time; show its prompt; save its outcome.

    A procedure names its ``TABLE``, its ``STATE``, the ``FORMAT`` of its snapshots and the phase ``LEFT`` in
    which it is over, says by ``ask`` what a state asks for, and by ``record`` what comes of it.
    """

    TABLE: ClassVar[Mapping[Any, Row]]
    STATE: ClassVar[type[Any]]
    FORMAT: ClassVar[int]
    LEFT: ClassVar[enum.Enum]

    def __init__(self, context: Context, state: S) -> None:
        self._context = context
        self._state = state
        self._prompt = self.ask(context, state)

    @classmethod
    @abstractmethod
    def start(cls, context: Context) -> Self:
        """A visit at its first question."""

    @classmethod
    @abstractmethod
    def ask(cls, context: Context, state: S) -> Prompt:
        """What is asked for in a state."""

    @classmethod
    def resumed(cls, context: Context, state: S) -> S:  # noqa: ARG003 (a procedure may need the context)
        """The state as a visit goes on after a pause; raises BadSnapshot where it cannot."""
        return state

    @property
    @abstractmethod
    def outcome(self) -> Any:
        """What comes of the visit (a ``kind`` and a ``body``), from Saving on; None before."""

    @classmethod
    def restore(cls, context: Context, snapshot: bytes) -> Self:
        """The visit as it stood at ``snapshot()``; raises BadSnapshot."""
        try:
            state = msgspec.msgpack.decode(snapshot, type=cls.STATE)
            if state.format != cls.FORMAT:
                raise BadSnapshot(
                    f"snapshot of format {state.format}: this program reads format {cls.FORMAT}"
                )
            return cls(context, cls.resumed(context, state))
        except (msgspec.DecodeError, AssertionError, IndexError, KeyError) as error:
            raise BadSnapshot(f"not a snapshot of {cls.__name__}: {error}") from error

    def snapshot(self) -> bytes:
        """The whole visit in bytes (MessagePack)."""
        return msgspec.msgpack.encode(self._state)

    def handle(self, event: Event, now_ns: int) -> bool:
        """Takes an event at a monotonic time; True where the prompt has changed."""
        move = self.TABLE[self._state.phase][type(event)]
        state = move.handler(self._context, self._state, event, now_ns)
        assert state.phase in (move.to or (self._state.phase,)), f"{self._state.phase} to {state.phase}"
        if state is self._state:
            return False
        self._state = state
        before, self._prompt = self._prompt, self.ask(self._context, state)
        return self._prompt != before

    @property
    def prompt(self) -> Prompt:
        """What the person is asked for now."""
        return self._prompt

    @property
    def state(self) -> S:
        """The whole state, to be looked at."""
        return self._state

    @property
    def scale(self) -> Scale | None:
        """The scale under test, None before it was chosen or where none takes part."""
        scale: Scale | None = getattr(self._state, "scale", None)
        return scale

    @property
    def confirmed(self) -> Confirmation | None:
        """What was confirmed of the protocol of its lead, None where nothing was."""
        confirmed: Confirmation | None = getattr(self._state, "confirmed", None)
        return confirmed

    @property
    def finished(self) -> bool:
        """Whether the visit is over and shows nothing more: it was left, before or after its outcome."""
        return self._state.phase is self.LEFT
