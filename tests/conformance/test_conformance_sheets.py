"""The conformance sheets: every clause has a row, every row a test that exists or an honest word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEETS = ROOT / "docs" / "conformance"
HONEST = re.compile(r"not (met|applicable): \w.{10,}")
CITED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
COLUMNS = 4

CLAUSES = {
    "oiml-d31.md": [
        "6.2.1", "6.2.2", "6.2.3.1", "6.2.3.2–3", "6.2.3.4", "6.2.3.5", "6.2.3.6", "6.2.4", "6.2.5",
        "6.2.6.1", "6.2.6.2", "6.2.7", "6.2.8", "6.3.2.1", "6.3.2.2", "6.3.3", "6.3.4", "6.3.5", "6.3.6",
        "6.3.7", "6.3.8", "6.3.9",
    ],
    "etsi-en-303-645.md": [
        "no default password", "disclosure policy", "updates", "secret storage", "secure comms",
        "attack surface", "software integrity", "personal data", "resilience", "telemetry", "deletion",
        "easy install", "input validation",
    ],
}  # fmt: skip


def rows(name: str) -> list[list[str]]:
    """The rows of a sheet's table, without its head."""
    lines = (SHEETS / name).read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


ROWS = [(name, row) for name in CLAUSES for row in rows(name)]
NAMED = [f"{name}-{row[0]}-{row[1][:30]}" for name, row in ROWS]


def problem(row: list[str]) -> str:
    """What is wrong with a row, empty where nothing is."""
    if len(row) != COLUMNS or not all(row[:2]):
        return "not four cells with a clause and a requirement"
    how, shown = row[2:]
    cited = CITED.findall(shown)
    if not cited:
        return "" if HONEST.fullmatch(shown) else "neither a test nor an honest word"
    if not how:
        return "a test, but not a word on how it is met"
    for path, name in cited:
        text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else ""
        if not re.search(rf"^def {name or 'test_'}", text, re.MULTILINE):
            return f"{path} has no {name or 'test'}"
        if name and not re.search(rf"^def {name}\(", text, re.MULTILINE):
            return f"{path} has no {name}"
    return ""


def test_there_is_no_sheet_that_is_not_walked():
    assert {path.name for path in SHEETS.glob("*.md")} == set(CLAUSES)


@pytest.mark.parametrize("name", CLAUSES)
def test_every_clause_has_its_row_and_no_other_is_invented(name):
    assert list(dict.fromkeys(row[0] for row in rows(name))) == CLAUSES[name]


@pytest.mark.parametrize(("_name", "row"), ROWS, ids=NAMED)
def test_every_row_is_shown_by_a_test_that_exists_or_says_what_is_missing(_name, row):
    assert problem(row) == ""


@pytest.mark.parametrize(
    "row",
    [
        ["6.2.1", "something", "somehow", ""],
        ["6.2.1", "something", "somehow", "it is obvious"],
        ["6.2.1", "something", "somehow", "not met:"],
        ["6.2.1", "something", "somehow", "`tests/ledger/test_ledger_chain.py::test_of_nothing`"],
        ["6.2.1", "something", "somehow", "`tests/ledger/no_such_file.py`"],
        ["6.2.1", "something", "", "`tests/ledger/test_ledger_chain.py::test_nothing_is_no_chain`"],
        ["6.2.1", "something", "somehow"],
    ],
)
def test_the_walk_finds_what_is_wrong(row):
    assert problem(row)
