"""How `steelyard weigh` says what it sees: lines for programs, plateaus of a replay, one live line."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from types import TracebackType
from typing import Protocol, Self

import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from firmware_app.cli.common import print_json
from firmware_app.quantity import show_mass
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import PanEvent, PanFault, Reading, WhyNot
from hardware.loadcell.contract import Fault

BETWEEN_READINGS_NS = 50_000_000
"""At most twenty readings a second are said."""

FAULT_WORDS = {
    Fault.LATE: "a conversion came late or was missed",
    Fault.RESET: "the converter restarted by itself; the read before was thrown away",
    Fault.OVERLOAD: "too much on the pan: take something off",
    Fault.UNDERLOAD: "the pan is lifted or the cell is wired the wrong way round",
    Fault.BAD_TRANSFER: "a read was garbled and thrown away",
    Fault.SLOW_CLOCK: "a read was too slow and was thrown away",
    Fault.DISCONNECTED: "the load cell does not answer: check the white plug",
    Fault.NOT_A_CHIP: "no converter answers: check the wiring of the converter",
    Fault.SETTLING: "waking up",
    Fault.FLATLINE: "the load cell is dead, the same code comes again and again: check its four wires",
    Fault.SILENT: "the sampler does not run: start it with steelyard run sampler",
}
WHY_WORDS = {
    WhyNot.SETTLING: "the load has just changed",
    WhyNot.MOVING: "the weight is moving",
    WhyNot.UNQUIET: "the pan is shaking",
    WhyNot.TOO_SHORT: "a moment more",
    WhyNot.OUTSIDE: "outside the calibrated range",
}


class Output(Protocol):
    """Shows events as they come; ``weights`` counts the readings that came."""

    weights: int

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, event: PanEvent) -> None: ...

    def summary(self, pan: Instrument) -> None: ...


class ReadingLine(msgspec.Struct, frozen=True, tag_field="event", tag="reading"):
    t_s: float
    mass_g: float
    u_g: float
    stable: bool


class FaultLine(msgspec.Struct, frozen=True, tag_field="event", tag="fault"):
    t_s: float
    fault: Fault
    dropped_t_s: float | None


class FitnessLine(msgspec.Struct, frozen=True, tag_field="event", tag="fitness"):
    """Whether a verdict may rest on what follows; ``unfit`` says why not, empty where one may."""

    t_s: float
    unfit: str


class SummaryLine(msgspec.Struct, frozen=True, tag_field="event", tag="summary"):
    samples: int
    released: int
    faults: dict[str, int]


class _Counting:
    """What all outputs count, and what all of them say of the bridge."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self.weights = 0
        self.faults: Counter[str] = Counter()
        self._unfit = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def _count(self, event: PanEvent) -> None:
        if isinstance(event, PanFault):
            self.faults[event.fault.value] += 1
            return
        self.weights += 1
        if event.unfit != self._unfit:
            self._unfit = event.unfit
            self._tell_fitness(event)

    def _tell_fitness(self, reading: Reading) -> None:
        words = f"no verdict may rest on this: {reading.unfit}" if reading.unfit else "fit for verdicts again"
        self._console.print(words, style="yellow", markup=False)


class JsonLines(_Counting):
    """One object a line: every fault, and at most twenty readings a second."""

    def __init__(self) -> None:
        super().__init__()
        self._next_ns: int | None = None

    def _tell_fitness(self, reading: Reading) -> None:
        print_json(FitnessLine(reading.at_ns / 1e9, reading.unfit))

    def show(self, event: PanEvent) -> None:
        self._count(event)
        if isinstance(event, PanFault):
            dropped = None if event.dropped_at_ns is None else event.dropped_at_ns / 1e9
            print_json(FaultLine(event.at_ns / 1e9, event.fault, dropped))
        elif self._next_ns is None or event.at_ns >= self._next_ns:
            self._next_ns = event.at_ns + BETWEEN_READINGS_NS
            mass = event.mass
            print_json(
                ReadingLine(event.at_ns / 1e9, round(mass.value, 6), round(mass.standard, 6), event.stable)
            )

    def summary(self, pan: Instrument) -> None:
        print_json(SummaryLine(pan.samples, pan.released, dict(self.faults)))


