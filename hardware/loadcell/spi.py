"""HX711 read through an SPI controller: MOSI drives PD_SCK, MISO reads DOUT; SCLK and CE stay unconnected.

Rules this file obeys:

* No moment of the processor is timed: the controller makes the edges (see spi_wire.py), so a program that is
  pushed aside in a burst harms nothing.
* A burst starts only when it is known since when the conversion has been there, from a falling edge of DOUT
  that was seen or that the learned period places, and ends before the next conversion; otherwise that one is
  let go, and the time of the next tells that it is missing.
* Waiting is clocking zeros (PD_SCK low); most of the period is slept.
* One reader a device: it is locked, for the pulses of a second one choose another gain and nothing shows it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Protocol, Self

import msgspec

from hardware.loadcell import hx711, spi_wire
from hardware.loadcell.clock import SECOND, Clock, MonotonicClock
from hardware.loadcell.contract import DriverUnavailable, Fault, LoadCellError, Sample
from hardware.loadcell.options import take

SPI_MODE = 1
"""CPHA 1: MOSI changes with the leading edge and nothing shifts after the last bit, so MOSI rests at the last
level sent (low). In mode 0 some controllers put out one more bit after the transfer."""

ANSWER_NS = 900_000_000
"""read() answers within this, so that with its last transfers it stays below the promised second."""
LOOK_NS = 1_000_000
"""Length of one transfer of zeros: long beside the pause between transfers, short beside a period."""
WAKE_EARLY_NS = 1_000_000
PAUSE_NS = 300_000
"""An edge seen to within this is taken as seen; beyond it the period tells better."""
SPARE_NS = 200_000
"""A burst ends this long before the next conversion: DOUT's 75 µs high, and the oscillator's wander."""
RESTART_PERIODS = 2.0
IDLE_PERIODS = 6.0
IDLE_LOOK_NS = 10_000_000
"""With nothing for six periods (more than any restart takes) DOUT is looked at this often only: a chip that
comes back takes 45 ms at least to its first conversion, so the look costs nothing but processor time."""


class SpiOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of this driver.

    ``bus``, ``device``: of /dev/spidevBUS.DEVICE. ``speed_hz``: 100 kHz keeps PD_SCK high for 10 µs and still
    sees DOUT's 75 µs pulse; at 2.5 MHz half a bit is twice T2. ``rate_hz``: by the module's RATE pin.
    """

    bus: Annotated[int, msgspec.Meta(ge=0, le=31)] = 0
    device: Annotated[int, msgspec.Meta(ge=0, le=31)] = 0
    speed_hz: Annotated[int, msgspec.Meta(ge=100_000, le=2_500_000)] = 1_000_000
    rate_hz: Literal[10, 80] = 80
    gain: Literal[32, 64, 128] = 128


class _Watch(msgspec.Struct, frozen=True):
    """When DOUT fell (None: it did not), whether it was ever high, and for how long it was watched high."""

    edge_ns: int | None
    ever_high: bool
    high_ns: int


class SpiBus(Protocol):
    """What is used of spidev.SpiDev."""

    def xfer2(self, values: list[int], /) -> Sequence[int]: ...

    def close(self) -> None: ...


