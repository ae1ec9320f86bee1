"""What is asked for in each state of an examination: pages of codes and figures.

Rules this file obeys:

* A page follows from the state alone; nothing is worked out here that the record does not hold too.
* Every step shows the figures of the point before, so that each result is seen as soon as it is known.
"""

from __future__ import annotations

from collections.abc import Callable

from firmware_app.procedures import prompts
from firmware_app.procedures.cards import scale_card
from firmware_app.procedures.context import Context
from firmware_app.procedures.page import (
    GRAM,
    KILOGRAM,
    YUAN,
    YUAN_PER_KG,
    Amount,
    Confirm,
    Fact,
    Page,
    Pick,
    Picture,
    Wait,
)
from firmware_app.procedures.prompts import Prompt
from firmware_app.procedures.verification import beginning, closing, embedded, photos, tracking
from firmware_app.procedures.verification.arithmetic import counting, point_of
from firmware_app.procedures.verification.closing import scale_id
from firmware_app.procedures.verification.facts import (
    FACTS_BESIDE,
    code_fact,
    last_fact,
    mass_fact,
    option,
    point_facts,
)
from firmware_app.procedures.verification.figures import step_is_signed
from firmware_app.procedures.verification.items import CHOSEN, NO, NOT_APPLICABLE, YES, Ask, Item
from firmware_app.procedures.verification.law import rules_of
from firmware_app.procedures.verification.lead import over_lead
from firmware_app.procedures.verification.loads import GOODS
from firmware_app.procedures.verification.moving import looked_at_once, may_repeat, tries_of
from firmware_app.procedures.verification.state import Phase, Step, VerificationState
from firmware_app.quantity import show_mass, trimmed
from firmware_app.rules.checks import price_to_pay
from firmware_app.rules.plan import tare_range

LOADED = (Phase.INDICATION, Phase.RESPONDS)
"""Where weights are put on, and so are drawn."""
PICTURES = {
    "front_left": Picture.FRONT_LEFT,
    "front_right": Picture.FRONT_RIGHT,
    "back_left": Picture.BACK_LEFT,
    "back_right": Picture.BACK_RIGHT,
    "nameplate": Picture.NAMEPLATE,
    "seal": Picture.SEAL,
    "opened": Picture.SEAL,
    "legal_units": Picture.LABEL,
}


def prompt_of(context: Context, state: VerificationState) -> Prompt:
    """What the person is asked for."""
    return SCREENS[state.phase](context, state)


# ------------------------------------------------------------------------------------------ beginning


def _nobody(_context: Context, _state: VerificationState) -> Prompt:
    return Page(key="verif_nobody", wants=Confirm())


def _ask_stall(_context: Context, state: VerificationState) -> Prompt:
    return prompts.AskStall(state.asked_problem, state.typed)


def _choose_scale(_context: Context, state: VerificationState) -> Prompt:
    assert state.stall is not None
    stall = prompts.StallCard(state.stall.code, state.stall.name)
    return prompts.ChooseScale(stall, tuple(scale_card(scale) for scale in state.choices))


def _scale(_context: Context, state: VerificationState) -> Prompt:
    scale = state.scale
    assert scale is not None
    known = (Fact(label="verif_class", value=scale.accuracy_class),)
    plate: tuple[Fact, ...] = (
        Fact(label="verif_max_min", value=f"{show_mass(scale.max_g)} / {show_mass(scale.min_g)}"),
        Fact(label="verif_e_d", value=f"{show_mass(scale.e_g)} / {show_mass(scale.d_g)}"),
    )
    ranges = [*((each.max_g, each.e_g) for each in state.ranges), (scale.max_g, scale.e_g)]
    if state.ranges:
        # The plate as a whole was seen before the first lower range was typed.
        plate = tuple(
            Fact(label="verif_ranges", value=f"{show_mass(most)} / {show_mass(e)}") for most, e in ranges
        )
    rest = (
        Fact(label="verif_supports", value=str(state.supports)),
        code_fact("price_computing", YES if scale.price_computing else NO),
    )
    facts = (*known, *plate, *rest)[-FACTS_BESIDE:]
    more = ["supports"]
    if len(state.ranges) < beginning.MOST_RANGES - 1:
        more.append("range")
    if state.ranges:
        more.append("no_ranges")
    return Page(
        key="verif_scale",
        wants=Pick((option("right"), option("differs"))),
        facts=facts,
        picture=Picture.NAMEPLATE,
        beside=tuple(option(name) for name in more),
        problem=state.problem,
        held=True,
        scale=scale.id,
    )


