"""The log's HTTP: a checkpoint that changes, and files that never do (c2sp.org/tlog-tiles).

Rules this file obeys:

* What never changes may be cached for ever by anybody; the checkpoint for a few seconds.
* Whatever is served here can be served as files by any web server: ``python -m county_gateway.log export``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from county_gateway.doors.types import refusals

CHECKPOINT_AGE_S = 5
"""So long a cache may keep a checkpoint ("a few seconds" in the specification)."""
TILE_AGE_S = 365 * 24 * 3600
# The framework adds the charset to a text.
TEXT, BYTES = "text/plain", "application/octet-stream"


def doors(checkpoint: Callable[[], str], file: Callable[[str], bytes]) -> list[HTTPRouteHandler]:
    """The routes. ``checkpoint``, ``file``: as of `county_gateway.log.receipts.Log`."""

    @get(
        "/log/checkpoint",
        sync_to_thread=True,
        summary="The log's signed tree head",
        media_type=TEXT,
        responses=refusals(404),
        tags=["log"],
    )
    def log_checkpoint() -> Response[bytes]:
        return _static(checkpoint().encode(), TEXT, f"public, max-age={CHECKPOINT_AGE_S}")

    @get(
        "/log/tile/{path:path}",
        sync_to_thread=True,
        summary="A tile of the log",
        media_type=BYTES,
        responses=refusals(404),
        tags=["log"],
    )
    def log_tile(path: FromPath[str]) -> Response[bytes]:
        age = f"public, max-age={TILE_AGE_S}, immutable"
        return _static(file(f"tile/{path.lstrip('/')}"), BYTES, age)

    return [log_checkpoint, log_tile]


def _static(content: bytes, kind: str, cached: str) -> Response[Any]:
    # Read by anybody from anywhere, also by a page in a browser that checks a slip.
    headers = {"Cache-Control": cached, "Access-Control-Allow-Origin": "*"}
    return Response(content, media_type=kind, headers=headers)