class Plateaus(_Counting):
    """A replay for people: one line a stable plateau and one a fault that begins."""

    def __init__(self) -> None:
        super().__init__()
        self._first: Reading | None = None
        self._last: Reading | None = None
        self._fault: Fault | None = None

    def show(self, event: PanEvent) -> None:
        self._count(event)
        if isinstance(event, Reading) and event.stable:
            self._first = self._first or event
            self._last = event
            self._fault = None
            return
        self._end_plateau()
        if isinstance(event, Reading):
            self._fault = None
        elif not event.lasting or event.fault is not self._fault:
            self._fault = event.fault if event.lasting else None
            self._console.print(f"{event.at_ns / 1e9:10.2f} s  [red]{FAULT_WORDS[event.fault]}[/]")

    def summary(self, pan: Instrument) -> None:
        self._end_plateau()
        faults = ", ".join(f"{count} {name}" for name, count in self.faults.items()) or "no faults"
        self._console.print(f"{pan.samples} samples, {pan.released} released, {faults}")
        if not self.weights:
            why = "" if pan.missing_zero is None else f" ({pan.missing_zero.value})"
            self._console.print(f"[bold red]never a weight[/]: no zero was found{why}")

    def _end_plateau(self) -> None:
        first, last = self._first, self._last
        if first is not None and last is not None:
            times = f"{first.at_ns / 1e9:10.2f} … {last.at_ns / 1e9:.2f} s"
            drift = f", {last.mass.value - first.mass.value:+.3g} g within" if last is not first else ""
            self._console.print(f"{times}  [green]{in_figures(last)}[/] stable{drift}")
        self._first = self._last = None


class LiveLine(_Counting):
    """One line that follows the pan; ``interval_g``: display interval, None shows what U allows."""

    def __init__(self, interval_g: float | None) -> None:
        super().__init__()
        self._interval = None if interval_g is None else Decimal(str(interval_g))
        self._live = Live(Text("…"), refresh_per_second=10, console=self._console)
        self._next_ns = 0

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, event: PanEvent) -> None:
        self._count(event)
        if isinstance(event, PanFault):
            if event.lasting:
                self._live.update(Text(f"✗ {FAULT_WORDS[event.fault]}", style="bold red"))
            return
        if event.at_ns < self._next_ns:
            return
        self._next_ns = event.at_ns + BETWEEN_READINGS_NS
        line = Text(in_figures(event, self._interval), style="bold")
        if event.why_not is None:
            line.append("  ● stable", style="green")
        else:
            line.append(f"  ○ {WHY_WORDS[event.why_not]}", style="yellow")
        if event.unfit:
            line.append("  (to look at only)", style="yellow")
        self._live.update(line)

    def summary(self, pan: Instrument) -> None:
        faults = ", ".join(f"{count} {name}" for name, count in self.faults.items()) or "no faults"
        Console(stderr=True).print(f"{pan.samples} samples, {pan.released} released, {faults}")


def in_figures(reading: Reading, interval: Decimal | None = None) -> str:
    """The mass with its expanded uncertainty (k = 2), rounded to ``interval`` or to two figures of U."""
    expanded = Decimal(repr(reading.mass.expanded()))
    step = Decimal(1).scaleb(expanded.adjusted() - 1) if expanded else Decimal("0.001")
    step = min(step, Decimal(1))
    mass = Decimal(repr(reading.mass.value))
    unit = interval or step
    shown = (mass / unit).quantize(Decimal(1), ROUND_HALF_EVEN) * unit + Decimal(0)
    return f"{show_mass(shown)} ± {show_mass(expanded.quantize(step, ROUND_HALF_EVEN))}"
