"""When an entry was really written, whatever its clock said; and steps of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.dating.clock_step import EVERY_NS, StepWatch, step_since
from firmware_app.ledger.dating.true_time import Placed, in_words, place
from firmware_app.ledger.entry import Payload

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SYNC, BATTERY, UNSYNC = ClockQuality


def entry(seq: int, boot: str, uptime_s: float, clock: ClockQuality, at: datetime = T0) -> Payload:
    return Payload(
        device="K",
        seq=seq,
        prev="0" * 64,
        at=at.isoformat(timespec="milliseconds"),
        clock=clock,
        boot=boot,
        uptime_ns=int(uptime_s * 1e9),
        software="s",
        kind="note",
        body={},
    )


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_entries_before_the_first_synchronisation_are_placed_by_what_comes_after():
    lost = datetime(1970, 1, 1, tzinfo=UTC)
    placed = place(
        [
            entry(1, "a", 10, UNSYNC, lost),
            entry(2, "a", 40, UNSYNC, lost),
            entry(3, "a", 100, SYNC, at(100)),
        ],
        {},
    )

    for one, truth in zip(placed, (10, 40, 100), strict=True):
        assert one.earliest <= at(truth) <= one.latest
        assert one.latest - one.earliest < timedelta(seconds=2.2)


def test_a_start_without_any_synchronisation_lies_between_its_neighbours():
    placed = place(
        [
            entry(1, "a", 5, SYNC, at(0)),
            entry(2, "b", 7, UNSYNC, at(-9e8)),
            entry(3, "c", 3, SYNC, at(5000)),
        ],
        {},
    )

    assert (placed[1].earliest, placed[1].latest) == (at(-1), at(5001))


def test_a_receipt_bounds_from_above_all_that_it_covers():
    placed = place(
        [entry(1, "a", 5, UNSYNC), entry(2, "a", 65, UNSYNC), entry(3, "b", 5, BATTERY)],
        {2: at(100).isoformat()},
    )

    assert placed[1].latest == at(101)
    assert at(40) < placed[0].latest < at(41.1), "a minute before entry 2, by the monotonic clock"
    assert placed[0].earliest is None and placed[2].latest is None
    assert in_words(placed[2]) == "unknown"
    assert in_words(placed[1]) == "… to 2026-03-01 08:01:41+00:00"


def test_a_battery_is_no_evidence():
    assert place([entry(1, "a", 1, BATTERY)], {}) == (Placed(1, None, None),)


def test_a_stamp_later_than_its_receipt_is_a_contradiction():
    (placed,) = place([entry(1, "a", 1, SYNC, at(3600))], {1: at(0).isoformat()})

    assert placed.contradiction and in_words(placed) == "contradiction"


@given(
    st.lists(st.tuples(st.floats(0.001, 1e5), st.booleans(), st.booleans()), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
def test_the_true_time_is_never_outside_its_bounds(steps, random):
    """Whatever starts, synchronisations, receipts and drifts there were."""
    true, boot, born, entries, receipts, truths = T0, 0, T0, [], {}, []
    drift = random.uniform(-4e-4, 4e-4)
    for seq, (gap, new_start, synchronised) in enumerate(steps, 1):
        true += timedelta(seconds=gap)
        if new_start:
            boot, born = boot + 1, true
        uptime = (true - born).total_seconds() * (1 + drift)
        said = true if synchronised else T0 - timedelta(days=9000)
        entries.append(entry(seq, str(boot), uptime, SYNC if synchronised else UNSYNC, said))
        truths.append(true)
        if random.random() < 0.3:
            receipts[seq] = (true + timedelta(seconds=random.uniform(0, 900))).isoformat(timespec="seconds")

    for placed, truth in zip(place(entries, receipts), truths, strict=True):
        assert not placed.contradiction
        assert placed.earliest is None or placed.earliest <= truth
        assert placed.latest is None or placed.latest >= truth


# ----------------------------------------------------------------------------------------------- steps


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, 0.6, -0.6, 1.7e9])
def test_a_step_between_two_turns_is_found_with_its_size(step_s):
    watch = StepWatch()
    assert watch.look(at(0), 10**9) is None

    step = watch.look(at(0.05 + step_s), 10**9 + 50_000_000)

    assert step.step_s == pytest.approx(step_s, abs=1e-3) and not step.across
    assert datetime.fromisoformat(step.expected) == at(0.05)


def test_a_clock_that_is_drawn_or_asleep_is_not_stepped():
    watch = StepWatch()
    for turn in range(100_000):
        assert watch.look(at(turn * 0.05 * 1.0005), turn * 50_000_000) is None
    assert watch.look(at(100_000 * 0.05 * 1.0005 + 7200), (100_000 + 20 * 7200) * 50_000_000) is None


def test_a_clock_that_steps_all_the_time_gives_one_entry_a_minute():
    watch, found = StepWatch(), []
    for second in range(600):
        step = watch.look(at(second + 10 * (second % 2)), second * 10**9)
        if step is not None:
            found.append(step)

    assert 9 <= len(found) <= 11
    assert sum(step.steps for step in found) > 500
    assert EVERY_NS == 60 * 10**9


@pytest.mark.parametrize(
    ("boot", "now_s", "uptime_s", "step_s", "across"),
    [
        ("a", 100, 110, None, None),  # the program began again, the clock was left alone
        ("a", 3700, 110, 3600, False),
        ("a", -3500, 110, -3600, False),
        ("b", 100, 5, None, None),  # another start: nobody knows how long it was off
        ("b", 1e8, 5, None, None),
        ("b", -3600, 5, -3600, True),
    ],
)
def test_a_step_since_the_last_entry(boot, now_s, uptime_s, step_s, across):
    last = entry(9, "a", 10, SYNC, at(0))

    step = step_since(last, at(now_s), boot, int(uptime_s * 1e9))

    assert step is None if step_s is None else (step.step_s, step.across) == (step_s, across)
