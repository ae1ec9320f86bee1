"""The core's two sockets: commands come in and are answered, the state goes out.

Rules this file obeys:

* One command, one function (OIML D 31:2023 6.2.3.2): what is not in the table handed in is refused.
* A body that is no command is answered in words; nothing that comes in ends the program.
* The state goes out ten times a second where something changed, once a second where nothing did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zmq

from firmware_app.service import messages

PUBLISH_NS = 100_000_000
REPEAT_NS = 1_000_000_000
MAX_COMMANDS = 100
"""Of one turn, so that no sender keeps the instruments waiting."""

Obey = Callable[[Any, int], messages.Reply]
"""Does what a command asks at a monotonic time, and answers."""
Commands = Mapping[type[messages.Command], Obey]


class Door:
    """Bound in the run directory, whose permissions are the access control."""

    def __init__(self, run_dir: Path) -> None:
        self._router = _bound(run_dir, zmq.ROUTER, messages.CORE_SOCKET)
        self._publisher = _bound(run_dir, zmq.PUB, messages.STATE_SOCKET)
        self._published: messages.State | None = None
        self._published_ns = 0

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """On which commands come, for a poller."""
        return self._router

    def answer(self, obey: Obey, now_ns: int) -> None:
        """Answers the commands that have come, in their order."""
        for _ in range(MAX_COMMANDS):
            try:
                frames = self._router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(frames) == 3:
                self._router.send_multipart([*frames[:2], messages.encode(_reply(obey, frames[2], now_ns))])

    def publish(self, state: Callable[[int], messages.State], now_ns: int) -> None:
        """Sends the state where it is time to; it is made only then."""
        since_ns = now_ns - self._published_ns
        if since_ns < PUBLISH_NS:
            return
        made = state(now_ns)
        if made != self._published or since_ns >= REPEAT_NS:
            self._published, self._published_ns = made, now_ns
            self._publisher.send(messages.encode(made))

    def close(self) -> None:
        self._router.close()
        self._publisher.close()


def _reply(obey: Obey, body: bytes, now_ns: int) -> messages.Reply:
    try:
        return obey(messages.decode_command(body), now_ns)
    except messages.BadMessage as error:
        return messages.Refused("bad_message", str(error))


def _bound(run_dir: Path, kind: int, name: str) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(kind)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.MAXMSGSIZE, messages.MAX_BYTES)
    socket.bind(messages.endpoint(run_dir, name))
    return socket
