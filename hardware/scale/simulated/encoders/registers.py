"""What weighing transmitters hold in their Modbus registers, and the answer that carries it.

Rules this file obeys:

* Written from "Modbus over serial line 1.02" and the makers' register tables; no master's code is used.
* Registers are numbered as on the wire, from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders.checks import modbus_crc

Registers = Mapping[int, int | None]
"""By number; None cannot be read at this moment."""
READ_HOLDING = 0x03
DEVICE_FAILURE = 4
ADDRESS = 1


def framed(body: bytes) -> bytes:
    """``body`` and its CRC."""
    return body + modbus_crc(body)


def refused(function: int, why: int, address: int = ADDRESS) -> bytes:
    """An exception: the function with its high bit, and a code (application protocol 1.1b3, 7)."""
    return framed(bytes([address, function | 0x80, why]))


def answered(
    registers: Registers, wanted: range, function: int = READ_HOLDING, address: int = ADDRESS
) -> bytes:
    """The answer to a question for ``wanted``; an exception where one of them cannot be read now."""
    words = b""
    for number in wanted:
        word = registers[number]
        if word is None:
            return refused(function, DEVICE_FAILURE, address)
        words += word.to_bytes(2, "big")
    return framed(bytes([address, function, len(words)]) + words)


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
        | now.underload << 4
        | now.underload << 5
        | (gross < 0 or now.underload) << 7
        | (net < 0 or now.underload) << 8
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


def flintec_answer(now: Display) -> bytes:
    """The answer to the question for registers 0 and 1."""
    return answered(flintec(now), range(2))


def laumas_answer(now: Display) -> bytes:
    """The answer to the question for 40007 to 40014."""
    return answered(laumas(now), range(6, 14))
