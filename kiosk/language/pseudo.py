"""Words made longer on purpose, to see where a screen has no room for a better translation.

Rules this file obeys:

* Keys, parameters and script stay as they are; only the length grows.
"""

from __future__ import annotations

import itertools
import math
import re

from kiosk.language.catalogue import Entry

_FILLER = {"zh": "再长一些的话", "bo": "ཚིག་རིང་པོ་", "en": " some longer words"}
_PARAMETER = re.compile(r"\{[a-z_]+\}")


def lengthened(table: dict[str, Entry], lang: str, by: float = 0.4) -> dict[str, Entry]:
    """The table with every text longer by the share ``by`` of its letters (parameters not counted)."""
    return {
        key: Entry(_longer(entry.other, lang, by), _longer(entry.one, lang, by) if entry.one else "")
        for key, entry in table.items()
    }


def _longer(words: str, lang: str, by: float) -> str:
    letters = len(_PARAMETER.sub("", words))
    return words + "".join(itertools.islice(itertools.cycle(_FILLER[lang]), math.ceil(letters * by)))
