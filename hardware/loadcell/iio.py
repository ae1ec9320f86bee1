"""HX711 read by the Linux kernel driver avia,hx711, through its buffer or its files.

Rules this file obeys:

* The kernel makes the pulses, with interrupts off in each high phase; what it does not tell is found out from
  the times: it looks at DOUT every 10 ms and may read at any moment of a conversion.
* A conversion counts only where the kernel waited for it, where it came one period after the last, and where
  the next request found DOUT high again: the check of pulse 25 that the kernel leaves out.
* An error number in the stream, a device that goes, a scale that changed: each is a fault, none a number.
* Nothing weighed with it may decide a legal question: see UNFIT.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec

from hardware.loadcell import iio_buffer, iio_format
from hardware.loadcell.clock import SECOND, Clock, MonotonicClock
from hardware.loadcell.contract import BadOption, DriverUnavailable, Fault, LoadCellError, Sample
from hardware.loadcell.iio_buffer import Arrival, BufferSource, FileSource, Setup, Source
from hardware.loadcell.iio_files import Attributes, KernelFiles
from hardware.loadcell.iio_scale import Scale
from hardware.loadcell.options import take
from hardware.loadcell.polled import Follower, Look

UNFIT = (
    "the kernel driver neither measures how long PD_SCK was high nor looks at DOUT while it clocks: a pulse "
    "that was lost or doubled can give a wrong value that nothing shows"
)
"""Why no legal verdict may rest on this driver."""

ANSWER_NS = 900_000_000
"""read() answers within this, so that it stays below the promised second."""
SLEEP_NS = 10_000_000
LONGEST_SLEEP_NS = 20_000_000
"""The kernel sleeps 10 ms between two looks at DOUT (msleep(10)), 20 ms at most where its tick is 10 ms."""
GIVEN_UP_NS = SECOND
"""With a silent chip the kernel reports an error only after a hundred looks; sooner, it was disturbed."""
SILENCE_NS = 6 * SECOND
"""The kernel tells of a silent chip within 4 s (twice a hundred looks of 20 ms); longer, nobody asks it."""
NAME = "hx711"


class IioOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of this driver.

    ``device``: as ``iio:device0`` (default: the only one named hx711). ``mode``: the ``buffer`` with a
    trigger, the ``files``, or whichever works. ``trigger``: name of one to use (default: one of our own).
    ``rate_hz``: 10 only.
    """

    device: Annotated[str, msgspec.Meta(pattern=r"^(iio:device[0-9]{1,3})?$")] = ""
    mode: Literal["auto", "buffer", "files"] = "auto"
    trigger: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{0,64}$")] = ""
    rate_hz: Literal[10, 80] = 10
    gain: Literal[32, 64, 128] = 128


