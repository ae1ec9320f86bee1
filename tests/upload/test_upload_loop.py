"""The uploader's mind against counties that err, lie and fall silent: no I/O, no time."""

from __future__ import annotations

import itertools
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.ledger.county.contract import MAX_BATCH_BYTES
from firmware_app.upload.loop import (
    LARGEST_BATCH,
    LATER_BY,
    LONG_S,
    LONGEST_DELAY_S,
    REFUSALS_BEFORE_SHELF,
    SHELF_AGAIN_S,
    SHORTEST_DELAY_S,
    Keep,
    Knock,
    NoteRead,
    Read,
    Send,
    Shelve,
    Uploader,
    Wait,
)
from firmware_app.upload.outcome import (
    Delivered,
    EntryRefused,
    Failed,
    Missing,
    Reached,
    ShelfTaken,
    Trouble,
)


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
        self.shelf = lambda ask: EntryRefused(0, "no such door")
        self.shelved: list[int] = []
        self.asked: list[int] = []
        self.text = lambda seq: f"entry {seq}"
        self.took = lambda send: 0.0

    def step(self) -> object:
        mind, action = self.mind, self.mind.next_action()
        match action:
            case Read(after=after, limit=limit) if self.core_there:
                lines = tuple(map(self.text, range(after + 1, min(self.entries, after + limit) + 1)))
                mind.heard_entries(lines, after + 1, self.received, tuple(self.shelved))
            case Read():
                mind.heard_core_silent()
            case Send():
                assert list(map(self.text, range(action.first, action.last + 1))) == list(action.lines)
                self.sent.append((action.first, action.last))
                mind.heard_county(self.county(action), self.took(action))
            case Keep(receipt=receipt):
                if self.keep(receipt):
                    self.received = max(self.received, int(receipt.split()[1]))
                    mind.heard_kept()
                else:
                    mind.heard_not_kept(Trouble.RECEIPT_REFUSED)
            case Shelve(seq=seq):
                self.asked.append(seq)
                if seq not in self.shelved and self.received == seq - 1:
                    self.shelved.append(seq)
                mind.heard_shelf(self.shelf(action))
            case NoteRead(seq=seq):
                self.shelved.remove(seq)
                mind.heard_noted()
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

    assert world.sent == [(47, 50)], "the last receipted one is shown again: a rolled-back disk is found out"


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

    assert world.waits == [3.0, 9.0, 27.0, 81.0, 243.0, *[LONGEST_DELAY_S] * 9]
    assert world.mind.delivery.problem == trouble
    assert world.received == 0


def test_waits_of_appliances_that_fail_together_part_and_stay_within_their_bounds():
    """Decorrelated: the next wait lies anywhere between 1 s and three times the last one."""
    chance = random.Random(3)
    fifth = []
    for _ in range(400):
        world = World(entries=1, chance=chance.random)
        world.county = lambda send: Failed(Trouble.SERVER_ERROR)
        world.until_wait(5)
        fifth.append(world.waits[4])
        for before, after in itertools.pairwise([1.0, *world.waits]):
            assert SHORTEST_DELAY_S <= after <= min(LONGEST_DELAY_S, 3 * before)

    deciles = statistics.quantiles(fifth, n=10)
    assert deciles[0] < 2.5 < 5.0 < deciles[8], "they do not come back together"


def test_delivery_goes_on_where_it_stopped_once_the_county_is_back():
    world = World(entries=40)
    world.county = lambda send: Failed(Trouble.NO_NETWORK) if send.first > 32 else Delivered(f"r {send.last}")
    world.until_wait(3)
    assert (world.received, world.mind.delivery.reachable) == (32, False)

    world.county = lambda send: Delivered(f"r {send.last}")
    world.until_wait()

    assert world.received == 40
    assert world.mind.delivery.reachable is True


@pytest.mark.parametrize(
    ("asked_s", "chance", "waited_s"),
    [
        (30.0, 0.0, 30.0),
        (30.0, 0.5, 30.0 * (1 + LATER_BY / 2)),
        (30.0, 1.0, 30.0 * (1 + LATER_BY)),
        (0.001, 0.5, SHORTEST_DELAY_S),
        (1e9, 0.0, LONGEST_DELAY_S),
        (290.0, 1.0, LONGEST_DELAY_S),
    ],
)
def test_a_county_that_asks_for_time_gets_it_and_not_to_the_very_second(asked_s, chance, waited_s):
    world = World(entries=1, chance=lambda: chance)
    world.county = lambda send: Failed(Trouble.BUSY, retry_after_s=asked_s)

    world.until_wait(8)

    assert world.waits == [pytest.approx(waited_s)] * 8, "its word counts, however often it sends us away"


def test_after_the_countys_word_our_own_waits_begin_anew_where_they_were():
    world = World(entries=1)
    world.county = lambda send: Failed(Trouble.SERVER_ERROR)
    world.until_wait(2)
    world.county = lambda send: Failed(Trouble.BUSY, retry_after_s=10.0)
    world.until_wait(3)
    world.county = lambda send: Failed(Trouble.SERVER_ERROR)
    world.until_wait()

    assert [world.waits[at] for at in (0, 1, 5)] == [3.0, 9.0, 27.0]


def test_timeouts_and_size_halve_the_batch_and_success_doubles_it():
    world = World(entries=40)
    world.county = lambda send: Failed(Trouble.TIMEOUT)
    world.until_wait(7)
    assert [last - first + 1 for first, last in world.sent] == [32, 16, 8, 4, 2, 1, 1]

    world.county = lambda send: Delivered(f"r {send.last}")
    world.until_wait()
    assert [last - first + 1 for first, last in world.sent[7:]] == [1, 2, 4, 8, 16, 9]


