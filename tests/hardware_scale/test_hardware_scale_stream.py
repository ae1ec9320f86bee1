"""The present of a scale: what voids an indication, and what is no frame although its bytes are all there."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from test_hardware_scale_port import Pty

from hardware.scale.contract import Check, LineState
from hardware.scale.port import open_serial
from hardware.scale.profile import builtin_profiles
from hardware.scale.stream import PAUSE_NS, Stream

SHELF = builtin_profiles()
MS = 1_000_000
YAOHUA = bytes.fromhex("02 2B 30 30 31 35 36 30 30 31 39 03")
TOLEDO = bytes.fromhex("02 31 30 20 20 20 20 32 30 30 20 20 20 20 30 30 0D 1E")


def fed(profile: str, *portions: tuple[int, bytes]) -> Stream:
    stream = Stream(SHELF.decoder(profile))
    for at_ms, data in portions:
        stream.heard(data, at_ms * MS)
    return stream


def test_the_last_value_holds_for_five_periods_and_no_longer() -> None:
    stream = fed("yaohua-tf0", *((at, YAOHUA) for at in range(0, 1000, 100)))
    assert stream.current(1400 * MS) is not None
    assert stream.current(1401 * MS) is None
    assert stream.current(1000 * MS) is None, "what was void once does not come back"


def test_a_lost_line_has_no_value_at_once() -> None:
    stream = fed("yaohua-tf0", (0, YAOHUA), (100, YAOHUA))
    stream.lost()
    assert stream.current(100 * MS) is None


@pytest.mark.parametrize("cut", range(1, len(YAOHUA)))
def test_two_halves_on_two_sides_of_a_loss_make_no_frame(cut: int) -> None:
    stream = fed("yaohua-tf0", (0, YAOHUA[:cut]))
    stream.lost()
    assert stream.heard(YAOHUA[cut:], 1 * MS) == []
    assert len(stream.heard(YAOHUA, 2 * MS)) == 1


@pytest.mark.parametrize("cut", range(1, len(YAOHUA)))
def test_two_halves_on_two_sides_of_a_pause_make_no_frame(cut: int) -> None:
    stream = fed("yaohua-tf0", (0, YAOHUA[:cut]))
    assert stream.heard(YAOHUA[cut:], PAUSE_NS + 1 * MS) == []
    stream = fed("yaohua-tf0", (0, YAOHUA[:cut]))
    assert len(stream.heard(YAOHUA[cut:], 100 * MS)) == 1, "a slow adapter is no pause"


def test_a_frame_that_only_its_end_completes_is_there_before_the_next_one() -> None:
    """Given the 17-byte form once a second, when the next frame comes, then the one before is not lost."""
    stream = fed("toledo-continuous")
    found = [one for at in range(5) for one in stream.heard(TOLEDO[:17], at * 1000 * MS)]
    assert [one.value for one in found] == [200] * 4
    assert {one.check for one in found} == {Check.NONE}


def test_a_frame_torn_before_its_check_says_nothing_where_others_have_one() -> None:
    stream = fed("toledo-continuous", (0, TOLEDO), (100, TOLEDO))
    torn = TOLEDO[:17].replace(b"200", b"999")
    found = stream.heard(torn + TOLEDO * 2, 200 * MS)
    assert [str(one.value) for one in found] == ["200", "200"]
    stream.lost()
    assert stream.heard(torn * 2, 300 * MS)[0].value == 999, "another scale may send no check"


def test_a_bad_check_neither_speaks_nor_keeps_the_line_alive() -> None:
    bad = YAOHUA.replace(b"19\x03", b"20\x03")
    stream = fed("yaohua-tf0", *((at, YAOHUA) for at in range(0, 1000, 100)))
    for at in range(1000, 1500, 100):
        assert stream.heard(bad, at * MS) == []
    assert stream.current(1450 * MS) is None


def test_several_scales_at_once_keep_to_themselves(tmp_path: Path) -> None:
    """Given three scales, when one is pulled, then the others go on and its value alone is void."""
    lines = [Pty(tmp_path / f"tty{number}") for number in range(3)]
    ports = [open_serial({"port": str(line.path)}) for line in lines]
    streams = [Stream(SHELF.decoder("and-st-gs")) for _ in lines]
    seen: list[set[str]] = [set() for _ in lines]
    closing = threading.Event()

    def listen(number: int) -> None:
        state = LineState.OPEN
        while not closing.is_set():
            data = ports[number].read(0.02)
            if ports[number].state is not state:
                state = ports[number].state
                streams[number].lost()
            for one in streams[number].heard(data, time.monotonic_ns()):
                seen[number].add(str(one.value))

    def all_seen() -> bool:
        return all(seen)

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 5
    pulled = False
    while time.monotonic() < end and not (pulled and all_seen()):
        for number, line in enumerate(lines):
            if not (pulled and number == 1):
                os.write(line.near, b"ST,GS,+00%d.000kg\r\n" % (number + 1) * 2)
        if all_seen() and not pulled:
            lines[1].pull()
            pulled = True
            for each in seen:
                each.clear()
            seen[1].add("2.000")
        time.sleep(0.03)
    time.sleep(0.1)
    now_ns = time.monotonic_ns()
    current = [stream.current(now_ns) for stream in streams]
    closing.set()
    for thread, port in zip(threads, ports, strict=True):
        thread.join()
        port.close()
    for number in (0, 2):
        lines[number].pull()
    assert seen == [{"1.000"}, {"2.000"}, {"3.000"}]
    assert current[1] is None
    assert all(one is not None for one in (current[0], current[2]))
