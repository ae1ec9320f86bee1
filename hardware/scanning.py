"""From what a scanner sends to scans, without I/O: lines of bytes, and key events of a keyboard.

Rules this file obeys:

* A code is hostile input: bounded in length, in time and in rate; what is refused is refused whole, with the
  reason, and never half used.
* Text is strict UTF-8, else strict GB18030; the raw bytes are kept.
* What a code says is text for people and for parsers that check it; nothing here acts on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from hardware.scanner_contract import Refusal, Refused, Scan

SECOND = 1_000_000_000
LONGEST = 512
"""Bytes of one code; a QR code of a slip has fewer."""
LONGEST_TIME_NS = SECOND
"""From first to last byte: a scanner sends a code in one go."""
MOST_A_SECOND = 5
GROUP_SEPARATOR = "\x1d"
IDEOGRAPHIC_SPACE = "\u3000"
ENDS = b"\r\n"

AIM_NAMES: Mapping[str, str] = {
    "A": "Code 39",
    "C": "Code 128",
    "E": "EAN/UPC",
    "F": "Codabar",
    "G": "Code 93",
    "I": "Interleaved 2 of 5",
    "L": "PDF417",
    "Q": "QR Code",
    "d": "Data Matrix",
    "e": "GS1 DataBar",
    "h": "Han Xin",
    "z": "Aztec",
}
"""The code character of an AIM symbology identifier ``]cm`` (ISO/IEC 15424)."""


class Lines:
    """Bytes in, scans and refusals out; memory bounded by one code.

    A torn code is refused up to its end, with whatever follows it there: half a code is never a scan.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._length = 0
        self._began_ns = 0
        self._spoilt: Refusal | None = None
        self._recent: deque[int] = deque(maxlen=MOST_A_SECOND)

    def feed(self, data: bytes, at_ns: int) -> list[Scan | Refused]:
        """What ``data``, arrived at ``at_ns``, completes."""
        out: list[Scan | Refused] = []
        for byte in data:
            if byte in ENDS:
                out += self._end(at_ns)
                continue
            if not self._length:
                self._began_ns = at_ns
            self._length += 1
            if self._length > LONGEST:
                self._line.clear()
                self._spoilt = self._spoilt or Refusal.TOO_LONG
            else:
                self._line.append(byte)
        return out

    def spoil(self, why: Refusal, at_ns: int) -> None:
        """The code under way cannot be used, whatever follows up to its end."""
        if not self._length:
            self._began_ns = at_ns
        self._length += 1
        self._spoilt = self._spoilt or why

    def lost(self, at_ns: int) -> list[Scan | Refused]:
        """The line broke: what was under way is refused."""
        return [self._refuse(Refusal.LOST, at_ns)] if self._length else []

    def _end(self, at_ns: int) -> list[Scan | Refused]:
        if not self._length:
            return []
        if self._spoilt is not None:
            return [self._refuse(self._spoilt, at_ns)]
        if at_ns - self._began_ns > LONGEST_TIME_NS:
            return [self._refuse(Refusal.TOO_SLOW, at_ns)]
        if len(self._recent) == MOST_A_SECOND and at_ns - self._recent[0] < SECOND:
            return [self._refuse(Refusal.TOO_FAST, at_ns)]
        self._recent.append(at_ns)
        raw = bytes(self._line)
        read = scanned(raw, at_ns)
        if isinstance(read, Refusal):
            return [self._refuse(read, at_ns)]
        self._forget()
        return [read]

    def _refuse(self, why: Refusal, at_ns: int) -> Refused:
        length = self._length
        self._forget()
        return Refused(why=why, length=length, at_ns=at_ns)

    def _forget(self) -> None:
        self._line.clear()
        self._length, self._spoilt = 0, None


