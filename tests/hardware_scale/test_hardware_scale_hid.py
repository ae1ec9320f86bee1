"""HID scales: known by their descriptor, read by report, void at once when unplugged."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scale.contract import BadOption, Indication, LineLost, LineState
from hardware.scale.hid import HidLine, check_hid, open_hid
from hardware.scale.hid_descriptor import ScaleReport, facts_of
from hardware.scale.hid_ports import hid_scales
from hardware.scale.profile import builtin_profiles
from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders.counter import usb_hid
from hardware.scale.simulated.hid_line import DESCRIPTOR, NAME, SOCKET
from hardware.scale.simulated.hid_line import HidLine as Socket
from hardware.scale.stream import Stream

PROFILE = "usb-hid-8d"
SHELF = builtin_profiles()
SHOWN = usb_hid(Display(value=Decimal("1.235")))
KEYBOARD = bytes.fromhex("05 01 09 06 A1 01 05 07 19 E0 29 E7 15 00 25 01 75 01 95 08 81 02 C0")


@pytest.fixture
def root() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def opened(root: Path, **options: object) -> HidLine:
    return open_hid({"root": str(root), **options})


def reports(line: HidLine, socket: Socket, report: bytes, count: int) -> list[bytes]:
    """What is read while ``report`` is sent ``count`` times."""
    got = []
    for _ in range(count):
        socket.send(report)
        got.append(line.read(0.2))
    return [each for each in got if each]


# -------------------------------------------------------------------------------------- the descriptor


def test_a_scale_is_known_by_its_usage_page() -> None:
    facts = facts_of(DESCRIPTOR)
    assert (facts.is_scale, facts.report) == (True, ScaleReport(3, 6))
    assert not facts_of(KEYBOARD).is_scale


@pytest.mark.parametrize(
    ("descriptor", "is_scale", "report"),
    [
        # The page named by a usage of four bytes, and no report numbers: status and weight only.
        ("0B 20 00 8D 00 A1 01 05 8D 09 70 75 08 95 01 81 00 09 40 75 10 95 01 81 02 C0", True, (0, 3)),
        # Another layout: the weight twelve bytes into report 5.
        ("05 8D 09 20 A1 01 85 05 75 08 95 0C 81 01 09 40 75 10 95 01 81 02 C0", True, (5, 15)),
        # A scale that names no weight, a keyboard, nothing, a torn item, a long item.
        ("05 8D 09 20 A1 01 C0", True, None),
        ("", False, None),
        ("05 8D 09 20 A1 01 27 FF FF", True, None),
        ("FE 02 00 AA BB 05 8D 09 20 A1 01 C0", True, None),
        ("C0 C0 C0", False, None),
    ],
)
def test_descriptors_of_other_kinds(descriptor: str, is_scale: bool, report: tuple[int, int] | None) -> None:
    facts = facts_of(bytes.fromhex(descriptor))
    told = None if facts.report is None else (facts.report.number, facts.report.length)
    assert (facts.is_scale, told) == (is_scale, report)


@given(st.binary(max_size=300))
def test_a_hostile_descriptor_raises_nothing(data: bytes) -> None:
    facts_of(data)
    facts_of(DESCRIPTOR[: len(data) % len(DESCRIPTOR)] + data)


# ------------------------------------------------------------------------------------------- the names


def test_a_scale_has_names_that_stay(root: Path) -> None:
    Socket(root).plug()
    (scale,) = hid_scales(root)
    assert (scale.name, scale.by_socket, scale.by_id) == (NAME, SOCKET, "1209:0001:SIM0001")
    assert (scale.best, scale.readable, scale.device) == (scale.by_id, True, str(root / "dev/hidraw0"))


def test_a_keyboard_is_no_scale(root: Path) -> None:
    Socket(root, KEYBOARD).plug()
    assert hid_scales(root) == ()
    assert hid_scales(root / "nowhere") == ()


@pytest.mark.parametrize("port", ["auto", SOCKET, "1209:0001:SIM0001", "device"])
def test_it_is_found_by_every_name(root: Path, port: str) -> None:
    socket = Socket(root)
    socket.plug()
    with opened(root, port=str(root / "dev/hidraw0") if port == "device" else port) as line:
        assert line.state is LineState.OPEN
        assert reports(line, socket, SHOWN, 3) == [SHOWN, SHOWN]


def test_the_wrong_scale_is_not_taken(root: Path) -> None:
    Socket(root).plug()
    with opened(root, port="0922:8003:0001") as line:
        assert (line.state, "0922:8003:0001" in line.why) == (LineState.LOST, True)


def test_of_two_scales_one_must_be_named(root: Path) -> None:
    Socket(root).plug()
    shutil.copytree(root / "sys/class/hidraw/hidraw0", root / "sys/class/hidraw/hidraw1")
    with opened(root) as line:
        assert (line.state, "2 HID scales" in line.why) == (LineState.LOST, True)


def test_reports_of_another_layout_are_not_read(root: Path) -> None:
    """Given a scale by its page whose weight stands elsewhere, then that is said and nothing read."""
    other = bytes.fromhex("05 8D 09 20 A1 01 85 05 75 08 95 0C 81 01 09 40 75 10 95 01 81 02 C0")
    Socket(root, other).plug()
    with opened(root) as line:
        assert (line.state, "another layout" in line.why) == (LineState.LOST, True)


# -------------------------------------------------------------------------------------------- the line


def test_the_first_report_after_opening_is_thrown_away(root: Path) -> None:
    socket = Socket(root)
    socket.plug()
    with opened(root) as line:
        stale = usb_hid(Display(value=Decimal("9.000")))
        socket.send(stale)
        assert line.read(0.2) == b""
        assert reports(line, socket, SHOWN, 1) == [SHOWN]
    with opened(root, stale=0) as line:
        assert reports(line, socket, SHOWN, 1) == [SHOWN]


def test_it_only_listens(root: Path) -> None:
    socket = Socket(root)
    socket.plug()
    with opened(root) as line:
        with pytest.raises(LineLost, match="not sent"):
            line.write(b"\x02\x01")
        assert line._open is not None
        with pytest.raises(OSError, match="descriptor"):
            os.write(line._open, b"\x02\x01")


def test_unplugged_the_indication_is_void_at_once_and_plugged_in_it_comes_back(root: Path) -> None:
    """Given a value, when the scale is pulled out, then nothing is valid; put back, only new values are."""
    socket, stream = Socket(root), Stream(SHELF.decoder(PROFILE))
    socket.plug()
    with opened(root) as line:
        for _ in range(4):
            socket.send(SHOWN)
            stream.heard(line.read(0.2), time.monotonic_ns())
        assert stream.current(time.monotonic_ns()) is not None
        socket.unplug()
        pulled_ns = time.monotonic_ns()
        assert line.read(0.5) == b""
        assert line.state is LineState.LOST
        stream.lost()
        assert stream.current(time.monotonic_ns()) is None
        assert time.monotonic_ns() - pulled_ns < 100_000_000
        assert line.read(0.2) == b""
        socket.plug()
        fresh = usb_hid(Display(value=Decimal("2.500")))
        values: set[object] = set()
        until = time.monotonic() + 5
        while not values and time.monotonic() < until:
            socket.send(fresh)
            values |= {one.value for one in stream.heard(line.read(0.05), time.monotonic_ns())}
        assert values == {Decimal("2.500")}
        assert (line.state, line.why) == (LineState.OPEN, "")


def test_a_silent_scale_is_void_after_five_periods(root: Path) -> None:
    """Given ten reports a second, when the scale falls asleep, then its last value does not outlive it."""
    stream = Stream(SHELF.decoder(PROFILE))
    for number in range(12):
        stream.heard(SHOWN, number * 100_000_000)
    assert stream.current(1_500_000_000) is not None
    assert stream.current(1_700_000_000) is None


def test_two_hundred_times_unplugged_no_value_is_stale(root: Path) -> None:
    """Given a load of its own every time, then what is read is that of this time."""
    socket, stream = Socket(root), Stream(SHELF.decoder(PROFILE))
    with opened(root) as line:
        line._comeback._rng.seed(1)
        for number in range(200):
            socket.plug()
            shown = usb_hid(Display(value=Decimal(number + 1).scaleb(-3)))
            got: list[Indication] = []
            until = time.monotonic() + 10
            while not got and time.monotonic() < until:
                line._comeback.next_try = 0
                socket.send(shown)
                got = stream.heard(line.read(0.002), time.monotonic_ns())
            assert [one.value for one in got] == [Decimal(number + 1).scaleb(-3)]
            socket.unplug()
            while line.state is LineState.OPEN:
                line.read(0.01)
            stream.lost()


def test_closing_ends_a_read_under_way(root: Path) -> None:
    Socket(root).plug()
    line = opened(root)
    line.close()
    line.close()
    assert (line.read(1.0), line.state) == (b"", LineState.CLOSED)


@pytest.mark.parametrize("options", [{"port": ""}, {"stale": -1}, {"usb": 1}, {"port": "x" * 300}])
def test_an_option_that_cannot_be_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOption):
        check_hid(options)


# ------------------------------------------------------------------------------------ what reports say


@pytest.mark.parametrize(
    ("report", "value", "unit", "stable", "over", "under", "error"),
    [
        ("03 01 02 00 10 00", None, "g", None, False, False, "the scale reports a fault"),
        ("03 02 03 FD 00 00", "0.000", "kg", True, False, False, None),
        ("03 03 03 FD D3 04", "1.235", "kg", False, False, False, None),
        ("03 04 03 FD D3 04", "1.235", "kg", True, False, False, None),
        ("03 05 02 00 05 00", None, "g", None, False, True, None),
        ("03 06 02 00 FF FF", None, "g", None, True, False, None),
        ("03 07 02 00 05 00", None, "g", None, False, False, "needs calibration"),
        ("03 08 02 00 05 00", None, "g", None, False, False, "needs zeroing"),
        ("03 04 01 00 FF FF", "65535", "mg", True, False, False, None),
        ("03 04 04 FF 0A 00", "1.0", "ct", True, False, False, None),
        ("03 04 05 FE 64 00", "1.00", "tael", True, False, False, None),
        ("03 04 06 00 07 00", "7", "gr", True, False, False, None),
        ("03 04 07 00 07 00", "7", "dwt", True, False, False, None),
        ("03 04 08 FD 07 00", "0.007", "t", True, False, False, None),
        ("03 04 09 FD 07 00", "0.007", "ton", True, False, False, None),
        ("03 04 0A FF 07 00", "0.7", "ozt", True, False, False, None),
        ("03 04 0B FF 6F 04", "113.5", "oz", True, False, False, None),
        ("03 04 0C FE 11 03", "7.85", "lb", True, False, False, None),
        ("03 04 02 01 7B 00", "1230", "g", True, False, False, None),
        ("03 04 02 FA 01 00", "0.000001", "g", True, False, False, None),
    ],
)
def test_status_unit_and_scaling_by_the_usage_tables(
    report: str, value: str | None, unit: str, stable: bool | None, over: bool, under: bool, error: str | None
) -> None:
    """Every status and every unit of page 8Dh, and exponents as signed numbers (HID usage tables 24)."""
    decoder = SHELF.decoder(PROFILE)
    (one,) = decoder.feed(bytes.fromhex(report)) + decoder.finish()
    assert (None if one.value is None else f"{one.value:f}", one.unit, one.stable) == (value, unit, stable)
    assert (one.overload, one.underload, one.error) == (over, under, error)


@pytest.mark.parametrize(
    "report", ["03 00 02 00 01 00", "03 09 02 00 01 00", "03 04 00 00 01 00", "03 04 0D 00 01 00"]
)
def test_what_the_tables_do_not_know_is_no_reading(report: str) -> None:
    decoder = SHELF.decoder(PROFILE)
    assert decoder.feed(bytes.fromhex(report)) + decoder.finish() == []
