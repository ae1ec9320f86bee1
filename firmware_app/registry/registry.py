"""Stalls and the scales on them, as the market has registered them.

Rules this file obeys:

* The file is hostile until validated: every entry is checked once, here, and a complaint names the entry.
* Names no person. Field names are English, values are in whatever language the nameplate is.
* A text from the screen or the scanner is bounded and normalised before it is compared.
"""

from __future__ import annotations

import difflib
import tomllib
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from firmware_app.errors import SteelyardError
from firmware_app.quantity import BadAmount, Grams, grams, trimmed

MAX_FILE = 4 << 20
MAX_TEXT = 120
MAX_LOOKUP = 256
CLASSES = ("I", "II", "III", "IIII")
LEAD_UNITS = ("g", "kg")


class BadRegistry(SteelyardError):
    """The file of stalls and scales cannot be used; the message names the entry and the field."""


class Stall(msgspec.Struct, frozen=True, kw_only=True):
    """A stall: ``code`` is what is typed, ``qr`` the text of its label where that is another."""

    code: str
    name: str
    qr: str = ""


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """A scale on a stall; empty text where a field is not known, masses in grams.

    ``profile``: id of the protocol of its lead, empty where it has none. ``lead_unit``: unit of that lead,
    confirmed at registration, for protocols that send none.
    """

    id: str
    stall: str
    maker: str
    model: str
    serial: str
    accuracy_class: str
    max_g: Grams
    min_g: Grams
    e_g: Grams
    d_g: Grams
    price_computing: bool
    production_code: str = ""
    repair_code: str = ""
    verification_code: str = ""
    seal: str = ""
    verification_due: date | None = None
    profile: str = ""
    lead_unit: str = ""
    qr: str = ""


class Found(msgspec.Struct, frozen=True):
    """What a text points to: a stall, and the scales to choose from (one, where a scale was meant)."""

    stall: Stall
    scales: tuple[Scale, ...]


class Registry(msgspec.Struct, frozen=True):
    """All stalls and scales, in the order of the file."""

    stalls: tuple[Stall, ...]
    scales: tuple[Scale, ...]

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
    data = path.read_bytes()
    if len(data) > MAX_FILE:
        raise BadRegistry(f"{path.name}: {len(data)} bytes; a registry has at most {MAX_FILE}")
    return parse_registry(data, path.name)


def parse_registry(data: bytes, name: str = "registry") -> Registry:
    """The registry in the bytes of a TOML file; raises BadRegistry. ``name`` is for the message."""
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRegistry(f"{name}: not a TOML file: {error}") from error
    _refuse_unknown(tables, ("stall", "scale"), name)
    stalls = tuple(_stall(_Entry(table, where)) for table, where in _entries(tables, "stall", name))
    scales = tuple(_scale(_Entry(table, where)) for table, where in _entries(tables, "scale", name))
    _refuse_ambiguous(stalls, scales, name)
    return Registry(stalls, scales)


class _Entry:
    """One table of the file: takes fields out by name and complains with the place."""

    def __init__(self, table: dict[str, Any], where: str) -> None:
        self.table = table
        self.where = where

    def text(self, field: str, needed: bool = False) -> str:
        value = self.table.get(field, "")
        if not isinstance(value, str):
            raise BadRegistry(f"{self.where}: {field} must be text in quotes, not {value!r}")
        value = value.strip()
        if needed and not value:
            raise BadRegistry(f"{self.where}: {field} is missing")
        if len(value) > MAX_TEXT or any(unicodedata.category(char).startswith("C") for char in value):
            raise BadRegistry(
                f"{self.where}: {field} has over {MAX_TEXT} characters, or control characters in it"
            )
        return value

    def choice(self, field: str, known: tuple[str, ...], needed: bool = False) -> str:
        value = self.text(field, needed)
        if value and value not in known:
            raise BadRegistry(f"{self.where}: {field} is {value!r}; use one of {', '.join(known)}")
        return value

    def mass(self, field: str) -> Grams:
        try:
            value = grams(self.text(field, needed=True))
        except BadAmount as error:
            raise BadRegistry(f"{self.where}: {field}: {error}") from error
        if value <= 0:
            raise BadRegistry(f"{self.where}: {field} must be above zero")
        return value

    def yes(self, field: str, otherwise: bool) -> bool:
        value = self.table.get(field, otherwise)
        if not isinstance(value, bool):
            raise BadRegistry(f"{self.where}: {field} must be true or false, not {value!r}")
        return value

    def day(self, field: str) -> date | None:
        value = self.table.get(field)
        if value is not None and type(value) is not date:
            raise BadRegistry(f"{self.where}: {field} must be a date such as 2027-10-31, not {value!r}")
        return value


