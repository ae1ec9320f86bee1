"""`steelyard judge retail`, `prepackage`, `code`: figures in, the law's answer and an exit code out."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from firmware_app.cli.judge import app

DAY = ["--date", "2026-11-23"]
RETAIL = {"verdict", "limit_g", "error_g", "clause", "pack", "version", "sha256", "confidence", "reason"}


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def asked(*arguments):
    done = run(*arguments, *DAY, "--json")
    return json.loads(done.stdout), done.exit_code


@pytest.mark.parametrize(
    ("arguments", "verdict", "limit_g", "error_g", "code"),
    [
        # Source: acceptance case A12.
        ("--band mid --settled 2kg --actual 1.95kg --method 2", "does_not_conform", "5", "50", 1),
        ("--band low --settled 4.5kg --actual 4.39kg --method 2", "does_not_conform", "100", "110", 1),
        ("--band low --settled 4.5kg --actual 4.39kg --method 3", "conforms", "200", "110", 0),
        ("--band low --settled 2kg --actual 2.05kg", "conforms", "40", "-50", 0),
        ("--band vegetables --settled 26kg --actual 26kg", "cannot_judge", None, "0", 0),
        ("--price 12 --settled 4斤 --actual 1.95kg", "does_not_conform", "5", "50", 1),
        ("--price 6元/斤 --settled 2kg --actual 1.95kg", "does_not_conform", "5", "50", 1),
        ("--price ¥1.2/100g --settled 2kg --actual 1.999kg", "conforms", "5", "1", 0),
        ("--band mid --settled 2kg --actual 1.95kg --u 1g", "cannot_judge", "5", "50", 0),
        ("--band mid --settled 2kg --actual 1.995kg --u 0.5g", "undecided", "5", "5", 0),
        ("--band 活鱼 --settled 2kg --actual 1kg", "cannot_judge", None, "1000", 0),
    ],
)
def test_a_sale(arguments, verdict, limit_g, error_g, code):
    answer, left = asked("retail", *arguments.split())
    assert answer.keys() >= RETAIL
    assert (answer["verdict"], answer["limit_g"], answer["error_g"], left) == (
        verdict,
        limit_g,
        error_g,
        code,
    )
    assert answer["pack"] == "retail-2020" and answer["reason"]
    for name, value in answer.items():
        assert not name.endswith("_g") or value is None or isinstance(value, str)


def test_a_market_unit_is_answered_with_the_legal_one():
    answer, _ = asked("retail", "--price", "12", "--settled", "4斤", "--actual", "1.95kg")
    assert answer["settled_g"] == "2000"
    assert answer["notes"] == [
        "4斤 is 2\u00a0kg; 斤 is no legal unit of measurement (计量法 art. 3; State Council order of 1984)"
    ]
    words = run("retail", "--price", "12", "--settled", "4斤", "--actual", "1.95kg", *DAY).stdout
    assert "2\u00a0kg" in words and "no legal unit" in words


def test_a_price_that_was_paid_brings_the_figures_on_damages():
    answer, _ = asked("retail", "--price", "12", "--settled", "3kg", "--actual", "2.7kg")
    assert answer["information"]["damages_yuan"] == "500.00"
    assert answer["information"]["refund_yuan"] == "3.60"
    honest, _ = asked("retail", "--price", "12", "--settled", "3kg", "--actual", "3kg")
    assert "information" not in honest


def test_goods_and_price_that_disagree_are_both_shown():
    arguments = ("retail", "--band", "fruit", "--price", "40", "--settled", "2kg", "--actual", "1.99kg")
    answer, code = asked(*arguments)
    assert (answer["verdict"], answer["limit_g"], code) == ("cannot_judge", None, 0)
    assert [each["band"] for each in answer["alternatives"]] == ["low", "high"]
    words = run(*arguments, *DAY).stdout
    assert "by band low" in words and "by band high" in words


def test_what_remains_is_named():
    words = " ".join(
        run(
            "retail", "--band", "mid", "--settled", "2kg", "--actual", "1.95kg", "--u", "2g", *DAY
        ).stdout.split()
    )
    assert "method 1, same scale with weights" in words and "method 3, equal scale" in words


@pytest.mark.parametrize(
    ("arguments", "code", "beyond"),
    [
        ("--nominal 500g --actual 485g", 0, "0"),
        ("--nominal 500g --actual 484g", 1, "1"),
        ("--nominal 1斤 --actual 0.469kg", 1, "2"),
    ],
)
def test_a_package(arguments, code, beyond):
    answer, left = asked("prepackage", *arguments.split())
    assert (answer["limit_g"], answer["twice_g"], str(answer["beyond"]), left) == ("15", "30", beyond, code)
    assert (answer["pack"], answer["confidence"]) == ("prepackages-2023", "secondary")


@pytest.mark.parametrize(
    "lines",
    [
        "498 501 499 500 497 502 500 499 501 498",
        "498g 501g 499g 0.5kg 497g 502g 500克 499g 501g 498g",
        "# net;498,;501;499;;500;497;502;500;499;501;498",
    ],
)
def test_a13_a_lot_from_a_file(tmp_path, lines):
    file = tmp_path / "samples.txt"
    file.write_text(lines.replace("# net", "#net").replace(";", "\n").replace(" ", "\n"), encoding="utf-8")
    answer, code = asked("prepackage", "--nominal", "500g", "--lot", "30", "--samples", str(file))
    assert (answer["mean_g"], answer["standard_deviation_g"]) == ("499.5", "1.581")
    assert (answer["verdict"], code, answer["sampling_edition"]) == ("conforms", 0, "2005")
    assert (answer["limit_g"], answer["error_g"], answer["confidence"]) == ("498.375", "0.5", "unconfirmed")


@pytest.mark.parametrize(("code", "left"), [("91350100M000100Y43", 0), ("91350100M000100Y4Z", 1)])
def test_a15_a_code(code, left):
    done = run("code", code, "--json")
    answer = json.loads(done.stdout)
    assert (answer["valid"], answer["expected"], done.exit_code) == (left == 0, "3", left)
    assert answer["organisation_valid"] is True


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ("retail --settled 2kg --actual 1kg", "give the band"),
        ("retail --band moon --settled 2kg --actual 1kg", "use one of"),
        ("retail --price much --settled 2kg --actual 1kg", "give yuan per kg"),
        ("retail --price 0 --settled 2kg --actual 1kg", "above zero"),
        ("retail --price 1/0kg --settled 2kg --actual 1kg", "per nothing"),
        ("retail --band low --settled 2 --actual 1kg", "unit"),
        ("retail --band low --settled 0g --actual 1kg", "above zero"),
        ("retail --band low --settled 2kg --actual=-1kg", "from zero up"),
        ("retail --band low --settled 2kg --actual 1kg --u=-1g", "from zero up"),
        ("retail --band low --settled 2kg --actual 1kg --method 4", "use 1, 2, 3"),
        ("retail --band low --settled 2kg --actual 1kg --recheck 2kg", "method 1"),
        ("retail --band low --settled 2kg --actual 1kg --date 2019-01-01", "date"),
        ("prepackage --nominal 500g", "--actual"),
        ("prepackage --nominal 500g --lot 30", "--samples"),
        ("prepackage --nominal 500g --lot 30 --samples /nowhere/at-all.txt", "does not exist"),
        ("prepackage --nominal 500g --lot 30 --samples /tmp", "is a directory"),
        ("prepackage --nominal 500g --actual 1.5kg", "twice the nominal"),
        ("mpe --class III --max 6kg/15kg --e 2g --load 1kg", "one e a range"),
        ("mpe --class III --max 15kg --e 5g --load 1kg --stage later", "in-service"),
    ],
)
def test_nonsense_leaves_with_2_and_the_remedy(arguments, remedy):
    done = run(*arguments.split())
    assert done.exit_code == 2
    assert remedy in " ".join(done.stderr.replace("│", " ").split()) and "Traceback" not in done.output


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (b"498\n501\n", "wants a sample of 10 packages; there are 2"),
        (b"498\nmany\n", "line 2"),
        (b"498\n\xff\xfe\x00\n", "line 2"),
        (b"0.5\n" * 9 + b"5000\n", "net mass"),
        (b"5" * 70_000, "more than 65536 bytes"),
    ],
)
def test_a_bad_sample_file_is_refused(tmp_path, content, remedy):
    file = tmp_path / "s.txt"
    file.write_bytes(content)
    done = run("prepackage", "--nominal", "500g", "--lot", "30", "--samples", str(file))
    assert done.exit_code == 2
    assert remedy in " ".join(done.stderr.split())


@pytest.mark.parametrize("command", ["retail", "prepackage", "code"])
def test_help_has_an_example(command):
    assert f"steelyard judge {command}" in run(command, "--help").stdout


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), min_size=4, max_size=4), st.sampled_from("123"))
def test_no_text_makes_anything_but_an_answer_or_a_sentence(texts, method):
    names = ("--band", "--price", "--settled", "--actual")
    arguments = [f"{name}={text}" for name, text in zip(names, texts, strict=True)]
    done = run("retail", *arguments, "--method", method, "--json")
    assert done.exit_code in (0, 1, 2)
    assert done.stdout if done.exit_code < 2 else done.stderr


@settings(deadline=None)
@given(st.text("0123456789.斤两kg/元¥ -", max_size=14))
def test_amounts_and_prices_are_never_half_understood(text):
    done = run("retail", f"--price={text}", f"--settled={text}", "--actual=1g", "--json")
    assert done.exit_code in (0, 1, 2)
    assert done.exception is None or isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("how", [["--actual", "59kg"], ["--lot", "5", "--samples"]])
def test_a_package_outside_the_table_cannot_be_judged(how, tmp_path):
    samples = tmp_path / "masses.txt"
    samples.write_text("59\n" * 5)
    more = [str(samples)] if how[-1] == "--samples" else []
    done = run("prepackage", "--nominal", "60kg", *how, *more, *DAY, "--json")
    answer = json.loads(done.stdout)
    assert (answer["verdict"], answer["limit_g"], done.exit_code) == ("cannot_judge", None, 0)
    assert "outside the table" in answer["reason"]


def test_a_price_in_jin_is_answered_per_kilogram():
    done = run("retail", "--price", "6元/斤", "--settled", "1kg", "--actual", "0.99kg", *DAY, "--json")
    answer = json.loads(done.stdout)
    assert answer["band"] == "mid" and "12 yuan/kg" in answer["notes"][0]


def test_a_mass_of_more_than_twice_what_was_settled_is_asked_about():
    done = run("retail", "--price", "12", "--settled", "2kg", "--actual", "20kg", *DAY, "--json")
    assert "is it the right figure?" in json.loads(done.stdout)["notes"][0]
