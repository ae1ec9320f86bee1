"""Which way of checking finds which market scale: the table of benchmarks/models.py, held to its claims."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hardware.scale.simulated.models import MODELS

FILE = Path(__file__).parents[2] / "benchmarks" / "models.py"
CLEARED, FOUND, OPEN = "conforms", "does_not_conform", "undecided"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_of_models", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def told(bench: ModuleType) -> dict[str, tuple[str, ...]]:
    ways = (*bench.WAYS, bench.OVER_THE_LEAD)
    return {row["model"]: tuple(row[way]["verdict"] for way in ways) for row in bench.rows()}


@pytest.mark.parametrize(
    ("model", "weights_off", "weights_on", "goods_at_once", "goods_later", "over_the_lead"),
    [
        ("honest", CLEARED, CLEARED, CLEARED, CLEARED, CLEARED),
        ("multiplier", FOUND, FOUND, FOUND, FOUND, FOUND),
        ("plu_multiplier", CLEARED, FOUND, FOUND, FOUND, FOUND),
        ("nominal_honest", CLEARED, CLEARED, FOUND, FOUND, FOUND),
        ("offset", FOUND, FOUND, FOUND, FOUND, FOUND),
        ("remote_jump", CLEARED, FOUND, FOUND, FOUND, FOUND),
        ("base_number", FOUND, FOUND, FOUND, FOUND, FOUND),
        ("delayed_drop", CLEARED, FOUND, CLEARED, FOUND, OPEN),
        ("tare_forgotten", FOUND, FOUND, FOUND, FOUND, FOUND),
    ],
)
def test_what_each_way_finds(
    told: dict[str, tuple[str, ...]],
    model: str,
    weights_off: str,
    weights_on: str,
    goods_at_once: str,
    goods_later: str,
    over_the_lead: str,
) -> None:
    assert told[model] == (weights_off, weights_on, goods_at_once, goods_later, over_the_lead)


def test_nobody_without_intent_is_accused(told: dict[str, tuple[str, ...]]) -> None:
    for model in ("honest", "worn", "carried"):
        assert FOUND not in told[model]


def test_goods_and_patience_find_every_cheat(told: dict[str, tuple[str, ...]]) -> None:
    innocent = {"honest", "worn", "carried"}
    assert set(told) == set(MODELS)
    assert {model for model, verdicts in told.items() if verdicts[3] == FOUND} == set(MODELS) - innocent


def test_over_the_lead_no_cheat_is_cleared(told: dict[str, tuple[str, ...]]) -> None:
    """Given the figure that the settling policy takes, then what changes behind it is not cleared."""
    innocent = {"honest", "worn", "carried"}
    assert {model for model, verdicts in told.items() if verdicts[-1] == CLEARED} == innocent


def test_the_table_is_printed_for_people_and_for_programs() -> None:
    for_people = subprocess.run([sys.executable, FILE], capture_output=True, text=True, check=True).stdout
    assert all(model in for_people for model in MODELS)
    lines = subprocess.run(
        [sys.executable, FILE, "--json"], capture_output=True, text=True, check=True
    ).stdout
    assert [json.loads(line)["model"] for line in lines.splitlines()] == list(MODELS)