def _amount(
    key: str, *units: str, beside: tuple[str, ...] = (), signed: bool = False
) -> Callable[..., Prompt]:
    def prompt(_context: Context, state: VerificationState) -> Prompt:
        facts: tuple[Fact, ...] = ()
        if key == "verif_range_e" and state.range_max_g is not None:
            facts = (mass_fact("max", state.range_max_g),)
        return Page(
            key=key,
            wants=Amount(units, signed=signed),
            facts=facts,
            beside=tuple(option(name) for name in beside),
            problem=state.problem,
            held=True,
        )

    return prompt


def _differs(_context: Context, _state: VerificationState) -> Prompt:
    return Page(key="verif_differs", wants=Confirm(), picture=Picture.NAMEPLATE, held=True)


def _stage(_context: Context, state: VerificationState) -> Prompt:
    options = tuple(option(stage.value, f"verif_stage_{stage.value}") for stage in beginning.STAGES)
    return Page(key="verif_stage", wants=Pick(options), problem=state.problem, held=True)


# ---------------------------------------------------------------------------------------------- items


def _look_all(context: Context, state: VerificationState) -> Prompt:
    facts = tuple(code_fact("look", state.plan[place].what) for place in looked_at_once(state))
    return _page(
        context,
        state,
        "verif_look_all",
        Pick((option("all_hold"), option("one_by_one"))),
        facts=facts,
        picture=Picture.NAMEPLATE,
        more=photos.offered(context),
    )


def _look(context: Context, state: VerificationState) -> Prompt:
    options = (option(YES, YES), option(NO, NO), option(NOT_APPLICABLE))
    what = state.step.what
    picture = PICTURES.get(what, Picture.NONE)
    facts = (code_fact("look", what),)
    return _page(
        context,
        state,
        "verif_look",
        Pick(options),
        facts=facts,
        picture=picture,
        more=photos.offered(context),
    )


def _ready(context: Context, state: VerificationState) -> Prompt:
    assert state.scale is not None
    facts = (mass_fact("preload", state.scale.max_g),)
    return _page(context, state, "verif_ready", Confirm(), facts=facts)


def _indication(context: Context, state: VerificationState) -> Prompt:
    key = f"verif_{state.step.item.value}"
    if state.step.zero:
        key = "verif_tared_zero" if state.step.what == "tare" else "verif_zero"
    elif state.step.ask is Ask.SUBSTITUTE:
        key = "verif_goods"
    facts = (*_load_facts(context, state), *_before(context, state))
    picture = PICTURES.get(state.step.what, Picture.WEIGHTS_ON_SCALE)
    if state.step.ask is Ask.SUBSTITUTE or state.step.what == GOODS:
        picture = Picture.GOODS_ON_SCALE
    if over_lead(context, state):
        return _page(
            context,
            state,
            key,
            Confirm(label="verif_is_on"),
            facts=facts,
            picture=picture,
            more=("type_instead", "overload"),
        )
    units = Amount(_mass_units(state), signed=step_is_signed(state.step))
    return _page(context, state, key, units, facts=facts, picture=picture, more=("overload",))


def _listen(context: Context, state: VerificationState) -> Prompt:
    facts = _load_facts(context, state)
    return _page(context, state, "verif_listen", Wait(), facts=facts, more=("type_instead",))


def _added(context: Context, state: VerificationState) -> Prompt:
    assert state.shown is not None
    step = state.step
    facts = (
        mass_fact("indication", state.shown.value_g),
        mass_fact("goes_over_to", state.shown.value_g + step.d_g),
        mass_fact("small", step.small_g),
    )
    return _page(
        context,
        state,
        "verif_added",
        Amount(("",)),
        facts=facts,
        picture=Picture.WEIGHTS_ON_SCALE,
        more=("direct",),
    )


