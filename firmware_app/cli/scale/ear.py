"""A line listened to by several candidate protocols at once, while a person looks at the display.

Rules this file obeys:

* Only frames of the last second count, and only if all of them say the same: what moves is not compared.
* A lost or silent line says nothing, whatever it said before.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Self

from hardware.scale.bits import read_as
from hardware.scale.contract import Indication, LineState, Profiles, Transport
from hardware.scale.listen import Candidate
from hardware.scale.stream import Stream

READ_S = 0.1
REST_NS = 1_000_000_000
MOST_KEPT = 512


class Ear:
    """Reads a port in a thread; the candidates must all have been heard under the port's setting."""

    def __init__(
        self,
        transport: Transport,
        candidates: Sequence[Candidate],
        profiles: Profiles,
    ) -> None:
        self._transport = transport
        self._lines = {one.profile: one.setting.line for one in candidates}
        self._streams = {one.profile: Stream(profiles.decoder(one.profile)) for one in candidates}
        self._recent: dict[str, deque[Indication]] = {name: deque(maxlen=MOST_KEPT) for name in self._lines}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._closing.set()
        self._transport.close()
        self._thread.join(timeout=2)

    def at_rest(self, profile: str) -> Indication | None:
        """What the scale has said by this protocol for the last second; None while it moves or is silent.

        A figure that was flagged unstable or another one within that second counts as motion.
        """
        now_ns = time.monotonic_ns()
        with self._lock:
            current = self._streams[profile].current(now_ns)
            recent = [one for one in self._recent[profile] if now_ns - one.last_ns <= REST_NS]
        if current is None or any(one.value != current.value or one.stable is False for one in recent):
            return None
        return current

    def _run(self) -> None:
        state = LineState.OPEN
        while not self._closing.is_set():
            data = self._transport.read(READ_S)
            was, state = state, self._transport.state
            with self._lock:
                if state is not was:
                    for stream in self._streams.values():
                        stream.lost()
                for name, stream in self._streams.items():
                    sent = read_as(data, self._lines[name])
                    self._recent[name].extend(stream.heard(sent, time.monotonic_ns()))
