"""Two ways to conversions of the kernel driver: its buffer behind a trigger, and a file read again and again.

Rules this file obeys:

* The trigger asks far more often than the chip converts: only so does the kernel wait for each conversion
  and read it while it is fresh.
* Only a trigger of our own is used or made, never one that may serve another device.
* What is missing is said with what to do about it.
* A record that is not whole, or a device that ends, is an error, never a number.
"""

from __future__ import annotations

import errno
import os
import re
from collections import deque
from pathlib import Path
from typing import Protocol

import msgspec

from hardware.loadcell import iio_format
from hardware.loadcell.clock import SECOND, Clock
from hardware.loadcell.contract import DriverUnavailable, LoadCellError
from hardware.loadcell.iio_files import Attributes
from hardware.loadcell.iio_format import Layout

DEVICES = Path("/sys/bus/iio/devices")
NODES = Path("/dev")
HRTIMER = Path("/sys/kernel/config/iio/triggers/hrtimer")

TRIGGER_HZ = 100
"""A trigger that finds the driver busy is ignored, so this is only how soon it is asked again."""
RECORDS = 64
"""Length of the kernel's buffer: six seconds at 10 a second, more than any pause that can be made good."""
ANSWER_NS = SECOND
SYSFS_TRIGGER_ID = 711
POKE_NS = SECOND // 10
"""A trigger in software is pulled for each conversion, and again this often in case that it was not heard."""
NO_READING = (errno.EIO, errno.ETIMEDOUT, errno.EAGAIN)
"""Errors that say that the chip gave nothing; others say that the device is not there to be read."""


class Arrival(msgspec.Struct, frozen=True):
    """One conversion from the kernel: its word (negative: an error) and when it was asked for and there."""

    word: int
    asked_ns: int
    end_ns: int


class Source(Protocol):
    """Where conversions come from."""

    def next(self, until_ns: int) -> Arrival | None:
        """The next one, None when none came by then; raises DriverUnavailable when the device is gone."""
        ...

    def close(self) -> None: ...


class Setup:
    """The files of one device while it is set up: until a given time, in words when it fails."""

    def __init__(self, files: Attributes, until_ns: int, device: Path) -> None:
        self._files = files
        self._until_ns = until_ns
        self.device = device

    def read(self, path: Path) -> str:
        """The text of a file; raises DriverUnavailable."""
        try:
            answer = self._files.read(path, self._until_ns)
        except OSError as error:
            raise _unavailable(f"{path} cannot be read", error) from error
        if answer is None:
            raise DriverUnavailable(f"iio: the kernel does not answer at {path}")
        return answer.text.strip()

    def write(self, path: Path, text: str) -> None:
        """Writes to a file; raises DriverUnavailable."""
        try:
            if not self._files.write(path, text, self._until_ns):
                raise DriverUnavailable(f"iio: the kernel does not answer at {path}")
        except OSError as error:
            raise _unavailable(f"{text!r} cannot be written to {path}", error) from error

    def scan(self, channel: int) -> Layout:
        """Has the kernel record this channel and the time; the layout of its records."""
        elements = self.device / "scan_elements"
        wanted = (f"in_voltage{channel}", "in_timestamp")
        for name in self._files.names(elements):
            if name.endswith("_en") and name.removesuffix("_en") not in wanted:
                self.write(elements / name, "0")
        parts = []
        for name in wanted:
            self.write(elements / f"{name}_en", "1")
            place, kind = (self.read(elements / f"{name}_{what}") for what in ("index", "type"))
            parts.append(iio_format.element(place, kind))
        return iio_format.layout(*parts)

    def trigger(self, name: str) -> Path | None:
        """Connects the trigger; the file to write for each conversion where it does not run by itself."""
        directory = self._trigger_named(name) if name else self._own_trigger()
        self.write(self.device / "trigger" / "current_trigger", self.read(directory / "name"))
        files = self._files.names(directory)
        if "sampling_frequency" in files:
            self.write(directory / "sampling_frequency", str(TRIGGER_HZ))
        return directory / "trigger_now" if "trigger_now" in files else None

    def _trigger_named(self, *names: str) -> Path:
        for entry in self._files.names(DEVICES):
            if entry.startswith("trigger") and self.read(DEVICES / entry / "name") in names:
                return DEVICES / entry
        raise DriverUnavailable(f"iio: there is no trigger {' or '.join(names)} in {DEVICES}")

    def _own_trigger(self) -> Path:
        """The trigger of this device alone, made where it is not there yet."""
        name = f"steelyard-{self.device.name.replace(':', '-')}"
        software = f"sysfstrig{SYSFS_TRIGGER_ID}"
        try:
            return self._trigger_named(name)
        except DriverUnavailable:
            if self._made(name):
                return self._trigger_named(name)
        if "iio_sysfs_trigger" in self._files.names(DEVICES):
            try:
                return self._trigger_named(software)
            except DriverUnavailable:
                self.write(DEVICES / "iio_sysfs_trigger" / "add_trigger", str(SYSFS_TRIGGER_ID))
                return self._trigger_named(software)
        raise DriverUnavailable(
            "iio: no trigger can be made: modprobe iio-trig-hrtimer, mount configfs on /sys/kernel/config, "
            f"mkdir {HRTIMER}/{name} as root (or modprobe iio-trig-sysfs)"
        )

    def _made(self, name: str) -> bool:
        try:
            self._files.make_directory(HRTIMER / name)
        except OSError:
            return False  # no such trigger type, or no right to make one: the next kind is tried
        return True


