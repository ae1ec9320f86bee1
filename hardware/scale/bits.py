"""Line settings, and what bit 7 tells of them: seven bits with parity fill the same ten bit times as 8N1.

Rules this file obeys:

* Nothing is masked silently: a byte whose eighth bit is not the parity of the rest keeps it, and no column
  of seven-bit text will take it.
* Bytes that fit two settings equally are given for both; nothing is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from hardware.scale.contract import BadOption, ProfileInfo

ENOUGH = 8
"""Bytes from which the eighth bit is looked at; by chance 8 random bytes agree once in 256."""
AGREE = 0.97
HEARD_AS_8N1 = ("8N1", "8N2", "7E1", "7O1", "7E2", "7O2", "7N2")
"""Settings whose bytes a port set to 8N1 receives whole, with the parity or the first stop bit as bit 7."""
_LINE = re.compile(r"([78])([NEO])([12])")
_ODD_ONES = bytes(byte for byte in range(256) if byte.bit_count() & 1)


class Setting(msgspec.Struct, frozen=True, order=True):
    """Bits a second, and data bits, parity and stop bits such as ``8N1``."""

    baud: int
    line: str

    def __str__(self) -> str:
        return f"{self.baud} {self.line}" if self.line else "USB"

    def options(self) -> dict[str, int | str]:
        """As the transport ``serial`` takes it; raises BadOption."""
        found = _LINE.fullmatch(self.line.upper())
        if found is None:
            raise BadOption(f"{self.line!r} is no line setting: use one such as 8N1 or 7E1")
        return {
            "baud": self.baud,
            "bytesize": int(found[1]),
            "parity": found[2],
            "stopbits": int(found[3]),
        }


def lines_of(info: ProfileInfo) -> tuple[str, ...]:
    """The settings of a profile, the likeliest first."""
    return tuple(found[0] for found in _LINE.finditer(info.line))


def settings_to_try(profiles: Iterable[ProfileInfo]) -> tuple[Setting, ...]:
    """The sweep that hears every profile: each rate as 8N1, likely ones first, then what 8N1 cannot hear."""
    likely: dict[int, float] = {}
    deaf: dict[Setting, None] = {}
    for info in profiles:
        if info.transport == "hid":
            continue
        for place, baud in enumerate(info.baud_rates):
            likely[baud] = likely.get(baud, 0.0) + 1 / (1 + place)
        for line in lines_of(info):
            if line not in HEARD_AS_8N1:
                deaf |= {Setting(baud, line): None for baud in info.baud_rates[:2]}
    rates = sorted(likely, key=lambda baud: (-likely[baud], baud))
    return (*(Setting(baud, "8N1") for baud in rates), *deaf)


def parity_share(data: bytes) -> Mapping[str, float]:
    """Which share of the bytes has even parity, odd parity, and bit 7 set; empty for too few bytes."""
    if len(data) < ENOUGH:
        return {}
    odd = (len(data) - len(data.translate(None, _ODD_ONES))) / len(data)
    high = sum(byte >> 7 for byte in data) / len(data)
    return {"even": 1 - odd, "odd": odd, "set": high}


def lines_heard(data: bytes) -> tuple[str, ...]:
    """The settings that bytes received as 8N1 may have been sent with: 8N1 always, 7E1 … where bit 7 fits."""
    share = parity_share(data)
    if not share or not share["set"]:
        return ("8N1",)
    found = ["8N1"]
    if share["set"] >= AGREE:
        found.append("7N2")
    if share["even"] >= AGREE:
        found.append("7E1")
    if share["odd"] >= AGREE:
        found.append("7O1")
    return tuple(found)


def read_as(data: bytes, line: str) -> bytes:
    """Bytes received as 8N1, as a port set to ``line`` gives them; one that does not fit stays above 7F."""
    match line:
        case "7E1":
            return bytes(byte & 0x7F if not byte.bit_count() & 1 else byte | 0x80 for byte in data)
        case "7O1":
            return bytes(byte & 0x7F if byte.bit_count() & 1 else byte | 0x80 for byte in data)
        case "7N2":
            return bytes(byte & 0x7F if byte & 0x80 else 0xFF for byte in data)
        case _:
            return data
