"""The pages of the procedures are the drawings of their tables."""

from pathlib import Path

import pytest

from firmware_app.procedures.draw import PROCEDURES, page

PAGES = Path(__file__).parents[2] / "docs" / "procedures"


@pytest.mark.parametrize("name", PROCEDURES)
def test_the_page_is_up_to_date(name):
    drawn = (PAGES / f"{name}.md").read_text("utf-8")
    assert drawn == page(name), "draw it again: the first lines of the page say how"


def test_every_page_is_drawn():
    assert {file.stem for file in PAGES.glob("*.md")} == set(PROCEDURES)


@pytest.mark.parametrize("name", PROCEDURES)
def test_the_page_draws_every_state_and_every_way(name):
    drawn, procedure = page(name), PROCEDURES[name]
    for phase, row in procedure.table.items():
        assert f"\n### {phase.value}\n" in drawn
        for event, move in row.items():
            for target in move.to:
                if target not in {phase, procedure.left}:
                    line = next(
                        line for line in drawn.splitlines() if f" {phase.value} --> {target.value}:" in line
                    )
                    assert event.__name__ in line
