"""What nginx does with a crowd, as its site is shipped: hands on a gateway's word, and has one of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from several_gateways import NGINX, free_ports, nginx_before

from firmware_app.upload.client import CountyClient
from firmware_app.upload.outcome import Failed, Reached, Trouble

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")
LATER_S = 77


class Gateway:
    """Says 503 to whatever is delivered, and counts it; open to a knock."""

    def __init__(self) -> None:
        self.delivered = 0
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, b'{"county":"c"}')

            def do_POST(self) -> None:
                gateway.delivered += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(503, b'{"error":"busy"}')

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Retry-After", str(LATER_S))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


@pytest.fixture
def busy(tmp_path) -> Iterator[tuple[CountyClient, list[Gateway]]]:
    with ExitStack() as stack:
        gateways = [Gateway() for _ in range(3)]
        for gateway in gateways:
            stack.callback(gateway.close)
        client = CountyClient(stack.enter_context(nginx_before(gateways, tmp_path)))
        stack.callback(client.close)
        yield client, gateways


def test_a_gateways_word_reaches_the_appliance_and_no_other_gateway_is_asked(busy):
    client, gateways = busy

    outcomes = [client.send(("entry",)) for _ in range(12)]

    assert outcomes == [Failed(Trouble.BUSY, LATER_S)] * 12
    assert sum(gateway.delivered for gateway in gateways) == 12
    assert client.knock() == Reached(), "a gateway that is busy is not taken for a dead one"


def test_when_no_gateway_is_there_appliances_are_told_to_come_back_one_by_one(tmp_path):
    dead = [SimpleNamespace(url=f"http://127.0.0.1:{port}") for port in free_ports(3)]
    with nginx_before(dead, tmp_path) as url:
        client = CountyClient(url)

        told = [client.send(("entry",)) for _ in range(30)]

        client.close()
    assert {outcome.trouble for outcome in told} == {Trouble.BUSY}
    assert len({outcome.retry_after_s for outcome in told}) > 3
    assert min(outcome.retry_after_s for outcome in told) >= 10
