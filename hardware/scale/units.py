"""How scales spell units, and the one symbol this program uses for each.

Rules this file obeys:

* Text stands for bytes one to one (Latin-1), so a Chinese unit stands here as its GB 18030 and UTF-8 bytes.
* A spelling that is not known is no unit: the frame is none of the profile's.
"""

from __future__ import annotations

from collections.abc import Mapping


def _spellings() -> Mapping[str, str]:
    known = {
        "g": "g G",
        "kg": "kg KG Kg",
        "mg": "mg MG",
        "t": "t T",
        "lb": "lb LB lbs",
        "oz": "oz OZ",
        "ozt": "ozt OZT",
        "ct": "ct CT",
        "gr": "gr GR GN gn",
        "dwt": "dwt",
        "tael": "tl TL tael",
        "pcs": "pcs PCS pc PC Pieces",
        "%": "%",
    }
    table = {spelling: unit for unit, words in known.items() for spelling in words.split()}
    chinese = {"斤": "斤", "市斤": "斤", "公斤": "kg", "千克": "kg", "克": "g", "两": "两", "吨": "t"}
    for word, unit in chinese.items():
        for encoding in ("gb18030", "utf-8"):
            table[word.encode(encoding).decode("latin-1")] = unit
    return table


SPELLINGS: Mapping[str, str] = _spellings()
"""Spelling as sent, blanks taken off → symbol: 斤 is 500 g, 两 is 50 g."""
