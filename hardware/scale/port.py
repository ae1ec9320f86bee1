"""The transport ``serial``: a serial port that comes back by itself.

Rules this file obeys:

* Bytes only; no protocol is known here and nothing is ever sent that ``write`` was not given.
* A lost line is a state, not an exception: ``read`` returns nothing and ``state`` says LOST.
* The ``read`` that meets a loss returns empty with state LOST, and so does the reader learn that a frame
  was torn before it gets bytes of the new line. A loss met by ``write`` is LineLost.
* A path that has come to name another device, or none, is a loss even while the old one still answers.
* Programs that lock as we do are kept off the port; modem lines are left as opening it sets them.
"""

from __future__ import annotations

import os
import random
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import msgspec
import serial
from msgspec import Meta

from hardware.scale.comeback import Comeback
from hardware.scale.contract import BadOption, LineLost, LineState
from hardware.scale.replay import open_replay
from hardware.scale.strict import convert

__all__ = ["SerialOptions", "SerialPort", "open_replay", "open_serial"]

WRITE_TIMEOUT_S = 2.0
CHUNK = 4096

_GONE = (OSError, serial.SerialException, termios.error)


class SerialOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the transport ``serial``. ``port``: a path that stays the same, best /dev/serial/by-id/…"""

    port: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
    baud: Annotated[int, Meta(ge=300, le=921600)] = 9600
    bytesize: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1


def open_serial(options: Mapping[str, Any]) -> SerialPort:
    """A serial port, present or not yet (see SerialOptions); raises BadOption."""
    return SerialPort(convert(options, SerialOptions, "scale transport 'serial'", BadOption))


def check_serial(options: Mapping[str, Any]) -> None:
    """Raises BadOption where ``open_serial`` would; opens nothing."""
    convert(options, SerialOptions, "scale transport 'serial'", BadOption)


class SerialPort:
    """A serial port that is opened again, with back-off and jitter, whenever it is gone.

    Any thread may call; one call at a time is served, and ``close`` ends a ``read`` under way.
    """

    def __init__(
        self,
        options: SerialOptions,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._options = options
        self._comeback = Comeback(clock, rng)
        self._port: serial.Serial | None = None
        self._closing = threading.Event()
        self._one_call = threading.Lock()
        self._why = ""
        self._try_open()

    @property
    def why(self) -> str:
        """Why the line is lost, in the words of the system; empty while it is open."""
        return self._why

    @property
    def state(self) -> LineState:
        if self._closing.is_set():
            return LineState.CLOSED
        return LineState.LOST if self._port is None else LineState.OPEN

    def read(self, timeout_s: float) -> bytes:
        """What arrived within ``timeout_s``; never raises for a line that is gone."""
        with self._one_call:
            if self._closing.is_set():
                return b""
            if self._port is None:
                self._comeback.wait(timeout_s, self._closing, self._try_open)
                return b""
            try:
                data = _what_came(self._port, timeout_s)
                self._look(self._port, bool(data))
            except _GONE as error:
                self._lose(error)
                return b""
            return data

    def write(self, data: bytes) -> None:
        """Sends ``data``; raises LineLost."""
        with self._one_call:
            if self._port is None or self._closing.is_set():
                raise LineLost(f"{self._options.port}: the port is not there; nothing was sent")
            try:
                self._port.write(data)
            except _GONE as error:
                self._lose(error)
                raise LineLost(f"{self._options.port}: lost while sending: {error}") from error

    def close(self) -> None:
        self._closing.set()
        port = self._port
        if port is not None:
            port.cancel_read()
        with self._one_call:
            self._shut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _look(self, port: serial.Serial, heard: bool) -> None:
        """Forgets the back-off of a port that works; raises OSError for one whose path names it no more.

        After a brown-out of the hub the old device may stay open and silent while the adapter is back
        under a new number.
        """
        if not self._comeback.due(heard):
            return
        if Path(self._options.port).stat().st_rdev != os.fstat(port.fileno()).st_rdev:
            raise OSError(f"{self._options.port} is another device now")

    def _try_open(self) -> bool:
        wish = self._options
        try:
            self._port = serial.Serial(
                port=wish.port,
                baudrate=wish.baud,
                bytesize=wish.bytesize,
                parity=wish.parity,
                stopbits=wish.stopbits,
                timeout=0,
                write_timeout=WRITE_TIMEOUT_S,
                exclusive=True,
            )
            _keep_modem_lines(self._port)
        except (*_GONE, ValueError) as error:
            self._lose(error)
            return False
        self._comeback.came()
        self._why = ""
        return True

    def _lose(self, error: Exception) -> None:
        self._why = str(error)
        self._shut()
        self._comeback.lost()

    def _shut(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            try:
                port.close()
            except _GONE:
                return


def _what_came(port: serial.Serial, timeout_s: float) -> bytes:
    if port.timeout != timeout_s:
        port.timeout = timeout_s
    first = port.read(1)
    return bytes(first + port.read(min(port.in_waiting, CHUNK))) if first else b""


def _keep_modem_lines(port: serial.Serial) -> None:
    """Without HUPCL closing the port does not drop DTR and RTS, which restart some indicators."""
    modes = termios.tcgetattr(port.fileno())
    modes[2] &= ~termios.HUPCL
    termios.tcsetattr(port.fileno(), termios.TCSANOW, modes)
