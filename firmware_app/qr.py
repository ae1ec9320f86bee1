"""QR codes for paper and screen: one place that turns a text into modules (ISO/IEC 18004).

Rules this file obeys:

* The digits at the end of a text are a segment of their own: three in ten bits instead of 24.
* No structured append, no micro code: every phone must read it.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import segno

QUIET_MODULES = 4
"""White around a code, in modules (ISO/IEC 18004:2015 6.3.8)."""
SEGMENT_PAYS = 14
"""Digits from which a segment of their own costs fewer bits than bytes do: its head has at most 18 bits."""

Level = Literal["l", "m"]
_TAIL = re.compile(rf"[0-9]{{{SEGMENT_PAYS},}}\Z")


class TooLong(ValueError):
    """The text does not fit a QR code."""


def modules(text: str, level: Level, *, boost: bool = False) -> tuple[bytes, ...]:
    """The rows of a code without its quiet zone, 1 dark, 0 light, from the top; raises TooLong.

    ``level``: error correction; ``boost``: a better one where it costs no module more.
    """
    # segno takes a row of segments, each in its own mode, though its types name one text only.
    tail = _TAIL.search(text)
    parts: Any = text if tail is None or tail.start() == 0 else (text[: tail.start()], tail[0])
    try:
        code = segno.make_qr(parts, error=level, boost_error=boost)
    except segno.DataOverflowError as error:
        raise TooLong(f"{len(text)} characters do not fit a QR code") from error
    return tuple(bytes(row) for row in code.matrix)


def version(rows: tuple[bytes, ...]) -> int:
    """The version of a code by its size: 21 modules are version 1, each further version has 4 more."""
    return (len(rows) - 17) // 4
