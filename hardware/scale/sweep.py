"""Listens under one setting after another: the thin shell around hardware.scale.listen.

Rules this file obeys:

* While a protocol is being guessed nothing is sent; only ``ask`` sends, and only what a person chose.
* A question goes out at one setting: bytes at a wrong rate are unknown characters, and there are scales
  whose settings unknown characters change.
* Time is passed in; a wait is always a wait for bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import cycle

from hardware.scale.bits import Setting
from hardware.scale.contract import LineLost, LineState, Request, Transport
from hardware.scale.listen import MAX_HEARD, Chunk, Heard

READ_S = 0.1
ASK_EVERY_S = 0.5

OpenPort = Callable[[Setting], Transport]
Told = Callable[[float], None]
"""Told the seconds that have passed since it was told last."""


def hear(
    open_port: OpenPort,
    setting: Setting,
    seconds: float,
    *,
    told: Told = lambda _seconds: None,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> Heard:
    """What comes under ``setting`` within ``seconds``; sends nothing."""
    return _collect(open_port, setting, seconds, before_read=_send_nothing, told=told, clock_ns=clock_ns)


def ask(
    open_port: OpenPort,
    setting: Setting,
    requests: Sequence[Request],
    seconds: float,
    *,
    told: Told = lambda _seconds: None,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> Heard:
    """What comes when harmless requests are sent in turn, two a second; only on the choice of a person."""
    turn = cycle(requests)
    asked_ns: list[int] = []

    def send(transport: Transport, now_ns: int) -> None:
        if asked_ns and now_ns - asked_ns[-1] < ASK_EVERY_S * 1e9:
            return
        asked_ns[:] = [now_ns]
        try:
            transport.write(next(turn).send)
        except LineLost:
            # The state of the line says so already.
            return

    return _collect(open_port, setting, seconds, before_read=send, told=told, clock_ns=clock_ns)


def _send_nothing(_transport: Transport, _now_ns: int) -> None:
    """While guessing there is nothing to send."""


def _collect(
    open_port: OpenPort,
    setting: Setting,
    seconds: float,
    *,
    before_read: Callable[[Transport, int], None],
    told: Told,
    clock_ns: Callable[[], int],
) -> Heard:
    chunks: list[Chunk] = []
    room, why, ever_open = MAX_HEARD, "", False
    with open_port(setting) as transport:
        began_ns = now_ns = clock_ns()
        until_ns = began_ns + int(seconds * 1e9)
        while now_ns < until_ns and transport.state is not LineState.CLOSED:
            before_read(transport, now_ns)
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
    return Heard(setting, tuple(chunks), "" if ever_open or chunks else why or "the line is lost")
