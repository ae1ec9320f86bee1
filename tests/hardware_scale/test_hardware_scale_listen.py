"""Listening: what is proposed from bytes, what is said where nothing comes, and what a person confirms."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Self

import msgspec
import pytest
from hardware_scale_spoken import YAOHUA, st_gs
from hardware_scale_uart import heard_as_8n1
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hardware.scale.bits import Setting, lines_heard, read_as, settings_to_try
from hardware.scale.confirm import Confirmation, NotConfirmed, compared, confirmation, display
from hardware.scale.contract import BadOption, Check, Indication, LineState, ProfileInfo
from hardware.scale.diagnosis import Level, diagnose, why_not_open
from hardware.scale.listen import MAX_HEARD, NO_SETTING, Chunk, Heard, Proposal, plausibility, propose
from hardware.scale.profile import Shelf, builtin_profiles
from hardware.scale.sweep import hear

SHELF = builtin_profiles()
assert isinstance(SHELF, Shelf)
AT_9600 = Setting(9600, "8N1")
SECOND = 1_000_000_000


VALUED = {
    info.id: (info, bytes.fromhex(vector.hex), Decimal(vector.value))
    for info in SHELF.list()
    for vector in reversed(SHELF.profile(info.id).file.vector)
    if vector.value is not None and not vector.refused and vector.check is not Check.BAD
}


def heard(data: bytes, setting: Setting = AT_9600) -> Heard:
    return Heard(setting, (Chunk(SECOND, data),))


def indication(value: str | None, **fields: Any) -> Indication:
    return Indication(profile="p", value=None if value is None else Decimal(value), **fields)


# ------------------------------------------------------------------------------- line settings, parity


@pytest.mark.parametrize("line", ["8N1", "8N2", "7E1", "7E2", "7O1", "7O2", "7N2"])
def test_seven_bits_with_parity_are_told_from_eight(line: str) -> None:
    """Given text sent with any of these settings, then listening at 8N1 hears which, and reads it whole."""
    text = st_gs(1567) * 5
    raw = heard_as_8n1(text, line)
    told = {"8N2": "8N1", "7E2": "7E1", "7O2": "7O1"}.get(line, line)
    assert told in lines_heard(raw)
    assert read_as(raw, told) == text
    assert (lines_heard(raw) == ("8N1",)) is (told == "8N1")


def test_a_byte_that_does_not_fit_is_never_masked_in_silence() -> None:
    raw = bytearray(heard_as_8n1(st_gs(1567) * 5, "7E1"))
    raw[7] ^= 0x80
    assert "7E1" in lines_heard(bytes(raw)), "one bad byte in ninety is noise, not another setting"
    assert read_as(bytes(raw), "7E1")[7] >= 0x80


def test_a_wrong_rate_is_no_parity() -> None:
    raw = heard_as_8n1(st_gs(1567) * 20, "8N1", sender_baud=4800)
    assert lines_heard(raw) == ("8N1",)


def test_the_sweep_hears_every_profile() -> None:
    sweep = settings_to_try(SHELF.list())
    assert len(set(sweep)) == len(sweep)
    assert sweep[0] == AT_9600
    assert {baud for info in SHELF.list() for baud in info.baud_rates} == {one.baud for one in sweep}


def test_what_8n1_cannot_hear_is_swept_by_itself() -> None:
    info = ProfileInfo(
        id="a",
        version="1",
        title="",
        baud_rates=(9600, 2400),
        line="8E1 or 8N1",
        confidence="manual",
        polled=False,
    )
    assert settings_to_try([info]) == (
        AT_9600,
        Setting(2400, "8N1"),
        Setting(9600, "8E1"),
        Setting(2400, "8E1"),
    )


def test_a_setting_is_what_the_transport_takes() -> None:
    assert Setting(2400, "7e1").options() == {"baud": 2400, "bytesize": 7, "parity": "E", "stopbits": 1}
    with pytest.raises(BadOption, match="8X1"):
        Setting(2400, "8X1").options()


# ----------------------------------------------------------------------------------------- candidates


def names(proposal: Proposal) -> list[str]:
    return [one.profile for one in proposal.candidates]


def test_a_stream_with_a_check_is_proposed_with_its_value_and_two_loads() -> None:
    """Given Yaohua frames from the middle of one on, then it is first; its point needs the display."""
    best = propose([heard(YAOHUA[5:] + YAOHUA * 20)], SHELF).candidates[0]
    assert (best.profile, best.value, best.checks_ok, best.frames) == ("yaohua-tf0", "1560", 1.0, 20)
    assert (best.factor_ten, best.loads) == (True, 2)
    assert best.score > 60


def test_seven_even_is_proposed_with_its_setting() -> None:
    best = propose([heard(heard_as_8n1(st_gs(1567) * 20, "7E1"))], SHELF).candidates[0]
    assert (best.profile, best.setting, best.value, best.unit) == (
        "and-st-gs",
        Setting(9600, "7E1"),
        "1.567",
        "kg",
    )


def test_of_several_rates_the_one_that_reads_is_proposed() -> None:
    text = st_gs(1567) * 20
    sweep = [
        heard(heard_as_8n1(text, "8N1", 2400, rate), Setting(rate, "8N1"))
        for rate in (9600, 4800, 2400, 1200, 19200)
    ]
    best = propose(sweep, SHELF).candidates[0]
    assert (best.profile, best.setting.baud) == ("and-st-gs", 2400)


def test_noise_and_one_lonely_frame_propose_nothing() -> None:
    assert names(propose([heard(bytes(range(256)) * 20)], SHELF)) == []
    assert names(propose([heard(YAOHUA)], SHELF)) == []
    assert names(propose([], SHELF)) == []


def test_what_is_heard_is_bounded() -> None:
    best = propose([heard(YAOHUA * 100_000)], SHELF).candidates[0]
    assert best.frames <= MAX_HEARD // len(YAOHUA)


def test_frames_without_a_value_are_a_candidate_without_one() -> None:
    best = propose([heard(b"OL,GS,+9999999kg\r\n" * 9)], SHELF).candidates[0]
    assert (best.profile, best.value) == ("and-st-gs", None)
    assert "no frame holds a value" in best.why


@settings(max_examples=25, deadline=None)
@given(
    data=st.lists(
        st.one_of(st.binary(max_size=60), st.sampled_from([frame for _, frame, _ in VALUED.values()])),
        max_size=12,
    ),
    setting=st.sampled_from([AT_9600, Setting(2400, "7E1"), Setting(9600, "8E1")]),
)
def test_no_bytes_raise_and_every_pair_truly_differs(data: list[bytes], setting: Setting) -> None:
    """Given anything at all, then scores stay within 0 to 100 and a pair is never two equal readings."""
    each = Heard(setting, tuple(Chunk(place, portion) for place, portion in enumerate(data)))
    proposal = propose([each], SHELF)
    for one in proposal.candidates:
        assert 0 < one.score <= 100
        assert one.frames >= 2
        assert one.loads in (1, 2)
    for pair in proposal.confusables:
        one, other = pair.sides
        assert one.profile != other.profile
        assert (one.value, one.unit) != (other.value, other.unit) or None in (one.value, other.value)
    assert diagnose([each], proposal).words


class Toy:
    """``=12345678`` read from the left or from the right, as two families of indicators send it."""

    def __init__(self, name: str, read: Callable[[str], str]) -> None:
        self._name, self._read, self._data = name, read, b""

    def feed(self, data: bytes, at_ns: int = 0) -> list[Indication]:
        self._data += data
        return []

    def finish(self) -> list[Indication]:
        return [
            Indication(
                profile=self._name,
                value=Decimal(self._read(found[1].decode())),
                raw_text=found[1].decode(),
                raw=found[0],
                at=found.start(),
            )
            for found in re.finditer(rb"=([0-9.]{8})", self._data)
        ]

    def reset(self) -> None:
        self._data = b""


class ToyShelf:
    """Two profiles that read the same bytes from opposite ends."""

    READS: ClassVar[dict[str, Callable[[str], str]]] = {
        "forward": lambda text: text,
        "reversed": lambda text: text[::-1],
    }

    def list(self) -> Iterator[ProfileInfo]:
        for name in self.READS:
            yield ProfileInfo(
                id=name,
                version="1",
                title=name,
                baud_rates=(9600,),
                line="8N1",
                confidence="unconfirmed" if name == "reversed" else "captured",
                polled=False,
            )

    def decoder(self, profile_id: str) -> Toy:
        return Toy(profile_id, self.READS[profile_id])


def test_the_confusable_pair_is_shown_side_by_side() -> None:
    """Given ``=000.3000``, then both readings stand there with their values and neither is chosen."""
    proposal = propose([heard(b"=000.3000" * 12)], ToyShelf())
    assert sorted(names(proposal)) == ["forward", "reversed"]
    (pair,) = proposal.confusables
    assert {(side.profile, side.value) for side in pair.sides} == {
        ("forward", "0.3000"),
        ("reversed", "3.000"),
    }
    assert pair.factor_ten
    assert pair.raw == b"=000.3000".hex(" ").upper()
    assert all(one.loads == 2 for one in proposal.candidates)


def test_a_load_that_moves_tells_the_ends_apart() -> None:
    """Given the last digit of 3.000 kg flickering, sent reversed, then the other reading jumps and loses."""
    values = [3000, 3001, 3002, 3001, 3003, 3002, 3004, 3003] * 3
    sent = b"".join(b"=" + (b"%04d.%03d" % divmod(grams, 1000))[::-1] for grams in values)
    proposal = propose([heard(sent)], ToyShelf())
    assert names(proposal)[0] == "reversed"
    first, second = proposal.candidates
    assert (first.plausible, second.plausible is not None and second.plausible < 0.5) == (1.0, True)
    assert "the values jump as those of a scale do not" in second.why
    assert len(proposal.confusables) == 1


def test_a_steady_load_tells_nothing() -> None:
    assert plausibility([indication("3.000")] * 50) is None


class OneOf(ToyShelf):
    """The toy that reads forward alone, with a confidence of its own."""

    READS: ClassVar[dict[str, Callable[[str], str]]] = {"forward": lambda text: text}

    def __init__(self, confidence: str) -> None:
        self._confidence = confidence

    def list(self) -> Iterator[ProfileInfo]:
        for info in super().list():
            yield msgspec.structs.replace(info, confidence=self._confidence)


@pytest.mark.parametrize(
    ("confidence", "loads"), [("captured", 1), ("manual", 2), ("code", 2), ("unconfirmed", 2)]
)
def test_what_no_capture_confirms_asks_for_two_loads_and_says_so(confidence: str, loads: int) -> None:
    """Given one protocol with a point and no rival, then only a capture spares the second load."""
    (one,) = propose([heard(b"=0003.000" * 12)], OneOf(confidence)).candidates
    assert (one.loads, one.asked_twice) == (loads, loads == 2)
    assert ("no capture confirms this protocol" in one.why) == (loads == 2)


def test_an_unconfirmed_profile_asks_for_two_loads() -> None:
    proposal = propose([heard(b"=000.3000" * 12)], ToyShelf())
    (one,) = [one for one in proposal.candidates if one.profile == "reversed"]
    assert one.loads == 2
    assert "no capture confirms this protocol" in one.why


@pytest.mark.parametrize("name", VALUED)
def test_every_profile_is_proposed_for_its_own_frames(name: str) -> None:
    """Given a stream of a profile's first vector, then it is a candidate, and whoever scores as much either
    reads the same or is set beside it."""
    info, frame, value = VALUED[name]
    came = replace(heard(frame * 12, Setting(info.baud_rates[0], "8N1")), transport=info.transport)
    proposal = propose([came], SHELF)
    (mine,) = [one for one in proposal.candidates if one.profile == info.id]
    assert mine.value is not None
    assert Decimal(mine.value) == value
    beside = {frozenset(side.profile for side in pair.sides) for pair in proposal.confusables}
    for other in proposal.candidates:
        if other.score >= mine.score and other.profile != info.id:
            assert other.value == mine.value or frozenset({other.profile, info.id}) in beside, other


RECORDINGS = (
    Path(os.environ.get("STEELYARD_RECORDINGS", Path(__file__).parents[3] / "shared" / "data")) / "serial"
)
STREAMS = (
    json.loads((RECORDINGS / "streams.json").read_text("utf-8"))
    if (RECORDINGS / "streams.json").is_file()
    else []
)


@pytest.mark.skipif(not STREAMS, reason=f"no recordings in {RECORDINGS}: set STEELYARD_RECORDINGS")
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream["name"])
def test_a_real_log_proposes_its_protocol(stream: dict[str, Any]) -> None:
    proposal = propose([heard(bytes.fromhex(stream["hex"]))], SHELF)
    assert stream["protocol"] in names(proposal)
    (one,) = [one for one in proposal.candidates if one.profile == stream["protocol"]]
    assert one.value in {frame["value"] for frame in stream["frames"]}
    assert one.score >= proposal.candidates[0].score - 5, "no other reading stands far above the true one"


# ------------------------------------------------------------------------------------------ diagnosis


@pytest.mark.parametrize(
    ("each", "level", "words", "remedy"),
    [
        (Heard(AT_9600), Level.NO_BYTES, "not one byte", "null-modem"),
        (Heard(AT_9600, (), "[Errno 13] Permission denied: 'x'"), Level.NO_BYTES, "may not open", "dialout"),
        (Heard(AT_9600, (), "[Errno 2] No such file"), Level.NO_BYTES, "not there", "scale ports"),
        (Heard(AT_9600, (), "Could not exclusively lock port"), Level.NO_BYTES, "another program", "fuser"),
        (Heard(AT_9600, (), "[Errno 22] Invalid argument"), Level.NO_BYTES, "cannot be opened", "dmesg"),
        (heard(b"\x00\x7f"), Level.NO_FRAME, "2 bytes", "print key"),
        (heard(b"hello, this is a printer\r\n" * 9), Level.NO_FRAME, "readable as text", "output format"),
        (heard(bytes([0x80, 0xF3, 0xFF, 0x1C] * 30)), Level.NO_FRAME, "no frame at any setting", "baud rate"),
        (
            heard(heard_as_8n1(b"hello, this is a printer\r\n" * 9, "7E1")),
            Level.NO_FRAME,
            "the scale sends 7E1",
            "record",
        ),
        (heard(YAOHUA.replace(b"19\x03", b"20\x03") * 9), Level.NO_FRAME, "failed check", "parity"),
        (heard(b"OL,GS,+9999999kg\r\n" * 9), Level.NO_VALUE, "none holds a value", "overload"),
        (heard(YAOHUA * 9), Level.STREAMING, "read", ""),
    ],
)
def test_the_diagnosis_has_four_levels_and_a_remedy(
    each: Heard, level: Level, words: str, remedy: str
) -> None:
    found = diagnose([each], propose([each], SHELF))
    assert found.level is level
    assert words in found.words
    assert remedy in " ".join(found.remedies)


def test_a_port_that_cannot_be_opened_keeps_the_systems_words() -> None:
    assert "Errno 13" in why_not_open("[Errno 13] Permission denied").words


# ------------------------------------------------------------------------------------ the sweep's shell


class Line:
    """A transport that hands out bytes and may not be written to."""

    def __init__(self, *portions: bytes, state: LineState = LineState.OPEN) -> None:
        self.portions = list(portions)
        self.state = state
        self.why = "" if state is LineState.OPEN else "[Errno 2] No such file"
        self.sent: list[bytes] = []

    def read(self, timeout_s: float) -> bytes:
        return self.portions.pop(0) if self.portions else b""

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.state = LineState.CLOSED

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Clock:
    """A tenth of a second a look."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        self.now_ns += SECOND // 10
        return self.now_ns


