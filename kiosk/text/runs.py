"""Cuts a text into runs that one font with one script can draw.

Rules this file obeys:

* No Kivy: a run names a face and the script that HarfBuzz must be told.
* Tibetan is always told ``Tibt``. The default draws its stacks wrongly with the same widths, so nothing but
  the picture shows it.
* Digits, signs and Latin letters of all languages come from one face, whose digits are all equally wide.
* A grapheme is never cut between two runs.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import msgspec

from kiosk.text.fonts import Face

_EM_WIDE_IN_CHINESE = frozenset("‘’“”…—·")
_EM_WIDE_BY_MISTAKE = frozenset("±×÷§¶½‰†‡•")
"""As wide as an ideograph in HAN, where they stand beside digits; the face LATIN has them narrow."""
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_UNSEEN = dict.fromkeys((*_CONTROLS, *map(ord, "\u200b\u2060\ufeff\u200e\u200f\u2028\u2029")))
_TRANSLATE = {**_UNSEEN, ord("\u202f"): "\u00a0", ord("\u2011"): "-", ord("\t"): " "}


class Run(msgspec.Struct, frozen=True):
    """A stretch of text that is drawn in one go. ``script``: ISO 15924 code for the shaper."""

    text: str
    face: Face
    script: str


@lru_cache(maxsize=2048)
def runs(text: str, language: str) -> tuple[Run, ...]:
    """The runs of a single line of ``text``, in order; characters that draw nothing are left out.

    ``language`` decides only between the wide quotes of Chinese and the narrow ones of the others.
    """
    found: list[Run] = []
    start = 0
    text = text.translate(_TRANSLATE)
    current: tuple[Face, str] | None = None
    for index, char in enumerate(text):
        kind = _kind(char, language, current)
        if kind != current:
            if current is not None:
                found.append(Run(text[start:index], *current))
            start, current = index, kind
    if current is not None:
        found.append(Run(text[start:], *current))
    return tuple(found)


def _kind(char: str, language: str, current: tuple[Face, str] | None) -> tuple[Face, str]:
    code = ord(char)
    if 0x0F00 <= code <= 0x0FFF:
        return Face.TIBETAN, "Tibt"
    # Spaces and marks go with what stands before them, or a stack with its mark would be cut.
    if current is not None and (char in " \u00a0\u200c\u200d" or unicodedata.category(char) in ("Mn", "Me")):
        return current
    if (
        char in _EM_WIDE_BY_MISTAKE
        or 0x100 <= code < 0x250
        or (language != "zh" and char in _EM_WIDE_IN_CHINESE)
    ):
        return Face.LATIN, "Latn"
    if code >= 0x2E80 or char in _EM_WIDE_IN_CHINESE:
        return Face.HAN, "Hani"
    return Face.HAN, "Latn"
