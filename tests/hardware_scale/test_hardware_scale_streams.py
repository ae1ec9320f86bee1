"""Properties of every decoder on the shelf: portions, torn heads, garbage, corruption."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.scale.contract import Check, Indication
from hardware.scale.numbers import POINTLESS, Form
from hardware.scale.profile import Profile, Shelf, builtin_profiles

SHELF = builtin_profiles()
assert isinstance(SHELF, Shelf)
IDS = [info.id for info in SHELF.list()]
IN_PHASE = {name: SHELF.profile(name).file.framing.in_phase for name in IDS}
GOOD = {
    name: [
        bytes.fromhex(v.hex) * IN_PHASE[name]
        for v in SHELF.profile(name).file.vector
        if not v.refused and v.check is not Check.BAD
    ]
    for name in IDS
}
FEW = 10
SOME = 30
"""Examples a property and a profile; the long run is the test marked slow."""
LONGEST = 260
"""Bytes a decoder may keep: the longest frame a profile may ask for, and the block being cut."""
BINARY = {
    name
    for name in IDS
    for shape in SHELF.profile(name).file.shape
    for column in shape.column
    if column.form in POINTLESS - {Form.DIGITS}
}
REPORTS = {"usb-hid-8d"}
"""Not a stream of bytes: the port hands over whole reports."""
TOLEDO_CHECKED = bytes.fromhex("02 31 30 20 20 20 20 32 30 30 20 20 20 20 30 30 0D 1E")
YAOHUA = GOOD["yaohua-tf0"]


def profile(name: str) -> Profile:
    assert isinstance(SHELF, Shelf)
    return SHELF.profile(name)


def decoded(name: str, *portions: bytes) -> list[Indication]:
    decoder = SHELF.decoder(name)
    return [one for portion in portions for one in decoder.feed(portion)] + decoder.finish()


def cut_up(data: bytes, sizes: list[int]) -> list[bytes]:
    portions, at = [], 0
    for size in sizes:
        portions.append(data[at : at + size])
        at += size
    return [*portions, data[at:]]


@pytest.mark.parametrize("name", IDS)
@settings(max_examples=FEW, deadline=None)
@given(data=st.data())
def test_portions_do_not_matter(name: str, data: st.DataObject) -> None:
    """Given frames and garbage, when they come in any portions, then the same indications come out."""
    pieces = data.draw(st.lists(st.one_of(st.sampled_from(GOOD[name]), st.binary(max_size=25)), max_size=8))
    sizes = data.draw(st.lists(st.integers(0, 30), max_size=12))
    stream = b"".join(pieces)
    due = decoded(name, stream)
    assert decoded(name, *cut_up(stream, sizes)) == due
    assert decoded(name, *[bytes([byte]) for byte in stream]) == due


@pytest.mark.parametrize("name", IDS)
@settings(max_examples=FEW, deadline=None)
@given(data=st.data())
def test_a_stream_that_begins_within_a_frame_loses_that_frame_only(name: str, data: st.DataObject) -> None:
    if name in REPORTS:
        pytest.skip("whole reports, no stream")
    first, *rest = data.draw(st.lists(st.sampled_from(GOOD[name]), min_size=2, max_size=6))
    if IN_PHASE[name] > 1:
        rest = [first] * len(rest)
    lost = data.draw(st.integers(1, len(first) - 1))
    got = decoded(name, first[lost:] + b"".join(rest))
    whole = b"".join(one.raw for one in got)
    assert whole.endswith(b"".join(rest))
    # What is left of the torn one may still be a frame (its echo or its ACK was lost), of no other value.
    for one in got:
        if one.at < len(first) - lost:
            assert one.value in {None, *(each.value for each in decoded(name, first))}


@pytest.mark.parametrize("name", IDS)
@settings(max_examples=FEW, deadline=None)
@given(garbage=st.lists(st.binary(max_size=300), max_size=6))
def test_garbage_neither_raises_nor_fills_memory(name: str, garbage: list[bytes]) -> None:
    """Given bytes of no protocol, when fed, then nothing is raised, little kept, all accounted for."""
    decoder = profile(name).decoder()
    got = [one for portion in garbage for one in decoder.feed(portion)]
    assert len(decoder._framer._buffer) <= LONGEST
    got += decoder.finish()
    whole = sum(len(one.raw) for one in got if one.check is not Check.BAD)
    assert decoder.skipped + whole == sum(map(len, garbage))


@pytest.mark.parametrize("name", IDS)
def test_a_flood_of_almost_frames_gives_nothing(name: str) -> None:
    """Given frames that each lack their last byte, when a thousand come, then no value and no growth."""
    if name in REPORTS:
        pytest.skip("whole reports, no stream")
    frame = (max if IN_PHASE[name] == 1 else min)(GOOD[name], key=len)
    if name in ("toledo-continuous", "toledo-short"):
        frame = frame[:-1]  # without its check it is a whole frame too
    if IN_PHASE[name] > 1:
        frame = frame[: len(frame) // IN_PHASE[name]]
    decoder = profile(name).decoder()
    assert [one for one in decoder.feed(frame[:-1] * 1000) if one.value is not None] == []
    assert len(decoder._framer._buffer) <= LONGEST


@pytest.mark.parametrize("name", IDS)
@settings(max_examples=SOME, deadline=None)
@given(data=st.data())
def test_no_number_without_its_digits(name: str, data: st.DataObject) -> None:
    """Given a frame with any bytes changed, when a value comes out, then its digits stand in the bytes."""
    frame = bytearray(data.draw(st.sampled_from(GOOD[name])))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    for one in decoded(name, bytes(frame)):
        if one.value is None:
            continue
        assert not (one.overload or one.underload or one.error or one.answer)
        if name in BINARY:
            continue
        assert one.raw_text.encode("latin-1") in one.raw
        if one.unit != "oz" or name != "mt-sics":
            sent = "".join(c for c in one.raw_text.split(";")[-1] if c.isdigit())
            value = "".join(map(str, Decimal(one.value).as_tuple().digits))
            if "reversed" in name:
                sent = sent[::-1]
            assert value.lstrip("0") == sent.lstrip("0") or name == "yaohua-eq-reversed"


# Corruption under a check. XOR finds every change of a single byte. It is blind to bytes that change
# places and to the same change made to two bytes; the sum finds the latter, neither finds a swap.


@pytest.mark.parametrize("frame", YAOHUA, ids=lambda frame: frame.hex())
def test_no_single_changed_byte_of_a_yaohua_frame_gives_a_value(frame: bytes) -> None:
    for place in range(len(frame)):
        for byte in range(256):
            if byte == frame[place]:
                continue
            changed = frame[:place] + bytes([byte]) + frame[place + 1 :]
            assert [one.value for one in decoded("yaohua-tf0", changed) if one.value is not None] == []


def test_where_the_yaohua_xor_is_blind() -> None:
    """Given two digits swapped, or one bit flipped in both, then the check verifies a wrong value."""
    (true,) = decoded("yaohua-tf0", bytes.fromhex("02 2B 30 30 31 35 36 30 30 31 39 03"))
    (swapped,) = decoded("yaohua-tf0", bytes.fromhex("02 2B 30 30 31 36 35 30 30 31 39 03"))
    (twice,) = decoded("yaohua-tf0", bytes.fromhex("02 2B 30 30 30 34 36 30 30 31 39 03"))
    assert [str(one.value) for one in (true, swapped, twice)] == ["1560", "1650", "460"]
    assert {one.check for one in (true, swapped, twice)} == {Check.OK}


def test_no_single_changed_byte_of_a_checked_toledo_frame_gives_another_value() -> None:
    """Given the frame between two of its kind, when any byte is changed, then no other value comes out.

    A changed CR and a changed check leave the digits alone; a bit 7 is not covered by the sum, and the
    columns refuse it.
    """
    for place in range(len(TOLEDO_CHECKED)):
        for byte in range(256):
            changed = TOLEDO_CHECKED[:place] + bytes([byte]) + TOLEDO_CHECKED[place + 1 :]
            got = decoded("toledo-continuous", TOLEDO_CHECKED + changed + TOLEDO_CHECKED)
            assert {str(one.value) for one in got if one.value is not None} == {"200"}


# Toledo, 17 or 18 bytes: told apart by what follows.

PLAIN = bytes.fromhex("02 2C 30 20 20 20 33 38 36 32 20 20 20 30 30 30 0D")


def _with_check_two() -> bytes:
    """A frame whose check is 02, as a start byte is."""
    for number in range(100_000):
        frame = b"\x02\x2c\x30\x20" + b"%6d" % number + b"     0\r"
        if -sum(byte & 0x7F for byte in frame) & 0x7F == 2:
            return frame
    raise AssertionError("no such frame")


def test_a_plain_frame_waits_for_the_next_and_keeps_its_own_time() -> None:
    decoder = SHELF.decoder("toledo-continuous")
    assert decoder.feed(PLAIN, 10) == []
    (first,) = decoder.feed(PLAIN, 20)
    (second,) = decoder.finish()
    assert (str(first.value), first.last_ns, first.check) == ("38.62", 10, Check.NONE)
    assert (str(second.value), second.at, second.last_ns) == ("38.62", 17, 20)


def test_a_checked_frame_does_not_wait() -> None:
    (one,) = SHELF.decoder("toledo-continuous").feed(TOLEDO_CHECKED)
    assert one.check is Check.OK


@pytest.mark.parametrize(("tail", "check"), [(b"", Check.NONE), (b"\x02", Check.OK)])
def test_a_check_that_looks_like_a_start(tail: bytes, check: Check) -> None:
    frame = _with_check_two() + tail
    got = decoded("toledo-continuous", frame * 3)
    assert [(one.check, one.raw) for one in got] == [(check, frame)] * 3


def test_a_corrupt_frame_whose_check_looks_like_a_start_gives_no_value() -> None:
    frame = bytearray(_with_check_two() + b"\x02")
    frame[9] ^= 1
    got = decoded("toledo-continuous", bytes(frame) * 3)
    assert [one.check for one in got] == [Check.BAD] * 3
    assert [one.value for one in got] == [None] * 3
