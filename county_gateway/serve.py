"""Runs the gateway on a socket bound here, so that port 0 works and the address is known before it serves."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from county_gateway.app import create_app
from county_gateway.county import Settings

BACKLOG = 1024
CROWD = 32
"""More connections than this are answered 503 at once. An appliance waits 15 s for an answer; what waits
longer here is worked for nobody, and a gateway that only does that has collapsed (docs/scale.md)."""


def serve(settings: Settings, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT. ``ready`` is told the address once connections are queued.

    Raises OSError where the address is taken, and what `create_app` raises.
    """
    app = create_app(settings)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        bound = listener.getsockname()[1]
        ready(f"http://[{host}]:{bound}" if family == socket.AF_INET6 else f"http://{host}:{bound}")
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            backlog=BACKLOG,
            limit_concurrency=CROWD,
        )
        uvicorn.Server(config).run(sockets=[listener])
