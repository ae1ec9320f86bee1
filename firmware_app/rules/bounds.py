"""How large anything in a pack may be: an answer has to fit a record, and a figure a screen.

Rules this file obeys:

* Bounds are far from every real text, and near enough that no pack, signed or not, stops an appliance.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

MAX_PACK = 512 * 1024
"""Longest pack that is taken from outside, in bytes: the longest delivered one has 30 KiB."""
MAX_SIGNATURE = 4096
"""Longest publisher's note that is read, in bytes: one publisher's word has some 300."""
MOST_TEXT = 600
"""Characters of a text: an answer with some ten of them is far below the 64 KiB of an entry."""
MOST_ROWS = 2000
MOST_DIGITS = 12
"""Places of a figure before and behind the point: a milligram and a thousand tonnes have nine each."""
MOST_WHOLE = 10**9


def out_of_bounds(value: object, at: str = "") -> Iterator[str]:
    """Everything in a pack that is longer or larger than anything real, in words."""
    where = at or "pack"
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from out_of_bounds(getattr(value, name), f"{at}.{name}" if at else name)
    elif isinstance(value, tuple | dict):
        if len(value) > MOST_ROWS:
            yield f"{where}: {len(value)} entries, at most {MOST_ROWS}"
            return
        members = value.values() if isinstance(value, dict) else value
        for number, member in enumerate(members, start=1):
            yield from out_of_bounds(member, f"{where} {number}")
    elif isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -MOST_DIGITS or value.adjusted() > MOST_DIGITS:
            yield f"{where}: no figure of this many places"
    elif isinstance(value, str):
        if len(value) > MOST_TEXT:
            yield f"{where}: {len(value)} characters, at most {MOST_TEXT}"
    elif isinstance(value, int) and abs(value) > MOST_WHOLE:
        yield f"{where}: {value.bit_length()} bits: no such number"
