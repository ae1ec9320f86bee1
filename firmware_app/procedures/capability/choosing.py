"""From candidates for a method to one answer: the first whose conditions all hold, or none and why."""

from __future__ import annotations

import msgspec

from firmware_app.procedures.capability.answer import Capability, Looked, Method, first_failed
from firmware_app.procedures.capability.conditions import known_well_enough, ratio
from firmware_app.quantity import Grams, plain


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One method, what was looked at for it, and U(k = 2) of the reference side by it; None: not known."""

    method: Method
    conditions: tuple[Looked, ...]
    expanded_g: Grams | None = None
    limit_g: Grams | None = None
    help: str = ""
    """What would help instead of what the failed condition says, where another method is the better help."""


def choose(candidates: tuple[Candidate, ...], sharpens: tuple[Method, ...] = ()) -> Capability:
    """The answer by the candidates in their order of preference; at least one is given."""
    looked = [(each, _looked(each)) for each in candidates]
    serving = [(each, conditions) for each, conditions in looked if first_failed(conditions) is None]
    best, conditions = serving[0] if serving else looked[0]
    failed = first_failed(conditions)
    return Capability(
        method=best.method if serving else None,
        reason="" if failed is None else failed.reason,
        help="" if failed is None else best.help or failed.help,
        expanded_g="" if best.expanded_g is None else plain(best.expanded_g),
        limit_g="" if best.limit_g is None else plain(best.limit_g),
        ratio="" if best.expanded_g is None or best.limit_g is None else ratio(best.expanded_g, best.limit_g),
        remaining=tuple(each.method for each, _ in serving[1:]),
        sharpens=sharpens if serving else (),
        conditions=conditions,
    )


def refused(reason: str, help_: str) -> Capability:
    """No method at all, for a reason that lies before every condition (no rules, wrong data of the scale)."""
    return Capability(method=None, reason=reason, help=help_)


def _looked(candidate: Candidate) -> tuple[Looked, ...]:
    if candidate.expanded_g is None or candidate.limit_g is None:
        return candidate.conditions
    return *candidate.conditions, known_well_enough(candidate.expanded_g, candidate.limit_g)
