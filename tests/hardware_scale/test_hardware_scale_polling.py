"""Asking: what is sent and when, never more, and from the first step again after a loss."""

from __future__ import annotations

from typing import Self

import pytest

from hardware.scale.asking import registers_of
from hardware.scale.checks import crc16_modbus
from hardware.scale.contract import LineLost, LineState, Poll, ProfileError, ProfileInfo, Registers
from hardware.scale.polling import PolledTransport, Polling
from hardware.scale.profile import SHELF, builtin_profiles, read_profile

MS = 1_000_000
ONE = Poll(steps=(b"W\r",), every_ms=250)
TILL = Poll(steps=(b"\x05", b"\x11"), proceed=b"\x06", every_ms=300)
IN_TURN = Poll(steps=(b"a", b"b"), every_ms=500)


@pytest.mark.parametrize(
    ("poll", "told"),
    [
        (ONE, [(0, b"", b"W\r"), (100, b"2.5LB", b""), (249, b"", b""), (250, b"", b"W\r")]),
        (TILL, [(0, b"", b"\x05"), (10, b"", b""), (20, b"\x06", b"\x11"), (30, b"\x01\x02S", b"")]),
        (TILL, [(0, b"", b"\x05"), (20, b"\x15", b""), (300, b"", b"\x05"), (310, b"\x06", b"\x11")]),
        (TILL, [(0, b"", b"\x05"), (20, b"\x06", b"\x11"), (40, b"\x06", b""), (299, b"", b"")]),
        (IN_TURN, [(0, b"", b"a"), (499, b"", b""), (500, b"", b"b"), (1000, b"", b"a")]),
    ],
)
def test_what_is_sent_and_when(poll: Poll, told: list[tuple[int, bytes, bytes]]) -> None:
    polling = Polling(poll)
    for at_ms, heard, due in told:
        polling.heard(heard)
        assert polling.due(at_ms * MS) == due, f"at {at_ms} ms"


def test_a_loss_begins_the_round_anew() -> None:
    """Given half a round, when the line is lost, then ENQ is the first thing sent and no stale ACK counts."""
    polling = Polling(TILL)
    polling.due(0)
    polling.heard(b"\x06")
    polling.lost()
    assert [polling.due(10 * MS), polling.due(20 * MS)] == [b"\x05", b""]


