"""People at the door: who signs in, what each may, and what the record says of it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest
from people_stage import INSPECTOR, KEEPER, SECOND, Stage, code

from firmware_app.registry.people import NAME as PEOPLE
from firmware_app.registry.person import Person, Role
from firmware_app.service import messages as m
from firmware_app.service.messages import VisitKind
from firmware_app.service.people import permission


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


@pytest.fixture
def staffed(stage: Stage) -> Stage:
    stage.staff()
    return stage


# ------------------------------------------------------------------------------------------ permissions


def test_every_command_has_a_line_in_the_table_of_permissions() -> None:
    assert set(permission.WHO) == set(get_args(m.Command))
    assert set(permission.ALLOWED) == set(VisitKind)
    assert set(permission.WHO) >= permission.BY_PIN


def test_every_refusal_has_words() -> None:
    people = [None, *(Person("1", role, "n") for role in Role)]
    registered = [(), (Role.INSPECTOR,), (Role.KEEPER,), (Role.INSPECTOR, Role.KEEPER)]
    for kind in VisitKind:
        for who in people:
            for roles in registered:
                facts = permission.Facts(roles, bool(roles))
                why = permission.why_not(kind, who, facts)
                assert why == "" or why in permission.WORDS


@pytest.mark.parametrize(
    ("kind", "role", "may"),
    [
        ("self_check", None, True),
        ("self_check", Role.INSPECTOR, True),
        ("fair_weighing", None, True),
        ("verification", None, False),
        ("verification", Role.KEEPER, False),
        ("verification", Role.INSPECTOR, True),
        ("challenge", Role.KEEPER, False),
        ("challenge", Role.INSPECTOR, True),
        ("control_check", None, False),
        ("control_check", Role.KEEPER, True),
        ("control_check", Role.INSPECTOR, True),
    ],
)
def test_who_may_begin_what(kind, role, may) -> None:
    who = None if role is None else Person("1001", role, "n")
    facts = permission.Facts((Role.INSPECTOR, Role.KEEPER), True)

    assert (permission.why_not(VisitKind(kind), who, facts) == "") is may


def test_without_any_people_the_control_check_is_open_and_nothing_else_of_the_staff(stage: Stage) -> None:
    assert VisitKind.CONTROL_CHECK in stage.state.may
    assert code(stage.tell(m.SetParameter("s", "screen.idle_s", "90"))) == permission.NO_KEEPER

    assert stage.start(VisitKind.CONTROL_CHECK) == m.Ok()


def test_where_somebody_is_registered_the_control_check_asks_who_it_is(staffed: Stage) -> None:
    assert code(staffed.start(VisitKind.CONTROL_CHECK)) == "sign_in_first"
    assert staffed.sign_in(KEEPER) == m.Ok()
    assert staffed.start(VisitKind.CONTROL_CHECK) == m.Ok()


# ----------------------------------------------------------------------------------------------- people


def test_the_first_keeper_is_entered_with_the_key_of_the_data_directory_only(stage: Stage) -> None:
    assert code(stage.add(KEEPER, Role.KEEPER)) == permission.NO_KEEPER
    assert code(stage.add(KEEPER, Role.KEEPER, console="0" * 64)) == "bad_key"
    assert stage.add_keeper() == m.Ok()

    added = stage.trail("people_changed")[-1]
    assert (added["change"], added["number"], added["by"]["role"]) == ("added", "9001", "console")


def test_the_key_enters_no_inspector(stage: Stage) -> None:
    key = (stage.data / "console.key").read_text().strip()

    assert code(stage.add(INSPECTOR, Role.INSPECTOR, console=key)) == permission.NO_KEEPER


def test_every_change_is_recorded_with_who_did_it(staffed: Stage) -> None:
    by = m.Credentials(*KEEPER)
    assert staffed.tell(m.ChangePin(staffed.id(), "1001", "770462", by)) == m.Ok()
    assert staffed.tell(m.UnlockPerson(staffed.id(), "1001", by)) == m.Ok()
    assert staffed.tell(m.RevokePerson(staffed.id(), "1002", by)) == m.Ok()

    told = [
        (each["change"], each["number"], each["by"]["number"]) for each in staffed.trail("people_changed")
    ]
    assert told == [
        ("added", "9001", ""),
        ("added", "1001", "9001"),
        ("added", "1002", "9001"),
        ("pin_changed", "1001", "9001"),
        ("unlocked", "1001", "9001"),
        ("revoked", "1002", "9001"),
    ]
    assert staffed.sign_in(("1001", "770462")) == m.Ok()
    assert code(staffed.sign_in(SECOND)) == "wrong", "revoked looks like unknown"


def test_a_person_changes_the_own_pin_and_nobody_elses(staffed: Stage) -> None:
    own = m.Credentials(*INSPECTOR)

    assert staffed.tell(m.ChangePin(staffed.id(), "1001", "770462", own)) == m.Ok()
    again = m.Credentials("1001", "770462")
    assert code(staffed.tell(m.ChangePin(staffed.id(), "1002", "770462", again))) == permission.NOT_KEEPER


def test_a_number_is_given_once(staffed: Stage) -> None:
    by = m.Credentials(*KEEPER)
    staffed.tell(m.RevokePerson(staffed.id(), "1002", by))

    assert "taken" in staffed.add(SECOND, Role.KEEPER, by=by).words


def test_the_file_of_people_is_for_its_owner_alone(staffed: Stage) -> None:
    for name in (PEOPLE, "sign-in-counts.json", "console.key"):
        assert stat.S_IMODE((staffed.data / name).stat().st_mode) == 0o600, name


def test_a_file_that_others_may_read_lets_nobody_in_and_opens_nothing(staffed: Stage) -> None:
    (staffed.data / PEOPLE).chmod(0o644)

    staffed.restart()

    assert code(staffed.sign_in(KEEPER)) == "people_unreadable"
    assert code(staffed.start(VisitKind.CONTROL_CHECK)) != ""
    assert staffed.trail("people_changed")[-1]["change"] == "unreadable"


def test_a_file_changed_by_other_hands_is_told_at_the_next_start(staffed: Stage) -> None:
    path = staffed.data / PEOPLE
    path.write_text(path.read_text().replace('"keeper"', '"inspector"'))

    staffed.restart()

    assert staffed.trail("people_changed")[-1]["change"] == "found"
    staffed.restart()
    assert [each["change"] for each in staffed.trail("people_changed")].count("found") == 1


# ---------------------------------------------------------------------------------------------- session


def test_signing_in_shows_who_and_what_they_may(staffed: Stage) -> None:
    assert staffed.sign_in(INSPECTOR) == m.Ok()

    state = staffed.state
    assert (state.person.number, state.person.name, state.person.role) == ("1001", "张三", Role.INSPECTOR)
    assert VisitKind.CONTROL_CHECK in state.may
    assert staffed.trail("signed_in")[-1]["by"] == {"number": "1001", "role": "inspector", "name": "张三"}


def test_a_command_sent_twice_signs_in_once(staffed: Stage) -> None:
    command = m.SignIn("same", *INSPECTOR)

    assert staffed.tell(command) == m.Ok() == staffed.tell(command)

    assert len(staffed.trail("signed_in")) == 1


def test_a_session_ends_on_being_asked_by_idling_and_with_a_restart(staffed: Stage) -> None:
    staffed.sign_in(INSPECTOR)
    staffed.tell(m.SignOut())
    assert staffed.state.person is None

    staffed.sign_in(INSPECTOR)
    staffed.later(299)
    assert staffed.state.person is not None
    staffed.tell(m.KioskAlive(touched=True))
    staffed.later(299)
    assert staffed.state.person is not None, "somebody touched the screen"
    staffed.tell(m.KioskAlive())
    staffed.later(2)
    assert staffed.state.person is None
    assert [each["why"] for each in staffed.trail("signed_out")] == ["asked", "idle"]

    staffed.sign_in(INSPECTOR)
    staffed.restart()
    assert staffed.state.person is None


def test_a_visit_that_instruments_move_on_keeps_the_session(staffed: Stage, mocker) -> None:
    staffed.sign_in(KEEPER)
    staffed.start(VisitKind.CONTROL_CHECK)
    for _ in range(3):
        staffed.later(250)
        staffed.core._desk._step += 1

    staffed.later(250)

    assert staffed.state.person is not None, "somebody puts weights on"
    staffed.later(301)
    assert staffed.state.person is None


def test_another_who_signs_in_signs_the_first_out(staffed: Stage) -> None:
    staffed.sign_in(INSPECTOR)
    staffed.sign_in(KEEPER)

    assert staffed.state.person.number == "9001"
    assert staffed.trail("signed_out")[-1]["why"] == "another"


def test_revoked_while_signed_in_is_signed_out(staffed: Stage) -> None:
    staffed.sign_in(INSPECTOR)
    staffed.tell(m.RevokePerson(staffed.id(), "1001", m.Credentials(*KEEPER)))

    assert staffed.state.person is None


def test_nobody_signs_in_where_the_record_takes_nothing(staffed: Stage, mocker) -> None:
    from firmware_app.ledger.errors import StoreFailed

    mocker.patch.object(staffed.core._ledger, "append", side_effect=StoreFailed("disk_full", "full"))

    assert code(staffed.sign_in(INSPECTOR)) == "not_recorded"
    assert staffed.state.person is None


# ----------------------------------------------------------------------------------- visits that are led


def test_a_visit_of_the_staff_says_who_led_it_and_waits_for_them(staffed: Stage) -> None:
    staffed.sign_in(KEEPER)
    staffed.start(VisitKind.CONTROL_CHECK)
    assert staffed.state.visit.waits_for is None

    staffed.tell(m.SignOut())
    visit = staffed.state.visit
    assert visit.waits_for == Person("9001", Role.KEEPER, "马管理")
    going_on = m.GiveAnswer(visit.visit, visit.step, m.events.Confirmed())
    leaving = m.GiveAnswer(visit.visit, visit.step, m.events.Cancel())
    assert code(staffed.tell(going_on)) == code(staffed.tell(leaving)) == "sign_in_first"

    staffed.sign_in(INSPECTOR)
    assert code(staffed.tell(going_on)) == "not_yours"
    assert staffed.tell(leaving) == m.Ok(), "another of the staff may end what was left behind"
    assert staffed.state.visit is None
    assert staffed.trail("visit_left")[-1]["by"]["number"] == "9001"


def test_a_restart_keeps_the_visit_and_asks_for_the_person_again(staffed: Stage) -> None:
    staffed.sign_in(KEEPER)
    staffed.start(VisitKind.CONTROL_CHECK)

    staffed.restart()
    assert staffed.state.visit.waits_for.number == "9001"
    staffed.sign_in(KEEPER)

    assert staffed.state.visit.waits_for is None
    assert staffed.core._desk.procedure._context.person.number == "9001"


def test_a_visit_that_nobody_comes_back_to_ends(staffed: Stage) -> None:
    staffed.sign_in(KEEPER)
    staffed.start(VisitKind.CONTROL_CHECK)
    staffed.tell(m.SignOut())
    staffed.later(1)

    staffed.later(1799)
    assert staffed.state.visit is not None
    staffed.later(2)

    assert staffed.state.visit is None
    assert staffed.trail("visit_left")[-1]["of"] == "control_check"


def test_visits_of_everybody_name_nobody(staffed: Stage) -> None:
    staffed.sign_in(INSPECTOR)
    staffed.start(VisitKind.SELF_CHECK)
    assert staffed.core._desk.by is None

    staffed.tell(m.SignOut())

    assert staffed.state.visit.waits_for is None


def test_an_inspectors_session_can_end_with_the_visit() -> None:
    stage = Stage("[people]\nsign_out_after_visit = true")
    try:
        stage.staff()
        for who, left in ((INSPECTOR, True), (KEEPER, False)):
            stage.sign_in(who)
            stage.start(VisitKind.CONTROL_CHECK, who[0])
            stage.later(1)
            stage.tell(m.CloseVisit(who[0]))
            stage.later(1)
            assert (stage.state.person is None) is left
    finally:
        stage.close()


# ---------------------------------------------------------------------------------------------- witness


def test_a_second_inspector_vouches_without_ending_the_session_of_the_first(staffed: Stage, mocker) -> None:
    staffed.sign_in(INSPECTOR)
    staffed.start(VisitKind.CONTROL_CHECK)
    told = mocker.spy(staffed.core._desk, "handle")

    assert staffed.tell(m.Witness(staffed.id(), *SECOND)) == m.Ok()

    assert told.call_args.args[0] == m.events.Witnessed("1002", "李四", Role.INSPECTOR)
    assert staffed.state.person.number == "1001"


@pytest.mark.parametrize(
    ("second", "why"),
    [(INSPECTOR, "same_person"), (KEEPER, "not_inspector"), (("1002", "111222"), "wrong")],
)
def test_who_cannot_vouch(staffed: Stage, mocker, second, why) -> None:
    staffed.sign_in(INSPECTOR)
    staffed.start(VisitKind.CONTROL_CHECK)
    told = mocker.spy(staffed.core._desk, "handle")

    assert code(staffed.tell(m.Witness(staffed.id(), *second))) == why
    assert not told.called


def test_nobody_vouches_for_a_visit_of_everybody(staffed: Stage) -> None:
    staffed.sign_in(INSPECTOR)
    staffed.start(VisitKind.SELF_CHECK)

    assert code(staffed.tell(m.Witness(staffed.id(), *SECOND))) == "no_visit"


# ------------------------------------------------------------------------------------------------- secrecy


def test_no_pin_is_in_any_file_after_use(staffed: Stage) -> None:
    wrong = ("1002", "395017")
    staffed.sign_in(INSPECTOR)
    staffed.start(VisitKind.CONTROL_CHECK)
    staffed.tell(m.Witness(staffed.id(), *SECOND))
    staffed.tell(m.Witness(staffed.id(), *wrong))
    staffed.tell(m.SignIn(staffed.id(), "884213", "1001"))
    kept = staffed.core._ledger.open_visit().state
    staffed.tell(m.ChangePin(staffed.id(), "1001", "770462", m.Credentials(*INSPECTOR)))
    told = msgspec.json.encode(staffed.state)
    staffed.core._ledger._connection.execute("PRAGMA wal_checkpoint(FULL)")
    files = [path for path in staffed.root.rglob("*") if path.is_file()]
    assert len(files) > 5

    for pin in (KEEPER[1], INSPECTOR[1], SECOND[1], wrong[1], "770462", "884213"):
        for path in files:
            assert pin.encode() not in path.read_bytes(), (pin, path)
        assert pin.encode() not in told
        assert pin.encode() not in kept


def test_commands_do_not_show_their_pins() -> None:
    for command in (
        m.SignIn("a", *INSPECTOR),
        m.Witness("a", *INSPECTOR),
        m.AddPerson("a", "1001", "n", Role.KEEPER, INSPECTOR[1], m.Credentials(*INSPECTOR)),
        m.ChangePin("a", "1001", INSPECTOR[1], m.Credentials(*INSPECTOR)),
        m.SetParameter("a", "x", "y", m.Credentials(*INSPECTOR)),
    ):
        assert INSPECTOR[1] not in repr(command)


def test_a_failed_number_is_not_kept_in_full(staffed: Stage) -> None:
    staffed.sign_in(("884213", "100100"))
    staffed.sign_in(("1001", "100100"))
    staffed.sign_in(("77", "100100"))

    assert [each["number"] for each in staffed.trail("sign_in_failed")] == ["…13", "…01", "…"]
