"""The power goes behind every operation of a life: what people were told still holds afterwards.

Each cut is tried with the unsynced operations lost, kept, torn and reordered as promises_disk says; the
appliance is started on each disk that may be left, and `examine` holds it against what was told before.
"""

from __future__ import annotations

import os

import pytest
from promises_disk import Log, Told, Write, selections, states, tears
from promises_life import LIFE, Broken, examine, lay

from firmware_app import durable
from firmware_app.ledger import store

CHECK_EVERY = 40
"""Every so many-th disk is also exported and given to the independent checker."""


def lead(lives, root) -> Log:
    """A whole life, and what its disk was asked to do."""
    with lives(root) as life:
        for step in LIFE.values():
            step(life)
    return life.disk.log


def cut_everywhere(log: Log, root, check, *, every: bool, stride: int = 1) -> int:
    """Examines every disk that a cut may leave, or every so many-th; gives the number there is."""
    facts: list[object] = []
    passed = number = 0
    for number, (at, state) in enumerate(states(log, every=every), 1):
        facts += [event.fact for event in log.events[passed:at] if isinstance(event, Told)]
        passed = at
        if number % stride:
            continue
        lay(root, state)
        examine(root, facts)
        if number % CHECK_EVERY == 0:
            check(root)
    return number


def test_no_power_cut_breaks_a_promise(quick, lives, independent):
    log = lead(lives, quick / "life")

    assert cut_everywhere(log, quick / "after", independent, every=False, stride=4) > 700


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_power_cut_breaks_a_promise_however_the_disk_tears_and_reorders(quick, lives, independent, capsys):
    log = lead(lives, quick / "life")

    number = cut_everywhere(log, quick / "after", independent, every=True)

    with capsys.disabled():
        print(f"\n{len(log.events)} events, {number} disks after a cut")
    assert number > 3000


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_second_cut_while_the_first_is_being_recovered_breaks_no_promise(quick, lives, independent, capsys):
    """Given every 25th disk of the full enumeration, then its recovery is cut everywhere as well."""
    log = lead(lives, quick / "life")
    facts: list[object] = []
    passed = total = 0
    for number, (at, state) in enumerate(states(log, every=True)):
        facts += [event.fact for event in log.events[passed:at] if isinstance(event, Told)]
        passed = at
        if number % 25:
            continue
        lay(quick / "again", state)
        with lives(quick / "again") as life:
            life.disk.log.begin(state)
            before = len(life.disk.log.events)
            life.start("after")
            life.stop()
        known = list(facts)
        for cut, left in states(life.disk.log, every=False):
            if cut <= before:
                continue
            lay(quick / "after", left)
            examine(quick / "after", known)
            total += 1
    with capsys.disabled():
        print(f"\n{total} disks after a second cut")
    assert total > 1000


# ------------------------------------------------------------- the proof fails without the mechanisms


def _without_fsync(monkeypatch):
    """A file's bytes are not synced before it takes its name."""

    class Os:
        def __getattr__(self, name):
            return getattr(os, name)

        def fsync(self, handle):
            return None

    monkeypatch.setattr(durable, "os", Os())


def _without_directory_sync(monkeypatch):
    monkeypatch.setattr(durable, "sync_directory", lambda directory: None)


def _in_place(monkeypatch):
    """A file is written over, as ``Path.write_bytes`` does."""
    monkeypatch.setattr(durable, "write", lambda path, data, mode=0: path.write_bytes(data))


def _leftovers_stay(monkeypatch):
    """What an earlier writer left is not cleared, as before `durable` there was nothing that did."""
    monkeypatch.setattr(durable, "clear_parts", lambda path: None)


def _synchronous_normal(monkeypatch):
    """SQLite syncs its log at checkpoints only."""

    def opened(path, vfs=None, real=store.open_for_writing):
        connection = real(path, vfs)
        connection.pragma("synchronous", 1)
        return connection

    monkeypatch.setattr(store, "open_for_writing", opened)


def _outcome_and_visit_apart(monkeypatch):
    """The outcome is one transaction and the end of the visit another."""

    def append(ledger, kind, body, *, visit=None, real=store.Ledger.append):
        entry = real(ledger, kind, body)
        if visit is not None:
            ledger.drop_visit(visit)
        return entry

    monkeypatch.setattr(store.Ledger, "append", append)


@pytest.mark.parametrize(
    "mechanism_out",
    [
        _without_fsync,
        _without_directory_sync,
        _in_place,
        _leftovers_stay,
        _synchronous_normal,
        _outcome_and_visit_apart,
    ],
)
def test_the_proof_fails_where_a_mechanism_is_taken_out(
    quick, lives, independent, monkeypatch, mechanism_out
):
    with monkeypatch.context() as without:
        mechanism_out(without)
        log = lead(lives, quick / "life")
        with pytest.raises(Exception) as found:
            cut_everywhere(log, quick / "after", independent, every=False)
    assert not isinstance(found.value, MemoryError | RecursionError)


# ------------------------------------------------------------------------------ the disk of the proof


def test_the_disk_loses_tears_and_reorders():
    """Given two unsynced writes, then each may be there alone, and the second in part."""
    log = Log()
    log.named(".", ("a", log.new_file()))
    log.add(Write(0, 0, b"x" * 1024))
    log.add(Write(0, 1024, b"y" * 1024))

    found = {state.get("a") for _, state in states(log, every=True)}

    assert {None, b"", b"x" * 1024, bytes(1024) + b"y" * 1024, b"x" * 1024 + b"y" * 512} <= found


def test_a_write_is_torn_at_sectors_and_pages_and_nowhere_else():
    parts = list(tears(Write(0, 4000, b"z" * 5000), every=True))

    cuts = {part.offset for part in parts} - {4000}
    assert cuts >= {4096, 8192}
    assert all(cut % 512 == 0 for cut in cuts)


def test_of_few_operations_every_selection_is_tried():
    writes = [Write(number, 0, b"x") for number in range(6)]

    assert len(set(selections(writes, every=True))) == 2**6


def test_the_life_has_everything_that_may_be_cut():
    assert {"first start", "joining the county", "update", "calibration again", "power-down"} <= set(LIFE)
    assert issubclass(Broken, AssertionError)
