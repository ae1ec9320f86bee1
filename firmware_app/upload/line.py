"""What a bad line is met with: loss that is not taken for congestion, packed bodies, and an end to sending.

Rules this file obeys:

* What the kernel does not offer is done without; nothing here can keep an appliance from delivering.
* A body has an end by the clock also while it is being sent, however it drips.
"""

from __future__ import annotations

import gzip
import io
import socket
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

CONTROL = "bbr"
"""Congestion control that goes by rate and round trip (Cardwell et al., ACM Queue 14(5), 2016). What Linux
does otherwise takes each lost packet for a crowd: at 5 % and 300 ms it sends 25 kB/s whatever the line
carries."""
CODING = "gzip"
"""RFC 9110 8.4.1.3; a batch of self-checks packs to a tenth."""
LEVEL = 6
WORTH_PACKING = 1400
"""Bytes; less goes in one packet as it is."""

SocketOption = tuple[int, int, int | bytes]


def socket_options(control: str) -> list[SocketOption]:
    """What each connection is opened with; ``control`` only where this kernel lets us have it."""
    options: list[SocketOption] = list(HTTPConnection.default_socket_options)
    name = getattr(socket, "TCP_CONGESTION", None)
    if name is None:
        return options
    asked = (socket.IPPROTO_TCP, name, control.encode())
    with socket.socket() as probe:
        try:
            probe.setsockopt(*asked)
        except OSError:
            return options
    return [*options, asked]


class LineAdapter(HTTPAdapter):
    """Lets requests open its connections with `socket_options`, and never send anything twice by itself."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, socket_options=socket_options(CONTROL))


def packed(body: bytes) -> bytes | None:
    """The body as gzip, the same for the same body; None where that gains nothing."""
    if len(body) < WORTH_PACKING:
        return None
    smaller = gzip.compress(body, LEVEL, mtime=0)
    return smaller if len(smaller) < len(body) else None


class Outgoing(io.BytesIO):
    """A body that is handed out piece by piece until ``end``; a read after that raises TimeoutError.

    As one piece it would have to be gone within the time that a connection may take to open.
    """

    def __init__(self, body: bytes, end: float, clock: Callable[[], float]) -> None:
        super().__init__(body)
        self._end, self._clock = end, clock

    def read(self, size: int | None = -1, /) -> bytes:
        if self._clock() > self._end:
            raise TimeoutError("the body was not sent in time")
        return super().read(size)


def timed_out(error: BaseException) -> bool:
    """Whether a time that ran out is at the bottom of it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
