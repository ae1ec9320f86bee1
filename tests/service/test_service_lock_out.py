"""The lock-out: no restart, power cut or clock gives a thief more tries than the table says."""

from __future__ import annotations

import os
import random
import stat
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest
from people_stage import INSPECTOR, KEEPER, Stage, code

from firmware_app.registry import pin as pins
from firmware_app.service import messages as m
from firmware_app.service.people import sign_in
from firmware_app.service.people.lock_out import FREE, LONGEST_S, NAME, PAUSE_OF_ALL_S, LockOut, wait_after

S = 1_000_000_000


def test_waits_begin_with_the_fifth_failure_and_double() -> None:
    assert [wait_after(n) for n in range(1, 8)] == [0, 0, 0, 0, 60, 120, 240]
    assert max(wait_after(n) for n in range(1, 10_000)) == LONGEST_S == 15_360


@pytest.mark.parametrize("known", [True, False])
def test_a_failure_is_on_the_disk_before_anything_is_looked_at(tmp_path: Path, known: bool) -> None:
    """Killed right after the count, the next process knows of it: unknown numbers alike."""
    for tries in range(1, 6):
        LockOut(tmp_path, 0).count("1001", 0, known=known)
        assert LockOut(tmp_path, 0).failures("1001", known=known) == tries
    assert LockOut(tmp_path, 0).wait_s("1001", 0, known=known) == 60
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_a_right_pin_takes_the_count_back(tmp_path: Path) -> None:
    lock = LockOut(tmp_path, 0)
    for _ in range(4):
        lock.count("1001", 0, known=True)
    lock.clear("1001", 0)

    assert LockOut(tmp_path, 0).failures("1001", known=True) == 0


def test_a_wait_goes_on_over_restarts_and_is_never_shorter(tmp_path: Path) -> None:
    lock = LockOut(tmp_path, 0)
    for _ in range(7):
        lock.count("1001", 0, known=True)
    assert lock.wait_s("1001", 0, known=True) == 240
    now = 0
    for _ in range(90):
        now += S
        lock.turn(now)

    # A new boot: its monotonic clock begins at zero again.
    again = LockOut(tmp_path, 0)

    left = again.wait_s("1001", 0, known=True)
    assert 240 - 90 <= left <= 240 - 60, "at most the last minute is waited for twice"


def test_a_restart_every_few_seconds_waits_for_ever_and_wins_nothing(tmp_path: Path) -> None:
    lock = LockOut(tmp_path, 0)
    for _ in range(5):
        lock.count("1001", 0, known=True)
    for _ in range(50):
        lock = LockOut(tmp_path, 0)
        lock.turn(30 * S)

        assert lock.wait_s("1001", 30 * S, known=True) == 30
    assert LockOut(tmp_path, 0).wait_s("1001", 0, known=True) == 60


def test_a_file_that_was_spoilt_locks_everybody_for_an_hour(tmp_path: Path) -> None:
    for spoilt in (
        b"",
        b"{}",
        b'{"key":"' + b"0" * 64 + b'","counts":{"1001":{"failures":-1}}}',
        os.urandom(99),
    ):
        (tmp_path / NAME).write_bytes(spoilt)

        lock = LockOut(tmp_path, 0)

        assert lock.damaged
        assert lock.wait_s("1001", 0, known=True) == lock.wait_s("77", 0, known=False) == 3600


def test_many_numbers_slow_everybody_down_and_the_file_stays_small(tmp_path: Path) -> None:
    lock, now = LockOut(tmp_path, 0), 0
    for tried in range(300):
        now += S * lock.wait_s(str(710_000_000 + tried), now, known=False)
        lock.count(str(710_000_000 + tried), now, known=False)

    assert now >= (300 - 20 - 1) * PAUSE_OF_ALL_S * S
    data = (tmp_path / NAME).read_bytes()
    assert len(data) < 8000
    assert not any(str(710_000_000 + tried).encode() in data for tried in range(300)), (
        "a PIN may have been typed there"
    )


def test_a_thief_with_every_trick_has_two_thousand_tries_a_year(tmp_path: Path) -> None:
    """Tries as soon as it is let, pulls the plug within tries and between; nobody reads the wall clock."""
    chance = random.Random(8)
    lock, now, ran_s, tries = LockOut(tmp_path, 0), 0, 0.0, 0
    year_s = 365 * 86_400
    while ran_s < year_s:
        wait = lock.wait_s("1001", now, known=True)
        if wait and chance.random() < 0.2:
            # Half the wait, kept minute by minute, then the plug.
            part = int(wait * chance.random())
            now += part * S
            ran_s += part
            lock.turn(now)
            lock, now = LockOut(tmp_path, 0), 0
            continue
        now += wait * S
        ran_s += wait
        lock.count("1001", now, known=True)
        tries += 1
        if chance.random() < 0.5:
            lock, now = LockOut(tmp_path, 0), 0

    assert tries <= FREE + 9 + year_s / LONGEST_S < 2100


# ------------------------------------------------------------------------------------------- at the door


@pytest.fixture(scope="module")
def kept():
    """Made once: the people are the same in every test below."""
    stage = Stage()
    stage.staff()
    yield stage
    stage.close()


