"""Framing and checks alone: cuts by length, by end, by terminator; one byte at a time on failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scale.checks import sum7, xor_hex
from hardware.scale.framing import Cut, Framed, Framer, Judged, Lane

LENGTH = Cut(kind="length", starts=(b"\x02",), lengths=(4,))
END = Cut(kind="end", starts=(b"\x02",), end=b"\x03", longest=8)
LINES = Cut(kind="terminator", end=b"\r\n", longest=8)


def framer(cut: Cut, *good: bytes) -> Framer[bytes]:
    return Framer([Lane(cut, lambda candidate: Judged(candidate, True) if candidate in good else None)])


def all_of(machine: Framer[bytes], data: bytes) -> list[Framed[bytes]]:
    return machine.feed(data) + machine.finish()


@pytest.mark.parametrize(
    ("cut", "stream", "good", "places"),
    [
        (LENGTH, b"\x02abc\x02abc", b"\x02abc", [0, 4]),
        (LENGTH, b"xx\x02abc", b"\x02abc", [2]),
        (LENGTH, b"\x02\x02abc", b"\x02abc", [1]),
        (LENGTH, b"\x02ab\x02abc", b"\x02abc", [3]),
        (LENGTH, b"\x02ab", b"\x02abc", []),
        (END, b"\x02ab\x03", b"\x02ab\x03", [0]),
        (END, b"\x02a\x02ab\x03", b"\x02ab\x03", [2]),
        (END, b"\x02aaaaaaaaaaaa\x02ab\x03", b"\x02ab\x03", [13]),
        (LINES, b"ok\r\nok\r\n", b"ok\r\n", [0, 4]),
        (LINES, b"\x00\x7fok\r\n", b"ok\r\n", [2]),
        (LINES, b"no end in sight, then ok\r\n", b"ok\r\n", [22]),
    ],
)
def test_frames_are_found_where_they_are(cut: Cut, stream: bytes, good: bytes, places: list[int]) -> None:
    machine = framer(cut, good)
    assert [frame.at for frame in all_of(machine, stream)] == places


def test_a_failed_candidate_costs_one_byte_not_a_buffer() -> None:
    """Given a false start whose four bytes swallow the real start, the real frame is still found."""
    machine = framer(LENGTH, b"\x02abc")
    assert [frame.raw for frame in all_of(machine, b"\x02\x02abc")] == [b"\x02abc"]
    assert machine.skipped == 1


@given(st.lists(st.binary(max_size=40)), st.sampled_from([LENGTH, END, LINES]))
def test_portions_do_not_matter(portions: list[bytes], cut: Cut) -> None:
    """Given the same bytes in any portions, when they are fed, then the same frames come out."""

    def taste(candidate: bytes) -> Judged[bytes] | None:
        return Judged(candidate, True) if sum(candidate) % 3 else None

    whole, parts = Framer([Lane(cut, taste)]), Framer([Lane(cut, taste)])
    stream = b"".join(portions)
    due = [tuple(f)[:3] for f in all_of(whole, stream)]
    got = [tuple(f)[:3] for portion in portions for f in parts.feed(portion)]
    assert got + [tuple(f)[:3] for f in parts.finish()] == due
    assert parts.skipped == whole.skipped


def test_times_are_those_of_the_first_and_the_last_byte() -> None:
    machine = framer(LENGTH, b"\x02abc")
    frames = machine.feed(b"x\x02", 10) + machine.feed(b"ab", 20) + machine.feed(b"c\x02a", 30)
    frames += machine.feed(b"bc", 40)
    assert [(f.at, f.first_ns, f.last_ns) for f in frames] == [(1, 10, 30), (5, 30, 40)]


def test_offsets_go_on_after_a_reset() -> None:
    machine = framer(LENGTH, b"\x02abc")
    machine.feed(b"\x02ab")
    machine.reset()
    assert [frame.at for frame in machine.feed(b"c\x02abc")] == [4]
    assert machine.skipped == 4


def test_memory_stays_bounded_under_a_flood() -> None:
    """Given a megabyte without a terminator, when it is fed at once, then a few bytes are kept."""
    machine = framer(LINES, b"ok\r\n")
    assert machine.feed(b"z" * 1_000_000) == []
    assert len(machine._buffer) <= LINES.longest
    assert len(machine._times) <= LINES.longest
    assert [frame.at for frame in machine.feed(b"ok\r\n")] == [1_000_000]


# Checks: vectors from captures.


def test_xor_hex_of_a_captured_yaohua_frame() -> None:
    assert xor_hex(b"+0015600") == b"19"
    assert xor_hex(b"+0002052") == b"1E"


def test_sum7_of_a_captured_ind245_frame() -> None:
    frame = bytes.fromhex("02 31 30 20 20 20 20 32 30 30 20 20 20 20 30 30 0D")
    assert sum7(frame) == b"\x1e"


@given(st.binary(min_size=1, max_size=40))
def test_sum7_brings_the_total_to_zero(data: bytes) -> None:
    assert (sum(byte & 0x7F for byte in data) + sum7(data)[0]) % 128 == 0


# Lengths in the frame, silences, phase, several ways to cut.

COUNTED = Cut(kind="counted", starts=(b"\xf8",), count_at=(2, 3), order="little", more=4, longest=12)
QUIET = Cut(kind="gap", gap_ns=10, longest=8)
PHASE = Cut(kind="length", starts=(b"\xff",), lengths=(3,), in_phase=3)


def anything(cut: Cut) -> Framer[bytes]:
    return Framer([Lane(cut, lambda candidate: Judged(candidate, True))])


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"\xf8\x02\x00ab!", [b"\xf8\x02\x00ab!"]),
        (b"x\xf8\x00\x00!\xf8\x01\x00a!", [b"\xf8\x00\x00!", b"\xf8\x01\x00a!"]),
        (b"\xf8\xff\xff\xf8\x01\x00a!", [b"\xf8\x01\x00a!"]),
        (b"\xf8\x05\x00ab", []),
        (b"\xf8\x05", []),
    ],
)
def test_a_length_in_the_frame_is_bounded(stream: bytes, frames: list[bytes]) -> None:
    assert [one.raw for one in all_of(anything(COUNTED), stream)] == frames
    single = anything(COUNTED)
    got = [one for byte in stream for one in single.feed(bytes([byte]))] + single.finish()
    assert [one.raw for one in got] == frames


def test_silence_separates_frames() -> None:
    """Given bytes in clusters, when a silence of ten is between them, then each cluster is a frame."""
    machine = anything(QUIET)
    got = machine.feed(b"ab", 0) + machine.feed(b"c", 9) + machine.feed(b"de", 19)
    assert [(one.raw, one.at, one.first_ns, one.last_ns) for one in got] == [(b"abc", 0, 0, 9)]
    assert [one.raw for one in machine.feed(b"", 29)] == [b"de"]
    assert machine.feed(b"", 60) == []
    assert [one.raw for one in machine.feed(b"f", 70) + machine.finish()] == [b"f"]


def test_what_is_too_long_between_two_silences_is_no_frame() -> None:
    machine = anything(QUIET)
    got = machine.feed(b"x" * 50, 0) + machine.feed(b"ok", 100) + machine.finish()
    assert [one.raw for one in got] == [b"ok"]
    assert len(machine._buffer) <= 9


def test_a_lost_line_begins_anew() -> None:
    machine = anything(QUIET)
    machine.feed(b"torn", 0)
    machine.reset()
    assert [one.raw for one in machine.feed(b"ok", 1) + machine.finish()] == [b"ok"]


@pytest.mark.parametrize(
    ("stream", "places"),
    [
        (b"\xffab", []),
        (b"\xffab\xffcd", []),
        (b"\xffab\xffcd\xffef", [0, 3, 6]),
        (b"\xffab?\xffcd\xffef\xffgh", [4, 7, 10]),
        (b"\xffab\xffcd\xffef?\xffgh\xffij", [0, 3, 6]),
        (b"\xffab\xffcd\xffef\xffgh?", [0, 3, 6, 9]),
    ],
)
@pytest.mark.parametrize("portion", [1, 2, 100])
def test_frames_in_phase_are_believed_from_the_first_on(
    stream: bytes, places: list[int], portion: int
) -> None:
    machine = anything(PHASE)
    got = [one for i in range(0, len(stream), portion) for one in machine.feed(stream[i : i + portion])]
    assert [one.at for one in got + machine.finish()] == places


def test_in_phase_a_frame_does_not_wait_for_the_next() -> None:
    machine = anything(PHASE)
    machine.feed(b"\xffab\xffcd\xffef")
    assert [one.raw for one in machine.feed(b"\xffgh")] == [b"\xffgh"]


def test_the_first_lane_with_a_whole_frame_wins_and_a_doubtful_one_is_told_last() -> None:
    doubtful = Lane(LENGTH, lambda candidate: Judged(b"doubtful", False))
    whole = Lane(END, lambda candidate: Judged(b"whole", True))
    assert [one.what for one in Framer([doubtful, whole]).feed(b"\x02ab\x03")] == [b"whole"]
    assert [one.what for one in Framer([doubtful]).feed(b"\x02ab\x03")] == [b"doubtful"]


@pytest.mark.parametrize(
    ("stream", "places"),
    [
        (b"ok\r\n", [0]),
        (b"xok\r\n", []),
        (b"xok\r\nok\r\n", [5]),
        (b"\x00\x7fok\r\n", [2]),
        (b"a long line without any end ok\r\n", []),
    ],
)
def test_the_tail_of_a_longer_line_is_no_line(stream: bytes, places: list[int]) -> None:
    cut = Cut(kind="terminator", end=b"\r\n", longest=8, whole_lines=True)
    for portion in (1, 3, 100):
        machine = framer(cut, b"ok\r\n")
        got = [one for i in range(0, len(stream), portion) for one in machine.feed(stream[i : i + portion])]
        assert [one.at for one in got + machine.finish()] == places
