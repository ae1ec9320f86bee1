"""Bytes as decimal digits: what a QR code holds most densely and no link ever breaks.

Seven bytes, little-endian, are 17 digits; a last group of 1 … 6 bytes is 3, 5, 8, 10, 13 or 15 (FIDO CTAP 2.2
11.5.1.2). A QR code takes three digits in ten bits: 1.2 % more than the bytes themselves; Base45 takes 3 %
and needs spaces and per cent signs that a link cannot carry.
"""

from __future__ import annotations

from firmware_app.ledger.errors import BadFormat

GROUP = 7
WIDTHS = (0, 3, 5, 8, 10, 13, 15, 17)
"""Digits of a group of so many bytes."""


def encode(data: bytes) -> str:
    """The digits of the bytes."""
    groups = (data[at : at + GROUP] for at in range(0, len(data), GROUP))
    return "".join(f"{int.from_bytes(group, 'little'):0{WIDTHS[len(group)]}d}" for group in groups)


def decode(text: str) -> bytes:
    """The bytes whose digits these are; raises BadFormat."""
    if not (text.isascii() and text.isdigit()):
        raise BadFormat("not digits")
    data = b""
    for at in range(0, len(text), WIDTHS[GROUP]):
        group = text[at : at + WIDTHS[GROUP]]
        if len(group) not in WIDTHS:
            raise BadFormat("digits: cut off")
        try:
            data += int(group).to_bytes(WIDTHS.index(len(group)), "little")
        except OverflowError as error:
            raise BadFormat("digits: a group beyond its bytes") from error
    return data
