"""A stub of RPi.GPIO wired to simulated chips: libraries for the Raspberry Pi run on it anywhere, unmodified.

Rules this file obeys:

* It has the names of RPi.GPIO that HX711 libraries use, and no others: what else one asks for is an
  AttributeError, as a typing mistake would be.
* Time is that of the clock passed in; while installed, ``time.sleep`` and the clocks of the module ``time``
  are that time too. Every call costs what it is told to cost, so a busy loop comes to an end.
* Every rising edge of PD_SCK is counted, and every high phase measured.
* ``uninstall`` leaves no trace: neither the stub nor a module that has taken hold of it stays imported.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Self

import msgspec

from hardware.loadcell.clock import SECOND, Clock
from hardware.loadcell.simulated_chip import SimulatedChip

CALL_NS = 5_000
"""Cost of one call: PD_SCK high, low and DOUT read take about 15 µs with RPi.GPIO on a Pi."""
TIME_CALL_NS = 500
OVERSLEEP_NS = 80_000
"""How much longer than asked a sleep lasts on an idle Linux (timer slack 50 µs and the way back)."""


class Edge(msgspec.Struct, frozen=True):
    """One edge that a library makes: the ``number`` of its pulse (from 1), the new ``level``, when."""

    pin: int
    number: int
    level: int
    at_ns: int


class OutOfTime(BaseException):
    """The time given to the library is over; no ``except Exception`` of its own catches it."""


class PacedClock:
    """Virtual time that does not run ahead of the machine's: what is slept is waited for.

    It begins at the machine's monotonic time, so that both can be compared.
    """

    def __init__(self) -> None:
        self._now_ns = time.monotonic_ns()
        self._monotonic_ns, self._sleep = time.monotonic_ns, time.sleep

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until(self, at_ns: int) -> None:
        asleep_ns = at_ns - self._now_ns
        self._now_ns = max(self._now_ns, at_ns)
        ahead_ns = self._now_ns - self._monotonic_ns()
        if asleep_ns > SECOND // 1000 and ahead_ns > 0:
            self._sleep(ahead_ns / SECOND)


class Board:
    """The pins of one Raspberry Pi with chips on them; made by ``install``.

    ``clocks``: rising edges by output pin. ``longest_high_ns``: of all high phases. ``calls``: of all kinds.
    """

    BCM, OUT, IN, HIGH, LOW = 11, 0, 1, 1, 0

    def __init__(
        self,
        chips: Mapping[int, SimulatedChip] | SimulatedChip,
        clock: Clock,
        *,
        clocked_by: Mapping[int, int] | None = None,
        call_ns: int | Callable[[str], int] = CALL_NS,
        stall: Callable[[Edge], int] | None = None,
        until_ns: int | None = None,
    ) -> None:
        self.clocks: Counter[int] = Counter()
        self.calls: Counter[str] = Counter()
        self.longest_high_ns = 0
        self._chips = chips
        self._clock = clock
        self._clocked_by = clocked_by or {}
        self._call_ns = call_ns
        self._stall = stall
        self._until_ns = until_ns
        self._levels: dict[int, int] = {}
        self._risen_ns: dict[int, int] = {}
        self._modes: dict[int, int] = {}
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.uninstall()

    def uninstall(self) -> None:
        """Takes the stub away again; may be called twice."""
        while self._undo:
            self._undo.pop()()

    # ---------------------------------------------------------------------------- what the libraries call

    def setmode(self, mode: int) -> None:
        self._pass("setmode")
        if mode != self.BCM:
            raise ValueError("An invalid mode was passed to setmode()")

    def setup(self, pins: int | list[int] | tuple[int, ...], mode: int, **_: object) -> None:
        self._pass("setup")
        for pin in [pins] if isinstance(pins, int) else pins:
            self._modes[pin] = mode

    def output(self, pin: int, level: int | bool) -> None:
        self._pass("output")
        if self._modes.get(pin) != self.OUT:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        at_ns, high = self._clock.now_ns(), int(bool(level))
        if high == self._levels.get(pin, 0):
            return
        self._levels[pin] = high
        if high:
            self.clocks[pin] += 1
            self._risen_ns[pin] = at_ns
        else:
            self.longest_high_ns = max(self.longest_high_ns, at_ns - self._risen_ns[pin])
        for chip in self._chips_clocked_by(pin):
            chip.set_sck(high, at_ns)
        if self._stall is not None:
            self._spend(self._stall(Edge(pin, self.clocks[pin], high, at_ns)))

    def input(self, pin: int) -> int:
        self._pass("input")
        if pin not in self._modes:
            raise RuntimeError("You must setup() the GPIO channel first")
        chip = self._chips if isinstance(self._chips, SimulatedChip) else self._chips.get(pin)
        return 1 if chip is None else chip.dout(self._clock.now_ns())

    def cleanup(self, *_: object) -> None:
        self._pass("cleanup")
        self._modes.clear()

    # --------------------------------------------------------------------------------------------- inside

    def _chips_clocked_by(self, pin: int) -> list[SimulatedChip]:
        if isinstance(self._chips, SimulatedChip):
            return [self._chips]
        return [chip for dout, chip in self._chips.items() if self._clocked_by.get(dout, pin) == pin]

    def _pass(self, call: str) -> None:
        self.calls[call] += 1
        self._spend(self._call_ns if isinstance(self._call_ns, int) else self._call_ns(call))

    def _spend(self, duration_ns: int) -> None:
        self._clock.sleep_until(self._clock.now_ns() + duration_ns)
        if self._until_ns is not None and self._clock.now_ns() >= self._until_ns:
            raise OutOfTime

    def _time_ns(self) -> int:
        self._spend(TIME_CALL_NS)
        return self._clock.now_ns()

    def _time_s(self) -> float:
        return self._time_ns() / SECOND

    def _sleep(self, seconds: float) -> None:
        self._spend(round(seconds * SECOND) + OVERSLEEP_NS)

    def put_in(self) -> None:
        """Becomes ``RPi.GPIO`` and the time of this process until ``uninstall``."""
        names = ("BCM", "OUT", "IN", "HIGH", "LOW", "setmode", "setup", "output", "input", "cleanup")
        package, stub = ModuleType("RPi"), ModuleType("RPi.GPIO")
        for name in names:
            setattr(stub, name, getattr(self, name))
        package.__dict__["GPIO"] = stub
        for name, module in (("RPi", package), ("RPi.GPIO", stub)):
            before = sys.modules.get(name)
            sys.modules[name] = module
            self._undo.append(partial(_restore_module, name, before))
        self._undo.append(lambda: _forget_users_of(stub))
        now_ns, now_s = self._time_ns, self._time_s
        for name in ("monotonic", "perf_counter", "time"):
            self._replace(name, now_s)
            self._replace(f"{name}_ns", now_ns)
        self._replace("sleep", self._sleep)

    def _replace(self, name: str, function: Callable[..., object]) -> None:
        before = getattr(time, name)
        setattr(time, name, function)
        self._undo.append(lambda: setattr(time, name, before))


def _restore_module(name: str, before: ModuleType | None) -> None:
    if before is None:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = before


def _forget_users_of(stub: ModuleType) -> None:
    for name, module in list(sys.modules.items()):
        if name != "RPi" and getattr(module, "__dict__", {}).get("GPIO") is stub:
            del sys.modules[name]


def install(
    chips: Mapping[int, SimulatedChip] | SimulatedChip,
    clock: Clock,
    *,
    clocked_by: Mapping[int, int] | None = None,
    call_ns: int | Callable[[str], int] = CALL_NS,
    stall: Callable[[Edge], int] | None = None,
    until_ns: int | None = None,
) -> Board:
    """Puts a stub ``RPi.GPIO`` in place for this process; import the library after it.

    ``chips``: one that answers on every pin, or each by the pin of its DOUT. ``clocked_by``: the pin of
    PD_SCK by that of DOUT, where not every output clocks every chip. ``call_ns``: cost of one call, spent
    before it has its effect; or a function from the name of the call to it.
    ``stall``: nanoseconds lost just after an edge (a program pushed aside). ``until_ns``: OutOfTime is raised
    then, which ends a library that loops for ever.

    >>> from hardware.loadcell.clock import VirtualClock
    >>> with install(SimulatedChip(lambda *_: 4116, lambda: 95_000_000), VirtualClock()) as board:
    ...     import RPi.GPIO as GPIO
    ...     GPIO.setmode(GPIO.BCM)
    ...     GPIO.setup(5, GPIO.IN)
    ...     GPIO.input(5)
    1
    """
    board = Board(chips, clock, clocked_by=clocked_by, call_ns=call_ns, stall=stall, until_ns=until_ns)
    board.put_in()
    return board
