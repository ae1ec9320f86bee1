"""A bad line: packed bodies, bodies that take their time, and what the kernel is asked for."""

from __future__ import annotations

import gzip
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from firmware_app.upload import client as client_module
from firmware_app.upload import line as line_module
from firmware_app.upload.client import CountyClient
from firmware_app.upload.line import Outgoing, packed, socket_options
from firmware_app.upload.outcome import Delivered, EntryRefused, Failed, Reached, Trouble

LINES = tuple(f"entry {number} ".ljust(400, "x") for number in range(20))
BODY = "".join(f"{line}\n" for line in LINES).encode()
TAKEN = {"body": b'{"receipt":"r","head":2,"stored":2,"known":0}'}
TAKES_GZIP = {"headers": {"Accept-Encoding": "gzip"}}


@pytest.fixture
def client(liar):
    client = CountyClient(liar.url)
    yield client
    client.close()


def bodies(liar) -> list[bytes]:
    return [body for _, _, body in liar.requests]


def is_packed(body: bytes) -> bool:
    return body != BODY and gzip.decompress(body) == BODY


def test_batches_are_packed_once_the_county_has_said_that_it_takes_them_so(client, liar, lie):
    liar.answer = lambda *_: lie(**TAKEN, **TAKES_GZIP)

    outcomes = [client.send(LINES) for _ in range(3)]

    assert outcomes == [Delivered("r")] * 3
    first, second, third = bodies(liar)
    assert first == BODY
    assert is_packed(second)
    assert third == second
    assert len(second) < len(BODY) / 5


def test_a_county_that_does_not_say_so_gets_them_as_ever(client, liar, lie):
    liar.answer = lambda *_: lie(**TAKEN)

    for _ in range(3):
        client.send(LINES)

    assert bodies(liar) == [BODY] * 3


@pytest.mark.parametrize(
    "answer",
    [
        {"body": b"<html>", "kind": "text/html", **TAKES_GZIP},
        {"status": 503, **TAKES_GZIP},
        {"status": 302, "headers": {"Accept-Encoding": "gzip", "Location": "http://login.example/"}},
    ],
)
def test_what_somebody_else_says_to_take_is_no_word_of_the_county(client, liar, lie, answer):
    liar.answer = lambda *_: lie(**answer)

    for _ in range(2):
        client.send(LINES)

    assert bodies(liar) == [BODY] * 2


def test_what_cannot_be_unpacked_there_is_sent_again_at_once_as_it_is(client, liar, lie):
    """A gateway put back to an older version, or something on the way that spoils what it does not know."""

    def answer(_method, _path, body):
        if body != BODY:
            return lie(status=415, body=b'{"error":"wrong_coding"}')
        return lie(**TAKEN, **(TAKES_GZIP if len(liar.requests) == 1 else {}))

    liar.answer = answer

    outcomes = [client.send(LINES) for _ in range(3)]

    assert outcomes == [Delivered("r")] * 3
    assert [is_packed(body) if body != BODY else "plain" for body in bodies(liar)] == [
        "plain", True, "plain", "plain",
    ]  # fmt: skip


def test_a_refusal_of_a_packed_batch_counts_as_ever(client, liar, lie):
    liar.answer = lambda *_: lie(**TAKEN, **TAKES_GZIP)
    client.send(LINES)
    liar.answer = lambda *_: lie(status=422, body=b'{"error":"bad_entry","seq":4,"why":"no"}')

    assert client.send(LINES) == EntryRefused(4, "no")


def test_small_bodies_and_those_that_gain_nothing_go_as_they_are():
    assert packed(b"short\n") is None
    assert packed(random.Random(4).randbytes(5000)) is None
    assert packed(BODY) == packed(BODY), "nothing of the clock is in it"


# ------------------------------------------------------------------------------------------------- slow lines


