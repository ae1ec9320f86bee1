"""Checks that scales append to their frames, each written from the manual's own words.

Rules this file obeys:

* Nothing of the reader's side is used: a mistake made twice is found by nobody.
"""

from __future__ import annotations

from functools import reduce


def xor(data: bytes) -> int:
    """All bytes exclusive-ored, 0..255."""
    return reduce(lambda so_far, byte: so_far ^ byte, data, 0)


def xor_two_characters(data: bytes) -> bytes:
    """The xor as two characters, high nibble first, 0-9 and A-F (Yaohua, A12E manual p.13)."""
    return b"%02X" % xor(data)


def seven_bit_sum(data: bytes) -> bytes:
    """The byte that makes the sum of the low seven bits 0 modulo 128 (Toledo continuous output)."""
    return bytes([-sum(byte & 0x7F for byte in data) & 0x7F])


def massa_crc(body: bytes) -> bytes:
    """Remainder of the bits of ``body`` divided by 0x11021, nothing appended, low byte first (Massa-K)."""
    remainder = int.from_bytes(body, "big")
    for bit in range(remainder.bit_length() - 1, 15, -1):
        if remainder >> bit & 1:
            remainder ^= 0x11021 << (bit - 16)
    return remainder.to_bytes(2, "little")


def modbus_crc(frame: bytes) -> bytes:
    """CRC-16, reflected polynomial A001h, start FFFFh, low byte first (Modbus over serial line, 2.5.1)."""
    register = 0xFFFF
    for byte in frame:
        register ^= byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            if low:
                register ^= 0xA001
    return register.to_bytes(2, "little")
