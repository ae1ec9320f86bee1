"""The operator's confirmation that a protocol reads what the display shows.

Rules this file obeys:

* A number on the wire is no reading until a person has compared it with the display: no check sees a factor
  of ten, and two protocols may read the same bytes.
* The person says what the display shows; the program compares. Zero confirms nothing, and a second load
  must show another value.
* A confirmation holds for one version of one profile.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hardware.scale.contract import Indication, ScaleError
from hardware.scale.listen import Candidate

MAX_TEXT = 24
SLOWEST = 300
"""Bits a second: no scale sends slower."""
GRAMS = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "t": Decimal(1_000_000),
    "斤": Decimal(500),
    "市斤": Decimal(500),
    "两": Decimal(50),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
"""Units a display may show. 斤 is the market jin of 500 g."""
_SHOWN = re.compile(r"([+-]?)\s*([0-9]{1,7}(?:[.,][0-9]{0,6})?)\s*([a-z市斤两]{0,3})")


Text = Annotated[str, Meta(max_length=120)]


class NotConfirmed(ScaleError):
    """What the display shows does not confirm the protocol; the message says why and what to do."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One load compared: ``text`` as the display shows it, and what the lead said at that time.

    ``value``: decimal string in ``unit`` (None where the lead states none); ``raw``: the frame in hex.
    """

    text: Text
    value: Text
    unit: Text | None
    raw: Annotated[str, Meta(max_length=400)]


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol confirmed for a model of scale.

    ``unit``: what the display shows its figures in. ``at``: RFC 3339. ``shown``: every load compared.
    ``transport``: the kind of line; a HID scale has no rate (0) and no setting (empty). ``asked``: the person
    chose that the scale be asked by the harmless request of the profile.
    """

    maker: Text
    model: Text
    profile: Text
    version: Text
    baud: Annotated[int, Meta(ge=0, le=921600)]
    line: Annotated[str, Meta(pattern="^([78][NEO][12])?$")]
    unit: Text
    at: Text
    shown: Annotated[tuple[Shown, ...], Meta(min_length=1, max_length=10)]
    transport: Literal["serial", "hid", "modbus"] = "serial"
    asked: bool = False

    def __post_init__(self) -> None:
        usb = not self.baud and not self.line
        if usb != (self.transport == "hid") or not (usb or (self.baud >= SLOWEST and self.line)):
            raise ValueError(f"a line of kind {self.transport} at {self.baud} {self.line!r}")


def compared(text: str, indication: Indication, earlier: tuple[Shown, ...] = ()) -> tuple[Shown, str]:
    """The load compared and the unit of the display; raises NotConfirmed where it confirms nothing."""
    value, unit = display(text)
    if indication.value is None:
        raise NotConfirmed("the lead holds no value now: wait until the load rests")
    if indication.stable is False:
        raise NotConfirmed("the load is moving: wait until the display rests and compare again")
    if value == 0 or indication.value == 0:
        raise NotConfirmed("zero confirms nothing: every protocol reads it alike; put a load on")
    sent = indication.unit or unit
    if sent not in GRAMS:
        raise NotConfirmed(f"the lead speaks of {sent}: switch the scale to kg or g and compare again")
    if _in_grams(value, unit) != _in_grams(indication.value, sent):
        read = f"{indication.value:f} {indication.unit or '(no unit)'}"
        raise NotConfirmed(
            f"the display shows {text.strip()}, {indication.profile} reads {read}: another protocol"
        )
    if any(_in_grams(Decimal(each.value), each.unit or unit) == _in_grams(value, unit) for each in earlier):
        raise NotConfirmed("that load was compared before: put on a clearly different one")
    shown = Shown(
        text=text.strip()[:MAX_TEXT],
        value=f"{indication.value:f}",
        unit=indication.unit,
        raw=indication.raw[:64].hex(" ").upper(),
    )
    return shown, unit


def display(text: str) -> tuple[Decimal, str]:
    """Value and unit of a display as a person types it (``1.560 kg``); raises NotConfirmed."""
    plain = unicodedata.normalize("NFKC", text[: MAX_TEXT * 2]).strip().casefold()
    found = _SHOWN.fullmatch(plain)
    if found is None or found[3] not in GRAMS:
        units = ", ".join(GRAMS)
        raise NotConfirmed(f"type figure and unit as the display shows them, such as 1.560 kg ({units})")
    return Decimal(found[1] + found[2].replace(",", ".")), found[3]


def confirmation(
    candidate: Candidate,
    shown: tuple[Shown, ...],
    unit: str,
    *,
    maker: str,
    model: str,
    at: str,
    asked: bool = False,
) -> Confirmation:
    """The finished confirmation; raises NotConfirmed while loads are missing."""
    if len(shown) < candidate.loads:
        missing = candidate.loads - len(shown)
        raise NotConfirmed(f"{missing} more load{'s' if missing > 1 else ''} to be compared with the display")
    return Confirmation(
        maker=maker,
        model=model,
        profile=candidate.profile,
        version=candidate.version,
        baud=candidate.setting.baud,
        line=candidate.setting.line,
        unit=unit,
        at=at,
        shown=shown,
        transport=candidate.transport,
        asked=asked,
    )


def _in_grams(value: Decimal, unit: str) -> Decimal:
    return value * GRAMS[unit]
