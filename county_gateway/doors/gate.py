"""Before the doors: who asks, how often, how slowly; and a line in the log where it is the county's people.

Rules this file obeys:

* A token is taken from the Authorization header and from nowhere else; what stands there is never logged.
* Guessing is slow: an address that shows bad tokens is refused before a token is looked at.
* A body that drips is cut off; a request in a list of any length takes one bounded query.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

from county_gateway.access import Role, Somebody, who
from county_gateway.errors import NotLoggedIn, TooSlow
from county_gateway.rates import Rate
from county_gateway.store import Store

log = logging.getLogger("steelyard.county")

BODY_S = 20.0
"""An appliance's whole exchange takes at most 30 s (`firmware_app.upload.client`); nginx waits as long."""
MAX_HEADER = 4096
GUESSES_A_MINUTE, GUESSES = 6, 10
ASKED_A_MINUTE, ASKED = 1200, 600
"""A desk with plots asks some ten doors at once; a program that follows the record a few a second."""

Connection = ASGIConnection[Any, Any, Any, Any]


class Gate:
    """Lets the county's own people in. ``now``: of the county; ``clock``: monotonic seconds."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._now = now
        self._clock = clock
        self._guesses = Rate(GUESSES_A_MINUTE, GUESSES, "too many bad tokens from this address")
        self._asked = Rate(ASKED_A_MINUTE, ASKED, "this token asks too often")

    async def reader(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        """Guard of the doors for everybody who has a token."""
        await self._let_in(connection, Role.READER)

    async def officer(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        """Guard of the doors for officers."""
        await self._let_in(connection, Role.OFFICER)

    async def _let_in(self, connection: Connection, role: Role) -> None:
        address, now_s = address_of(connection), self._clock()
        self._guesses.look(address, now_s)
        token = _token(connection.headers.get("Authorization", ""))
        try:
            somebody = await sync_to_thread(who, self._store, token, self._now())
        except NotLoggedIn:
            self._guesses.take(address, now_s)
            raise
        self._asked.take(somebody.name, now_s)
        somebody.must_be(role)
        connection.scope["state"]["somebody"] = somebody
        log.info("%s: %s", somebody.name, connection.scope["path"])


def somebody_of(connection: Connection) -> Somebody:
    """Who was let in."""
    somebody = connection.scope["state"]["somebody"]
    assert isinstance(somebody, Somebody)
    return somebody


def address_of(connection: Connection) -> str:
    """The caller's address; behind nginx what nginx wrote (uvicorn believes it of its own machine only)."""
    return connection.client.host if connection.client else "unknown"


def _token(header: str) -> str:
    """The token in an Authorization header: Bearer, or the password of Basic; empty where there is none."""
    kind, _, value = header.partition(" ")
    if len(header) > MAX_HEADER:
        return ""
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("ascii").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def in_time(app: ASGIApp) -> ASGIApp:
    """The application with a bound upon how long a request's body may take to arrive."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        end = asyncio.get_running_loop().time() + BODY_S
        whole = False

        async def bounded() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(end):
                    message = await receive()
            except TimeoutError as error:
                raise TooSlow(f"the body did not arrive within {BODY_S:.0f} s") from error
            whole = not message.get("more_body", False)
            return message

        await app(scope, bounded, send)

    return wrapped
