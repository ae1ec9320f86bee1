"""A weighing transmitter as a Modbus RTU slave: requests in, answers out, no I/O.

Rules this file obeys:

* Written from "Modbus over serial line 1.02" and the makers' register tables; no master's code is used.
* A request with a wrong CRC, of another address or never complete is not answered, as on a real bus.
* Registers are numbered as on the wire, from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders.registers import (
    Registers,
    answered,
    flintec,
    framed,
    laumas,
    refused,
)

READ = (0x03, 0x04)
WRITE_ONE, WRITE_MANY = 0x06, 0x10
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
MOST_REGISTERS = 125
LONGEST = 256


MAPS: Mapping[str, Callable[[Display], Registers]] = {
    "modbus-rtu": flintec,
    "flintec-modbus": flintec,
    "laumas-modbus": laumas,
}

WRITABLE: Mapping[str, tuple[int, Mapping[int, str]]] = {
    "modbus-rtu": (8, {2: "tare"}),
    "flintec-modbus": (8, {2: "tare"}),
    "laumas-modbus": (5, {7: "tare", 8: "zero"}),
}
"""The command register and the key that a command stands for."""


class Slave:
    """Answers the requests of one master."""

    def __init__(self, kind: str, address: int = 1) -> None:
        """``kind``: a key of MAPS."""
        self._registers = MAPS[kind]
        self._command, self._keys = WRITABLE[kind]
        self._address = address
        self._heard = bytearray()

    def hear(self, data: bytes, now: Display) -> tuple[bytes, tuple[str, ...]]:
        """The answers to ``data`` and the keys it pressed."""
        self._heard += data[-LONGEST:]
        answers, keys = b"", tuple[str, ...]()
        while request := self._take():
            answer, pressed = self._obey(request, now)
            answers, keys = answers + answer, (*keys, *pressed)
        del self._heard[:-LONGEST]
        return answers, keys

    def _take(self) -> bytes:
        """The next whole request with a good CRC, without it; what leads to none is dropped."""
        while len(self._heard) >= 8:
            length = 9 + self._heard[6] if self._heard[1] == WRITE_MANY else 8
            if len(self._heard) < length and self._heard[0] == self._address:
                return b""
            frame = bytes(self._heard[:length])
            if framed(frame[:-2]) == frame:
                del self._heard[:length]
                return frame[:-2]
            del self._heard[0]
        return b""

    def _obey(self, request: bytes, now: Display) -> tuple[bytes, tuple[str, ...]]:
        address, function = request[0], request[1]
        if address != self._address:
            return b"", ()
        first, second = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
        if function in READ:
            return self._read(function, first, second, now), ()
        if function == WRITE_ONE:
            return self._write(function, first, second, request[2:6])
        if function == WRITE_MANY and second == 1 and len(request) == 9:
            return self._write(function, first, int.from_bytes(request[7:9], "big"), request[2:6])
        return self._refuse(function, ILLEGAL_FUNCTION), ()

    def _read(self, function: int, first: int, count: int, now: Display) -> bytes:
        registers = self._registers(now)
        wanted = range(first, first + count)
        if not 1 <= count <= MOST_REGISTERS:
            return self._refuse(function, ILLEGAL_VALUE)
        if any(number not in registers for number in wanted):
            return self._refuse(function, ILLEGAL_ADDRESS)
        return answered(registers, wanted, function, self._address)

    def _write(self, function: int, register: int, value: int, echo: bytes) -> tuple[bytes, tuple[str, ...]]:
        if register != self._command:
            return self._refuse(function, ILLEGAL_ADDRESS), ()
        if value not in self._keys:
            return self._refuse(function, ILLEGAL_VALUE), ()
        return framed(bytes([self._address, function]) + echo), (self._keys[value],)

    def _refuse(self, function: int, why: int) -> bytes:
        return refused(function, why, self._address)
