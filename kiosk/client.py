"""ZeroMQ client of the core: moves bytes between the sockets and the Link, and never waits.

Rules this file obeys:

* ``poll`` is called from the screen's own clock: every receive and send is non-blocking.
* What cannot be decoded is as good as silence: it is logged and the Link is told nothing.
* ZeroMQ reconnects by itself; nothing is queued towards a core that is not there (IMMEDIATE), the Link
  sends again.
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

import zmq

from firmware_app.service import messages
from kiosk.link import Link

log = logging.getLogger(__name__)

MAX_PER_POLL = 32
"""Bounds the work of one frame whatever arrives."""


class Client:
    """Connects to the core of ``run_dir``; raises ValueError where the path is too long for a socket."""

    def __init__(self, run_dir: Path, now: float) -> None:
        state_at = messages.endpoint(run_dir, messages.STATE_SOCKET)
        core_at = messages.endpoint(run_dir, messages.CORE_SOCKET)
        self.link = Link(new_id=lambda: secrets.token_bytes(8), now=now)
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._states: zmq.Socket[bytes] = context.socket(zmq.SUB)
        self._core: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        for socket in (self._states, self._core):
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.MAXMSGSIZE, messages.MAX_BYTES)
            socket.setsockopt(zmq.RECONNECT_IVL, 100)
            socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        self._states.setsockopt(zmq.CONFLATE, 1)
        self._states.setsockopt(zmq.SUBSCRIBE, b"")
        self._core.setsockopt(zmq.IMMEDIATE, 1)
        self._states.connect(state_at)
        self._core.connect(core_at)

    def poll(self, now: float) -> None:
        """Takes what has arrived and sends what is due."""
        self._hear_state(now)
        self._hear_replies()
        for request_id, command in self.link.due(now):
            self._send(request_id, command)

    def close(self) -> None:
        self._states.close()
        self._core.close()

    def _hear_state(self, now: float) -> None:
        try:
            self.link.heard_state(messages.decode_state(self._states.recv(zmq.NOBLOCK)), now)
        except zmq.Again:
            return
        except messages.BadMessage as error:
            log.warning("what the core publishes is not understood: %s", error)

    def _hear_replies(self) -> None:
        for _ in range(MAX_PER_POLL):
            try:
                frames = self._core.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(frames) != 2:
                log.warning("reply of %d frames: 2 expected", len(frames))
                continue
            try:
                self.link.heard_reply(frames[0], messages.decode_reply(frames[1]))
            except messages.BadMessage as error:
                log.warning("a reply of the core is not understood: %s", error)

    def _send(self, request_id: bytes, command: messages.Command) -> None:
        try:
            self._core.send_multipart([request_id, messages.encode(command)], zmq.NOBLOCK)
        except zmq.Again:
            # The core is not there; the Link sends again, and the screen says so.
            log.debug("core not connected: %s not sent", type(command).__name__)
