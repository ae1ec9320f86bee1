"""How a refusal leaves: in JSON, with a code, and with nothing in it that the caller should not know.

Rules this file obeys:

* Every refusal is a `Rejection`; pages are the only thing that is not JSON.
* What failed inside is told to the log and not to the caller.
"""

from __future__ import annotations

import logging
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import OperationalError, TimeoutError

from county_gateway.doors.unpacking import CODINGS
from county_gateway.errors import GatewayError, NotLoggedIn, TooOften, WrongCoding
from firmware_app.ledger.county.contract import Rejection

log = logging.getLogger("steelyard.county")

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
CHALLENGE = 'Basic realm="county", charset="UTF-8", Bearer realm="county"'
_CODES: dict[int, str] = {
    400: "bad_request",
    404: "not_found",
    405: "not_allowed",
    413: "too_large",
    415: "wrong_type",
    429: "too_often",
}
Asked = Request[Any, Any, Any]


def _answer(rejection: Rejection, status: int, headers: dict[str, str] | None = None) -> Response[Rejection]:
    return Response(rejection, status_code=status, media_type=MediaType.JSON, headers=headers)


def _refuse(_request: Asked, error: GatewayError) -> Response[Rejection]:
    headers: dict[str, str] = {}
    if isinstance(error, NotLoggedIn):
        headers["WWW-Authenticate"] = CHALLENGE
    if isinstance(error, TooOften):
        headers["Retry-After"] = str(error.retry_s)
    if isinstance(error, WrongCoding):
        # RFC 9110 12.5.3: with it the caller knows what to give instead.
        headers["Accept-Encoding"] = CODINGS
    return _answer(error.rejection(), error.status, headers)


def _refuse_http(_request: Asked, error: HTTPException) -> Response[Rejection]:
    code = _CODES.get(error.status_code, "failed")
    why = "" if error.status_code >= 500 else error.detail
    return _answer(Rejection(error=code, why=why), error.status_code, error.headers)


def _refuse_deep(_request: Asked, _error: RecursionError) -> Response[Rejection]:
    return _answer(Rejection(error="bad_request", why="nested too deeply"), 400)


def _busy(_request: Asked, error: Exception) -> Response[Rejection]:
    log.error("the database does not answer: %s", type(error).__name__)
    return _answer(Rejection(error="busy", why="the database does not answer"), 503, {"Retry-After": "5"})


def _fail(_request: Asked, error: Exception) -> Response[Rejection]:
    log.error("request failed", exc_info=error)
    return _answer(Rejection(error="failed"), 500)


HANDLERS: ExceptionHandlersMap = {
    GatewayError: _refuse,
    HTTPException: _refuse_http,
    RecursionError: _refuse_deep,
    OperationalError: _busy,
    TimeoutError: _busy,
    Exception: _fail,
}


def harden(response: Response[Any]) -> Response[Any]:
    """The answer with what keeps a browser from doing more with it than showing it."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
