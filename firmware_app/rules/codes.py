"""The unified social credit code: its check character, and apart from it that of the code inside.

Rules this file obeys:

* The two checks are answered apart: that of the organisation code inside is recalled only and refuses
  nothing by itself.
* Letters are not corrected; a letter outside the alphabet is named, not mapped.
"""

from __future__ import annotations

import msgspec

from firmware_app.rules.base import Confidence
from firmware_app.rules.code_rows import CheckRow, CodePack


class CodeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks say of a code. ``expected``: its right last character, empty where it cannot be told.

    ``organisation_valid``: None where the code has no readable organisation code.
    """

    code: str
    valid: bool
    expected: str
    reason: str
    clause: str
    confidence: Confidence
    organisation_valid: bool | None
    organisation_expected: str
    organisation_clause: str
    organisation_confidence: Confidence
    pack: str
    version: str
    sha256: str


def check_character(row: CheckRow, code: str) -> str | None:
    """The character that the weighted sum asks for, None where a character is outside the alphabet."""
    body = code[row.first - 1 : row.first - 1 + len(row.weights)]
    values = [row.alphabet.find(each) for each in body]
    if len(values) != len(row.weights) or min(values) < 0:
        return None
    total = sum(value * weight for value, weight in zip(values, row.weights, strict=True))
    return row.signs[row.modulus - total % row.modulus]


def check_code(pack: CodePack, typed: str) -> CodeAnswer:
    """Whether a typed code is one, and what is wrong with it. Source: GB 32100-2015; GB 11714."""
    code = typed.strip().upper()[: pack.length + 1]
    expected = inside = None
    if len(code) == pack.length:
        expected = check_character(pack.whole, code)
        inside = check_character(pack.organisation, code)
    valid = expected is not None and code[-1] == expected
    place = pack.organisation.first - 1 + len(pack.organisation.weights)
    return CodeAnswer(
        code=code,
        valid=valid,
        expected=expected or "",
        reason="" if valid else _wrong(pack, code, expected),
        clause=pack.whole.clause,
        confidence=pack.whole.confidence,
        organisation_valid=None if inside is None else code[place] == inside,
        organisation_expected=inside or "",
        organisation_clause=pack.organisation.clause,
        organisation_confidence=pack.organisation.confidence,
        pack=pack.id,
        version=pack.version,
        sha256=pack.sha256,
    )


def _wrong(pack: CodePack, code: str, expected: str | None) -> str:
    if len(code) != pack.length:
        return f"a code has {pack.length} characters, not {len(code)}" + (
            "+" if len(code) > pack.length else ""
        )
    strange = sorted({each for each in code if each not in pack.whole.alphabet})
    if expected is None:
        return f"{', '.join(strange)} cannot stand in a code: I, O, S, V and Z are not used; copy it again"
    return f"the last character should be {expected}, not {code[-1]}: one of the {pack.length} is wrong"
