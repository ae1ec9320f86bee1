"""How a simulated scale listens: commands by their bytes, and requests in frames; pure, no I/O.

Rules this file obeys:

* Only what a table or a frame finder knows is obeyed; anything else is answered as the manual says, or not.
* Input is bounded: what never becomes a command is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from hardware.scale.simulated.display import Display

LONGEST = 80
MOST_WAITING = 4

Says = Callable[[Display], bytes]


class Heard(msgspec.Struct, frozen=True):
    """What came of bytes from the host: what is sent back, and the keys that were pressed by it."""

    answer: bytes = b""
    keys: tuple[str, ...] = ()


class Host(Protocol):
    """The command side of a scale. ``repeating``: whether weights are sent without being asked."""

    repeating: bool

    def hear(self, data: bytes, now: Display) -> Heard: ...

    def rest(self, now: Display) -> bytes:
        """The answers that waited for a weight at rest."""
        ...


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command: what it says at once, what it says at rest, whether it starts or ends repeating, its key.

    ``echo``: what was sent is sent back until told otherwise (True, False, or None for no change).
    """

    say: bytes | Says = b""
    at_rest: Says | None = None
    repeats: bool | None = None
    key: str = ""
    echo: bool | None = None


class Commands:
    """A host that knows commands by their bytes."""

    def __init__(
        self,
        known: Mapping[bytes, Command],
        *,
        end: bytes = b"",
        unknown: bytes = b"",
        repeating: bool = False,
    ) -> None:
        """``end``: what ends a line, after which an unknown one is answered ``unknown``."""
        self.repeating = repeating
        self._known, self._end, self._unknown = known, end, unknown
        self._line = bytearray()
        self._waiting: list[Says] = []
        self._echo = False

    def hear(self, data: bytes, now: Display) -> Heard:
        answer, keys = b"", list[str]()
        for byte in data:
            self._line.append(byte)
            line = bytes(self._line)
            if self._echo:
                answer += bytes([byte])
            if line in self._known:
                command = self._known[line]
                self._line.clear()
                answer += self._obey(command, now)
                keys += [command.key] if command.key else []
            elif self._end and line.endswith(self._end):
                self._line.clear()
                answer += self._unknown if line.strip() else b""
            elif not self._end and not any(known.startswith(line) for known in self._known):
                self._line.clear()
            del self._line[:-LONGEST]
        return Heard(answer, tuple(keys))

    def rest(self, now: Display) -> bytes:
        answer = b"".join(say(now) for say in self._waiting)
        self._waiting.clear()
        return answer

    def _obey(self, command: Command, now: Display) -> bytes:
        if command.repeats is not None:
            self.repeating = command.repeats
            self._waiting.clear()
        if command.at_rest is not None and len(self._waiting) < MOST_WAITING:
            self._waiting.append(command.at_rest)
        if command.echo is not None:
            self._echo = command.echo
        return command.say if isinstance(command.say, bytes) else command.say(now)


class Framed:
    """A host whose requests are frames with a check: one function finds the frame and answers it.

    ``find(buffer, now)``: (bytes used, what came of them), or (0, nothing) while a frame is not whole.
    """

    repeating = False

    def __init__(self, find: Callable[[bytes, Display], tuple[int, Heard]]) -> None:
        self._find = find
        self._heard = b""

    def hear(self, data: bytes, now: Display) -> Heard:
        self._heard = (self._heard + data)[-LONGEST:]
        answer, keys = b"", tuple[str, ...]()
        while self._heard:
            used, heard = self._find(self._heard, now)
            if not used:
                break
            self._heard = self._heard[used:]
            answer, keys = answer + heard.answer, (*keys, *heard.keys)
        return Heard(answer, keys)

    def rest(self, now: Display) -> bytes:
        del now
        return b""
