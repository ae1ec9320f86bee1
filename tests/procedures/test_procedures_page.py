"""The page of the self-check is the drawing of its table."""

from pathlib import Path

from firmware_app.procedures.draw import page
from firmware_app.procedures.self_check import TABLE
from firmware_app.procedures.state import Phase

PAGE = Path(__file__).parents[2] / "docs" / "procedures" / "self-check.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(), "draw it again: the first lines of the page say how"


def test_the_page_draws_every_state_and_every_way():
    drawn = page()
    for phase, row in TABLE.items():
        assert f"\n### {phase.value}\n" in drawn
        for event, move in row.items():
            for target in move.to:
                if target not in {phase, Phase.LEFT}:
                    line = next(
                        line for line in drawn.splitlines() if f" {phase.value} --> {target.value}:" in line
                    )
                    assert event.__name__ in line