class SpiLoadCell:
    """One HX711 on one SPI bus; ``bus`` and ``clock`` are passed in, ``open_driver`` makes the real ones.

    >>> with open_driver({"bus": 0, "rate_hz": 80}) as cell:      # doctest: +SKIP
    ...     print(cell.read().counts)
    """

    def __init__(self, bus: SpiBus, clock: Clock, options: SpiOptions) -> None:
        self.rate_hz: float = float(options.rate_hz)
        self.gain: int = options.gain
        self._bus: SpiBus | None = bus
        self._clock = clock
        self._burst = spi_wire.burst(options.gain)
        self._zeros = [0] * (LOOK_NS * options.speed_hz // (8 * SECOND))
        self._speed_hz = options.speed_hz
        self._burst_ns = 8 * len(self._burst) * SECOND // options.speed_hz
        self._period = hx711.Period(SECOND // options.rate_hz)
        self._edge_ns: int | None = None
        self._absent = True
        self._unsettled = hx711.POWER_UP_CONVERSIONS
        self._transfer([0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves PD_SCK low and the bus free; may be called twice."""
        if self._bus is not None:
            try:
                self._transfer([0])
            finally:
                self._bus.close()
                self._bus = None

    def read(self) -> Sample:
        """The next conversion, timed at the falling edge of DOUT, or within a second why there is none.

        Raises DriverUnavailable when the bus fails, LoadCellError after close().
        """
        deadline_ns = self._clock.now_ns() + ANSWER_NS
        ever_high = False
        while True:
            watch = self._next_edge(deadline_ns)
            ever_high |= watch.ever_high
            if watch.edge_ns is None:
                return self._nothing(ever_high)
            self._follow(watch.edge_ns, watch.high_ns)
            if self._clock.now_ns() + self._burst_ns < self._next_update_ns():
                return self._read_conversion(watch.edge_ns)

    # ------------------------------------------------------------------------------------------- inside

    def _read_conversion(self, edge_ns: int) -> Sample:
        frame = spi_wire.decode(self._transfer(self._burst), self.gain)
        faults = frame.faults
        if Fault.BAD_TRANSFER in faults:
            # The chip may have counted other pulses than were meant: neither its phase nor its gain is known.
            self._edge_ns = None
            self._unsettled = max(self._unsettled, hx711.GAIN_CHANGE_CONVERSIONS)
            return Sample(edge_ns, None, faults)
        if self._clock.now_ns() > self._next_update_ns():
            # The program slept inside the call: what was read may be a later conversion, or part of two.
            self._edge_ns = None
            return Sample(edge_ns, None, (Fault.BAD_TRANSFER,))
        if self._unsettled:
            self._unsettled -= 1
            faults = (*faults, Fault.SETTLING)
        return Sample(edge_ns, frame.counts, faults)

    def _nothing(self, ever_high: bool) -> Sample:
        self._edge_ns = None
        self._absent = True
        self._unsettled = hx711.POWER_UP_CONVERSIONS
        return Sample(self._clock.now_ns(), None, (Fault.DISCONNECTED if ever_high else Fault.NOT_A_CHIP,))

    def _follow(self, edge_ns: int, high_ns: int) -> None:
        """Learns from a conversion, whether or not it can still be read."""
        if high_ns > RESTART_PERIODS * self._period.ns:
            # A living chip lets DOUT fall every period, and PD_SCK never resets it here: the supply failed.
            self._unsettled = hx711.POWER_UP_CONVERSIONS
        if self._edge_ns is not None:
            self._period = self._period.learn(edge_ns - self._edge_ns)
        self._edge_ns = edge_ns
        self._absent = False

    def _next_update_ns(self) -> int:
        """Until when the conversion of the last edge can be read without meeting the next one."""
        return (self._edge_ns or 0) + self._period.shortest_ns - SPARE_NS

    def _next_edge(self, deadline_ns: int) -> _Watch:
        """Looks at DOUT until it falls, or until the deadline."""
        bit_ns = SECOND // self._speed_hz
        idle_ns = self._clock.now_ns() + (0 if self._absent else int(IDLE_PERIODS * self._period.ns))
        if self._edge_ns is not None:
            self._clock.sleep_until(self._edge_ns + self._period.shortest_ns - WAKE_EARLY_NS)
        first_ns, quiet = self._clock.now_ns(), False
        # At the first look the conversion may be there already: DOUT was high after the last one was read.
        was_high, ever_high, looked_ns = self._edge_ns is not None, False, self._edge_ns or 0
        while (begun_ns := self._clock.now_ns()) < deadline_ns:
            idle = quiet and begun_ns > idle_ns
            levels = self._look(1 if idle else len(self._zeros))
            ended_ns = self._clock.now_ns()
            fall = 0 if was_high and levels[0] == "0" else levels.find("10") + 1 or None
            if fall is not None and not idle:
                earliest_ns = begun_ns + fall * bit_ns if fall else looked_ns
                edge_ns = self._place(earliest_ns, ended_ns - (len(levels) - fall) * bit_ns)
                if edge_ns is not None:
                    return _Watch(edge_ns, True, looked_ns - first_ns if ever_high else 0)
            # The last bit was sampled no sooner than this; the call may have returned much later.
            was_high, looked_ns = levels[-1] == "1", begun_ns + len(levels) * bit_ns
            ever_high |= "1" in levels
            quiet = "0" not in levels
            if not quiet:
                first_ns = looked_ns  # it was low, if only for an edge that nobody could place
            if idle:
                self._clock.sleep_until(min(begun_ns + IDLE_LOOK_NS, deadline_ns))
        return _Watch(None, ever_high, 0)

    def _place(self, earliest_ns: int, latest_ns: int) -> int | None:
        """The time of an edge between the two; None if not even its conversion is certain."""
        if latest_ns - earliest_ns <= PAUSE_NS:
            return earliest_ns
        if self._edge_ns is not None and self._period.known:
            expected_ns = self._edge_ns + self._period.ns
            if earliest_ns - PAUSE_NS <= expected_ns <= latest_ns + PAUSE_NS < expected_ns + self._period.ns:
                return min(max(expected_ns, earliest_ns), latest_ns)
        # Rather too early than too late: the end of the conversion's time is counted from here.
        return earliest_ns if latest_ns - earliest_ns < self._period.shortest_ns // 4 else None

    def _look(self, length: int) -> str:
        """The levels of DOUT over a transfer of zeros, as a string of 0 and 1."""
        reply = bytes(self._transfer(self._zeros[:length]))
        return f"{int.from_bytes(reply):0{8 * length}b}"

    def _transfer(self, values: list[int]) -> Sequence[int]:
        if self._bus is None:
            raise LoadCellError("spi: the driver is closed: open it again to read")
        try:
            return self._bus.xfer2(values)
        except OSError as error:
            raise DriverUnavailable(f"spi: the bus failed: {error.strerror or error}") from error


def check_options(options: Mapping[str, object]) -> None:
    """Raises BadOption where ``open_driver`` would; opens nothing."""
    take(SpiOptions, options, "spi")


def open_driver(options: Mapping[str, object]) -> SpiLoadCell:
    """Opens the HX711 on /dev/spidevBUS.DEVICE; raises BadOption or DriverUnavailable."""
    taken = take(SpiOptions, options, "spi")
    try:
        import spidev
    except ImportError:
        raise DriverUnavailable("spi: spidev is missing: on a Raspberry Pi, pip install spidev") from None
    node = f"/dev/spidev{taken.bus}.{taken.device}"
    bus = spidev.SpiDev()
    try:
        bus.open(taken.bus, taken.device)
        bus.mode = SPI_MODE
        bus.max_speed_hz = taken.speed_hz
        fcntl.flock(bus.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        bus.close()
        raise DriverUnavailable(f"spi: {node} has a reader already (program or corner): stop it") from None
    except FileNotFoundError:
        raise DriverUnavailable(
            f"spi: there is no {node}: switch SPI on (dtparam=spi=on in /boot/firmware/config.txt, restart)"
        ) from None
    except PermissionError:
        raise DriverUnavailable(f"spi: {node} may not be opened: add this user to the group spi") from None
    except OSError as error:
        raise DriverUnavailable(f"spi: {node} cannot be used: {error.strerror or error}") from error
    return SpiLoadCell(bus, MonotonicClock(), taken)
