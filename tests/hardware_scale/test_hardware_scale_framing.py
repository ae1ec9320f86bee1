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
