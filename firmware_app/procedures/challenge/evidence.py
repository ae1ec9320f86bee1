"""The body of a challenge in the record: all that is needed to draw, judge and doubt it again.

Rules this file obeys:

* The draw stands in it whole: what was drawn from, the deck and the order that came of it.
* Every look is written, also the refused and the dropped ones; masses are decimal strings of grams.
* What is measured has a bound in size: looks by ``MAX_LOOKS``, frames of the lead by their SHA-256.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from firmware_app.procedures.capability.conditions import pan_ready
from firmware_app.procedures.cards import scale_card
from firmware_app.procedures.challenge import draw
from firmware_app.procedures.challenge.keys import SOURCE
from firmware_app.procedures.challenge.plan import Trial, nominal
from firmware_app.procedures.challenge.state import ChallengeState, Look, Result
from firmware_app.procedures.challenge.telling import Judged
from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import Way
from firmware_app.procedures.settle import PAN_AT_REST
from firmware_app.procedures.taken import Figure, PanMass, weight_evidence
from firmware_app.quantity import plain
from firmware_app.rules.rows import Stage
from firmware_app.standards.sets import Piece

PROCEDURE_VERSION = 1
MODEL = "honest-scale/1"
"""The bounds in honest.py; a changed figure there is a new version, and the record says which was used."""


def body_of(context: Context, state: ChallengeState, result: Result, judged: list[Judged]) -> dict[str, Any]:
    """Plain values, as ``record`` gives them."""
    return {
        "procedure": "challenge",
        "procedure_version": PROCEDURE_VERSION,
        "rules_date": context.on.isoformat(),
        "scale": msgspec.to_builtins(scale_card(state.scale)),
        "ranges": [{"max_g": plain(each.max_g), "e_g": plain(each.e_g)} for each in state.ranges],
        "verdict": result.verdict.value,
        "reason": result.reason,
        "next_step": result.next_step,
        "law": {**msgspec.to_builtins(result.law), "stage": Stage.IN_SERVICE.value},
        "pattern": result.pattern,
        "patterns": {
            "model": MODEL,
            "p_below": result.p_text,
            "found": [{**msgspec.to_builtins(each), "p": each.p} for each in result.found],
        },
        "draw": _draw(state),
        "keys_source": SOURCE if any(trial.keys for trial in state.trials) else "",
        "trials": [_trial(trial, number in state.left_out) for number, trial in enumerate(state.trials, 1)],
        "readings": [_reading(reading) for reading in judged],
        "looks": [_look(look) for look in state.looks],
        "refused_more": state.refused_more,
        "weights": [weight_evidence(piece) for piece in _pieces(state)],
        "pan": {
            "calibration": context.pan.calibration if context.pan is not None else "",
            "policy": PAN_AT_REST.label,
            "control": msgspec.to_builtins(context.controlled),
            "conditions": [
                {"condition": each.condition.value, "held": each.held.value, "value": each.value}
                for each in pan_ready(msgspec.structs.replace(context, pan_fault=None))
            ],
        },
        "interruptions": [msgspec.to_builtins(stop) for stop in state.interruptions],
    }


def _draw(state: ChallengeState) -> dict[str, Any]:
    return {
        "version": draw.VERSION,
        "seq": state.ticket.seq,
        "head": state.ticket.head,
        "scale": state.ticket.scale,
        "goods_g": [[plain(low), plain(high)] for low, high in state.deck.goods],
        "weights_g": [plain(nominal(pieces)) for pieces in state.deck.weights],
        "keys": list(state.deck.keys),
    }


def _trial(trial: Trial, left_out: bool) -> dict[str, Any]:
    goods = trial.way is Way.GOODS
    asked = (trial.low_g, trial.high_g) if goods else (trial.nominal_g,)
    return {
        "way": trial.way.value,
        "asked_g": [plain(mass) for mass in asked],
        "pieces": [piece.id for piece in trial.pieces],
        "again": trial.again.value,
        "hold": trial.hold,
        "keys": list(trial.keys),
        "left_out": left_out,
    }


def _reading(reading: Judged) -> dict[str, Any]:
    known = reading.load_g is not None
    return {
        "trial": reading.look.trial,
        "kind": reading.look.kind.value,
        "key": reading.look.key,
        "indication_g": plain(reading.shown_g),
        "load_g": plain(reading.load_g) if reading.load_g is not None else "",
        "u_g": repr(reading.u_g) if known else "",
        "error_g": plain(reading.error_g) if known else "",
        "expanded_g": plain(reading.expanded_g) if reading.expanded_g is not None else "",
        "limit_g": plain(reading.limit_g) if reading.limit_g is not None else "",
        "verdict": reading.verdict.value,
        "reason": reading.reason,
        "clears": reading.clears,
    }


def _look(look: Look) -> dict[str, Any]:
    written: dict[str, Any] = {
        "trial": look.trial,
        "kind": look.kind.value,
        "key": look.key,
        "absent": look.absent,
        "at_ns": look.at_ns,
        "problem": look.problem,
        "dropped": look.dropped,
        "figure": None if look.figure is None else _figure(look.figure),
    }
    for name, taken in (("pan_empty", look.empty), ("pan_loaded", look.loaded)):
        if taken is not None:
            written[name] = _pan(taken)
    return written


def _figure(figure: Figure) -> dict[str, Any]:
    frames = () if figure.window is None else figure.window.seen
    return {
        "source": figure.source.value,
        "text": figure.text,
        "unit": figure.unit,
        "indication_g": plain(figure.value_g) if figure.value_g is not None else "",
        "profile": figure.profile,
        "raw": figure.raw,
        "policy": figure.policy,
        "frames": len(frames),
        "frames_sha256": hashlib.sha256(msgspec.json.encode(frames)).hexdigest() if frames else "",
    }


def _pan(taken: PanMass) -> dict[str, Any]:
    return {
        "mass_g": plain(taken.mass_g),
        "u_g": repr(taken.standard_g),
        "window_s": repr(taken.window_s),
        "at_ns": taken.at_ns,
        "unfit": taken.unfit,
    }


def _pieces(state: ChallengeState) -> list[Piece]:
    stood = {look.trial for look in state.looks if look.counts}
    used = {piece.id: piece for trial in state.trials if trial.number in stood for piece in trial.pieces}
    return list(used.values())