def test_hearing_never_writes_and_keeps_the_times() -> None:
    line = Line(b"one", b"", b"two")
    found = hear(lambda _setting: line, AT_9600, 1.0, clock_ns=Clock())
    assert [chunk.data for chunk in found.chunks] == [b"one", b"two"]
    assert found.chunks[0].at_ns < found.chunks[1].at_ns
    assert line.sent == []


def test_hearing_says_why_a_port_was_not_there() -> None:
    found = hear(lambda _setting: Line(state=LineState.LOST), AT_9600, 1.0, clock_ns=Clock())
    assert (found.chunks, found.why) == ((), "[Errno 2] No such file")


def test_what_is_heard_is_bounded_at_its_entrance() -> None:
    line = Line(*[b"x" * 4096] * 50)
    found = hear(lambda _setting: line, AT_9600, 10.0, clock_ns=Clock())
    assert len(found.data) == MAX_HEARD


def test_a_report_of_usb_is_offered_for_no_serial_line() -> None:
    """Given the bytes of a HID report on a serial line, or text over USB, then neither is proposed."""
    report = bytes.fromhex("03 04 0B FF 6F 04") * 12
    assert "usb-hid-8d" not in {one.profile for one in propose([heard(report, AT_9600)], SHELF).candidates}
    over_usb = propose([replace(heard(report, NO_SETTING), transport="hid")], SHELF).candidates
    assert [(one.profile, one.transport, str(one.setting)) for one in over_usb] == [
        ("usb-hid-8d", "hid", "USB")
    ]
    text = replace(heard(b"ST,GS,+001.567kg\r\n" * 12, NO_SETTING), transport="hid")
    assert propose([text], SHELF).candidates == ()


