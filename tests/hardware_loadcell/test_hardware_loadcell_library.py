"""The process that runs the package hx711: started, hung, lying, killed and replaced; all in real time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from hardware.loadcell import library, library_child, library_process
from hardware.loadcell.clock import SECOND, MonotonicClock
from hardware.loadcell.contract import BadOption, DriverUnavailable, Fault, LoadCellError
from hardware.loadcell.library_process import Failed, Opened, Read, Word

SIMULATED = """
    import sys, random
    from hardware.loadcell import library_process, rpigpio_fake
    from hardware.loadcell.simulated_chip import ChipFault, ScheduledFault, SimulatedChip
    noise = random.Random(1)
    clock = rpigpio_fake.PacedClock()
    begun = clock.now_ns()
    faults = [ScheduledFault(begun + at, ChipFault(name)) for at, name in {faults}]
    chip = SimulatedChip(lambda *_: 84000 + noise.gauss(0, 20), lambda: 95_200_000,
                         first_ready_ns=begun + 10_000_000, faults=faults)
    board = rpigpio_fake.install(chip, clock)
    sys.exit(library_process.main(["--dout", "5", "--sck", "6", "--gain", "128"]))
"""


def child_of(code: str, **words) -> list[str]:
    """The command of a child that runs ``code``."""
    return [sys.executable, "-c", textwrap.dedent(code).format(**words)]


@pytest.fixture
def driver():
    cells = []

    def opened(*commands: list[str]) -> library.LibraryLoadCell:
        """A driver whose children run these commands, the last one again and again."""
        waiting = list(commands)

        def start() -> library_child.ChildProcess:
            return library_child.ChildProcess(waiting.pop(0) if len(waiting) > 1 else waiting[0])

        cells.append(library.LibraryLoadCell(start, MonotonicClock(), library.LibraryOptions()))
        return cells[-1]

    yield opened
    for cell in cells:
        cell.close()


def read_until(cell, want, timeout_s: float = 15.0):
    """The first sample that ``want`` accepts; every read has answered within a second."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        begun = time.monotonic()
        sample = cell.read()
        assert time.monotonic() - begun < 1.0 + 0.5  # half a second for a machine that others use too
        if want(sample):
            return sample
    raise AssertionError("the driver did not say it")


def is_sound(sample) -> bool:
    return not sample.faults


def test_package_as_installed_reads_the_simulated_chip_in_real_time(driver):
    cell = driver(child_of(SIMULATED, faults=[]))

    sample = read_until(cell, is_sound)

    assert sample.counts == pytest.approx(84_000, abs=200)
    assert abs(time.monotonic_ns() - sample.at_ns) < SECOND
    assert cell.replaced == 0


def test_cable_pulled_is_said_within_a_second_and_the_loop_of_the_package_goes_on_behind_it(driver):
    cell = driver(child_of(SIMULATED, faults=[(4 * SECOND, "unplug")]))
    last = read_until(cell, is_sound)

    gone = read_until(cell, lambda sample: sample.faults == (Fault.DISCONNECTED,))

    assert gone.counts is None
    assert gone.at_ns - last.at_ns < 5 * SECOND
    # the package looks again and again by itself: its process is alive and needs no other
    assert cell.replaced == 0


