"""`steelyard people` and `steelyard settings` against a core that runs: PINs unseen, exit codes, words."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from people_stage import INSPECTOR, KEEPER, Stage
from typer.testing import CliRunner, Result

from firmware_app.cli.main import app


class Desk(Stage):
    """A core in a thread, and a terminal beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.Thread(target=self.core.run, daemon=True)
        self._thread.start()

    def call(self, *arguments: str, typed: str = "") -> Result:
        config = ("--config", str(self.root / "steelyard.toml"))
        return CliRunner().invoke(app, [*arguments, *config], input=typed)

    def close(self) -> None:
        self.core.stop()
        self._thread.join(10)
        self.clear()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


def lines(*typed: str) -> str:
    return "".join(f"{each}\n" for each in typed)


def test_a_market_is_staffed_from_the_terminal(desk: Desk) -> None:
    nobody = desk.call("people", "list")
    assert nobody.exit_code == 0 and "nobody is registered" in nobody.output

    assert (
        desk.call("people", "add", "9001", "马管理", "--role", "keeper", typed=lines(KEEPER[1])).exit_code
        == 0
    )
    added = desk.call(
        *("people", "add", "1001", "张三", "--role", "inspector", "--as", "9001"),
        typed=lines(KEEPER[1], INSPECTOR[1]),
    )
    assert added.exit_code == 0, added.output

    listed = desk.call("people", "list", "--json")
    assert [json.loads(line) for line in listed.stdout.splitlines()] == [
        {"number": "9001", "role": "keeper", "name": "马管理", "state": "active"},
        {"number": "1001", "role": "inspector", "name": "张三", "state": "active"},
    ]
    assert KEEPER[1] not in listed.output and "argon2" not in listed.output

    changed = desk.call("people", "change-pin", "1001", typed=lines(INSPECTOR[1], "770462"))
    assert changed.exit_code == 0, changed.output
    assert desk.call("people", "unlock", "1001", "--as", "9001", typed=lines(KEEPER[1])).exit_code == 0

    file = desk.root / "pin"
    file.write_text(KEEPER[1] + "\n")
    pin = ("--as", "9001", "--as-pin-file", str(file))
    assert desk.call("settings", "set", "screen.idle_s", "90", *pin).exit_code == 0
    shown = [json.loads(line) for line in desk.call("settings", "list", "--json").stdout.splitlines()]
    assert next(each for each in shown if each["name"] == "screen.idle_s")["value"] == "90"
    assert desk.call("people", "revoke", "1001", *pin).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "typed", "exit_code", "says"),
    [
        (("add", "9009", "某人", "--role", "keeper"), ("123456",), 2, "counts up or down"),
        (("add", "9009", "某人", "--role", "keeper"), ("831",), 2, "6 to 12 digits"),
        (("add", "12", "某人", "--role", "keeper"), ("604817",), 2, "3 to 12 digits"),
        (("add", "9009", "a\nb", "--role", "keeper"), ("604817",), 2, "1 to 40 characters"),
        (("add", "9009", "某人", "--role", "trader"), ("604817",), 2, "do not sign in"),
        (("add", "9009", "某人", "--role", "inspector"), ("604817",), 1, "enters keepers only"),
        (("revoke", "4444", "--as", "9001"), (KEEPER[1],), 1, "nobody who may sign in"),
        (("revoke", "1001"), (), 1, "sign in first"),
        (("unlock", "9001", "--as", "5555"), ("604817",), 1, "wrong"),
    ],
)
def test_what_is_refused_is_said_with_an_exit_code(desk: Desk, arguments, typed, exit_code, says) -> None:
    if not len(desk.core._staff.book.people):
        desk.call("people", "add", "9001", "马管理", "--role", "keeper", typed=lines(KEEPER[1]))

    result = desk.call("people", *arguments, typed=lines(*typed))

    assert result.exit_code == exit_code, result.output
    assert says in " ".join(result.output.split())


def test_no_pin_can_be_given_on_the_command_line() -> None:
    """Every process of the machine reads the command lines of the others."""
    for command in ("add", "change-pin", "revoke", "unlock"):
        given = CliRunner().invoke(app, ["people", command, "1001", "--pin", "604817"])
        assert given.exit_code == 2 and "--pin" in given.output


def test_without_a_core_it_is_said(tmp_path) -> None:
    began = time.monotonic()
    result = CliRunner().invoke(app, ["settings", "list", "--run-dir", str(tmp_path)])

    assert result.exit_code == 3 and "does not answer" in result.output
    assert time.monotonic() - began < 30
