"""Weights looked at on the appliance's own pan before they are used: swapped, dirty and short ones are found.

Rules this file obeys:

* All together in one go, on their way from the drawer to the scale; one by one only where that is not right.
* A weight is refused where it differs by more than its tolerance and what the pan can tell. What the pan
  cannot tell is written down beside: two wrongs that cancel, and a deviation below ``finds_g``.
* Nobody is kept from checking a scale: after a while, or with a pan at fault, the weights are used all the
  same and the record says that nobody looked at them.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.budget import expanded_g
from firmware_app.procedures.capability.answer import first_failed
from firmware_app.procedures.capability.conditions import pan_ready
from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Confirmed, WayChosen
from firmware_app.procedures.prompts import Problem, Way
from firmware_app.procedures.self_check.plan import PAN_SHARE, plan_goods, plan_weights, ways_offered
from firmware_app.procedures.self_check.state import Confirming, Phase, Pile, Planned, SelfCheckState
from firmware_app.procedures.self_check.steps import (
    ask_load,
    changed,
    is_empty,
    note_fault,
    note_reading,
    scale_of,
)
from firmware_app.procedures.settle import PAN_AT_REST, SECOND, Window, settled
from firmware_app.procedures.taken import PanMass
from firmware_app.quantity import Grams
from firmware_app.rules.rows import RulesError
from firmware_app.standards.sets import Piece
from firmware_app.weighing.reading import PanFault, Reading

NAMED_NS = 3 * SECOND
"""A pile that has lain wrong for so long is said to be wrong: until then it may still be growing."""
INSIST_NS = 8 * SECOND
"""After so long it is not going to be put right: the pieces are looked at one by one."""
ALONE_NS = 3 * SECOND
"""One weight alone cannot grow: it is refused sooner."""
PATIENCE_NS = 40 * SECOND
"""For so long somebody is waited for who puts nothing, or nothing sensible, on the pan."""
NEAR = Decimal("0.02")
"""Share of a nominal mass within which a weight is taken to be one of that mass."""
NOMINALS = tuple(Decimal(digit).scaleb(power) for power in range(-1, 5) for digit in (1, 2, 5))
CONFIRMED = "confirmed"


def choose_way(context: Context, state: SelfCheckState, event: WayChosen, now_ns: int) -> SelfCheckState:
    """A possible way leads to its weights, or to its first load; an impossible one is ignored."""
    scale = scale_of(state)
    if not any(offer.possible for offer in state.ways if offer.way is event.way):
        return state
    if event.way is Way.GOODS:
        return ask_load(context, changed(state, way=event.way, plan=plan_goods(context, scale)), 1)
    plan = plan_weights(context, scale, state.refused)
    return begin(context, changed(state, way=event.way, plan=plan), now_ns)


def begin(context: Context, state: SelfCheckState, now_ns: int) -> SelfCheckState:
    """Before the first load: the weights of the plan to the pan, where it can be asked; else the load."""
    # What the pan has said since counts, not the fault that it had as the visit began.
    now = msgspec.structs.replace(context, pan_fault=state.pan_fault)
    failed = first_failed(pan_ready(now, unfit=state.pan_unfit))
    pieces = _unseen(state)
    if not pieces:
        return ask_load(context, state, 1)
    if failed is not None:
        return ask_load(context, changed(state, unconfirmed=failed.reason), 1)
    pile = _bearable(context, pieces)
    unconfirmed = "" if len(pile) == len(pieces) else "pan_too_small"
    if not pile:
        return ask_load(context, changed(state, unconfirmed=unconfirmed), 1)
    at_rest = settled(state.pan_window, PAN_AT_REST) and state.pan_last is not None
    empty = state.pan_last if at_rest and is_empty(state) else None
    return changed(
        state,
        phase=Phase.CONFIRM_WEIGHTS,
        number=0,
        problem=None,
        unconfirmed=unconfirmed,
        pan_empty=empty,
        pan_window=None,
        confirming=Confirming(pieces=pile, since_ns=now_ns),
    )


def take_pile(context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """The weights together: taken when they lie still and are right, else named and looked at one by one."""
    seen = _waiting(note_reading(context, state, event, now_ns), now_ns)
    why = _why_stop(seen, event, now_ns)
    if why:
        return _give_up(context, seen, why)
    last, window, empty = seen.pan_last, seen.pan_window, seen.pan_empty
    if last is None or window is None or not settled(window, PAN_AT_REST):
        return seen
    if empty is None:
        return changed(seen, pan_empty=last, pan_window=None) if is_empty(seen) else seen
    pile = _pile(_confirming(seen).pieces, empty, last)
    if pile.found == CONFIRMED:
        return _looked_at(context, changed(seen, piles=(*seen.piles, pile)), now_ns)
    return _wrong_pile(context, seen, pile, _lain(window), now_ns)


def take_piece(context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """One weight alone, once what lay there before has left the pan."""
    seen = _waiting(note_reading(context, state, event, now_ns), now_ns)
    why = _why_stop(seen, event, now_ns)
    if why:
        return _give_up(context, seen, why)
    confirming, empty = _confirming(seen), seen.pan_empty
    assert empty is not None
    nothing = abs(event.mass.value - float(empty.mass_g)) <= float(scale_of(seen).e_g)
    if nothing:
        cleared = msgspec.structs.replace(confirming, cleared=True)
        return seen if confirming.cleared else changed(seen, confirming=cleared, pan_window=None)
    last, window = seen.pan_last, seen.pan_window
    if not confirming.cleared or last is None or window is None or not settled(window, PAN_AT_REST):
        return seen
    piece = confirming.pieces[confirming.place]
    pile = _pile((piece,), empty, last)
    if pile.found == CONFIRMED:
        return _next_piece(context, changed(seen, piles=(*seen.piles, pile)), now_ns)
    if _lain(window) < ALONE_NS:
        return changed(seen, problem=_problem(pile))
    return _refuse(context, seen, piece, pile, now_ns)


def skip(context: Context, state: SelfCheckState, _event: Confirmed, _now_ns: int) -> SelfCheckState:
    """The person goes to the scale at once: the record says that nobody looked."""
    return _give_up(context, state, "skipped")


def fault(context: Context, state: SelfCheckState, event: PanFault, now_ns: int) -> SelfCheckState:
    """A pan at fault looks at nothing: the weights are used, and the record says so."""
    seen = note_fault(context, state, event, now_ns)
    return _give_up(context, seen, "pan_fault") if event.lasting else seen


# ------------------------------------------------------------------------------------------------ inside


def _why_stop(state: SelfCheckState, event: Reading, now_ns: int) -> str:
    """Why it is no use to wait for the weights any longer, empty where it is."""
    if event.unfit:
        return "pan_unfit"
    return "not_put_on" if now_ns - _confirming(state).since_ns > PATIENCE_NS else ""


def _wrong_pile(
    context: Context, state: SelfCheckState, pile: Pile, lain_ns: int, now_ns: int
) -> SelfCheckState:
    """Weights that are not right together: first they may still come, then they are named, then parted."""
    confirming = _confirming(state)
    if pile.seen_g <= scale_of(state).e_g:
        return changed(state, problem=None)
    if lain_ns < INSIST_NS:
        return changed(state, problem=_problem(pile)) if lain_ns >= NAMED_NS else state
    if len(confirming.pieces) == 1:
        return _refuse(context, state, confirming.pieces[0], pile, now_ns)
    return changed(
        state,
        phase=Phase.CONFIRM_PIECE,
        piles=(*state.piles, pile),
        problem=None,
        confirming=msgspec.structs.replace(confirming, place=0, cleared=False, since_ns=now_ns),
        pan_window=None,
    )


def _confirming(state: SelfCheckState) -> Confirming:
    assert state.confirming is not None
    return state.confirming


def _waiting(state: SelfCheckState, now_ns: int) -> SelfCheckState:
    """The state; where the clock began anew (the appliance was restarted) so does the patience."""
    confirming = _confirming(state)
    if now_ns >= confirming.since_ns:
        return state
    return changed(state, confirming=msgspec.structs.replace(confirming, since_ns=now_ns))


def _lain(window: Window) -> int:
    return window.last_ns - window.since_ns


def _unseen(state: SelfCheckState) -> tuple[Piece, ...]:
    """The weights of the plan that were not confirmed yet, each once, the heaviest first."""
    known = {id_ for pile in state.piles if pile.found == CONFIRMED for id_ in pile.pieces}
    pieces = {piece.id: piece for load in state.plan for piece in load.pieces if piece.id not in known}
    return tuple(sorted(pieces.values(), key=lambda piece: (-piece.nominal_g, piece.id)))


def _bearable(context: Context, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """As many of them, the heaviest first, as the pan bears together."""
    assert context.pan is not None
    left = PAN_SHARE * context.pan.max_g
    pile = []
    for piece in pieces:
        if piece.nominal_g <= left:
            pile.append(piece)
            left -= piece.nominal_g
    return tuple(pile)


def _pile(pieces: tuple[Piece, ...], empty: PanMass, loaded: PanMass) -> Pile:
    """The weights as the pan sees them, and whether they are what they should be."""
    expected = sum((piece.mass_g for piece in pieces), Decimal(0))
    tolerance = sum((piece.tolerance_g for piece in pieces), Decimal(0))
    unsure = expanded_g(loaded.standard_g, empty.standard_g)
    seen, within = loaded.mass_g - empty.mass_g, tolerance + unsure
    off = seen - expected
    return Pile(
        pieces=tuple(piece.id for piece in pieces),
        expected_g=expected,
        seen_g=seen,
        within_g=within,
        finds_g=within + unsure,
        found=CONFIRMED if abs(off) <= within else _why(pieces, seen, off),
        loaded=loaded,
    )


def _why(pieces: tuple[Piece, ...], seen: Grams, off: Grams) -> str:
    """What is wrong with it: of one weight alone also that it is one of another nominal mass."""
    if len(pieces) == 1:
        for nominal in NOMINALS:
            if nominal != pieces[0].nominal_g and abs(seen - nominal) <= NEAR * nominal:
                return "other_nominal"
    return "too_light" if off < 0 else "too_heavy"


def _problem(pile: Pile) -> Problem:
    if pile.found == "other_nominal":
        return Problem.OTHER_WEIGHTS
    return Problem.WEIGHTS_TOO_LIGHT if pile.found == "too_light" else Problem.WEIGHTS_TOO_HEAVY


def _refuse(context: Context, state: SelfCheckState, piece: Piece, pile: Pile, now_ns: int) -> SelfCheckState:
    """This weight is not used in this visit."""
    refused = changed(state, piles=(*state.piles, pile), refused=(*state.refused, piece))
    return _next_piece(context, refused, now_ns)


def _next_piece(context: Context, state: SelfCheckState, now_ns: int) -> SelfCheckState:
    confirming = _confirming(state)
    place = confirming.place + 1
    if confirming.place < 0 or place >= len(confirming.pieces):
        return _looked_at(context, state, now_ns)
    following = msgspec.structs.replace(confirming, place=place, cleared=False, since_ns=now_ns)
    return changed(state, confirming=following, problem=None, pan_window=None)


def _looked_at(context: Context, state: SelfCheckState, now_ns: int) -> SelfCheckState:
    """All were looked at: the first load, after a new plan where a weight was refused."""
    pile = {piece.id for piece in _confirming(state).pieces}
    done = changed(state, confirming=None, pan_window=None, problem=None)
    if not pile & {piece.id for piece in state.refused}:
        return ask_load(context, done, 1)
    anew = _planned_anew(context, done)
    if anew.phase is Phase.CHOOSE_WAY:
        return anew
    again = begin(context, anew, now_ns)
    # What the pan shows empty is known already: it need not be emptied to be known again.
    return again if again.confirming is None else changed(again, pan_empty=state.pan_empty)


def _give_up(context: Context, state: SelfCheckState, why: str) -> SelfCheckState:
    """The weights are used without anybody having looked at them; what was refused by then stays refused."""
    left = changed(state, confirming=None, unconfirmed=why, pan_window=None, problem=None)
    anew = _planned_anew(context, left) if left.refused else left
    return anew if anew.phase is Phase.CHOOSE_WAY else ask_load(context, anew, 1)


def _planned_anew(context: Context, state: SelfCheckState) -> SelfCheckState:
    """The plan without the weights that were refused; back to the choice of a way where none is left."""
    try:
        plan: tuple[Planned, ...] = plan_weights(context, scale_of(state), state.refused)
    except RulesError:
        plan = ()
    if plan:
        return changed(state, plan=plan)
    ways = ways_offered(context, scale_of(state), state.pan_fault, state.pan_unfit, state.refused)
    return changed(state, phase=Phase.CHOOSE_WAY, ways=ways, way=None, plan=(), number=0)
