"""Calibration files: kept, read back, and refused with the key, its unit and its range."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.weighing.calibration import BadCalibration, Calibration

GOOD = """
counts_per_gram = -1540.25
relative_standard_uncertainty = 2e-5
zero_counts = 84200
capacity_g = 15000
resolution_g = 0.5
id = "pan-2025-05"
at = "2025-05-01T09:00:00+08:00"
gravity = "Tianzhu, 9.794 m/s²"
source = "M1 set 3, five points"
"""

good = Calibration.parse(GOOD)


def changed(key: str, text: str | None) -> str:
    lines = [line for line in GOOD.strip().splitlines() if not line.startswith(f"{key} ")]
    return "\n".join([*lines, *([] if text is None else [f"{key} = {text}"])])


def test_a_good_file_is_read_and_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "pan.toml"
    good.save(path)

    assert Calibration.load(path) == good
    assert good.counts_per_gram == -1540.25
    assert good.grams(1540.25) == -1.0
    assert [p.name for p in tmp_path.iterdir()] == ["pan.toml"]


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("counts_per_gram", "0", "counts/g, ± 1e-06"),
        ("counts_per_gram", '"1540"', "give a number (counts/g)"),
        ("counts_per_gram", "nan", "give a number"),
        ("counts_per_gram", "true", "give a number"),
        ("counts_per_gram", None, "counts_per_gram is missing: give a number (counts/g)"),
        ("relative_standard_uncertainty", "-1e-5", "relative, k = 1"),
        ("relative_standard_uncertainty", "0.5", "0 … 0.1"),
        ("zero_counts", "inf", "give a number, -2.14748e+09 … 2.14748e+09 (counts)"),
        ("capacity_g", "0", "capacity_g = 0: give a number, 1 … 1e+07 (g)"),
        ("resolution_g", "200", "capacity_g / 100"),
        ("resolution_g", None, "resolution_g is missing"),
        ("counts_per_gram", "1e10", "counts/g, ± 1e-06 … 1e+09"),
        ("zero_counts", "3e9", "give a number, -2.1"),
        ("id", '"  "', "text in quotes, 1 … 64 characters"),
        ("gravity", f'"{"x" * 201}"', "at most 200 characters"),
        ("id", '""', "text in quotes, 1 … 64 characters"),
        ("id", f'"{"x" * 65}"', "text in quotes, 1 … 64"),
        ("at", '"yesterday"', "RFC 3339"),
        ("at", '"2025-05-01T09:00:00"', "RFC 3339"),
        ("at", "2025-05-01T09:00:00Z", "text in quotes"),
        ("at", None, "at is missing: give text in quotes, at most 40 characters (RFC 3339, such as 2025"),
        ("source", "7", "text in quotes"),
        ("count_per_gram", "1", "did you mean 'counts_per_gram'?"),
        ("colour", '"red"', "known: counts_per_gram"),
        ("id", "[", "not a TOML file"),
    ],
)
def test_a_bad_key_is_refused_in_words(key: str, text: str | None, words: str) -> None:
    with pytest.raises(BadCalibration, match=r"^pan\.toml: ") as refused:
        Calibration.parse(changed(key, text), "pan.toml")

    assert words in str(refused.value)


@pytest.mark.parametrize("key", ["zero_counts", "gravity"])
def test_what_may_be_missing(key: str) -> None:
    assert Calibration.parse(changed(key, None)).id == good.id


def test_files_that_are_no_text_or_too_long_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pan.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadCalibration, match="not UTF-8"):
        Calibration.load(path)
    path.write_bytes(b"#" * 70_000)
    with pytest.raises(BadCalibration, match="more than 65536 bytes"):
        Calibration.load(path)
    with pytest.raises(FileNotFoundError):
        Calibration.load(tmp_path / "none.toml")


def test_an_assumed_calibration_is_used_but_never_kept() -> None:
    assumed = Calibration.assumed(1540)

    assert assumed.grams(1540) == 1.0
    assert assumed.relative_standard_uncertainty == 0.0
    with pytest.raises(BadCalibration, match="not kept"):
        assumed.dump()
    with pytest.raises(BadCalibration, match="counts/g"):
        Calibration.assumed(0.0)


@given(
    st.floats(1e-6, 1e6) | st.floats(-1e6, -1e-6),
    st.floats(0, 0.1),
    st.none() | st.floats(-1e6, 1e6),
    st.text(min_size=1, max_size=64).filter(lambda s: s.strip() and s.isprintable()),
)
def test_whatever_is_kept_is_read_back(
    per_gram: float, relative: float, zero: float | None, name: str
) -> None:
    kept = Calibration(
        counts_per_gram=per_gram,
        relative_standard_uncertainty=relative,
        zero_counts=zero,
        capacity_g=15_000.0,
        resolution_g=1.0,
        id=name,
        at="2025-05-01T09:00:00+08:00",
        gravity="",
        source="x",
    )

    assert Calibration.parse(kept.dump()) == kept
