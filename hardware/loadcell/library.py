"""HX711 read by the PyPI package hx711, in a process that is ended and replaced when it hangs.

Rules this file obeys:

* The package is never called from here: a child runs it and tells what it does (library_process.py); every
  wait for it is bounded, every line of it is checked.
* What the package hides is said: a value it would lose (0, -1), one it would retry for ever (saturation), a
  read broken off, a read inside a read, a line that is dead.
* A value counts only where its time says that the burst met one conversion and no other (polled.py); the
  package looks every 10 ms, which is why only 10 conversions a second can be read with it.
* Nothing weighed with it may decide a legal question: see UNFIT.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Self

import msgspec

from hardware.loadcell import hx711, library_process
from hardware.loadcell.clock import SECOND, Clock, MonotonicClock
from hardware.loadcell.contract import BadOption, DriverUnavailable, Fault, LoadCellError, Sample
from hardware.loadcell.library_child import Child, ChildEnded, ChildProcess
from hardware.loadcell.library_process import Event, Failed, Opened, Read, Word
from hardware.loadcell.options import take
from hardware.loadcell.polled import Follower, Look

UNFIT = (
    "the package hx711 is clocked by a program that can be pushed aside, and retries what went wrong without "
    "saying so: a pulse that was lost or doubled gives a wrong value that nothing shows"
)
"""Why no legal verdict may rest on this driver."""

ANSWER_NS = 800_000_000
"""read() answers within this, so that it stays below the promised second also when it ends a child."""
HANG_NS = 2 * SECOND
"""A child that is silent for longer is ended: the longest read without a report takes 0.41 s (40 looks)."""
START_NS = 10 * SECOND
"""From the start of a child to its first word: the imports, on a slow card."""
BACK_OFF_NS = tuple(SECOND * tenths // 10 for tenths in (2, 5, 10, 20, 50, 100))
AHEAD_NS = SECOND // 10
"""No report can be from later than this; what is, is no report."""
Gpio = Annotated[int, msgspec.Meta(ge=0, le=27)]
"""BCM number of a GPIO on the 40-pin header."""


class LibraryOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of this driver.

    ``clock_gpio``, ``data_gpio``: GPIO numbers (BCM) of PD_SCK and DOUT, any two; best one that is pulled
    down after reset (9 … 27) and one that is pulled up (0 … 8). ``rate_hz``: 10 only.
    """

    clock_gpio: Gpio = 13
    data_gpio: Gpio = 6
    rate_hz: Literal[10, 80] = 10
    gain: Literal[32, 64, 128] = 128


def follow(follower: Follower, read: Read) -> list[Sample]:
    """The Samples that may go out after one report of the child."""
    if read.word is Word.NOT_READY or read.seen_ns is None:
        follower.stuck_low = False
        follower.absent()
        return []
    seen_ns = read.seen_ns
    look = Look(seen_ns if read.quiet_ns is None else read.quiet_ns, seen_ns, read.end_ns)
    return follower.follow(look, read.code, _faults(read))


def _faults(read: Read) -> tuple[Fault, ...]:
    """The faults of one read by itself."""
    if read.word is Word.SLOW:
        return (Fault.SLOW_CLOCK,)
    if read.word is Word.SATURATED and not read.nested:
        return (Fault.OVERLOAD,) if read.code == hx711.OVERLOAD_CODE else (Fault.UNDERLOAD,)
    # A dead line reads 0 or -1 too, and the package never looks at DOUT after the data: neither is believed.
    if read.nested or read.low_after or read.quiet_ns is None or read.code in (None, 0, -1):
        return (Fault.BAD_TRANSFER,)
    assert read.code is not None
    in_range = -(1 << 23) < read.code < (1 << 23) - 1
    return () if in_range else (Fault.BAD_TRANSFER,)


