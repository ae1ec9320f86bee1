"""Visits to a whole market, in short: who is found and who is wronged (in full: benchmarks/visits.py)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import visits  # type: ignore[import-not-found]  # benchmarks/visits.py
from visit_scales import CHEATS, HONEST, MORE, OUT_OF_ORDER  # type: ignore[import-not-found]
from visit_table import upper  # type: ignore[import-not-found]

SHORT, FULL = 25, 2000


def counted(model, way, number):
    return visits.shard((model, way, 0, number))[2]


@pytest.mark.parametrize("model", [*HONEST, *OUT_OF_ORDER])
@pytest.mark.parametrize("way", ["weights", "goods", "lead", "challenge"])
def test_no_scale_without_intent_is_wronged(model, way):
    counts = counted(model, way, SHORT)
    assert counts["visits"] == SHORT and counts["wronged"] == 0
    assert counts["cannot_judge"] == 0


@pytest.mark.parametrize("model", [*CHEATS, *MORE])
def test_the_challenge_finds_every_cheat(model):
    counts = counted(model, "challenge", SHORT)
    assert counts["missed"] == 0 and counts["pattern"] == SHORT


def test_the_plain_way_clears_what_the_challenge_finds():
    # Three nominal weights are read truthfully, and a key nobody presses changes nothing.
    cleared = {model: counted(model, "plain", SHORT)["conforms"] for model in CHEATS}
    assert cleared["nominal_honest"] == SHORT and cleared["plu_multiplier"] > SHORT // 4


@pytest.mark.parametrize("model", sorted({*CHEATS} - {"delayed_drop"}))
def test_no_self_check_with_goods_clears_a_scale_that_showed_a_false_figure(model):
    # A drop behind the figure may show once, below the range asked for: refused, and read early ever after.
    counts = counted(model, "goods", SHORT)
    assert counts["seen"] == 0


def test_over_the_lead_a_display_that_changes_behind_its_figure_is_never_cleared():
    counts = counted("delayed_drop", "lead", SHORT)
    assert (counts["conforms"], counts["changed"]) == (0, SHORT)


def test_what_is_kept_is_told_again_whatever_a_kill_cut_off(tmp_path):
    kept = tmp_path / "visits.jsonl"
    first, second = visits.Block("honest", "plain", 0, 2), visits.Block("honest", "plain", 2, 4)
    counts = counted("honest", "plain", 2)
    visits.keep(kept, first, counts)
    with kept.open("ab") as file:
        file.write(b'\n["honest", "plain", 2, 4, {"vis')
    assert visits.read_kept(kept) == {first: counts}
    visits.keep(kept, second, counts)
    assert set(visits.read_kept(kept)) == {first, second}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("model", CHEATS)
def test_two_thousand_of_each_cheat_are_missed_no_more_often_than_stated(model):
    counts = counted(model, "challenge", FULL)
    assert upper(counts["missed"], FULL) <= 1e-2


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("model", [*HONEST, *OUT_OF_ORDER])
@pytest.mark.parametrize("way", ["weights", "goods", "lead", "challenge"])
def test_of_two_thousand_scales_without_intent_none_is_wronged(model, way):
    assert counted(model, way, FULL)["wronged"] == 0
