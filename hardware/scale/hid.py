"""The transport ``hid``: a USB scale of usage page 8Dh, through the kernel's hidraw.

Rules this file obeys:

* It only listens: the device is opened for reading, and ``write`` sends nothing.
* A scale is known by its report descriptor, never by a list of makers.
* A name stays with the scale or its socket: the number behind /dev/hidraw is whoever came first.
* One report a ``read``, as the device sent it. The first after opening is an old one and is not handed on.
* A lost device is a state, not an exception; it is looked for again with back-off.
"""

from __future__ import annotations

import os
import random
import select
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from hardware.scale.comeback import Comeback
from hardware.scale.contract import BadOption, LineLost, LineState
from hardware.scale.hid_ports import HidScale, hid_scales
from hardware.scale.strict import convert

ANY = "auto"
"""The one HID scale that is plugged in."""
LONGEST_REPORT = 4096

Path_ = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]


class HidOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the transport ``hid``.

    ``port``: ``auto`` for the only scale there is, or a name from `steelyard scale ports`: the socket
    (``usb-0000:00:14.0-1/input0``), maker, product and serial number (``0922:8003:0012345``), or a file.
    ``stale``: reports that are thrown away after opening. ``root``: where /sys and /dev lie.
    """

    port: Path_ = ANY
    stale: Annotated[int, Meta(ge=0, le=10)] = 1
    root: Path_ = "/"


def open_hid(options: Mapping[str, Any]) -> HidLine:
    """A HID scale, present or not yet (see HidOptions); raises BadOption."""
    return HidLine(convert(options, HidOptions, "scale transport 'hid'", BadOption))


def check_hid(options: Mapping[str, Any]) -> None:
    """Raises BadOption for options that ``open_hid`` would refuse."""
    convert(options, HidOptions, "scale transport 'hid'", BadOption)


class HidLine:
    """A HID scale that is looked for again, with back-off and jitter, whenever it is gone."""

    def __init__(
        self,
        options: HidOptions,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._options = options
        self._root = Path(options.root)
        self._comeback = Comeback(clock, rng)
        self._open: int | None = None
        self._device = ""
        self._closing = threading.Event()
        self._one_call = threading.Lock()
        self._wake_in, self._wake_out = os.pipe()
        self._to_drop = options.stale
        self._why = ""
        self._try_open()

    @property
    def why(self) -> str:
        """Why there is no scale now; empty while there is one."""
        return self._why

    @property
    def state(self) -> LineState:
        if self._closing.is_set():
            return LineState.CLOSED
        return LineState.LOST if self._open is None else LineState.OPEN

    def read(self, timeout_s: float) -> bytes:
        """The next report; empty when none came within ``timeout_s`` or the scale is gone."""
        with self._one_call:
            if self._closing.is_set():
                return b""
            if self._open is None:
                self._comeback.wait(timeout_s, self._closing, self._try_open)
                return b""
            try:
                report = self._report(self._open, timeout_s)
                self._look(self._open, bool(report))
            except OSError as error:
                self._lose(error.strerror or str(error))
                return b""
            if report and self._to_drop:
                self._to_drop -= 1
                return b""
            return report

    def write(self, data: bytes) -> None:
        """Sends nothing, whatever it is: raises LineLost."""
        raise LineLost(f"a HID scale is only listened to: {len(data)} bytes not sent")

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        os.write(self._wake_out, b"!")
        with self._one_call:
            self._shut()
            os.close(self._wake_in)
            os.close(self._wake_out)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _report(self, device: int, timeout_s: float) -> bytes:
        """One report; raises OSError where the device is gone."""
        watched = select.poll()
        watched.register(device, select.POLLIN)
        watched.register(self._wake_in, select.POLLIN)
        ready = dict(watched.poll(max(timeout_s, 0.0) * 1000))
        if self._closing.is_set() or device not in ready:
            return b""
        data = os.read(device, LONGEST_REPORT) if ready[device] & select.POLLIN else b""
        if not data:
            raise OSError(f"{self._device}: unplugged")
        return data

    def _look(self, device: int, heard: bool) -> None:
        """Forgets the back-off of a scale that works; raises OSError where its name names another device."""
        if not self._comeback.due(heard):
            return
        there, here = Path(self._device).stat(), os.fstat(device)
        if (there.st_rdev, there.st_ino) != (here.st_rdev, here.st_ino):
            raise OSError(f"{self._device} is another device now")

    def _try_open(self) -> bool:
        found = [one for one in hid_scales(self._root) if self._options.port in (ANY, *one.names)]
        if len(found) != 1:
            self._lose(_why_none(self._options.port, found))
            return False
        if not found[0].readable:
            self._lose(f"{found[0].name}: its reports have another layout than the one that is known")
            return False
        self._device = found[0].device
        try:
            self._open = os.open(self._device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._lose(f"{self._device}: {error.strerror}")
            return False
        self._comeback.came()
        self._to_drop = self._options.stale
        self._why = ""
        return True

    def _lose(self, why: str) -> None:
        self._why = why
        self._shut()
        self._comeback.lost()

    def _shut(self) -> None:
        device, self._open = self._open, None
        if device is not None:
            os.close(device)


def _why_none(port: str, found: list[HidScale]) -> str:
    if found:
        names = ", ".join(one.best for one in found)
        return f"{len(found)} HID scales are plugged in: name one of {names}"
    return "no HID scale is plugged in" if port == ANY else f"no HID scale {port} is plugged in"
