"""The page by which a procedure without screens of its own asks, and the one by which it says its outcome.

Rules this file obeys:

* A page holds codes and figures, never sentences: the screen finds the words under ``page.<key>``,
  ``fact.<label>``, ``option.<label>``, ``trouble.<problem>`` and ``picture`` in its language.
* Masses are decimal strings of grams, money decimal strings of yuan; the unit stands beside the figure.
* A page asks for one thing. What is asked for next to it (leave this item out, do it again) is ``beside``.
"""

from __future__ import annotations

import enum

import msgspec

from firmware_app.procedures.law import Law
from firmware_app.uncertainty.decision import Verdict

GRAM = "g"
KILOGRAM = "kg"
YUAN = "CNY"
YUAN_PER_KG = "CNY/kg"
YUAN_PER_500G = "CNY/500g"
"""A price of half a kilogram: a legal unit, and how most prices are called out."""


class Picture(enum.StrEnum):
    """What the screen draws beside the words."""

    NONE = ""
    WEIGHTS_ON_SCALE = "weights_on_scale"
    GOODS_ON_SCALE = "goods_on_scale"
    GOODS_ON_PAN = "goods_on_pan"
    WEIGHTS_ON_PAN = "weights_on_pan"
    CLEAR_PAN = "clear_pan"
    CLEAR_SCALE = "clear_scale"
    FRONT_LEFT = "front_left"
    FRONT_RIGHT = "front_right"
    BACK_LEFT = "back_left"
    BACK_RIGHT = "back_right"
    LABEL = "label"
    KEYS = "keys"
    POWER = "power"
    SEAL = "seal"
    NAMEPLATE = "nameplate"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One figure or word set apart: ``value`` as it is shown, with ``unit`` where it has one.

    ``words``: ``value`` is a code, said as ``fact_value.<value>``. ``legal``: legally relevant.
    """

    label: str
    value: str
    unit: str = ""
    words: bool = False
    legal: bool = True


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be chosen. ``text``: said as it stands (a name from the registry), else ``label`` is
    looked up. ``why_not``: code of why it cannot be chosen now, empty where it can."""

    id: str
    label: str = ""
    text: str = ""
    why_not: str = ""


class Pick(msgspec.Struct, frozen=True, tag="pick"):
    """One of these; answered by ``Picked``."""

    options: tuple[Option, ...]


class Amount(msgspec.Struct, frozen=True, tag="amount"):
    """A figure in one of ``units``, the first one proposed; answered by ``FigureTyped``.

    ``label``: it may be filled in from a scanned label. ``signed``: it may be below zero. A single empty unit
    asks for a bare number.
    """

    units: tuple[str, ...]
    label: bool = False
    signed: bool = False


class Code(msgspec.Struct, frozen=True, tag="code"):
    """A code scanned, or typed on the pad; answered by ``CodeGiven``."""


class Confirm(msgspec.Struct, frozen=True, tag="confirm"):
    """Go on when it is done; answered by ``Confirmed``. ``hold``: only by a press held for two seconds.

    ``label``: the words on the button, under ``option``.
    """

    label: str = "done"
    hold: bool = False


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Nothing is asked: an instrument moves the visit on by itself."""


class Shot(msgspec.Struct, frozen=True, tag="shot"):
    """Nothing is asked: the camera takes a photo; ``PhotoTaken`` or ``PhotoFailed`` moves the visit on."""


Wanted = Pick | Amount | Code | Confirm | Wait | Shot


class Page(msgspec.Struct, frozen=True, tag="page", kw_only=True):
    """One question. ``key``: names its words. ``number`` of ``count``: where the visit stands; 0: unsaid.

    ``pieces_g``: weights to put on, drawn. ``beside``: quieter choices, answered by ``Picked``. ``problem``:
    why the last answer was not taken. ``law``: the line that this question stands on. ``blind``: the live
    weight of the pan is hidden while this is asked. ``held``: nobody is sent home from here for being away
    (an inspector at work). ``scale``: id of the scale under test, empty where none.
    """

    key: str
    wants: Wanted
    number: int = 0
    count: int = 0
    facts: tuple[Fact, ...] = ()
    pieces_g: tuple[str, ...] = ()
    picture: Picture = Picture.NONE
    beside: tuple[Option, ...] = ()
    problem: str = ""
    law: Law | None = None
    blind: bool = False
    held: bool = False
    scale: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an outcome: an item of ``label`` (``text`` as it stands beside it) with its own answer.

    ``mark``: a verdict, or a code such as ``not_done``, said under ``line_mark``. ``law``: the line of the
    law that says so, where that is another than the outcome's.
    """

    label: str
    text: str = ""
    mark: str = ""
    facts: tuple[Fact, ...] = ()
    law: Law | None = None


class PageJudged(msgspec.Struct, frozen=True, tag="page_judged", kw_only=True):
    """The outcome, saved: ``entry`` is its number in the ledger, ``slip`` the text of its QR code.

    ``verdict``: None where the procedure judges nothing. ``reason`` and ``next_step``: codes under
    ``page_reason`` and ``page_next``. ``beside``: what can still be done with it (a complaint), answered by
    ``Picked``. ``document``: a file that was made of it (the on-site record), empty where none.
    """

    key: str
    verdict: Verdict | None
    entry: int
    slip: str = ""
    reason: str = ""
    next_step: str = ""
    facts: tuple[Fact, ...] = ()
    lines: tuple[Line, ...] = ()
    law: Law | None = None
    beside: tuple[Option, ...] = ()
    document: str = ""
