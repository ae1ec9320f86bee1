"""Transports: options, loss and return of a line, replay. A pty is the port."""

from __future__ import annotations

import fcntl
import os
import random
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.scale.comeback import JITTER, LONGEST_WAIT_S
from hardware.scale.contract import BadOption, LineLost, LineState
from hardware.scale.port import SerialOptions, SerialPort, open_replay, open_serial


class Pty:
    """A pty under a path, as /dev/serial/by-id keeps one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.near, self.far = os.openpty()
        tty.setraw(self.far)
        path.symlink_to(os.ttyname(self.far))

    def pull(self) -> None:
        self.path.unlink()
        os.close(self.near)
        os.close(self.far)


@pytest.fixture
def pty(tmp_path: Path) -> Iterator[Pty]:
    made = Pty(tmp_path / "tty")
    yield made
    if made.path.is_symlink():
        made.pull()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"prot": "/dev/x"}, "unknown key 'prot'; did you mean 'port'"),
        ({"port": "/dev/x", "baudrate": 9600}, "did you mean 'baud'"),
        ({}, "missing required field `port`"),
        ({"port": ""}, "port"),
        ({"port": "/dev/x", "baud": "9600"}, "baud"),
        ({"port": "/dev/x", "baud": 0}, "baud"),
        ({"port": "/dev/x", "bytesize": 5}, "bytesize"),
        ({"port": "/dev/x", "parity": "EVEN"}, "parity"),
        ({"port": "/dev/x", "stopbits": 1.5}, "stopbits"),
    ],
)
def test_options_of_a_serial_port_that_are_refused(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(BadOption) as refusal:
        open_serial(options)
    assert complaint in str(refusal.value)
    assert "scale transport 'serial'" in str(refusal.value)


def test_bytes_come_as_they_are(pty: Pty) -> None:
    with open_serial({"port": str(pty.path)}) as port:
        os.write(pty.near, bytes(range(256)))
        got = b""
        while len(got) < 256:
            got += port.read(1.0)
        assert got == bytes(range(256))
        assert port.read(0.01) == b""
        assert port.state is LineState.OPEN


def test_seven_bits_with_parity_are_set(pty: Pty) -> None:
    with open_serial({"port": str(pty.path), "bytesize": 7, "parity": "E", "stopbits": 2}) as port:
        assert port.state in (LineState.OPEN, LineState.LOST)


def test_nothing_is_ever_sent_unasked(pty: Pty) -> None:
    with open_serial({"port": str(pty.path)}) as port:
        port.read(0.2)
        os.set_blocking(pty.near, False)
        with pytest.raises(BlockingIOError):
            os.read(pty.near, 1)
        port.write(b"SI\r\n")
        time.sleep(0.05)
        assert os.read(pty.near, 10) == b"SI\r\n"


def test_a_port_that_is_not_there_yet_is_lost_and_then_open(tmp_path: Path) -> None:
    with open_serial({"port": str(tmp_path / "tty")}) as port:
        assert port.state is LineState.LOST
        assert "No such file" in port.why
        assert port.read(0.01) == b""
        with pytest.raises(LineLost):
            port.write(b"x")
        late = Pty(tmp_path / "tty")
        end = time.monotonic() + 5
        while port.state is LineState.LOST and time.monotonic() < end:
            port.read(0.1)
        assert port.state is LineState.OPEN
        os.write(late.near, b"hello")
        assert port.read(1.0) == b"hello"
        late.pull()


def test_a_pulled_port_is_told_before_bytes_of_the_new_line(pty: Pty) -> None:
    """Given half a frame, when the plug is pulled and put back, then LOST is seen before the next byte."""
    with open_serial({"port": str(pty.path)}) as port:
        os.write(pty.near, b"half")
        assert port.read(1.0) == b"half"
        pty.pull()
        again = Pty(pty.path)
        seen = []
        end = time.monotonic() + 5
        while time.monotonic() < end:
            data = port.read(0.1)
            seen.append(port.state)
            if port.state is LineState.OPEN:
                os.write(again.near, b"new")
            if data:
                break
        assert data == b"new"
        assert seen[0] is LineState.LOST
        again.pull()


def test_a_port_taken_by_another_is_lost_and_says_so(pty: Pty) -> None:
    with open_serial({"port": str(pty.path)}) as first, open_serial({"port": str(pty.path)}) as second:
        assert (first.state, second.state) == (LineState.OPEN, LineState.LOST)
        assert "lock" in second.why


def test_closing_ends_a_read_under_way(pty: Pty) -> None:
    port = open_serial({"port": str(pty.path)})
    reader = threading.Thread(target=port.read, args=(30.0,))
    reader.start()
    time.sleep(0.1)
    port.close()
    reader.join(2)
    assert not reader.is_alive()
    assert port.state is LineState.CLOSED
    assert port.read(1.0) == b""


def test_closing_ends_a_wait_for_a_port(tmp_path: Path) -> None:
    port = open_serial({"port": str(tmp_path / "none")})
    reader = threading.Thread(target=port.read, args=(30.0,))
    reader.start()
    port.close()
    reader.join(2)
    assert not reader.is_alive()


def test_tries_grow_rarer_up_to_a_bound(tmp_path: Path) -> None:
    """Given a port that never comes, when time passes, then tries back off, jittered, to a bound."""
    now = [0.0]
    waits = []
    port = SerialPort(SerialOptions(port=str(tmp_path / "none")), clock=lambda: now[0], rng=random.Random(1))
    for _ in range(9):
        waits.append(port._comeback.next_try - now[0])
        now[0] = port._comeback.next_try
        port.read(0.0)
    for number, wait in enumerate(waits):
        due = min(0.1 * 2**number, LONGEST_WAIT_S)
        assert due * (1 - JITTER) <= wait <= due * (1 + JITTER)
    assert len(set(waits)) == len(waits)


def test_a_path_that_names_another_device_is_a_loss(pty: Pty) -> None:
    """Given an adapter back under a new number, when the old one stays open and silent, then it is let go."""
    with open_serial({"port": str(pty.path)}) as port:
        os.write(pty.near, b"old")
        assert port.read(1.0) == b"old"
        near, far = os.openpty()
        tty.setraw(far)
        pty.path.unlink()
        pty.path.symlink_to(os.ttyname(far))
        end = time.monotonic() + 5
        while port.state is LineState.OPEN and time.monotonic() < end:
            assert port.read(0.05) == b""
        assert port.state is LineState.LOST
        assert "another device" in port.why
        while port.state is LineState.LOST and time.monotonic() < end:
            port.read(0.1)
        os.write(near, b"new")
        assert port.read(1.0) == b"new"
        os.close(near)
        os.close(far)


def test_a_port_that_goes_again_at_once_is_tried_rarer(tmp_path: Path) -> None:
    """Given a flapping adapter that opens but never brings a byte, then the back-off keeps growing."""
    now = [0.0]
    path = tmp_path / "tty"
    port = SerialPort(SerialOptions(port=str(path)), clock=lambda: now[0], rng=random.Random(1))
    waits = []
    for _ in range(4):
        pty = Pty(path)
        now[0] = port._comeback.next_try
        port.read(0.0)
        assert port.state is LineState.OPEN
        pty.pull()
        port.read(0.01)
        assert port.state is LineState.LOST
        waits.append(port._comeback.next_try - now[0])
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
    steady = Pty(path)
    now[0] = port._comeback.next_try
    port.read(0.0)
    os.write(steady.near, b"x")
    assert port.read(1.0) == b"x"
    steady.pull()
    port.read(0.01)
    assert port._comeback.next_try - now[0] <= 0.1 * (1 + JITTER)
    port.close()


def test_the_lock_is_given_back(pty: Pty) -> None:
    open_serial({"port": str(pty.path)}).close()
    fcntl.flock(pty.far, fcntl.LOCK_EX | fcntl.LOCK_NB)


# Replay.


def test_a_replay_gives_the_file_and_closes(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(bytes(range(256)) * 40)
    with open_replay({"file": str(path)}) as line:
        got = b""
        while line.state is LineState.OPEN:
            got += line.read(0.1)
        assert got == path.read_bytes()
        with pytest.raises(LineLost):
            line.write(b"x")


def test_a_replay_keeps_the_gaps_and_the_rate(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"a" * 50 + b"b" * 50)
    began = time.monotonic()
    with open_replay({"file": str(path), "bytes_per_s": 1000.0, "gaps": [[50, 0.3]]}) as line:
        got = [line.read(0.1) for _ in range(200) if line.state is LineState.OPEN]
    took = time.monotonic() - began
    assert b"".join(got) == path.read_bytes()
    assert all(len(set(data)) <= 1 for data in got), "no read spans the gap"
    assert 0.35 <= took < 1.0
    assert got.count(b"") >= 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"file": "/nowhere/raw"}, "No such file"),
        ({"fiel": "x"}, "did you mean 'file'"),
        ({"file": "x", "gaps": [[-1, 1]]}, "gaps"),
        ({"file": "x", "bytes_per_s": -1}, "bytes_per_s"),
    ],
)
def test_options_of_a_replay_that_are_refused(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(BadOption) as refusal:
        open_replay(options)
    assert complaint in str(refusal.value)
