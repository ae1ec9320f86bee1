"""From what was measured to the verdict of a self-check.

Rules this file obeys:

* The reference must be capable before anything is judged (procedures/capability).
* Where the load is not known well enough to say on which side of an MPE step it lies, both limits must give
  the same verdict, else it is undecided.
* One reading of the pan that no verdict may rest on spoils the visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from firmware_app.procedures.budget import instrument_of
from firmware_app.procedures.capability.answer import Capability, Condition, Method, first_failed
from firmware_app.procedures.capability.scale_check import for_scale, pieces_for, small_weights
from firmware_app.procedures.cards import scale_card
from firmware_app.procedures.context import Context
from firmware_app.procedures.law import NO_LAW, Law
from firmware_app.procedures.prompts import LoadResult, VisitResult, Way
from firmware_app.procedures.self_check.measuring import Measured, measured
from firmware_app.procedures.self_check.odd_loads import MOST
from firmware_app.procedures.self_check.reminders import reminders
from firmware_app.procedures.self_check.state import Attempt, Corners, Seeking, SelfCheckState
from firmware_app.procedures.taken import PanMass
from firmware_app.quantity import plain
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import BadInstrument, MpeAnswer, OutsideTable, mpe
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.rows import Confidence, NawiPack, Stage, weakest
from firmware_app.uncertainty.decision import Verdict, guarded, worst

DECISION_RULE = "guarded acceptance and rejection, w = U, k = 2 (JCGM 106:2012 8.3.2, 8.3.3)"
CHANGED_AFTER = "changed_after_settling"
SEND = "send_for_verification"
ZERO_LOAD_E = 10
"""Of e: the load near zero at which E0 is found, out of the reach of zero tracking (R 76-1 A.4.4.3)."""


class JudgedLoad(msgspec.Struct, frozen=True):
    """One load, or several as one, with the law that was used for it (None where the law gave nothing).

    ``capability``: what was worked out before; None where there was no reference to work it out for.
    """

    measured: Measured
    result: LoadResult
    capability: Capability | None
    superseded_by: str = ""
    law: Law | None = None


def judge_loads(context: Context, state: SelfCheckState) -> tuple[JudgedLoad, ...]:
    """Every load that stands, judged."""
    assert state.scale is not None
    standing = [attempt for attempt in state.attempts if attempt.counts]
    unfit = unfit_of(state.attempts)
    return tuple(
        _judge(context, state.scale, load, unfit)
        for load in measured(context, state.scale, standing, state.points)
    )


def result_of(context: Context, state: SelfCheckState, judged: tuple[JudgedLoad, ...]) -> VisitResult:
    """The verdict on the whole, as it is shown to the person."""
    assert state.scale is not None and state.way is not None
    verdict = worst([load.result.verdict for load in judged])
    return VisitResult(
        verdict=verdict,
        way=state.way,
        scale=scale_card(state.scale),
        loads=tuple(load.result for load in judged),
        law=_law([load.law for load in judged if load.law is not None]),
        next_step=_next_step(verdict, state, judged),
        weights=_weights_word(state),
        hint="place_in_the_middle" if state.corners is Corners.CHANGES else "",
        reminders=reminders(context, state.scale),
    )


def undecided_group(judged: tuple[JudgedLoad, ...]) -> Measured | None:
    """The odd loads of which one more may decide the visit; None where it would not, or is too many."""
    verdicts = {load.result.verdict for load in judged}
    if verdicts & {Verdict.DOES_NOT_CONFORM, Verdict.CANNOT_JUDGE}:
        return None
    open_ = [load for load in judged if load.result.verdict is Verdict.UNDECIDED]
    if len(open_) != 1 or open_[0].result.reason or not open_[0].measured.first.load.group:
        return None
    return open_[0].measured if len(open_[0].measured.attempts) < MOST else None


def seekable(context: Context, state: SelfCheckState, judged: tuple[JudgedLoad, ...]) -> Seeking | None:
    """The change points that may decide the visit, None where none would or the drawer has not the weights.

    For a scale that shows e alone: a finer display is read directly (OIML R 76-1:2006 A.4.4.3).
    """
    assert state.scale is not None
    undecided = [load for load in judged if load.result.verdict is Verdict.UNDECIDED]
    known = {load.result.verdict for load in judged} <= {Verdict.CONFORMS, Verdict.UNDECIDED}
    wants = state.way is Way.WEIGHTS and not state.sought and state.scale.d_g == state.scale.e_g
    if not (wants and known and undecided) or any(load.result.reason for load in undecided):
        return None
    left_out = {piece.id for piece in state.refused}
    drawer = msgspec.structs.replace(
        context,
        weights=tuple(
            msgspec.structs.replace(
                one, pieces=tuple(piece for piece in one.pieces if piece.id not in left_out)
            )
            for one in context.weights
        ),
    )
    small = small_weights(drawer, state.scale.e_g)
    zero = pieces_for(drawer, ZERO_LOAD_E * state.scale.e_g)
    taken = {piece.id for load in undecided for piece in load.measured.first.load.pieces}
    taken |= {piece.id for piece in zero}
    if not small or not zero or taken & {piece.id for piece in small}:
        return None
    return Seeking(loads=tuple(load.result.number for load in undecided), zero=zero, small=small)


def wants_corners(state: SelfCheckState, judged: tuple[JudgedLoad, ...]) -> bool:
    """Whether weights that lay away from the middle might explain what was found."""
    verdicts = {load.result.verdict for load in judged}
    wrong = bool(verdicts & {Verdict.DOES_NOT_CONFORM, Verdict.UNDECIDED})
    return wrong and state.way is Way.WEIGHTS and state.corners is Corners.NOT_ASKED


def unfit_of(attempts: Sequence[Attempt]) -> str:
    """Why no verdict may rest on the pan: one reading that none may rest on spoils the visit."""
    standing = [attempt for attempt in attempts if attempt.counts]
    return next((mass.unfit for attempt in standing for mass in _weighings(attempt) if mass.unfit), "")


# ------------------------------------------------------------------------------------------------ inside


def _weights_word(state: SelfCheckState) -> str:
    """Whether all weights used had been looked at on the pan; empty where no load was made of weights."""
    used = {piece.id for attempt in state.attempts if attempt.counts for piece in attempt.load.pieces}
    known = {id_ for pile in state.piles if pile.found == "confirmed" for id_ in pile.pieces}
    if not used:
        return ""
    return "confirmed" if used <= known else "not_confirmed"


def _next_step(verdict: Verdict, state: SelfCheckState, judged: tuple[JudgedLoad, ...]) -> str:
    """What would decide or help; more loads do not where the display changed under one of them."""
    if verdict is Verdict.DOES_NOT_CONFORM:
        return SEND
    if verdict is Verdict.CANNOT_JUDGE:
        failed = [load.capability for load in judged if load.capability is not None]
        return next((each.help for each in failed if each.help), "")
    if verdict is not Verdict.UNDECIDED:
        return ""
    if any(load.result.reason == CHANGED_AFTER or load.measured.point is not None for load in judged):
        return SEND
    sharpens = {method for load in judged if load.capability for method in load.capability.sharpens}
    if state.way is Way.WEIGHTS and Method.ODD_LOADS in sharpens:
        return Method.ODD_LOADS.value
    return Method.CHANGE_POINT.value if state.way is Way.WEIGHTS else "more_loads"


def _weighings(attempt: Attempt) -> tuple[PanMass, ...]:
    """Every reading of the pan that the load rests on."""
    turns = () if attempt.compared is None else attempt.compared.turns
    return tuple(mass for mass in (attempt.empty, attempt.loaded, *turns) if mass is not None)


def _judge(context: Context, scale: Scale, load: Measured, unfit: str) -> JudgedLoad:
    mass = load.mass
    if mass is None:
        return JudgedLoad(load, _blank(load, "weights_not_usable"), None)
    # The law asks for the load; weights are asked for by their nominal value, goods are only known within U.
    nominal = load.nominal_g
    ends = (
        (nominal, nominal)
        if nominal is not None
        else (max(mass.mass_g - mass.known_g, Decimal(0)), mass.mass_g + mass.known_g)
    )
    capability = _capability(context, scale, load, ends[0], unfit)
    failed = first_failed(capability.conditions)
    if not capability.judges and (failed is None or failed.condition is not Condition.UNCERTAINTY):
        return JudgedLoad(load, _blank(load, capability.reason), capability)
    try:
        pack = pack_in_force(NawiPack, context.on, context.packs, instrument_of(scale))
        low, high = (mpe(pack, instrument_of(scale), end, Stage.IN_SERVICE, context.on) for end in ends)
    except NoPackInForce:
        return JudgedLoad(load, _blank(load, "no_rules"), capability)
    except OutsideTable:
        return JudgedLoad(load, _blank(load, "beyond_max"), capability)
    except BadInstrument:
        return JudgedLoad(load, _blank(load, "scale_data"), capability)
    verdict, reason = Verdict.CANNOT_JUDGE, capability.reason
    if capability.judges:
        verdicts = {guarded(mass.error_g, mass.expanded_g, answer.limit_g) for answer in (low, high)}
        verdict = verdicts.pop() if len(verdicts) == 1 else Verdict.UNDECIDED
        reason = ""
    if load.first.changed is not None and verdict in (Verdict.CONFORMS, Verdict.UNDECIDED):
        # Which of its two figures the scale sells by is not known: it is not found right, nor accused here.
        verdict, reason = Verdict.UNDECIDED, CHANGED_AFTER
    result = msgspec.structs.replace(
        _blank(load, reason),
        expanded_g=plain(mass.expanded_g),
        limit_g=plain(low.limit_g),
        limit_initial_g=plain(low.limit_initial_g),
        verdict=verdict,
    )
    return JudgedLoad(load, result, capability, low.superseded_by, _law_of(low))


def _capability(context: Context, scale: Scale, load: Measured, load_g: Decimal, unfit: str) -> Capability:
    """May this load be judged: by its weights, or by what the pan has said of it."""
    assert load.mass is not None
    if load.first.way is Way.WEIGHTS:
        return for_scale(context, scale, load_g, pieces=load.first.load.pieces)
    # A fault of the pan that has gone by is none of what was weighed after it.
    sound = msgspec.structs.replace(context, pan_fault=None)
    return for_scale(sound, scale, load_g, weighed=load.mass.reference, pan_unfit=unfit)


def _blank(load: Measured, reason: str) -> LoadResult:
    """A load without a limit: what is known is shown, the rest stays empty."""
    mass = load.mass
    return LoadResult(
        number=load.first.number,
        load_g="" if mass is None else plain(mass.mass_g),
        load_u_g="" if mass is None else plain(mass.known_g),
        indication_g=plain(load.indication_g),
        source=load.first.figure.source,
        error_g="" if mass is None else plain(mass.error_g),
        expanded_g="",
        limit_g="",
        limit_initial_g="",
        verdict=Verdict.CANNOT_JUDGE,
        reason=reason,
        readings=len(load.attempts),
    )


def _law_of(answer: MpeAnswer) -> Law:
    return Law(answer.pack, answer.version, answer.sha256, answer.clause, answer.confidence)


def _law(laws: list[Law]) -> Law:
    """The law of the visit: that of its loads, with the weakest confidence among them."""
    if not laws:
        return NO_LAW
    confidence = weakest(*(Confidence(law.confidence) for law in laws))
    return msgspec.structs.replace(laws[0], confidence=confidence)
