"""Runs the gateway on a socket bound here, so that port 0 works and the address is known before it serves."""

from __future__ import annotations

import random
import resource
import socket
from collections.abc import Callable

import uvicorn

from county_gateway.app import create_app
from county_gateway.county import Settings
from county_gateway.doors.admission import admitted

BACKLOG = 128
"""Connections that the kernel holds until they are looked at. A long queue is full of callers who have gone:
with 4096 in it ten thousand were answered after their 15 s. Who finds no place knocks again in a second."""
CONNECTIONS = 2048
"""More than these are closed with a bare 503. Most of them only wait: for the rest of a body, for a refusal
to be read, or between two requests. How many are worked for at once is bounded in `doors.admission`."""
FILES = 4096


def serve(settings: Settings, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT. ``ready`` is told the address once connections are queued.

    Raises OSError where the address is taken, and what `create_app` raises.
    """
    app = admitted(create_app(settings), random.SystemRandom().random)
    _allow_files()
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
            limit_concurrency=CONNECTIONS,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _allow_files() -> None:
    """Room for as many connections: where files run out, asyncio takes none at all for a second."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