STALL_FIELDS = ("code", "name", "qr")
SCALE_FIELDS = (
    "id",
    "stall",
    "maker",
    "model",
    "serial",
    "class",
    "max",
    "min",
    "e",
    "d",
    "price_computing",
    "production_code",
    "repair_code",
    "verification_code",
    "seal",
    "verification_due",
    "profile",
    "lead_unit",
    "qr",
)


def _entries(tables: dict[str, Any], key: str, name: str) -> list[tuple[dict[str, Any], str]]:
    entries = tables.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadRegistry(f"{name}: write each {key} under its own [[{key}]]")
    placed = []
    for number, entry in enumerate(entries, 1):
        label = entry.get("code") or entry.get("id") or ""
        where = f"{name}: {key} {number}" + (f" ({str(label)[:40]})" if label else "")
        _refuse_unknown(entry, STALL_FIELDS if key == "stall" else SCALE_FIELDS, where)
        placed.append((entry, where))
    return placed


def _stall(entry: _Entry) -> Stall:
    return Stall(code=entry.text("code", needed=True), name=entry.text("name"), qr=entry.text("qr"))


def _scale(entry: _Entry) -> Scale:
    scale = Scale(
        id=entry.text("id", needed=True),
        stall=entry.text("stall", needed=True),
        maker=entry.text("maker"),
        model=entry.text("model"),
        serial=entry.text("serial"),
        accuracy_class=entry.choice("class", CLASSES, needed=True),
        max_g=entry.mass("max"),
        min_g=entry.mass("min"),
        e_g=entry.mass("e"),
        d_g=entry.mass("d") if "d" in entry.table else entry.mass("e"),
        price_computing=entry.yes("price_computing", otherwise=True),
        production_code=entry.text("production_code"),
        repair_code=entry.text("repair_code"),
        verification_code=entry.text("verification_code"),
        seal=entry.text("seal"),
        verification_due=entry.day("verification_due"),
        profile=entry.text("profile"),
        lead_unit=entry.choice("lead_unit", LEAD_UNITS),
        qr=entry.text("qr"),
    )
    if not scale.d_g <= scale.e_g <= scale.min_g < scale.max_g:
        shown = ", ".join(
            f"{field} {trimmed(value)} g"
            for field, value in (
                ("d", scale.d_g),
                ("e", scale.e_g),
                ("min", scale.min_g),
                ("max", scale.max_g),
            )
        )
        raise BadRegistry(f"{entry.where}: {shown}: wanted is d ≤ e ≤ min < max")
    if scale.max_g % scale.d_g != Decimal(0):
        raise BadRegistry(f"{entry.where}: max is no multiple of d")
    return scale


def _refuse_ambiguous(stalls: tuple[Stall, ...], scales: tuple[Scale, ...], name: str) -> None:
    """One text must never mean two things; a scale must stand on a stall that exists."""
    codes = {stall.code for stall in stalls}
    owner: dict[str, str] = {}
    labels = [(f"stall {stall.code}", {stall.code, stall.qr}) for stall in stalls]
    labels += [(f"scale {scale.id}", {scale.id, scale.qr}) for scale in scales]
    for who, texts in labels:
        for text in {normal(text) for text in texts} - {""}:
            if text in owner:
                raise BadRegistry(f"{name}: {text!r} means both {owner[text]} and {who}")
            owner[text] = who
    for scale in scales:
        if scale.stall not in codes:
            raise BadRegistry(f"{name}: scale {scale.id}: there is no stall {scale.stall!r}")


def _refuse_unknown(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise BadRegistry(f"{where}: unknown field {key!r}; {hint}known: {', '.join(known)}")