def test_registers_heard_on_a_bus_are_proposed_and_their_device_is_not_asked() -> None:
    """Given another master's answers on a serial line, then the Modbus protocols are candidates of it."""
    found = propose([heard(bytes.fromhex("01 03 04 00 00 04 D2 78 AE") * 6, AT_9600)], SHELF).candidates
    assert {"flintec-modbus", "modbus-rtu"} <= {one.profile for one in found if one.transport == "modbus"}


@pytest.mark.parametrize("info", list(SHELF.list()), ids=lambda info: info.id)
def test_no_request_of_the_shelf_zeroes_or_tares(info: ProfileInfo) -> None:
    assert info.poll is None or set(info.poll.steps) <= {request.send for request in info.requests}
    for request in info.requests:
        assert request.send
        assert not re.search(r"\b(zero|tare|reset)\b", request.does, re.IGNORECASE), request


# --------------------------------------------------------------------------------------- confirmation


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1.560 kg", "1.560", "kg"),
        ("1560g", "1560", "g"),
        (" １．５６０ ｋｇ ", "1.560", "kg"),
        ("3,120 斤", "3.120", "斤"),
        ("-0.02 kg", "-0.02", "kg"),
    ],
)
def test_a_display_as_people_type_it(text: str, value: str, unit: str) -> None:
    assert display(text) == (Decimal(value), unit)


