"""A witness against the decoder: reads a frame once more, from the profile's file and the cited bytes alone.

Rules this file obeys:

* No line of the decoder is used: neither its framing nor its columns, numbers, checks, units or schema.
* It is asked about a reading that was made; what the decoder left out is not its affair.
* Checks are done another way than in the program: a CRC here is the remainder of a long division.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hardware.scale.contract import Check, Indication

FOLDER = Path(__file__).parents[2] / "hardware" / "scale" / "profiles"
Table = dict[str, Any]

_UNITS = {
    "kg": "kg",
    "g": "g",
    "mg": "mg",
    "t": "t",
    "lb": "lb",
    "lbs": "lb",
    "oz": "oz",
    "ozt": "ozt",
    "ct": "ct",
    "gr": "gr",
    "gn": "gr",
    "dwt": "dwt",
    "tl": "tael",
    "tael": "tael",
    "pcs": "pcs",
    "pc": "pcs",
    "pieces": "pcs",
    "%": "%",
    "斤": "斤",
    "市斤": "斤",
    "公斤": "kg",
    "千克": "kg",
    "克": "g",
    "两": "两",
    "吨": "t",
}
_AGAINST = ("overload", "underload", "out_of_range", "error", "answer")


def _remainder(number: int, polynomial: int) -> int:
    """Of the division of polynomials over two elements."""
    while number.bit_length() >= polynomial.bit_length():
        number ^= polynomial << number.bit_length() - polynomial.bit_length()
    return number


def _mirrored(number: int, bits: int) -> int:
    return int(f"{number:0{bits}b}"[::-1], 2)


def check_due(kind: str, data: bytes) -> bytes:
    """The check of ``data`` as sent."""
    folded = 0
    for byte in data:
        folded = (folded | byte) - (folded & byte)
    match kind:
        case "bcc":
            return bytes([folded])
        case "xor-or-40":
            return bytes([folded | 64])
        case "xor-hex":
            return hex(0x100 + folded)[-2:].upper().encode()
        case "sum7":
            return bytes([(128 - sum(byte % 128 for byte in data) % 128) % 128])
        case "crc-massa":
            return _remainder(int.from_bytes(data, "big"), 0x11021).to_bytes(2, "little")
        case "crc16-modbus":
            mirrored = int.from_bytes(bytes(_mirrored(byte, 8) for byte in data), "big")
            number = (mirrored << 16) ^ (0xFFFF << 8 * len(data))
            return _mirrored(_remainder(number, 0x18005), 16).to_bytes(2, "little")
    raise AssertionError(f"the witness knows no check {kind!r}")


class NotSo(Exception):
    """The bytes are not what this shape of the file says."""


class Witness:
    """What the file of one profile says of bytes."""

    def __init__(self, name: str) -> None:
        self.file: Table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))

    def against(self, stream: bytes, one: Indication) -> str:
        """Why ``one`` must not have been made of ``stream``; empty where all of it is there."""
        if not one.raw or stream[one.at : one.at + len(one.raw)] != one.raw:
            return "cites bytes that do not stand there"
        if one.value is None:
            return "" if one.tare is None and not one.raw_text else "a number without a weight"
        if one.check is Check.BAD or one.overload or one.underload or one.error or one.answer:
            return "a weight beside a word against it"
        reasons = []
        for shape in self.file["shape"]:
            try:
                self._hold(shape, one)
            except NotSo as reason:
                reasons.append(f"{shape['name']}: {reason}")
            else:
                return ""
        return "; ".join(reasons)

    def _hold(self, shape: Table, one: Indication) -> None:
        framing = shape.get("framing", self.file["framing"])
        check = shape.get("check") if "framing" in shape else self.file.get("check")
        self._hold_cut(framing, check, one.raw)
        unchecked = bool(check and check.get("optional")) and len(one.raw) == framing["length"] - 1
        facts = dict(shape.get("facts", {}))
        numbers: dict[str, tuple[Table, bytes]] = {}
        for column, piece in _pieces(shape["column"], one.raw, unchecked):
            self._say(column, piece, facts, numbers)
            if column["meaning"] == "check":
                due = check_due(check["kind"], _covered(check, one.raw))
                _so(piece == due and one.check is Check.OK, f"its check is {due!r}")
        _so((one.check is Check.OK) == (check is not None and not unchecked), "a check that is not there")
        for word in _AGAINST:
            _so(not facts.get(word), f"the frame says {word}")
        _so("weight" in numbers, "no weight")
        _so(_exactly(one.value, _number(*numbers["weight"], facts)), "another number")
        if one.tare is not None:
            _so(_exactly(one.tare, _number(*numbers["tare"], {**facts, "negative": False})), "another tare")
        _so(one.unit == facts.get("unit"), f"the unit is {facts.get('unit')}")
        _so(one.stable == facts.get("stable"), f"stable is {facts.get('stable')}")
        _so(one.kind == facts.get("kind", "unknown"), f"the kind is {facts.get('kind')}")
        _so(one.zero == facts.get("zero"), f"zero is {facts.get('zero')}")

    @staticmethod
    def _hold_cut(framing: Table, check: Table | None, raw: bytes) -> None:
        starts = [bytes.fromhex(start) for start in framing.get("start", [])]
        _so(not starts or any(raw[: len(start)] == start for start in starts), "another start")
        _so(
            raw[-len(bytes.fromhex(framing.get("end", ""))) :].endswith(
                bytes.fromhex(framing.get("end", ""))
            ),
            "no end",
        )
        if "length" in framing:
            least = framing["length"] - bool(check and check.get("optional"))
            _so(least <= len(raw) <= framing["length"], "another length")
        if "longest" in framing:
            _so(len(raw) <= framing["longest"] + len(bytes.fromhex(framing.get("end", ""))), "too long")

    @staticmethod
    def _say(column: Table, piece: bytes, facts: Table, numbers: dict[str, tuple[Table, bytes]]) -> None:
        text, bare = piece.decode("latin-1"), piece.decode("latin-1").strip(" \0")
        match column["meaning"]:
            case "fixed":
                _so(text in column["equals"], f"{column['name']} is {text!r}")
            case "map":
                _so(text in column["map"], f"{column['name']} is {text!r}")
                facts.update(column["map"][text])
            case "words":
                _so(bare in column["words"], f"{column['name']} is {bare!r}")
                facts.update(column["words"][bare])
            case "bits":
                for place, table in column["bits"].items():
                    low, high = int(place[0]), int(place[-1])
                    number = str(piece[0] // 2**low % 2 ** (high - low + 1))
                    _so(number in table, f"{column['name']}: bits {place} are {number}")
                    facts.update(table[number])
            case "unit":
                if bare:
                    facts["unit"] = _unit(piece.strip(b" \0"))
                else:
                    _so("blank" in column, "no unit")
                    facts.update(column["blank"])
            case "weight" | "tare":
                if bare in column.get("words", {}):
                    facts.update(column["words"][bare])
                elif (
                    bare or column["meaning"] == "weight" or column["form"].startswith(("int", "mag", "bcd"))
                ):
                    numbers[column["meaning"]] = (column, piece)
            case "answer" | "error":
                facts[column["meaning"]] = text

    def variant(self, raw: bytes, chance: random.Random) -> bytes:
        """``raw`` with other digits, and with the check that is then due."""
        changed = bytes(chance.choice(b"0123456789") if 48 <= byte <= 57 else byte for byte in raw)
        for shape in self.file["shape"]:
            framing = shape.get("framing", self.file["framing"])
            check = shape.get("check") if "framing" in shape else self.file.get("check")
            if check is None:
                continue
            try:
                self._hold_cut(framing, check, changed)
                pieces = list(_pieces(shape["column"], changed, unchecked=False))
            except NotSo:
                continue
            parts = [
                check_due(check["kind"], _covered(check, changed)) if column["meaning"] == "check" else piece
                for column, piece in pieces
            ]
            return b"".join(parts)
        return changed


@cache
def witness_of(name: str) -> Witness:
    """The witness for the profile of that id."""
    return Witness(name)


def _so(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NotSo(otherwise)


def _covered(check: Table, raw: bytes) -> bytes:
    first, to = check["from"], check["to"]
    return raw[first - 1 : to] if to > 0 else raw[first - 1 : len(raw) + to + 1]


def _pieces(columns: list[Table], raw: bytes, unchecked: bool) -> Iterator[tuple[Table, bytes]]:
    """Each column with its bytes; all bytes of ``raw``, one column behind the other."""
    at = 0
    for column in columns:
        if unchecked and column["meaning"] == "check":
            continue
        if "width" in column:
            end = at + column["width"]
        elif "until" in column:
            end = raw.find(column["until"].encode("latin-1"), at)
        else:
            last = column.get("to", column["from"])
            first = column["from"] - 1 if column["from"] > 0 else len(raw) + column["from"]
            _so(first == at, f"{column['name']} does not follow")
            end = last if last > 0 else len(raw) + last + 1
        _so(at < end <= len(raw), f"no room for {column['name']}")
        yield column, raw[at:end]
        at = end
    _so(at == len(raw), "bytes are left over")


def _unit(word: bytes) -> str:
    for encoding in ("ascii", "gb18030", "utf-8"):
        try:
            text = word.decode(encoding).lower()
        except UnicodeDecodeError:
            continue
        if text in _UNITS:
            return _UNITS[text]
    raise NotSo(f"{word!r} is no unit")


def _exactly(value: Decimal | None, due: Decimal) -> bool:
    """The same number with the same places behind the point."""
    return value is not None and value == due and value.as_tuple().exponent == due.as_tuple().exponent


def _number(column: Table, piece: bytes, facts: Table) -> Decimal:
    form, minus = column["form"], bool(facts.get("negative"))
    decimals = column.get("decimals", facts.get("decimals"))
    text = piece.decode("latin-1").replace("\0", " ")
    match form:
        case "digits":
            return _pointed(text.lstrip(" "), decimals, minus)
        case "bcd-little":
            return _pointed(piece[::-1].hex(), decimals, minus)
        case "integer-little" | "integer-big" | "magnitude-little" | "magnitude-big":
            order = "little" if form.endswith("little") else "big"
            number = int.from_bytes(piece, order, signed=form.startswith("integer"))
            return _pointed(str(abs(number)), decimals, minus != (number < 0))
        case "exponent;mantissa":
            exponent, mantissa = text.split(";")
            return _pointed(mantissa.lstrip("-"), -int(exponent), mantissa.startswith("-") != minus)
        case "lb:oz":
            pounds, ounces = text.replace("-", "").split(":")
            _so(Decimal(ounces) < 16, "more ounces than a pound has")
            sign = -1 if "-" in text else 1
            return sign * (16 * Decimal(pounds) + Decimal(ounces))
        case "auxiliary":
            text = text.replace("/", "").replace("[", "").replace("]", "")
        case "reversed":
            text = text[::-1]
    parts = text.replace("+", " + ").replace("-", " - ").split()
    _so(len(parts) in (1, 2) and (len(parts) == 1 or parts[0] in "+-"), f"{text!r} is no number")
    digits = parts[-1].replace(",", ".")
    _so(digits.replace(".", "", 1).isdecimal() and digits.isascii(), f"{text!r} is no number")
    return Decimal(("-" if (parts[0] == "-" if len(parts) == 2 else minus) else "") + digits)


def _pointed(digits: str, decimals: int | None, minus: bool) -> Decimal:
    """``digits`` with so many of them behind the point; noughts in their place where it is negative."""
    _so(digits.isdecimal() and digits.isascii() and decimals is not None, f"{digits!r} is no number")
    digits = (int(digits) if decimals is None or decimals >= 0 else int(digits) * 10**-decimals).__str__()
    return Decimal((int(minus), tuple(map(int, digits)), -max(decimals or 0, 0)))
