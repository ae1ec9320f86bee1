"""From the state of a self-check to the prompt on the screen: codes and figures, no sentences."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from firmware_app.procedures import prompts
from firmware_app.procedures.cards import scale_card, stall_card
from firmware_app.procedures.page import GRAM, KILOGRAM, Amount, Fact, Option, Page, Pick, Picture
from firmware_app.procedures.prompts import OnPan, Prompt, ScaleCard
from firmware_app.procedures.self_check.state import Corners, Phase, SelfCheckState
from firmware_app.quantity import Grams, plain
from firmware_app.standards.sets import Piece


def prompt_of(state: SelfCheckState) -> Prompt:
    """The prompt of the state; a visit that was left shows the first question again."""
    return SCREENS[state.phase](state)


def _ask_stall(state: SelfCheckState) -> Prompt:
    return prompts.AskStall(state.problem, state.typed)


def _choose_scale(state: SelfCheckState) -> Prompt:
    assert state.stall is not None
    return prompts.ChooseScale(stall_card(state.stall), tuple(scale_card(scale) for scale in state.choices))


def _choose_way(state: SelfCheckState) -> Prompt:
    return prompts.ChooseWay(_scale(state), state.ways)


def _put_weights(state: SelfCheckState) -> Prompt:
    load = state.load
    return prompts.PutWeights(
        number=state.number,
        count=len(state.plan),
        nominal_g=_given(load.nominal_g),
        pieces_g=tuple(plain(piece.nominal_g) for piece in load.pieces),
        source=state.source,
        scale=_scale(state),
        problem=state.problem,
        refused_g=_refused(state),
    )


def _refused(state: SelfCheckState) -> tuple[str, ...]:
    return tuple(plain(piece.nominal_g) for piece in state.refused)


def _put_goods(state: SelfCheckState) -> Prompt:
    return prompts.PutGoods(
        number=state.number,
        count=len(state.plan),
        low_g=_given(state.load.low_g),
        high_g=_given(state.load.high_g),
        other=any(
            attempt.counts and state.load.group and attempt.load.group == state.load.group
            for attempt in state.attempts
        ),
        source=state.source,
        scale=_scale(state),
        problem=state.problem,
    )


def _clear_pan(state: SelfCheckState) -> Prompt:
    return prompts.ClearPan(state.number, len(state.plan))


def _weigh_goods(state: SelfCheckState) -> Prompt:
    figure = state.attempts[-1].figure
    return prompts.WeighGoods(state.number, len(state.plan), _given(figure.value_g), state.problem)


def _swap(put: OnPan) -> Callable[[SelfCheckState], Prompt]:
    def prompt(state: SelfCheckState) -> Prompt:
        comparing = state.comparing
        assert comparing is not None
        return prompts.SwapOnPan(
            number=state.number,
            count=len(state.plan),
            put=put,
            on_pan=comparing.on_pan,
            nominal_g=plain(sum((piece.nominal_g for piece in comparing.pieces), Decimal(0))),
            pieces_g=tuple(plain(piece.nominal_g) for piece in comparing.pieces),
            problem=state.problem,
        )

    return prompt


def _confirm(state: SelfCheckState) -> Prompt:
    """The weights on the pan before they are used: an empty pan first, then all of them, or one alone."""
    confirming = state.confirming
    assert confirming is not None
    if state.pan_empty is None:
        return prompts.ClearPan(1, len(state.plan))
    alone = confirming.place >= 0
    pieces = (confirming.pieces[confirming.place],) if alone else confirming.pieces
    return prompts.SwapOnPan(
        number=confirming.place + 1 if alone else 1,
        count=len(confirming.pieces) if alone else 1,
        put=OnPan.WEIGHTS,
        on_pan=OnPan.NOTHING if confirming.cleared else OnPan.OTHER,
        nominal_g=plain(sum((piece.nominal_g for piece in pieces), Decimal(0))),
        pieces_g=tuple(plain(piece.nominal_g) for piece in pieces),
        problem=state.problem,
        confirms=True,
        refused_g=_refused(state),
    )


def _interrupted(state: SelfCheckState) -> Prompt:
    assert state.pan_fault is not None
    return prompts.Interrupted(state.pan_fault, state.number, len(state.plan))


def _judged(state: SelfCheckState) -> Prompt:
    assert state.result is not None
    return prompts.Judged(state.result, state.entry, state.slip)


LEAVE = Option(id="leave", label="self_check_leave")


def _offer_point(state: SelfCheckState) -> Prompt:
    assert state.seeking is not None
    return Page(
        key="self_check_offer",
        wants=Pick(options=(Option(id="seek", label="self_check_seek"), LEAVE)),
        facts=(Fact(label="self_check_step", value=plain(state.seeking.small[0].nominal_g), unit=GRAM),),
        scale=_scale(state).id,
    )


def _point_shown(state: SelfCheckState) -> Prompt:
    """What the display shows under the load whose change point is sought."""
    pieces = sought(state)[1]
    return Page(
        key="self_check_point_shown",
        wants=Amount(units=(KILOGRAM, GRAM)),
        number=_place(state),
        count=_points(state),
        pieces_g=tuple(plain(piece.nominal_g) for piece in pieces),
        picture=Picture.WEIGHTS_ON_SCALE,
        beside=(LEAVE,),
        problem=state.problem.value if state.problem else "",
        scale=_scale(state).id,
    )


def _point_added(state: SelfCheckState) -> Prompt:
    """How much it took until the display went over."""
    seeking, scale = state.seeking, state.scale
    assert seeking is not None and scale is not None and seeking.shown_g is not None
    return Page(
        key="self_check_point_added",
        wants=Amount(units=(GRAM,)),
        number=_place(state),
        count=_points(state),
        facts=(
            Fact(label="self_check_until", value=plain(seeking.shown_g + scale.e_g), unit=GRAM),
            Fact(label="self_check_step", value=plain(seeking.small[0].nominal_g), unit=GRAM),
        ),
        picture=Picture.WEIGHTS_ON_SCALE,
        beside=(LEAVE,),
        problem=state.problem.value if state.problem else "",
        scale=scale.id,
    )


def _try_corners(state: SelfCheckState) -> Prompt:
    """The last load is pushed into the corners: does the figure stay?"""
    return Page(
        key="self_check_corners",
        wants=Pick(
            options=(
                Option(id=Corners.SAME, label="self_check_corners_same"),
                Option(id=Corners.CHANGES, label="self_check_corners_changes"),
                Option(id=Corners.NOT_TRIED, label="self_check_corners_not_tried"),
            )
        ),
        picture=Picture.BACK_RIGHT,
        scale=_scale(state).id,
    )


def sought(state: SelfCheckState) -> tuple[int, tuple[Piece, ...]]:
    """Number and weights of the load whose change point is sought; 0 for the one near zero."""
    seeking = state.seeking
    assert seeking is not None
    if seeking.place < 0:
        return 0, seeking.zero
    number = seeking.loads[seeking.place]
    return number, state.plan[number - 1].pieces


def _place(state: SelfCheckState) -> int:
    assert state.seeking is not None
    return state.seeking.place + 2


def _points(state: SelfCheckState) -> int:
    assert state.seeking is not None
    return len(state.seeking.loads) + 1


SCREENS: dict[Phase, Callable[[SelfCheckState], Prompt]] = {
    Phase.ASK_STALL: _ask_stall,
    Phase.CHOOSE_SCALE: _choose_scale,
    Phase.CHOOSE_WAY: _choose_way,
    Phase.CONFIRM_WEIGHTS: _confirm,
    Phase.CONFIRM_PIECE: _confirm,
    Phase.PUT_WEIGHTS: _put_weights,
    Phase.LISTEN_WEIGHTS: _put_weights,
    Phase.OFFER_POINT: _offer_point,
    Phase.POINT_SHOWN: _point_shown,
    Phase.POINT_ADDED: _point_added,
    Phase.TRY_CORNERS: _try_corners,
    Phase.PUT_GOODS: _put_goods,
    Phase.LISTEN_GOODS: _put_goods,
    Phase.CLEAR_PAN: _clear_pan,
    Phase.WEIGH_GOODS: _weigh_goods,
    Phase.PUT_REFERENCE: _swap(OnPan.WEIGHTS),
    Phase.GOODS_AGAIN: _swap(OnPan.GOODS),
    Phase.INTERRUPTED: _interrupted,
    Phase.SAVING: lambda _: prompts.Saving(),
    Phase.JUDGED: _judged,
    Phase.NOT_SAVED: lambda state: prompts.NotSaved(state.reason),
    Phase.LEFT: lambda _: prompts.AskStall(),
}


def _scale(state: SelfCheckState) -> ScaleCard:
    assert state.scale is not None
    return scale_card(state.scale)


def _given(mass: Grams | None) -> str:
    assert mass is not None
    return plain(mass)
