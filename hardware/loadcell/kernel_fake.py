"""A Linux kernel in virtual time: the driver avia,hx711 on a simulated chip, its files, trigger and buffer.

Rules this file obeys:

* It shares no code and no constant with the driver that reads it.
* It does what drivers/iio/adc/hx711.c and the IIO core of Linux 6 do, faults included: no look at DOUT after
  the data, looks 10 ms apart, error numbers in the buffer, a gain that falls back to 128 unasked.
* Records go through a real socket to a real descriptor; files answer with the kernel's own error numbers.
* Time passes only while somebody waits for it.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Callable, Generator
from pathlib import Path

from hardware.loadcell.clock import VirtualClock
from hardware.loadcell.iio_files import Answer
from hardware.loadcell.simulated_chip import SimulatedChip

MILLISECOND = 1_000_000
DIRECTORY = Path("/sys/bus/iio/devices/iio:device0")
TRIGGERS = Path("/sys/kernel/config/iio/triggers")
AVDD_UV = 5_000_000
PULSES = {128: 1, 32: 2, 64: 3}

Steps = Generator[int, None, int]
"""Something the kernel does: yields how long it sleeps (ns), returns a value or a negative error."""


class FakeKernel:
    """The kernel as the driver sees it (its protocol Attributes).

    ``sleep_ns``: how long msleep(10) really lasts. ``half_period_ns``: of PD_SCK (2.5 µs at 400 kHz).
    ``stall``: nanoseconds lost in the low phase after a pulse, by its number since the start. ``triggers``:
    kinds that can be made (hrtimer, sysfs, none). ``files``: overrides of what files say, by name.
    """

    def __init__(
        self,
        chip: SimulatedChip,
        clock: VirtualClock,
        *,
        sleep_ns: Callable[[], int] = lambda: 12 * MILLISECOND,
        half_period_ns: int = 2_500,
        stall: Callable[[int], int] = lambda _: 0,
        triggers: tuple[str, ...] = ("hrtimer",),
        files: dict[str, str] | None = None,
    ) -> None:
        self.pulses = 0
        self.writes: list[tuple[str, str]] = []
        self.refused: dict[str, int] = {}
        self._chip = chip
        self._clock = clock
        self._sleep_ns = sleep_ns
        self._half_ns = half_period_ns
        self._stall = stall
        self._kinds = triggers
        self._gain = self._gain_of_a = 128
        self._doing: Steps | None = None
        self._wake_ns = 0
        self._stamp_ns: int | None = None
        self._call: tuple[str, int] | None = None
        self._called: Steps | None = None
        self._socket: socket.socket | None = None
        self._tick_ns = 10 * MILLISECOND
        self._enabled = False
        self._bound = True
        self._poked = False
        self._made: dict[str, str] = {}
        self._files = {
            "name": "hx711",
            "current_timestamp_clock": "realtime",
            "scan_elements/in_voltage0_en": "0",
            "scan_elements/in_voltage0_index": "0",
            "scan_elements/in_voltage0_type": "le:u24/32>>0",
            "scan_elements/in_voltage1_en": "1",
            "scan_elements/in_voltage1_index": "1",
            "scan_elements/in_voltage1_type": "le:u24/32>>0",
            "scan_elements/in_timestamp_en": "0",
            "scan_elements/in_timestamp_index": "2",
            "scan_elements/in_timestamp_type": "le:s64/64>>0",
            "buffer/enable": "0",
            "buffer/length": "2",
            "trigger/current_trigger": "",
            "in_voltage0_scale_available": f"{self._scale(128)} {self._scale(64)} ",
            "in_voltage1_scale_available": f"{self._scale(32)} ",
        } | (files or {})

    # --------------------------------------------------------------------------- files, as Attributes asks

    def read(self, path: Path, until_ns: int) -> Answer | None:
        begun_ns = self._clock.now_ns()
        if path.parent != DIRECTORY or not path.name.startswith("in_voltage") or path.name in self._files:
            return Answer(self._text(path) + "\n", begun_ns, begun_ns)
        self._alive()
        if not self._finish_locked(until_ns):
            return None
        if path.name.endswith("_scale"):
            return Answer(self._scale(self._gain) + "\n", begun_ns, self._clock.now_ns())
        if self._called is None:
            self._called, self._call = self._reset_read(int(path.name[10])), (path.name, begun_ns)
        value = self._run(until_ns)
        if value is None:
            return None
        assert self._call is not None
        if value < 0:
            raise OSError(-value, os.strerror(-value))
        return Answer(f"{value}\n", self._call[1], self._clock.now_ns())

    def write(self, path: Path, text: str, until_ns: int) -> bool:
        self._alive()
        self.writes.append((path.name, text))
        if code := self.refused.get(path.name):
            raise OSError(code, os.strerror(code))
        if path.name.endswith("_scale"):
            return self._finish_locked(until_ns) and self._choose(text)
        if path.name == "trigger_now":
            self._poked = True
        elif path.name == "add_trigger":
            self._made["trigger9"] = f"sysfstrig{text}"
        elif path.name == "sampling_frequency":
            self._tick_ns = round(1e9 / float(text))
        else:
            self._set(str(path.relative_to(DIRECTORY)), text)
        return True

    def names(self, directory: Path) -> list[str]:
        if not self._bound:
            return []
        if directory == DIRECTORY.parent:
            also = ["iio_sysfs_trigger"] if "sysfs" in self._kinds else []
            return ["iio:device0", *also, *self._made]
        if directory.parent == DIRECTORY.parent and directory.name in self._made:
            made = self._made[directory.name]
            return ["name", "trigger_now" if made.startswith("sysfs") else "sampling_frequency"]
        if directory == DIRECTORY:
            whole = {name.split("/")[0] for name in self._files}
            return sorted(
                whole | {"in_voltage0_raw", "in_voltage1_raw", "in_voltage0_scale", "in_voltage1_scale"}
            )
        prefix = f"{directory.name}/"
        return sorted(name.removeprefix(prefix) for name in self._files if name.startswith(prefix))

    def make_directory(self, path: Path) -> None:
        if "hrtimer" not in self._kinds or path.parent != TRIGGERS / "hrtimer":
            raise OSError(errno.ENOENT, "No such file or directory")
        self._made["trigger0"] = path.name

    def open(self, path: Path) -> int:
        if path != Path("/dev/iio:device0"):
            raise OSError(errno.ENOENT, "No such file or directory")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._socket = theirs
        return ours.detach()

    def wait(self, descriptor: int, until_ns: int) -> bool:  # noqa: ARG002  (the one that open() gave)
        """Lets time pass until a record is pushed, or until then."""
        while self._enabled and self._bound:
            if self._doing is None:
                start_ns = self._next_trigger_ns()
                if start_ns > until_ns:
                    break
                self._clock.sleep_until(start_ns)
                self._doing, self._stamp_ns = self._reset_read(self._channel()), start_ns
                self._poked = False
                self._wake_ns = start_ns
            if not self._step(until_ns):
                return False
            if self._doing is None:
                return True
        self._clock.sleep_until(until_ns)
        return False

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # ------------------------------------------------------------------------------------- at the bench

    def unbind(self) -> None:
        """The driver lets the device go: files vanish, the buffer ends."""
        self._bound = False
        self.close()

    def push(self, data: bytes) -> None:
        """Puts bytes into the buffer as they are."""
        assert self._socket is not None
        self._socket.send(data)

    # ---------------------------------------------------------------------------------- the IIO core

    def _alive(self) -> None:
        if not self._bound:
            raise OSError(errno.ENODEV, "No such device")

    def _text(self, path: Path) -> str:
        self._alive()
        if path.parent.name in self._made:
            return self._made[path.parent.name]
        name = str(path.relative_to(DIRECTORY))
        if name not in self._files:
            raise OSError(errno.ENOENT, "No such file or directory")
        return self._files[name]

    def _set(self, name: str, text: str) -> None:
        if name not in self._files:
            raise OSError(errno.ENOENT, "No such file or directory")
        if self._enabled and name != "buffer/enable":
            raise OSError(errno.EBUSY, "Device or resource busy")
        self._files[name] = text
        if name == "buffer/enable":
            if text == "1" and self._files["trigger/current_trigger"] not in self._made.values():
                raise OSError(errno.EINVAL, "Invalid argument")
            self._enabled = text == "1"

    def _channel(self) -> int:
        return 0 if self._files["scan_elements/in_voltage0_en"] == "1" else 1

    def _next_trigger_ns(self) -> int:
        now_ns = self._clock.now_ns()
        if self._files["trigger/current_trigger"].startswith("sysfs"):
            return now_ns if self._poked else 1 << 62
        return -(-(now_ns + 1) // self._tick_ns) * self._tick_ns

    def _step(self, until_ns: int) -> bool:
        """Lets the handler go on once; False when it sleeps beyond ``until_ns``."""
        assert self._doing is not None
        if self._wake_ns > until_ns:
            self._clock.sleep_until(until_ns)
            return False
        self._clock.sleep_until(self._wake_ns)
        try:
            self._wake_ns = self._clock.now_ns() + next(self._doing)
        except StopIteration as done:
            self._doing = None
            assert self._socket is not None
            assert self._stamp_ns is not None
            # A u32 with the value or the error, four bytes of padding, the time of the trigger.
            self._socket.send(struct.pack("<IIq", done.value & 0xFFFFFFFF, 0, self._stamp_ns))
        return True

    def _finish_locked(self, until_ns: int) -> bool:
        """Waits for the handler, which holds the lock of the device while it waits for the chip."""
        while self._doing is not None:
            if not self._step(until_ns):
                return False
        return True

    def _run(self, until_ns: int) -> int | None:
        """Goes on with the read of a file; its value, None when it sleeps beyond ``until_ns``."""
        assert self._called is not None
        while self._wake_ns <= until_ns:
            self._clock.sleep_until(self._wake_ns)
            try:
                self._wake_ns = self._clock.now_ns() + next(self._called)
            except StopIteration as done:
                self._called = None
                value: int = done.value
                return value
        self._clock.sleep_until(until_ns)
        return None

    # -------------------------------------------------------------------------------------- hx711.c

    def _scale(self, gain: int) -> str:
        return f"0.{AVDD_UV * 100 // gain // 1678:09d}"

    def _choose(self, text: str) -> bool:
        for gain in PULSES:
            if text.strip() == self._scale(gain):
                break
        else:
            raise OSError(errno.EINVAL, "Invalid argument")
        if gain != self._gain:
            self._gain = gain
            if gain != 32:
                self._gain_of_a = gain
            if self._read_chip() < 0:
                raise OSError(errno.EIO, "Input/output error")
        return True

    def _level(self) -> int:
        return self._chip.dout(self._clock.now_ns())

    def _cycle(self) -> int:
        self._chip.set_sck(1, self._clock.now_ns())
        self._clock.sleep_until(self._clock.now_ns() + self._half_ns)
        self._chip.set_sck(0, self._clock.now_ns())
        self.pulses += 1
        self._clock.sleep_until(self._clock.now_ns() + self._half_ns + self._stall(self.pulses))
        return self._level()

    def _read_chip(self) -> int:
        if self._level():
            return -errno.EIO
        value = 0
        for _ in range(24):
            value = value << 1 | self._cycle()
        for _ in range(PULSES[self._gain]):
            self._cycle()
        return value ^ 0x800000

    def _wait_for_ready(self) -> Steps:
        for _ in range(100):
            if not self._level():
                return 0
            yield self._sleep_ns()
        return -errno.EIO

    def _reset_read(self, channel: int) -> Steps:
        if (yield from self._wait_for_ready()) < 0:
            self._chip.set_sck(1, self._clock.now_ns())
            yield self._sleep_ns()
            self._chip.set_sck(0, self._clock.now_ns())
            failed = yield from self._wait_for_ready()
            self._gain = 128
            if failed < 0:
                return -errno.EIO
        wanted = 32 if channel == 1 else (self._gain_of_a if self._gain == 32 else self._gain)
        if wanted != self._gain:
            self._gain = wanted
            if (changed := self._read_chip()) < 0:
                return changed
            if (waited := (yield from self._wait_for_ready())) < 0:
                return waited
        return self._read_chip()
