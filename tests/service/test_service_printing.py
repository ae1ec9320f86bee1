"""Slips on their way to paper: nobody waits for the printer, and no slip is lost without a word.

The printer is the simulated machine at the far end of a real line, so status bytes and raster are those of
ESC/POS.
"""

import shutil
import tempfile
import time
from pathlib import Path

import pytest
from PIL import Image

from firmware_app.ledger.slip.image import SLIP_FACE, SLIP_FONT, slip_png
from firmware_app.service.slips.printing import COPY, STUCK_NS, Begun, Job, SlipPrinter, Waiting
from hardware import printer_lines
from hardware.printer_contract import PrinterUnavailable
from hardware.printer_simulated import BenchPrinter, SimulatedPrinter

pytestmark = pytest.mark.skipif(not SLIP_FONT.is_file(), reason=f"no font at {SLIP_FONT}")

LINES = ("秤自检单", "结论 符合")
TEXT = "STEELYARD1:" + "a" * 300


def job(number=1, entry=41):
    return Job(id=f"job-{number}", entry=entry, lines=LINES, text=TEXT)


def eventually(true, timeout_s=8.0):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("did not come about in time")


class Bench:
    """A simulated printer, the core's printer thread in front of it, and the paper that came out."""

    def __init__(self, folder):
        self.folder = folder
        self.machine = SimulatedPrinter(folder / "paper")
        self.printer = self.open()

    def open(self):
        return SlipPrinter(
            lambda: BenchPrinter(self.machine, None),
            Begun(self.folder / "begun"),
            Waiting(self.folder / "waiting"),
            SLIP_FONT,
            SLIP_FACE,
        )

    def again(self):
        """The core restarted."""
        self.printer.close()
        self.printer = self.open()

    def status(self):
        return self.printer.status(time.monotonic_ns())

    def phase(self, number=1):
        return {each.job: each.phase for each in self.status().jobs}.get(f"job-{number}")

    def until(self, phase, number=1):
        eventually(lambda: self.phase(number) == phase)

    def paper(self):
        return sorted((self.folder / "paper").glob("slip-*.png")) if (self.folder / "paper").exists() else []


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setattr(printer_lines, "ANSWER_S", 0.1)
    monkeypatch.setattr(printer_lines, "DONE_S", 0.3)
    monkeypatch.setattr(printer_lines, "WRITE_S", 0.3)
    monkeypatch.setattr("firmware_app.service.slips.printing.LOOK_S", 0.05)
    folder = Path(tempfile.mkdtemp(prefix="sp"))
    made = Bench(folder)
    yield made
    made.machine.be_stuck(False)
    made.printer.close()
    shutil.rmtree(folder)


def same_dots(file, png):
    with Image.open(file) as printed, Image.open(png) as drawn:
        return printed.tobytes() == drawn.tobytes()


def test_a_slip_comes_out_as_it_was_drawn(bench, tmp_path):
    bench.printer.submit(job())
    bench.until("printed")

    drawn = tmp_path / "drawn.png"
    drawn.write_bytes(slip_png(LINES, TEXT, SLIP_FONT, SLIP_FACE))
    (printed,) = bench.paper()
    assert same_dots(printed, drawn)
    assert bench.machine.not_understood == 0
    assert bench.status().ready and bench.status().trouble == ""


def test_a_command_that_comes_twice_prints_once(bench):
    assert bench.printer.submit(job())
    assert bench.printer.submit(job())
    bench.until("printed")
    assert bench.printer.submit(job())
    time.sleep(0.2)

    assert len(bench.paper()) == 1


def test_the_second_slip_of_an_entry_says_that_it_is_a_copy(bench, tmp_path):
    bench.printer.submit(job(1))
    bench.until("printed", 1)
    bench.printer.submit(job(2))
    bench.until("printed", 2)

    drawn = tmp_path / "copy.png"
    drawn.write_bytes(slip_png([COPY, "", *LINES], TEXT, SLIP_FONT, SLIP_FACE))
    first, second = bench.paper()
    assert same_dots(second, drawn) and not same_dots(first, drawn)
    assert [each.copy for each in bench.status().jobs] == [False, True]


def test_a_copy_is_still_a_copy_after_a_restart(bench):
    bench.printer.submit(job(1))
    bench.until("printed", 1)
    bench.again()
    bench.printer.submit(job(2))
    bench.until("printed", 2)

    assert [each.copy for each in bench.status().jobs] == [True]


def test_without_paper_a_slip_waits_says_why_and_comes_out_with_the_new_roll(bench):
    bench.machine.put_paper(0)
    eventually(lambda: bench.status().trouble == "paper_out")
    bench.printer.submit(job())
    time.sleep(0.2)
    assert bench.phase() == "waiting"
    assert bench.paper() == []

    bench.machine.put_paper(None)
    bench.until("printed")
    assert [each.copy for each in bench.status().jobs] == [False]
    assert len(bench.paper()) == 1


def test_paper_that_ends_within_a_slip_keeps_it_waiting_and_what_follows_says_copy(bench):
    """Given paper for 60 rows, when a slip is printed, then its torn beginning counts for nothing."""
    bench.machine.put_paper(60)
    bench.printer.submit(job())
    eventually(lambda: bench.status().trouble == "paper_out")
    bench.until("waiting")

    bench.machine.put_paper(None)
    bench.until("printed")
    assert [each.copy for each in bench.status().jobs] == [True]
    with Image.open(bench.paper()[0]) as torn:
        assert torn.height == 60


