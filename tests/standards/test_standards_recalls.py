"""A weight found wrong: withdrawn at once, every verdict judged again, nothing lost by a power cut."""

import json
import runpy
import shutil
import sys
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import msgspec
import pytest
from records import (
    CONTROL,
    CONTROL_ID,
    DRAWER,
    HEAVY_ID,
    KILO_ID,
    Clock,
    calibration,
    control_body,
    controlled,
    opened,
    person,
    visit_body,
)
from typer.testing import CliRunner

from firmware_app.calibrating.record import change, values
from firmware_app.cli.main import app
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.export import write_export
from firmware_app.procedures.prompts import Way
from firmware_app.procedures.self_check.plan import plan_weights
from firmware_app.service.messages.recall import Recalled, RecallWeight
from firmware_app.service.recall import desk as recalls_module
from firmware_app.service.recall.desk import RecallDesk, RecallRefused
from firmware_app.standards.recalls import RecalledWeight, parts_of, read_recalls, withdraw
from firmware_app.standards.sets import NotUsable, reference_mass

ON = date(2026, 11, 23)
CHECKER = Path(__file__).parents[2] / "tools" / "check_ledger.py"
SELF_CHECK, GOODS = visit_body(), visit_body(way=Way.GOODS, controlled=controlled(3))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def record(tmp_path, clock):
    """Entries 2 to 5: a calibration, a check of the pan, self-checks by weights and by goods; a day apart."""
    with opened(tmp_path / "data", clock) as ledger:
        ledger.append("calibration", change(None, values(calibration(), "0" * 64)))
        for kind, body in (("control_check", control_body()), ("self_check", SELF_CHECK)):
            clock.pass_(days=1)
            ledger.append(kind, body)
        clock.pass_(days=1)
        ledger.append("self_check", GOODS)
        yield ledger


def asked(weight=KILO_ID, found="988g", expanded="20mg", recall="r1", why="chipped", **more):
    return RecallWeight(recall=recall, weight=weight, found=found, expanded=expanded, why=why, **more)


def desk_of(ledger, drawer=DRAWER):
    return RecallDesk(ledger, ledger.path.parent, lambda: drawer)


def done(ledger, command, drawer=DRAWER):
    """The whole recall; its affected entries by number."""
    desk = desk_of(ledger, drawer)
    desk.begin(command, "0007 keeper")
    desk.finish()
    desk.close()
    parts = list(parts_of(ledger, command.recall))
    assert parts[-1][1].last and [part.part for _, part in parts] == list(range(1, len(parts) + 1))
    return {each.seq: each for _, part in parts for each in part.affected}


# ------------------------------------------------------------------------------------------- what it says


def test_a_weight_found_light_turns_the_verdict_that_rested_on_it_and_no_entry_changes(record):
    before = list(record.all_lines())
    affected = done(record, asked())
    assert {seq: (each.old, each.new, each.rests) for seq, each in affected.items()} == {
        4: ("conforms", "does_not_conform", "weight")
    }
    assert affected[4].entry == record.entry(4).hash and affected[4].changed
    assert any(load["error_g"] == "12.000" for load in affected[4].loads)
    after = list(record.all_lines())
    assert after[: len(before)] == before and len(after) == len(before) + 1
    part = next(parts_of(record, "r1"))[1]
    assert (part.by, part.why, part.withdrawn, part.up_to) == ("0007 keeper", "chipped", True, 5)


def test_a_weight_of_the_calibration_shakes_what_was_weighed_on_the_pan(record):
    affected = done(record, asked(HEAVY_ID, "1997g"))
    assert affected[2].why == "calibrate_anew"
    assert (affected[5].rests, affected[5].new) == ("calibration", "cannot_judge")
    assert 3 not in affected, "the check of the pan rests on its own weight"
    desk = desk_of(record)
    assert desk.lock(None, calibration()) == "calibration_weight_withdrawn"
    assert desk.lock(None, calibration(weights=(KILO_ID,))) == ""
    assert desk.lock(None, calibration(certificate="2027-0001")) == "", "it has a new certificate"


def test_a_weight_found_within_its_doubt_is_withdrawn_and_nothing_else_follows(record):
    affected = done(record, asked(HEAVY_ID, "2000.05g"))
    assert affected[2].why == "within_its_doubt"
    assert {each.new for seq, each in affected.items() if seq != 2} == {"conforms"}
    assert desk_of(record).lock(None, calibration()) == ""