def scanned(raw: bytes, at_ns: int) -> Scan | Refusal:
    """One code without its end as a Scan, or why it is none."""
    body, aim = raw, None
    head = raw[:3].decode("ascii", "replace")
    if len(head) == 3 and head[0] == "]" and head[1] in AIM_NAMES and head[2].isascii() and head[2].isalnum():
        body, aim = raw[3:], head
    for encoding in ("utf-8", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not all(map(_harmless, text)):
            return Refusal.CONTROL
        return Scan(
            text=text,
            raw=raw,
            encoding=encoding,
            at_ns=at_ns,
            aim=aim,
            symbology=AIM_NAMES[aim[1]] if aim else None,
        )
    return Refusal.NOT_TEXT


def _harmless(character: str) -> bool:
    """Printable, or one of two that codes need: GS between GS1 fields, and the ideographic space."""
    return character.isprintable() or character in (GROUP_SEPARATOR, IDEOGRAPHIC_SPACE)


# Key events: codes of linux/input-event-codes.h, US layout.

KEY_ENTER, KEY_KPENTER = 28, 96
_SHIFTS = frozenset({42, 54})
_CONTROLS = frozenset({29, 97})
_CAPS_LOCK = 58
_SILENT = frozenset({69, 56, 100, 125, 126})
"""Num lock, Alt and the logo keys stand for nothing by themselves."""
_RIGHT_BRACKET = 27


def _rows() -> dict[int, tuple[str, str]]:
    keys: dict[int, tuple[str, str]] = {57: (" ", " "), 15: ("\t", "\t"), 43: ("\\", "|"), 41: ("`", "~")}
    for first, plain, shifted in (
        (2, "1234567890-=", "!@#$%^&*()_+"),
        (16, "qwertyuiop[]", "QWERTYUIOP{}"),
        (30, "asdfghjkl;'", 'ASDFGHJKL:"'),
        (44, "zxcvbnm,./", "ZXCVBNM<>?"),
    ):
        keys.update({first + place: pair for place, pair in enumerate(zip(plain, shifted, strict=True))})
    pad = {71: "7", 72: "8", 73: "9", 74: "-", 75: "4", 76: "5", 77: "6", 78: "+", 79: "1", 80: "2", 81: "3"}
    pad |= {82: "0", 83: ".", 55: "*", 98: "/"}
    return keys | {code: (character, character) for code, character in pad.items()}


KEYS: Mapping[int, tuple[str, str]] = _rows()
"""Character without and with shift, by key code."""

RELEASED, HIT, REPEATED = 0, 1, 2


class Keys:
    """Key events of one keyboard in, scans and refusals out."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._held: set[int] = set()
        self._caps = False

    def key(self, code: int, value: int, at_ns: int) -> list[Scan | Refused]:
        """One event: ``value`` 0 released, 1 pressed, 2 repeated by the kernel (a held key types once)."""
        if code in _SHIFTS | _CONTROLS:
            (self._held.discard if value == RELEASED else self._held.add)(code)
            return []
        if code == _CAPS_LOCK and value == HIT:
            self._caps = not self._caps
        if value != HIT or code == _CAPS_LOCK or code in _SILENT:
            return []
        if code in (KEY_ENTER, KEY_KPENTER):
            return self._lines.feed(b"\r", at_ns)
        character = self._character(code)
        if character is None:
            self._lines.spoil(Refusal.UNKNOWN_KEY, at_ns)
            return []
        return self._lines.feed(character.encode(), at_ns)

    def lost(self, at_ns: int) -> list[Scan | Refused]:
        """Events were dropped, or the keyboard went away: nothing is known of keys held down."""
        self._held.clear()
        self._caps = False
        return self._lines.lost(at_ns)

    def _character(self, code: int) -> str | None:
        if self._held & _CONTROLS:
            return GROUP_SEPARATOR if code == _RIGHT_BRACKET else None
        if code not in KEYS:
            return None
        plain, shifted = KEYS[code]
        upper = bool(self._held & _SHIFTS) != (self._caps and plain.isalpha())
        return shifted if upper else plain