def test_an_open_cover_keeps_a_slip_waiting_until_it_is_shut(bench):
    bench.machine.open_cover(True)
    eventually(lambda: bench.status().trouble == "cover_open")
    bench.printer.submit(job())
    time.sleep(0.1)
    assert bench.phase() == "waiting"

    bench.machine.open_cover(False)
    bench.until("printed")


def test_a_waiting_slip_can_be_taken_back(bench):
    bench.machine.put_paper(0)
    eventually(lambda: bench.status().trouble == "paper_out")
    bench.printer.submit(job())
    bench.printer.cancel(41)
    assert bench.phase() == "cancelled"

    bench.machine.put_paper(None)
    eventually(lambda: bench.status().ready)
    time.sleep(0.2)
    assert bench.paper() == []


def test_a_printer_pulled_out_is_said_and_found_again(bench):
    eventually(lambda: bench.status().ready)
    bench.machine.plug(False)
    eventually(lambda: bench.status().trouble == "gone")
    bench.printer.submit(job())
    time.sleep(0.1)
    assert bench.phase() == "waiting"

    bench.machine.plug(True)
    bench.until("printed")


def test_a_printer_that_is_stuck_from_the_start_is_sent_to_and_not_believed(bench):
    """A printer that never spoke may be one that cannot: the slip is sent, and only that is said."""
    bench.machine.be_stuck(True)
    bench.again()
    eventually(lambda: bench.status().trouble == "silent")
    bench.printer.submit(job())
    bench.until("sent")


def test_a_printer_that_has_spoken_and_falls_silent_is_entrusted_with_nothing_more(bench):
    eventually(lambda: bench.status().ready)
    bench.machine.be_stuck(True)
    eventually(lambda: bench.status().trouble == "gone")
    bench.printer.submit(job())
    time.sleep(0.3)
    assert bench.phase() == "waiting" and bench.paper() == []

    bench.machine.be_stuck(False)
    bench.until("printed")


def test_a_printer_lost_within_a_slip_leaves_the_decision_to_a_person(bench, monkeypatch):
    eventually(lambda: bench.status().ready)

    def broken(*_args):
        raise PrinterUnavailable("went away")

    monkeypatch.setattr(BenchPrinter, "print_slip", broken)
    bench.printer.submit(job())
    bench.until("unsure")
    monkeypatch.undo()
    time.sleep(0.2)
    assert bench.paper() == []


def test_too_many_slips_are_refused_and_none_is_forgotten(bench):
    bench.machine.put_paper(0)
    eventually(lambda: bench.status().trouble == "paper_out")
    taken = [bench.printer.submit(job(number, entry=number)) for number in range(1, 11)]
    assert taken == [True] * 8 + [False] * 2

    bench.machine.put_paper(None)
    eventually(lambda: len(bench.paper()) == 8)


def test_a_slip_that_cannot_be_drawn_fails_and_holds_nobody_up(bench):
    wide = Job(id="wide", entry=7, lines=("W" * 80,), text=TEXT)
    bench.printer.submit(wide)
    bench.printer.submit(job())
    bench.until("printed")
    assert [each.phase for each in bench.status().jobs] == ["failed", "printed"]


def test_a_driver_that_never_returns_is_told_and_does_not_hold_the_core(tmp_path):
    """Given a driver whose first call never ends, then a look at the state is instant and says "stuck"."""

    class Stuck:
        def state(self):
            time.sleep(3600)

    kept = Begun(tmp_path / "begun"), Waiting(tmp_path / "waiting")
    printer = SlipPrinter(Stuck, *kept, SLIP_FONT, SLIP_FACE)
    time.sleep(0.1)
    began = time.monotonic()
    assert printer.submit(job())
    status = printer.status(time.monotonic_ns() + STUCK_NS)
    assert time.monotonic() - began < 0.05
    assert (status.ready, status.trouble) == (False, "stuck")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_driver_that_breaks_its_contract_is_told_as_stuck(tmp_path):
    def broken():
        raise RuntimeError("no contract foresees this")

    kept = Begun(tmp_path / "begun"), Waiting(tmp_path / "waiting")
    printer = SlipPrinter(broken, *kept, SLIP_FONT, SLIP_FACE)
    eventually(lambda: printer.status(time.monotonic_ns()).trouble == "stuck")
    assert not printer.status(time.monotonic_ns()).ready


@pytest.mark.parametrize("kept", [b"41\n42\n", b"\xff\xfe\n41\n-3\n4x\n42\n7", b"41\n42\n" + b"9" * 400])
def test_a_damaged_list_of_begun_slips_loses_no_whole_line(tmp_path, kept):
    (tmp_path / "begun").write_bytes(kept)
    begun = Begun(tmp_path / "begun")
    assert 41 in begun and 42 in begun and 3 not in begun
    assert 7 not in begun, "the number was torn: it may be the beginning of another"
    begun.add(9)
    assert 9 in Begun(tmp_path / "begun") and 79 not in Begun(tmp_path / "begun")


@pytest.mark.parametrize(
    ("kept", "entries"), [(b"", []), (b"41\n42\n", [41, 42]), (b"\xff\n41\n", [41]), (b"9\n" * 500, [9] * 8)]
)
def test_the_list_of_waiting_slips_is_read_as_far_as_it_goes(tmp_path, kept, entries):
    (tmp_path / "waiting").write_bytes(kept)
    assert Waiting(tmp_path / "waiting").entries() == entries


def test_a_full_disk_keeps_no_slip_back(tmp_path):
    begun = Begun(tmp_path / "nowhere" / "begun")
    begun.add(41)
    assert 41 in begun
