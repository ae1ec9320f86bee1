"""Every driver in every trial of the schedule of faults, in virtual time: one table.

What is asked of each cell: no read takes a second; a fault that lasts is said within a second and two
periods; values come again once it is mended; and no value that the gate releases is wrong, but for the cells
of UNSEEN, which say why and count exactly. The same table stands on the page of the drivers.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hardware_loadcell_readers import DRIVERS, STATED_NS, Outcome, put_corners_to, put_to
from hardware_loadcell_trials import TRIALS, Trial

from hardware.loadcell.clock import SECOND

PAGE = Path(__file__).parents[2] / "hardware" / "docs" / "loadcell.md"
READERS = (*DRIVERS, *(f"bridges of {name}" for name in DRIVERS))

UNSEEN: dict[str, tuple[int, ...]] = {
    # DOUT shows the last data bit, a one, where it must be high. Corners: half a dozen of the strikes spoil
    # less than their noise.
    "clock lost, odd code": (24, 24, 24, 24, 24, 14, 14, 14, 14, 14),
    # The bits move up and ones follow; a pulse too many also takes the next conversion from input B.
    "clock doubled": (47, 48, 46, 46, 46, 37, 37, 37, 37, 37),
    # A whole data bit is a bit, however often it is looked at.
    "data bit turned over": (24, 24, 24, 24, 24, 16, 16, 17, 17, 17),
    # 26 pulses are a legal number: the next conversion is that of input B. A byte of SPI or a look after the
    # last pulse sees the first of the three.
    "gain pulse lost, wrong gain": (8, 8, 12, 12, 12, 8, 8, 12, 12, 12),
    # Pulses that another reader adds after the burst choose another gain, and DOUT is high throughout.
    "second chip on the clock": (228, 99, 37, 35, 40, 229, 62, 34, 32, 38),
}
"""Wrong values that are released, by trial and reader; 0 where nothing stands."""

TOO_SLOW = {
    "slow GPIO, 40 µs high": {"library"},
    "slow GPIO, 80 µs high": {"gpio", "iio buffer", "iio files", "library"},
}
"""Readers that give no value at all on such a machine, and say why."""

BRIDGES_AND_GPIO = ("gpio", "bridges of spi", "bridges of library")
LONG = ("floating", "pushed aside 50 µs … 10 ms", "second chip on the clock")


def is_long(trial: Trial, reader: str) -> bool:
    """Cells that take seconds: four pins bit by bit, and the trials of tens of thousands of edges."""
    return reader == "bridges of gpio" or (trial.name in LONG and reader in BRIDGES_AND_GPIO)


CELLS = [
    pytest.param(
        trial,
        reader,
        id=f"{reader}: {trial.name}",
        marks=[pytest.mark.slow] if is_long(trial, reader) else [],
    )
    for trial in TRIALS
    for reader in READERS
]


def outcome_of(reader: str, trial: Trial) -> Outcome:
    name = reader.removeprefix("bridges of ")
    return (put_to if name == reader else put_corners_to)(DRIVERS[name], trial)


def unseen(trial: str, reader: str) -> int:
    return dict(zip(READERS, UNSEEN.get(trial, (0,) * len(READERS)), strict=True))[reader]


@pytest.mark.parametrize(("trial", "reader"), CELLS)
def test_cell_of_the_table(trial, reader):
    outcome = outcome_of(reader, trial)

    # no hang: a corner that says nothing for a second is said to be silent by the driver of the bridges
    longest_s = 1.0 if reader in DRIVERS else STATED_NS / SECOND
    assert outcome.longest_read_s < longest_s
    # no wrong value but those that are stated
    assert outcome.wrong == unseen(trial.name, reader)
    # what lasts is said each time, within its bound
    if trial.lasting:
        assert outcome.strikes
        assert outcome.unsaid == 0
        assert outcome.slowest_s < STATED_NS / SECOND
    # and what is over is over
    silent_machine = reader.removeprefix("bridges of ") in TOO_SLOW.get(trial.name, set())
    assert outcome.released_at_end is not silent_machine
    assert (outcome.released == 0) is silent_machine
    if silent_machine:
        assert outcome.said_at_end


def test_page_of_the_drivers_has_this_table():
    rows = [line.strip("|").split("|") for line in PAGE.read_text("utf-8").splitlines() if line[:1] == "|"]
    on_page = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}

    for trial in TRIALS:
        told = [int(cell) for cell in on_page[trial.name]]
        assert told == [unseen(trial.name, reader) for reader in READERS], trial.name
