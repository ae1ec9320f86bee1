"""The kiosk's link: when the core is silent, what is sent again, what is given up."""

from __future__ import annotations

import itertools

import pytest
from kiosk_core import PROMPTS, state

from firmware_app.service import messages
from kiosk.link import GIVE_UP_S, RETRY_S, SILENT_AFTER_S, Condition, Link

BACK = messages.GiveAnswer("v1", 1, messages.events.GoBack())


def make() -> Link:
    numbers = itertools.count(1)
    return Link(new_id=lambda: b"%d" % next(numbers), now=0.0)


def commands(link: Link, now: float) -> list[messages.Command]:
    return [command for _, command in link.due(now) if not isinstance(command, messages.KioskAlive)]


@pytest.mark.parametrize(
    ("heard", "now", "condition"),
    [
        (None, 0.0, Condition.STARTING),
        (None, SILENT_AFTER_S, Condition.STARTING),
        (None, SILENT_AFTER_S + 0.1, Condition.SILENT),
        (1.0, 1.0, Condition.ANSWERING),
        (1.0, 1.0 + SILENT_AFTER_S, Condition.ANSWERING),
        (1.0, 1.1 + SILENT_AFTER_S, Condition.SILENT),
    ],
)
def test_condition(heard: float | None, now: float, condition: Condition) -> None:
    link = make()
    if heard is not None:
        link.heard_state(state(), heard)
    assert link.condition(now) is condition


def test_a_core_that_comes_back_is_answering_again() -> None:
    link = make()
    link.heard_state(state(), 0.0)
    assert link.condition(10.0) is Condition.SILENT
    link.heard_state(state(), 10.0)
    assert link.condition(10.0) is Condition.ANSWERING


def test_a_command_is_sent_again_under_the_same_id_until_its_reply_comes() -> None:
    link = make()
    link.ask(BACK, 0.0)
    first = [pair for pair in link.due(0.0) if pair[1] == BACK]
    assert commands(link, RETRY_S / 2) == []
    again = [pair for pair in link.due(RETRY_S) if pair[1] == BACK]
    assert first == again and link.busy
    link.heard_reply(first[0][0], messages.Ok())
    assert commands(link, 2 * RETRY_S) == []


def test_the_question_that_was_answered_takes_no_second_answer() -> None:
    link = make()
    link.heard_state(state(), 0.0)
    link.ask(BACK, 0.0)
    request_id = next(key for key, command in link.due(0.0) if command == BACK)
    link.heard_state(state(), 0.05)
    link.heard_reply(request_id, messages.Ok())
    assert link.busy, "what is on the screen is older than the reply"
    link.heard_state(state(), 0.15)
    assert not link.busy


def test_a_reply_to_something_else_ends_no_wait() -> None:
    link = make()
    link.ask(BACK, 0.0)
    link.heard_reply(b"another", messages.Ok())
    assert link.busy


def test_a_new_question_that_came_before_the_reply_may_be_answered_at_once() -> None:
    link = make()
    link.heard_state(state(PROMPTS["choose_way"], 1), 0.0)
    link.ask(BACK, 0.0)
    request_id = next(key for key, command in link.due(0.0) if command == BACK)
    link.heard_state(state(PROMPTS["choose_scale_one"], 2), 0.05)
    link.heard_reply(request_id, messages.Ok())
    assert not link.busy


def test_a_refusal_is_kept_until_the_next_command() -> None:
    link = make()
    link.ask(BACK, 0.0)
    request_id = next(key for key, command in link.due(0.0) if command == BACK)
    link.heard_reply(request_id, messages.Refused("busy", "another visit is open"))
    assert link.refusal is not None and link.refusal.code == "busy"
    link.ask(BACK, 1.0)
    assert link.refusal is None


def test_an_old_touch_starts_nothing_any_more() -> None:
    link = make()
    link.ask(BACK, 0.0)
    assert commands(link, GIVE_UP_S + 0.1) == []
    assert not link.busy


def test_a_sign_of_life_goes_out_once_a_second_and_waits_for_no_reply() -> None:
    link = make()
    alive = [now / 10 for now in range(50) if link.due(now / 10)]
    assert alive == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert not link.busy
