"""Frames that the tests of listening let a scale say."""

from __future__ import annotations

YAOHUA = bytes.fromhex("02 2B 30 30 31 35 36 30 30 31 39 03")


def st_gs(grams: int, header: bytes = b"ST") -> bytes:
    """One frame of the A&D indicator layout in kilograms."""
    return header + b",GS,+%03d.%03dkg\r\n" % divmod(grams, 1000)
