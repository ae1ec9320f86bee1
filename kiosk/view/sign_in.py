"""Signing in: what is asked for now, how it went, and what somebody who is in may do."""

from __future__ import annotations

import enum

import msgspec

from firmware_app.service import messages
from kiosk.view.bar import Tone
from kiosk.view.say import Say

p = messages.prompts

PUBLIC = (messages.VisitKind.SELF_CHECK, messages.VisitKind.FAIR_WEIGHING)
"""Kinds behind the doors of the home screen."""
LEAST_NUMBER, LEAST_PIN = 3, 6
"""Digits below which there is nothing to send (registry.person, registry.pin)."""


class Asked(enum.Enum):
    NUMBER = "number"
    PIN = "pin"


class SignInView(msgspec.Struct, frozen=True):
    """``problem`` stands in the place of the hint. ``open``: digits that are complete may be sent."""

    title: str
    hint: str
    problem: str
    tone: Tone
    open: bool


def waits_for(state: messages.State) -> messages.Person | None:
    """Who must sign in before the open visit goes on."""
    return None if state.visit is None else state.visit.waits_for


def witnesses(state: messages.State) -> p.AskWitness | None:
    """The question for a second inspector, None where it is not asked or the first is not there."""
    if state.visit is None or state.visit.waits_for is not None:
        return None
    prompt = state.visit.prompt
    return prompt if isinstance(prompt, p.AskWitness) else None


def sign_in(state: messages.State, attempt: str, asked: Asked, say: Say) -> SignInView:
    """``attempt``: the one that was sent from this screen, empty before the first."""
    title, hint = _words(state, asked, say)
    told = state.sign_in
    mine = told if told is not None and told.attempt == attempt else None
    if mine is not None and mine.phase == "checking":
        return SignInView(title, say("sign_in.checking"), "", Tone.MUTE, False)
    if mine is None or mine.phase == "done":
        return SignInView(title, hint, "", Tone.MUTE, True)
    return SignInView(title, hint, _problem(mine, say), Tone.WAIT, not mine.wait_s)


def _words(state: messages.State, asked: Asked, say: Say) -> tuple[str, str]:
    waits, witness = waits_for(state), witnesses(state)
    step = say("sign_in.number") if asked is Asked.NUMBER else say("sign_in.pin")
    if waits is not None:
        return step, say("sign_in.waits", name=waits.name)
    if witness is not None:
        return step, say("sign_in.witness", name=witness.first)
    return step, say("sign_in.number_hint") if asked is Asked.NUMBER else say("sign_in.pin_hint")


def _problem(told: messages.SignInState, say: Say) -> str:
    if told.phase == "wrong":
        return say("sign_in.wrong", count=str(told.left))
    if told.phase == "locked":
        minutes = -(-told.wait_s // 60)
        return say("sign_in.locked", count=str(minutes))
    return say.code("sign_in_problem", told.phase)


# ----------------------------------------------------------------------------------------------- menu


class Entry(msgspec.Struct, frozen=True):
    """One thing to do. ``kind`` None: it is no visit, but what ``name`` says."""

    name: str
    title: str
    kind: messages.VisitKind | None


class MenuView(msgspec.Struct, frozen=True):
    who: str
    entries: tuple[Entry, ...]


MOST_ENTRIES = 8


def menu(state: messages.State, say: Say) -> MenuView:
    """Every kind of visit that this person may begin and the public may not; then the rest."""
    assert state.person is not None
    kinds = [kind for kind in state.may if kind not in PUBLIC and _possible(kind, state)]
    # What one came for stands before what is done besides.
    kinds.sort(key=lambda kind: kind is messages.VisitKind.CONTROL_CHECK)
    entries = [Entry(kind.value, say.code("visit_kind", kind.value), kind) for kind in kinds]
    entries.append(Entry("pan", say("home.pan"), None))
    if state.person.role is messages.Role.KEEPER:
        entries.append(Entry("county", say("menu.county"), None))
        if state.stick is not None:
            entries.append(Entry("stick", say("menu.stick"), None))
    return MenuView(who=who(state.person, say), entries=tuple(entries[:MOST_ENTRIES]))


def who(person: messages.PersonState, say: Say) -> str:
    """Name and role in one line."""
    return say("menu.who", name=person.name, role=say.code("role", person.role.value))


def _possible(kind: messages.VisitKind, state: messages.State) -> bool:
    return kind is not messages.VisitKind.CONTROL_CHECK or state.control.state != "not_configured"
