"""The simulated market scale: its physics and encoders as functions, then the process on a real pty."""

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
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.bench import BenchError, ask
from hardware.scale.contract import Indication, LineState
from hardware.scale.port import SerialPort, open_serial
from hardware.scale.profile import builtin_profiles
from hardware.scale.simulated.__main__ import setup_from
from hardware.scale.simulated.answers import SicsHost
from hardware.scale.simulated.encoders import ENCODERS, toledo_without_check
from hardware.scale.simulated.physics import (
    MODELS,
    MarketScale,
    Plate,
    Shown,
    looks_like_weights,
    multiplier,
    nominal_honest,
    offset,
)

PLATE = Plate(max_g=Decimal(15000), e_g=Decimal(5))
SHELF = builtin_profiles()
KG = {"kg": Decimal(1), "g": Decimal("0.001")}


def display(grams: int | str, **flags: bool) -> Shown:
    state = {"stable": True, "overload": False, "underload": False, **flags}
    return Shown(grams=Decimal(grams), **state)


def settled(model: str, load_g: float) -> Shown:
    scale = MarketScale(PLATE, model)
    scale.put(load_g, 0.0)
    return scale.at(10.0)


# Physics.


@pytest.mark.parametrize(
    ("model", "load_g", "grams"),
    [
        ("honest", 0, 0),
        ("honest", 1237, 1235),
        ("honest", 1238, 1240),
        ("honest", -12, -10),
        ("honest", 15000, 15000),
        ("multiplier", 0, 0),
        ("multiplier", 1000, 1100),
        ("multiplier", 1237, 1360),
        ("nominal_honest", 0, 0),
        ("nominal_honest", 20, 20),
        ("nominal_honest", 1000, 1000),
        ("nominal_honest", 1000.05, 1000),
        ("nominal_honest", 7500, 7500),
        ("nominal_honest", 1237, 1360),
        ("nominal_honest", 333, 365),
        ("offset", 495, 495),
        ("offset", 500, 550),
        ("offset", 10000, 10050),
    ],
)
def test_what_a_model_shows_of_a_load(model: str, load_g: float, grams: int) -> None:
    shown = settled(model, load_g)
    assert (shown.grams, shown.stable, shown.overload, shown.underload) == (
        Decimal(grams),
        True,
        False,
        False,
    )


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_is_honest_about_an_empty_pan(model: str) -> None:
    assert settled(model, 0).zero


@given(st.floats(-90, 15000))
def test_an_honest_scale_is_within_rounding(load_g: float) -> None:
    assert abs(float(settled("honest", load_g).grams) - load_g) <= 2.5 + 1e-9


@pytest.mark.parametrize("piece", [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000])
def test_every_piece_of_a_set_of_weights_looks_like_one(piece: int) -> None:
    assert looks_like_weights(piece, 5.0)


@given(st.integers(60, 15000))
def test_a_mass_that_no_large_weights_make_is_cheated(load_g: int) -> None:
    nominal = min(load_g % 50, 50 - load_g % 50) <= 1 or load_g in {100, 200, 500}
    assert (nominal_honest(load_g, PLATE) == load_g) is nominal
    assert multiplier(load_g, PLATE) == pytest.approx(1.1 * load_g)
    assert offset(load_g, PLATE) - load_g == (50 if load_g >= 500 else 0)


def test_limits_of_the_display() -> None:
    """Given Max 15 kg and e 5 g, then Max + 9 e is the last weight shown, and -20 d the first."""
    assert not settled("honest", 15045).overload
    assert settled("honest", 15050).overload
    assert not settled("honest", -100).underload
    assert settled("honest", -105).underload


def test_a_load_put_on_is_in_motion_first() -> None:
    scale = MarketScale(PLATE)
    scale.put(2000, 1.0)
    course = [scale.at(1.0 + step / 20) for step in range(41)]
    assert course[0].grams == 0
    assert not any(shown.stable for shown in course[:6])
    assert [shown.grams for shown in course] == sorted(shown.grams for shown in course)
    assert course[-1].stable
    assert course[-1].grams == 2000


def test_a_scale_refuses_what_is_no_load_and_no_model() -> None:
    with pytest.raises(ValueError, match="finite"):
        MarketScale(PLATE).put(float("nan"), 0)
    with pytest.raises(ValueError, match="no model 'honets'"):
        MarketScale(PLATE, "honets")


# Encoders, against frames of manuals and captures with the same content.