def _responds(context: Context, state: VerificationState) -> Prompt:
    step = state.step
    facts = (*_load_facts(context, state), mass_fact("extra", step.extra_g), mass_fact("d", step.d_g))
    return _page(
        context,
        state,
        "verif_discrimination",
        Pick((option(YES, YES), option(NO, NO))),
        facts=facts,
        picture=Picture.WEIGHTS_ON_SCALE,
    )


def _paid(context: Context, state: VerificationState) -> Prompt:
    assert state.shown is not None and state.step.price is not None
    facts = (
        Fact(label="verif_price", value=trimmed(state.step.price), unit=YUAN_PER_KG),
        mass_fact("indication", state.shown.value_g),
    )
    return _page(context, state, "verif_amount", Amount((YUAN,)), facts=facts)


def _failed(context: Context, state: VerificationState) -> Prompt:
    step, rules = state.step, rules_of(context, state)
    point = point_of(state, step, rules)
    facts = () if point is None else point_facts(point)
    tried = counting(state, step)
    if step.ask is Ask.PRICE and tried is not None and tried.shown is not None and tried.amount is not None:
        assert step.price is not None
        exact = price_to_pay(rules.pack, step.price, tried.shown.value_g)
        facts = (
            *facts,
            Fact(label="verif_amount", value=str(tried.amount), unit=YUAN),
            Fact(label="verif_exact", value=str(exact), unit=YUAN),
        )
    if step.ask is Ask.RESPONDS:
        facts = (mass_fact("load", step.load_g), mass_fact("extra", step.extra_g))
    if not facts:
        facts = (code_fact("item", step.item.value),)
    choices = (option("go_on"), option("once_more")) if may_repeat(state) else (option("go_on"),)
    return _page(context, state, "verif_failed", Pick(choices), facts=facts)


def _stopped(context: Context, state: VerificationState) -> Prompt:
    item = state.stopped_at or state.step.item
    looks = tuple(code_fact("not_held", name) for name in _no(state, item))
    facts = (code_fact("item", item.value), *looks)[:FACTS_BESIDE]
    choices = [option("end"), option("go_on", "verif_information")]
    return Page(
        key="verif_stopped",
        wants=Pick(tuple(choices)),
        facts=facts,
        beside=(option("again"),) if may_repeat(state) else (),
        law=rules_of(context, state).law_of(item),
        held=True,
        scale=scale_id(state),
    )


def _other(_context: Context, state: VerificationState) -> Prompt:
    names = ["leave_out", "finish"]
    if tries_of(state, state.step.item) and may_repeat(state):
        names.insert(0, "again")
    facts = (code_fact("item", state.step.item.value),)
    options = tuple(option(name) for name in names)
    return Page(key="verif_other", wants=Pick(options), facts=facts, held=True, scale=scale_id(state))


def _why_not(_context: Context, state: VerificationState) -> Prompt:
    assert state.leaving is not None
    options = tuple(option(why.value, f"verif_why_{why.value}") for why in CHOSEN)
    facts = (code_fact("item", state.leaving.value),)
    return Page(key="verif_why_not", wants=Pick(options), facts=facts, held=True, scale=scale_id(state))


# -------------------------------------------------------------------------------------------- helpers


def _page(
    context: Context,
    state: VerificationState,
    key: str,
    wants: Pick | Amount | Confirm | Wait,
    *,
    facts: tuple[Fact, ...] = (),
    picture: Picture = Picture.NONE,
    more: tuple[str, ...] = (),
) -> Page:
    """The page of a step, with what every step offers beside its answer."""
    step = state.step
    return Page(
        key=key,
        wants=wants,
        number=state.place + 1,
        count=len(state.plan),
        facts=facts,
        pieces_g=_pieces(state, step) if state.phase in LOADED else (),
        picture=picture,
        beside=tuple(option(name) for name in (*more, "other")),
        problem=state.problem,
        law=rules_of(context, state).law_of(step.item),
        held=True,
        scale=scale_id(state),
    )