def test_a_wrong_control_weight_undoes_the_checks_and_what_they_let_pass(record):
    affected = done(record, asked(CONTROL_ID, "4999g"))
    assert (affected[3].old, affected[3].new) == ("in_control", "out_of_control")
    assert (affected[5].rests, affected[5].new) == ("control_check", "cannot_judge")
    assert {load["reason"] for load in affected[5].loads} == {"control_failed"}
    assert desk_of(record).lock(CONTROL, calibration()) == "control_weight_withdrawn"


def test_only_what_is_since_the_day_is_doubted_and_an_unset_clock_always_is(record, clock):
    clock.pass_(days=10)
    record.append("self_check", SELF_CHECK)
    clock.believed, clock.time = "unsynchronised", clock.time.replace(year=2024)
    record.append("self_check", SELF_CHECK)
    assert set(done(record, asked(since="2026-03-10"))) == {6, 7}


def test_what_an_earlier_recall_found_counts_in_the_next_one(record):
    done(record, asked(KILO_ID, "988g"))
    affected = done(record, asked(HEAVY_ID, "1999.9g", recall="r2"))
    assert (affected[4].old, affected[4].new) == ("conforms", "does_not_conform")


def test_a_record_that_cannot_be_judged_again_is_told_with_the_reason(record):
    record.append("self_check", {**SELF_CHECK, "procedure_version": 77})
    affected = done(record, asked())
    assert affected[6].new == "" and "version 77" in affected[6].why


# ------------------------------------------------------------------------------------- what it withdraws


def test_the_weight_is_used_for_nothing_until_it_has_a_new_certificate(record):
    done(record, asked())
    marked = withdraw(DRAWER, read_recalls(record))
    (kilo,) = (piece for each in marked for piece in each.pieces if piece.id == KILO_ID)
    assert kilo.unusable(ON) == "withdrawn"
    with pytest.raises(NotUsable, match="withdrawn"):
        reference_mass((kilo,), ON)
    scale = person.REGISTRY.find("12").scales[0]
    plans = plan_weights(person.context(weights=marked), scale)
    assert plans and all(KILO_ID not in {p.id for p in load.pieces} for load in plans)
    renewed = tuple(
        msgspec.structs.replace(
            each, pieces=tuple(msgspec.structs.replace(p, certificate="2027-0001") for p in each.pieces)
        )
        for each in DRAWER
    )
    assert not any(p.withdrawn for each in withdraw(renewed, read_recalls(record)) for p in each.pieces)
    assert done(record, asked(recall="r2", found="999.9g"), renewed) == {}


# ------------------------------------------------------------------------------------------- how it goes


def test_the_same_command_again_tells_how_far_it_is_and_does_nothing_twice(record):
    desk = desk_of(record)
    first = desk.begin(asked(), "me")
    head = record.head_seq
    again = desk.begin(asked(), "me")
    assert first.weight == again.weight == KILO_ID
    desk.finish()
    assert desk.begin(asked(), "me").finished and record.head_seq == head
    assert desk_of(record).begin(asked(), "me") == desk.begin(asked(), "me")


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_power_cut_anywhere_loses_nothing_and_doubles_nothing(tmp_path, monkeypatch, cut):
    monkeypatch.setattr(recalls_module, "PART_BYTES", 1500)
    monkeypatch.setattr(recalls_module, "STEP_S", 0.0)
    with opened(tmp_path) as ledger:
        for _ in range(12):
            ledger.append("self_check", SELF_CHECK)
        desk = desk_of(ledger)
        desk.begin(asked(), "me")
        for _ in range(cut):
            desk.turn()
    # The core is gone, with whatever was ready and not written.
    with opened(tmp_path) as ledger:
        desk = desk_of(ledger)
        assert read_recalls(ledger).of(KILO_ID, CONTROL.certificate) is not None
        while desk.begin(asked(), "me").finished is False:
            desk.turn()
        parts = [part for _, part in parts_of(ledger, "r1")]
        told = [each.seq for part in parts for each in part.affected]
        assert told == list(range(2, 14)), "each once, in order"
        assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
        assert len(parts) > 3


