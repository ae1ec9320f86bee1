"""The commands `steelyard ledger`, `slip` and `enrol`, as a person or a program uses them."""

from __future__ import annotations

import json

import msgspec
import pytest
from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.ledger.home import open_ledger

BODY = {"verdict": "does_not_conform", "scale": {"serial": "TZ-1"}}


@pytest.fixture
def run():
    def run(*arguments: object):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def recorded(ledger):
    ledger.append("self_check", BODY, visit="v1")
    ledger.append("note", {})
    return ledger


def test_show_tells_entries_to_people_and_programs(run, recorded, data):
    people = run("ledger", "show", "--data", data)
    programs = run("ledger", "show", "--data", data, "--json", "--last", "2")

    assert people.exit_code == programs.exit_code == 0
    assert "does_not_conform" in people.output
    lines = [json.loads(line) for line in programs.stdout.splitlines()]
    assert [line["payload"]["seq"] for line in lines] == [2, 3]
    assert lines[0]["payload"]["body"] == BODY
    assert lines[0]["hash"] == recorded.entry(2).hash


def test_verify_says_good_and_otherwise_leaves_with_one(run, recorded, data):
    good = run("ledger", "verify", "--data", data, "--json")
    assert (good.exit_code, json.loads(good.stdout)["head"]["seq"]) == (0, 3)

    recorded._connection.execute("DROP TRIGGER entries_stay_1")
    recorded._connection.execute("UPDATE entries SET jws = replace(jws, '.', '.A') WHERE seq = 2")
    bad = run("ledger", "verify", "--data", data)

    assert bad.exit_code == 1
    assert "entry 2" in bad.output


def test_export_is_what_the_checker_accepts(run, recorded, data, tmp_path, checker):
    out = tmp_path / "out.ndjson"

    done = run("ledger", "export", "--data", data, "--out", out, "--json")

    assert (done.exit_code, json.loads(done.stdout)["lines"]) == (0, 3)
    with out.open("rb") as file:
        assert checker.check(file).entries == 3


def test_where_there_is_no_ledger_it_is_said(run, tmp_path):
    for command in ("show", "verify", "export"):
        done = run("ledger", command, "--data", tmp_path / "none")
        assert done.exit_code == 3
        assert "no ledger" in done.output


def test_a_slip_is_verified_with_the_ledger_a_key_or_an_export(run, recorded, data, tmp_path):
    slip = recorded.slip_text(2)
    jwk, export = tmp_path / "device.jwk.json", tmp_path / "ledger.ndjson"
    jwk.write_bytes(msgspec.json.encode(recorded.key))
    run("ledger", "export", "--data", data, "--out", export)

    for source in (("--data", data), ("--key", jwk), ("--key", export)):
        assert run("slip", "verify", slip, *source).exit_code == 0
        forged = run("slip", "verify", slip[:-4] + "AAAA", *source)
        assert forged.exit_code == 1
        assert "not genuine" in forged.output
    told = json.loads(run("slip", "verify", slip, "--data", data, "--json").stdout)
    assert (told["genuine"], told["entry_held"], told["slip"]["scale"]) == (True, True, "TZ-1")


def test_a_slip_upon_an_entry_that_the_ledger_does_not_hold_is_not_genuine(run, data, clock, tmp_path):
    with open_ledger(data, clock=clock, software="00") as ledger:
        ledger.append("self_check", BODY)
        slip = ledger.slip_text(2)
        key = (data / "device.key").read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    (other / "device.key").write_bytes(key)
    (other / "device.key").chmod(0o600)
    open_ledger(other, clock=clock, software="00", device=None).close()

    done = run("slip", "verify", slip, "--data", other, "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["entry_held"] is False


def test_a_file_that_is_no_key_is_wrong_use(run, recorded, tmp_path):
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    (tmp_path / "y").write_bytes(b'{"kty":"oct"}')

    for name in ("x", "y", "missing"):
        assert run("slip", "verify", recorded.slip_text(2), "--key", tmp_path / name).exit_code in (2, 3)


def test_enrol_while_the_core_runs_is_refused_with_the_reason(run, recorded, data):
    done = run("enrol", "--county", "http://127.0.0.1:9", "--token", "t" * 24, "--data", data)

    assert done.exit_code == 2
    assert "another process" in done.output


def test_enrol_with_an_address_or_zone_that_cannot_be_is_refused(run, data):
    http = run("enrol", "--county", "http://county.example", "--token", "t" * 24, "--data", data)
    zone = run(
        "enrol",
        "--county",
        "https://county.example",
        "--token",
        "t" * 24,
        "--data",
        data,
        "--time-zone",
        "Mars",
    )

    assert http.exit_code == zone.exit_code == 2
    assert "https" in http.output
    assert "Mars" in zone.output


@pytest.mark.parametrize(
    "command",
    [["ledger", "show"], ["ledger", "verify"], ["ledger", "export"], ["slip", "verify"], ["enrol"]],
)
def test_every_command_has_an_example(run, command):
    done = run(*command, "--help")

    assert done.exit_code == 0
    assert f"Example: steelyard {' '.join(command)}" in " ".join(done.output.split())
