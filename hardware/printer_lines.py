"""The lines a printer hangs on, as devices of python-escpos that can also be asked, and never hang.

Rules this file obeys:

* Opening raises OSError; so does a line that takes no bytes for five seconds.
* A question of real time is answered within half a second or not at all; older answers are thrown away
  first, since raster data may hold the bytes of a question by chance.
"""

from __future__ import annotations

import os
import select
import socket
import time

import serial
from escpos.capabilities import Profile
from escpos.escpos import Escpos

from hardware.printer_status import ALL_DONE

WRITE_S = 5.0
ANSWER_S = 0.5
DONE_S = 4.0
"""How long a slip may take; a model that does not know GS r costs this much a slip."""


SLICE = 1024
KERNEL_BYTES = 4096
"""What Linux buffers of a serial line."""


def head(dots: int) -> Profile:
    """A profile of python-escpos that knows the width of the head and nothing else of the model."""
    profile = Profile()
    profile.profile_data = {**profile.profile_data, "media": {"width": {"pixels": dots}}}
    return profile


def open_line(kind: str, at: str, dots: int, *, baud: int, port: int) -> Escpos:
    """The open device of the kind serial, usb or network; raises OSError."""
    match kind:
        case "serial":
            opened = serial.Serial(at, baud, timeout=ANSWER_S, write_timeout=WRITE_S, dsrdtr=True)
            return SerialLine(opened, dots)
        case "usb":
            return FileLine(os.open(at, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY), dots)
        case _:
            connection = socket.create_connection((at, port), timeout=WRITE_S)
            connection.setblocking(False)
            return FileLine(connection.detach(), dots)


def _patience(request: bytes) -> float:
    return DONE_S if request == ALL_DONE else ANSWER_S


class FileLine(Escpos):  # type: ignore[misc]  # python-escpos ships no types
    """A file descriptor that reads and writes: the kernel's usblp, or a socket."""

    def __init__(self, descriptor: int, dots: int) -> None:
        """Takes ``descriptor``, not blocking, over."""
        super().__init__(profile=head(dots))
        self._descriptor: int | None = descriptor

    def open(self) -> None:
        """It is open from the beginning."""

    def _raw(self, msg: bytes) -> None:
        end, rest = time.monotonic() + WRITE_S, memoryview(msg)
        while rest:
            _, ready, _ = select.select([], [self._open_descriptor()], [], max(end - time.monotonic(), 0.0))
            if not ready:
                raise TimeoutError(f"the printer took nothing for {WRITE_S:g} s")
            rest = rest[os.write(self._open_descriptor(), rest) :]

    def query_status(self, mode: bytes) -> bytes:
        while self._readable(0.0) and os.read(self._open_descriptor(), 64):
            pass
        self._raw(mode)
        return os.read(self._open_descriptor(), 1) if self._readable(_patience(mode)) else b""

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _readable(self, seconds: float) -> bool:
        return bool(select.select([self._open_descriptor()], [], [], seconds)[0])

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise OSError("the printer was closed")
        return self._descriptor


class SerialLine(Escpos):  # type: ignore[misc]  # python-escpos ships no types
    """A serial port with the printer's own DTR/DSR handshake."""

    def __init__(self, port: serial.Serial, dots: int) -> None:
        """Takes ``port``, open, over."""
        super().__init__(profile=head(dots))
        self._port = port

    def open(self) -> None:
        """It is open from the beginning."""

    def _raw(self, msg: bytes) -> None:
        # In slices, each with its own patience: a band of raster takes six seconds at 9600 baud.
        for at in range(0, len(msg), SLICE):
            self._port.write(msg[at : at + SLICE])

    def query_status(self, mode: bytes) -> bytes:
        self._port.reset_input_buffer()
        self._raw(mode)
        # What the kernel still holds of the slip goes out first, ten bits a byte.
        self._port.timeout = _patience(mode) + (KERNEL_BYTES * 10 / self._port.baudrate) * (mode == ALL_DONE)
        answer: bytes = self._port.read(1)
        return answer

    def close(self) -> None:
        self._port.close()