def test_a_turn_goes_on_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(recalls_module, "STEP_S", 0.0)
    with opened(tmp_path) as ledger:
        ledger.append("self_check", SELF_CHECK)
        desk = desk_of(ledger)
        progress = desk.begin(asked(), "me")
        assert not progress.finished and progress.entries
        for _ in range(20):
            desk.turn()
        assert desk.begin(asked(), "me").finished


def test_a_full_disk_withdraws_nothing_that_the_record_does_not_say(record, monkeypatch):
    desk = desk_of(record)

    def full(*_args, **_more):
        raise StoreFailed("disk_full", "the disk is full; nothing was saved")

    with monkeypatch.context() as failing:
        failing.setattr(record, "append", full)
        with pytest.raises(StoreFailed):
            desk.begin(asked(), "me")
    assert not any(p.withdrawn for each in desk.marked(DRAWER) for p in each.pieces)
    assert desk.begin(asked(), "me").finished


def test_a_disk_that_fills_up_on_the_way_is_told_and_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(recalls_module, "STEP_S", 0.0)
    with opened(tmp_path) as ledger:
        for _ in range(5):
            ledger.append("self_check", SELF_CHECK)
        desk = desk_of(ledger)
        desk.begin(asked(), "me")
        append = ledger.append

        def full(*_args, **_more):
            raise StoreFailed("disk_full", "the disk is full; nothing was saved")

        monkeypatch.setattr(ledger, "append", full)
        for _ in range(30):
            desk.turn()
        assert "full" in desk.problem
        monkeypatch.setattr(ledger, "append", append)
        for _ in range(30):
            desk.turn()
        assert desk.problem == "" and desk.begin(asked(), "me").affected == 5


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (asked("no-such"), "no weight 'no-such'"),
        (asked(found="12g"), "the whole mass"),
        (asked(found="-988g"), "above zero"),
        (asked(found="988"), "number and a unit"),
        (asked(expanded="400g"), "no finding"),
        (asked(expanded="very little"), "is not a mass"),
        (asked(why="  "), "say why"),
        (asked(since="last week"), "give a day"),
        (asked(since="2026-02-30"), "give a day"),
    ],
)
def test_nonsense_is_refused_with_the_remedy_and_nothing_is_recorded(record, command, words):
    head = record.head_seq
    with pytest.raises(RecallRefused, match=words):
        desk_of(record).begin(command, "me")
    assert record.head_seq == head


def test_twice_under_one_certificate_and_with_an_open_visit_it_is_refused(record):
    record.keep_visit("v1", "self_check", b"state")
    with pytest.raises(RecallRefused, match="a visit is open"):
        desk_of(record).begin(asked(), "me")
    record.drop_visit("v1")
    done(record, asked())
    with pytest.raises(RecallRefused, match="already"):
        desk_of(record).begin(asked(recall="r2"), "me")


def test_a_weight_that_left_the_drawer_is_recalled_as_the_record_had_it(record):
    affected = done(record, asked(), ())
    assert affected[4].new == "does_not_conform"
    assert next(parts_of(record, "r1"))[1].weight.nominal_g == 1000


def test_who_asks_is_asked_first(record):
    desk = desk_of(record)
    refuse = desk.commands(lambda _asked, _now: recalls_module.messages.Refused("keepers_only", "no"))
    assert refuse[RecallWeight](asked(), 0).code == "keepers_only"
    allow = desk.commands(lambda _asked, _now: "0007 keeper")
    assert isinstance(allow[RecallWeight](asked(), 0), Recalled)
    assert allow[RecallWeight](asked("no-such", recall="r9"), 0).code == "not_recalled"


@pytest.mark.parametrize(
    ("found", "found_u", "off", "within"),
    [
        ("1000", "0.02", "0.000", True),
        ("1000.04", "0.02", "0.040", True),
        ("1000.05", "0.02", "0.050", False),
        ("999.9", "0.02", "0.100", False),
        ("1000", "0.05", "0.060", False),
        ("1000", "0.03", "0.020", True),
    ],
)
def test_by_how_much_a_weight_was_mistaken(found, found_u, off, within):
    weight = RecalledWeight(
        id="w",
        set="s",
        weight_class="M1",
        nominal_g=D(1000),
        certificate="c",
        valid_to="2027-01-01",
        mass_g=D(1000),
        u_g="0.02",
        found_g=D(found),
        found_u_g=found_u,
    )
    assert (weight.off_g, weight.within) == (D(off), within)


