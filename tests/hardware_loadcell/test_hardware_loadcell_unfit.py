"""How the sampler hands on that a driver is unfit for verdicts, and what the driver found as it opened."""

from __future__ import annotations

import pytest
import typer
from test_hardware_loadcell_sampler import ScriptedDriver, run_script
from typer.testing import CliRunner

from firmware_app.cli.record import record
from hardware.loadcell.contract import (
    BridgeInfo,
    EndOfRecording,
    Sample,
    decode,
    encode,
    remarks_of,
    unfit_of,
)
from hardware.loadcell.spi import SpiLoadCell

WHY = "gpio: this machine is too slow: use the driver spi"


class Slowing(ScriptedDriver):
    """Is unfit while it reads the counts given."""

    remarks = ("gpio: this machine is fast enough", "the scheduling class SCHED_FIFO is not allowed")

    def __init__(self, script, unfit_at) -> None:
        super().__init__(script)
        self.unfit = ""
        self._unfit_at = unfit_at

    def read(self):
        sample = super().read()
        self.unfit = WHY if sample.counts in self._unfit_at else ""
        return sample


def script(number):
    """So many samples; an exception in it would be raised by the driver."""
    return [*(Sample(n, n) for n in range(number)), EndOfRecording("over")]


def test_the_change_is_told_before_the_sample_it_came_with(monkeypatch):
    published, said = run_script(monkeypatch, Slowing(script(6), {2, 3}))

    told = [message.unfit if isinstance(message, BridgeInfo) else message.counts for message in published]
    assert told == ["", 0, 1, WHY, 2, 3, "", 4, 5]
    # in the same session: the stream goes on
    assert len({message.session for message in published if isinstance(message, BridgeInfo)}) == 1
    assert f"pan: {WHY}" in said and "pan: fit for verdicts again" in said


def test_what_the_driver_found_as_it_opened_goes_to_the_journal(monkeypatch):
    _, said = run_script(monkeypatch, Slowing(script(1), ()))

    assert [f"pan: {remark}" for remark in Slowing.remarks] == said[1:3]


def test_it_survives_the_wire():
    info = BridgeInfo("pan", "gpio", 80.0, 128, "s", 1, WHY)

    assert decode(encode(info)) == info


@pytest.mark.parametrize("cell", [ScriptedDriver([]), SpiLoadCell.__new__(SpiLoadCell)])
def test_a_driver_that_says_nothing_of_it_is_fit(cell):
    assert unfit_of(cell) == ""
    assert remarks_of(cell) == ()


@pytest.mark.parametrize(("unfit_at", "in_header"), [(range(10, 20), False), (range(-1, 20), True)])
def test_a_recording_is_made_all_the_same_and_the_user_is_told(monkeypatch, tmp_path, unfit_at, in_header):
    cell = Slowing(script(30), set(unfit_at))
    cell.unfit = WHY if in_header else ""
    monkeypatch.setattr("firmware_app.parts.factory", lambda _group, _name: lambda _options: cell)
    app = typer.Typer()
    app.command()(record)
    file = tmp_path / "out.csv"

    result = CliRunner().invoke(app, [str(file), "--driver", "gpio"])

    assert result.exit_code == 0
    words = " ".join(result.output.split())
    told = [Slowing.remarks[0], f"no verdict may rest on this: {WHY}", "fit for verdicts again"]
    assert [words.index(each) for each in told] == sorted(words.index(each) for each in told)
    assert (f"# unfit: {WHY}" in file.read_text(encoding="utf-8")) is in_header
    assert "30 readings" in words
