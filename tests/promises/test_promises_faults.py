"""Any one call to the disk fails, or all of them from one on: nothing saved is harmed, and work goes on.

The n-th call of SQLite's or Python's to the disk fails with EIO, ENOSPC or EROFS, for every n of a visit with
the first start before it and the receipt behind it. What the person is shown is words; once the disk is well
again the same appliance goes on, and a power cut at that moment finds all that was told.
"""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

import pytest
from promises_disk import Log, Platter, Told
from promises_life import DEVICE, LIFE, Abandoned, Awaits, Clock, Life, OnPaper, examine, lay

from firmware_app.errors import SteelyardError
from firmware_app.ledger import store
from firmware_app.ledger.home import open_ledger
from firmware_app.procedures.prompts import NotSaved

STEPS = (
    "first start",
    "joining the county",
    "calibration",
    "a visit",
    "slip",
    "receipt",
    "confirmation",
    "zero",
)
TRIES = 6
FAULTS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EROFS": errno.EROFS}
LASTING = 1 << 30


def attempt(life: Life, name: str, number: int) -> bool:
    """One try of a step; True where it is done. Whatever else than our words comes out fails the test."""
    try:
        if name != "first start" and life.ledger is None:
            life.start()
        if name == "a visit":
            visit(life, f"v{number}")
        else:
            LIFE[name](life)
    except (SteelyardError, OSError) as error:
        assert str(error), "a failure is told in words"
        if name == "first start":
            life.stop()
        return False
    return True


def visit(life: Life, visit: str) -> None:
    """A visit that may end without being saved, and then says so; the one that is open goes on."""
    visit = life.desk.visit or visit
    try:
        if life.desk.visit is None:
            life.begin(visit)
        life.finish()
    except AssertionError:
        # Only this end is one that a person may be shown.
        state = life.desk.state()
        if state is None or not isinstance(state.prompt, NotSaved):
            raise
        assert state.prompt.reason in ("disk_full", "read_only", "io_error", "busy", "damaged")
        life.tell(Abandoned(visit))
        life.desk.close(visit)
        raise SteelyardError(f"not saved: {state.prompt.reason}") from None


def lead(life: Life) -> None:
    """The steps, each tried again until it is done; a lasting fault ends with the third failure."""
    failures = 0
    for name in STEPS:
        for number in range(TRIES):
            if attempt(life, name, number):
                break
            failures += 1
            if failures == 3:
                life.disk.fault = 0
        else:
            raise AssertionError(f"{name} is not possible although the disk is well again")


def cut(log: Log) -> tuple[dict[str, bytes], list[object]]:
    """The disk with nothing of what was not synced, and what had been told."""
    platter = Platter()
    for event in log.events:
        platter.take(event)
    return platter.after(()), [event.fact for event in log.events if isinstance(event, Told)]


def faults(lives, root, after, fault: int, last, numbers) -> int:
    hits = 0
    for n in numbers:
        with lives(root / f"life-{n}", fault=fault, first=n, last=last(n)) as life:
            lead(life)
            hits += life.disk.hits > 0
            life.disk.fault = 0
        state, facts = cut(life.disk.log)
        lay(after, state)
        with open_ledger(after, clock=Clock(), software="look", device=DEVICE) as ledger:
            not_saved = [fact.visit for fact in facts if isinstance(fact, Abandoned)]
            told_wrongly = [visit for visit in not_saved if ledger.entry_of(visit) is not None]
            assert told_wrongly == [], "what was called not saved is saved"
        # A slip comes out also where the disk cannot keep that it did; of that nothing is promised.
        examine(after, [fact for fact in facts if not isinstance(fact, OnPaper | Awaits)])
    return hits


def calls(lives, root) -> int:
    with lives(root / "whole") as life:
        lead(life)
        return life.disk.calls


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("last", [lambda n: n, lambda n: LASTING], ids=["one call", "all from there on"])
def test_a_disk_that_fails_harms_nothing_that_was_saved(quick, lives, fault, last):
    most = calls(lives, quick)
    assert most > 150

    hits = faults(lives, quick, quick / "after", FAULTS[fault], last, range(3, most, 23))

    assert hits > 3


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("last", [lambda n: n, lambda n: LASTING], ids=["one call", "all from there on"])
def test_whichever_call_fails_nothing_that_was_saved_is_harmed(quick, lives, fault, last, capsys):
    most = calls(lives, quick)

    hits = faults(lives, quick, quick / "after", FAULTS[fault], last, range(1, most + 1))

    with capsys.disabled():
        print(f"\n{fault}: {most} calls, {hits} runs in which the fault was met")
    assert hits > most // 3


def held(root) -> list[str]:
    """The files below ``root`` that this process holds open."""
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the handle that listed the directory
            found.append(handle.readlink())
    return [str(each) for each in found if each.is_relative_to(root)]


def test_an_opening_that_fails_leaves_no_file_open(quick, lives):
    """Given each call of the first opening fails, then nothing is held although the failure still is."""
    with lives(quick / "whole") as life:
        life.start()
        most = life.disk.calls
    failed = 0
    for n in range(1, most + 1):
        root = quick / f"life-{n}"
        with lives(root, fault=errno.EIO, first=n, last=LASTING) as life:
            try:
                life.start()
            except SteelyardError as failure:
                failed += 1
                life.stop()
                assert held(root) == [], f"call {n}: {failure}"

    assert failed > most // 2


def test_the_proof_fails_where_the_log_is_copied_back_within_the_commit(quick, lives, monkeypatch):
    """Given SQLite's own checkpoint within a commit, then a failing one calls a saved entry not saved."""

    class Within:
        def __init__(self, connection):
            self.pages = 0
            connection.wal_autocheckpoint(3)

        def copy(self):
            return None

    monkeypatch.setattr(store, "Copying", Within)
    most = calls(lives, quick)

    with pytest.raises(AssertionError, match="what was called not saved is saved"):
        faults(lives, quick, quick / "after", errno.EIO, lambda n: n, range(most // 2, most))
