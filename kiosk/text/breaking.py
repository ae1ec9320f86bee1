"""Where a line may end, in Chinese, Tibetan and Latin text.

Rules this file obeys:

* No Kivy and no font: widths come from the ``measure`` that is passed in.
* The classes are those of UAX #14, cut to the three scripts of the appliance; where they are stricter here
  it is for metrology: a number never parts from its sign, its relation or its unit, however they are spaced.
  The name of a key in Chinese quotation marks holds together too.
* A piece of text that has no place to break is never cut: the line is then too wide, and the caller sees it.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator

Measure = Callable[[str], float]
"""Width of a text on one line, in the unit of the width asked for."""


class Kind(enum.Enum):
    """Line-breaking class of a grapheme, by its base character (UAX #14 names behind the dash)."""

    SPACE = enum.auto()
    """Breaks after it, and it is not drawn there — SP."""
    ZERO_SPACE = enum.auto()
    """A place to break that is not seen — ZW."""
    GLUE = enum.auto()
    """Holds both neighbours — GL, WJ."""
    NO_START = enum.auto()
    """Wide closing marks and stops: never first in a line, break after them — CL, NS, EX, IN."""
    LATIN_CLOSE = enum.auto()
    """Narrow closing marks: never first in a line, no break before a letter — CP, IS, SY, PO."""
    NO_END = enum.auto()
    """Opening marks, signs and currencies: never last in a line — OP, PR, BB."""
    QUOTE = enum.auto()
    """Straight quotes: hold both neighbours unless there is a space — QU."""
    HYPHEN = enum.auto()
    IDEOGRAPH = enum.auto()
    """Breaks on either side — ID."""
    TSHEG = enum.auto()
    """Ends a Tibetan syllable: never first in a line, break after it — BA."""
    SHAD = enum.auto()
    """Ends a Tibetan phrase: never first in a line, not even after a space — EX."""
    DIGIT = enum.auto()
    LETTER = enum.auto()


_SINGLE: dict[str, Kind] = {
    **dict.fromkeys(" \t\u2002\u2003\u2009\u3000", Kind.SPACE),
    "\u200b": Kind.ZERO_SPACE,
    # U+0F0C is the tsheg that does not break; U+0F08 opens a topic.
    **dict.fromkeys("\u00a0\u202f\u2007\u2011\u2060\ufeff\u0f08\u0f0c\u0f12", Kind.GLUE),
    **dict.fromkeys(
        "。，、；：！？）》」』】〉〕〗｝］”’…—～〜·・‥ー々〻％‰℃″′｡､﹐﹑﹒﹔﹕﹖﹗", Kind.NO_START
    ),
    **dict.fromkeys("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ", Kind.NO_START),
    **dict.fromkeys(")]},.:;!?%°/×", Kind.LATIN_CLOSE),
    **dict.fromkeys("([{（《「『【〈〔〖｛［“‘¥￥$€£№±+−≤≥<>=≈#第约", Kind.NO_END),
    **dict.fromkeys("༁༂༃༄༅༆༇༉༊༺༼࿐࿑࿓", Kind.NO_END),
    **dict.fromkeys("\"'«»", Kind.QUOTE),
    "-": Kind.HYPHEN,
    "\u2010": Kind.HYPHEN,
    "\u2013": Kind.LATIN_CLOSE,
    **dict.fromkeys("་༴ཿ྅࿒", Kind.TSHEG),
    **dict.fromkeys("།༎༏༐༑༔༈༻༽", Kind.SHAD),
    "\u0f08": Kind.GLUE,
}

_IDEOGRAPHS = (
    (0x2E80, 0x33FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA000, 0xA4CF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),
    (0x1F000, 0x1FAFF),
    (0x20000, 0x3FFFF),
)

_UNITS = (
    "克|千克|公斤|市斤|斤|两|元|角|分钟|分|秒钟|秒|小时|天|次|条|厘米|毫米|米|个月|个|项|台|号|年|月|日|时|"
    "件|块|步|度|伏|位|只|种|处|格|档|点"
)
_GAP = "[ \u00a0\u202f\u2009]?"
_NUMBER = r"\d+(?:[.,:·/\-–~×^]\d+)*"
_LATIN_UNIT = r"[A-Za-zµμΩ°℃%‰％]{1,3}(?![A-Za-z])(?:[/·][A-Za-z]{1,3}(?![A-Za-z]))?"
_UNIT = rf"(?:{_LATIN_UNIT}|(?:{_UNITS})(?:/[A-Za-z]{{1,3}})?)"
_RELATION = rf"(?:(?:(?<![A-Za-z])[A-Za-z]{{1,3}}{_GAP})?[=<>≤≥≈]{_GAP})?"
_SIGN = rf"(?:第{_GAP})?(?:[¥￥$€£№]{_GAP})?(?:[+\-−±]{_GAP})?"
_QUANTITY = re.compile(
    rf"{_RELATION}{_SIGN}{_NUMBER}(?:{_GAP}[×–±~]{_GAP}{_NUMBER})*"
    rf"(?:{_GAP}{_UNIT}(?:{_GAP}[×–±]{_GAP}{_NUMBER}{_GAP}{_UNIT}?)*)?"
)
_KEY_NAME = re.compile("“[^“”\\s]{1,6}”")
"""What stands on a key, as a sentence names it: parted, nobody finds the key."""
_LINE_ENDS = re.compile("\r\n|[\n\r\u0085\u2028\u2029]")
_UNSEEN_AT_END = " \t\u2002\u2003\u2009\u3000\u200b"


def graphemes(text: str) -> list[int]:
    """Where each grapheme cluster of ``text`` begins, ascending (after UAX #29 GB9, GB11 and GB12)."""
    starts: list[int] = []
    flags = 0
    for index, char in enumerate(text):
        if index and _continues(text[index - 1], char):
            continue
        if _is_flag(char):
            flags += 1
            if flags % 2 == 0:
                continue
        else:
            flags = 0
        starts.append(index)
    return starts


def opportunities(text: str) -> list[int]:
    """Every index at which a line may end and the next one start, without 0 and the end of ``text``."""
    starts = graphemes(text)
    kinds = [_kind(text, start) for start in starts]
    bound = _bound(text)
    found = []
    solid = kinds[0] if kinds else Kind.SPACE
    for position in range(1, len(starts)):
        before = kinds[position - 1]
        if before is not Kind.SPACE:
            solid = before
        if starts[position] not in bound and _may_break(solid, before, kinds[position]):
            found.append(starts[position])
    return found


def break_lines(text: str, width: float, measure: Measure, *, balance: bool = False) -> list[str]:
    """The lines of ``text``, none wider than ``width`` unless it holds no place to break.

    Spaces at a line end are left out. ``balance`` makes the lines as even as their number allows (for
    headings and buttons). Line ends in ``text`` are kept; an empty text is one empty line.
    """
    lines: list[str] = []
    for paragraph in _LINE_ENDS.split(text):
        places = [*opportunities(paragraph), len(paragraph)]
        greedy = list(_greedy(paragraph, places, width, measure))
        if balance and len(greedy) > 1:
            greedy = _balanced(paragraph, places, width, measure, greedy)
        lines.extend(greedy)
    return lines


def _greedy(text: str, places: list[int], width: float, measure: Measure) -> Iterator[str]:
    start = first = 0
    while True:
        # The width of text[start:place] grows with place, so the last fitting place is found by halving.
        fits = bisect_left(
            range(first, len(places)), True, key=lambda at: measure(_seen(text, start, places[at])) > width
        )
        last = max(first, first + fits - 1)
        yield _seen(text, start, places[last])
        if last + 1 >= len(places):
            return
        start, first = places[last], last + 1


def _balanced(text: str, places: list[int], width: float, measure: Measure, greedy: list[str]) -> list[str]:
    narrow, wide, best = width / len(greedy), width, greedy
    for _ in range(8):
        middle = (narrow + wide) / 2
        lines = list(_greedy(text, places, middle, measure))
        if len(lines) > len(greedy) or any(measure(line) > middle for line in lines):
            narrow = middle
        else:
            wide, best = middle, lines
    return best


def _seen(text: str, start: int, end: int) -> str:
    return text[start:end].rstrip(_UNSEEN_AT_END)


def _may_break(solid: Kind, before: Kind, after: Kind) -> bool:
    """Whether a line may end between two graphemes; ``solid`` is the last one before that is no space."""
    if after in _NEVER_FIRST or solid is Kind.NO_END or Kind.GLUE in (before, after):
        return False
    if before in (Kind.SPACE, Kind.ZERO_SPACE):
        return True
    if Kind.QUOTE in (before, after) or after is Kind.HYPHEN:
        return False
    if before is Kind.HYPHEN:
        return after is Kind.LETTER
    return before in _BREAK_AFTER or (after in _BREAK_BEFORE and before is not Kind.DIGIT)


_NEVER_FIRST = frozenset(
    {Kind.SPACE, Kind.ZERO_SPACE, Kind.NO_START, Kind.LATIN_CLOSE, Kind.TSHEG, Kind.SHAD}
)
_BREAK_AFTER = frozenset({Kind.IDEOGRAPH, Kind.NO_START, Kind.TSHEG, Kind.SHAD})
_BREAK_BEFORE = frozenset({Kind.IDEOGRAPH})


def _kind(text: str, index: int) -> Kind:
    char = text[index]
    if char == "’" and _is_latin(text, index - 1) and _is_latin(text, index + 1):
        return Kind.LETTER
    single = _SINGLE.get(char)
    if single is not None:
        return single
    if char.isdecimal():
        return Kind.DIGIT
    code = ord(char)
    if any(low <= code <= high for low, high in _IDEOGRAPHS):
        return Kind.IDEOGRAPH
    return Kind.LETTER


def _is_latin(text: str, index: int) -> bool:
    return 0 <= index < len(text) and text[index].isalpha() and ord(text[index]) < 0x250


def _bound(text: str) -> set[int]:
    """Indices inside a quantity or the name of a key, where no line may end."""
    inside: set[int] = set()
    for pattern in (_QUANTITY, _KEY_NAME):
        for match in pattern.finditer(text):
            inside.update(range(match.start() + 1, match.end()))
    return inside


def _continues(before: str, char: str) -> bool:
    if unicodedata.category(char) in ("Mn", "Me", "Mc") or char in "\u200c\u200d":
        return before not in "\n\r\u2028\u2029"
    if before == "\u200d":
        return ord(char) >= 0x1F000 or 0x2190 <= ord(char) <= 0x2BFF
    return 0x1F3FB <= ord(char) <= 0x1F3FF


def _is_flag(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF
