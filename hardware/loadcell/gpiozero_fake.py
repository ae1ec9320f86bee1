"""gpiozero pins that are wired to a simulated HX711 in virtual time: one is PD_SCK, one is DOUT.

Rules this file obeys:

* It is a pin factory of gpiozero's own making (MockFactory), so a driver meets gpiozero as it is.
* It shares no constant with a driver. Every call costs what the bench says, before and after the moment at
  which the wire moves or is looked at, and can be pushed apart there for any time.
* A falling edge is stamped at its own nanosecond, as the kernel does, and told only while somebody waits for
  it, as a Python thread would be that is kept from the interpreter.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from gpiozero.pins.mock import MockFactory, MockPin

from hardware.loadcell.clock import VirtualClock
from hardware.loadcell.simulated_chip import SimulatedChip


class Moment(enum.StrEnum):
    """Where a program can be pushed aside: around a rise of PD_SCK, a fall of it, or a look at DOUT."""

    BEFORE_RISE = "before_rise"
    AFTER_RISE = "after_rise"
    BEFORE_FALL = "before_fall"
    AFTER_FALL = "after_fall"
    BEFORE_LOOK = "before_look"
    AFTER_LOOK = "after_look"


class Costs(msgspec.Struct, frozen=True):
    """Nanoseconds: of a write before and after the wire moves, of a look at DOUT, until an edge is told."""

    before_ns: int = 5_000
    after_ns: int = 3_000
    look_ns: int = 6_000
    tell_ns: int = 300_000


Meddle = Callable[[Moment, int], int]
"""(moment, time in ns) → for how many nanoseconds the program is pushed aside there."""


class Bench:
    """The chip, its two wires and the machine that drives them; also the bell its driver waits for.

    ``meddle`` decides every pause; it is asked at each moment of each call. ``pulses`` counts the rises of
    PD_SCK.
    """

    def __init__(
        self,
        chip: SimulatedChip,
        clock: VirtualClock,
        *,
        clock_gpio: int,
        data_gpio: int,
        costs: Costs | None = None,
        meddle: Meddle | None = None,
    ) -> None:
        self.chip = chip
        self.clock = clock
        self.clock_gpio = clock_gpio
        self.data_gpio = data_gpio
        self.costs = costs or Costs()
        self.meddle = meddle
        self.pulses = 0
        self.listener: ChipPin | None = None
        self._level = chip.dout(clock.now_ns())
        self._fallen: deque[int] = deque()

    def pass_time(self, duration_ns: int) -> None:
        """Lets time pass; every fall of DOUT meanwhile is stamped and kept to be told."""
        until_ns = self.clock.now_ns() + duration_ns
        at_ns = self.clock.now_ns()
        while at_ns < until_ns:
            _, steady_ns = self.chip.dout_run(at_ns)
            at_ns = min(until_ns, max(at_ns + 1, steady_ns))
            self._note(at_ns)
        self.clock.sleep_until(until_ns)

    def drive(self, level: int) -> None:
        """A write to PD_SCK."""
        self._spend(self.costs.before_ns, Moment.BEFORE_RISE if level else Moment.BEFORE_FALL)
        self.pulses += level
        self.chip.set_sck(level, self.clock.now_ns())
        self._note(self.clock.now_ns())
        self._spend(self.costs.after_ns, Moment.AFTER_RISE if level else Moment.AFTER_FALL)

    def look(self) -> int:
        """A look at DOUT."""
        self._spend(self.costs.look_ns // 2, Moment.BEFORE_LOOK)
        level = self.chip.dout(self.clock.now_ns())
        self._spend(self.costs.look_ns - self.costs.look_ns // 2, Moment.AFTER_LOOK)
        return level

    # The bell of a driver: waiting for an edge is what lets time pass.

    def ring(self) -> None:
        """Nothing to wake: driver and edges are one thread here."""

    def wait(self, until_ns: int) -> None:
        """Until the next fall is told, or until then."""
        while not self._fallen and self.clock.now_ns() < until_ns:
            _, steady_ns = self.chip.dout_run(self.clock.now_ns())
            self.pass_time(max(1, min(steady_ns, until_ns) - self.clock.now_ns()))
        if self._fallen:
            self.pass_time(max(0, self._fallen[0] + self.costs.tell_ns - self.clock.now_ns()))
        while self._fallen and self._fallen[0] + self.costs.tell_ns <= self.clock.now_ns():
            fell_ns = self._fallen.popleft()
            if self.listener is not None:
                self.listener.tell(fell_ns)

    def _spend(self, cost_ns: int, moment: Moment) -> None:
        pushed_ns = self.meddle(moment, self.clock.now_ns()) if self.meddle is not None else 0
        self.pass_time(cost_ns + pushed_ns)

    def _note(self, at_ns: int) -> None:
        before, self._level = self._level, self.chip.dout(at_ns)
        if before and not self._level:
            self._fallen.append(at_ns)


class ChipPin(MockPin):  # type: ignore[misc]
    """A pin of the machine: PD_SCK, DOUT, or one that nothing is wired to."""

    def _set_state(self, value: float) -> None:
        bench: Bench = self.factory.bench
        if self._number == bench.clock_gpio:
            bench.drive(int(value))
        self._state = bool(value)

    def _get_state(self) -> bool:
        bench: Bench = self.factory.bench
        if self._number == bench.data_gpio:
            self._state = bool(bench.look())
        return bool(self._state)

    def _set_pull(self, value: str) -> None:
        # A resistor on the board decides the level, so nothing moves.
        self._pull = value

    def _enable_event_detect(self) -> None:
        bench: Bench = self.factory.bench
        if self._number == bench.data_gpio:
            bench.listener = self

    def _disable_event_detect(self) -> None:
        self.factory.bench.listener = None

    def tell(self, at_ns: int) -> None:
        """Tells the listener of a falling edge at that time."""
        self._last_change = at_ns / 1e9
        self._state = True
        self.drive_low()

    def _change_state(self, value: bool) -> bool:
        # As MockPin, without its list of all states ever and its own clock.
        changed, self._state = self._state != value, value
        return bool(changed)


class ChipFactory(MockFactory):  # type: ignore[misc]
    """gpiozero's factory for the pins of one bench; its ticks are seconds of virtual time."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(pin_class=ChipPin)
        self.bench = bench

    def ticks(self) -> Any:
        return self.bench.clock.now_ns() / 1e9
