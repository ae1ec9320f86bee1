"""Before everything else: who is let in now, and who is told when to come back.

Rules this file obeys:

* A refusal is decided from the first lines of a request: no body is read for it, no parser, thread or
  database is asked.
* The answer arrives: what is still being sent is heard out for a moment before the connection is closed, or
  the caller would find it broken and not read a word.
* The county's own people are not shut out by appliances, nor these by a desk that asks much.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from county_gateway.crowd import Crowd
from firmware_app.ledger.county.contract import Rejection

DELIVERING, ASKING = 32, 32
"""At once in one process: an appliance waits 15 s for an answer, and what waits longer here is worked for
nobody; a gateway that only does that has collapsed (docs/scale.md)."""
FREE = ("/v1/alive",)
"""Costs less than its refusal."""
LINGER_S = 2.0
_BODY = msgspec.json.encode(Rejection(error="busy", why="too many at once: come back as told"))
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"connection", b"close"),
]


def admitted(
    app: ASGIApp, chance: Callable[[], float], clock: Callable[[], float] = time.monotonic
) -> ASGIApp:
    """The application behind two bounds, one for what is delivered and one for what is asked."""
    delivering, asking = Crowd(DELIVERING, chance), Crowd(ASKING, chance)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"] in FREE:
            await app(scope, receive, send)
            return
        crowd = asking if scope["method"] in ("GET", "HEAD") else delivering
        if not crowd.enter(clock()):
            await _refuse(crowd.come_back_in(clock()), receive, send)
            return
        try:
            await app(scope, receive, send)
        finally:
            crowd.leave(clock())

    return wrapped


async def _refuse(seconds: int, receive: Receive, send: Send) -> None:
    headers = [*_HEADERS, (b"retry-after", str(seconds).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY, "more_body": True})
    try:
        async with asyncio.timeout(LINGER_S):
            while (await receive()).get("more_body", False):
                pass
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})
