"""The lead from the scale under test: a thread that reads the line, and what was last heard.

The thread does nothing but read: bytes are decoded where the core asks for them, so that decoder and
profile change without a lock.
"""

from __future__ import annotations

import queue
import threading
import time

from firmware_app.quantity import plain
from firmware_app.service.messages import LeadState
from hardware.scale.contract import Indication, LineState, Profiles, Transport
from hardware.scale.stream import Stream

READ_S = 0.1
PATIENCE_NS = 2_000_000_000
"""A value is void at once; only after this long is its absence worth a question to the person: a scale just
chosen, or a core just started, has not been heard yet."""
QUEUE_CHUNKS = 1024
"""Bounded: a scale that talks faster than the core listens does not fill the memory."""


class Lead:
    """One transport, and the decoder of the scale that is being checked."""

    def __init__(self, transport: Transport, profiles: Profiles) -> None:
        self._transport = transport
        self._profiles = profiles
        self._profile: str | None = None
        self._stream: Stream | None = None
        self._latest: Indication | None = None
        self._void_since_ns: int | None = None
        """Since when nothing valid has been heard; None where that has not been looked at yet."""
        self._chunks: queue.Queue[tuple[int, bytes]] = queue.Queue(QUEUE_CHUNKS)
        """What was read and when; no bytes at all mean that the line was lost there."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, name="lead", daemon=True)
        self._thread.start()

    def use(self, profile: str | None) -> None:
        """Listens for this protocol from now on; None: for nothing. Naming it again changes nothing."""
        if profile == self._profile:
            return
        self._profile = profile
        self._stream = Stream(self._profiles.decoder(profile)) if profile else None
        self._latest = None
        self._void_since_ns = None

    def take(self, now_ns: int) -> list[Indication]:
        """What the scale has said since the last call."""
        found: list[Indication] = []
        while True:
            try:
                at_ns, data = self._chunks.get_nowait()
            except queue.Empty:
                break
            if self._stream is None:
                continue
            if data:
                found += self._stream.heard(data, at_ns)
            else:
                self._stream.lost()
        self._latest = None if self._stream is None else self._stream.current(now_ns)
        if self._latest is not None:
            self._void_since_ns = None
        elif self._void_since_ns is None:
            self._void_since_ns = now_ns
        return found

    def silent(self, now_ns: int) -> bool:
        """Whether there has been nothing valid for so long that a person should be told."""
        return self._void_since_ns is not None and now_ns - self._void_since_ns >= PATIENCE_NS

    def state(self) -> LeadState:
        """What a screen may show of the line."""
        if self._transport.state is not LineState.OPEN:
            return LeadState(state="lost")
        latest = self._latest
        if self._stream is None or latest is None:
            return LeadState(state="idle" if self._stream is None else "silent")
        return LeadState(
            state="streaming",
            text="" if latest.value is None else plain(latest.value),
            unit=latest.unit or "",
            stable=latest.stable,
            overload=latest.overload,
            underload=latest.underload,
        )

    def _read(self) -> None:
        lost = False
        while not self._closing.is_set():
            data = self._transport.read(READ_S)
            was_lost, lost = lost, self._transport.state is not LineState.OPEN
            if not data and (was_lost or not lost):
                continue
            self._put(data)

    def _put(self, data: bytes) -> None:
        """Hands bytes over; where the core has fallen behind, what it has not taken is given up as lost."""
        if self._chunks.full():
            while self._chunks.qsize():
                self._chunks.get_nowait()
            self._chunks.put((time.monotonic_ns(), b""))
        self._chunks.put((time.monotonic_ns(), data))

    def close(self) -> None:
        self._closing.set()
        self._thread.join(timeout=2)
        self._transport.close()