def _pieces(state: VerificationState, step: Step) -> tuple[str, ...]:
    nominal = {piece.id: piece.nominal_g for piece in state.drawer}
    return tuple(trimmed(nominal[each]) for each in step.pieces)


def _load_facts(context: Context, state: VerificationState) -> tuple[Fact, ...]:
    """What lies on the scale for this step."""
    step = state.step
    facts: tuple[Fact, ...] = ()
    if step.item is Item.TARED or (step.zero and step.what == "tare"):
        assert state.scale is not None
        low, _ = tare_range(rules_of(context, state).pack, state.scale.max_g)
        facts = (mass_fact("tare", low - low % state.scale.d_g),)
    if step.direction:
        facts = (*facts, code_fact("direction", step.direction.value))
    if step.goods:
        facts = (*facts, Fact(label="verif_goods_under", value=str(step.goods), legal=False))
    if step.item is Item.CORNERS and not step.zero:
        facts = (*facts, code_fact("place", step.what))
    if step.nth:
        facts = (*facts, Fact(label="verif_nth", value=str(step.nth), legal=False))
    return (*facts, mass_fact("load", step.load_g))


def _before(context: Context, state: VerificationState) -> tuple[Fact, ...]:
    """What the point before came to, where there is one of this item."""
    rules = rules_of(context, state)
    for step in reversed(state.plan[: state.place]):
        if step.item is state.step.item and (point := point_of(state, step, rules)) is not None:
            return (last_fact(point),)
    return ()


def _mass_units(state: VerificationState) -> tuple[str, ...]:
    """The units of a typed mass, first the one that such a scale shows."""
    assert state.scale is not None
    return (KILOGRAM, GRAM) if state.scale.max_g >= 1000 else (GRAM, KILOGRAM)


def _no(state: VerificationState, item: Item) -> tuple[str, ...]:
    """The points of a list that do not hold."""
    steps = [step for step in state.plan if step.item is item]
    tries = [(step, counting(state, step)) for step in steps]
    return tuple(step.what for step, tried in tries if tried is not None and tried.answer == NO)


def _left(_context: Context, _state: VerificationState) -> Prompt:
    return prompts.AskStall()


SCREENS: dict[Phase, Callable[[Context, VerificationState], Prompt]] = {
    Phase.NOBODY: _nobody,
    Phase.ASK_STALL: _ask_stall,
    Phase.CHOOSE_SCALE: _choose_scale,
    Phase.SCALE: _scale,
    Phase.DIFFERS: _differs,
    Phase.RANGE_MAX: _amount("verif_range_max", KILOGRAM, GRAM),
    Phase.RANGE_E: _amount("verif_range_e", GRAM, KILOGRAM),
    Phase.SUPPORTS: _amount("verif_supports", ""),
    Phase.STAGE: _stage,
    Phase.TEMPERATURE: _amount("verif_temperature", "", beside=("not_measured",), signed=True),
    Phase.HUMIDITY: _amount("verif_humidity", "", beside=("not_measured",)),
    Phase.LOOK_ALL: _look_all,
    Phase.LOOK: _look,
    Phase.AIM: photos.aim,
    Phase.SHUTTER: photos.shutter,
    Phase.READY: _ready,
    Phase.TRACKING: tracking.page,
    Phase.INDICATION: _indication,
    Phase.LISTEN: _listen,
    Phase.ADDED: _added,
    Phase.RESPONDS: _responds,
    Phase.AMOUNT: _paid,
    Phase.CHALLENGE: embedded.asked,
    Phase.FAILED: _failed,
    Phase.STOPPED: _stopped,
    Phase.WHY_NOT: _why_not,
    Phase.OTHER: _other,
    Phase.REVIEW: closing.review,
    Phase.CHECKER: closing.checker,
    Phase.SAVING: lambda _context, _state: prompts.Saving(),
    Phase.JUDGED: closing.judged,
    Phase.NOT_SAVED: lambda _context, state: prompts.NotSaved(state.reason),
    Phase.LEFT: _left,
}
