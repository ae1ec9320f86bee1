"""The transport ``modbus``: a transmitter that is asked for its registers again and again over RTU.

Rules this file obeys:

* It only reads: the question is one of function 3 or 4, and there is no path to another. ``write`` sends
  nothing.
* What it hands on is the whole answer as it came, after its address, function, length and CRC were found
  right; an exception of the device is handed on as well, as the error it is.
* An answer that is late, torn, foreign or damaged is a loss at once: nothing is handed on; ``why`` says it.
* The questions begin when it is opened, so it is opened only on a person's choice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self

import minimalmodbus
import msgspec
from msgspec import Meta

from hardware.scale.contract import BadOption, LineLost, LineState, Registers
from hardware.scale.port import SerialOptions, SerialPort
from hardware.scale.strict import convert

LONGEST = 260
"""More than the longest RTU frame (Modbus over serial line 1.02, 2.5.1: 256)."""
EXCEPTION = 5
"""Bytes of an exception: address, function with its high bit, code, CRC (application protocol 1.1b3, 7)."""


class ModbusOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the transport ``modbus``: those of ``serial``, and which registers are asked for, how often.

    ``first``: as on the wire, from 0. ``answer_ms``: how long an answer may take.
    """

    port: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
    first: Annotated[int, Meta(ge=0, le=0xFFFF)]
    count: Annotated[int, Meta(ge=1, le=125)]
    address: Annotated[int, Meta(ge=1, le=247)] = 1
    function: Literal[3, 4] = 3
    every_ms: Annotated[int, Meta(ge=50, le=60_000)] = 200
    answer_ms: Annotated[int, Meta(ge=20, le=5000)] = 150
    baud: Annotated[int, Meta(ge=300, le=921600)] = 9600
    bytesize: Literal[8] = 8
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1


def open_modbus(options: Mapping[str, Any]) -> ModbusLine:
    """A Modbus RTU device, present or not yet (see ModbusOptions); raises BadOption."""
    wish = convert(options, ModbusOptions, "scale transport 'modbus'", BadOption)
    port = SerialPort(
        SerialOptions(
            port=wish.port,
            baud=wish.baud,
            bytesize=wish.bytesize,
            parity=wish.parity,
            stopbits=wish.stopbits,
        )
    )
    return ModbusLine(port, wish)


def check_modbus(options: Mapping[str, Any]) -> None:
    """Raises BadOption for options that no profile's registers would make whole."""
    convert({"first": 0, "count": 1, **options}, ModbusOptions, "scale transport 'modbus'", BadOption)


class ModbusLine:
    """Asks one device for one block of registers (hardware.scale.contract.Transport)."""

    def __init__(
        self, port: SerialPort, options: ModbusOptions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._port = port
        self._registers = Registers(
            address=options.address, function=options.function, first=options.first, count=options.count
        )
        self._every_s = options.every_ms / 1000
        self._wire = _Wire(port, options.port, options.baud, options.answer_ms / 1000, clock)
        self._device = minimalmodbus.Instrument(self._wire, options.address)
        self._clock = clock
        self._due = clock()
        self._closing = threading.Event()
        self._why = ""

    @property
    def state(self) -> LineState:
        if self._closing.is_set() or self._port.state is LineState.CLOSED:
            return LineState.CLOSED
        return LineState.LOST if self._why else self._port.state

    @property
    def why(self) -> str:
        """Why nothing is to be believed now; empty while the device answers as it must."""
        return self._why or self._port.why

    def read(self, timeout_s: float) -> bytes:
        """The next answer; empty when none is due within ``timeout_s``, or the device gave none."""
        if self._port.state is not LineState.OPEN:
            self._why = ""
            return self._port.read(timeout_s)
        wait_s = self._due - self._clock()
        if wait_s > timeout_s:
            self._closing.wait(timeout_s)
            return b""
        if wait_s > 0 and self._closing.wait(wait_s):
            return b""
        self._due = max(self._due + self._every_s, self._clock())
        return self._ask()

    def write(self, data: bytes) -> None:
        """Sends nothing, whatever it is: raises LineLost."""
        raise LineLost(f"a Modbus scale is only asked for its registers: {len(data)} bytes not sent")

    def close(self) -> None:
        self._closing.set()
        self._port.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _ask(self) -> bytes:
        wanted = self._registers
        try:
            self._device.read_registers(wanted.first, wanted.count, wanted.function)
        except minimalmodbus.SlaveReportedException:
            # A sound answer, and no reading: it voids the last one as the error it is.
            self._why = ""
            return self._wire.heard
        except LineLost as error:
            self._why = str(error)
            return b""
        except (minimalmodbus.ModbusException, ValueError, TypeError) as error:
            # The library raises the last two for answers that are too short to be looked into.
            self._why = f"device {wanted.address}: {' '.join(str(error).split())[:200]}"
            return b""
        self._why = ""
        return self._wire.heard


class _Wire:
    """Our port as minimalmodbus wants one; ``heard``: the bytes of the last answer."""

    def __init__(
        self, port: SerialPort, name: str, baud: int, timeout_s: float, clock: Callable[[], float]
    ) -> None:
        self._line = port
        self._clock = clock
        self.port = name
        self.baudrate = baud
        self.timeout = timeout_s
        self.heard = b""

    @property
    def is_open(self) -> bool:
        """Always: opening again is the port's own affair."""
        return True

    def open(self) -> None:
        """Nothing to be done: see ``is_open``."""

    def close(self) -> None:
        """Nothing to be done: who opened the port closes it."""

    def reset_input_buffer(self) -> None:
        """What still came in late belongs to no question."""
        while self._line.read(0):
            continue

    def reset_output_buffer(self) -> None:
        """Nothing waits to be sent."""

    def write(self, data: bytes) -> None:
        self.heard = b""
        self._line.write(data)

    def read(self, size: int) -> bytes:
        """``size`` bytes, a whole exception, or what came within the timeout; raises LineLost."""
        until = self._clock() + self.timeout
        while len(self.heard) < min(size, LONGEST):
            left = until - self._clock()
            if left <= 0:
                break
            came = self._line.read(left)
            self.heard = (self.heard + came)[:LONGEST]
            if not came and self._line.state is not LineState.OPEN:
                raise LineLost(f"{self.port}: {self._line.why}")
            if len(self.heard) >= EXCEPTION and self.heard[1] & 0x80:
                break
        self.heard = self.heard[:size]
        return self.heard
