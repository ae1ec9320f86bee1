"""What a prompt asks for, in lines of text: the same words as on the screen.

Rules this file obeys:

* The words come from the shelf of words that the screen reads; only what a terminal needs is said here.
* A prompt is told by the one function that stands for its kind in the table handed in.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import msgspec

from firmware_app.procedures.prompts import Prompt
from firmware_app.quantity import show_mass


class Words(Protocol):
    """Where words are looked up; ``lang`` is zh, bo or en."""

    def translate(self, key: str, lang: str, **params: object) -> str: ...

    def say_code(self, family: str, code: str, lang: str, **params: object) -> str: ...


class Wants(enum.StrEnum):
    """What kind of answer a prompt takes."""

    STALL = "stall"
    SCALE = "scale"
    WAY = "way"
    PICK = "pick"
    FIGURE = "figure"
    LOAD_IS_ON = "load_is_on"
    CODE = "code"
    CONFIRM = "confirm"
    WITNESS = "witness"
    NOTHING = "nothing"
    """An instrument moves the visit on."""
    END = "end"
    """The visit is over: it is closed."""


class Choice(msgspec.Struct, frozen=True):
    """One thing to choose. ``why_not``: it cannot be chosen, and why."""

    id: str
    words: str
    why_not: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt in words. ``units``: what a figure is taken in, the first one where none is typed.

    ``well``: for the end of a visit, whether it ended as one would wish.
    """

    lines: tuple[str, ...]
    wants: Wants
    choices: tuple[Choice, ...] = ()
    beside: tuple[Choice, ...] = ()
    units: tuple[str, ...] = ()
    well: bool = True


class Say:
    """Words in one language."""

    def __init__(self, words: Words, language: str) -> None:
        self._words = words
        self._language = language

    @property
    def language(self) -> str:
        """``en``, ``zh`` or ``bo``."""
        return self._language

    def __call__(self, key: str, **params: object) -> str:
        """The words of a key."""
        return self._words.translate(key, self._language, **params)

    def code(self, family: str, code: str, **params: object) -> str:
        """The words of a code."""
        return self._words.say_code(family, code, self._language, **params)


Tell = Callable[[Say, Any], Told]
"""Tells one kind of prompt."""


class Teller:
    """Tells prompts in one language."""

    def __init__(self, words: Words, language: str, table: Mapping[type[Prompt], Tell]) -> None:
        self._say = Say(words, language)
        self._table = table

    def tell(self, prompt: Prompt) -> Told:
        """Any prompt in words."""
        return self._table[type(prompt)](self._say, prompt)


def mass_in_words(grams: str) -> str:
    """A mass on the wire as people read it; what is no number as it stands."""
    try:
        return show_mass(Decimal(grams))
    except InvalidOperation:
        return grams
