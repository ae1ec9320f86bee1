"""Maximum permissible errors of weights by class and nominal value.

Rules this file obeys:

* Only what stands in the table is answered: no nominal value in between, no class where the cell is empty.
* The table is in milligrams; the answer gives grams too, exactly.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.quantity import GRAMS_PER, Grams, show_mass
from firmware_app.rules.rows import Confidence, RulesError, WeightsPack


class NotDefined(RulesError):
    """The table has no figure for this weight."""


class WeightAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The maximum permissible error ±δm of one weight."""

    weight_class: str
    nominal_g: Grams
    mpe_g: Grams
    mpe_mg: Decimal
    clause: str
    pack: str
    version: str
    sha256: str
    confidence: Confidence


def weight_mpe(pack: WeightsPack, weight_class: str, nominal_g: Grams) -> WeightAnswer:
    """±δm of a weight; raises NotDefined for an unknown class, a nominal off the table or an empty cell.

    Source: OIML R 111-1:2004, table of maximum permissible errors.
    """
    if weight_class not in pack.weight_classes:
        raise NotDefined(
            f"weight class {weight_class!r} is not known: use one of {', '.join(pack.weight_classes)}"
        )
    for row in pack.rows:
        if row.nominal_g == nominal_g:
            if weight_class not in row.mpe_mg:
                raise NotDefined(
                    f"a weight of {show_mass(nominal_g)} is not defined in class {weight_class} "
                    f"({row.clause})"
                )
            mg = row.mpe_mg[weight_class]
            return WeightAnswer(
                weight_class=weight_class,
                nominal_g=nominal_g,
                mpe_g=mg * GRAMS_PER["mg"],
                mpe_mg=mg,
                clause=row.clause,
                pack=pack.id,
                version=pack.version,
                sha256=pack.sha256,
                confidence=row.confidence,
            )
    raise NotDefined(f"{show_mass(nominal_g)} is not a nominal value of the table: 1, 2 or 5 times 10^k g")