def test_a_connection_that_breaks_once_does_not_make_the_batch_smaller_and_twice_does():
    world = World(entries=40)
    world.county = lambda send: Failed(Trouble.NO_NETWORK)
    world.until_wait(4)

    assert [last for _, last in world.sent] == [32, 32, 16, 8]


@pytest.mark.parametrize(
    ("between", "then"), [(Failed(Trouble.TIMEOUT), 16), (Failed(Trouble.BUSY, 5.0), 32)]
)
def test_breaks_with_something_else_between_are_not_in_a_row(between, then):
    world = World(entries=100)
    answers = [Failed(Trouble.NO_NETWORK), between, *[Failed(Trouble.NO_NETWORK)] * 2]
    world.county = lambda send: answers.pop(0)

    world.until_wait(4)

    assert [last for _, last in world.sent] == [32, 32, then, then]


@pytest.mark.parametrize(
    ("seconds_an_entry", "settles_at"),
    [(0.0, LARGEST_BATCH), (0.02, LARGEST_BATCH), (0.25, 32), (3.0, 2), (60.0, 1)],
)
def test_the_batch_grows_until_an_exchange_is_long_and_no_further(seconds_an_entry, settles_at):
    world = World(entries=3000)
    world.took = lambda send: 0.6 + seconds_an_entry * (send.last - send.first + 1)

    for _ in range(60):
        world.step()

    sizes = [last - first + 1 for first, last in world.sent]
    assert settles_at / 2 < sizes[-1] <= settles_at * 1.01
    longest = max(0.6 + seconds_an_entry * size for size in sizes[2:])
    assert longest <= max(LONG_S + 0.6, 0.6 + seconds_an_entry)


def test_a_batch_never_has_more_bytes_than_the_county_takes():
    world = World(entries=600)
    world.text = lambda seq: f"entry {seq}".ljust(8000, "x") if seq % 100 else "x" * (MAX_BATCH_BYTES + 1)

    world.until_wait()

    assert world.received == 600
    for first, last in world.sent:
        size = sum(len(world.text(seq)) + 1 for seq in range(first, last + 1))
        assert size <= MAX_BATCH_BYTES or first == last
    assert max(last - first for first, last in world.sent) > 90


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
    assert world.mind.cursor == 39


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

    assert world.sent == [(3, 5)]


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


def refuses(number: int):
    """A county that cannot read one entry."""

    def county(send: Send) -> EntryRefused | Delivered:
        return (
            EntryRefused(number, "unknown field")
            if send.first <= number <= send.last
            else Delivered(f"r {send.last}")
        )

    return county


def test_an_entry_refused_for_good_goes_to_the_shelf_and_those_behind_it_follow():
    world = World(entries=20)
    world.county = refuses(13)
    world.shelf = lambda ask: ShelfTaken(f"receipt {ask.seq}", read=False)

    world.until_wait(REFUSALS_BEFORE_SHELF - 1)
    assert (world.received, world.asked) == (12, []), "a county that is being updated has its hour"
    world.until_wait()

    assert world.asked == [13]
    assert world.received == 20
    assert world.sent[-1] == (14, 20)
    assert world.mind.delivery.problem == ""


def test_a_county_without_a_shelf_is_waited_for_as_before():
    world = World(entries=20)
    world.county = refuses(13)

    world.until_wait(3 * REFUSALS_BEFORE_SHELF)

    assert 2 <= len(world.asked) <= 3
    assert world.received == 12
    assert world.mind.delivery.problem == Trouble.ENTRY_REFUSED
    assert min(world.waits) == LONGEST_DELAY_S


def test_the_shelf_is_asked_once_a_day_until_the_county_reads_it():
    world = World(entries=20, received=20)
    world.shelved = [7, 9]
    world.shelf = lambda ask: ShelfTaken("receipt 20", read=ask.seq == 9)
    world.until_wait()

    for _ in range(2):
        world.until_wait(int(SHELF_AGAIN_S) + 2, limit=10**6)

    assert world.asked == [7, 9]
    assert world.shelved == [7]
    assert world.received == 20


@pytest.mark.parametrize("trouble", [Trouble.NO_NETWORK, Trouble.TIMEOUT, Trouble.SERVER_ERROR])
def test_a_line_that_breaks_at_the_shelf_is_backed_off_from_and_tried_again(trouble):
    world = World(entries=3)
    world.county = refuses(1)
    answers = [Failed(trouble), Failed(trouble)]
    world.shelf = lambda ask: answers.pop() if answers else ShelfTaken("receipt 1", read=False)

    world.until_wait(REFUSALS_BEFORE_SHELF + 4)

    assert world.received == 3


def test_a_receipt_that_came_on_a_stick_is_not_sent_again():
    world = World(entries=50)
    world.county = lambda send: Failed(Trouble.NO_NETWORK)
    world.until_wait()
    world.received = 40
    world.county = lambda send: Delivered(f"r {send.last}")

    world.until_wait()

    assert world.sent[1:] == [(41, 50)]


def test_a_refusal_that_names_no_entry_is_halved_down_to_the_one():
    world = World(entries=40)
    world.county = lambda send: (
        EntryRefused(0, "not JSON") if send.first <= 13 <= send.last else Delivered(f"r {send.last}")
    )
    world.shelf = lambda ask: ShelfTaken(f"receipt {ask.seq}", read=False)

    world.until_wait()
    assert (world.received, world.sent[-1]) == (12, (13, 13))
    world.until_wait(REFUSALS_BEFORE_SHELF)

    assert (world.asked, world.received) == ([13], 40)
