"""Draws docs/architecture.md from what holds in the code: import contracts, processes and state tables.

    python tools/draw_architecture.py           writes the drawn parts
    python tools/draw_architecture.py --check   exit 1 where the page is out of date

Between ``<!-- drawn: NAME -->`` and ``<!-- end -->`` the page is made by the function of that name below;
the rest is written by hand.
"""

from __future__ import annotations

import itertools
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
_PART = re.compile(r"(<!-- drawn: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def _contracts() -> list[dict[str, object]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["tool"]["importlinter"]["contracts"]  # type: ignore[no-any-return]


def floors() -> str:
    """The floors inside the program, upper ones may import lower ones."""
    layers = next(contract["layers"] for contract in _contracts() if contract["type"] == "layers")
    lines = ["```mermaid", "flowchart TD"]
    names = [[room.strip() for room in layer.split("|")] for layer in layers]  # type: ignore[attr-defined]
    for upper, lower in itertools.pairwise(names):
        for room in upper:
            lines += [f"  {_short(room)} --> {_short(below)}" for below in lower]
    return "\n".join([*lines, "```"])


def contracts() -> str:
    """Every contract that the build holds, in words."""
    rows = ["| contract | who | must not import |", "|---|---|---|"]
    for contract in _contracts():
        if contract["type"] == "forbidden":
            who = ", ".join(f"`{name}`" for name in contract["source_modules"])  # type: ignore[attr-defined]
            what = ", ".join(f"`{name}`" for name in contract["forbidden_modules"])  # type: ignore[attr-defined]
            rows.append(f"| {contract['name']} | {who} | {what} |")
    return "\n".join(rows)


def processes() -> str:
    """The processes as systemd starts them."""
    rows = ["| process | does | started by |", "|---|---|---|"]
    for unit in sorted((ROOT / "provisioning" / "systemd").glob("*.service")):
        text = unit.read_text(encoding="utf-8")
        does = re.search(r"^Description=Steelyard \w+: (.+)$", text, re.MULTILINE)
        line = re.search(r"^ExecStart=(.+)$", text, re.MULTILINE)
        assert does and line
        rows.append(f"| {unit.stem.removeprefix('steelyard-')} | {does[1]} | `{line[1]}` |")
    return "\n".join(rows)


def _short(module: str) -> str:
    return module.rsplit(".", 1)[-1]


PARTS: dict[str, Callable[[], str]] = {"floors": floors, "contracts": contracts, "processes": processes}


def drawn(page: str) -> str:
    """The page with every drawn part made anew."""
    return _PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}\n{part[4]}", page)


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    fresh = drawn(page)
    if "--check" in sys.argv[1:]:
        if fresh != page:
            print(f"{PAGE} is out of date: run python {Path(__file__).name}")
            return 1
        return 0
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