def test_brute_force_at_the_door_with_restarts_and_a_clock_that_is_moved(mocker) -> None:
    """Every try goes the whole way but for Argon2, which is answered wrong at once."""
    stage = Stage()
    try:
        stage.staff()
        looked = mocker.patch("firmware_app.registry.pin.matches", return_value=False)
        tries = 0
        for attempt in range(400):
            if attempt % 7 == 3:
                stage.restart()
            # Whatever the wall clock says: 2031, 2030 … 1972, and 2031 again.
            wrong = datetime(2031 - attempt % 60, 1, 1, tzinfo=UTC)
            mocker.patch.object(stage.core._clock, "now", return_value=wrong)
            before = looked.call_count
            reply = stage.sign_in(("1001", f"{attempt:06d}"))
            tries += looked.call_count - before
            assert code(reply) in ("wrong", "locked")
            stage.later(10)

        # 4000 s of running time: 4 free, then 60, 120, 240, 480, 960, 1920 s.
        assert tries <= 4 + 7, tries
        failed = stage.trail("sign_in_failed") + stage.trail("sign_in_locked")
        assert len(failed) == tries, "every try that was looked at is in the record"
        stage.sign_in(("1001", "999999"))
        mocker.stopall()
        assert code(stage.sign_in(INSPECTOR)) == "locked", "the right PIN too"
        keeper = m.Credentials(*KEEPER)
        assert stage.tell(m.UnlockPerson(stage.id(), "1001", keeper)) == m.Ok()
        assert stage.sign_in(INSPECTOR) == m.Ok()
    finally:
        stage.close()


def test_unknown_numbers_go_the_same_way_as_wrong_pins(kept: Stage, mocker) -> None:
    """Not by a stopwatch: the same calls in the same order, with a hash of the same cost."""
    ways = []
    for number in ("1001", "5555"):
        calls = []
        count, matches = LockOut.count, pins.matches

        def counted(self, *a, count=count, calls=calls, **k):
            calls.append("count")
            return count(self, *a, **k)

        def looked(hashed, pin, matches=matches, calls=calls):
            calls.append(("argon2", hashed.split("$")[:4]))
            return matches(hashed, pin)

        mocker.patch.object(LockOut, "count", counted)
        mocker.patch("firmware_app.registry.pin.matches", looked)
        reply = kept.sign_in((number, "395017"))
        ways.append((calls, reply, kept.state.sign_in.phase, kept.state.sign_in.left))
        mocker.stopall()

    assert ways[0] == ways[1]
    assert ways[0][0][0] == "count" and ways[0][0][1][0] == "argon2"


def test_unknown_numbers_are_locked_like_known_ones(kept: Stage) -> None:
    kept.tell(m.UnlockPerson(kept.id(), "1001", m.Credentials(*KEEPER)))
    told = {}
    lock = kept.core._staff._desk._lock_out
    # One in 64 shares its place with the number of another test.
    unknown = next(str(n) for n in range(7000, 8000) if not lock.failures(str(n), known=False))
    for number in ("1001", unknown):
        kept.later(3600)
        kept.sign_in(KEEPER)
        told[number] = [code(kept.sign_in((number, "395017"))) for _ in range(6)]

    assert told["1001"] == told[unknown] == ["wrong"] * 4 + ["locked"] * 2


def test_the_core_turns_while_a_pin_is_looked_at(kept: Stage, mocker) -> None:
    """The thread is held up for as long as it likes: commands are answered, and a second PIN must wait."""
    held: Future[sign_in.Found] = Future()
    desk = kept.core._staff._sign_in
    mocker.patch.object(desk, "_submit", lambda work: held)
    kept.later(15_400)

    command = m.SignIn(kept.id(), *KEEPER)
    assert kept.core._obey(command, kept.now) == m.Working() == kept.core._obey(command, kept.now)
    assert kept.state.sign_in.phase == "checking"
    assert isinstance(kept.core._obey(m.AskHealth(), kept.now), m.Health)
    assert code(kept.core._obey(m.SignIn(kept.id(), *INSPECTOR), kept.now)) == "busy"

    held.set_result(sign_in.Found(True))
    kept.core._staff.turn(kept.now)
    assert kept.core._obey(command, kept.now) == m.Ok()
    assert kept.state.person.number == KEEPER[0]


def test_the_parameters_are_those_of_rfc_9106() -> None:
    """Section 4, second recommended option: t = 3, p = 4, m = 2^16 KiB, 128-bit salt, 256-bit tag."""
    hashed = pins.hashed("271828")

    assert hashed.split("$")[1:4] == pins.NOBODY.split("$")[1:4] == ["argon2id", "v=19", "m=65536,t=3,p=4"]
    assert pins.matches(hashed, "271828") and not pins.matches(hashed, "271829")
    assert not pins.matches("not a hash", "271828") and not pins.matches(pins.NOBODY, "271828")
    assert hashed != pins.hashed("271828"), "a salt of its own"


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("123456", "pin_sequence"),
        ("987654", "pin_sequence"),
        ("890123", "pin_sequence"),
        ("000000", "pin_repeats"),
        ("121212", "pin_repeats"),
        ("123123", "pin_repeats"),
        ("27182", "pin_length"),
        ("2718281828459", "pin_length"),
        ("27182a", "pin_not_digits"),
        ("２７１８２８", "pin_not_digits"),
        ("", "pin_not_digits"),
        ("910013", "pin_number"),
        ("271828", ""),
        ("831274", ""),
    ],
)
def test_which_pins_are_taken(pin: str, why: str) -> None:
    assert pins.refusal(pin, "1001") == why
    assert why == "" or why in pins.WORDS
