"""The lead: what a lost or silent line leaves behind is nothing."""

import queue
import time
from decimal import Decimal

import pytest

from firmware_app.service.lead.listener import Lead
from hardware.scale.contract import Check, Indication, LineState

SECOND = 1_000_000_000


class Line:
    """A transport whose bytes and state the test decides."""

    def __init__(self):
        self.state = LineState.OPEN
        self.bytes = queue.Queue()

    def read(self, timeout_s):
        try:
            return self.bytes.get(timeout=min(timeout_s, 0.01))
        except queue.Empty:
            return b""

    def close(self):
        self.state = LineState.CLOSED


class Decoder:
    """One indication a byte; remembers how often it was reset."""

    def __init__(self):
        self.resets = 0

    def feed(self, data, at_ns=0):
        return [
            Indication(
                profile="p",
                value=Decimal(byte),
                unit="kg",
                check=Check.BAD if byte == ord("!") else Check.OK,
                last_ns=at_ns,
            )
            for byte in data
        ]

    def finish(self):
        return []

    def reset(self):
        self.resets += 1


class Shelf:
    def __init__(self):
        self.made = Decoder()

    def decoder(self, profile_id):
        return self.made

    def list(self):
        return []


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def lead(line, shelf):
    lead = Lead(line, shelf)
    lead.use("p")
    yield lead
    lead.close()


def taken(lead, count=1):
    """What the lead hands out within two seconds."""
    found = []
    end = time.monotonic() + 2
    while len(found) < count and time.monotonic() < end:
        found += lead.take(time.monotonic_ns())
        time.sleep(0.005)
    return found


def test_a_streaming_scale_is_shown_and_handed_on(lead, line):
    line.bytes.put(b"\x05")

    assert [indication.value for indication in taken(lead)] == [Decimal(5)]
    assert (lead.state().state, lead.state().text) == ("streaming", "5")


def test_a_frame_with_a_bad_check_is_neither_shown_nor_handed_on(lead, line):
    line.bytes.put(b"!\x07")

    assert [indication.value for indication in taken(lead)] == [Decimal(7)]
    assert lead.state().text == "7"


def test_a_scale_that_falls_silent_has_no_last_value(lead, line):
    line.bytes.put(b"\x05")
    taken(lead)

    later_ns = time.monotonic_ns() + 11 * SECOND
    lead.take(later_ns)

    assert (lead.state().state, lead.state().text) == ("silent", "")


def test_a_lost_line_has_no_last_value_and_starts_its_decoder_afresh(lead, line, shelf):
    line.bytes.put(b"\x05")
    taken(lead)

    line.state = LineState.LOST
    end = time.monotonic() + 2
    while not shelf.made.resets and time.monotonic() < end:
        lead.take(time.monotonic_ns())

    assert lead.state().state == "lost"
    assert shelf.made.resets == 1


def test_a_line_lost_and_back_between_two_looks_is_still_seen(lead, line, shelf):
    line.state = LineState.LOST
    time.sleep(0.2)
    line.state = LineState.OPEN
    line.bytes.put(b"\x05")

    assert [indication.value for indication in taken(lead)] == [Decimal(5)]
    assert shelf.made.resets == 1


def test_listening_for_nothing_shows_nothing(lead, line):
    lead.use(None)
    line.bytes.put(b"\x05")
    time.sleep(0.1)

    assert lead.take(time.monotonic_ns()) == []
    assert lead.state().state == "idle"


def test_a_core_that_falls_behind_keeps_bounded_bytes_and_the_newest(lead, line):
    for _ in range(3000):
        line.bytes.put(b"\x01")
    line.bytes.put(b"\x09")
    while not line.bytes.empty():
        time.sleep(0.01)
    time.sleep(0.1)

    found = lead.take(time.monotonic_ns())

    assert len(found) <= 1024
    assert found[-1].value == Decimal(9)


def test_a_scale_just_chosen_is_given_time_to_be_heard(lead):
    now_ns = time.monotonic_ns()
    lead.take(now_ns)

    assert not lead.silent(now_ns + SECOND)
    assert lead.silent(now_ns + 2 * SECOND)


def test_what_is_void_is_void_at_once_but_told_a_moment_later(lead, line):
    line.bytes.put(b"\x05")
    taken(lead)
    later_ns = time.monotonic_ns() + 11 * SECOND

    lead.take(later_ns)

    assert lead.state().text == ""
    assert not lead.silent(later_ns)
    assert lead.silent(later_ns + 2 * SECOND)