@pytest.mark.parametrize("text", ["", "kg", "1.560", "1.560 stone", "1e3 kg", "NaN kg", "9" * 400 + " kg"])
def test_a_display_that_is_none(text: str) -> None:
    with pytest.raises(NotConfirmed, match="figure and unit"):
        display(text)


@pytest.mark.parametrize(
    ("text", "said", "why"),
    [
        ("1.560 kg", indication("15.60", unit="kg"), "another protocol"),
        ("1.560 kg", indication("15.60"), "another protocol"),
        ("0.000 kg", indication("0.000", unit="kg"), "zero confirms nothing"),
        ("1.560 kg", indication("0", unit="kg"), "zero confirms nothing"),
        ("1.560 kg", indication(None, overload=True), "no value"),
        ("1.560 kg", indication("1.560", unit="kg", stable=False), "moving"),
        ("1.560 kg", indication("1.560", unit="ct"), "switch the scale"),
        ("2.000 kg", indication("2.000", unit="kg"), "compared before"),
    ],
)
def test_what_confirms_nothing(text: str, said: Indication, why: str) -> None:
    earlier, _ = compared("2 kg", indication("2.000", unit="kg"))
    with pytest.raises(NotConfirmed, match=why):
        compared(text, said, (earlier,))


@pytest.mark.parametrize(
    ("text", "said", "unit"),
    [
        ("1.560 kg", indication("1.560", unit="kg"), "kg"),
        ("1560 g", indication("1.560", unit="kg"), "g"),
        ("3.120 斤", indication("1.560", unit="kg"), "斤"),
        ("1.560 kg", indication("1.560"), "kg"),
    ],
)
def test_what_confirms(text: str, said: Indication, unit: str) -> None:
    shown, of_display = compared(text, said)
    assert (shown.value, of_display) == (str(said.value), unit)


def test_a_confirmation_needs_its_loads() -> None:
    candidate = propose([heard(YAOHUA * 20)], SHELF).candidates[0]
    one, unit = compared("1560 kg", indication("1560"))
    two, _ = compared("20 kg", indication("20"), (one,))
    plate = {"maker": "耀华", "model": "XK3190-A9", "at": "2026-11-23T06:00:00+00:00"}
    with pytest.raises(NotConfirmed, match="1 more load"):
        confirmation(candidate, (one,), unit, **plate)
    done = confirmation(candidate, (one, two), unit, **plate)
    assert (done.profile, done.baud, done.line, done.unit, len(done.shown)) == (
        "yaohua-tf0",
        9600,
        "8N1",
        "kg",
        2,
    )
    assert msgspec.json.decode(msgspec.json.encode(done), type=Confirmation) == done
