"""What is asked of the system for a burst, what is said where it refuses, and the bell between threads."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from hardware.loadcell import realtime
from hardware.loadcell.clock import SECOND, MonotonicClock
from hardware.loadcell.gpio_pins import ThreadBell


def refuse(*_args):
    raise PermissionError(1, "Operation not permitted")


def test_what_the_system_refuses_is_said_with_the_remedy(monkeypatch):
    monkeypatch.setattr(realtime.os, "sched_setscheduler", refuse)
    monkeypatch.setattr(realtime.ctypes, "CDLL", lambda *_, **__: SimpleNamespace(mlockall=lambda _: -1))
    monkeypatch.setattr(realtime.ctypes, "get_errno", lambda: 12)

    scheduling, memory = realtime.claim()

    assert "SCHED_FIFO is not allowed (Operation not permitted)" in scheduling
    assert "LimitRTPRIO=40" in scheduling
    assert "memory cannot be locked (Cannot allocate memory)" in memory and "LimitMEMLOCK" in memory


def test_a_system_without_either_is_no_hindrance(monkeypatch):
    monkeypatch.setattr(realtime.os, "sched_setscheduler", refuse)
    monkeypatch.setattr(realtime.ctypes, "CDLL", lambda *_, **__: SimpleNamespace())

    assert "no mlockall" in realtime.claim()[1]
    realtime.release()


def test_claimed_is_claimed_and_given_back():
    """In a process of its own: what this machine allows is had, what it does not is said."""
    script = (
        "import os; from hardware.loadcell import realtime as r; said = r.claim();"
        "fifo = os.sched_getscheduler(0) == os.SCHED_FIFO; r.release();"
        "other = os.sched_getscheduler(0) == os.SCHED_OTHER;"
        "print(fifo, any('SCHED_FIFO' in words for words in said), other)"
    )

    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert out.split() in (["True", "False", "True"], ["False", "True", "True"])


@pytest.mark.parametrize("collecting", [True, False])
def test_python_pauses_are_held_off_and_come_back_as_they_were(collecting):
    before = sys.getswitchinterval()
    (gc.enable if collecting else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), realtime.undisturbed():
            assert not gc.isenabled()
            assert sys.getswitchinterval() == realtime.HAND_OVER_S
            _ = 1 / 0
        assert gc.isenabled() is collecting
        assert sys.getswitchinterval() == before
    finally:
        gc.enable()


def test_the_bell_wakes_at_once_and_waits_no_longer_than_asked():
    clock = MonotonicClock()
    bell = ThreadBell(clock)
    ringer = threading.Timer(0.05, bell.ring)
    ringer.start()

    begun = time.monotonic()
    bell.wait(clock.now_ns() + 10 * SECOND)
    assert time.monotonic() - begun < 5

    begun = time.monotonic()
    bell.wait(clock.now_ns() + SECOND // 50)
    assert 0.015 < time.monotonic() - begun < 5
    bell.wait(clock.now_ns() - 1)


def test_a_ring_before_the_wait_is_not_lost():
    clock = MonotonicClock()
    bell = ThreadBell(clock)
    bell.ring()

    begun = time.monotonic()
    bell.wait(clock.now_ns() + 10 * SECOND)

    assert time.monotonic() - begun < 5
