"""Stalls and the scales on them, as the market has registered them.

Rules this file obeys:

* The file is hostile until validated: every entry is checked once, here, and a complaint names the entry.
* Names no person. Field names are English, values are in whatever language the nameplate is.
* A text from the screen or the scanner is bounded and normalised before it is compared.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from firmware_app import settings_file
from firmware_app.errors import SteelyardError
from firmware_app.quantity import trimmed
from firmware_app.settings_file import Key, Mass, Read

MAX_FILE = 4 << 20
MAX_LOOKUP = 256
LEAD_UNITS = ("g", "kg")


class BadRegistry(SteelyardError):
    """The file of stalls and scales cannot be used; the message names the entry and the field."""


def _text(text: str) -> str:
    if any(unicodedata.category(char).startswith("C") for char in text.strip()):
        raise ValueError("there are control characters in it: type it anew")
    return text.strip()


Text = Annotated[str, Read(_text), Meta(max_length=120)]
Name = Annotated[str, Read(_text), Meta(min_length=1, max_length=120)]


class Stall(msgspec.Struct, frozen=True, kw_only=True):
    """A stall: ``code`` is what is typed, ``qr`` the text of its label where that is another."""

    code: Name
    name: Text = ""
    qr: Text = ""


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """A scale on a stall; empty text where a field is not known, masses in grams, ``d_g`` = e unless given.

    ``profile``: id of the protocol of its lead, empty where it has none. ``lead_unit``: unit of that lead,
    confirmed at registration, for protocols that send none. ``usual_g``: what is usually sold at once.
    ``name`` to ``sending``: 器具名称, 项别, 种别, 产地, 行政区划, 安装/使用地点, 用途, 送检方式 of the
    national ledger (e-CQS). ``supports``: by which the eccentric load goes (OIML R 76-1:2006 3.6.2).
    """

    id: Name
    stall: Name
    maker: Text = ""
    model: Text = ""
    serial: Text = ""
    accuracy_class: Annotated[Literal["I", "II", "III", "IIII"], Key("class"), Read(str.strip)]
    max_g: Annotated[Mass, Key("max")]
    min_g: Annotated[Mass, Key("min")]
    e_g: Annotated[Mass, Key("e")]
    d_g: Annotated[Mass, Key("d")] = Decimal(0)
    price_computing: bool = True
    production_code: Text = ""
    repair_code: Text = ""
    verification_code: Text = ""
    seal: Text = ""
    verification_due: date | None = None
    profile: Text = ""
    lead_unit: Annotated[Literal["", "g", "kg"], Read(str.strip)] = ""
    usual_g: Annotated[Mass | None, Key("usual")] = None
    qr: Text = ""
    name: Text = ""
    item: Text = ""
    kind: Text = ""
    origin: Text = ""
    district: Text = ""
    place: Text = ""
    purpose: Text = ""
    sending: Text = ""
    supports: Annotated[int, Meta(ge=1, le=64, description="points of support of the platform")] = 4

    def __post_init__(self) -> None:
        if not self.d_g:
            msgspec.structs.force_setattr(self, "d_g", self.e_g)
        if not self.d_g <= self.e_g <= self.min_g < self.max_g:
            sizes = {"d": self.d_g, "e": self.e_g, "min": self.min_g, "max": self.max_g}
            shown = ", ".join(f"{key} {trimmed(value)} g" for key, value in sizes.items())
            raise ValueError(f"{shown}: wanted is d ≤ e ≤ min < max")
        if self.max_g % self.d_g:
            raise ValueError("max is no multiple of d")


class Found(msgspec.Struct, frozen=True):
    """What a text points to: a stall, and the scales to choose from (one, where a scale was meant)."""

    stall: Stall
    scales: tuple[Scale, ...]


class Registry(msgspec.Struct, frozen=True):
    """All stalls and scales, in the order of the file.

    One text must never mean two things, and a scale stands on a stall that exists: else ValueError.
    """

    stalls: Annotated[tuple[Stall, ...], Key("stall")] = ()
    scales: Annotated[tuple[Scale, ...], Key("scale")] = ()

    def __post_init__(self) -> None:
        owner: dict[str, str] = {}
        labels = [(f"stall {stall.code}", {stall.code, stall.qr}) for stall in self.stalls]
        labels += [(f"scale {scale.id}", {scale.id, scale.qr}) for scale in self.scales]
        for who, texts in labels:
            for text in {normal(text) for text in texts} - {""}:
                if text in owner:
                    raise ValueError(f"{text!r} means both {owner[text]} and {who}")
                owner[text] = who
        codes = {stall.code for stall in self.stalls}
        for scale in self.scales:
            if scale.stall not in codes:
                raise ValueError(f"scale {scale.id}: there is no stall {scale.stall!r}")

    def find(self, text: str) -> Found | None:
        """The stall or scale that a typed code or a scanned text means, None where none does."""
        wanted = normal(text)
        if not wanted:
            return None
        for stall in self.stalls:
            if wanted in {normal(stall.code), normal(stall.qr)}:
                return Found(stall, tuple(scale for scale in self.scales if scale.stall == stall.code))
        for scale in self.scales:
            if wanted in {normal(scale.id), normal(scale.qr)}:
                return Found(next(stall for stall in self.stalls if stall.code == scale.stall), (scale,))
        return None


def normal(text: str) -> str:
    """The text as it is compared: full-width digits and letters made plain, no case, no outer space.

    Empty for a text that is too long to be a code (over 256 characters).
    """
    return unicodedata.normalize("NFKC", text).strip().casefold() if len(text) <= MAX_LOOKUP else ""


def load_registry(path: Path) -> Registry:
    """The registry in a TOML file; raises BadRegistry, and OSError where the file cannot be read."""
    return parse_registry(settings_file.read(path, MAX_FILE), path.name)


def parse_registry(data: bytes, name: str = "registry") -> Registry:
    """The registry in the bytes of a TOML file; raises BadRegistry. ``name`` is for the message."""
    return settings_file.parse(data, Registry, name, BadRegistry, MAX_FILE)
