"""Settings that a keeper changes while the appliance runs: validated, recorded first, then in force."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator

import pytest
from people_stage import INSPECTOR, KEEPER, Stage, code

from firmware_app.ledger.errors import StoreFailed
from firmware_app.service import messages as m
from firmware_app.service.config import load
from firmware_app.service.settings.desk import NAME, OPEN
from firmware_app.settings_file import BadSettings

PRINTER = """
[printer]
driver = "file"
[printer.options]
at = "slips"
"""


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    made.staff()
    yield made
    made.close()


def put(stage: Stage, name: str, value: str, who: tuple[str, str] | None = KEEPER) -> m.Reply:
    by = None if who is None else m.Credentials(*who)
    return stage.tell(m.SetParameter(stage.id(), name, value, by))


def shown(stage: Stage) -> dict[str, m.Parameter]:
    return {each.name: each for each in stage.tell(m.ShowParameters()).items}


def test_every_setting_is_a_key_of_the_configuration_and_says_what_may_stand_there() -> None:
    for name, setting in OPEN.items():
        assert name == f"{setting.table}.{setting.key}"
        assert setting.key in setting.kind.__struct_fields__


def test_a_change_is_recorded_with_old_and_new_value_and_who(stage: Stage) -> None:
    assert put(stage, "screen.idle_s", "90") == m.Ok()

    assert stage.trail("parameters_changed")[-1] == {
        "source": "settings",
        "changes": [{"parameter": "screen.idle_s", "old": "60", "new": "90"}],
        "by": {"number": "9001", "role": "keeper", "name": "马管理"},
    }
    assert (shown(stage)["screen.idle_s"].value, shown(stage)["screen.idle_s"].file) == ("90", "60")


def test_it_counts_at_once_and_after_a_restart_and_is_recorded_once(stage: Stage) -> None:
    put(stage, "screen.idle_s", "90")
    put(stage, "screen.language", "bo")
    put(stage, "people.idle_s", "60")
    assert stage.state.screen == m.ScreenState("bo", 90)
    stage.sign_in(INSPECTOR)
    stage.later(61)
    assert stage.state.person is None

    before = len(stage.trail("parameters_changed"))
    stage.restart()

    assert stage.state.screen == m.ScreenState("bo", 90)
    assert len(stage.trail("parameters_changed")) == before
    assert stat.S_IMODE((stage.data / NAME).stat().st_mode) == 0o600


def test_the_check_of_the_pan_counts_for_as_long_as_was_set(stage: Stage, mocker) -> None:
    told = mocker.spy(stage.core._control, "every")

    assert put(stage, "control.every_h", "12.5") == m.Ok()

    assert told.call_args.args == (12.5,) and shown(stage)["control.every_h"].value == "12.5"


def test_the_time_zone_counts_from_the_next_start(stage: Stage) -> None:
    assert put(stage, "device.time_zone", "Asia/Urumqi") == m.Ok()
    assert not shown(stage)["device.time_zone"].at_once
    assert stage.state.at.endswith("+08:00")

    stage.restart()

    assert stage.state.at.endswith("+06:00")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("screen.idle_s", "5", "10 … 3600"),
        ("screen.idle_s", "1.5", "whole number"),
        ("screen.idle_s", "", "whole number"),
        ("screen.idle_s", "90\nfullscreen = false", "whole number"),
        ("screen.idle_s", "nan", "TOML"),
        ("screen.language", "fr", "zh, bo, en"),
        ("screen.language", 'zh"\nx = "', "zh, bo, en"),
        ("control.every_h", "inf", "number"),
        ("control.every_h", "0.5", "1 … 168"),
        ("people.sign_out_after_visit", "yes", "TOML"),
        ("people.sign_out_after_visit", "1", "true or false"),
        ("device.time_zone", "Asia/Nowhere", "Asia/Shanghai"),
        ("device.time_zone", "../../etc/passwd", "Asia/Shanghai"),
        ("printer.automatic", "true", "[printer]"),
        ("pan.driver", "spi", "a keeper cannot change that"),
        ("device.data_dir", "/tmp", "a keeper cannot change that"),
        ("", "1", "a keeper cannot change that"),
    ],
)
def test_what_is_refused_changes_nothing_and_is_said(stage: Stage, name: str, value: str, says: str) -> None:
    before = stage.trail("parameters_changed")

    reply = put(stage, name, value)

    assert isinstance(reply, m.Refused) and reply.code == "bad_setting"
    assert says in reply.words or says == "TOML"
    assert stage.trail("parameters_changed") == before and not (stage.data / NAME).exists()


def test_only_a_keeper_changes_settings(stage: Stage) -> None:
    assert code(put(stage, "screen.idle_s", "90", INSPECTOR)) == "not_keeper"
    assert code(put(stage, "screen.idle_s", "90", None)) == "sign_in_first"
    stage.sign_in(KEEPER)
    assert put(stage, "screen.idle_s", "90", None) == m.Ok()


def test_nothing_counts_that_is_not_recorded_first(stage: Stage, mocker) -> None:
    append = stage.core._ledger.append

    def full(kind, *args, **more):
        if kind == "parameters_changed":
            raise StoreFailed("disk_full", "full")
        return append(kind, *args, **more)

    mocker.patch.object(stage.core._ledger, "append", full)

    assert code(put(stage, "screen.idle_s", "90")) == "not_recorded"
    assert stage.state.screen.idle_s == 60 and not (stage.data / NAME).exists()


def test_power_cut_between_record_and_file_is_told_at_the_next_start(stage: Stage, mocker) -> None:
    mocker.patch("firmware_app.durable.write", side_effect=OSError(5, "cut"))
    stage.core._settings.change(
        m.SetParameter("x", "screen.idle_s", "90"), m.Person("9001", m.Role.KEEPER, "n")
    )
    mocker.stopall()

    stage.restart()

    last = stage.trail("parameters_changed")[-1]
    assert last["source"] == "files read at the start"
    assert last["changes"] == [{"parameter": "screen.idle_s", "old": "90", "new": "60"}]


@pytest.mark.parametrize("spoilt", [b"", b"[]", b'{"screen.idle_s": 90}', b'{"screen.idle_s": "5"}', b"\xff"])
def test_a_file_of_changes_that_cannot_be_read_changes_nothing_and_is_told(stage: Stage, spoilt) -> None:
    (stage.data / NAME).write_bytes(spoilt)

    stage.restart()

    assert stage.state.screen.idle_s == 60
    assert stage.trail("settings_unreadable")
    assert put(stage, "screen.idle_s", "90") == m.Ok()


def test_a_change_of_a_table_that_is_gone_stops_nothing(stage: Stage) -> None:
    put(stage, "control.every_h", "12")
    file = stage.root / "steelyard.toml"
    file.write_text(file.read_text().replace("[control]", "").replace('weight = "DEMO-M1-5kg"', ""))

    stage.restart()

    assert "control.every_h" not in shown(stage)


def test_automatic_slips_are_switched_at_once() -> None:
    stage = Stage(PRINTER)
    try:
        stage.staff()
        assert put(stage, "printer.automatic", "true") == m.Ok()
        assert stage.core._slips._automatic is True
    finally:
        stage.close()


def test_the_configuration_has_its_own_bounds_for_people(tmp_path) -> None:
    stage = Stage("[people]\nidle_s = 120")
    assert stage.core._config.people.idle_s == 120
    root = stage.root
    stage.core.close()
    text = (root / "steelyard.toml").read_text()
    (root / "steelyard.toml").write_text(text.replace("idle_s = 120", "idle_s = 12"))
    with pytest.raises(BadSettings, match="60 … 3600"):
        load(root / "steelyard.toml")
    stage._measured.stop()
    shutil.rmtree(root)