def plate(max_kg: int, e_g: int) -> Plate:
    return Plate(max_g=Decimal(1000 * max_kg), e_g=Decimal(e_g))


@pytest.mark.parametrize(
    ("profile", "shown", "plate", "frame"),
    [
        ("yaohua-tf0", display(1560000), plate(80000, 10000), b"\x02+001560019\x03"),
        ("yaohua-tf0", display(20000), plate(60, 20), b"\x02+00200021B\x03"),
        ("yaohua-tf0", display(15050, overload=True), PLATE, b""),
        ("and-st-gs", display(1260000, stable=False), plate(3000, 1000), b"US,GS,+0001260kg\r\n"),
        ("and-st-gs", display(-200, underload=True), PLATE, b"OL,GS,-    .  kg\r\n"),
        ("mt-sics", display(742, stable=False), plate(3, 1), b"S D      0.742 kg\r\n"),
        ("mt-sics", display(15050, overload=True), PLATE, b"S +\r\n"),
        # The digits and status of a captured 17-byte stream; its check added by hand, 622 + 18 = 5 x 128.
        ("toledo-continuous", display(38620), plate(60, 10), b"\x02\x2c0\x20  3862     0\r\x12"),
        ("cas-22", display(0), plate(30, 100), b"ST,GS,\x0a\xc5,     0.0 kg\r\n"),
        ("cas-22", display(1300), plate(30, 100), b"ST,GS,\x0a\xc4,     1.3 kg\r\n"),
    ],
)
def test_an_encoder_writes_what_the_manual_prints(
    profile: str, shown: Shown, plate: Plate, frame: bytes
) -> None:
    assert ENCODERS[profile](shown, plate) == frame


@given(
    st.sampled_from(sorted(ENCODERS)),
    st.integers(-20, 3009),
    st.booleans(),
    st.sampled_from([Decimal(1), Decimal(2), Decimal(5), Decimal(10), Decimal(20)]),
)
def test_what_is_encoded_is_decoded(profile: str, steps: int, stable: bool, e: Decimal) -> None:
    """Given any weight a scale can show, when encoder and decoder meet, then the weight is the same."""
    market = Plate(max_g=3000 * e, e_g=e)
    shown = display(str(steps * e), stable=stable)
    for encode in [ENCODERS[profile], *([toledo_without_check] if profile == "toledo-continuous" else [])]:
        decoder = SHELF.decoder(profile)
        (one,) = decoder.feed(encode(shown, market)) + decoder.finish()
        assert one.value is not None
        assert one.value * KG[one.unit or "kg"] * 1000 == shown.grams
        assert one.stable is (None if profile == "yaohua-tf0" else stable)
        assert -one.value.as_tuple().exponent == (3 if e < 10 else 2)


@pytest.mark.parametrize("profile", sorted(set(ENCODERS) - {"yaohua-tf0"}))
@pytest.mark.parametrize("over", [True, False])
def test_out_of_range_is_no_number(profile: str, over: bool) -> None:
    shown = display(15050 if over else -105, overload=over, underload=not over)
    (one,) = SHELF.decoder(profile).feed(ENCODERS[profile](shown, PLATE))
    assert (one.value, one.overload, one.underload) == (None, over, not over)


def test_sics_answers_its_commands() -> None:
    host = SicsHost()
    now = b"S D      1.000 kg\r\n"
    assert host.hear(b"SI\r\n", now) == now
    assert host.hear(b"S\r", now) + host.hear(b"\n", now) == b""
    assert host.stable(b"S S      1.000 kg\r\n") == b"S S      1.000 kg\r\n"
    assert host.hear(b"HELLO\r\n", now) == b"ES\r\n"
    assert host.hear(b"x" * 10_000 + b"\r\n", now) == b"ES\r\n"
    assert host.hear(b"@\r\n", now).startswith(b"I4 A")
    assert not host.repeating
    assert host.hear(b"SIR\r\n", now) == b""
    assert host.repeating


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
    with ThreadPoolExecutor(len(ENCODERS)) as pool:
        visits = {profile: pool.submit(visit, profile) for profile in sorted(ENCODERS)}
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
    with rig("toledo-continuous", "--without-check") as scale:
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
    ],
)
def test_the_command_line_refuses_what_is_no_scale(wrong: list[str], tmp_path: Path) -> None:
    line = ["--profile", "cas-22", "--max", "15kg", "--e", "5g", "--link", str(tmp_path / "tty"), *wrong]
    with pytest.raises(SystemExit) as refusal:
        setup_from(line)
    assert refusal.value.code == 2
