"""Judges a recorded challenge again: its readings, by weights and pan as they are known now.

Rules this file obeys:

* One function a version of the procedure: a rule that has judged is never changed, a new one is put beside.
* What was weighed, shown and drawn stands as it was recorded; the patterns made no verdict and make none now.
* A reading that could not be judged for another reason than its figures stays so.
* A record that lacks what is needed is refused, never guessed at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

import msgspec

from firmware_app.procedures.budget import expanded_g, expanded_of_error
from firmware_app.procedures.challenge.judging import limit_of
from firmware_app.procedures.rejudged import CannotRejudge, Corrected, Correction, Rejudged, RejudgedLoad
from firmware_app.quantity import Grams, plain
from firmware_app.rules.checks import PartialRange
from firmware_app.rules.mpe import Instrument, OutsideTable
from firmware_app.rules.pack import pack_of
from firmware_app.rules.rows import NawiPack, Pack, RulesError
from firmware_app.uncertainty.decision import Verdict, capable, guarded, worst

MILLIGRAM = Decimal("0.001")
RECOMPUTED = ("", "reference_not_capable", "beyond_max")
"""Reasons that the figures themselves give; any other was there before them."""


class _Reading(NamedTuple):
    """One reading judged again. ``clears``: whether it can find a scale right at all."""

    load: RejudgedLoad
    clears: bool


def rejudge_version_1(
    body: Mapping[str, Any], correction: Correction, packs: tuple[Pack, ...] | None
) -> Rejudged:
    """The verdict of a challenge of version 1, reading by reading; raises CannotRejudge."""
    try:
        law = body["law"]
        pack = pack_of(NawiPack, law["pack"], law["sha256"], packs) if law["pack"] else None
        again = [_again(body, number, pack, correction) for number in range(len(body["readings"]))]
    except RulesError as error:
        raise CannotRejudge(str(error)) from error
    except (KeyError, TypeError, ValueError, ArithmeticError, IndexError) as error:
        raise CannotRejudge(f"no challenge of version 1 as it was written: {error!r}") from error
    loads = tuple(each.load for each in again)
    clearing = [each.load.verdict for each in again if each.clears]
    verdict = worst(clearing) if clearing else Verdict.CANNOT_JUDGE
    if any(load.verdict is Verdict.DOES_NOT_CONFORM for load in loads):
        verdict = Verdict.DOES_NOT_CONFORM
    reason = ""
    if verdict is Verdict.CANNOT_JUDGE:
        reason = next((load.reason for load in loads if load.reason), "no_load_tells")
    return Rejudged(verdict=verdict, loads=loads, reason=reason)


def _again(body: Mapping[str, Any], place: int, pack: NawiPack | None, correction: Correction) -> _Reading:
    """One reading with what is known otherwise by now."""
    recorded = body["readings"][place]
    trial = body["trials"][recorded["trial"] - 1]
    goods = trial["way"] == "goods"
    locked = correction.pan_lock if goods else ""
    if not recorded["load_g"] or recorded["reason"] not in RECOMPUTED or pack is None or locked:
        undone = RejudgedLoad(
            number=place + 1,
            load_g=recorded["load_g"],
            error_g=recorded["error_g"],
            verdict=Verdict.CANNOT_JUDGE,
            reason=locked or recorded["reason"],
        )
        return _Reading(undone, False)
    mass, standard = Decimal(recorded["load_g"]), float(recorded["u_g"])
    if not goods:
        mass, standard = _by_weights(body, trial, correction)
    doubt = correction.pan_doubt(mass) if goods else Decimal(0)
    return _judged(body, place, pack, mass, (standard, doubt))


def _by_weights(
    body: Mapping[str, Any], trial: Mapping[str, Any], correction: Correction
) -> tuple[Grams, float]:
    """Mass and standard uncertainty of the weights of a load (added arithmetically, EURAMET cg-18 7.1.2)."""
    recorded = {
        each["id"]: Corrected(Decimal(each["mass_g"]), float(each["u_g"])) for each in body["weights"]
    }
    pieces = [correction.weights.get(id, recorded[id]) for id in trial["pieces"]]
    mass = float(sum((piece.mass_g for piece in pieces), Decimal(0)))
    standard = math.fsum(piece.standard_g for piece in pieces)
    return Decimal(repr(mass)).quantize(MILLIGRAM, ROUND_HALF_EVEN), standard


def _judged(
    body: Mapping[str, Any], place: int, pack: NawiPack, mass: Grams, known: tuple[float, Grams]
) -> _Reading:
    """The reading against the limits of its load. ``known``: u of the load, and the doubt of its pan."""
    (standard, doubt), scale, recorded = known, body["scale"], body["readings"][place]
    trial, d = body["trials"][recorded["trial"] - 1], _interval(body, Decimal(recorded["indication_g"]))
    error, around = Decimal(recorded["indication_g"]) - mass, expanded_g(standard) + doubt
    nominal = Decimal(trial["asked_g"][0])
    ends = (
        (nominal, nominal) if trial["way"] == "weights" else (max(mass - around, Decimal(0)), mass + around)
    )
    on, ranges = date.fromisoformat(body["rules_date"]), _ranges(body)
    told = RejudgedLoad(
        number=place + 1, load_g=plain(mass), error_g=plain(error), verdict=Verdict.CANNOT_JUDGE
    )
    try:
        low, high = (limit_of(pack, _instrument(scale), ranges, end, on).limit_g for end in ends)
    except OutsideTable:
        return _Reading(msgspec.structs.replace(told, reason="beyond_max"), False)
    limited = msgspec.structs.replace(told, limit_g=plain(low))
    if not capable(around, low):
        return _Reading(msgspec.structs.replace(limited, reason="reference_not_capable"), False)
    expanded = expanded_of_error(standard, d) + doubt
    verdicts = {guarded(error, expanded, limit) for limit in (low, high)}
    verdict = verdicts.pop() if len(verdicts) == 1 else Verdict.UNDECIDED
    load = msgspec.structs.replace(limited, expanded_g=plain(expanded), verdict=verdict)
    return _Reading(load, d / 2 + expanded <= low)


def _ranges(body: Mapping[str, Any]) -> tuple[PartialRange, ...]:
    """Those of a multi-interval scale; none in records of before such were challenged."""
    return tuple(
        PartialRange(max_g=Decimal(each["max_g"]), e_g=Decimal(each["e_g"]))
        for each in body.get("ranges", ())
    )


def _interval(body: Mapping[str, Any], shown_g: Grams) -> Grams:
    """The interval in which the scale shows such a figure."""
    lower = next((each.e_g for each in _ranges(body)[:-1] if shown_g <= each.max_g), None)
    return Decimal(body["scale"]["d_g"]) if lower is None else lower


def _instrument(scale: Mapping[str, Any]) -> Instrument:
    return Instrument(
        accuracy_class=scale["accuracy_class"],
        max_g=Decimal(scale["max_g"]),
        e_g=Decimal(scale["e_g"]),
        min_g=Decimal(scale["min_g"]),
    )
