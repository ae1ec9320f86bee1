"""Where hostile bytes come in: families of profiles and every other entrance, each held to what must be so.

Rules this file obeys:

* An entrance takes any bytes; an AssertionError or any other exception out of it is a fault of the program.
* What comes out is held against the bytes by the witness, which shares no line with the decoder.
* Whole, in portions and byte by byte give the same; what is kept between portions is bounded and counted.
"""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from hardware_scale_witness import check_due, witness_of

from hardware import ean13
from hardware.printer_status import QUESTIONS, troubles_in
from hardware.scale.bits import Setting, lines_heard, read_as
from hardware.scale.confirm import NotConfirmed, display
from hardware.scale.contract import Check, Indication, LineState, ProfileError
from hardware.scale.diagnosis import diagnose
from hardware.scale.framing import Cut, Framer, Judged, Lane
from hardware.scale.hid_descriptor import facts_of
from hardware.scale.listen import Chunk, Heard, propose
from hardware.scale.modbus import ModbusLine, ModbusOptions
from hardware.scale.profile import ProfileDecoder, Shelf, builtin_profiles, read_profile
from hardware.scale.recorder import BadRecording, Recorded, Recorder, read_recording
from hardware.scale.schema import ProfileFile
from hardware.scale.stream import PAUSE_NS, Stream
from hardware.scanner_contract import Scan
from hardware.scanning import LONGEST, Keys, Lines

SHELF = builtin_profiles()
assert isinstance(SHELF, Shelf)
KEPT = 2 * 256 + 1024
"""Two frames of the longest kind and the block being cut."""
PORTIONS = (1, 2, 3, 7, 64, 997, 5000)


class Meter:
    """What went in and what came out."""

    def __init__(self) -> None:
        self.bytes = self.runs = self.readings = self.values = self.kept = 0


def family_of(file: ProfileFile) -> str:
    """The engine that cuts the frames of a profile; of several framings the common one counts."""
    framing = file.framing
    if file.transport != "serial":
        return file.transport
    if framing.in_phase > 1:
        return "in-phase"
    match framing.kind:
        case "terminator":
            return "lines"
        case "end":
            return "start-end"
        case "length" if file.check is not None:
            return "length-check"
    return framing.kind


FAMILIES: Mapping[str, tuple[str, ...]] = {
    family: tuple(name for name in SHELF.ids if family_of(SHELF.profile(name).file) == family)
    for family in sorted({family_of(SHELF.profile(name).file) for name in SHELF.ids})
}
"""Every profile by the engine that cuts its frames."""


# ------------------------------------------------------------------------------------- protocols


def decode(name: str, data: bytes, meter: Meter) -> None:
    """One protocol on hostile bytes; the first byte chooses portions, and whether all is read whole too."""
    stream, how = data[1:], data[0] if data else 0
    decoder = SHELF.profile(name).decoder()
    got = _in_portions(decoder, stream, random.Random(how), meter)
    if how % 4 == 0:
        whole = SHELF.profile(name).decoder()
        assert repr(got) == repr(whole.feed(stream) + whole.finish()), "portions change what is read"
    end, witness = 0, witness_of(name)
    for one in got:
        assert one.profile == name
        assert one.at >= end, "frames overlap"
        end = one.at + (len(one.raw) if one.check is not Check.BAD else 1)
        assert not (reason := witness.against(stream, one)), f"{name}: {one}: {reason}"
    assert decoder.skipped + sum(len(one.raw) for one in got if one.check is not Check.BAD) <= len(stream)
    meter.bytes += len(stream)
    meter.readings += len(got)
    meter.values += sum(one.value is not None for one in got)


def _in_portions(
    decoder: ProfileDecoder, stream: bytes, chance: random.Random, meter: Meter
) -> list[Indication]:
    got: list[Indication] = []
    at = 0
    while at < len(stream):
        portion = chance.choice(PORTIONS)
        got += decoder.feed(stream[at : at + portion])
        at += portion
        kept = len(decoder._framer._buffer) + len(decoder._framer._times)
        meter.kept = max(meter.kept, kept)
        assert kept <= KEPT, "memory grows"
    return got + decoder.finish()


