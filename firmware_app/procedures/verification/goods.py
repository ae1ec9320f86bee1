"""Goods that stand in for weights where the drawer does not reach Max (substitution, OIML R 76-1:2006 3.7.3).

Rules this file obeys:

* Weights are put on, their change point is found, and goods take their place until the scale shows the same:
  the goods' mass is then what the weights were, corrected by what the two change points differ by.
* How much must be had in weights goes by how well the scale repeats; that row of the law is only recalled,
  and what is judged by it is unconfirmed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, Protocol

from firmware_app.procedures.verification.drawer import Made
from firmware_app.procedures.verification.items import LeftOut
from firmware_app.procedures.verification.law import Rules
from firmware_app.quantity import Grams
from firmware_app.rules.checks import least_weights

PLACED = 3
"""How often the goods are put on to find how well the scale repeats (OIML R 76-1:2006 3.7.3, recalled)."""
MOST_TURNS = 4
"""With a fifth of Max in weights, the least that is allowed, goods take their place four times."""


class Maker(Protocol):
    """Makes a load of weights, or says why it cannot be made."""

    def __call__(self, wanted: Grams, *, upward: bool = False) -> Made | LeftOut: ...


class Goods(NamedTuple):
    """``weights``: what goods take the place of at a time. ``times``: how often they are put on at first."""

    weights: Made
    times: int

    def under(self, turns: int) -> Grams:
        """What lies below the weights once goods have taken their place so often; nominally."""
        return turns * self.weights.load_g

    def turns(self, wanted: Grams) -> int:
        """How often goods must take the weights' place for a load above them."""
        whole, rest = divmod(wanted, self.weights.load_g)
        return int(whole) - (0 if rest else 1)


def goods_for(rules: Rules, total_g: Grams, make: Maker) -> Goods | None:
    """How goods can stand in, as seldom as can be; None where there are too few weights even then.

    ``total_g``: of all the weights at hand.
    """
    most = rules.instrument.max_g
    for turns in range(1, MOST_TURNS + 1):
        share = most / (turns + 1)
        made = make(share) if share <= total_g else LeftOut.WEIGHTS_MISSING
        if not isinstance(made, Made):
            continue
        if repeats_enough(rules, made.load_g, None):
            return Goods(made, 1)
        # That the scale repeats well enough for so few is found out on the way.
        return Goods(made, PLACED) if repeats_enough(rules, made.load_g, Decimal(0)) else None
    return None


def repeats_enough(rules: Rules, weights_g: Grams, spread_g: Grams | None) -> bool:
    """Whether goods may stand in for so few weights where they spread by so much (None: not found)."""
    return weights_g >= least_weights(rules.pack, rules.instrument, spread_g)