def _unavailable(what: str, error: OSError) -> DriverUnavailable:
    return DriverUnavailable(f"iio: {what}: {iio_format.reason(error)}")


class BufferSource:
    """Records from /dev/iio:deviceN, which a trigger asks for."""

    def __init__(self, files: Attributes, clock: Clock, setup: Setup, channel: int, trigger: str) -> None:
        self._files = files
        self._clock = clock
        self._enable = setup.device / "buffer" / "enable"
        self._waiting: deque[iio_format.Record] = deque()
        self._fetched_ns, self._stamp_ns = 0, -1
        setup.write(self._enable, "0")
        self._layout = setup.scan(channel)
        setup.write(setup.device / "current_timestamp_clock", "monotonic")
        self._poke = setup.trigger(trigger)
        setup.write(setup.device / "buffer" / "length", str(RECORDS))
        setup.write(self._enable, "1")
        node = NODES / setup.device.name
        try:
            self._descriptor = files.open(node)
        except OSError as error:
            setup.write(self._enable, "0")
            raise _unavailable(f"{node} cannot be opened", error) from error

    def next(self, until_ns: int) -> Arrival | None:
        while not self._waiting and (now_ns := self._clock.now_ns()) < until_ns:
            wake_ns = until_ns
            if self._poke is not None:
                self._files.write(self._poke, "1", until_ns)
                wake_ns = min(until_ns, now_ns + POKE_NS)
            self._files.wait(self._descriptor, wake_ns)
            self._fetch()
        if not self._waiting:
            return None
        record = self._waiting.popleft()
        # Of several that waited, each was there before the next was asked for.
        end_ns = self._waiting[0].stamp_ns if self._waiting else self._fetched_ns
        return Arrival(record.word, record.stamp_ns, min(end_ns, self._fetched_ns))

    def close(self) -> None:
        if self._descriptor < 0:
            return
        os.close(self._descriptor)
        self._descriptor = -1
        try:
            self._files.write(self._enable, "0", self._clock.now_ns() + ANSWER_NS)
        except OSError:
            return  # the device is gone, and its buffer with it

    def _fetch(self) -> None:
        size = self._layout.size
        try:
            # Also where nothing was announced: a device that is gone tells it only here.
            data = os.read(self._descriptor, size * RECORDS)
        except BlockingIOError:
            return
        except OSError as error:
            raise _unavailable("the buffer cannot be read", error) from error
        self._fetched_ns = self._clock.now_ns()
        if not data:
            raise DriverUnavailable("iio: the buffer has ended: the device is gone")
        if len(data) % size:
            raise LoadCellError(
                f"iio: {len(data)} bytes are no whole records of {size}: the stream is broken"
            )
        for at in range(0, len(data), size):
            record = iio_format.unpack(data[at : at + size], self._layout)
            if not self._stamp_ns < record.stamp_ns <= self._fetched_ns:
                raise LoadCellError(f"iio: a record of the time {record.stamp_ns} ns: the stream is broken")
            self._stamp_ns = record.stamp_ns
            self._waiting.append(record)


class FileSource:
    """Conversions from ``in_voltageN_raw``: each read of it waits for one."""

    def __init__(self, files: Attributes, clock: Clock, setup: Setup, channel: int) -> None:
        self._files = files
        self._clock = clock
        self._path = setup.device / f"in_voltage{channel}_raw"
        self._asked_ns: int | None = None
        if "buffer" in files.names(setup.device):
            setup.write(setup.device / "buffer" / "enable", "0")

    def next(self, until_ns: int) -> Arrival | None:
        if self._asked_ns is None:
            self._asked_ns = self._clock.now_ns()
        try:
            answer = self._files.read(self._path, until_ns)
        except OSError as error:
            if error.errno not in NO_READING:
                raise _unavailable(f"{self._path} cannot be read", error) from error
            asked_ns, self._asked_ns = self._asked_ns, None
            return Arrival(-(error.errno or errno.EIO), asked_ns, self._clock.now_ns())
        if answer is None:
            return None
        self._asked_ns = None
        if not re.fullmatch(r"-?\d{1,10}", answer.text.strip()):
            raise LoadCellError(f"iio: {self._path} says {answer.text.strip()[:40]!r}: not a conversion")
        return Arrival(int(answer.text), answer.begun_ns, answer.ended_ns)

    def close(self) -> None:
        return
