"""Transports: a serial port that comes back by itself, and the replay of a file of raw bytes.

Rules this file obeys:

* Bytes only; no protocol is known here and nothing is ever sent that ``write`` was not given.
* A lost line is a state, not an exception: ``read`` returns nothing and ``state`` says LOST.
* The ``read`` that meets a loss returns empty with state LOST, and so does the reader learn that a frame
  was torn before it gets bytes of the new line. A loss met by ``write`` is LineLost.
* Programs that lock as we do are kept off the port; modem lines are left as opening it sets them.
"""

from __future__ import annotations

import random
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, Self

import msgspec
import serial
from msgspec import Meta

from hardware.scale.contract import BadOption, LineLost, LineState
from hardware.scale.strict import convert

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 3.0
JITTER = 0.25
WRITE_TIMEOUT_S = 2.0
CHUNK = 4096
REPLAY_STEP_S = 0.02

_GONE = (OSError, serial.SerialException, termios.error)


class SerialOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the transport ``serial``. ``port``: a path that stays the same, best /dev/serial/by-id/…"""

    port: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
    baud: Annotated[int, Meta(ge=300, le=921600)] = 9600
    bytesize: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the transport ``replay``.

    ``file``: raw bytes. ``bytes_per_s``: 0 for as fast as they are read (a line of 9600 baud carries 960).
    ``gaps``: pairs ``[offset, seconds]``: nothing comes for so long before the byte at that offset.
    """

    file: Annotated[str, Meta(min_length=1, max_length=4096)]
    bytes_per_s: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    gaps: Annotated[
        tuple[tuple[Annotated[int, Meta(ge=0)], Annotated[float, Meta(ge=0, le=3600)]], ...],
        Meta(max_length=10_000),
    ] = ()


def open_serial(options: Mapping[str, Any]) -> SerialPort:
    """A serial port, present or not yet (see SerialOptions); raises BadOption."""
    return SerialPort(convert(options, SerialOptions, "scale transport 'serial'", BadOption))


def open_replay(options: Mapping[str, Any]) -> Replay:
    """A file of raw bytes as a line (see ReplayOptions); raises BadOption."""
    wishes = convert(options, ReplayOptions, "scale transport 'replay'", BadOption)
    try:
        file = Path(wishes.file).open("rb")  # noqa: SIM115 - closed by close()
    except OSError as error:
        raise BadOption(f"scale transport 'replay': {wishes.file}: {error.strerror}") from error
    return Replay(wishes, file)


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
        self._clock = clock
        self._rng = rng if rng is not None else random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._port: serial.Serial | None = None
        self._closing = threading.Event()
        self._one_call = threading.Lock()
        self._wait_s = FIRST_WAIT_S
        self._next_try = clock()
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
                self._wait_for_port(timeout_s)
                return b""
            try:
                return _what_came(self._port, timeout_s)
            except _GONE as error:
                self._lose(error)
                return b""

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

    def _wait_for_port(self, timeout_s: float) -> None:
        until = self._clock() + timeout_s
        while not self._closing.is_set() and self._port is None:
            now = self._clock()
            if now >= self._next_try:
                self._try_open()
            elif now >= until:
                return
            else:
                self._closing.wait(min(self._next_try, until) - now)

    def _try_open(self) -> None:
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
        else:
            self._wait_s = FIRST_WAIT_S
            self._why = ""

    def _lose(self, error: Exception) -> None:
        self._why = str(error)
        self._shut()
        jitter = 1 + JITTER * self._rng.uniform(-1, 1)
        self._next_try = self._clock() + self._wait_s * jitter
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

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


class Replay:
    """A file of raw bytes as a line; CLOSED when all is read."""

    def __init__(
        self, options: ReplayOptions, file: BinaryIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = file
        self._rate = options.bytes_per_s
        self._gaps = sorted(options.gaps)
        self._clock = clock
        self._offset = 0
        self._due = clock()
        self._closing = threading.Event()

    @property
    def state(self) -> LineState:
        return LineState.CLOSED if self._closing.is_set() else LineState.OPEN

    def read(self, timeout_s: float) -> bytes:
        now = self._clock()
        while self._gaps and self._gaps[0][0] <= self._offset:
            self._due = max(self._due, now) + self._gaps.pop(0)[1]
        wait = self._due - now
        if wait > 0:
            self._closing.wait(min(wait, timeout_s))
        if wait > timeout_s or self._closing.is_set():
            return b""
        size = max(1, int(self._rate * REPLAY_STEP_S)) if self._rate else CHUNK
        if self._gaps:
            size = min(size, self._gaps[0][0] - self._offset)
        data = self._file.read(min(size, CHUNK))
        self._offset += len(data)
        if self._rate:
            # A reader that was away catches up by one step at most.
            self._due = max(self._due, self._clock() - REPLAY_STEP_S) + len(data) / self._rate
        if not data:
            self.close()
        return data

    def write(self, data: bytes) -> None:
        """Nobody listens at the other end of a recording; raises LineLost."""
        raise LineLost(f"a replay takes no bytes: {len(data)} not sent")

    def close(self) -> None:
        self._closing.set()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
