"""The guided calibration without a person: loads planned, readings taken at rest, points never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from calibrating_data import TODAY
from rich.console import Console

from firmware_app.calibrating.calibrate import calibrate
from firmware_app.calibrating.keeping import PointsFile
from firmware_app.calibrating.points import Direction, Refused
from firmware_app.calibrating.session import HOLD_S, Taken, Taker, Waiting, plan, point_of, used_weights
from firmware_app.calibrating.table import parse_points
from firmware_app.cli.calibrate_live import Left, guide, out_of_line
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.standards.sets import Piece, parse_weights
from hardware.loadcell.clock import VirtualClock
from hardware.loadcell.contract import BridgeInfo, Fault, Sample, StreamMessage
from hardware.loadcell.simulated import SimulatedLoadCell, SimulatedOptions

DRAWER = b"""
[[set]]
id = "drawer"
class = "M1"
certificate = "2026-117"
valid_to = 2027-10-31
pieces = [
  {nominal = "5 kg", count = 2}, {nominal = "2 kg", count = 2}, {nominal = "1 kg"}, {nominal = "500 g"},
]
"""


def drawer() -> tuple[Piece, ...]:
    (one,) = parse_weights(DRAWER, pack_in_force(WeightsPack, TODAY))
    return one.pieces


STEPS = plan(drawer(), Decimal(15_000), TODAY)


def test_the_plan_goes_up_and_down_over_the_range_with_few_pieces() -> None:
    loads = [step.load_g for step in STEPS]

    assert loads == [0, 3000, 6000, 9000, 12_000, 15_000, 12_000, 9000, 6000, 3000, 0]
    assert [step.direction for step in STEPS] == [Direction.UP] * 6 + [Direction.DOWN] * 5
    assert max(len(step.pieces) for step in STEPS) == 5
    assert all(sum(piece.nominal_g for piece in step.pieces) == step.load_g for step in STEPS)
    # 0.144 g each for two of 5 kg, 0.058 g each for two of 2 kg, 0.029 g for 1 kg: added, not in quadrature.
    assert STEPS[5].u_g == pytest.approx(0.4330, abs=2e-4)
    assert len(used_weights(STEPS)) == 5


def test_weights_out_of_date_make_no_plan() -> None:
    with pytest.raises(Refused, match="in date"):
        plan(drawer(), Decimal(15_000), date(2028, 1, 1))
    with pytest.raises(Refused, match="two at least"):
        plan(drawer(), Decimal(600), TODAY)


class Pan:
    """A simulated pan in virtual time, as the stream that the guide reads."""

    def __init__(self, **options: object) -> None:
        self.clock = VirtualClock()
        self.cell = SimulatedLoadCell(SimulatedOptions(rate_hz=10, **options), self.clock)  # type: ignore[arg-type]
        self._told = False

    def take(self, wait_s: float) -> list[StreamMessage]:
        """Half a second of samples whenever somebody waits, none otherwise."""
        if not self._told:
            self._told = True
            return [BridgeInfo("pan", "simulated", self.cell.rate_hz, self.cell.gain, "s1", 0)]
        return [self.cell.read() for _ in range(5)] if wait_s else []


def quiet_console() -> Console:
    return Console(quiet=True)


def person(pan: Pan, answers: list[str], loads: list[float]) -> Callable[[str], str]:
    """Puts on the next load whenever asked, and answers."""

    def ask(_words: str) -> str:
        if loads:
            pan.cell.put(loads.pop(0))
        return answers.pop(0) if answers else ""

    return ask


def test_a_session_over_a_simulated_pan_makes_a_calibration(tmp_path: Path) -> None:
    pan = Pan(seed=4)
    kept = PointsFile(tmp_path / "points.csv", STEPS)

    points = guide(pan, STEPS, kept, quiet_console(), person(pan, [], [float(s.load_g) for s in STEPS]))  # type: ignore[arg-type]
    result = calibrate(points, on=TODAY, weights=used_weights(STEPS))

    assert not result.refused and len(points) == len(STEPS)
    assert result.counts_per_gram == pytest.approx(300.0, rel=2e-4)
    assert [point.direction for point in points] == [step.direction for step in STEPS]
    # What is on the disk is what was returned, and any file of points can be read again.
    (again,) = parse_points(kept.path.read_bytes())
    assert [point.load_g for point in again.points] == [point.load_g for point in points]
    assert [point.pieces for point in again.points] == [point.pieces for point in points]


def test_a_session_goes_on_where_it_was_left(tmp_path: Path) -> None:
    pan, path = Pan(seed=5), tmp_path / "points.csv"
    loads = [float(step.load_g) for step in STEPS]
    with pytest.raises(Left):
        guide(pan, STEPS, PointsFile(path, STEPS), quiet_console(), person(pan, ["", "", "q"], loads[:2]))  # type: ignore[arg-type]
    begun = PointsFile(path, STEPS)
    assert len(begun.points) == 2

    # Back takes the last point away; then it is taken again, and all the others.
    answers = ["b", *[""] * 20]
    points = guide(pan, STEPS, begun, quiet_console(), person(pan, answers, [0.0, *loads[1:]]))  # type: ignore[arg-type]

    assert len(points) == len(STEPS)


def test_the_wrong_weight_is_asked_about_at_once(tmp_path: Path) -> None:
    pan = Pan(seed=6)
    loads = [0.0, 3000.0, 5500.0, 6000.0, *[float(step.load_g) for step in STEPS[3:]]]
    asked: list[str] = []
    hand = person(pan, [], loads)

    def ask(words: str) -> str:
        asked.append(words)
        return "" if "Keep it" in words else hand(words)

    points = guide(pan, STEPS, PointsFile(tmp_path / "p.csv", STEPS), quiet_console(), ask)  # type: ignore[arg-type]

    (doubt,) = [words for words in asked if "Keep it" in words]
    assert "5500 g, not 6000 g" in doubt
    assert [round(point.load_g) for point in points] == [int(step.load_g) for step in STEPS]


def test_a_reading_is_taken_only_at_rest() -> None:
    pan, taker = Pan(seed=7), Taker()
    pan.take(1.0)
    answers = [taker.feed(sample) for _ in range(2) for sample in pan.take(1.0)]  # type: ignore[arg-type]
    assert all(isinstance(answer, Waiting) for answer in answers)

    # While the load wanders there is no reading, and the reason is told.
    for n in range(30):
        pan.cell.put(100.0 * n)
        for sample in pan.take(1.0):
            assert isinstance(sample, Sample)
            answer = taker.feed(sample)
            assert isinstance(answer, Waiting)
    assert isinstance(answer, Waiting) and answer.why is not None

    taken = None
    for _ in range(40):
        for sample in pan.take(1.0):
            answer = taker.feed(sample)  # type: ignore[arg-type]
            taken = taken or (answer if isinstance(answer, Taken) else None)
    assert taken is not None
    assert taken.counts == pytest.approx(84_000 + 300 * 2900, abs=300 * 0.5)
    assert 0.3 < taken.u < 100


def test_a_fault_begins_the_time_at_rest_anew() -> None:
    pan, taker = Pan(seed=8), Taker()
    pan.take(1.0)
    for _ in range(12):
        for sample in pan.take(1.0):
            answer = taker.feed(sample)  # type: ignore[arg-type]
            if isinstance(answer, Waiting) and answer.share > 0.8:
                break
    lost = Sample(pan.clock.now_ns(), None, (Fault.DISCONNECTED,))

    after = taker.feed(lost)

    assert isinstance(after, Waiting) and after.share == 0
    assert HOLD_S >= 2 * 2.5  # twice the Allan minimum of a cheap cell


# ------------------------------------------------------------------------------------------ on the disk


def written(path: Path, count: int) -> PointsFile:
    file = PointsFile(path, STEPS)
    for row, step in enumerate(STEPS[:count], start=1):
        file.add(point_of(step, Taken(84_000 + 300.0 * float(step.load_g), 12.0, float(row)), row))
    return file


def test_whatever_a_kill_leaves_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    written(path, 4)
    whole = path.read_bytes()
    line_ends = [at for at, byte in enumerate(whole, start=1) if byte == ord("\n")]
    for length in sorted({*range(0, len(whole) + 1, 7), *line_ends, len(whole) - 1}):
        path.write_bytes(whole[:length])
        left = PointsFile(path, STEPS)
        assert len(left.points) == max(0, sum(1 for end in line_ends if end <= length) - 2)


def test_a_file_of_other_loads_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    written(path, 2)

    with pytest.raises(Refused, match="other loads"):
        PointsFile(path, plan(drawer(), Decimal(10_000), TODAY))
    later = plan(drawer(), Decimal(15_000), TODAY + timedelta(days=1))
    assert len(PointsFile(path, later).points) == 2


def test_a_reading_out_of_line_is_told_by_what_came_before() -> None:
    made = [
        point_of(step, Taken(84_000 + 300.0 * float(step.load_g), 5.0, 0.0), n)
        for n, step in enumerate(STEPS[:4])
    ]

    assert out_of_line(made[:3], made[3]) == ""
    assert "empty pan" in out_of_line(made[:1], point_of(STEPS[1], Taken(84_003.0, 5.0, 0.0), 2))
    assert "6000 g, not 9000 g" in out_of_line(
        made[:3], point_of(STEPS[3], Taken(made[2].counts, 5.0, 0.0), 4)
    )
