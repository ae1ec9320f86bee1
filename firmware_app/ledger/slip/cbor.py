"""Deterministic CBOR, the little of it that a slip needs (RFC 8949 4.2.1).

Rules this file obeys:

* Integers, byte strings, texts, arrays and maps with integer keys; nothing indefinite, no floats, no tags.
* One value has one encoding: what is read is encoded again and must be the same bytes.
* Depth and size are bounded before anything is built.
"""

from __future__ import annotations

from firmware_app.ledger.errors import BadFormat

Value = int | bytes | str | list["Value"] | dict[int, "Value"]

MAX_DEPTH = 4
MAX_ITEMS = 32
_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP = range(6)
_LENGTHS = {24: 1, 25: 2, 26: 4, 27: 8}
"""Bytes that follow, by the low five bits of the first (RFC 8949 3)."""


def encode(value: Value) -> bytes:
    """The one encoding of a value; raises OverflowError beyond 64 bits."""
    if isinstance(value, int):
        return _head(_UINT, value) if value >= 0 else _head(_NINT, -1 - value)
    if isinstance(value, bytes):
        return _head(_BYTES, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return _head(_TEXT, len(text)) + text
    if isinstance(value, list):
        return _head(_ARRAY, len(value)) + b"".join(map(encode, value))
    pairs = sorted((encode(key), encode(each)) for key, each in value.items())
    return _head(_MAP, len(pairs)) + b"".join(key + each for key, each in pairs)


def decode(data: bytes) -> Value:
    """The value whose encoding these bytes are, all of them; raises BadFormat."""
    value, end = _read(data, 0, 0)
    if end != len(data) or encode(value) != data:
        raise BadFormat("CBOR: not written in the one way there is")
    return value


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes([major << 5 | size])
    for low, length in _LENGTHS.items():
        if size < 1 << 8 * length:
            return bytes([major << 5 | low]) + size.to_bytes(length, "big")
    raise OverflowError(f"{size} is beyond 64 bits")


def _read(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    major, size, at = _read_head(data, at)
    if major == _UINT:
        return size, at
    if major == _NINT:
        return -1 - size, at
    if major in (_BYTES, _TEXT):
        return _read_string(data, at, size, text=major == _TEXT)
    if major not in (_ARRAY, _MAP) or depth >= MAX_DEPTH or size > MAX_ITEMS:
        raise BadFormat("CBOR: a kind, depth or length that is not read here")
    items: list[Value] = []
    for _ in range(size * (2 if major == _MAP else 1)):
        item, at = _read(data, at, depth + 1)
        items.append(item)
    if major == _ARRAY:
        return items, at
    pairs: dict[int, Value] = {}
    for key, each in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, int):
            raise BadFormat("CBOR: the keys of a map are integers here")
        pairs[key] = each
    return pairs, at


def _read_head(data: bytes, at: int) -> tuple[int, int, int]:
    if at >= len(data):
        raise BadFormat("CBOR: cut off")
    major, low = data[at] >> 5, data[at] & 0x1F
    at += 1
    if low < 24:
        return major, low, at
    length = _LENGTHS.get(low)
    if length is None or at + length > len(data):
        raise BadFormat("CBOR: cut off, or an indefinite length")
    return major, int.from_bytes(data[at : at + length], "big"), at + length


def _read_string(data: bytes, at: int, size: int, *, text: bool) -> tuple[Value, int]:
    if size > len(data) - at:
        raise BadFormat("CBOR: cut off")
    raw = data[at : at + size]
    if not text:
        return raw, at + size
    try:
        return raw.decode(), at + size
    except UnicodeDecodeError as error:
        raise BadFormat("CBOR: a text that is not UTF-8") from error
