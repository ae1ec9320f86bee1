"""The page on what the pan may judge: held to its program, and its program to the packs."""

from __future__ import annotations

import importlib.util
from decimal import Decimal
from pathlib import Path

import pytest

from firmware_app.rules.mpe import Instrument as Scale
from firmware_app.rules.rows import Stage

TOOL = Path(__file__).parents[2] / "tools" / "draw_capability.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("draw_capability", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("computed", "same"),
    [
        ("U 1.31 g, to 2.5 kg", True),
        ("U 1.33 g, to 2.5 kg", True),
        ("U 1.32 g, to 2.56 kg", True),
        ("U 1.60 g, to 2.5 kg", False),
        ("U 1.31 g, yes", False),
        ("U 1.31 g, to 2.5 kg more", False),
        ("U -1.31 g, to 2.5 kg", False),
    ],
)
def test_the_page_may_lag_behind_in_its_last_digit_and_nowhere_else(tool, computed, same):
    assert tool.agrees("U 1.31 g, to 2.5 kg", computed) is same


def doubt(tool, figures):
    """U (k = 2) by load, other loads of the table at the last figure."""
    last, weighed = 0.0, {}
    for load in tool.LOADS_G:
        last = figures.get(load, last)
        weighed[load] = (last, {})
    return tool.Doubt("test", weighed)


def test_a_row_of_goods_is_judged_as_far_as_u_stays_a_third(tool):
    # U rises from 1 g at 2 kg to 2 g at 2.5 kg; a third of 5 g is reached at 2333 g
    known = doubt(tool, {50: 1.0, 2500: 2.0})

    rows = list(tool.retail([known]))
    meat = [row for row in rows if "meat" in row]

    assert meat[0].endswith("| to 2.33\u00a0kg |")
    assert meat[1].endswith("| yes |")
    gold = next(row for row in rows if row.startswith("| gold"))
    assert gold.endswith("| no |")


def test_loads_of_a_scale_are_named_in_stretches(tool):
    assert tool.spans([20, 100, 200, 300, 500], [True, True, False, True, True]) == (
        "20\u00a0g … 100\u00a0g; 300\u00a0g … 500\u00a0g"
    )
    assert tool.spans([20, 100], [False, False]) == "no load"
    # 15 kg / 5 g: ⅓ of 5 g in service up to 500 e, of 10 g above
    scale = Scale(accuracy_class="III", max_g=Decimal(15_000), e_g=Decimal(5))
    assert tool.allowed(scale, 2500, Stage.IN_SERVICE) == pytest.approx(5 / 3)
    assert tool.allowed(scale, 2505, Stage.IN_SERVICE) == pytest.approx(10 / 3)


def test_bounds_are_rounded_towards_the_safe_side(tool):
    assert tool.figure(1234.9) == "1.23\u00a0kg"
    assert tool.figure(1231.0, up=True) == "1.24\u00a0kg"
    assert tool.figure(15_000) == "15\u00a0kg"
