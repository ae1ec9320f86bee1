"""Judges a recorded on-site examination again, with weights that were not what their nominal values said.

Rules this file obeys:

* Points rest on the nominal values of weights: a weight that was found heavier made the error of its point
  smaller than was read, and that of its E0 likewise. Acceptance stays simple, limits those of the record.
* Small weights are added in whatever order they come to hand: of one that was wrong only the bound is known,
  and every change point is so much less sure.
* An item is concluded anew only where one of its steps says something else now. What was left out stays so.
* Of the challenge at its end the rule of that procedure judges again; every other limit is the record's own.
* Goods that stood in for weights carry their fault on in a way the record does not spell out: such an
  examination is refused, not guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from firmware_app.procedures.challenge import rejudging as challenge
from firmware_app.procedures.rejudged import (
    NOTHING_CHANGED,
    CannotRejudge,
    Correction,
    Rejudged,
    RejudgedLoad,
)
from firmware_app.procedures.verification.arithmetic import within
from firmware_app.procedures.verification.items import Item, LeftOut
from firmware_app.procedures.verification.judging import NOT_DONE
from firmware_app.quantity import Grams, plain
from firmware_app.rules.rows import Pack
from firmware_app.uncertainty.decision import Verdict

ORDER = (Verdict.DOES_NOT_CONFORM, Verdict.UNDECIDED, Verdict.CANNOT_JUDGE)


def rejudge_version_1(
    body: Mapping[str, Any],
    correction: Correction,
    packs: tuple[Pack, ...] | None,
) -> Rejudged:
    """The conclusion of an examination of version 1; its loads are the points that were corrected.

    Raises CannotRejudge.
    """
    try:
        return _Examination(body, correction, packs).rejudged()
    except (KeyError, TypeError, ValueError, ArithmeticError, IndexError) as error:
        raise CannotRejudge(f"no examination of version 1 as it was written: {error!r}") from error


class _Examination:
    """One record with what its weights were mistaken by."""

    def __init__(
        self, body: Mapping[str, Any], correction: Correction, packs: tuple[Pack, ...] | None
    ) -> None:
        self._body, self._correction, self._packs = body, correction, packs
        self._off: dict[str, Grams] = {}
        self._loose = Decimal(0)
        e = Decimal(body["scale"]["e_g"])
        for weight in body["weights"]:
            if weight["id"] in correction.weights:
                off = correction.weights[weight["id"]].mass_g - Decimal(weight["nominal_g"])
                self._off[weight["id"]] = off
                if Decimal(weight["nominal_g"]) < e:
                    self._loose += abs(off)
        self._points: list[RejudgedLoad] = []

    def rejudged(self) -> Rejudged:
        concluded = [(each, self._item(each)) for each in self._body["items"]]
        counted = [(each, verdict) for each, verdict in concluded if not each["information"]]
        verdicts = [verdict for _, verdict in counted]
        left_out = any(
            verdict is None and each["why_not"] != LeftOut.NOT_APPLICABLE for each, verdict in counted
        )
        if Verdict.DOES_NOT_CONFORM in verdicts:
            whole = Verdict.DOES_NOT_CONFORM
        elif all(verdict is None for verdict in verdicts):
            whole = Verdict.CANNOT_JUDGE
        elif left_out or Verdict.UNDECIDED in verdicts or Verdict.CANNOT_JUDGE in verdicts:
            whole = Verdict.UNDECIDED
        else:
            whole = Verdict.CONFORMS
        return Rejudged(verdict=whole, loads=tuple(self._points))

    def _item(self, item: Mapping[str, Any]) -> Verdict | None:
        """Its conclusion; None where it was not done."""
        recorded = None if item["conclusion"] == NOT_DONE else Verdict(item["conclusion"])
        if item["item"] == Item.CHALLENGE and recorded is not None and self._correction != NOTHING_CHANGED:
            return challenge.rejudge_version_1(self._body["challenge"], self._correction, self._packs).verdict
        steps = {step["step"]: step for step in item["steps"]}
        points = {name: self._corrected(step, steps) for name, step in steps.items() if "limit_g" in step}
        verdicts, changed = [], False
        for name, step in steps.items():
            said = step.get("conclusion", "")
            if said in ("", NOT_DONE):
                continue
            verdict = Verdict(said)
            if name in points and not (item["item"] == Item.REPEATS and not step["weights"]):
                verdict = within(points[name], self._half(step), Decimal(step["limit_g"]))
            changed = changed or verdict != said
            verdicts.append(verdict)
        if "spread_g" in item:
            spread = self._spread(item, points, steps)
            changed = changed or spread[0] != Decimal(item["spread_g"]) or bool(self._loose)
            verdicts.append(spread[1])
        if not changed:
            return recorded
        whole = next((each for each in ORDER if each in verdicts), Verdict.CONFORMS)
        undone = recorded is None and whole is not Verdict.DOES_NOT_CONFORM
        # A failure had hidden that not every step was done.
        skipped = any(step.get("conclusion") == NOT_DONE for step in item["steps"])
        return None if undone or (skipped and whole is not Verdict.DOES_NOT_CONFORM) else whole

    def _corrected(self, step: Mapping[str, Any], steps: Mapping[str, Mapping[str, Any]]) -> Grams:
        """The error of a point less that of its E0, both by what the weights are known to be."""
        shift = self._shift(step)
        if "zero_of" in step:
            shift -= self._shift(steps[step["zero_of"]])
        corrected = Decimal(step["corrected_g"]) - shift
        if shift or (self._loose and "added_g" in step):
            limit = Decimal(step["limit_g"])
            self._points.append(
                RejudgedLoad(
                    number=len(self._points) + 1,
                    load_g=plain(Decimal(step["load_g"]) + self._shift(step)),
                    error_g=plain(corrected),
                    limit_g=plain(limit),
                    verdict=within(corrected, self._half(step), limit),
                )
            )
        return corrected

    def _shift(self, step: Mapping[str, Any]) -> Grams:
        """By how much the load was heavier than its nominal value."""
        off = sum((self._off.get(each, Decimal(0)) for each in step["weights"]), Decimal(0))
        if self._off and ("goods" in step or "made_of" in step):
            raise CannotRejudge("goods stood in for weights that are known otherwise now: examine it again")
        return off

    def _half(self, step: Mapping[str, Any]) -> Grams:
        """How far the error may be off: as recorded, and by the small weights of a change point."""
        half = Decimal(step.get("half_width_g", "0"))
        return half + (self._loose if "added_g" in step else Decimal(0))

    def _spread(
        self,
        item: Mapping[str, Any],
        points: Mapping[str, Grams],
        steps: Mapping[str, Mapping[str, Any]],
    ) -> tuple[Grams, Verdict]:
        """The spread of the repeated weighings and what it says."""
        repeated = [name for name in points if "zero_of" in steps[name]]
        spread = max(points[name] for name in repeated) - min(points[name] for name in repeated)
        # Both ends of a difference may be off.
        loose = 2 * self._half(steps[repeated[0]])
        return spread, within(spread, loose, Decimal(item["limit_g"]))
