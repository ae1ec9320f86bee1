#!/usr/bin/env python3
"""Checks a slip against an exported Steelyard ledger without any Steelyard code.

Needs the other check_*.py beside it and the package ``cryptography``. The format is in docs/record-format.md.

    python check_slip.py ledger.ndjson "TEXT OF THE QR CODE"

Exit 0: the device that wrote this ledger signed the slip, and the ledger, good itself, holds its entry with
that verdict upon that scale. Exit 1: says what is wrong. Exit 2: wrong use, or no file. Compare the scale's
serial number with the slip: a genuine slip may still hang at the wrong stall.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, NamedTuple

from check_bytes import Wrong, decode, joined, number, opened, parse, told
from check_jws import Key, take_apart
from check_ledger import Checker, check_lines

SLIP = "steelyard-slip+jws"
SLIP_FIELDS = ["device", "seq", "entry", "verdict", "at", "scale"]
SLIP_EXTERNAL = b"steelyard-slip+cose"
COSE_ALGS = {"Ed25519": -19, "ES256": -9}
VERDICTS = ("conforms", "does_not_conform", "undecided", "cannot_judge")
FIRST_ENTRY = 64
"""Digits of the hash in a slip of the first kind."""
MAX_SERIAL = 24
DIGITS = (0, 3, 5, 8, 10, 13, 15, 17)
"""Digits of so many bytes."""


def check_slip(text: str, checker: Checker) -> str:
    """What a genuine slip upon an entry of a checked ledger says; raises Wrong."""
    claim = text.strip()
    for prefix in ("STEELYARD1:", "STEELYARD2:"):
        claim = claim.removeprefix(prefix)
    claim = claim.rpartition("#")[2]
    said = first_slip(claim, checker.key) if "." in claim else slip(claim, checker.key)
    if not checker.held(said.device, said.seq).startswith(said.entry):
        raise Wrong(f"the slip names other bytes than entry {said.seq} of this file")
    verdict, serial = checker.said(said.seq)
    if (said.verdict, said.scale) != (verdict, serial[-MAX_SERIAL:]):
        raise Wrong(
            f"the slip says {said.verdict} of {said.scale or 'no scale'}; entry {said.seq}: {verdict}"
        )
    return f"{said.verdict}, entry {said.seq} of {said.device}, scale {said.scale or 'not named'}"


class Said(NamedTuple):
    """What a slip says. ``entry``: the hash of the entry, or its beginning; ``scale``: end of a number."""

    device: str
    seq: int
    entry: str
    verdict: str
    scale: str


def first_slip(claim: str, key: Key) -> Said:
    """What a slip of the first kind says, a JWS; raises Wrong."""
    line = take_apart(claim)
    line.signed_by(key)
    facts = parse(line.payload)
    texts = [value for name, value in facts.items() if name != "seq"]
    if line.typ != SLIP or list(facts) != SLIP_FIELDS or not number(facts["seq"], 1):
        raise Wrong("not a slip, or its fields are not " + ", ".join(SLIP_FIELDS))
    if not all(isinstance(each, str) for each in texts) or len(facts["entry"]) != FIRST_ENTRY:
        raise Wrong("the fields of the slip are not as they should be")
    return Said(facts["device"], facts["seq"], facts["entry"], facts["verdict"], facts["scale"])


def slip(claim: str, key: Key) -> Said:
    """What a slip says, in digits, in them a COSE_Sign1; raises Wrong."""
    data = from_digits(claim)
    message, end = cbor(data, 1)
    if data[:1] != b"\xd2" or end != len(data) or not isinstance(message, list) or len(message) != 4:
        raise Wrong("the slip is not a COSE_Sign1")
    protected, unprotected, payload, signature = message
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)) or unprotected != {}:
        raise Wrong("the slip is not a COSE_Sign1 of this format")
    header = cbor_whole(protected)
    if header != {1: COSE_ALGS[key.alg], 4: decode(key.kid)[:8]} or len(signature) != 64:
        raise Wrong("the slip is signed by another key or algorithm")
    key.verify(signature, to_cbor(["Signature1", protected, SLIP_EXTERNAL, payload]))
    facts = cbor_whole(payload)
    kinds = (str, int, bytes, int, int, int, int, str)
    if not isinstance(facts, list) or tuple(map(type, facts)) != kinds or not 0 <= facts[3] < len(VERDICTS):
        raise Wrong("the fields of the slip are not as they should be")
    if to_cbor(message) != data[1:] or to_cbor(facts) != payload or len(facts[2]) != 16:
        raise Wrong("the slip is not written in the one way there is")
    return Said(facts[0], facts[1], facts[2].hex(), VERDICTS[facts[3]], facts[7])


def from_digits(text: str) -> bytes:
    """Seven bytes, little-endian, in 17 digits (FIDO CTAP 2.2)."""
    data = b""
    for at in range(0, len(text), 17):
        group = text[at : at + 17]
        if not (group.isascii() and group.isdigit()) or len(group) not in DIGITS:
            raise Wrong("the slip is neither digits nor a JWS")
        try:
            data += int(group).to_bytes(DIGITS.index(len(group)), "little")
        except OverflowError:
            raise Wrong("the digits of the slip are no bytes") from None
    return data


def cbor_whole(data: bytes) -> Any:
    value, end = cbor(data, 0)
    if end != len(data):
        raise Wrong("the slip has bytes too many")
    return value


def cbor(data: bytes, at: int, depth: int = 0) -> tuple[Any, int]:
    """One value of CBOR (RFC 8949) and where it ends: integers, strings, arrays, maps."""
    kind, size, at = *divmod(data[at] if at < len(data) else 0xFF, 32), at + 1
    if 24 <= size <= 27:
        width = 1 << (size - 24)
        size, at = int.from_bytes(data[at : at + width], "big"), at + width
    elif size > 27:
        raise Wrong("the slip is cut off or not CBOR")
    if kind in (0, 1):
        return (size if kind == 0 else -1 - size), at
    if kind in (2, 3) and size <= len(data) - at:
        raw = data[at : at + size]
        return (raw if kind == 2 else raw.decode("utf-8", "replace")), at + size
    if kind not in (4, 5) or size > 16 or depth > 3:
        raise Wrong("the slip is cut off or not CBOR")
    items = []
    for _ in range(size * (kind - 3)):
        item, at = cbor(data, at, depth + 1)
        items.append(item)
    return (items if kind == 4 else dict(zip(map(str_or_int, items[::2]), items[1::2], strict=True))), at


def str_or_int(value: Any) -> str | int:
    if not isinstance(value, str | int):
        raise Wrong("the slip is not CBOR of this format")
    return value


def to_cbor(value: Any) -> bytes:
    """The one encoding (RFC 8949 4.2.1) of what a slip holds."""
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(to_cbor, value))
    return cbor_head(5, len(value)) + b"".join(to_cbor(key) + to_cbor(each) for key, each in value.items())


def cbor_head(kind: int, size: int) -> bytes:
    if size < 24:
        return bytes([kind << 5 | size])
    width = next(width for width in (1, 2, 4, 8) if size < 1 << 8 * width)
    return bytes([kind << 5 | 23 + width.bit_length()]) + size.to_bytes(width, "big")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a slip against an exported Steelyard ledger.")
    parser.add_argument("file", help="ledger.ndjson")
    parser.add_argument("slip", help="text of the slip's QR code")
    parser.add_argument("--device-kid", help="thumbprint that the device is known by")
    options = parser.parse_args(joined(arguments))

    def look() -> list[str]:
        checker = Checker(options.device_kid, None)
        with opened(options.file) as file:
            check_lines(file, checker)
        return [f"GOOD     {check_slip(options.slip, checker)}", f"key      {checker.key.kid}"]

    return told(look)


if __name__ == "__main__":
    sys.exit(main())
