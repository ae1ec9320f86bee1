"""From the state of a challenge to the page on the screen: codes and figures, no sentences.

Rules this file obeys:

* Every page hides the live weight of our pan: its figure is never seen before the scale's.
* Whoever fetches goods is not sent home: the page stays until it is answered or left.
* What comes after this question is not on the page; only how many loads there are.
"""

from __future__ import annotations

from collections.abc import Callable

from firmware_app.procedures.challenge.keys import KEYS
from firmware_app.procedures.challenge.looks import ABSENT, CANNOT, FROM_LEAD, OTHER, SAME, TYPE, key_of
from firmware_app.procedures.challenge.plan import Again
from firmware_app.procedures.challenge.state import ChallengeState, Phase, first_look
from firmware_app.procedures.page import (
    GRAM,
    KILOGRAM,
    Amount,
    Confirm,
    Fact,
    Option,
    Page,
    Pick,
    Picture,
    Wait,
    Wanted,
)
from firmware_app.procedures.prompts import Interrupted, Way
from firmware_app.quantity import plain

MASS = Amount(units=(KILOGRAM, GRAM), label=True)
AGAIN_KEY = {Again.REPEAT: "challenge_repeat", Again.POWER: "challenge_powered"}
SHOWN = "challenge_shown"
_OPENS = {key.id: key.opens for key in KEYS}


def page_of(state: ChallengeState) -> Page | Interrupted:
    """The prompt of the state."""
    if state.phase is Phase.INTERRUPTED:
        assert state.pan_fault is not None
        return Interrupted(state.pan_fault, state.number, len(state.trials))
    return PAGES[state.phase](state)


def _page(
    state: ChallengeState,
    key: str,
    wants: Wanted,
    *,
    facts: tuple[Fact, ...] = (),
    picture: Picture = Picture.NONE,
    beside: tuple[str, ...] = (),
    pieces_g: tuple[str, ...] = (),
    place: tuple[int, int] | None = None,
) -> Page:
    number, count = place or (state.number, len(state.trials))
    return Page(
        key=key,
        wants=wants,
        number=number,
        count=count,
        facts=facts,
        pieces_g=pieces_g,
        picture=picture,
        beside=tuple(_option(each) for each in beside),
        problem=state.problem,
        blind=True,
        held=True,
        scale=state.scale.id,
    )


def _seeing(
    state: ChallengeState, wants: Wanted, beside: tuple[str, ...] = ()
) -> tuple[Wanted, tuple[str, ...]]:
    """What is wanted, or the wait for the lead; and what can be chosen beside it."""
    if state.listening_ns is not None:
        return Wait(), (TYPE,)
    return wants, (*((FROM_LEAD,) if state.lead else ()), *beside)


def _ready(state: ChallengeState) -> Page:
    facts = (
        Fact(label="challenge_loads", value=str(len(state.trials)), legal=False),
        Fact(label="challenge_lightest", value=plain(state.deck.goods[0][0]), unit=GRAM, legal=False),
        Fact(label="challenge_heaviest", value=plain(state.deck.goods[-1][1]), unit=GRAM, legal=False),
    )
    return _page(
        state, "challenge_ready", Confirm(label="challenge_begin"), facts=facts, picture=Picture.CLEAR_SCALE
    )


def _load(state: ChallengeState) -> Page:
    trial = state.trial
    wants, beside = _seeing(state, MASS)
    if trial.again is not Again.NO:
        return _page(state, AGAIN_KEY[trial.again], wants, beside=beside, picture=Picture.GOODS_ON_SCALE)
    if trial.way is Way.WEIGHTS:
        return _page(
            state,
            "challenge_weights",
            wants,
            beside=beside,
            picture=Picture.WEIGHTS_ON_SCALE,
            facts=(Fact(label="challenge_nominal", value=plain(trial.nominal_g), unit=GRAM),),
            pieces_g=tuple(plain(piece.nominal_g) for piece in trial.pieces),
        )
    facts = (
        Fact(label="challenge_from", value=plain(trial.low_g), unit=GRAM, legal=False),
        Fact(label="challenge_to", value=plain(trial.high_g), unit=GRAM, legal=False),
    )
    return _page(state, "challenge_goods", wants, beside=beside, picture=Picture.GOODS_ON_SCALE, facts=facts)


def _hold(state: ChallengeState) -> Page:
    wants, beside = _seeing(state, _same_or_not())
    return _page(state, "challenge_hold", wants, beside=beside, facts=_shown(state))


def _key(state: ChallengeState) -> Page:
    wants, beside = _seeing(state, _same_or_not(), (ABSENT,))
    key = key_of(state)
    place = f"{state.key + 1} / {len(state.trial.keys)}"
    facts = (
        Fact(label="challenge_key", value=key, words=True),
        Fact(label="challenge_place", value=place, legal=False),
        *_shown(state),
    )
    opens = _OPENS.get(key, "")
    if opens:
        facts = (Fact(label="challenge_opens", value=opens, words=True), *facts)
    return _page(
        state,
        "challenge_sequence" if opens else "challenge_key",
        wants,
        beside=beside,
        facts=facts,
        picture=Picture.KEYS,
        # Told among the facts: a dozen dots and their words do not stand beside each other.
        place=(state.key + 1, 0),
    )


def _changed(state: ChallengeState) -> Page:
    wants, beside = _seeing(state, MASS)
    return _page(state, "challenge_changed", wants, beside=beside, facts=_shown(state))


def _power(state: ChallengeState) -> Page:
    return _page(state, "challenge_power", Confirm(), beside=(CANNOT,), picture=Picture.POWER)


def _clear_pan(state: ChallengeState) -> Page:
    return _page(state, "challenge_clear_pan", Wait(), picture=Picture.CLEAR_PAN)


def _weigh(state: ChallengeState) -> Page:
    return _page(state, "challenge_weigh", Wait(), facts=_shown(state), picture=Picture.GOODS_ON_PAN)


def _done(state: ChallengeState) -> Page:
    return _page(state, "challenge_done", Wait())


PAGES: dict[Phase, Callable[[ChallengeState], Page]] = {
    Phase.READY: _ready,
    Phase.LOAD: _load,
    Phase.HOLD: _hold,
    Phase.KEY: _key,
    Phase.CHANGED: _changed,
    Phase.POWER: _power,
    Phase.CLEAR_PAN: _clear_pan,
    Phase.WEIGH: _weigh,
    Phase.DONE: _done,
}


def _same_or_not() -> Pick:
    return Pick(options=(_option(SAME), _option(OTHER)))


def _option(code: str) -> Option:
    return Option(id=code, label=f"challenge_{code}")


def _shown(state: ChallengeState) -> tuple[Fact, ...]:
    """The scale's own first figure for this load."""
    figure = first_look(state).figure
    assert figure is not None and figure.value_g is not None
    return (Fact(label=SHOWN, value=plain(figure.value_g), unit=GRAM),)
