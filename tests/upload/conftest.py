"""A county that lies on the wire, and appliances with real ledgers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Lie:
    """One answer. ``drip_s``: seconds between its bytes; ``hang``: never answers until it is released."""

    def __init__(self, status=200, body=b"", kind="application/json", headers=(), drip_s=0.0, hang=False):
        self.status, self.body, self.kind = status, body, kind
        self.headers, self.drip_s, self.hang = dict(headers), drip_s, hang


class LyingCounty:
    """An HTTP server on loopback that answers as ``answer`` says; remembers what it was sent."""

    def __init__(self) -> None:
        self.answer: Callable[[str, str, bytes], Lie] = lambda method, path, body: Lie(404)
        self.requests: list[tuple[str, str, bytes]] = []
        self.released = threading.Event()
        county = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self._answer("POST", body)

            def do_GET(self) -> None:
                self._answer("GET", b"")

            def _answer(self, method: str, body: bytes) -> None:
                county.requests.append((method, self.path, body))
                lie = county.answer(method, self.path, body)
                if lie.hang:
                    county.released.wait(20)
                    self.close_connection = True
                    return
                self.send_response(lie.status)
                self.send_header("Content-Type", lie.kind)
                self.send_header("Content-Length", str(len(lie.body)))
                for name, value in lie.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self._body(lie)

            def _body(self, lie: Lie) -> None:
                try:
                    if not lie.drip_s:
                        self.wfile.write(lie.body)
                        return
                    for byte in lie.body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        if county.released.wait(lie.drip_s):
                            return
                except OSError:
                    self.close_connection = True

            def log_message(self, *_words: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class StillClock:
    boot = "boot"

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

    def quality(self) -> str:
        return "battery"

    def uptime_ns(self) -> int:
        return 1


@pytest.fixture
def liar():
    county = LyingCounty()
    yield county
    county.close()


@pytest.fixture
def lie():
    return Lie


@pytest.fixture
def still_clock():
    return StillClock()