class IioLoadCell:
    """One HX711 behind the kernel driver; everything that waits is passed in.

    >>> with open_driver({"gain": 128}) as cell:      # doctest: +SKIP
    ...     print(cell.mode, cell.read().counts)
    """

    unfit = UNFIT

    def __init__(self, files: Attributes, clock: Clock, options: IioOptions) -> None:
        self.rate_hz: float = float(options.rate_hz)
        self.gain: int = options.gain
        self._files = files
        self._clock = clock
        until_ns = clock.now_ns() + SECOND
        setup = Setup(files, until_ns, find_device(files, until_ns, options.device))
        self._scale = Scale(files, setup, options.gain)
        self._follower = Follower(self.rate_hz)
        self._out: deque[Sample] = deque()
        self._heard_ns = clock.now_ns()
        self.mode, self.why_no_buffer = "buffer", ""
        self._source: Source | None = self._open_source(setup, options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def remarks(self) -> tuple[str, ...]:
        """Which way the conversions come, and why not the other."""
        if self.mode == "buffer":
            return ("iio: conversions come through the kernel's buffer",)
        if not self.why_no_buffer:
            return ("iio: conversions come from the file in_voltage_raw, as the option mode wants it",)
        return (f"iio: conversions come from the file in_voltage_raw; no buffer: {self.why_no_buffer}",)

    def close(self) -> None:
        """Switches the buffer off; the kernel leaves PD_SCK low. May be called twice."""
        if self._source is not None:
            self._source.close()
            self._source = None
            self._files.close()

    def read(self) -> Sample:
        """The next conversion, or within a second why there is none.

        Raises DriverUnavailable when the device is gone, LoadCellError after close() or on a broken stream.
        """
        if self._source is None:
            raise LoadCellError("iio: the driver is closed: open it again to read")
        deadline_ns = self._clock.now_ns() + ANSWER_NS
        while not self._out and self._clock.now_ns() < deadline_ns:
            if not self._gain_is_right(deadline_ns):
                continue
            arrival = self._source.next(deadline_ns)
            if arrival is None:
                break
            self._heard_ns = arrival.end_ns
            self._out.extend(self._judge(arrival))
            if self._follower.stuck_low and self.mode == "files":
                # A dead line answers at once: asked without a pause, it would keep a core busy.
                self._clock.sleep_until(self._clock.now_ns() + SLEEP_NS)
        if self._out:
            return self._out.popleft()
        if self._clock.now_ns() - self._heard_ns > SILENCE_NS:
            raise DriverUnavailable(
                "iio: the kernel gives neither conversions nor errors: its buffer or trigger was switched off"
            )
        fault = Fault.NOT_A_CHIP if self._follower.stuck_low else Fault.DISCONNECTED
        self._follower.absent()
        return Sample(self._clock.now_ns(), None, (fault,))

    # ------------------------------------------------------------------------------------------- inside

    def _open_source(self, setup: Setup, options: IioOptions) -> Source:
        channel = 1 if options.gain == 32 else 0
        if options.mode != "files":
            try:
                return BufferSource(self._files, self._clock, setup, channel, options.trigger)
            except LoadCellError as error:
                if options.mode == "buffer":
                    raise
                self.why_no_buffer = str(error)
        self.mode = "files"
        return FileSource(self._files, self._clock, setup, channel)

    def _gain_is_right(self, until_ns: int) -> bool:
        """Whether the kernel answers that it clocks the wanted gain.

        Asked before each conversion, while the one before is held: after a second of silence the kernel goes
        back to gain 128 unasked, and others may write the file too.
        """
        try:
            holds = self._scale.holds(until_ns)
        except OSError as error:
            raise DriverUnavailable(f"iio: the gain cannot be chosen: {iio_format.reason(error)}") from error
        if holds is False:
            self._follower.absent()
        return holds is not None

    def _judge(self, arrival: Arrival) -> list[Sample]:
        """The Samples that may go out after one more conversion, or error, of the kernel."""
        judged = iio_format.judge(arrival.word)
        waited_ns = arrival.end_ns - arrival.asked_ns
        if judged.error:
            self._follower.stuck_low = False
            if waited_ns >= GIVEN_UP_NS:
                self._follower.absent()
                return [Sample(arrival.end_ns, None, (Fault.DISCONNECTED,))]
            self._follower.lost()
            return [Sample(arrival.end_ns, None, judged.faults)]
        waited = waited_ns >= SLEEP_NS
        quiet_ns = max(arrival.asked_ns, arrival.end_ns - LONGEST_SLEEP_NS) if waited else arrival.end_ns
        # Not waited for: the conversion may have been there for long, and the next one may have come into it.
        faults = judged.faults if waited else (Fault.BAD_TRANSFER,)
        return self._follower.follow(Look(quiet_ns, arrival.end_ns, arrival.end_ns), judged.counts, faults)


def find_device(files: Attributes, until_ns: int, wanted: str = "") -> Path:
    """The directory of the HX711 in /sys/bus/iio/devices; raises DriverUnavailable with what to do."""
    found = []
    for entry in files.names(iio_buffer.DEVICES):
        if entry.startswith("iio:device") and wanted in ("", entry):
            try:
                name = files.read(iio_buffer.DEVICES / entry / "name", until_ns)
            except OSError:
                continue  # it went away while we looked
            if name is not None and name.text.strip() == NAME:
                found.append(entry)
    if len(found) > 1:
        raise DriverUnavailable(f"iio: {', '.join(found)} are all HX711: say which with option device")
    if not found:
        raise DriverUnavailable(
            f"iio: no device named {NAME} in {iio_buffer.DEVICES}: check `modinfo hx711`, build and load the "
            "overlay (hardware/docs/hx711-overlay.dts; dtoverlay=hx711 in /boot/firmware/config.txt, restart)"
        )
    return iio_buffer.DEVICES / found[0]


def _take(options: Mapping[str, object]) -> IioOptions:
    taken = take(IioOptions, options, "iio")
    if taken.rate_hz != 10:
        raise BadOption(
            "iio: option rate_hz: the kernel looks for a conversion every 10 ms only and would mix two of "
            "them at 80 a second: connect RATE to GND and give 10, or use the driver spi"
        )
    return taken


def check_options(options: Mapping[str, object]) -> None:
    """Raises BadOption where ``open_driver`` would; opens nothing."""
    _take(options)


def open_driver(options: Mapping[str, object]) -> IioLoadCell:
    """Opens the HX711 behind the kernel driver; raises BadOption or DriverUnavailable."""
    taken = _take(options)
    files = KernelFiles()
    try:
        return IioLoadCell(files, MonotonicClock(), taken)
    except LoadCellError:
        files.close()
        raise
