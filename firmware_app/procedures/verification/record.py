"""The body of the entry: everything that was asked, answered, taken back and concluded.

Rules this file obeys:

* Legal values are decimal strings of grams under names ending in ``_g``; an empty one is not known.
* Whatever the sheet says is made from this body alone, so it can be made again at any time.
* An entry has a bound: every try is in it, of those that no longer count only what was given.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from firmware_app.procedures.context import Context
from firmware_app.procedures.law import Law
from firmware_app.procedures.verification.arithmetic import (
    Point,
    counting,
    goods_mass,
    goods_spread,
    point_of,
    why_not,
)
from firmware_app.procedures.verification.items import Ask, Item, Method
from firmware_app.procedures.verification.judging import (
    NOT_DONE,
    ItemResult,
    Whole,
    spread_of,
    step_verdict,
)
from firmware_app.procedures.verification.law import Rules, rules_of
from firmware_app.procedures.verification.loads import GOODS
from firmware_app.procedures.verification.state import Photo, Step, Try, VerificationState
from firmware_app.quantity import Grams, plain
from firmware_app.registry.person import Person
from firmware_app.registry.registry import Scale
from firmware_app.rules.checks import price_to_pay
from firmware_app.rules.plan import plan_rows
from firmware_app.standards.sets import Piece

KIND = "verification"
PROCEDURE, VERSION = "on-site-examination", 1
DECISION_RULE = "simple acceptance: the error before rounding against the limit, equality passes"
NO_CAMERA = "none"


def body_of(context: Context, state: VerificationState, whole: Whole) -> dict[str, Any]:
    """The body of the entry of kind ``verification``."""
    assert state.scale is not None and state.stall is not None and state.stage is not None
    rules = rules_of(context, state)
    zeros = sorted({step.load_g for step in state.plan if step.zero})
    return {
        "procedure": PROCEDURE,
        "procedure_version": VERSION,
        "rules_date": context.on.isoformat(),
        "verdict": whole.verdict.value,
        "reason": whole.reason,
        "next_step": whole.next_step,
        "stage": state.stage.value,
        "decision_rule": DECISION_RULE,
        "law": law(rules.law()),
        "superseded_by": rules.superseded_by,
        "by": person(context.person),
        "checker": person(state.checker),
        "stall": {"code": state.stall.code, "name": state.stall.name},
        "scale": scale_facts(state.scale),
        "ranges": [{"max_g": plain(each.max_g), "e_g": plain(each.e_g)} for each in rules.ranges],
        "supports": state.supports,
        "zero_at_g": [plain(load) for load in zeros],
        "environment": {
            "temperature_c": state.temperature,
            "humidity_rh": state.humidity,
            "source": "typed" if state.temperature or state.humidity else "",
        },
        "camera": context.camera or NO_CAMERA,
        "photos": [_photo(each) for each in state.photos],
        "photos_failed": list(state.photos_failed),
        "items": [_item(state, rules, each) for each in whole.items],
        "weights": [weight(piece) for piece in state.drawer],
        "tries": [_try(each) for each in state.tries if not each.counts],
        "refused": state.refused,
        "restarts": state.restarts,
        "challenge": state.challenge_body,
        "challenges_before": list(state.challenges_before),
        "lead": {"profile": state.scale.profile, "confirmed": state.confirmed is not None},
    }


def law(cited: Law) -> dict[str, str]:
    """The line of the law as records cite it."""
    return {
        "pack": cited.pack,
        "version": cited.version,
        "sha256": cited.sha256,
        "clause": cited.clause,
        "confidence": cited.confidence,
    }


def person(who: Person | None) -> dict[str, str] | None:
    """Somebody who has signed in, None where nobody has."""
    return None if who is None else {"number": who.number, "role": who.role.value, "name": who.name}


def scale_facts(scale: Scale) -> dict[str, Any]:
    """The scale as the registry had it, confirmed against its plate."""
    return {
        "id": scale.id,
        "maker": scale.maker,
        "model": scale.model,
        "serial": scale.serial,
        "class": scale.accuracy_class,
        "max_g": plain(scale.max_g),
        "min_g": plain(scale.min_g),
        "e_g": plain(scale.e_g),
        "d_g": plain(scale.d_g),
        "price_computing": scale.price_computing,
        "production_code": scale.production_code,
        "repair_code": scale.repair_code,
        "verification_code": scale.verification_code,
        "seal": scale.seal,
        "verification_due": "" if scale.verification_due is None else scale.verification_due.isoformat(),
    }


def weight(piece: Piece) -> dict[str, Any]:
    """A weight that was used, with its certificate."""
    return {
        "id": piece.id,
        "set": piece.set_id,
        "class": piece.weight_class,
        "nominal_g": plain(piece.nominal_g),
        "mass_g": plain(piece.mass_g),
        "tolerance_g": plain(piece.tolerance_g),
        "certificate": piece.certificate,
        "valid_to": piece.valid_to.isoformat(),
    }


def _photo(photo: Photo) -> dict[str, Any]:
    """A photo as the record cites it; its file is named by its SHA-256."""
    return {
        "of": photo.of,
        "sha256": photo.sha256,
        "bytes": photo.size,
        "at": photo.at,
        "clock": photo.clock,
    }


def _item(state: VerificationState, rules: Rules, result: ItemResult) -> dict[str, Any]:
    """One item: conclusion, law, and what each of its steps gave."""
    steps = [step for step in state.plan if step.item is result.item and step.ask is not Ask.CHALLENGE]
    written: dict[str, Any] = {
        "item": result.item.value,
        "conclusion": NOT_DONE if result.verdict is None else result.verdict.value,
        "why_not": result.why,
        "information": result.information,
        "law": law(result.law) if result.law.pack else None,
        "steps": [_step(state, rules, step) for step in steps],
    }
    if result.item is Item.REPEATS and (spread := spread_of(state, rules)) is not None:
        written["spread_g"] = plain(spread.spread_g)
        written["limit_g"] = plain(spread.limit_g)
        written["limit_initial_g"] = plain(spread.limit_initial_g)
    if result.item is Item.WEIGHING and any(step.ask is Ask.SUBSTITUTE for step in steps):
        turns = sorted({step.goods + 1 for step in steps if step.ask is Ask.SUBSTITUTE})
        written["goods_g"] = [_mass(goods_mass(state, turn)) for turn in turns]
        written["goods_spread_g"] = _mass(goods_spread(state))
        written["substitution"] = {
            "clause": rules.pack.substitution[0].clause,
            "confidence": rules.pack.substitution[0].confidence.value,
        }
    return written


def _step(state: VerificationState, rules: Rules, step: Step) -> dict[str, Any]:
    """One step: what was asked for, and what counts of what was given."""
    name = step.id.partition(":")[2]
    tried = counting(state, step)
    verdict = step_verdict(state, step, rules)
    written: dict[str, Any] = {"step": name}
    if step.ask is Ask.LOOK:
        return written | {"answer": "" if tried is None else tried.answer}
    if step.ask is Ask.READY:
        return written | {"done": tried is not None}
    if step.ask is Ask.TRACKING:
        row = plan_rows(rules.pack).zero_tracking
        asked = {"each_g": plain(step.small_g), "times": row.times, "every_s": plain(row.every_s)}
        cited = {"clause": row.clause, "confidence": row.confidence.value}
        return written | {"answer": "" if tried is None else tried.answer, **asked, **cited}
    written |= {"load_g": plain(step.load_g), "weights": list(step.pieces)}
    if step.wanted_g is not None:
        written["wanted_g"] = plain(step.wanted_g)
    if step.goods:
        written["goods"] = step.goods
    if step.what == GOODS:
        written["made_of"] = GOODS
    if step.direction:
        written["direction"] = step.direction.value
    if tried is None:
        cannot = why_not(state, step, rules)
        why = "" if cannot is None else cannot.value
        return written | {"conclusion": NOT_DONE, "why_not": why}
    written["conclusion"] = "" if verdict is None or step.ask is Ask.SUBSTITUTE else verdict.value
    written |= _given(tried)
    if step.ask is Ask.RESPONDS:
        written |= {"extra_g": plain(step.extra_g), "extra": list(step.extra)}
    elif step.ask is Ask.PRICE and tried.amount is not None:
        assert step.price is not None and tried.shown is not None
        exact = price_to_pay(rules.pack, step.price, tried.shown.value_g)
        written |= {"price_cny": plain(step.price), "exact_cny": plain(exact)}
    elif (point := point_of(state, step, rules)) is not None:
        written |= _point(point, judged=step.ask is Ask.POINT)
    return written


def _point(point: Point, *, judged: bool) -> dict[str, Any]:
    """The change-point arithmetic of one point."""
    written: dict[str, Any] = {
        "method": (Method.CHANGE_POINT if point.added_g is not None else point.step.method).value,
        "p_g": plain(point.p_g),
        "error_g": plain(point.error_g),
    }
    if point.load_g != point.step.load_g:
        written["load_g"] = plain(point.load_g)
    if point.zero_g is not None:
        written |= {"zero_g": plain(point.zero_g), "zero_of": point.zero_id.partition(":")[2]}
    if judged:
        written |= {
            "corrected_g": plain(point.corrected_g),
            "limit_g": plain(point.limit_g),
            "limit_initial_g": plain(point.limit_initial_g),
            "holds_initial": point.holds_initial,
        }
    if point.half_g:
        written["half_width_g"] = plain(point.half_g)
    return written


def _given(tried: Try) -> dict[str, Any]:
    """What was answered, as it was given."""
    written: dict[str, Any] = {}
    if tried.answer:
        written["answer"] = tried.answer
    if tried.shown is not None:
        shown = tried.shown
        written |= {
            "indication_g": plain(shown.value_g),
            "text": shown.text,
            "unit": shown.unit,
            "source": shown.source.value,
        }
        if shown.raw:
            written |= {
                "policy": shown.policy,
                "frames": shown.frames,
                "span_ms": shown.span_ms,
                "raw": shown.raw,
            }
    if tried.added_g is not None:
        written["added_g"] = plain(tried.added_g)
    if tried.amount is not None:
        written["amount_cny"] = plain(tried.amount)
    return written


def _try(tried: Try) -> dict[str, Any]:
    """A try that no longer counts: what was given, and why it was done again."""
    frames = ("policy", "frames", "span_ms", "raw")
    given = {key: value for key, value in _given(tried).items() if key not in frames}
    return {"step": tried.step, "dropped": tried.dropped, **given}


def _mass(value: Grams | Decimal | None) -> str:
    return "" if value is None else plain(value)
