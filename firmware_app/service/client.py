"""A blocking client of the core, for the command line and the uploader."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Self

import zmq

from firmware_app.errors import SteelyardError
from firmware_app.service import messages


class CoreSilent(SteelyardError):
    """The core did not answer in time: it is not running, or it is not running here."""


class CoreClient:
    """Sends one command at a time and waits for the reply to it; replies to older commands are dropped."""

    def __init__(self, run_dir: Path, timeout_s: float = 5.0) -> None:
        self._run_dir = run_dir
        self._timeout_s = timeout_s
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(messages.endpoint(run_dir, messages.CORE_SOCKET))

    def ask(self, command: messages.Command) -> messages.Reply:
        """The core's reply; raises CoreSilent."""
        request = uuid.uuid4().bytes
        self._socket.send_multipart([request, messages.encode(command)])
        end = time.monotonic() + self._timeout_s
        while (left := end - time.monotonic()) > 0:
            if self._socket.poll(int(left * 1000) + 1):
                answered, body = self._socket.recv_multipart()
                if answered == request:
                    return messages.decode_reply(body)
        raise CoreSilent(
            f"the core does not answer in {self._run_dir}: is it running? (steelyard run, steelyard demo)"
        )

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def watch_state(run_dir: Path, timeout_s: float = 5.0) -> messages.State:
    """The next published State; raises CoreSilent."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    with socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(messages.endpoint(run_dir, messages.STATE_SOCKET))
        if not socket.poll(int(timeout_s * 1000)):
            raise CoreSilent(f"the core publishes nothing in {run_dir}: is it running?")
        return messages.decode_state(socket.recv())
