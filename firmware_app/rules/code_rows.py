"""The shape of a pack on identification codes with a check character.

Rules this file obeys:

* The outer check and that of the organisation code inside are two rows: one may hold where the other fails.
* Nothing is evaluated here.
"""

from __future__ import annotations

import msgspec

from firmware_app.rules.base import Dated, Row


class CheckRow(Row, frozen=True, kw_only=True):
    """A weighted sum over characters: the check is ``modulus`` − Σ mod ``modulus``, as written in ``signs``.

    ``first``: place of its first character in the whole code, from 1. ``alphabet``: characters by value.
    ``signs``: the check character for 0, 1 … ``modulus``.
    """

    first: int
    alphabet: str
    weights: tuple[int, ...]
    modulus: int
    signs: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.signs) != self.modulus + 1 or self.first < 1 or not self.weights:
            raise ValueError("a check needs a place, weights and a sign for every remainder")


class CodeVector(msgspec.Struct, frozen=True, kw_only=True):
    """A code and what each check must say of it."""

    code: str
    valid: bool
    organisation_valid: bool


class CodePack(Dated, frozen=True, kw_only=True, tag_field="kind", tag="code"):
    """Rules for the unified social credit code."""

    length: int
    whole: CheckRow
    organisation: CheckRow
    vectors: tuple[CodeVector, ...]