class Line:
    """A line with scripted answers; time passes as it is read."""

    def __init__(self) -> None:
        self.state = LineState.OPEN
        self.why = ""
        self.now_ns = 0
        self.sent: list[tuple[int, bytes]] = []
        self.answers: list[bytes] = []
        self.fails = False

    def clock(self) -> int:
        return self.now_ns

    def read(self, timeout_s: float) -> bytes:
        if self.answers:
            self.now_ns += 5 * MS
            return self.answers.pop(0)
        self.now_ns += max(int(timeout_s * 1e9), MS)
        return b""

    def write(self, data: bytes) -> None:
        if self.fails:
            raise LineLost("gone")
        self.sent.append((self.now_ns // MS, data))

    def close(self) -> None:
        self.state = LineState.CLOSED

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def test_a_polled_line_asks_while_it_is_read_and_hands_on_what_comes() -> None:
    line = Line()
    with PolledTransport(line, ONE, line.clock) as polled:
        assert polled.read(1.01) == b""
        line.answers = [b"  2.50LB"]
        assert polled.read(0.3) == b"  2.50LB"
    assert [at for at, _ in line.sent] == pytest.approx([0, 250, 500, 750, 1000], abs=5)
    assert {data for _, data in line.sent} == {b"W\r"}


def test_an_answer_to_an_earlier_question_is_not_taken_for_the_present_one() -> None:
    """Given a weight that came while nobody read, when asked again, then only the new one counts."""
    line = Line()
    polled = PolledTransport(line, ONE, line.clock)
    assert polled.read(0) == b""
    line.now_ns += 300 * MS
    line.answers = [b"  2.50LB"]
    assert polled.read(0.1) == b""
    line.answers = [b"  0.00LB"]
    assert polled.read(0.1) == b"  0.00LB"


def test_an_answer_that_begins_too_late_is_dropped_and_one_begun_in_time_is_heard_out() -> None:
    """Given 100 ms for the answer, when its first byte comes at 150 ms, then none of it is handed on."""
    line = Line()
    polled = PolledTransport(line, Poll(steps=(b"W\r",), every_ms=500, answer_ms=100), line.clock)
    assert polled.read(0.15) == b""
    line.answers = [b"  2.50", b"LB"]
    assert polled.read(0.1) == b""
    assert polled.read(0.25) == b""
    line.answers = []
    polled.read(0.01)
    line.answers = [b"  0.0"]
    assert polled.read(0.01) == b"  0.0"
    line.now_ns += 150 * MS
    line.answers = [b"0LB"]
    assert polled.read(0.01) == b"0LB"


def test_a_line_lost_while_it_is_emptied_is_told_as_lost() -> None:
    line = Line()
    line.answers = [b"old"]

    def unplugged(timeout_s: float) -> bytes:
        line.state = LineState.LOST
        return b""

    line.read = unplugged  # type: ignore[method-assign]
    polled = PolledTransport(line, ONE, line.clock)
    assert polled.read(0.5) == b""
    assert (line.sent, polled.state) == ([], LineState.LOST)


def test_a_scale_that_streams_is_asked_all_the_same() -> None:
    line = Line()
    line.answers = [b"x"] * 100
    assert PolledTransport(line, ONE, line.clock).read(0.1) == b"x"
    assert line.sent


def test_a_lost_line_is_not_asked() -> None:
    line = Line()
    polled = PolledTransport(line, ONE, line.clock)
    line.state = LineState.LOST
    assert polled.read(0.5) == b""
    assert (line.sent, polled.state) == ([], LineState.LOST)
    line.state, line.fails = LineState.OPEN, True
    assert polled.read(0.5) == b""


# ------------------------------------------------------------------------------- what profiles may ask


INFOS = [info for info in builtin_profiles().list() if info.polled]
CANNOT_BE_ASKED = {"dibal-98": "the price is part of the question", "dingsong-ds822": "no weight is decoded"}


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.id)
def test_every_scale_that_only_answers_can_be_asked_or_says_why_not(info: ProfileInfo) -> None:
    assert (info.poll is None) == (info.id in CANNOT_BE_ASKED)
    if info.poll is not None:
        harmless = {request.send for request in info.requests}
        assert set(info.poll.steps) <= harmless
        assert 100 <= info.poll.every_ms <= 1000


@pytest.mark.parametrize(
    ("question", "registers"),
    [
        ("01 03 00 06 00 08", Registers(address=1, function=3, first=6, count=8)),
        ("11 04 01 00 00 7D", Registers(address=17, function=4, first=256, count=125)),
        ("01 06 00 08 00 02", None),
        ("01 05 00 08 FF 00", None),
        ("01 16 00 08 00 02", None),
        ("01 03 00 06 00 00", None),
        ("01 03 00 06 00 7E", None),
        ("00 03 00 06 00 08", None),
        ("01 10 00 08 00 01 02 00 02", None),
        ("01 03 00", None),
    ],
)
def test_only_a_sound_reading_question_names_registers(question: str, registers: Registers | None) -> None:
    body = bytes.fromhex(question)
    assert registers_of(body + crc16_modbus(body)) == registers
    assert registers_of(body + b"\0\0") is None


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("nci-ecr", 'ask = ["57 0D"]', 'ask = ["5A 0D"]', "no command of the profile that leaves the scale"),
        ("nci-ecr", 'ask = ["57 0D"]', 'ask = ["58 0D"]', "no command of the profile that leaves the scale"),
        ("nci-ecr", "answer_ms = 250", "answer_ms = 900", "before the answer had its time"),
        ("nci-ecr", "every_ms = 250", 'every_ms = 250\nproceed = "06"', "nothing to proceed to"),
        ("flintec-modbus", 'ask = ["01 03 00 00', 'ask = ["01 10 00 08', "no command of the profile"),
        ("usb-hid-8d", "polled = false", "polled = true", "sent nothing"),
        ("usb-hid-8d", 'transport = "hid"', 'transport = "usb"', "transport"),
    ],
)
def test_a_profile_that_would_ask_what_it_must_not_does_not_load(
    name: str, old: str, new: str, complaint: str
) -> None:
    text = (SHELF / f"{name}.toml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ProfileError) as refusal:
        read_profile(text.replace(old, new, 1))
    assert complaint in str(refusal.value)


def test_a_modbus_profile_that_writes_does_not_load() -> None:
    """Given a profile that calls writing harmless, then it is no question of function 3 or 4."""
    text = (SHELF / "flintec-modbus.toml").read_text(encoding="utf-8")
    text = text.replace('ask = ["01 03 00 00 00 02 C4 0B"]', 'ask = ["01 10 00 08 00 01 02 00 02 26 D9"]')
    text = text.replace("changes_scale = true", "changes_scale = false")
    with pytest.raises(ProfileError, match="function 3 or 4"):
        read_profile(text)
