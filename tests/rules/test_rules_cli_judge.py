"""`steelyard judge`: figures in, the law's answer out."""

import json

import pytest
from typer.testing import CliRunner

from firmware_app.cli.judge import app

SCALE = ["mpe", "--class", "III", "--max", "15kg", "--e", "5g"]
DAY = ["--date", "2026-11-23"]


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_limit_of_a_load_as_json():
    done = run(*SCALE, "--load", "2505g", *DAY, "--json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert (answer["limit_g"], answer["limit_initial_g"], answer["stage"]) == ("10", "5", "in_service")
    assert (answer["pack"], answer["confidence"]) == ("jjg539-2016", "secondary")
    assert "Table 6" in answer["clause"]
    assert "verdict" not in answer and "error_g" not in answer
    assert all(isinstance(value, str) for name, value in answer.items() if name.endswith("_g"))


@pytest.mark.parametrize(
    ("indication", "error_g", "verdict", "code"),
    [
        ("2515g", "10", "conforms", 0),
        ("2.520kg", "15.000", "does_not_conform", 1),
        ("2490g", "-15", "does_not_conform", 1),
    ],
)
def test_an_indication_is_judged_by_simple_acceptance(indication, error_g, verdict, code):
    done = run(*SCALE, "--load", "2505g", "--indication", indication, *DAY, "--json")
    answer = json.loads(done.stdout)
    assert (answer["error_g"], answer["verdict"], done.exit_code) == (error_g, verdict, code)


def test_a1_by_change_point():
    # Source: acceptance case A1, R 76 A.4.4.3 example.
    done = run(
        *SCALE,
        *("--load", "1000g", "--indication", "1000g", "--added", "1.5g", "--zero-error", "0.5g"),
        *("--stage", "initial", *DAY, "--json"),
    )
    answer = json.loads(done.stdout)
    assert (answer["error_g"], answer["limit_g"], answer["verdict"]) == ("0.5", "2.5", "conforms")


def test_after_the_handover_the_answer_says_what_nobody_has_read():
    done = run(*SCALE, "--load", "1kg", "--date", "2027-01-08", "--json")
    answer = json.loads(done.stdout)
    assert (answer["confidence"], answer["superseded_by"]) == ("unconfirmed", "JJG 1204-2025")
    words = run(*SCALE, "--load", "1kg", "--date", "2027-01-08").stdout
    assert "JJG 1204-2025 is in force" in " ".join(words.split())


@pytest.mark.parametrize(
    "arguments",
    [
        [*SCALE, "--load", "2505"],
        [*SCALE, "--load", "16kg"],
        [*SCALE, "--load", "1kg", "--date", "1999-01-01"],
        [*SCALE, "--load", "1kg", "--date", "soon"],
        [*SCALE, "--load", "1kg", "--stage", "later"],
        [*SCALE, "--load", "1kg", "--indication", "1kg", "--added", "1g"],
        [*SCALE, "--load", "1kg", "--added", "1g", "--zero-error", "0g"],
        ["weights", "--class", "M3", "--nominal", "500mg"],
        ["weights", "--class", "M1", "--nominal", "1.5kg"],
    ],
)
def test_wrong_use_leaves_with_2_and_a_sentence(arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stderr.strip() and "Traceback" not in done.output


def test_a_weight_as_json_and_in_words():
    done = run("weights", "--class", "M1", "--nominal", "1kg", "--json")
    answer = json.loads(done.stdout)
    assert (answer["mpe_g"], answer["mpe_mg"], answer["nominal_g"]) == ("0.050", "50", "1000")
    assert "50\u00a0mg" in run("weights", "--class", "M1", "--nominal", "1kg").stdout


@pytest.mark.parametrize("command", ["mpe", "weights"])
def test_help_has_an_example(command):
    assert f"steelyard judge {command}" in run(command, "--help").stdout