def present(data: bytes, meter: Meter) -> None:
    """Bytes, losses and pauses to the stream of one scale: no frame lies across a loss or a pause."""
    name = SHELF.ids[data[0] % len(SHELF.ids)] if data else SHELF.ids[0]
    stream, at, now, breaks = Stream(SHELF.decoder(name)), 1, 10**9, [0]
    offset = 0
    while at + 1 < len(data):
        step, size = data[at], data[at + 1]
        piece = data[at + 2 : at + 2 + size]
        at += 2 + size
        now += (step & 63) * 20_000_000
        if step & 64:
            stream.lost()
            breaks.append(offset)
            assert stream.current(now) is None
        elif piece and (step & 63) * 20_000_000 > PAUSE_NS:
            breaks.append(offset)
        for one in stream.heard(piece, now):
            assert one.check is not Check.BAD
            assert not any(one.at < cut < one.at + len(one.raw) for cut in breaks), "a frame across a break"
            meter.readings += 1
        offset += len(piece)
    assert stream.current(now + 11 * 10**9) is None, "a value outlives its line"
    meter.bytes += len(data)


def silence(data: bytes, meter: Meter) -> None:
    """Frames cut by silence: bounded, in order, from the bytes."""
    cut = Cut(kind="gap", gap_ns=5_000_000, longest=32)
    framer: Framer[int] = Framer([Lane(cut, lambda raw: Judged(len(raw), whole=bool(raw[0] & 1)))])
    at = now = end = 0
    fed = b""
    while at < len(data):
        now += (data[at] >> 4) * 1_000_000
        piece = data[at + 1 : at + 1 + (data[at] & 15) * 5]
        at += 1 + (data[at] & 15) * 5
        fed += piece
        for one in framer.feed(piece, now):
            assert fed[one.at : one.at + len(one.raw)] == one.raw
            assert one.at >= end
            assert 0 < len(one.raw) <= 32
            end = one.at + 1
            meter.readings += 1
        assert len(framer._buffer) + len(framer._times) + len(framer._silences) <= KEPT
    framer.finish()
    meter.bytes += len(data)


# ------------------------------------------------------------------------------- the other entrances


def descriptor(data: bytes, meter: Meter) -> None:
    facts = facts_of(data)
    assert len(facts.pages) <= len(data)
    assert facts.report is None or facts.report.length >= 0
    meter.bytes += len(data)


class HostilePort:
    """A serial port, and its clock, that answers with what it is given, in portions."""

    def __init__(self, data: bytes) -> None:
        self.state, self.why, self.answers, self.data, self.now = LineState.OPEN, "", data, b"", 0.0

    def clock(self) -> float:
        return self.now

    def read(self, timeout_s: float) -> bytes:
        self.now += 0.02
        if not timeout_s:
            self.data = b""
        size = 1 + self.data[0] % 9 if self.data else 0
        came, self.data = self.data[:size], self.data[size:]
        return came

    def write(self, _data: bytes) -> None:
        size = self.answers[0] % 48 if self.answers else 0
        self.data, self.answers = self.answers[1 : 1 + size], self.answers[1 + size :]

    def close(self) -> None:
        self.state = LineState.CLOSED


def modbus(data: bytes, meter: Meter) -> None:
    """Answers to questions for two registers: what is handed on is whole, ours, and its check holds."""
    port = HostilePort(data)
    options = ModbusOptions(port="hostile", first=0, count=2, baud=921600)
    line: Any = ModbusLine(port, options, clock=port.clock)  # type: ignore[arg-type]
    while port.answers:
        port.now += 1.0
        answer = line.read(60.0)
        assert len(answer) <= 9
        if answer:
            assert answer[-2:] == check_due("crc16-modbus", answer[:-2])
            assert answer[0] == 1
            assert answer[1] in (3, 0x83)
            assert not line.why
            meter.readings += 1
    meter.bytes += len(data)


def scanner(data: bytes, meter: Meter) -> None:
    lines, chance, at, now = Lines(), random.Random(data[:1]), 0, 0
    while at < len(data):
        piece = data[at : at + chance.choice(PORTIONS)]
        at += len(piece)
        now += chance.choice((0, 1_000_000, 300_000_000))
        for one in lines.feed(piece, now):
            assert not isinstance(one, Scan) or (len(one.raw) <= LONGEST and one.raw in data)
            meter.readings += 1
        assert len(lines._line) <= LONGEST
    lines.lost(now)
    meter.bytes += len(data)


def keyboard(data: bytes, meter: Meter) -> None:
    keys = Keys()
    for at in range(0, len(data) - 1, 2):
        meter.readings += len(keys.key(data[at], data[at + 1] % 4, at * 1_000_000))
    keys.lost(len(data) * 1_000_000)
    assert len(keys._held) <= 4
    meter.bytes += len(data)


