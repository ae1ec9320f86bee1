"""Listens under one setting after another: the thin shell around hardware.scale.listen.

Rules this file obeys:

* Nothing is sent from here. Where a person chose to ask, the line that is handed in does so, at one setting:
  bytes at a wrong rate are unknown characters, and there are scales whose settings unknown characters change.
* Time is passed in; a wait is always a wait for bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from hardware.scale.bits import Setting
from hardware.scale.contract import LineState, Transport
from hardware.scale.listen import MAX_HEARD, Chunk, Heard

READ_S = 0.1

OpenPort = Callable[[Setting], Transport]
Told = Callable[[float], None]
"""Told the seconds that have passed since it was told last."""


def hear(
    open_port: OpenPort,
    setting: Setting,
    seconds: float,
    *,
    transport_kind: str = "serial",
    told: Told = lambda _seconds: None,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> Heard:
    """What comes under ``setting`` within ``seconds``; sends nothing."""
    chunks: list[Chunk] = []
    room, why, ever_open = MAX_HEARD, "", False
    with open_port(setting) as transport:
        began_ns = now_ns = clock_ns()
        until_ns = began_ns + int(seconds * 1e9)
        while now_ns < until_ns and transport.state is not LineState.CLOSED:
            data = transport.read(min(READ_S, (until_ns - now_ns) / 1e9))
            before_ns, now_ns = now_ns, clock_ns()
            told((now_ns - before_ns) / 1e9)
            if transport.state is LineState.OPEN:
                ever_open = True
            else:
                why = str(getattr(transport, "why", "")) or why
            if data and room:
                chunks.append(Chunk(now_ns, data[:room]))
                room -= len(chunks[-1].data)
    silent = "" if ever_open or chunks else why or "the line is lost"
    return Heard(setting, tuple(chunks), silent, transport_kind)
