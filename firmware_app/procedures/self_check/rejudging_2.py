"""Judges a self-check of version 2 again: loads that were judged together are averaged anew.

Rules this file obeys:

* Which figures belong together is what the record says; nothing is grouped anew.
* A load that was not judged for want of capability stays so: what was missing then is not there now.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from firmware_app.procedures.budget import expanded_g, expanded_of_error
from firmware_app.procedures.rejudged import CannotRejudge, Correction, Rejudged, RejudgedLoad
from firmware_app.procedures.self_check.odd_loads import OddLoad, average
from firmware_app.procedures.self_check.rejudging import (
    MILLIGRAM,
    Figures,
    doubt_of_pan,
    figures_of,
    judged_again,
    reference_again,
)
from firmware_app.rules.mpe import change_point_error, corrected_error
from firmware_app.rules.pack import pack_of
from firmware_app.rules.rows import NawiPack, Pack, RulesError
from firmware_app.uncertainty.decision import Verdict, worst

RECOMPUTED = ("", "changed_after_settling", "reference_not_capable", "beyond_max", "scale_data")
"""Reasons that the figures themselves give; any other was there before them."""


def rejudge_version_2(
    body: Mapping[str, Any], correction: Correction, packs: tuple[Pack, ...] | None
) -> Rejudged:
    """The verdict of a self-check of version 2, load by load; raises CannotRejudge."""
    try:
        law = body["law"]
        pack = pack_of(NawiPack, law["pack"], law["sha256"], packs) if law["pack"] else None
        loads = tuple(_load(body, recorded, pack, correction) for recorded in body["loads"])
        _whole(body)
    except RulesError as error:
        raise CannotRejudge(str(error)) from error
    except (KeyError, TypeError, ValueError, ArithmeticError, IndexError) as error:
        raise CannotRejudge(f"no self-check of version 2 as it was written: {error!r}") from error
    return Rejudged(verdict=worst([load.verdict for load in loads]), loads=loads)


def _whole(body: Mapping[str, Any]) -> None:
    """Every figure that stands was judged, once."""
    standing = [
        place for place, each in enumerate(body["attempts"]) if not each["problem"] and not each["dropped"]
    ]
    judged = [place for load in body["loads"] for place in load["of"]]
    if sorted(judged) != standing:
        raise CannotRejudge(f"{len(judged)} loads were judged, but {len(standing)} figures stand")


def _load(
    body: Mapping[str, Any], recorded: Mapping[str, Any], pack: NawiPack | None, correction: Correction
) -> RejudgedLoad:
    attempts = [body["attempts"][place] for place in recorded["of"]]
    locked = attempts[0]["way"] == "goods" and (body["pan"]["unfit"] or correction.pan_lock)
    if recorded["reason"] not in RECOMPUTED and not locked:
        return RejudgedLoad(
            number=int(recorded["number"]),
            load_g=recorded["load_g"],
            error_g=recorded["error_g"],
            verdict=Verdict.CANNOT_JUDGE,
            reason=recorded["reason"],
        )
    if recorded["change_point"]:
        figures = _by_point(body, recorded, attempts[0], correction)
        return judged_again(body, recorded, pack, correction, figures)
    if len(attempts) == 1:
        return judged_again(
            body, recorded, pack, correction, figures_of(body, recorded, attempts[0], correction)
        )
    return judged_again(body, recorded, pack, correction, _together(body, recorded, attempts, correction))


def _by_point(
    body: Mapping[str, Any], recorded: Mapping[str, Any], attempt: Mapping[str, Any], correction: Correction
) -> Figures:
    """The error before rounding, less that near zero, with the weights as they are known now."""
    e, found = Decimal(body["scale"]["e_g"]), recorded["change_point"]
    errors, steps, standards = [], [], []
    for point in (found["load"], found["zero"]):
        weights = reference_again(body["weights"], {**attempt, "pieces": point["pieces"]}, correction)
        mass = Decimal(repr(weights.value)).quantize(MILLIGRAM, ROUND_HALF_EVEN)
        shown, added = Decimal(point["indication_g"]), Decimal(point["added_g"])
        errors.append((mass, change_point_error(shown, mass, added, e)))
        steps.append(Decimal(point["step_g"]))
        standards.append(weights.standard)
    (mass, error), (_, zero_error) = errors
    return Figures(
        number=int(recorded["number"]),
        mass_g=mass,
        error_g=corrected_error(error, zero_error),
        known_g=expanded_g(standards[0]),
        expanded_g=expanded_of_error(standards[0], max(steps), standards[1]),
        asked_g=Decimal(attempt["asked_g"][0]),
        goods=False,
        changed="changed" in attempt,
    )


def _together(
    body: Mapping[str, Any],
    recorded: Mapping[str, Any],
    attempts: list[Mapping[str, Any]],
    correction: Correction,
) -> Figures:
    """The mean of the loads; what the pan is known worse is common to all of them."""
    loads, doubt = [], Decimal(0)
    for attempt in attempts:
        reference = reference_again(body["weights"], attempt, correction)
        mass = Decimal(repr(reference.value)).quantize(MILLIGRAM, ROUND_HALF_EVEN)
        indication = Decimal(attempt["figure"]["indication_g"])
        loads.append(OddLoad(indication_g=indication, mass_g=mass, standard_g=reference.standard))
        doubt = max(doubt, doubt_of_pan(attempt, mass, correction))
    mean = average(loads, Decimal(body["scale"]["d_g"]))
    return Figures(
        number=int(recorded["number"]),
        mass_g=mean.load_g,
        error_g=mean.error_g,
        known_g=expanded_g(mean.reference_g) + doubt,
        expanded_g=mean.expanded_g + doubt,
        asked_g=None,
        goods=True,
        changed=False,
    )