class LibraryLoadCell:
    """One HX711 read by the package; ``start`` makes a child, ``clock`` is that of this machine.

    >>> with open_driver({"clock_gpio": 13, "data_gpio": 6}) as cell:      # doctest: +SKIP
    ...     print(cell.read().counts)
    """

    unfit = UNFIT

    def __init__(self, start: Callable[[], Child], clock: Clock, options: LibraryOptions) -> None:
        self.rate_hz: float = float(options.rate_hz)
        self.gain: int = options.gain
        self.replaced = 0
        self._start = start
        self._clock = clock
        self._follower = Follower(self.rate_hz)
        self._out: deque[Sample] = deque()
        self._failures = 0
        self._next_start_ns = 0
        self._patience_ns = START_NS
        self._heard_ns = clock.now_ns()
        self._last_ns = 0
        self._closed = False
        self._child: Child | None = start()
        self._wait_for_first_word()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child, which leaves PD_SCK low if it still can; may be called twice."""
        self._closed = True
        if self._child is not None:
            self._child.end()
            self._child = None

    def read(self) -> Sample:
        """The next conversion, or within a second why there is none.

        Raises DriverUnavailable where the package cannot be used at all, LoadCellError after close().
        """
        if self._closed:
            raise LoadCellError("library: the driver is closed: open it again to read")
        deadline_ns = self._clock.now_ns() + ANSWER_NS
        while not self._out and (now_ns := self._clock.now_ns()) < deadline_ns:
            self._take(self._next_event(now_ns, deadline_ns))
        if self._out:
            sample = self._out.popleft()
            self._failures = self._failures if sample.faults else 0
            return sample
        fault = Fault.NOT_A_CHIP if self._follower.stuck_low else Fault.DISCONNECTED
        self._follower.absent()
        return Sample(self._clock.now_ns(), None, (fault,))

    # ------------------------------------------------------------------------------------------- inside

    def _wait_for_first_word(self) -> None:
        """Learns at once, where it can, that the package does not run here; raises DriverUnavailable."""
        now_ns = self._clock.now_ns()
        event = self._next_event(now_ns, now_ns + ANSWER_NS)
        if isinstance(event, Failed):
            self.close()
        self._take(event)

    def _take(self, event: Event | None) -> None:
        if isinstance(event, Failed):
            raise DriverUnavailable(f"library: {event.words}")
        if isinstance(event, Opened):
            self._patience_ns = HANG_NS
        if isinstance(event, Read):
            self._out.extend(follow(self._follower, event))

    def _next_event(self, now_ns: int, deadline_ns: int) -> Event | None:
        """What the child says until the deadline; one that hangs or lies is replaced."""
        if self._child is None:
            self._clock.sleep_until(min(self._next_start_ns, deadline_ns))
            if self._clock.now_ns() >= self._next_start_ns:
                self._child = self._start()
                self._patience_ns = START_NS
                self._heard_ns = self._clock.now_ns()
            return None
        until_ns = min(deadline_ns, self._heard_ns + self._patience_ns)
        try:
            event = self._child.next_event((until_ns - now_ns) / SECOND)
            self._check_time(event)
        except ChildEnded:
            self._replace()
            return None
        if event is not None:
            self._heard_ns = self._clock.now_ns()
        elif self._clock.now_ns() - self._heard_ns >= self._patience_ns:
            self._replace()
        return event

    def _check_time(self, event: Event | None) -> None:
        if isinstance(event, Read):
            if not self._last_ns <= event.end_ns <= self._clock.now_ns() + AHEAD_NS:
                raise ChildEnded("library: the process of hx711 told of a time that cannot be")
            self._last_ns = event.end_ns

    def _replace(self) -> None:
        """Ends the child; the next one starts after a pause that grows while none has read anything."""
        if self._child is not None:
            self._child.end()
            self._child = None
        self.replaced += 1
        self._follower.absent()
        pause_ns = BACK_OFF_NS[min(self._failures, len(BACK_OFF_NS) - 1)]
        self._failures += 1
        self._next_start_ns = self._clock.now_ns() + pause_ns


def _take(options: Mapping[str, object]) -> LibraryOptions:
    taken = take(LibraryOptions, options, "library")
    if taken.clock_gpio == taken.data_gpio:
        raise BadOption(f"library: clock_gpio and data_gpio are both {taken.data_gpio}: they are two pins")
    if taken.rate_hz != 10:
        raise BadOption(
            "library: option rate_hz: the package looks for a conversion every 10 ms only and would mix two "
            "of them at 80 a second: connect RATE to GND and give 10, or use the driver spi"
        )
    return taken


def command(options: LibraryOptions) -> list[str]:
    """The command that starts a child for these options."""
    pins = ["--dout", str(options.data_gpio), "--sck", str(options.clock_gpio), "--gain", str(options.gain)]
    return [sys.executable, "-m", library_process.__name__, *pins]


def check_options(options: Mapping[str, object]) -> None:
    """Raises BadOption where ``open_driver`` would; opens nothing."""
    _take(options)


def open_driver(options: Mapping[str, object]) -> LibraryLoadCell:
    """Opens the HX711 on two GPIO pins with the package hx711; raises BadOption or DriverUnavailable."""
    taken = _take(options)
    return LibraryLoadCell(lambda: ChildProcess(command(taken)), MonotonicClock(), taken)
