"""The simulated market scale as a process: on a real pty, read through the real port."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from hardware.bench import BenchError, ask
from hardware.scale.contract import Indication, Kind, LineState
from hardware.scale.port import SerialPort, open_serial
from hardware.scale.profile import builtin_profiles
from hardware.scale.simulated.__main__ import setup_from

SHELF = builtin_profiles()
PROFILES = ("and-st-gs", "cas-22", "mt-sics", "toledo-continuous", "yaohua-tf0")
"""Five that differ in what they can say; test_hardware_scale_simulated_lines.py tries every protocol."""


# The process, on a real pty, read through the real port.


class Rig:
    """A running simulated scale, its port and decoder."""

    def __init__(self, profile: str, folder: Path, *more: str) -> None:
        self.link, self.bench = folder / "tty", folder / "bench"
        line = ["--profile", profile, "--max", "15kg", "--e", "5g", "--rate-hz", "50"]
        line += ["--link", str(self.link), "--bench", str(self.bench), *more]
        self.process = subprocess.Popen([sys.executable, "-m", "hardware.scale.simulated", *line])
        self.port: SerialPort = open_serial({"port": str(self.link)})
        self.decoder = SHELF.decoder(profile)

    def ask(self, **wishes: object) -> None:
        ask(self.bench, **wishes)

    def until(self, fits: Callable[[Indication], bool], seconds: float = 10.0) -> Indication:
        end, last = time.monotonic() + seconds, None
        while time.monotonic() < end:
            data = self.port.read(0.2)
            if self.port.state is not LineState.OPEN:
                self.decoder.reset()
            for last in self.decoder.feed(data, time.monotonic_ns()):
                if fits(last):
                    return last
        raise AssertionError(f"not within {seconds} s; last: {last}")

    def shows(self, kilograms: str) -> Indication:
        return self.until(lambda one: str(one.value) == kilograms and one.stable is not False)

    def close(self) -> None:
        self.port.close()
        self.process.terminate()
        assert self.process.wait(5) == 0


@contextmanager
def rig(profile: str, *more: str) -> Iterator[Rig]:
    folder = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    running = Rig(profile, folder, *more)
    try:
        yield running
        running.close()
        assert list(folder.iterdir()) == [], "the link and the bench are removed at the end"
    finally:
        running.process.kill()
        running.process.wait(5)
        shutil.rmtree(folder)


def all_at_once(visit: Callable[[str], None]) -> None:
    """The visit of every profile, side by side: a visit is mostly waiting for a scale to settle."""
    with ThreadPoolExecutor(len(PROFILES)) as pool:
        visits = {profile: pool.submit(visit, profile) for profile in PROFILES}
    failed = {profile: each.exception() for profile, each in visits.items() if each.exception()}
    assert not failed


def test_a_visit_with_every_model() -> None:
    """Given a scale on a pty, when loads and models change, then the port tells what the display shows."""
    all_at_once(visit_with_every_model)


def visit_with_every_model(profile: str) -> None:
    with rig(profile) as scale:
        scale.shows("0.000")
        scale.ask(load_g=1237.0)
        one = scale.shows("1.235")
        assert one.stable is (None if profile == "yaohua-tf0" else True)
        scale.ask(model="multiplier")
        scale.shows("1.360")
        scale.ask(model="offset")
        scale.shows("1.285")
        scale.ask(model="nominal_honest")
        scale.shows("1.360")
        scale.ask(load_g=1000.0)
        scale.shows("1.000")
        scale.ask(model="honest", load_g=-10.0)
        scale.shows("-0.010")
        scale.ask(load_g=15050.0)
        if profile != "yaohua-tf0":
            assert scale.until(lambda one: one.overload).value is None
            scale.ask(load_g=-200.0)
            assert scale.until(lambda one: one.underload).value is None


def test_motion_is_told_where_the_protocol_tells_it() -> None:
    all_at_once(visit_in_motion)


def visit_in_motion(profile: str) -> None:
    with rig(profile) as scale:
        scale.shows("0.000")
        scale.ask(load_g=2000.0)
        moving = scale.until(lambda one: one.stable is not True)
        assert moving.stable is (None if profile == "yaohua-tf0" else False)
        scale.shows("2.000")


def test_the_form_without_check_is_read_too() -> None:
    with rig("toledo-continuous", "--variant", "without-check") as scale:
        scale.ask(load_g=1235.0)
        assert len(scale.shows("1.235").raw) == 17


def test_unplugged_and_plugged_in_again() -> None:
    """Given a stream, when the line is pulled and comes back, then LOST is told and the stream goes on."""
    with rig("yaohua-tf0") as scale:
        scale.ask(load_g=500.0)
        scale.shows("0.500")
        for _ in range(2):
            scale.ask(plugged=False)
            assert not scale.link.is_symlink()
            end = time.monotonic() + 5
            while scale.port.state is not LineState.LOST and time.monotonic() < end:
                scale.port.read(0.1)
            assert scale.port.state is LineState.LOST
            assert scale.port.read(0.05) == b""
            assert scale.port.why
            scale.ask(plugged=True)
            scale.shows("0.500")
            assert scale.port.state is LineState.OPEN


def test_keys_hands_and_places_reach_the_model() -> None:
    """Given a hidden mode, when PIN and key are pressed, then it acts, and power takes it away again."""
    with rig("and-st-gs") as scale:
        scale.ask(model="plu_multiplier", load_g=500.0)
        scale.shows("0.500")
        scale.ask(press=["9", "5", "2", "7", "M5"])
        scale.shows("0.625")
        scale.ask(powered=False)
        scale.ask(powered=True)
        scale.shows("0.500")
        scale.ask(model="remote_jump")
        scale.shows("0.500")
        scale.ask(remote=True)
        scale.shows("0.600")
        scale.ask(model="worn", load_g=0.0)
        scale.shows("0.000")
        scale.ask(load_g=5000.0)
        scale.shows("5.005")
        scale.ask(position="front_left")
        scale.shows("5.020")
        scale.ask(model="honest", press="tare")
        scale.shows("5.000")
        scale.ask(press="tare")
        assert scale.shows("0.000").kind is Kind.NET


def test_switched_off_nothing_comes_but_the_line_is_there() -> None:
    with rig("and-st-gs") as scale:
        scale.shows("0.000")
        scale.ask(powered=False)
        while scale.port.read(0.2):
            pass
        assert scale.port.read(0.3) == b""
        assert scale.port.state is LineState.OPEN
        scale.ask(powered=True)
        scale.shows("0.000")


def test_sics_asked_over_the_line() -> None:
    with rig("mt-sics") as scale:
        scale.shows("0.000")
        scale.port.write(b"@\r\n")
        assert scale.until(lambda one: one.answer is not None).answer == '"SIM0001"'
        while scale.port.read(0.2):
            pass
        scale.port.write(b"S\r\n")
        assert scale.until(lambda one: one.value is not None).stable
        scale.port.write(b"NONSENSE\r\n")
        assert scale.until(lambda one: one.error is not None).error == "syntax"


def test_a_scale_nobody_reads_does_not_stop() -> None:
    """Given more frames than a pty holds, when somebody comes at last, then what is shown now is read."""
    with rig("cas-22", "--rate-hz", "100") as scale:
        scale.port.close()
        scale.ask(load_g=1000.0)
        time.sleep(0.6)
        scale.ask(load_g=2000.0)
        time.sleep(1.6)  # 220 frames of 22 bytes are more than the 4 KiB a pty holds
        scale.port = open_serial({"port": str(scale.link)})
        first = scale.until(lambda one: one.value is not None)
        assert str(first.value) == "2.000"


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"load_g": "much"}, "number of grams"),
        ({"load_g": True}, "number of grams"),
        ({"model": "hones"}, "no model"),
        ({"powered": 1}, "true or false"),
        ({"remote": "held"}, "true or false"),
        ({"position": "under the table"}, "no position"),
        ({"press": 7}, "a key or a list"),
        ({"press": ["7"] * 33}, "a key or a list"),
        ({"press": "\u0007"}, "no key"),
        ({"weight": 5}, "unknown"),
    ],
)
def test_the_bench_refuses_what_it_cannot_do(bench_rig: Rig, wish: dict[str, object], complaint: str) -> None:
    with pytest.raises(BenchError, match=complaint):
        bench_rig.ask(**wish)


@pytest.fixture(scope="module")
def bench_rig() -> Iterator[Rig]:
    with rig("yaohua-tf0") as scale:
        yield scale


def test_ended_by_a_signal_within_a_second() -> None:
    with rig("yaohua-tf0") as scale:
        scale.shows("0.000")
        began = time.monotonic()
        os.kill(scale.process.pid, signal.SIGTERM)
        assert scale.process.wait(5) == 0
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "wrong",
    [
        ["--max", "15"],
        ["--max", "0kg"],
        ["--e", "20kg"],
        ["--rate-hz", "0"],
        ["--rate-hz", "x"],
        ["--model", "x"],
        ["--profile", "x"],
        ["--variant", "x"],
        ["--profile", "fairbanks-6011"],
    ],
)
def test_the_command_line_refuses_what_is_no_scale(wrong: list[str], tmp_path: Path) -> None:
    line = ["--profile", "cas-22", "--max", "15kg", "--e", "5g", "--link", str(tmp_path / "tty"), *wrong]
    with pytest.raises(SystemExit) as refusal:
        setup_from(line)
    assert refusal.value.code == 2
