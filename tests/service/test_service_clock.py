"""How far the time may be believed: by the kernel's word, a battery, or not at all."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import open_ledger
from firmware_app.service.clock import NEVER_BEFORE_S, SystemClock, kernel_disciplined
from firmware_app.service.watches.clock import ClockWatch


@pytest.fixture
def machine(tmp_path):
    """A machine whose kernel and battery-backed clock say what a test wants."""

    class Machine:
        disciplined = False
        run = tmp_path / "run"

        def boots(self, boot: str) -> None:
            path = tmp_path / "proc/sys/kernel/random/boot_id"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(boot + "\n")

        def rtc(self, hctosys: str, since_epoch: float) -> None:
            rtc = tmp_path / "sys/class/rtc/rtc0"
            rtc.mkdir(parents=True, exist_ok=True)
            (rtc / "hctosys").write_text(hctosys + "\n")
            (rtc / "since_epoch").write_text(f"{int(since_epoch)}\n")

        def clock(self) -> SystemClock:
            return SystemClock(
                "Asia/Shanghai", run_dir=self.run, root=tmp_path, disciplined=lambda: self.disciplined
            )

    machine = Machine()
    machine.run.mkdir()
    machine.boots("boot-1")
    return machine


def test_nobody_vouches_for_a_clock_that_nobody_set(machine):
    assert machine.clock().quality() == "unsynchronised"


def test_the_kernels_word_counts_whoever_told_it(machine):
    clock = machine.clock()
    machine.disciplined = True
    assert clock.quality() == "synchronised"


def test_a_clock_once_set_runs_on_in_the_same_start_also_for_a_new_process(machine):
    machine.disciplined = True
    assert machine.clock().quality() == "synchronised"
    machine.disciplined = False
    assert machine.clock().quality() == "battery"

    machine.boots("boot-2")
    assert machine.clock().quality() == "unsynchronised"


@pytest.mark.parametrize(
    ("hctosys", "off_s", "quality"),
    [
        ("1", 0, "battery"),
        ("1", 200, "battery"),
        ("0", 0, "unsynchronised"),  # there, but this start did not take its time from it
        ("1", -400, "unsynchronised"),  # says another time than the machine
        ("", 0, "unsynchronised"),
    ],
)
def test_a_battery_counts_if_it_gave_this_start_its_time(machine, hctosys, off_s, quality):
    machine.rtc(hctosys, time.time() + off_s)
    assert machine.clock().quality() == quality


def test_a_clock_whose_battery_is_flat_is_none(machine, monkeypatch):
    machine.rtc("1", NEVER_BEFORE_S - 10**7)
    clock = machine.clock()
    monkeypatch.setattr(SystemClock, "now", lambda _self: _Then())

    assert clock.quality() == "unsynchronised"


class _Then:
    def timestamp(self) -> float:
        return NEVER_BEFORE_S - 10**7


def test_the_kernel_says_what_adjtimex_says():
    """Against an independent asker where there is one; that it answers at all where there is none."""
    try:
        shown = subprocess.run(["adjtimex", "--print"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        assert kernel_disciplined() in (True, False)
        return
    status = int(next(line for line in shown.splitlines() if "status" in line).split()[-1])
    assert kernel_disciplined() == (not status & 0x40)


def test_the_real_machine_has_a_start_and_an_uptime():
    if not Path("/proc/sys/kernel/random/boot_id").exists():
        pytest.skip("no Linux")
    clock = SystemClock("Asia/Shanghai")
    assert len(clock.boot) == 36
    assert clock.uptime_ns() > 0
    assert clock.now().utcoffset().total_seconds() == 8 * 3600


# ----------------------------------------------------------------------------------- the audit trail


class Turned:
    """A clock that a test turns."""

    boot = "5f0c9a52-0000-4000-8000-000000000001"

    def __init__(self) -> None:
        self.wall, self.up_ns = datetime(2026, 3, 1, 8, 0, tzinfo=UTC), 10**12

    def now(self) -> datetime:
        return self.wall

    def quality(self) -> str:
        return "battery"

    def uptime_ns(self) -> int:
        return self.up_ns

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.up_ns += int(seconds * 1e9)


@pytest.fixture
def turned(tmp_path):
    clock = Turned()
    with open_ledger(tmp_path / "data", clock=clock, software="s") as ledger:
        yield clock, ledger


def steps(ledger) -> list[dict]:
    return [entry.payload.body for entry in ledger.of_kind("clock_step", 0)]


def test_a_step_while_the_core_runs_is_in_the_trail(turned):
    clock, ledger = turned
    watch = ClockWatch(ledger, clock)
    for _ in range(20):
        clock.passes(0.05)
        watch.turn()
    assert steps(ledger) == []

    clock.wall -= timedelta(hours=1)
    clock.passes(0.05)
    watch.turn()

    (step,) = steps(ledger)
    assert step["step_s"] == -3600.0 and step["across"] is False


def test_a_clock_that_lost_the_time_over_a_power_cut_is_in_the_trail_once(turned):
    clock, ledger = turned
    clock.boot, clock.up_ns = "another", 5 * 10**9
    clock.wall = datetime(2026, 1, 1, tzinfo=UTC)

    ClockWatch(ledger, clock).start()
    ledger.append("start", {})
    ClockWatch(ledger, clock).start()

    (step,) = steps(ledger)
    assert step["across"] is True and step["step_s"] < -86400 * 50


def test_a_full_disk_stops_no_core(turned, monkeypatch):
    clock, ledger = turned
    watch = ClockWatch(ledger, clock)
    watch.turn()
    clock.wall += timedelta(hours=1)
    monkeypatch.setattr(ledger, "append", lambda *_: (_ for _ in ()).throw(StoreFailed("disk_full", "x")))

    watch.turn()