HANGS = """
    import os, sys, time
    os.write(1, {first!r})
    time.sleep(3600)
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import sys; sys.exit(7)", id="ends at once"),
        pytest.param("import os; os.write(1, b'0.0\\n' * 3)", id="speaks no report"),
        pytest.param("import os\nwhile True: os.write(1, b'x' * 4096)", id="never ends a line"),
        pytest.param('import os\nos.write(1, b\'{{"type":"read"}}\\n\')', id="leaves fields out"),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", id="crashes"),
    ],
)
def test_child_that_fails_is_replaced_by_one_that_works(driver, code):
    cell = driver(child_of(code), child_of(SIMULATED, faults=[]))

    assert read_until(cell, lambda _: True).faults
    read_until(cell, is_sound)

    assert cell.replaced == 1


def test_child_that_hangs_is_ended_and_replaced(driver):
    opened = library_process.encode(Opened(time.monotonic_ns()))
    cell = driver(child_of(HANGS, first=opened), child_of(SIMULATED, faults=[]))
    begun = time.monotonic()

    read_until(cell, is_sound)

    assert cell.replaced == 1
    assert time.monotonic() - begun > library.HANG_NS / SECOND


def test_report_from_the_future_is_no_report(driver):
    ahead_ns = time.monotonic_ns() + 3600 * SECOND
    lie = library_process.encode(
        Read(ahead_ns - 9, ahead_ns - 5, ahead_ns, 5, Word.SAID_NOTHING, False, False)
    )
    cell = driver(child_of(HANGS, first=lie), child_of(SIMULATED, faults=[]))

    read_until(cell, is_sound)

    assert cell.replaced == 1


def test_pause_between_children_grows_while_none_works(driver):
    cell = driver(child_of("import sys; sys.exit(1)"))
    until = time.monotonic() + 4.0

    while time.monotonic() < until:
        assert cell.read().faults == (Fault.DISCONNECTED,)

    assert 2 <= cell.replaced <= 6


def test_what_keeps_the_package_from_running_is_said_and_not_tried_for_ever(driver):
    words = "hx711 cannot be imported (no RPi.GPIO)"
    late = "import os, time; time.sleep(1.5); os.write(1, {first!r}); time.sleep(3600)"
    said = library_process.encode(Failed(words))

    with pytest.raises(DriverUnavailable, match="cannot be imported"):
        driver(child_of(HANGS, first=said))
    with pytest.raises(DriverUnavailable, match="cannot be imported"):
        read_until(driver(child_of(late, first=said)), is_sound)


def test_machine_without_rpi_gpio_is_told_what_to_install():
    with pytest.raises(DriverUnavailable, match=r"pip install RPi\.GPIO"):
        read_until(library.open_driver({}), is_sound)


def test_child_ends_with_its_parent_even_when_that_is_killed():
    code = """
        import sys, time
        from hardware.loadcell import library_child
        child = library_child.ChildProcess([sys.executable, "-c", {child!r}])
        print(child._process.pid, flush=True)
        time.sleep(3600)
    """
    parent = subprocess.Popen(
        child_of(code, child=child_of(SIMULATED, faults=[])[2]), stdout=subprocess.PIPE, text=True
    )
    child_id = int(parent.stdout.readline())
    time.sleep(1.0)
    parent.kill()
    parent.communicate()

    until = time.monotonic() + 10
    while time.monotonic() < until and _runs(child_id):
        time.sleep(0.05)

    assert not _runs(child_id)


def _runs(process_id: int) -> bool:
    try:
        with open(f"/proc/{process_id}/stat", encoding="ascii") as stat:  # noqa: PTH123
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_close_ends_the_child_and_reading_on_is_refused(driver):
    cell = driver(child_of(SIMULATED, faults=[]))
    read_until(cell, is_sound)
    child_id = cell._child._process.pid

    cell.close()
    cell.close()

    with pytest.raises(ProcessLookupError):
        os.kill(child_id, signal.SIGCONT)
    with pytest.raises(LoadCellError, match="closed"):
        cell.read()


def test_package_whose_words_are_not_known_is_refused(monkeypatch):
    said = []
    monkeypatch.setattr(library_process, "version", lambda _: "2.0")

    assert library_process.run(5, 6, 128, said.append) == library_process.CANNOT_START
    assert "pip install hx711==1.1.2.3" in said[0].words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clock_gpio": 6}, "they are two pins"),
        ({"rate_hz": "80"}, "would mix two of them"),
        ({"data_gpio": 40}, "data_gpio"),
        ({"pin": 5}, "no option 'pin'"),
        ({"gain": 100}, "gain"),
    ],
)
def test_wrong_options_are_refused_with_a_reason(options, words):
    with pytest.raises(BadOption, match=words):
        library.check_options(options)


def test_driver_says_why_no_verdict_may_rest_on_it():
    assert "wrong value" in library.LibraryLoadCell.unfit
