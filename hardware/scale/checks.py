"""The checks that frames carry: what is due for the bytes they cover, exactly as it is sent.

Rules this file obeys:

* A check is a pure function of bytes; which bytes it covers is told by the profile.
* What a check cannot see is said beside it: no check makes a weight right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import xor
from typing import NamedTuple


class CheckRule(NamedTuple):
    """A check as sent: how many bytes it takes, and what they are for the bytes it covers."""

    width: int
    of: Callable[[bytes], bytes]
    words: str


def bcc(data: bytes) -> bytes:
    """XOR of all bytes as one raw byte (CAS ECR, Dibal); it may be any character, printable ones included.

    Blind to bytes that change places and to the same change made twice.
    """
    return bytes([reduce(xor, data, 0)])


def xor_hex(data: bytes) -> bytes:
    """XOR of all bytes as two upper-case hexadecimal characters, high nibble first (Yaohua tF=0, A12)."""
    return b"%02X" % reduce(xor, data, 0)


def xor_or_40(data: bytes) -> bytes:
    """XOR of all bytes, bit 6 set (DingSong DS822)."""
    return bytes([reduce(xor, data, 0) | 0x40])


def sum7(data: bytes) -> bytes:
    """Two's complement of the sum of the low seven bits (Toledo continuous): sum and check give 0 mod 128."""
    return bytes([-sum(byte & 0x7F for byte in data) & 0x7F])


def crc16_modbus(data: bytes) -> bytes:
    """CRC-16/MODBUS: polynomial 8005h reflected, start FFFFh, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def crc_massa(data: bytes) -> bytes:
    """Massa-K protocol 100: polynomial 1021h, start 0, each byte put in at the low end, low byte first.

    No 16 zero bits are appended, so neither XMODEM nor CCITT-FALSE gives it; the body ``23`` has 0023h.
    """
    crc = 0
    for byte in data:
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
        crc ^= byte
    return crc.to_bytes(2, "little")


CHECKS: Mapping[str, CheckRule] = {
    "bcc": CheckRule(1, bcc, "XOR as one byte"),
    "xor-hex": CheckRule(2, xor_hex, "XOR as two hexadecimal characters"),
    "xor-or-40": CheckRule(1, xor_or_40, "XOR with bit 6 set"),
    "sum7": CheckRule(1, sum7, "two's complement of the sum of the low seven bits"),
    "crc16-modbus": CheckRule(2, crc16_modbus, "CRC-16/MODBUS, low byte first"),
    "crc-massa": CheckRule(2, crc_massa, "CRC of Massa-K protocol 100, low byte first"),
}
"""Every check a profile may name; a new one is a line here and a vector in the profile that needs it."""
