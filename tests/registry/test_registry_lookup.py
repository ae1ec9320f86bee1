"""The registry of stalls and scales: found by what people type or scan, refused in words when wrong."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.registry.registry import BadRegistry, load_registry, parse_registry

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data" / "registry.toml"
REGISTRY = load_registry(DEMO)

GOOD = """
[[stall]]
code = "A7"
name = "七号"
[[scale]]
id = "S-1"
stall = "A7"
class = "III"
max = "15 kg"
min = "100 g"
e = "5 g"
"""


@pytest.mark.parametrize("text", ["12", " 12 ", "１２", "https://example.org/steelyard/stall/12"])
def test_a_stall_is_found_by_code_and_label(text):
    found = REGISTRY.find(text)
    assert found.stall.code == "12"
    assert [scale.id for scale in found.scales] == ["TZ-DEMO-0012"]


@pytest.mark.parametrize("text", ["tz-demo-0071", "TZ-DEMO-0071", "ＴＺ-DEMO-0071"])
def test_a_scale_is_found_by_its_id(text):
    found = REGISTRY.find(text)
    assert (found.stall.code, [scale.id for scale in found.scales]) == ("7", ["TZ-DEMO-0071"])


@pytest.mark.parametrize("text", ["", "  ", "99", "1" * 300, "12\x00", "1 2"])
def test_what_is_not_known_is_not_found(text):
    assert REGISTRY.find(text) is None


@given(st.text(max_size=400))
def test_no_text_crashes_the_look_up(text):
    found = REGISTRY.find(text)
    assert found is None or found.stall in REGISTRY.stalls


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('max = "15 kg"', 'max = "15"', r"scale 1 \(S-1\): max: .*unit"),
        ('max = "15 kg"', 'max = "15.003 kg"', "no multiple of d"),
        (
            'max = "15 kg"',
            "max = 15",
            r"scale 1 \(S-1\): max = 15: give text in quotes \(a mass with its unit",
        ),
        ('max = "15 kg"', 'maximum = "15 kg"', "unknown key 'maximum'; did you mean 'max'"),
        ('class = "III"', 'class = "3"', 'class = "3": give one of I, II, III, IIII'),
        ('class = "III"\n', "", "class is missing: give one of I, II, III, IIII"),
        ('min = "100 g"', 'min = "1 g"', "wanted is d ≤ e ≤ min < max"),
        ('e = "5 g"', 'e = "5 g"\nd = "10 g"', "wanted is d ≤ e"),
        ('e = "5 g"', 'e = "5 g"\nlead_unit = "lb"', 'lead_unit = "lb": give one of g, kg'),
        ('e = "5 g"', 'e = "5 g"\nverification_due = "later"', "give a date such as 2027-10-31"),
        ('e = "5 g"', 'e = "5 g"\nverification_due = 2027-01-01T00:00:00', "give a date such as 2027-10-31"),
        ('e = "5 g"', 'e = "5 g"\nprice_computing = "yes"', 'price_computing = "yes": give true or false'),
        ('stall = "A7"', 'stall = "A8"', "no stall 'A8'"),
        ('id = "S-1"', 'id = "a7"', "means both stall A7 and scale a7"),
        ('name = "七号"', 'name = "七\\u0000号"', "control characters"),
        ('name = "七号"', f'name = "{"七" * 121}"', "stall 1 \\(A7\\): name = .*at most 120 characters"),
        ("[[stall]]", "[stall]", r"own \[\[stall\]\]"),
        ("[[stall]]", "[[stal]]", "did you mean 'stall'"),
    ],
)
def test_a_bad_entry_is_refused_with_its_name(old, new, words):
    assert old in GOOD
    with pytest.raises(BadRegistry, match=words):
        parse_registry(GOOD.replace(old, new, 1).encode())


def test_the_scale_interval_is_e_unless_said_otherwise():
    assert parse_registry(GOOD.encode()).scales[0].d_g == 5


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data):
    with contextlib.suppress(BadRegistry):
        parse_registry(data)
