"""Judges a recorded self-check again, by the rule of its version and the pack that it cites.

Rules this file obeys:

* One function a version of the procedure: a rule that has judged is never changed, a new one is put beside.
* Whatever was recorded and no correction touches is taken as it stands: the figures, what the pan said, why
  it was not fit, and what the display did afterwards.
* A record that lacks what is needed is refused, never guessed at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from firmware_app.procedures.budget import expanded_g, expanded_of_error
from firmware_app.procedures.rejudged import CannotRejudge, Corrected, Correction, Rejudged, RejudgedLoad
from firmware_app.quantity import Estimate, Grams, plain
from firmware_app.rules.mpe import BadInstrument, Instrument, OutsideTable, mpe
from firmware_app.rules.pack import pack_of
from firmware_app.rules.rows import NawiPack, Pack, RulesError, Stage
from firmware_app.uncertainty.decision import Verdict, capable, guarded, worst

MILLIGRAM = Decimal("0.001")
UNUSABLE = "weights_not_usable"


def rejudge_version_1(
    body: Mapping[str, Any], correction: Correction, packs: tuple[Pack, ...] | None
) -> Rejudged:
    """The verdict of a self-check of version 1, load by load; raises CannotRejudge."""
    try:
        return _rejudge(body, correction, packs)
    except RulesError as error:
        raise CannotRejudge(str(error)) from error
    except (KeyError, TypeError, ValueError, ArithmeticError, IndexError) as error:
        raise CannotRejudge(f"no self-check of version 1 as it was written: {error!r}") from error


def _rejudge(body: Mapping[str, Any], correction: Correction, packs: tuple[Pack, ...] | None) -> Rejudged:
    standing = [each for each in body["attempts"] if not each["problem"] and not each["dropped"]]
    if len(standing) != len(body["loads"]):
        raise CannotRejudge(f"{len(body['loads'])} loads were judged, but {len(standing)} figures stand")
    law = body["law"]
    pack = pack_of(NawiPack, law["pack"], law["sha256"], packs) if law["pack"] else None
    loads = [
        _load(body, recorded, attempt, pack, correction)
        for recorded, attempt in zip(body["loads"], standing, strict=True)
    ]
    return Rejudged(verdict=worst([load.verdict for load in loads]), loads=tuple(loads))


def _load(
    body: Mapping[str, Any],
    recorded: Mapping[str, Any],
    attempt: Mapping[str, Any],
    pack: NawiPack | None,
    correction: Correction,
) -> RejudgedLoad:
    number, goods = int(recorded["number"]), attempt["way"] == "goods"
    if recorded["reason"] == UNUSABLE:
        return RejudgedLoad(number=number, verdict=Verdict.CANNOT_JUDGE, reason=UNUSABLE)
    indication = Decimal(attempt["figure"]["indication_g"])
    reference = _reference(body["weights"], attempt, correction)
    mass = Decimal(repr(reference.value)).quantize(MILLIGRAM, ROUND_HALF_EVEN)
    doubt = correction.pan_doubt(mass) if goods and not _by_weights(attempt) else Decimal(0)
    known = expanded_g(reference.standard) + doubt
    blank = RejudgedLoad(
        number=number, load_g=plain(mass), error_g=plain(indication - mass), verdict=Verdict.CANNOT_JUDGE
    )

    def unjudged(reason: str) -> RejudgedLoad:
        return msgspec.structs.replace(blank, reason=reason)

    pan = body["pan"]
    locked = (correction.pan_lock or pan["control"]["lock"]) if goods else ""
    if pan["unfit"] or locked:
        return unjudged("pan_unfit" if pan["unfit"] else locked)
    asked = attempt["asked_g"]
    ends = (max(mass - known, Decimal(0)), mass + known) if goods else (Decimal(asked[0]),) * 2
    if pack is None:
        return unjudged(recorded["reason"])
    on, scale = date.fromisoformat(body["rules_date"]), _instrument(body["scale"])
    stage = Stage(body["law"]["stage"])
    try:
        low, high = (mpe(pack, scale, end, stage, on) for end in ends)
    except OutsideTable:
        return unjudged("beyond_max")
    except BadInstrument:
        return unjudged("scale_data")
    error = indication - mass
    expanded = expanded_of_error(reference.standard, Decimal(body["scale"]["d_g"])) + doubt
    verdict, reason = Verdict.CANNOT_JUDGE, "reference_not_capable"
    if capable(known, low.limit_g):
        verdicts = {guarded(error, expanded, answer.limit_g) for answer in (low, high)}
        verdict, reason = (verdicts.pop() if len(verdicts) == 1 else Verdict.UNDECIDED), ""
    if "changed" in attempt and verdict in (Verdict.CONFORMS, Verdict.UNDECIDED):
        verdict, reason = Verdict.UNDECIDED, "changed_after_settling"
    return msgspec.structs.replace(
        blank, expanded_g=plain(expanded), limit_g=plain(low.limit_g), verdict=verdict, reason=reason
    )


def _instrument(scale: Mapping[str, Any]) -> Instrument:
    return Instrument(
        accuracy_class=scale["accuracy_class"],
        max_g=Decimal(scale["max_g"]),
        e_g=Decimal(scale["e_g"]),
        min_g=Decimal(scale["min_g"]),
        price_computing=bool(scale.get("price_computing", False)),
    )


def _by_weights(attempt: Mapping[str, Any]) -> bool:
    """Whether goods rest on weights beside them; the pan then only tells the difference."""
    compared = attempt.get("compared")
    return compared is not None and "mass_g" in compared and not compared["why_not"]


def _reference(
    weights: Sequence[Mapping[str, Any]], attempt: Mapping[str, Any], correction: Correction
) -> Estimate:
    """The mass of the load as it is known now."""
    recorded = {each["id"]: Corrected(Decimal(each["mass_g"]), float(each["u_g"])) for each in weights}
    if attempt["way"] == "weights":
        pieces = [correction.weights.get(id, recorded[id]) for id in attempt["pieces"]]
        return _together(pieces)
    if _by_weights(attempt):
        compared = attempt["compared"]
        ids = compared["weights"]
        before = _together([recorded[id] for id in ids])
        after = _together([correction.weights.get(id, recorded[id]) for id in ids])
        # Better known weights do not make the old comparison better: only what is added counts.
        more = math.sqrt(max(0.0, after.standard**2 - before.standard**2))
        mass = Decimal(compared["mass_g"]) + _sum(ids, recorded, correction)
        return Estimate(
            float(mass), math.hypot(float(compared["u_g"]), more) if more else float(compared["u_g"])
        )
    loaded, empty = attempt["pan_loaded"], attempt["pan_empty"]
    return Estimate(
        float(Decimal(loaded["mass_g"]) - Decimal(empty["mass_g"])),
        math.hypot(float(loaded["u_g"]), float(empty["u_g"])),
    )


def _together(pieces: Sequence[Corrected]) -> Estimate:
    """Masses added, uncertainties added arithmetically (EURAMET cg-18 7.1.2)."""
    return Estimate(
        float(sum((piece.mass_g for piece in pieces), Decimal(0))),
        math.fsum(piece.standard_g for piece in pieces),
    )


def _sum(ids: Sequence[str], recorded: Mapping[str, Corrected], correction: Correction) -> Grams:
    """By how much the weights together are heavier than they were thought."""
    return sum(
        (correction.weights[id].mass_g - recorded[id].mass_g for id in ids if id in correction.weights),
        Decimal(0),
    )
