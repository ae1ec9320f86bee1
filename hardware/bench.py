"""The work bench of simulated parts: a socket over which a load is put on, a plug pulled, a model changed.

Only simulated parts open one. Each request is a JSON object of known keys, each answer
``{"ok": true}`` or ``{"ok": false, "why": "…"}``; several keys in one request are applied in order.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import zmq

Handler = Callable[[object], None]
"""Takes the value of one key; raises ValueError with the reason when it cannot."""

MAX_REQUEST = 4096


class Bench:
    """Serves requests on ``ipc://path`` in a thread of its own until closed."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._handlers = dict(handlers)
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(f"ipc://{path}")
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"bench {path.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join(timeout=2)

    def _serve(self) -> None:
        while not self._closing.is_set():
            if self._socket.poll(100):
                self._socket.send(json.dumps(self._answer(self._socket.recv())).encode())
        self._socket.close()

    def _answer(self, request: bytes) -> dict[str, object]:
        try:
            if len(request) > MAX_REQUEST:
                raise ValueError(f"request of {len(request)} bytes: at most {MAX_REQUEST}")
            wishes = json.loads(request)
            if not isinstance(wishes, dict):
                raise ValueError("a request is a JSON object")
            unknown = set(wishes) - set(self._handlers)
            if unknown:
                raise ValueError(f"unknown: {sorted(unknown)}; known: {sorted(self._handlers)}")
            for key, value in wishes.items():
                self._handlers[key](value)
        except (ValueError, TypeError) as error:
            return {"ok": False, "why": str(error)}
        return {"ok": True}


class BenchError(Exception):
    """The simulated part did not do what it was asked; the message says why."""


def ask(path: Path, timeout_s: float = 5.0, **wishes: object) -> None:
    """Sends one request to the simulated part behind ``path``; raises BenchError."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
    with socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(f"ipc://{path}")
        socket.send(json.dumps(wishes).encode())
        if not socket.poll(int(timeout_s * 1000)):
            raise BenchError(f"nothing simulated answers at {path}")
        answer = json.loads(socket.recv())
    if not answer["ok"]:
        raise BenchError(f"{path.name}: {answer['why']}")
