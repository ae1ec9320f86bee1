"""From judged figures to the patterns: which figures speak of which, and what is said of each pattern.

Rules this file obeys:

* Only figures whose load our pan or a weight knows take part; what was not tried is said to be not tried.
* The same goods twice are compared only where our pan found them the same.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from firmware_app.procedures.challenge.keys import KEYS
from firmware_app.procedures.challenge.plan import Again
from firmware_app.procedures.challenge.state import ChallengeState, Found, Kind, Look
from firmware_app.procedures.law import Law
from firmware_app.procedures.prompts import Way
from firmware_app.quantity import Grams
from firmware_app.uncertainty.decision import Verdict

if TYPE_CHECKING:
    from firmware_app.procedures.challenge.honest import Changes

_MOVED = frozenset(key.id for key in KEYS if key.opens)
"""Rows of keys that begin on the empty platter: the load was taken off for them."""
SAME_GOODS_E = 2
"""By at most so many e goods may have changed between two weighings to be the same load still."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that was judged. ``clears``: an exact scale would be found right at this load."""

    look: Look
    shown_g: Grams
    load_g: Grams | None = None
    u_g: float = 0.0
    limit_g: Grams | None = None
    expanded_g: Grams | None = None
    verdict: Verdict = Verdict.CANNOT_JUDGE
    reason: str = ""
    clears: bool = False
    law: Law | None = None

    @property
    def usable(self) -> bool:
        """Whether its error can take part in a pattern: load and limit are known."""
        return self.load_g is not None and self.limit_g is not None

    @property
    def error_g(self) -> Grams:
        assert self.load_g is not None
        return self.shown_g - self.load_g


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One pattern after allowance for the others. ``order``: the smaller, the better it names it."""

    pattern: str
    p: float
    tested: bool
    explained: bool
    size: float
    unit: str
    order: float

    def found(self) -> Found:
        """As result and record hold it."""
        digits = Decimal("0.1") if self.unit == "%" else Decimal(1)
        shown = format(Decimal(repr(self.size)).quantize(digits) + 0, "f") if self.tested else ""
        return Found(
            pattern=self.pattern,
            p=self.p,
            tested=self.tested,
            explained=self.explained,
            estimate=shown,
            unit=self.unit if shown else "",
        )


def found_in(state: ChallengeState, judged: list[Judged]) -> tuple[Told, ...]:
    """Every pattern with its probability, in the order in which they are shown."""
    import numpy as np  # heavy to load, and the appliance starts without it

    from firmware_app.procedures.challenge import honest, patterns

    # Of a multi-interval scale those of the last range: the bounds are then wider, and accuse nobody more.
    e, d = float(state.scale.e_g), float(state.scale.d_g)
    by_trial = {
        reading.look.trial: reading
        for reading in judged
        if reading.look.kind is Kind.FIRST and reading.usable
    }
    fresh = [
        reading for number, reading in sorted(by_trial.items()) if state.trials[number - 1].again is Again.NO
    ]
    seen: dict[patterns.Pattern, patterns.Seen] = {}
    left: dict[patterns.Pattern, float] = {}
    none = patterns.Seen(np.ones(()), np.zeros(()), tried=False)
    if fresh:
        loads = honest.Loads(
            load_g=np.array([float(each.load_g or 0) for each in fresh]),
            u_g=np.array([each.u_g for each in fresh]),
            shown_g=np.array([float(each.shown_g) for each in fresh]),
            limit_g=np.array([float(each.limit_g or 0) for each in fresh]),
            e_g=np.full(len(fresh), e),
            d_g=np.full(len(fresh), d),
            goods=np.array([state.trials[each.look.trial - 1].way is Way.GOODS for each in fresh]),
        )
        if bool(loads.goods.any()):
            seen |= patterns.shapes(loads)
            left = {pattern: float(rest) for pattern, rest in patterns.fits(loads).items()}
    for pattern, pairs in _pairs(state, by_trial).items():
        seen[patterns.Pattern(pattern)] = patterns.changes(_changes(pairs, e, d), patterns.Pattern(pattern))
    tried = max(1, sum(each.tried for each in seen.values()))
    told = []
    for rank, pattern in enumerate(patterns.Pattern):
        each = seen.get(pattern, none)
        p = float(patterns.allowed_for(each.p, tried))
        shape = pattern in left
        told.append(
            Told(
                pattern=pattern.value,
                p=p,
                tested=each.tried,
                explained=p > patterns.FALSE_ACCUSATION,
                size=float(each.estimate) * (100 if pattern is patterns.Pattern.RATIO else 1),
                unit="%" if pattern is patterns.Pattern.RATIO else "g",
                # What changes under one load comes first, then the shape that leaves least of the errors.
                order=len(patterns.Pattern) + left[pattern] if shape else _rank(rank, pattern.value),
            )
        )
    return tuple(told)


class _Pair(msgspec.Struct, frozen=True):
    """Two figures of one load: the first with its mass, the change, the error of the second; whether the load
    was taken off between, and u of the difference of its masses where it was weighed twice."""

    first: Judged
    change_g: Grams
    after_g: Grams
    moved: bool
    u_moved_g: float = 0.0


def _pairs(state: ChallengeState, by_trial: dict[int, Judged]) -> dict[str, list[_Pair]]:
    pairs: dict[str, list[_Pair]] = {"keys": [], "time": [], "power": [], "repeat": []}
    for look in state.looks:
        first = by_trial.get(look.trial)
        if first is None or not look.counts or look.kind is Kind.FIRST or look.absent:
            continue
        shown = first.shown_g if look.figure is None else look.figure.value_g
        assert shown is not None and first.load_g is not None
        kind = "keys" if look.kind is Kind.KEY else "time"
        pairs[kind].append(_Pair(first, shown - first.shown_g, shown - first.load_g, look.key in _MOVED))
    for trial in state.trials:
        before, after = by_trial.get(trial.number - 1), by_trial.get(trial.number)
        if trial.again is Again.NO or before is None or after is None:
            continue
        assert before.load_g is not None and after.load_g is not None
        if abs(after.load_g - before.load_g) <= SAME_GOODS_E * state.scale.e_g:
            change = after.error_g - before.error_g
            pair = _Pair(before, change, after.error_g, True, before.u_g + after.u_g)
            pairs[trial.again.value].append(pair)
    return pairs


def _changes(pairs: list[_Pair], e: float, d: float) -> Changes:
    import numpy as np

    from firmware_app.procedures.challenge.honest import Changes

    return Changes(
        change_g=np.array([float(pair.change_g) for pair in pairs]),
        after_g=np.array([float(pair.after_g) for pair in pairs]),
        load_g=np.array([float(pair.first.load_g or 0) for pair in pairs]),
        u_g=np.array([pair.first.u_g for pair in pairs]),
        limit_g=np.array([float(pair.first.limit_g or 0) for pair in pairs]),
        e_g=np.full(len(pairs), e),
        d_g=np.full(len(pairs), d),
        moved=np.array([pair.moved for pair in pairs], dtype=bool),
        u_moved_g=np.array([pair.u_moved_g for pair in pairs]),
    )


def _rank(rank: int, pattern: str) -> float:
    """A single load beyond the bound names nothing: it comes last."""
    return float("inf") if pattern == "single" else float(rank)
