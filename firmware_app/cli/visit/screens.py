"""The prompts that have screens of their own, in words for the terminal."""

from __future__ import annotations

from firmware_app.cli.visit.pages import tell_outcome, tell_page
from firmware_app.cli.visit.told import Choice, Say, Tell, Told, Wants
from firmware_app.cli.visit.told import mass_in_words as mass
from firmware_app.procedures import page, prompts
from firmware_app.procedures.prompts import Prompt

MASSES = ("g", "kg")


def _told(
    say: Say, wants: Wants, line: str, problem: prompts.Problem | None = None, units: tuple[str, ...] = ()
) -> Told:
    trouble = () if problem is None else (f"! {say.code('problem', problem.value)}",)
    return Told(lines=(line, *trouble), wants=wants, units=units)


def _ask_stall(say: Say, prompt: prompts.AskStall) -> Told:
    return _told(say, Wants.STALL, say("ask_stall.title"), prompt.problem)


def _choose_scale(say: Say, prompt: prompts.ChooseScale) -> Told:
    cards = tuple(Choice(card.id, _card(say, card)) for card in prompt.scales)
    none = () if cards else (say("choose_scale.none"),)
    return Told(lines=(say("choose_scale.title"), *none), wants=Wants.SCALE, choices=cards)


def _card(say: Say, card: prompts.ScaleCard) -> str:
    summary = say(
        "scale_card.summary", max=mass(card.max_g), e=mass(card.e_g), accuracy_class=card.accuracy_class
    )
    return f"{card.maker} {card.model} {card.serial}: {summary}"


def _choose_way(say: Say, prompt: prompts.ChooseWay) -> Told:
    offers = tuple(
        Choice(
            each.way.value,
            say.code("way", each.way.value),
            "" if each.possible else say.code("way_why_not", each.why_not),
        )
        for each in prompt.ways
    )
    return Told(lines=(say("choose_way.title"),), wants=Wants.WAY, choices=offers)


def _put(say: Say, prompt: prompts.PutWeights | prompts.PutGoods, words: str) -> Told:
    wants = Wants.LOAD_IS_ON if prompt.source is prompts.Source.LEAD else Wants.FIGURE
    return _told(say, wants, f"[{prompt.number}/{prompt.count}] {words}", prompt.problem, MASSES)


def _put_weights(say: Say, prompt: prompts.PutWeights) -> Told:
    pieces = ", ".join(mass(piece) for piece in prompt.pieces_g)
    return _put(say, prompt, f"{say('put_weights.title', mass=mass(prompt.nominal_g))} ({pieces})")


def _put_goods(say: Say, prompt: prompts.PutGoods) -> Told:
    span = say("put_goods.range", low=mass(prompt.low_g), high=mass(prompt.high_g))
    return _put(say, prompt, f"{say('put_goods.title')}: {span}")


def _clear_pan(say: Say, prompt: prompts.ClearPan) -> Told:
    return _told(say, Wants.NOTHING, say("clear_pan.title"), prompt.problem)


def _weigh_goods(say: Say, prompt: prompts.WeighGoods) -> Told:
    return _told(say, Wants.NOTHING, say("weigh_goods.title"), prompt.problem)


def _swap(say: Say, prompt: prompts.SwapOnPan) -> Told:
    if prompt.confirms:
        key = "alone" if len(prompt.pieces_g) == 1 else "together"
        pieces = ", ".join(mass(piece) for piece in prompt.pieces_g)
        line = f"{say(f'confirm_weights.{key}', mass=mass(prompt.nominal_g))} ({pieces})"
        return _told(say, Wants.NOTHING, line, prompt.problem)
    key = "weights_on" if prompt.put is prompts.OnPan.WEIGHTS else "goods_on"
    return _told(say, Wants.NOTHING, say(f"swap_on_pan.{key}", mass=mass(prompt.nominal_g)), prompt.problem)


def _put_control_weight(say: Say, prompt: prompts.PutControlWeight) -> Told:
    line = say("put_control_weight.title", mass=mass(prompt.nominal_g))
    return _told(say, Wants.NOTHING, line, prompt.problem)


def _interrupted(say: Say, prompt: prompts.Interrupted) -> Told:
    fault = prompt.fault.value
    lines = (say("interrupted.title"), say.code("fault", fault), say.code("fault_remedy", fault))
    return Told(lines=lines, wants=Wants.NOTHING)


def _saving(say: Say, _prompt: prompts.Saving) -> Told:
    return _told(say, Wants.NOTHING, say("saving.title"))


def _not_saved(say: Say, prompt: prompts.NotSaved) -> Told:
    lines = (say("not_saved.title"), say.code("not_saved_reason", prompt.reason))
    return Told(lines=lines, wants=Wants.END, well=False)


def _ask_witness(say: Say, prompt: prompts.AskWitness) -> Told:
    return _told(say, Wants.WITNESS, say("witness.title", name=prompt.first))


def _judged(say: Say, prompt: prompts.Judged) -> Told:
    result = prompt.result
    loads = tuple(
        f"  {mass(load.load_g)}: {mass(load.indication_g)}, E {load.error_g} g, "
        f"U {load.expanded_g or '–'} g, ±{load.limit_g or '–'} g  "
        f"{say.code('verdict_short', load.verdict.value)}"
        for load in result.loads
    )
    step = (say.code("next_step", result.next_step),) if result.next_step else ()
    step = (*step, *(_reminder(say, each) for each in result.reminders))
    entry = say("verdict_screen.entry", entry=prompt.entry)
    lines = (say.code("verdict", result.verdict.value), *loads, *step, entry)
    return Told(lines=lines, wants=Wants.END, well=result.verdict.value == "conforms")


def _reminder(say: Say, reminder: prompts.Reminder) -> str:
    """What is to be seen to, by when, and by which line."""
    said = say.code("reminder", reminder.code)
    known = ", ".join(filter(None, (reminder.on, reminder.law.clause_in(say.language))))
    return f"{said} ({known})" if known else said


def _control_judged(say: Say, prompt: prompts.ControlJudged) -> Told:
    outcome = prompt.result.outcome.value
    lines = (
        say.code("control_outcome", outcome),
        say.code("control_reason", prompt.result.reason.value),
        say("verdict_screen.entry", entry=prompt.entry),
    )
    return Told(lines=lines, wants=Wants.END, well=outcome != "out_of_control")


TABLE: dict[type[Prompt], Tell] = {
    prompts.AskStall: _ask_stall,
    prompts.ChooseScale: _choose_scale,
    prompts.ChooseWay: _choose_way,
    prompts.PutWeights: _put_weights,
    prompts.PutGoods: _put_goods,
    prompts.ClearPan: _clear_pan,
    prompts.WeighGoods: _weigh_goods,
    prompts.SwapOnPan: _swap,
    prompts.PutControlWeight: _put_control_weight,
    prompts.Interrupted: _interrupted,
    prompts.Saving: _saving,
    prompts.NotSaved: _not_saved,
    prompts.AskWitness: _ask_witness,
    prompts.Judged: _judged,
    prompts.ControlJudged: _control_judged,
    page.Page: tell_page,
    page.PageJudged: tell_outcome,
}
"""How each kind of prompt is told."""
