"""The witness's one door: ``POST /add-checkpoint``. Put TLS in front of it for a network.

Rules this file obeys:

* Bodies and waiting are bounded; what is too long or too slow is cut off.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from county_gateway.witness.witness import MAX_BODY, Answer, Witness

log = logging.getLogger("steelyard.witness")

PATH = "/add-checkpoint"
SLOW_S = 10


def make_server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """A server bound to an address; raises OSError. ``serve_forever`` runs it."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "steelyard-witness", ""
        timeout = SLOW_S

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != PATH:
                self._say(Answer(404), close=True)
            elif not (length.isascii() and length.isdigit() and len(length) < 10):
                self._say(Answer(411), close=True)
            elif int(length) > MAX_BODY:
                self._say(Answer(413), close=True)
            else:
                self._say(witness.add_checkpoint(self.rfile.read(int(length))))

        def do_GET(self) -> None:
            # Who looks by hand learns by which key this witness is known.
            found = self.path == "/"
            self._say(Answer(200, f"{witness.key}\n") if found else Answer(404), close=True)

        def _say(self, answer: Answer, *, close: bool = False) -> None:
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
            if close:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            log.info(format, *args)

    return ThreadingHTTPServer((host, port), Door)


def serve(witness: Witness, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves until the process is told to stop; ``ready`` is told the address."""
    with make_server(witness, host, port) as server:
        ready(f"http://{host}:{server.server_port}")
        server.serve_forever()
