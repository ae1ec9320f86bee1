"""The uploader's mind against counties that err, lie and fall silent: no I/O, no time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.upload.loop import (
    LARGEST_BATCH,
    LONGEST_DELAY_S,
    Keep,
    Knock,
    Read,
    Send,
    Uploader,
    Wait,
)
from firmware_app.upload.outcome import Delivered, EntryRefused, Failed, Missing, Reached, Trouble


class World:
    """A core with entries, and a county that answers as a script or a function says."""

    def __init__(self, entries: int, received: int = 0, chance=lambda: 1.0) -> None:
        self.entries = entries
        self.received = received
        self.mind = Uploader(chance)
        self.sent: list[tuple[int, int]] = []
        self.waits: list[float] = []
        self.knocks = 0
        self.county = lambda send: Delivered(f"receipt {send.last}")
        self.keep = lambda receipt: True
        self.core_there = True
        self.knock = Reached

    def step(self) -> object:
        mind, action = self.mind, self.mind.next_action()
        match action:
            case Read(after=after, limit=limit) if self.core_there:
                lines = tuple(
                    f"entry {seq}" for seq in range(after + 1, min(self.entries, after + limit) + 1)
                )
                mind.heard_entries(lines, after + 1, self.received)
            case Read():
                mind.heard_core_silent()
            case Send():
                assert [f"entry {seq}" for seq in range(action.first, action.last + 1)] == list(action.lines)
                self.sent.append((action.first, action.last))
                mind.heard_county(self.county(action))
            case Keep(receipt=receipt):
                if self.keep(receipt):
                    self.received = max(self.received, int(receipt.split()[1]))
                    mind.heard_kept()
                else:
                    mind.heard_not_kept(bad_receipt=True)
            case Knock():
                self.knocks += 1
                mind.heard_knock(self.knock())
            case Wait(seconds=seconds):
                self.waits.append(seconds)
                mind.heard_time()
        return action

    def until_wait(self, count: int = 1, limit: int = 10_000) -> None:
        """Runs until so many waits have been asked for."""
        end = len(self.waits) + count
        for _ in range(limit):
            if len(self.waits) == end:
                return
            self.step()
        raise AssertionError("it spins: no wait in sight")


def test_everything_is_delivered_in_growing_batches_without_a_pause():
    world = World(entries=300)

    world.until_wait()

    assert world.sent == [(1, 32), (33, 96), (97, 224), (225, 300)]
    assert world.received == 300
    assert world.mind.delivery.reachable is True
    assert world.mind.delivery.problem == ""


def test_it_begins_where_the_core_says_the_county_stands():
    world = World(entries=50, received=47)

    world.until_wait()

    assert world.sent == [(48, 50)]


def test_a_new_entry_is_sent_within_a_second():
    world = World(entries=5)
    world.until_wait()
    world.entries = 6

    world.until_wait()

    assert world.sent[-1] == (6, 6)
    assert world.waits == [1.0, 1.0]


@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_trouble_is_said_and_backed_off_from(trouble):
    world = World(entries=5)
    world.county = lambda send: Failed(trouble)

    world.until_wait(14)

    assert world.waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, *[LONGEST_DELAY_S] * 5]
    assert world.mind.delivery.problem == trouble
    assert world.received == 0


def test_the_wait_is_spread_evenly_below_its_bound():
    chance = random.Random(3)
    firsts = []
    for _ in range(400):
        world = World(entries=1, chance=chance.random)
        world.county = lambda send: Failed(Trouble.SERVER_ERROR)
        world.until_wait(5)
        firsts.append(world.waits[4])

    assert 0.1 <= min(firsts) < 1.0
    assert 15.0 < max(firsts) <= 16.0
    assert 7.0 < sum(firsts) / len(firsts) < 9.0


def test_delivery_goes_on_where_it_stopped_once_the_county_is_back():
    world = World(entries=40)
    world.county = lambda send: Failed(Trouble.NO_NETWORK) if send.first > 32 else Delivered(f"r {send.last}")
    world.until_wait(3)
    assert (world.received, world.mind.delivery.reachable) == (32, False)

    world.county = lambda send: Delivered(f"r {send.last}")
    world.until_wait()

    assert world.received == 40
    assert world.mind.delivery.reachable is True


def test_a_county_that_asks_for_time_gets_it():
    world = World(entries=1)
    world.county = lambda send: Failed(Trouble.BUSY, retry_after_s=30.0)
    world.until_wait(2)
    world.county = lambda send: Failed(Trouble.BUSY, retry_after_s=1e9)
    world.until_wait()

    assert world.waits == [30.0, 30.0, LONGEST_DELAY_S]


def test_timeouts_and_size_halve_the_batch_and_success_doubles_it():
    world = World(entries=40)
    world.county = lambda send: Failed(Trouble.TIMEOUT)
    world.until_wait(7)
    assert [last - first + 1 for first, last in world.sent] == [32, 16, 8, 4, 2, 1, 1]

    world.county = lambda send: Delivered(f"r {send.last}")
    world.until_wait()
    assert [last - first + 1 for first, last in world.sent[7:]] == [1, 2, 4, 8, 16, 9]


def test_a_batch_has_an_upper_bound():
    world = World(entries=5000)
    world.until_wait()

    assert max(last - first + 1 for first, last in world.sent) == LARGEST_BATCH


def test_a_receipt_that_the_core_refuses_moves_nothing():
    world = World(entries=5)
    world.keep = lambda receipt: False

    world.until_wait(3)

    assert world.received == 0
    assert world.mind.delivery.problem == Trouble.RECEIPT_REFUSED
    assert world.sent == [(1, 5)] * 3


def test_a_true_receipt_for_less_than_was_sent_moves_the_cursor_that_far_and_no_further():
    world = World(entries=5)
    world.county = lambda send: Delivered("receipt 2")
    world.until_wait()

    assert world.mind.cursor == 2
    assert world.mind.delivery.problem == Trouble.RECEIPT_REFUSED
    world.county = lambda send: Delivered(f"receipt {send.last}")
    world.until_wait()
    assert world.sent[-1] == (3, 5)


def test_a_county_that_lost_entries_gets_them_again():
    world = World(entries=50, received=40)
    held = 10

    def county(send: Send) -> Missing | Delivered:
        nonlocal held
        if send.first > held + 1:
            return Missing(held + 1)
        held = max(held, send.last)
        return Delivered(f"receipt {send.last}")

    world.county = county
    world.until_wait()

    assert held == 50
    assert world.sent[1][0] == 11
    assert world.waits == [1.0]


@pytest.mark.parametrize("expected", [0, -5, 41, 45, 10**9])
def test_a_county_that_asks_for_what_it_cannot_miss_is_not_obeyed(expected):
    world = World(entries=50, received=40)
    world.county = lambda send: Missing(expected)

    world.until_wait()

    assert world.mind.delivery.problem == Trouble.COUNTY_CONFUSED
    assert world.mind.cursor == 40


def test_a_county_that_always_asks_for_the_beginning_is_not_followed_in_a_circle():
    world = World(entries=2000, received=1000)
    world.county = lambda send: Missing(1) if send.first > 1 else Delivered(f"receipt {send.last}")

    world.until_wait(12)

    assert world.waits[-1] == LONGEST_DELAY_S
    assert len(world.sent) < 40


def test_one_refused_entry_is_said_and_its_elders_are_delivered():
    world = World(entries=20)
    world.county = lambda send: (
        EntryRefused(13, "no") if send.first <= 13 <= send.last else Delivered(f"r {send.last}")
    )

    world.until_wait(3)

    assert world.sent == [(1, 20), (1, 12), (13, 13), (13, 13), (13, 13)]
    assert world.waits == [LONGEST_DELAY_S] * 3
    assert world.received == 12
    assert (world.mind.delivery.problem, world.mind.delivery.entry) == (Trouble.ENTRY_REFUSED, 13)


def test_a_refused_entry_that_is_taken_after_all_opens_the_way():
    world = World(entries=20)
    world.county = lambda send: EntryRefused(1, "no")
    world.until_wait(2)
    world.county = lambda send: Delivered(f"r {send.last}")

    world.until_wait()

    assert world.received == 20
    assert world.mind.delivery.problem == ""


def test_a_refusal_of_an_entry_that_was_not_sent_is_not_believed():
    world = World(entries=20)
    world.county = lambda send: EntryRefused(999, "no")
    world.until_wait(2)

    assert world.mind.delivery.problem == Trouble.COUNTY_CONFUSED


def test_a_silent_core_is_asked_again_from_what_it_then_says():
    world = World(entries=5)
    world.core_there = False
    world.until_wait(3)
    assert world.waits == [1.0] * 3
    world.core_there, world.received = True, 3

    world.until_wait()

    assert world.sent == [(4, 5)]


def test_with_nothing_to_send_it_knocks_once_a_minute():
    world = World(entries=0)
    world.until_wait()
    assert world.mind.delivery.reachable is True

    world.until_wait(60)
    assert world.knocks == 1
    world.until_wait(60)
    assert world.knocks == 2


def test_a_county_that_does_not_open_is_knocked_at_until_it_does():
    world = World(entries=0)
    world.knock = lambda: Failed(Trouble.CAPTIVE_PORTAL)
    world.until_wait(3)
    assert world.knocks == 3
    assert (world.mind.delivery.reachable, world.mind.delivery.problem) == (False, "captive_portal")
    world.knock = Reached

    world.until_wait()

    assert world.mind.delivery.reachable is True


outcomes = st.one_of(
    st.sampled_from(list(Trouble)).map(Failed),
    st.integers(-2, 60).map(Missing),
    st.integers(-2, 60).map(lambda seq: EntryRefused(seq, "")),
    st.just("true"),
    st.integers(0, 60).map(lambda seq: Delivered(f"receipt {seq}")),
)


@settings(deadline=None, max_examples=300)
@given(
    lies=st.lists(outcomes, max_size=40),
    received=st.integers(0, 50),
    kept=st.lists(st.booleans(), max_size=40),
)
def test_whatever_the_county_says_it_never_spins_and_delivers_in_the_end(lies, received, kept):
    """Liars come and go; after them an honest county gets all 50 entries, each at least once."""
    world = World(entries=50, received=received)
    held = received
    lies, kept = list(lies), list(kept)

    def county(send: Send) -> object:
        nonlocal held
        if lies:
            lie = lies.pop()
            if lie != "true":
                return lie
        if send.first > held + 1:
            return Missing(held + 1)
        held = max(held, send.last)
        return Delivered(f"receipt {send.last}")

    def keep(receipt: str) -> bool:
        # The core keeps only a true receipt: upon an entry that it has and the county really holds.
        seq = int(receipt.split()[1])
        return 1 <= seq <= min(held, world.entries) and (kept.pop() if kept else True)

    world.county, world.keep = county, keep
    for _ in range(150):
        world.until_wait(limit=200)
        assert 0.1 <= world.waits[-1] <= LONGEST_DELAY_S
        assert 0 <= world.mind.cursor <= 50
    assert held == 50
    assert world.received == 50
    assert world.mind.delivery.problem == ""
