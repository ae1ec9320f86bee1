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


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged as one load, in grams. ``known_g``, ``expanded_g``: U(k = 2) of the reference side and
    of the error, with what the pan is doubted for. ``asked_g``: nominal mass of weights, None with goods.
    """

    number: int
    mass_g: Grams
    error_g: Grams
    known_g: Grams
    expanded_g: Grams
    asked_g: Grams | None
    goods: bool
    changed: bool


def figures_of(
    body: Mapping[str, Any], recorded: Mapping[str, Any], attempt: Mapping[str, Any], correction: Correction
) -> Figures:
    """One figure by itself, as the reference is known now."""
    reference = reference_again(body["weights"], attempt, correction)
    mass = Decimal(repr(reference.value)).quantize(MILLIGRAM, ROUND_HALF_EVEN)
    doubt = doubt_of_pan(attempt, mass, correction)
    goods = attempt["way"] == "goods"
    return Figures(
        number=int(recorded["number"]),
        mass_g=mass,
        error_g=Decimal(attempt["figure"]["indication_g"]) - mass,
        known_g=expanded_g(reference.standard) + doubt,
        expanded_g=expanded_of_error(reference.standard, Decimal(body["scale"]["d_g"])) + doubt,
        asked_g=None if goods else Decimal(attempt["asked_g"][0]),
        goods=goods,
        changed="changed" in attempt,
    )


def judged_again(
    body: Mapping[str, Any],
    recorded: Mapping[str, Any],
    pack: NawiPack | None,
    correction: Correction,
    figures: Figures,
) -> RejudgedLoad:
    """The verdict on one load, by the pack of the record and its stage."""
    blank = RejudgedLoad(
        number=figures.number,
        load_g=plain(figures.mass_g),
        error_g=plain(figures.error_g),
        verdict=Verdict.CANNOT_JUDGE,
    )
    pan = body["pan"]
    locked = (correction.pan_lock or pan["control"]["lock"]) if figures.goods else ""
    if pan["unfit"] or locked or pack is None:
        reason = "pan_unfit" if pan["unfit"] else locked or recorded["reason"]
        return msgspec.structs.replace(blank, reason=reason)
    on, scale = date.fromisoformat(body["rules_date"]), _instrument(body["scale"])
    stage = Stage(body["law"]["stage"])
    ends = (max(figures.mass_g - figures.known_g, Decimal(0)), figures.mass_g + figures.known_g)
    if figures.asked_g is not None:
        ends = (figures.asked_g, figures.asked_g)
    try:
        low, high = (mpe(pack, scale, end, stage, on) for end in ends)
    except OutsideTable:
        return msgspec.structs.replace(blank, reason="beyond_max")
    except BadInstrument:
        return msgspec.structs.replace(blank, reason="scale_data")
    verdict, reason = Verdict.CANNOT_JUDGE, "reference_not_capable"
    if capable(figures.known_g, low.limit_g):
        verdicts = {guarded(figures.error_g, figures.expanded_g, answer.limit_g) for answer in (low, high)}
        verdict, reason = (verdicts.pop() if len(verdicts) == 1 else Verdict.UNDECIDED), ""
    if figures.changed and verdict in (Verdict.CONFORMS, Verdict.UNDECIDED):
        verdict, reason = Verdict.UNDECIDED, "changed_after_settling"
    return msgspec.structs.replace(
        blank,
        expanded_g=plain(figures.expanded_g),
        limit_g=plain(low.limit_g),
        verdict=verdict,
        reason=reason,
    )


def doubt_of_pan(attempt: Mapping[str, Any], mass_g: Grams, correction: Correction) -> Grams:
    """What the pan may be off by at the load; nothing where the load rests on weights."""
    by_pan = attempt["way"] == "goods" and not _by_weights(attempt)
    return correction.pan_doubt(mass_g) if by_pan else Decimal(0)


def _load(
    body: Mapping[str, Any],
    recorded: Mapping[str, Any],
    attempt: Mapping[str, Any],
    pack: NawiPack | None,
    correction: Correction,
) -> RejudgedLoad:
    if recorded["reason"] == UNUSABLE:
        return RejudgedLoad(number=int(recorded["number"]), verdict=Verdict.CANNOT_JUDGE, reason=UNUSABLE)
    return judged_again(body, recorded, pack, correction, figures_of(body, recorded, attempt, correction))


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


def reference_again(
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