LAYOUTS = (
    ean13.Layout(prefixes=("21",), carries=ean13.Carries.WEIGHT, decimals=3),
    ean13.Layout(prefixes=("20",), carries=ean13.Carries.PRICE, item_digits=4, inner_check=True, decimals=2),
)


def label(data: bytes, meter: Meter) -> None:
    """A scanned label: refused in words, or a value whose digits stand in it."""
    text = data.decode("utf-8", "replace")
    meter.bytes += len(data)
    try:
        read = ean13.label(text, LAYOUTS)
    except ean13.Ean13Error:
        return
    assert read.code == text
    assert f"{read.value:f}".replace(".", "").zfill(5)[-5:] == text[7:12]
    meter.readings += 1


def printer(data: bytes, meter: Meter) -> None:
    for question in QUESTIONS:
        troubles_in(question, data)
    meter.bytes += len(data)


def recording(data: bytes, meter: Meter) -> None:
    """A file: refused in words, or events in order that a recorder writes down again alike."""
    with tempfile.NamedTemporaryFile(prefix="sy", dir="/tmp") as file:
        file.write(data)
        file.flush()
        events: list[Recorded] = []
        try:
            events += read_recording(Path(file.name))
        except BadRecording:
            events = []
    if events:
        assert [one.at_ns for one in events] == sorted(one.at_ns for one in events)
        assert [one for one in _written_again(events) if one.data] == [one for one in events if one.data]
    meter.readings += len(events)
    meter.bytes += len(data)


def _written_again(events: list[Recorded]) -> list[Recorded]:
    with tempfile.NamedTemporaryFile("w+", prefix="sy", dir="/tmp", encoding="utf-8") as file:
        recorder = Recorder(file, {}, 0)
        for one in events:
            if one.event == "bytes":
                recorder.heard(one.at_ns, one.data)
        return list(read_recording(Path(file.name)))


def profile(data: bytes, meter: Meter) -> None:
    """A profile file: refused in words, or a decoder that holds on these very bytes."""
    meter.bytes += len(data)
    try:
        decoder = read_profile(data.decode("utf-8", "replace")).decoder()
    except ProfileError:
        return
    for one in decoder.feed(data) + decoder.finish():
        assert data[one.at : one.at + len(one.raw)] == one.raw
    meter.readings += 1


def sweep(data: bytes, meter: Meter) -> None:
    """What was heard, through every protocol of the shelf: proposals and words, never an exception."""
    stream = data[1:]
    for line in lines_heard(stream):
        assert len(read_as(stream, line)) == len(stream)
    half = len(stream) // 2
    heard = Heard(Setting(9600, "8N1"), (Chunk(0, stream[:half]), Chunk(10**9, stream[half:])))
    kind = ("serial", "modbus", "hid", "")[data[0] % 4] if data else ""
    heard = Heard(heard.setting, heard.chunks, "", kind)
    proposal = propose([heard], SHELF)
    assert all(0 <= one.score <= 100 for one in proposal.candidates)
    assert diagnose([heard], proposal).words
    meter.readings += len(proposal.candidates)
    meter.bytes += len(data)


def typed(data: bytes, meter: Meter) -> None:
    """What a person types for the display."""
    text = data.decode("utf-8", "replace")
    try:
        value, _ = display(text)
        assert value.is_finite()
    except NotConfirmed:
        pass
    meter.bytes += len(data)


Entrance = Callable[[bytes, Meter], None]


def _family(names: tuple[str, ...]) -> Entrance:
    def enter(data: bytes, meter: Meter) -> None:
        if data:
            decode(names[data[0] % len(names)], data[1:], meter)

    return enter


OTHERS: Mapping[str, Entrance] = {
    "present": present,
    "silence": silence,
    "descriptor": descriptor,
    "modbus-answers": modbus,
    "scanner": scanner,
    "keyboard": keyboard,
    "label": label,
    "printer": printer,
    "recording": recording,
    "profile-file": profile,
    "sweep": sweep,
    "typed": typed,
}
ENTRANCES: Mapping[str, Entrance] = {family: _family(names) for family, names in FAMILIES.items()} | dict(
    OTHERS
)


# ----------------------------------------------------------------------------------------- seeds


def vectors_of(name: str) -> list[bytes]:
    """The frames of a profile's own vectors, refused ones too."""
    return [bytes.fromhex(vector.hex) for vector in SHELF.profile(name).file.vector]


