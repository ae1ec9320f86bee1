"""Scanners: bytes and key events into scans, what is hostile refused with its reason, and the thin shells."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scale.contract import LineState
from hardware.scanner import KeyboardScanner, SerialScanner, check_evdev, check_serial, open_serial_scanner
from hardware.scanner_contract import BadOption, DriverUnavailable, Refusal, Refused, Scan
from hardware.scanning import KEYS, LONGEST, SECOND, Keys, Lines

MS = 1_000_000


def read(*parts: bytes, step_ns: int = MS) -> list[Scan | Refused]:
    lines = Lines()
    out: list[Scan | Refused] = []
    for number, part in enumerate(parts):
        out += lines.feed(part, number * step_ns)
    return out


def only(out: list[Scan | Refused]) -> Scan | Refused:
    (one,) = out
    return one


# Lines.


@pytest.mark.parametrize(
    ("sent", "text", "encoding", "aim", "symbology"),
    [
        (b"6901234567892\r\n", "6901234567892", "utf-8", None, None),
        (b"6901234567892\n", "6901234567892", "utf-8", None, None),
        (b"]E06901234567892\r", "6901234567892", "utf-8", "]E0", "EAN/UPC"),
        (b"]C0STALL-12\r\n", "STALL-12", "utf-8", "]C0", "Code 128"),
        (b"]Q1https://county.example/s/7\r\n", "https://county.example/s/7", "utf-8", "]Q1", "QR Code"),
        ("]Q1临夏市第一市场 12 号\r\n".encode(), "临夏市第一市场 12 号", "utf-8", "]Q1", "QR Code"),
        ("]Q1临夏市第一市场\r\n".encode("gb18030"), "临夏市第一市场", "gb18030", "]Q1", "QR Code"),
        ("བོད་ཡིག\r\n".encode(), "བོད་ཡིག", "utf-8", None, None),
        ("བོད་ཡིག\r\n".encode("gb18030"), "བོད་ཡིག", "gb18030", None, None),
        (b"]x9ABC\r\n", "]x9ABC", "utf-8", None, None),
        (b"]\r\n", "]", "utf-8", None, None),
        (b"01\x1d17\r\n", "01\x1d17", "utf-8", None, None),
        ("市场　甲\r\n".encode(), "市场　甲", "utf-8", None, None),
    ],
)
def test_a_line_is_a_scan(
    sent: bytes, text: str, encoding: str, aim: str | None, symbology: str | None
) -> None:
    scan = only(read(sent))
    assert isinstance(scan, Scan)
    assert (scan.text, scan.encoding, scan.aim, scan.symbology) == (text, encoding, aim, symbology)
    assert scan.raw == sent.rstrip(b"\r\n")


def test_codes_come_whole_however_they_are_cut() -> None:
    sent = b"]C0FIRST\r\n]C0SECOND\r\n"
    whole = [scan.text for scan in read(sent) if isinstance(scan, Scan)]
    one_by_one = [scan.text for scan in read(*(bytes([byte]) for byte in sent)) if isinstance(scan, Scan)]
    assert whole == one_by_one == ["FIRST", "SECOND"]


@pytest.mark.parametrize(
    ("sent", "why", "length"),
    [
        (b"A" * (LONGEST + 1) + b"\r\n", Refusal.TOO_LONG, LONGEST + 1),
        (b"\xff\xff\xff\r\n", Refusal.NOT_TEXT, 3),
        (b"\x80\r\n", Refusal.NOT_TEXT, 1),
        (b"T\x00\r\n", Refusal.CONTROL, 2),
        (b"A\x1b[2J\r\n", Refusal.CONTROL, 5),
        ("12\u202e34\r\n".encode(), Refusal.CONTROL, 7),
        ("12\u200b34\r\n".encode(), Refusal.CONTROL, 7),
        ("\ue000\r\n".encode(), Refusal.CONTROL, 3),
    ],
)
def test_hostile_input_is_refused_whole_with_its_reason(sent: bytes, why: Refusal, length: int) -> None:
    refused = only(read(sent))
    assert isinstance(refused, Refused)
    assert (refused.why, refused.length) == (why, length)


def test_the_longest_code_is_taken() -> None:
    assert isinstance(only(read(b"A" * LONGEST + b"\r")), Scan)


def test_after_a_refusal_the_next_code_is_read() -> None:
    out = read(b"A" * 10_000, b"\r\nGOOD\r\n")
    assert isinstance(out[0], Refused)
    assert isinstance(out[1], Scan)
    assert out[1].text == "GOOD"


def test_a_torn_code_is_never_half_used() -> None:
    """Given half a code, and the rest after a second, then neither half is a scan."""
    assert only(read(b"690123", b"4567892\r\n", step_ns=SECOND + 1)) == Refused(
        why=Refusal.TOO_SLOW, length=13, at_ns=SECOND + 1
    )


def test_more_than_five_codes_a_second_are_refused() -> None:
    out = read(*[b"A\r\n"] * 12, step_ns=150 * MS)
    kinds = [one.why if isinstance(one, Refused) else "scan" for one in out]
    assert kinds == ["scan"] * 5 + [Refusal.TOO_FAST] * 2 + ["scan"] * 5


def test_empty_lines_are_nothing() -> None:
    assert read(b"\r\n\r\n\n") == []


def test_a_line_that_breaks_takes_its_half_code_along() -> None:
    lines = Lines()
    lines.feed(b"6901", 0)
    assert lines.lost(5) == [Refused(why=Refusal.LOST, length=4, at_ns=5)]
    assert lines.lost(6) == []
    assert only(lines.feed(b"OK\r", 7)) == Scan(text="OK", raw=b"OK", encoding="utf-8", at_ns=7)


@given(st.lists(st.binary(max_size=700), max_size=12), st.integers(0, 2 * SECOND))
def test_no_bytes_whatever_make_a_scan_that_is_not_text(parts: list[bytes], step_ns: int) -> None:
    lines, length = Lines(), 0
    for number, part in enumerate(parts):
        for one in lines.feed(part, number * step_ns):
            if isinstance(one, Scan):
                assert len(one.raw) <= LONGEST
                assert all(c.isprintable() or c in "\x1d\u3000" for c in one.text)
                assert one.raw.removeprefix((one.aim or "").encode()) == one.text.encode(one.encoding)
            else:
                length += one.length
    assert len(lines._line) <= LONGEST
    assert length <= sum(map(len, parts))


# Keys.

CODES = {
    shifted: (code, True) for code, (plain, shifted) in KEYS.items() if code < 71 and plain != shifted
} | {plain: (code, False) for code, (plain, _) in KEYS.items() if code < 71 and code != 55}
SHIFT, CTRL, CAPS, ENTER, ALT, F1, VOLUME = 42, 29, 58, 28, 56, 59, 115


def typed(text: str) -> list[tuple[int, int]]:
    """The events of a scanner that types: every key down and up, shift around where needed."""
    events: list[tuple[int, int]] = []
    for character in text:
        code, shift = CODES[character]
        around = [(SHIFT, 1), (code, 1), (code, 0), (SHIFT, 0)] if shift else [(code, 1), (code, 0)]
        events += around
    return [*events, (ENTER, 1), (ENTER, 0)]


def keyed(events: list[tuple[int, int]], step_ns: int = MS // 10) -> list[Scan | Refused]:
    keys = Keys()
    out: list[Scan | Refused] = []
    for number, (code, value) in enumerate(events):
        out += keys.key(code, value, number * step_ns)
    return out


@given(st.text("".join(sorted(set(CODES) - {"\t"})), min_size=1, max_size=200))
def test_what_is_typed_is_read(text: str) -> None:
    scan = only(keyed(typed(text)))
    assert isinstance(scan, Scan)
    assert (scan.aim or "") + scan.text == text


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([(CAPS, 1), (CAPS, 0), *typed("a1")[:-2], (CAPS, 1), (CAPS, 0), *typed("a")], "A1a"),
        ([(CAPS, 1), (CAPS, 0), *typed("A;")], "a;"),
        ([(71, 1), (71, 0), (82, 1), (82, 0), (83, 1), (83, 0), (96, 1)], "70."),
        ([(30, 1), (30, 2), (30, 2), (30, 0), (ENTER, 1)], "a"),
        ([(30, 0), *typed("b")], "b"),
        ([*typed("01")[:-2], (CTRL, 1), (27, 1), (27, 0), (CTRL, 0), *typed("7")], "01\x1d7"),
        ([(ALT, 1), (ALT, 0), *typed("x")], "x"),
        ([(54, 1), (4, 1), (4, 0), (54, 0), (ENTER, 1)], "#"),
    ],
)
def test_keys_with_locks_pads_and_repeats(events: list[tuple[int, int]], text: str) -> None:
    scan = only(keyed(events))
    assert isinstance(scan, Scan)
    assert scan.text == text


@pytest.mark.parametrize("odd", [(F1, 1), (VOLUME, 1), (0x2FF, 1)])
def test_a_key_without_a_character_spoils_the_code(odd: tuple[int, int]) -> None:
    events = typed("690123")
    refused = only(keyed([*events[:4], odd, *events[4:]]))
    assert isinstance(refused, Refused)
    assert refused.why is Refusal.UNKNOWN_KEY


def test_a_shortcut_is_no_text() -> None:
    """Given Ctrl and a letter inside a code, then nothing of it is used."""
    refused = only(keyed([*typed("12")[:-2], (CTRL, 1), (46, 1), (46, 0), (CTRL, 0), *typed("34")]))
    assert isinstance(refused, Refused)
    assert refused.why is Refusal.UNKNOWN_KEY


def test_a_shift_that_was_held_when_events_were_dropped_is_forgotten() -> None:
    keys = Keys()
    keys.key(SHIFT, 1, 0)
    keys.key(30, 1, 1)
    assert keys.lost(2) == [Refused(why=Refusal.LOST, length=1, at_ns=2)]
    out = [one for code, value in typed("a") for one in keys.key(code, value, 3)]
    assert [one.text for one in out if isinstance(one, Scan)] == ["a"]


@given(st.lists(st.tuples(st.integers(-5, 800), st.integers(-1, 3)), max_size=200))
def test_no_events_whatever_make_the_keyboard_stumble(events: list[tuple[int, int]]) -> None:
    for one in keyed(events):
        assert isinstance(one, Scan | Refused)


# The serial shell.


class Wire:
    """A transport by hand."""

    def __init__(self) -> None:
        self.state = LineState.OPEN
        self.sent: list[bytes] = []

    def read(self, timeout_s: float) -> bytes:
        return self.sent.pop(0) if self.sent else b""

    def write(self, data: bytes) -> None:
        raise AssertionError("a scanner is never written to")

    def close(self) -> None:
        self.state = LineState.CLOSED

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def test_a_serial_scanner_reads_and_survives_a_pulled_plug() -> None:
    wire = Wire()
    with SerialScanner(wire, clock_ns=lambda: 1) as scanner:
        wire.sent = [b"]Q1GOOD\r\n6901", b""]
        assert [one.text for one in scanner.read(0.1) if isinstance(one, Scan)] == ["GOOD"]
        wire.state = LineState.LOST
        assert only(scanner.read(0.1)) == Refused(why=Refusal.LOST, length=4, at_ns=1)
        wire.state, wire.sent = LineState.OPEN, [b"234\r\n"]
        assert only(scanner.read(0.1)).text == "234"  # type: ignore[union-attr]
    assert scanner.state is LineState.CLOSED


def test_a_serial_scanner_on_a_real_pty() -> None:
    near, far = os.openpty()
    with open_serial_scanner({"port": os.ttyname(far)}) as scanner:
        assert scanner.state is LineState.OPEN
        os.write(near, "]Q1临夏 12\r\n".encode())
        out: list[Scan | Refused] = []
        for _ in range(20):
            out += scanner.read(0.2)
            if out:
                break
        assert [one.text for one in out if isinstance(one, Scan)] == ["临夏 12"]
    os.close(near)
    os.close(far)


# The keyboard shell.


class Board:
    """An input device by hand: a pipe to wait on, and the events that come with each byte of it."""

    def __init__(self, grabbable: bool = True) -> None:
        self.fd, self._in = os.pipe()
        self.queue: list[list[SimpleNamespace]] = []
        self.grabbed = self.closed = False
        self._grabbable = grabbable

    def press(self, events: list[tuple[int, int]], kind: int = 1) -> None:
        self.queue.append([SimpleNamespace(type=kind, code=code, value=value) for code, value in events])
        os.write(self._in, b"!")

    def unplug(self) -> None:
        self.queue.append([])
        self.fails = True
        os.write(self._in, b"!")

    fails = False

    def grab(self) -> None:
        if not self._grabbable:
            raise OSError(16, "Device or resource busy")
        self.grabbed = True

    def read(self) -> list[Any]:
        os.read(self.fd, 1)
        if self.fails:
            raise OSError(19, "No such device")
        return self.queue.pop(0)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self.fd)
            os.close(self._in)


class Time:
    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board()
    yield made
    made.close()


def test_a_keyboard_scanner_is_grabbed_and_read(board: Board) -> None:
    with KeyboardScanner("/dev/input/x", lambda _path: board, Time()) as scanner:
        assert board.grabbed
        assert scanner.read(0.01) == []
        board.press(typed("]C0STALL-12"))
        assert only(scanner.read(1)).text == "STALL-12"  # type: ignore[union-attr]
        board.press(typed("69")[:-2])
        board.press([(3, 0)], kind=0)
        assert scanner.read(1) == []
        assert only(scanner.read(1)) == Refused(why=Refusal.LOST, length=2, at_ns=0)
    assert board.closed
    assert scanner.state is LineState.CLOSED
    assert scanner.read(0.01) == []


def test_a_keyboard_scanner_comes_back() -> None:
    """Given a scanner that is away, then unplugged and plugged in, then it is opened again every second."""
    boards: list[Board | OSError] = [OSError(2, "No such file"), Board(), OSError(2, "No such file"), Board()]
    clock = Time()

    def opener(_path: str) -> Board:
        got = boards.pop(0)
        if isinstance(got, OSError):
            raise got
        return got

    with KeyboardScanner("/dev/input/x", opener, clock) as scanner:
        assert (scanner.state, scanner.why) == (LineState.LOST, "[Errno 2] No such file")
        assert scanner.read(0.0) == []
        assert len(boards) == 3, "not before a second has gone"
        clock.ns = SECOND
        first = boards[0]
        assert scanner.read(0.0) == []
        assert (scanner.state, scanner.why) == (LineState.OPEN, "")
        assert isinstance(first, Board)
        first.press(typed("69")[:-2])
        first.unplug()
        scanner.read(1)
        assert [one.why for one in scanner.read(1) if isinstance(one, Refused)] in ([], [Refusal.LOST])
        assert scanner.state is LineState.LOST
        assert first.closed
        clock.ns = 2 * SECOND
        scanner.read(0.0)
        clock.ns = 3 * SECOND
        second = boards[0]
        scanner.read(0.0)
        assert isinstance(second, Board)
        second.press(typed("70"))
        assert only(scanner.read(1)).text == "70"  # type: ignore[union-attr]


def test_a_false_alarm_of_the_kernel_is_no_loss(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a device that is said to be readable and has nothing, then it stays open."""
    with KeyboardScanner("/dev/input/x", lambda _path: board, Time()) as scanner:
        board.press(typed("69"))

        def nothing() -> list[Any]:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        with monkeypatch.context() as patch:
            patch.setattr(board, "read", nothing)
            assert scanner.read(1) == []
        assert scanner.state is LineState.OPEN
        assert only(scanner.read(1)).text == "69"  # type: ignore[union-attr]


def test_a_keyboard_that_another_program_holds_is_said() -> None:
    held = Board(grabbable=False)
    with KeyboardScanner("/dev/input/x", lambda _path: held, Time()) as scanner:
        assert scanner.state is LineState.LOST
        assert "held by another program" in scanner.why
    assert held.closed


# Choosing one.


@pytest.mark.parametrize(
    ("check", "options"),
    [
        (check_serial, {}),
        (check_serial, {"port": "/dev/ttyACM0", "speed": 9600}),
        (check_serial, {"port": "/dev/ttyACM0", "baud": 1}),
        (check_evdev, {}),
        (check_evdev, {"device": "/etc/passwd"}),
        (check_evdev, {"device": "/dev/input/event0", "layout": "cn"}),
    ],
)
def test_a_wrong_option_is_refused(check: Any, options: dict[str, object]) -> None:
    with pytest.raises(BadOption, match="scanner '"):
        check(options)


def test_without_evdev_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "evdev":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.delitem(sys.modules, "evdev", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DriverUnavailable, match="pip install"):
        check_evdev({"device": "/dev/input/event0"})
