"""What a program can do so that nothing comes between two of its lines: priority, memory, no pause of Python.

Rules this file obeys:

* Everything is tried, and what the system does not allow is said with its remedy; nothing is required.
* Python's pauses (garbage collection, handing over to another thread) are held off for a burst only.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PRIORITY = 40
"""Of SCHED_FIFO: below 50, at which the kernel's own interrupt threads run, which bring the edges."""
MCL_CURRENT = 1
"""What is mapped now, sys/mman.h. What comes later is not locked: under a limit it would fail to be had."""
HAND_OVER_S = 1.0
"""How long another thread waits for the interpreter during a burst."""
USUAL_S = sys.getswitchinterval()
"""… and at all other times. Not what was found before a burst: that may be another thread's burst."""


def claim() -> tuple[str, ...]:
    """Raises this thread and those it will start to SCHED_FIFO, locks its memory; says what was refused."""
    refused = []
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError as error:
        refused.append(
            f"the scheduling class SCHED_FIFO is not allowed ({error.strerror}), so other programs can come "
            f"between: give the service LimitRTPRIO={PRIORITY}"
        )
    try:
        failed = ctypes.CDLL(None, use_errno=True).mlockall(MCL_CURRENT)
        reason = os.strerror(ctypes.get_errno()) if failed else ""
    except (AttributeError, OSError):
        reason = "the C library has no mlockall"
    if reason:
        refused.append(
            f"memory cannot be locked ({reason}), so a page may have to be fetched from the card: "
            "give the service LimitMEMLOCK=infinity"
        )
    return tuple(refused)


def release() -> None:
    """Takes back what ``claim`` raised."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).munlockall()


@contextmanager
def undisturbed() -> Iterator[None]:
    """No garbage is collected and no other Python thread is let in while this lasts."""
    collecting = gc.isenabled()
    gc.disable()
    sys.setswitchinterval(HAND_OVER_S)
    try:
        yield
    finally:
        sys.setswitchinterval(USUAL_S)
        if collecting:
            gc.enable()