@contextmanager
def slow_county(bytes_a_second: float) -> Iterator[str]:
    """Reads so slowly, with small buffers as a slow line has, and answers that all was kept."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    stopping = threading.Event()

    def serve() -> None:
        taken, _ = listener.accept()
        with taken:
            read, whole = b"", None
            while whole is None or len(read) < whole:
                if stopping.wait(4096 / bytes_a_second) or not (data := taken.recv(4096)):
                    return
                read += data
                head, end, _ = read.partition(b"\r\n\r\n")
                if whole is None and end:
                    length = head.lower().partition(b"content-length: ")[2].split(b"\r", 1)[0]
                    whole = len(head) + len(end) + int(length)
            body = TAKEN["body"]
            taken.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stopping.set()
    thread.join(timeout=5)
    listener.close()


@pytest.fixture
def small_buffers(mocker):
    """As many bytes on the way as a slow line lets there be."""
    mocker.patch.object(
        line_module, "socket_options", lambda _control: [(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)]
    )


@pytest.mark.usefixtures("small_buffers")
def test_a_body_may_take_longer_than_a_connection_to_open(mocker):
    mocker.patch.object(client_module, "CONNECT_S", 0.25)
    lines = ("x" * 300_000,)

    with slow_county(300_000) as url:
        began = time.monotonic()
        outcome = CountyClient(url).send(lines)

    assert outcome == Delivered("r")
    assert time.monotonic() - began > 0.5


@pytest.mark.usefixtures("small_buffers")
def test_a_body_that_nobody_takes_is_a_timeout_and_no_broken_line(mocker):
    mocker.patch.object(client_module, "CONNECT_S", 0.2)

    with slow_county(100) as url:
        assert CountyClient(url).send(("x" * 300_000,)) == Failed(Trouble.TIMEOUT)


@pytest.mark.usefixtures("small_buffers")
def test_a_body_that_drips_is_a_timeout_too(mocker):
    mocker.patch.object(client_module, "WHOLE_S", 0.4)

    with slow_county(100_000) as url:
        began = time.monotonic()
        assert CountyClient(url).send(("x" * 1_000_000,)) == Failed(Trouble.TIMEOUT)
        assert time.monotonic() - began < 3


def test_a_body_is_handed_out_until_its_end_and_not_after():
    now = [0.0]
    body = Outgoing(b"abcdef", 10.0, lambda: now[0])

    assert body.read(4) == b"abcd"
    now[0] = 10.5
    with pytest.raises(TimeoutError):
        body.read(4)


# --------------------------------------------------------------------------------------- congestion control

CONGESTION = getattr(socket, "TCP_CONGESTION", None)
needs_linux = pytest.mark.skipif(CONGESTION is None, reason="this kernel has no TCP_CONGESTION")


def control_of(client: CountyClient, url: str) -> bytes:
    """The congestion control of the client's open connection."""
    manager = client._session.get_adapter(url).poolmanager
    (pool,) = (manager.pools[key] for key in manager.pools.keys())  # noqa: SIM118 - no mapping
    connection = pool.pool.get_nowait()
    return connection.sock.getsockopt(socket.IPPROTO_TCP, CONGESTION, 16).rstrip(b"\0")


@needs_linux
def test_connections_are_opened_with_the_congestion_control_that_is_asked_for(liar, lie, mocker):
    mocker.patch.object(line_module, "CONTROL", "reno")
    liar.answer = lambda *_: lie(body=b'{"county":"c"}')
    client = CountyClient(liar.url)

    assert client.knock() == Reached()
    assert control_of(client, liar.url) == b"reno"


@needs_linux
def test_a_kernel_without_it_delivers_as_ever(liar, lie, mocker):
    mocker.patch.object(line_module, "CONTROL", "none_such")
    liar.answer = lambda *_: lie(**TAKEN)

    assert CountyClient(liar.url).send(LINES) == Delivered("r")
    assert socket_options("none_such") == socket_options("none_such_either")
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in socket_options("none_such")
