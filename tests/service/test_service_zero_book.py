"""The zero at power-up against the last one: kept on disk, compared once, said in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_app.service.pan.zero_book import EVERY_NS, NAME, ZeroBook
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.last_zero import LastZero, shift

PER_GRAM = 300.0


def scale(name: str = "a") -> Calibration:
    return Calibration(
        counts_per_gram=PER_GRAM,
        relative_standard_uncertainty=2e-5,
        capacity_g=15_000.0,
        resolution_g=5.0,
        id=name,
        at="2025-05-01T09:00:00+08:00",
        source="test",
    )


def book(tmp_path: Path, calibration: Calibration | None = None) -> ZeroBook:
    return ZeroBook(tmp_path, calibration or scale(), lambda: "2026-11-23T08:00:00+08:00")


@pytest.mark.parametrize(
    ("moved_g", "well"), [(0.0, True), (6.0, True), (-6.0, True), (7.0, False), (-50.0, False)]
)
def test_what_a_c3_cell_may_move_over_night_is_well_and_more_is_not(moved_g: float, well: bool) -> None:
    """14 ppm of 15 kg over 20 K and half of 5 g: 6.7 g."""
    found = shift(84_000 + moved_g * PER_GRAM, LastZero(84_000, "2026-11-22T18:00:00+08:00", "a"), scale())

    assert found is not None
    assert found.moved_g == pytest.approx(moved_g)
    assert found.allowed_g == pytest.approx(4.2 + 2.5)
    assert found.well is well


def test_another_calibration_or_none_is_no_comparison() -> None:
    assert shift(1.0, LastZero(0.0, "2026-11-22T18:00:00+08:00", "b"), scale()) is None
    assert shift(1.0, LastZero(0.0, "2026-11-22T18:00:00+08:00", "assumed"), Calibration.assumed(1.0)) is None


def test_the_zero_of_one_run_is_compared_with_the_first_of_the_next(tmp_path: Path) -> None:
    first = book(tmp_path)
    first.take(None, 0)
    first.take(84_000.0, 1)
    first.take(84_300.0, 2)  # too soon to be written
    first.take(84_600.0, 1 + EVERY_NS)

    second = book(tmp_path)
    second.take(84_600.0 + 10 * PER_GRAM, 5)
    second.take(84_600.0, 6)

    assert first.shift is None
    assert second.shift is not None and second.shift.moved_g == pytest.approx(10.0)
    assert not second.shift.well


def test_a_spoiled_file_costs_the_comparison_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\xff{")

    spoiled = book(tmp_path)
    spoiled.take(84_000.0, 1)

    assert spoiled.shift is None
    again = book(tmp_path)
    again.take(84_000.0, 1)
    assert again.shift is not None and again.shift.well


def test_a_directory_that_is_gone_does_not_stop_the_core(tmp_path: Path) -> None:
    lost = ZeroBook(tmp_path / "none", scale(), lambda: "2026-11-23T08:00:00+08:00")
    lost.take(84_000.0, 1)
    assert lost.shift is None
