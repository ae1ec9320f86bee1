"""Proof that the proofs bite: each mechanism of the evidence, taken out, is missed by its test.

The table is tests/mechanisms.toml. Here it is held against the tree and a few rows are walked; `make proofs`
walks all of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "tools") not in sys.path:
    sys.path.append(str(ROOT / "tools"))

import take_out  # noqa: E402
from take_out import Cut, Mechanism, Outcome, TableWrong  # noqa: E402

TABLE = take_out.read_table(ROOT / take_out.TABLE)
AREAS = {
    "saving", "chain", "device key", "one history", "clock", "slip", "outbox", "stick", "audit trail",
    "software identity", "enrolment", "revocation", "replacement", "receipts", "key rotation", "PostgreSQL",
    "log", "doors", "access", "downlink", "secrets", "checkers",
}  # fmt: skip
QUICK = ("chain-prev", "slip-signature", "cursor-after-receipt")


@pytest.mark.parametrize("mechanism", TABLE, ids=lambda each: each.name)
def test_every_mechanism_stands_where_the_table_says(mechanism):
    take_out.check(ROOT, mechanism)


def test_the_table_has_every_area_of_the_evidence():
    assert {each.area for each in TABLE} == AREAS
    assert all(each.promise.endswith(".") and each.promise[0].isupper() for each in TABLE)


def test_the_page_has_the_table():
    page = (ROOT / take_out.PAGE).read_text(encoding="utf-8")

    assert take_out.page_with(page, take_out.table_of(TABLE)) == page, "python tools/take_out.py --page"
    with pytest.raises(TableWrong, match="no table"):
        take_out.page_with("# Proofs\n", "")


@pytest.mark.timeout(400)
def test_a_few_are_taken_out_and_missed():
    chosen = [each for each in TABLE if each.name in QUICK]

    answers = [answer for _, answer in take_out.prove(ROOT, chosen)]

    assert [answer.outcome for answer in answers] == [Outcome.NOTICED] * len(QUICK), answers


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_mechanism_taken_out_is_missed(capsys):
    """What cannot be asked here (no PostgreSQL) is said, and is no proof."""
    left = []
    for mechanism, answer in take_out.prove(ROOT, TABLE):
        with capsys.disabled():
            print(f"{mechanism.name:28} {answer.outcome:12} {answer.words[:80]}")
        if answer.outcome not in (Outcome.NOTICED, Outcome.SKIPPED):
            left.append((mechanism.name, answer))
    assert left == []


# --------------------------------------------------------------------------------------------- the tool


SOURCE = (
    "def weigh(grams):\n    if grams < 0:\n        raise ValueError('less than nothing')\n    return grams\n"
)
TESTS = """import pytest
from firmware_app.scale import weigh

def test_less_than_nothing_is_refused():
    with pytest.raises(ValueError):
        weigh(-1)

def test_it_weighs():
    assert weigh(1) == 1

def test_never_passes():
    assert False

def test_is_skipped():
    pytest.skip("no scale here")
"""
GUARD = "    if grams < 0:\n        raise ValueError('less than nothing')\n"


@pytest.fixture
def tree(tmp_path):
    """A program of one function with a test that bites and one that does not."""
    for name, content in (("firmware_app/scale.py", SOURCE), ("tests/test_scale.py", TESTS)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "firmware_app" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    return tmp_path


def guard(test: str, text: str = GUARD, left: str = "", name: str = "guard") -> Mechanism:
    cut = Cut("firmware_app/scale.py", text, left)
    return Mechanism(
        name, "scale", "Nothing weighs less than nothing.", (cut,), f"tests/test_scale.py::{test}"
    )


@pytest.mark.timeout(400)
def test_it_tells_what_is_missed_from_what_is_not(tree):
    rows = {
        guard("test_less_than_nothing_is_refused", name="a"): Outcome.NOTICED,
        guard("test_it_weighs", name="b"): Outcome.UNNOTICED,
        guard("test_it_weighs", "    return grams\n", "    return gram\n", name="c"): Outcome.ACCIDENT,
        guard("test_never_passes", name="d"): Outcome.NOT_PASSING,
        guard("test_is_skipped", name="e"): Outcome.SKIPPED,
        guard("test_less_than_nothing_is_refused", name="f"): Outcome.NOTICED,
    }

    found = {mechanism: answer.outcome for mechanism, answer in take_out.prove(tree, list(rows))}

    assert found == rows
    assert (tree / "firmware_app" / "scale.py").read_text() == SOURCE, "the tree itself is never touched"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (guard("test_it_weighs", text="    if grams <= 0:\n"), "stands 0 times"),
        (guard("test_it_weighs", text="grams"), "stands 3 times"),
        (guard("test_it_weighs", text="  "), "times"),
        (guard("test_it_weighs", left="    if\n"), "is no Python"),
        (guard("test_of_nothing"), "there is no test"),
    ],
)
def test_a_row_that_does_not_fit_the_tree_is_refused_with_what_to_do(tree, row, words):
    with pytest.raises(TableWrong, match=words):
        next(take_out.prove(tree, [row]))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[[mechanism]]\nname = 'a'\n", "missing"),
        ("[[mechanism]\n", "mechanisms.toml"),
        ("[[mechanism]]\nname='a'\narea='b'\npromise='c'\nfile='d'\ntext='e'\ntest='f'\nmore='g'\n", "more"),
        ("[[mechanism]]\nname='a'\narea='b'\npromise='c'\nfile='d'\ntext='e'\ntest='f'\n" * 2, "twice: a"),
    ],
)
def test_a_table_that_says_nothing_is_refused(tmp_path, table, words):
    path = tmp_path / "mechanisms.toml"
    path.write_text(table, encoding="utf-8")

    with pytest.raises(TableWrong, match=words):
        take_out.read_table(path)


def test_wrong_use_leaves_with_two_and_the_lists_with_none(capsys):
    assert take_out.main(["no-such-thing"]) == 2
    assert "no-such-thing" in capsys.readouterr().err
    assert take_out.main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(TABLE)
