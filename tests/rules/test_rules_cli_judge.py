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


@pytest.mark.parametrize(
    ("indication", "added", "zero_error", "error_g", "verdict", "code"),
    [
        ("1000g", "1.5g", "0.5g", "0.5", "conforms", 0),
        ("1000g", "1.5g", None, "1.0", "conforms", 0),  # 1.0 + 1.25 ≤ 2.5
        ("1000g", "1g", None, "1.5", "undecided", 0),  # 1.5 + 1.25 > 2.5
        ("1005g", "3g", None, "4.5", "does_not_conform", 1),  # 4.5 − 1.25 > 2.5
    ],
)
def test_without_e0_the_doubt_of_zero_is_counted_and_said(
    indication, added, zero_error, error_g, verdict, code
):
    # Source: A.4.4.3 (E0 is used), zero-setting accuracy 0.25 e; never taken as zero in silence.
    done = run(
        *SCALE,
        *("--load", "1000g", "--indication", indication, "--change-point", added, "--stage", "initial"),
        *([] if zero_error is None else ["--zero-error", zero_error]),
        *(*DAY, "--json"),
    )
    answer = json.loads(done.stdout)
    assert (answer["error_g"], answer["verdict"], done.exit_code) == (error_g, verdict, code)
    assert ("E0 is not given" in answer.get("reason", "")) is (zero_error is None)


@pytest.mark.parametrize("stage", ["in-service", "in_service"])
def test_a_stage_is_written_either_way(stage):
    done = run(*SCALE, "--load", "2505g", "--stage", stage, *DAY, "--json")
    assert json.loads(done.stdout)["limit_g"] == "10"


@pytest.mark.parametrize(
    ("load", "more", "limit_initial_g", "e_g"),
    [
        ("1kg", [], "1.0", "2"),
        ("6kg", [], "3.0", "2"),
        ("6.001kg", [], "5", "5"),
        ("1kg", ["--active", "2"], "2.5", "5"),
    ],
)
def test_the_range_that_counts_gives_e(load, more, limit_initial_g, e_g):
    # Source: fact sheet 1.3, multi-interval and multi-range: e of the active partial range.
    scale = ["mpe", "--class", "III", "--max", "6kg/15kg", "--e", "2g/5g", "--load", load]
    answer = json.loads(run(*scale, *more, *DAY, "--json").stdout)
    assert (answer["limit_initial_g"], answer["active_e_g"]) == (limit_initial_g, e_g)
    assert "partial range" in answer["clause"]


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


@pytest.mark.parametrize("added", ["-2g", "5.1g", "12g"])
def test_small_weights_beyond_one_e_are_refused_with_the_remedy(added):
    done = run(*SCALE, "--load", "1kg", "--indication", "1kg", "--change-point", added, *DAY)
    assert done.exit_code == 2 and "the small weights" in done.output.replace("\n", " ")


@pytest.mark.parametrize("name", ["iii", " III ", "Ⅲ"])
def test_a_class_is_known_however_it_is_typed(name):
    done = run("mpe", "--class", name, "--max", "15kg", "--e", "5g", "--load", "2505g", *DAY, "--json")
    assert json.loads(done.stdout)["limit_g"] == "10"


def test_an_indication_between_two_e_is_judged_and_asked_about():
    done = run(*SCALE, "--load", "1kg", "--indication", "1003g", *DAY, "--json")
    answer = json.loads(done.stdout)
    assert answer["verdict"] == "conforms" and "no whole number of e" in answer["notes"][0]


def test_a_nameplate_in_jin_is_answered_in_the_legal_unit():
    done = run("mpe", "--class", "III", "--max", "30斤", "--e", "5g", "--load", "5斤", *DAY, "--json")
    answer = json.loads(done.stdout)
    assert (answer["max_g"], answer["load_g"]) == ("15000", "2500")
    assert [note.split(";")[0].replace("\u00a0", " ") for note in answer["notes"]] == [
        "30斤 is 15 kg",
        "5斤 is 2.5 kg",
    ]


def test_a_day_before_every_pack_says_since_when_there_is_one():
    done = run(*SCALE, "--load", "1kg", "--date", "2016-01-01")
    words = done.output.replace("\n", " ")
    assert done.exit_code == 2 and "nawi" in words and "begins on 2017-05-30" in words


def test_the_plan_of_a_scale_names_every_item_with_its_loads():
    done = run("plan", "--class", "III", "--max", "15kg", "--e", "5g", "--stage", "initial", *DAY, "--json")
    items = {each["item"]: each for each in json.loads(done.stdout)["items"]}
    assert next(iter(items)) == "appearance" and items["appearance"]["stop"]
    (corner,) = items["eccentricity"]["loads"]
    assert (corner["load_g"], corner["limit_g"], items["eccentricity"]["positions"]) == ("5000", "5", 4)
    assert [load["load_g"] for load in items["weighing"]["loads"]] == [
        "100",
        "2500",
        "7500",
        "10000",
        "15000",
    ]
    shown = run("plan", "--class", "III", "--max", "15kg", "--e", "5g", *DAY)
    assert shown.exit_code == 0 and "repeatability" in shown.output