def seeds_of(entrance: str) -> list[bytes]:
    """What a run begins with: frames whole, in phase, torn and joined; files and answers that are sound."""
    if entrance in FAMILIES:
        names = FAMILIES[entrance]
        return [bytes([place, 7]) + each for place, name in enumerate(names) for each in _streams(name)]
    frames = [raw for name in SHELF.ids for raw in vectors_of(name)]
    match entrance:
        case "present":
            return [
                bytes([place, 1, len(raw)]) + raw + bytes([1, len(raw)]) + raw + bytes([90, 0])
                for place, name in enumerate(SHELF.ids)
                for raw in vectors_of(name)
            ]
        case "modbus-answers":
            return [bytes([len(raw)]) + raw for name in FAMILIES["modbus"] for raw in vectors_of(name)]
        case "profile-file":
            return [_text_of(name) for name in SHELF.ids]
        case "recording":
            head = b"# steelyard scale recording 1\n# port: x\nt_s,event,what\n"
            tail = (
                b'0.000000,bytes,02 2B 30\n1.000000,mark,"1 kg, on"\n2.000000,line,lost\n2.100000,line,open\n'
            )
            return [head + tail]
        case "sweep":
            return [bytes([0]) + raw * 4 for raw in frames]
        case "typed":
            return [text.encode() for text in ("1.560 kg", "３斤", "-2,5lb", "12 两")]
        case "label":
            bodies = ("211234501234", f"201234{ean13.price_check_digit('01234')}01234", "690123456789")
            return [(body + ean13.check_digit(body)).encode() for body in bodies]
        case "silence":
            return [bytes([0xF3]) + raw[:15].ljust(15) + bytes([0x31]) + raw[:5].ljust(5) for raw in frames]
        case "descriptor":
            return [bytes.fromhex("058D0920A101850375089505810009407510950181 02C0")]
    return frames


def _streams(name: str) -> list[bytes]:
    vectors = vectors_of(name)
    repeats = max(3, SHELF.profile(name).file.framing.in_phase + 1)
    joined = [first + second[: len(second) // 2] + first for first, second in pairwise(vectors)]
    return [each * repeats for each in vectors] + joined


def _text_of(name: str) -> bytes:
    return (Path(__file__).parents[2] / "hardware" / "scale" / "profiles" / f"{name}.toml").read_bytes()


def spliced(entrance: str, data: bytes, chance: random.Random) -> bytes:
    """``data`` changed as its kind would be: a frame put in, or lines and words of a file exchanged."""
    if entrance in LINES_OF:
        return _other_lines(data, LINES_OF[entrance](), chance)
    return data if entrance not in FAMILIES or len(data) < 2 else _framed(entrance, data, chance)


NASTY = (
    b"9" * 5000,
    b"[" * 3000,
    b"-1",
    b"0",
    b'""',
    b"nan",
    b"1e400",
    b"\r",
    b"\0",
    b"[]",
    b"{}",
    b"true",
    b'"\\u0000"',
)


@cache
def _lines_of_profiles() -> list[bytes]:
    return [line for name in SHELF.ids for line in _text_of(name).splitlines()]


@cache
def _lines_of_recordings() -> list[bytes]:
    return seeds_of("recording")[0].splitlines()


LINES_OF: Mapping[str, Callable[[], list[bytes]]] = {
    "profile-file": _lines_of_profiles,
    "recording": _lines_of_recordings,
}


def _other_lines(data: bytes, known: list[bytes], chance: random.Random) -> bytes:
    """Lines put in, left out and exchanged, or a number or word among them replaced by a nasty one."""
    lines = data.splitlines() or [b""]
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                lines[at] = chance.choice(known)
            case 1:
                lines.insert(at, chance.choice(known))
            case 2 if len(lines) > 1:
                del lines[at]
            case _:
                words = re.split(rb"([\w.+-]+)", lines[at])
                words[chance.randrange(len(words))] = chance.choice(NASTY)
                lines[at] = b"".join(words)
    return b"\n".join(lines) + b"\n"


def _framed(entrance: str, data: bytes, chance: random.Random) -> bytes:
    """``data`` with a frame of its profile put in, cut or doubled: other digits, and the check then due."""
    names = FAMILIES[entrance]
    name = names[data[0] % len(names)]
    piece = chance.choice(vectors_of(name))
    if chance.random() < 0.8:
        piece = witness_of(name).variant(piece, chance)
    if chance.random() < 0.3:
        begin = chance.randrange(len(piece))
        piece = piece[begin:] if chance.random() < 0.5 else piece[:begin]
    piece *= chance.choice((1, 1, 1, 2, 3, 5))
    at = chance.randrange(2, len(data) + 1)
    return data[:at] + piece + data[at + chance.choice((0, 0, len(piece))) :]
