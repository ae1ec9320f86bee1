"""`steelyard budget` as a program and as a person meets it."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner
from uncertainty_files import shown

from firmware_app.cli.budget import to_the_place_of, two_digits
from firmware_app.cli.main import app

run = CliRunner()


@pytest.fixture
def mass(tmp_path):
    path = tmp_path / "mass.toml"
    path.write_bytes(shown("Mass by comparison in air"))
    return str(path)


def test_json_to_first_order(mass):
    done = run.invoke(app, ["budget", mass, "--json"])
    said = json.loads(done.stdout)

    assert done.exit_code == 0
    assert said["standard_uncertainty"] == pytest.approx(0.0539, abs=5e-5)
    assert (said["k"], said["effective_dof"], said["unit"]) == (2.0, None, "mg")
    assert said["expanded"] == pytest.approx(2 * said["standard_uncertainty"])
    assert {"name", "sensitivity", "contribution"} <= said["contributions"][0].keys()
    assert "monte_carlo" not in said


def test_json_by_monte_carlo_is_repeatable(mass):
    command = ["budget", mass, "--json", "--monte-carlo", "50000", "--seed", "7"]
    first, again = (json.loads(run.invoke(app, command).stdout)["monte_carlo"] for _ in range(2))

    assert first == again
    assert first["standard_uncertainty"] == pytest.approx(0.0754, abs=1e-3)
    assert (first["trials"], first["seed"], first["first_order_is_enough"]) == (50000, 7, False)


def test_a_seed_that_was_chosen_is_told_and_repeats_the_run(mass):
    command = ["budget", mass, "--json", "--monte-carlo", "1000"]
    chosen = json.loads(run.invoke(app, command).stdout)["monte_carlo"]
    again = json.loads(run.invoke(app, [*command, "--seed", str(chosen["seed"])]).stdout)["monte_carlo"]

    assert chosen == again


def test_for_people(mass):
    done = run.invoke(app, ["budget", mass, "--monte-carlo", "20000", "--seed", "7"])
    text = " ".join(done.stdout.split())

    assert done.exit_code == 0
    for words in (
        "Mass by comparison in air",
        "value 1.234 mg",
        "standard uncertainty 0.054 mg",
        "not enough",
    ):
        assert words in text
    assert re.search(r"m_rc 100000\.000 0\.050 ∞ normal 1 0\.050 86\.2%", text)


@pytest.mark.parametrize(
    ("arguments", "text", "code", "words"),
    [
        ([], 'model = "x"', 2, "input is missing"),
        ([], 'model = "x^2"\n[[input]]\nname = "x"\nvalue = 1\nstandard = 1', 2, "write ** instead"),
        ([], 'model = "sqrt(x)"\n[[input]]\nname = "x"\nvalue = 0\nstandard = 1', 2, "no first order"),
        (
            ["--monte-carlo", "1000"],
            'model = "sqrt(x)"\n[[input]]\nname = "x"\nvalue = 1\nstandard = 1',
            2,
            "some of the values",
        ),
        (["--monte-carlo", "5"], 'model = "x"\n[[input]]\nname = "x"\nvalue = 1\nstandard = 1', 2, "1000"),
        ([], "\x00", 2, "not a TOML file"),
    ],
)
def test_what_goes_wrong_is_said_in_words(tmp_path, arguments, text, code, words):
    path = tmp_path / "b.toml"
    path.write_text(text)
    done = run.invoke(app, ["budget", str(path), *arguments])

    assert done.exit_code == code
    assert words in " ".join(done.stderr.split())


def test_first_order_is_not_lost_where_a_draw_has_no_value(tmp_path):
    path = tmp_path / "b.toml"
    path.write_text('model = "sqrt(x)"\n[[input]]\nname = "x"\nvalue = 1\nstandard = 1')
    done = run.invoke(app, ["budget", str(path), "--monte-carlo", "1000", "--json"])
    said = json.loads(done.stdout)

    assert done.exit_code == 2 and "some of the values" in " ".join(done.stderr.split())
    assert (said["value"], said["standard_uncertainty"], said["monte_carlo"]) == (1.0, 0.5, None)


def test_no_such_file(tmp_path):
    assert run.invoke(app, ["budget", str(tmp_path / "none.toml")]).exit_code == 3


def test_what_a_file_says_is_not_markup(tmp_path):
    path = tmp_path / "b.toml"
    path.write_text(
        'model = "x"\nunit = "[/b]"\ntitle = "[red]"\n[[input]]\nname = "x"\nobservations = [1, 2, 4]'
    )
    done = run.invoke(app, ["budget", str(path)])

    assert done.exit_code == 0 and "[red]" in done.stdout and "[/b]" in done.stdout


@pytest.mark.parametrize(
    ("u", "value", "text"),
    [
        (0.0539, 1.23399, "1.234"),
        (0.0996, 1.5, "1.50"),
        (35, 12345.6, "12346"),
        (350, 12345.6, "12350"),
        (0.6, -0.001, "0.00"),
        (0, 100000, "100000"),
        (1e-9, 5e-7, "5e-07"),
        (1, 1e20, "1e+20"),
    ],
)
def test_a_value_is_shown_to_the_place_of_its_uncertainty(u, value, text):
    assert to_the_place_of(u, value) == text


@pytest.mark.parametrize(
    ("u", "text"), [(0.0539, "0.054"), (0.0996, "0.10"), (9.96, "10"), (577, "580"), (0, "0")]
)
def test_an_uncertainty_has_two_digits(u, text):
    assert two_digits(u) == text