def test_recalls_that_cannot_be_read_leave_no_weight_in_use_and_lock_the_pan(record):
    record.append("recall", {"recall": "x", "written": "by a later program"})
    desk = desk_of(record)
    assert all(p.withdrawn for each in desk.marked(DRAWER) for p in each.pieces)
    assert desk.lock(None, calibration(weights=())) == "control_unreadable"
    with pytest.raises(RecallRefused, match="steelyard ledger verify"):
        desk.begin(asked(), "me")
    desk.turn()


# ---------------------------------------------------------------------------------------------- by hand


def test_an_export_with_a_recall_is_good_for_the_independent_checker(record, tmp_path, monkeypatch, capsys):
    done(record, asked())
    out = tmp_path / "ledger.ndjson"
    write_export(record, out, lambda _n: None)
    monkeypatch.setattr(sys, "argv", ["check_ledger.py", str(out)])
    monkeypatch.syspath_prepend(str(CHECKER.parent))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(CHECKER), run_name="__main__")
    assert ended.value.code == 0
    assert "GOOD" in capsys.readouterr().out


@pytest.fixture
def appliance(tmp_path):
    """A configuration with the demonstration's drawer, and a record of two visits."""
    for name in ("weights.toml", "registry.toml"):
        shutil.copy(person.DEMO / name, tmp_path / name)
    (tmp_path / "calibration.toml").write_text(calibration().dump())
    (tmp_path / "steelyard.toml").write_text(
        '[device]\nid = "D-1"\ndata_dir = "data"\nrun_dir = "run"\n'
        '[pan]\ndriver = "simulated"\ncalibration = "calibration.toml"\n'
    )
    text = (tmp_path / "steelyard.toml").read_text()
    (tmp_path / "steelyard.toml").write_text('registry = "registry.toml"\nweights = "weights.toml"\n' + text)
    with opened(tmp_path / "data") as ledger:
        ledger.append("self_check", SELF_CHECK)
        ledger.append("self_check", GOODS)
    return tmp_path / "steelyard.toml"


def run(*arguments):
    return CliRunner().invoke(app, ["weights", *map(str, arguments)])


def test_the_commands_tell_list_use_and_recall(appliance):
    listed = run("list", "--config", appliance, "--json")
    assert listed.exit_code == 0
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert {row["id"] for row in rows} >= {KILO_ID, HEAVY_ID} and all(row["may_be_used"] for row in rows)

    used = run("used", KILO_ID, "--config", appliance, "--json")
    assert [json.loads(line)["seq"] for line in used.stdout.splitlines()] == [2]
    back = run("used", "2", "--config", appliance, "--json")
    assert {json.loads(line)["weight"] for line in back.stdout.splitlines()} >= {KILO_ID}

    recall = ["recall", KILO_ID, "--found", "988g", "--u", "20mg", "--why", "chipped", "--config", appliance]
    told = run(*recall, "--json")
    assert told.exit_code == 0, told.output
    progress, affected = (json.loads(line) for line in told.stdout.splitlines())
    assert progress["finished"] and (affected["old"], affected["new"]) == ("conforms", "does_not_conform")
    assert run(*recall).exit_code == 0, "the same again tells the same"

    shown = json.loads(run("show", KILO_ID, "--config", appliance, "--json").stdout)
    assert (shown["may_be_used"], shown["why_not"]) == (False, "withdrawn")
    assert "chipped" in run("show", KILO_ID, "--config", appliance).output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "nothing"], 1, "is called 'nothing'"),
        (["used", "nothing"], 1, "is called 'nothing'"),
        (["used", "999"], 1, "no entry 999"),
        (["recall", KILO_ID, "--found", "1", "--u", "1mg", "--why", "x"], 1, "number and a unit"),
        (["recall", "nothing", "--found", "1kg", "--u", "1mg", "--why", "x"], 1, "no weight 'nothing'"),
        (["recall", KILO_ID], 2, "--found"),
    ],
)
def test_wrong_use_is_told_in_words(appliance, arguments, code, words):
    result = run(*arguments, "--config", appliance)
    assert result.exit_code == code, result.output
    assert words in " ".join(result.output.split())
