"""Labels of stalls and scales: what their codes stand for, and that nothing hostile stands for anything."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.registry.labels import Place, find_label, scale_label, stall_label
from firmware_app.registry.registry import load_registry

REGISTRY = load_registry(Path(__file__).parents[2] / "firmware_app/cli/demo/data/registry.toml")
STALL = Place("12")
SCALE = Place("12", "TZ-DEMO-0012")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("steelyard:stall:12", STALL),
        ("STEELYARD:Stall:12", STALL),
        ("  steelyard:stall:１２ ", STALL),
        ("steelyard:scale:TZ-DEMO-0012", SCALE),
        ("steelyard:scale:tz-demo-0012", SCALE),
        ("https://example.org/steelyard/stall/12", STALL),
        ("https://example.org/steelyard/scale/TZ-DEMO-0012", SCALE),
        ("12", STALL),
        ("TZ-DEMO-0012", SCALE),
        ("steelyard:scale:12", None),
        ("steelyard:stall:TZ-DEMO-0012", None),
        ("steelyard:stall:99", None),
        ("steelyard:stall:", None),
        ("steelyard:keeper:12", None),
        ("steelyard:stall:12\n", STALL),
        ("steelyard:stall:1\x002", None),
        ("steelyard:stall:" + "1" * 121, None),
        ("https://example.org/steelyard/stall/12/../13", None),
        ("", None),
        ("1" * 300, None),
    ],
)
def test_a_label_stands_for_what_it_names_and_nothing_else(text, place):
    assert find_label(REGISTRY, text) == place


def test_the_texts_to_print_are_found_again():
    for stall in REGISTRY.stalls:
        assert find_label(REGISTRY, stall_label(stall.code)) == Place(stall.code)
    for scale in REGISTRY.scales:
        assert find_label(REGISTRY, scale_label(scale.id)) == Place(scale.stall, scale.id)


@given(st.text(max_size=400))
def test_no_text_whatever_makes_it_stumble(text):
    assert find_label(REGISTRY, text) in (None, STALL, SCALE, Place("7"), Place("7", "TZ-DEMO-0071"))


@given(st.text(max_size=200))
def test_nothing_hostile_behind_the_prefix_is_found(text):
    place = find_label(REGISTRY, f"steelyard:stall:{text}")
    assert place is None or place.scale == ""
