"""What a USB device says of itself in its HID report descriptor, as far as a scale is concerned.

Rules this file obeys:

* The descriptor is hostile: bounded, read item by item, and cut off where it stops making sense.
* Pure: bytes in, facts out. Source: USB HID 1.11, 6.2.2; HID usage tables, 24 (scale page 8Dh).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

SCALE_PAGE = 0x8D
DATA_WEIGHT = 0x40
"""Usage of the field that holds the weight, on the scale page."""
LONGEST = 4096
"""Linux takes no longer descriptor (HID_MAX_DESCRIPTOR_SIZE)."""
MOST_FIELDS = 1024

_MAIN, _GLOBAL, _LOCAL = 0, 1, 2
_INPUT, _COLLECTION, _END = 0x8, 0xA, 0xC
_USAGE_PAGE, _REPORT_SIZE, _REPORT_ID, _REPORT_COUNT = 0x0, 0x7, 0x8, 0x9
_LONG_ITEM = 0xFE


class ScaleReport(msgspec.Struct, frozen=True):
    """The input report that carries the weight: its number (0: reports have none), bytes with that number."""

    number: int
    length: int


class HidFacts(msgspec.Struct, frozen=True):
    """Usage pages of the outermost collections, and the report with the weight where there is one."""

    pages: frozenset[int]
    report: ScaleReport | None

    @property
    def is_scale(self) -> bool:
        return SCALE_PAGE in self.pages


class _Item(NamedTuple):
    kind: int
    tag: int
    value: int
    width: int


def facts_of(descriptor: bytes) -> HidFacts:
    """What ``descriptor`` says; nothing for bytes that are none."""
    pages: set[int] = set()
    bits: dict[int, int] = {}
    weight_in: int | None = None
    page = size = count = number = depth = 0
    usages: list[int] = []
    for item in _items(descriptor[:LONGEST]):
        if item.kind == _GLOBAL:
            page = item.value if item.tag == _USAGE_PAGE else page
            size = item.value if item.tag == _REPORT_SIZE else size
            count = min(item.value, MOST_FIELDS) if item.tag == _REPORT_COUNT else count
            number = item.value if item.tag == _REPORT_ID else number
        elif item.kind == _LOCAL and item.tag == 0 and len(usages) < MOST_FIELDS:
            # A usage of four bytes names its page itself (6.2.2.8).
            usages.append(item.value if item.width == 4 else page << 16 | item.value)
        elif item.kind == _MAIN:
            if item.tag == _COLLECTION:
                if depth == 0:
                    pages.add(usages[-1] >> 16 if usages else page)
                depth += 1
            elif item.tag == _END:
                depth = max(depth - 1, 0)
            elif item.tag == _INPUT:
                bits[number] = bits.get(number, 0) + size * count
                if SCALE_PAGE << 16 | DATA_WEIGHT in usages:
                    weight_in = number
            usages = []
    if weight_in is None:
        return HidFacts(frozenset(pages), None)
    length = (bits[weight_in] + 7) // 8 + (weight_in > 0)
    return HidFacts(frozenset(pages), ScaleReport(weight_in, length))


def _items(data: bytes) -> Iterator[_Item]:
    at = 0
    while at < len(data):
        prefix = data[at]
        if prefix == _LONG_ITEM:
            # Reserved by the standard; its length stands behind its prefix (6.2.2.3).
            at += 3 + (data[at + 1] if at + 1 < len(data) else 0)
            continue
        width = (0, 1, 2, 4)[prefix & 3]
        body = data[at + 1 : at + 1 + width]
        if len(body) < width:
            return
        yield _Item(prefix >> 2 & 3, prefix >> 4, int.from_bytes(body, "little"), width)
        at += 1 + width
