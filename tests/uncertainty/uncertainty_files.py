"""Budget files of the tests: those that docs/budgets.md shows, and a short way to write others."""

from __future__ import annotations

import re
from pathlib import Path

from firmware_app.uncertainty.budget import Budget, parse_budget

PAGE = Path(__file__).parents[2] / "docs" / "budgets.md"


def shown(title: str) -> bytes:
    """The TOML of the budget with that title on the page."""
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if f'title = "{title}"' in block]
    return found.encode()


def written(model: str, **inputs: str) -> Budget:
    """A budget of ``model`` whose inputs have these lines."""
    tables = "".join(f'\n[[input]]\nname = "{name}"\n{lines}\n' for name, lines in inputs.items())
    return parse_budget(f"model = '''{model}'''\n{tables}".encode())
