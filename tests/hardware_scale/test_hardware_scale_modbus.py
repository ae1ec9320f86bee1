"""Modbus: registers of the simulated transmitter on a pty; everything that is no sound answer is a fault."""

from __future__ import annotations

import ast
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from hardware.scale import modbus
from hardware.scale.checks import crc16_modbus
from hardware.scale.contract import BadOption, Indication, LineLost, LineState
from hardware.scale.modbus import ModbusLine, check_modbus, open_modbus
from hardware.scale.profile import builtin_profiles
from hardware.scale.simulated.display import Display
from hardware.scale.simulated.modbus import Slave
from hardware.scale.stream import Stream

SHELF = builtin_profiles()
LAUMAS = {"first": 6, "count": 8}
FLINTEC = {"first": 0, "count": 2}
SHOWN = Display(value=Decimal("1.235"), interval=Decimal("0.005"))


class Device(threading.Thread):
    """The other end of a pty: hears questions and answers them as ``answer`` says."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        super().__init__(daemon=True)
        self.near, self.far = os.openpty()
        tty.setraw(self.far)
        self.path = os.ttyname(self.far)
        self.answer = answer
        self.got: list[bytes] = []
        self.closing = threading.Event()
        os.set_blocking(self.near, False)
        self.start()

    def run(self) -> None:
        while not self.closing.wait(0.002):
            try:
                question = os.read(self.near, 256)
            except BlockingIOError:
                continue
            self.got.append(question)
            if answer := self.answer(question):
                os.write(self.near, answer)

    def stop(self) -> None:
        self.closing.set()
        self.join()
        os.close(self.near)
        os.close(self.far)


@contextmanager
def asked(answer: Callable[[bytes], bytes], **options: object) -> Iterator[tuple[Device, ModbusLine]]:
    device = Device(answer)
    try:
        with open_modbus({"port": device.path, "every_ms": 50, "answer_ms": 40, **options}) as line:
            yield device, line
    finally:
        device.stop()


def slave(kind: str, shown: Display = SHOWN) -> Callable[[bytes], bytes]:
    device = Slave(kind)
    return lambda question: device.hear(question, shown)[0]


def first(line: ModbusLine, profile: str, seconds: float = 3.0) -> Indication:
    """The first indication that comes."""
    stream, until = Stream(SHELF.decoder(profile)), time.monotonic() + seconds
    while time.monotonic() < until:
        for one in stream.heard(line.read(0.1), time.monotonic_ns()):
            return one
    raise AssertionError(f"nothing came: {line.state} {line.why}")


@pytest.mark.parametrize(
    ("profile", "wanted", "shown", "value", "stable"),
    [
        ("laumas-modbus", LAUMAS, SHOWN, "1.235", True),
        ("laumas-modbus", LAUMAS, Display(value=Decimal("-0.345"), stable=False), "-0.345", False),
        ("flintec-modbus", FLINTEC, SHOWN, "1235", None),
        ("modbus-rtu", FLINTEC, Display(value=Decimal("-0.010")), "-10", None),
    ],
)
def test_registers_become_the_indication(
    profile: str, wanted: dict[str, int], shown: Display, value: str, stable: bool | None
) -> None:
    if profile == "laumas-modbus":
        shown = Display(value=shown.value, stable=shown.stable, interval=Decimal("0.005"))
    with asked(slave(profile, shown), **wanted) as (device, line):
        one = first(line, profile)
    assert (str(one.value), one.stable, one.check.value) == (value, stable, "ok")
    assert len(one.raw) == 5 + 2 * wanted["count"]
    assert {question[1] for question in device.got} == {3}


def test_input_registers_are_read_by_their_own_function() -> None:
    with asked(slave("modbus-rtu"), function=4, **FLINTEC) as (device, line):
        assert first(line, "modbus-rtu").value == Decimal(1235)
    assert {question[1] for question in device.got} == {4}


def test_overload_of_the_device_carries_no_number() -> None:
    over = Display(value=None, overload=True, interval=Decimal("0.005"))
    with asked(slave("laumas-modbus", over), **LAUMAS) as (_, line):
        one = first(line, "laumas-modbus")
    assert (one.value, one.overload) == (None, True)


def test_an_exception_is_an_error_and_no_number() -> None:
    """Given a device without those registers, then its refusal is an indication without a value."""
    with asked(slave("flintec-modbus"), first=100, count=2) as (_, line):
        one = first(line, "flintec-modbus")
    assert (one.value, one.error, one.raw[:3]) == (None, "illegal data address", b"\x01\x83\x02")


def _damaged(question: bytes) -> bytes:
    answer = bytearray(slave("flintec-modbus")(question))
    if answer:
        answer[5] ^= 1
    return bytes(answer)


def _foreign(_question: bytes) -> bytes:
    body = bytes.fromhex("02 03 04 00 00 04 D3")
    return body + crc16_modbus(body)


def _longer(_question: bytes) -> bytes:
    body = bytes.fromhex("01 03 02 04 D3")
    return body + crc16_modbus(body)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: b"", "no answer"),
        (_damaged, "Checksum error"),
        (_foreign, "address"),
        (_longer, ""),
        (lambda question: slave("flintec-modbus")(question)[:5], ""),
        (lambda _: b"\x01", ""),
        (lambda _: b"\xff" * 300, ""),
    ],
    ids=["silence", "bad CRC", "another address", "another length", "torn", "one byte", "noise"],
)
def test_what_is_no_sound_answer_is_a_fault_and_never_a_number(
    answer: Callable[[bytes], bytes], words: str
) -> None:
    with asked(answer, **FLINTEC) as (device, line):
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            assert line.read(0.1) == b""
        assert (line.state, words in line.why, line.why != "") == (LineState.LOST, True, True)
    assert len(device.got) > 1, "it is asked again"


def test_a_poll_that_fails_voids_the_last_indication_at_once() -> None:
    """Given a device that answers and then does not, then nothing of its last answer holds."""
    answers = slave("laumas-modbus")
    there = [True]
    with asked(lambda question: answers(question) if there[0] else b"", **LAUMAS) as (_, line):
        stream = Stream(SHELF.decoder("laumas-modbus"))
        while stream.current(time.monotonic_ns()) is None:
            stream.heard(line.read(0.1), time.monotonic_ns())
        there[0] = False
        silent_ns = time.monotonic_ns()
        while line.read(0.1):
            continue
        while line.state is LineState.OPEN:
            line.read(0.1)
        stream.lost()
        assert stream.current(time.monotonic_ns()) is None
        assert time.monotonic_ns() - silent_ns < 300_000_000
        there[0] = True
        assert first(line, "laumas-modbus").value == Decimal("1.235")
        assert (line.state, line.why) == (LineState.OPEN, "")


def test_it_writes_nothing_but_its_question() -> None:
    with asked(slave("flintec-modbus"), **FLINTEC) as (device, line):
        with pytest.raises(LineLost, match="not sent"):
            line.write(bytes.fromhex("01 06 00 08 00 02 89 C9"))
        first(line, "flintec-modbus")
    assert set(device.got) == {bytes.fromhex("01 03 00 00 00 02 C4 0B")}


def test_no_path_leads_to_a_function_that_writes() -> None:
    """Given the module's text, then of the library it calls one method only: the one that reads registers."""
    calls = set()
    for node in ast.walk(ast.parse(Path(modbus.__file__).read_text(encoding="utf-8"))):
        of = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(of, ast.Attribute) and of.attr == "_device":
            calls.add(node.attr)
    assert calls == {"read_registers"}


@pytest.mark.parametrize(
    "options",
    [
        {"port": "/dev/null", "first": 0, "count": 2, "function": 6},
        {"port": "/dev/null", "first": 0, "count": 2, "function": 16},
        {"port": "/dev/null", "first": 0, "count": 126},
        {"port": "/dev/null", "first": 0, "count": 2, "address": 0},
        {"port": "/dev/null", "first": 0, "count": 2, "bytesize": 7},
        {"port": "/dev/null", "first": 0, "count": 2, "register": 1},
        {"port": "/dev/null"},
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOption):
        open_modbus(options)


def test_options_without_registers_are_sound_because_the_profile_gives_them() -> None:
    check_modbus({"port": "/dev/ttyUSB0", "baud": 19200})
    with pytest.raises(BadOption):
        check_modbus({"port": "/dev/ttyUSB0", "function": 6})


def test_a_port_that_is_not_there_is_lost_and_tried_again(tmp_path: Path) -> None:
    line = open_modbus({"port": str(tmp_path / "none"), **FLINTEC})
    assert (line.read(0.05), line.state, "none" in line.why) == (b"", LineState.LOST, True)
    line.close()
    assert line.state is LineState.CLOSED
