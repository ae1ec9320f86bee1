"""A weighing transmitter as a Modbus RTU slave: requests in, answers out, no I/O.

Rules this file obeys:

* Written from "Modbus over serial line 1.02" and the makers' register tables; no master's code is used.
* A request with a wrong CRC, of another address or never complete is not answered, as on a real bus.
* Registers are numbered as on the wire, from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders.checks import modbus_crc

Registers = Mapping[int, int | None]
"""By number; None cannot be read at this moment."""
READ = (0x03, 0x04)
WRITE_ONE, WRITE_MANY = 0x06, 0x10
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
MOST_REGISTERS = 125
LONGEST = 256


def _words(number: int) -> tuple[int, int]:
    """High word, low word of 32 bits in two's complement."""
    return number >> 16 & 0xFFFF, number & 0xFFFF


def _counts(value: Decimal | None, decimals: int) -> int:
    return 0 if value is None else int(value.scaleb(decimals))


def flintec(now: Display) -> Registers:
    """FT-13: 0-1 weight in display counts, 2 status, 8 command (manual p.48).

    The bits of the status are not described: it reads 0, and a weight out of range cannot be read.
    """
    rest: dict[int, int | None] = {2: 0, 8: 0}
    if now.value is None:
        return {0: None, 1: None, **rest}
    high, low = _words(_counts(now.value, now.decimals))
    return {0: high, 1: low, **rest}


def laumas(now: Display) -> Registers:
    """W and TLB: 40006 command … 40014 division and unit (W series manual); sign apart from the magnitude."""
    net = _counts(now.value, now.decimals)
    gross = net + _counts(now.tare, now.decimals)
    status = (
        now.overload << 2
        | now.overload << 3
        | (gross < 0) << 7
        | (net < 0) << 8
        | (now.kind == "net") << 10
        | now.stable << 11
        | now.zero << 12
    )
    gross_words, net_words = _words(abs(gross)), _words(abs(net))
    unit = {"kg": 0, "g": 1, "t": 2, "lb": 3}.get(now.unit, 0)
    return {
        5: 0,
        6: status,
        7: gross_words[0],
        8: gross_words[1],
        9: net_words[0],
        10: net_words[1],
        11: 0,
        12: 0,
        13: unit << 8 | laumas_division(now.interval),
    }


def laumas_division(interval: Decimal) -> int:
    """Index of the division in the maker's list 100, 50, 20 … 0.0001."""
    divisions = [Decimal(step).scaleb(tens) for tens in range(2, -5, -1) for step in (5, 2, 1)][2:]
    return divisions.index(interval)


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


def framed(body: bytes) -> bytes:
    """``body`` and its CRC."""
    return body + modbus_crc(body)


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
        words = b""
        for number in wanted:
            word = registers[number]
            if word is None:
                return self._refuse(function, DEVICE_FAILURE)
            words += word.to_bytes(2, "big")
        return framed(bytes([self._address, function, len(words)]) + words)

    def _write(self, function: int, register: int, value: int, echo: bytes) -> tuple[bytes, tuple[str, ...]]:
        if register != self._command:
            return self._refuse(function, ILLEGAL_ADDRESS), ()
        if value not in self._keys:
            return self._refuse(function, ILLEGAL_VALUE), ()
        return framed(bytes([self._address, function]) + echo), (self._keys[value],)

    def _refuse(self, function: int, why: int) -> bytes:
        return framed(bytes([self._address, function | 0x80, why]))
