"""`steelyard hardware check` and `corners` as whoever stands at the bench uses them."""

from __future__ import annotations

import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from firmware_app.cli.hardware.corners import PLACES, guided
from firmware_app.cli.main import app
from firmware_app.cli.samples import from_driver
from firmware_app.weighing.corner_file import less_empty, parse, write
from firmware_app.weighing.corners import BadCornerTest, CornerReading, corner_test
from hardware import bench
from hardware.loadcell.alignment import Aligner
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import BridgeInfo, Fault, Sample, StreamMessage
from hardware.loadcell.simulated import SimulatedOptions
from hardware.loadcell.simulated_platform import Platform, shares

LOAD_G = 5000.0
PLATFORM = ("--driver", "bridges", "--option", "driver=simulated")
AT = {
    "middle": [0, 0],
    "front left": [-0.5, -0.5],
    "back left": [-0.5, 0.5],
    "back right": [0.5, 0.5],
    "front right": [0.5, -0.5],
}


def hardware(*arguments: str, **more) -> Result:
    return CliRunner().invoke(app, ["hardware", *arguments], **more)


@pytest.fixture
def short_dir():
    path = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    yield path
    shutil.rmtree(path)


# ------------------------------------------------------------------------------------------ check


def test_a_sound_simulated_cell_leaves_with_0():
    result = hardware("check", "--driver", "simulated", "--seconds", "2", "--json")

    told = json.loads(result.stdout)
    levels = {each["what"]: each["level"] for each in told["findings"]}
    # a machine that is busy with other tests may miss a conversion, and that is told truly
    levels.pop("missed conversions")
    assert set(levels.values()) <= {"good", "not_judged"}, result.output
    assert result.exit_code == (1 if told["level"] == "bad" else 0)
    assert {"what", "level", "figure", "value", "limit", "source", "words"} == set(told["findings"][0])
    assert 100 < told["samples"] < 180


def test_a_noisy_cell_leaves_with_1_and_the_remedy():
    result = hardware("check", "--driver", "simulated", "--seconds", "2", "--option", "noise=10")

    assert result.exit_code == 1
    assert "✗ bad" in result.stdout
    assert "shield to ground" in result.stdout


def test_four_corners_say_what_their_driver_knows():
    result = hardware("check", *PLATFORM, "--seconds", "2")

    assert "corners 1 … 4 convert" in result.stdout
    assert "counts rms" in next(
        line for line in result.stdout.splitlines() if "noise" in line and "corner" in line
    )


def test_an_unplugged_cell_leaves_with_1(short_dir):
    path = short_dir / "b.ipc"

    def pull():
        time.sleep(0.3)
        bench.ask(path, plugged=False)

    puller = threading.Thread(target=pull)
    puller.start()
    result = hardware("check", "--driver", "simulated", "--seconds", "2", "--option", f"bench={path}")
    puller.join()

    assert result.exit_code == 1
    assert "is the plug in" in result.stdout


def test_a_dead_recording_is_called_bad(tmp_path):
    file = tmp_path / "dead.csv"
    file.write_text("t_s,counts\n" + "".join(f"{n * 0.095:.3f},0\n" for n in range(300)))

    result = hardware("check", "--replay", str(file))

    assert result.exit_code == 1
    assert "four wires" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "one of --driver"),
        (("--driver", "spi", "--replay", "x.csv"), 2, "one of --driver"),
        (("--driver", "spy"), 2, "did you mean 'spi'"),
        (("--driver", "simulated", "--option", "noise"), 2, "KEY=VALUE"),
        (("--driver", "simulated", "--option", "noise=x"), 2, "noise"),
        (("--driver", "simulated", "--seconds", "0"), 2, "seconds"),
        (("--replay", "nowhere.csv"), 3, "nowhere.csv"),
        (("--run-dir", "/nowhere"), 3, "does the sampler run"),
    ],
)
def test_wrong_use_and_absent_devices_have_their_codes(arguments, code, words):
    result = hardware("check", *arguments)

    assert result.exit_code == code, result.output
    assert words in result.output


# ------------------------------------------------------------------------------------------ corners


def on_the_plate(press) -> Callable[[str], None]:
    """Does what the guided test asks for."""

    def do(words: str) -> None:
        place = next((place for place in PLACES if place in words), None)
        if place is None:
            press(load_g=0)
        else:
            press(load_g=LOAD_G, position=AT[place])

    return do


class VirtualPlate:
    """A simulated platform without threads: the corner that is behind reads next."""

    def __init__(self, seed: int, trims=(1.0,) * 4) -> None:
        self.clocks = [VirtualClock(SECOND) for _ in range(4)]
        self.platform = Platform([SimulatedOptions(seed=seed)] * 4, self.clocks)
        self.aligner = Aligner(trims, 80.0)

    def messages(self) -> Iterator[StreamMessage]:
        yield BridgeInfo("pan", "bridges", 80.0, 128, "", 0)
        while True:
            corner = min(range(4), key=lambda n: self.clocks[n].now_ns())
            yield from self.aligner.feed(corner, self.platform.cells[corner].read())

    def press(self, load_g, position=(0, 0)) -> None:
        self.platform.move(list(position))
        self.platform.put(load_g)

    def now_ns(self) -> int:
        return max(clock.now_ns() for clock in self.clocks)


def test_a_guided_test_of_a_simulated_platform_trims_it_below_a_tenth_of_d():
    """15 kg, d = 5 g: before it the corners differ by grams, after it by less than half a gram."""
    plate = VirtualPlate(seed=7)
    rows = guided(plate.messages(), on_the_plate(plate.press), plate.now_ns)

    test = corner_test(less_empty(rows, "test"), LOAD_G)

    assert test.largest_before_g > 20
    assert test.largest_after_g <= 0.1 * 5
    assert test.standard is not None
    for trim, u, true in zip(test.trims, test.standard, plate.platform.sensitivities, strict=True):
        assert trim * true / (test.trims[0] * plate.platform.sensitivities[0]) == pytest.approx(1, abs=5 * u)

    # and a load at places that were not tried weighs the same by the trimmed stream
    again = VirtualPlate(7, test.trims)
    summed = []
    for position in ([0.9, 0.9], [-0.8, 0.3]):
        again.press(0)
        empty = settled(again)
        again.press(LOAD_G, position)
        summed.append(settled(again) - empty)
    assert (max(summed) - min(summed)) / test.counts_per_gram / 2 <= 0.1 * 5


def settled(plate: VirtualPlate) -> float:
    """Mean of two seconds that begin a second from now."""
    begun = plate.now_ns()
    counts = []
    for message in plate.messages():
        if isinstance(message, Sample) and message.counts is not None and message.at_ns > begun + SECOND:
            counts.append(message.counts)
            if message.at_ns > begun + 3 * SECOND:
                return statistics.fmean(counts)
    raise AssertionError("the stream ended")


@pytest.mark.slow
def test_the_guided_test_in_real_time_over_the_bench(short_dir):
    """Four threads, four chips, one bench socket."""
    path = short_dir / "b.ipc"
    do = on_the_plate(lambda **wishes: bench.ask(path, **wishes))

    rows = guided(from_driver("bridges", ["driver=simulated", "seed=7", f"bench={path}"]), do)

    assert corner_test(less_empty(rows, "test"), LOAD_G).largest_after_g <= 0.5


def rows_of(sensitivity=(300.0, 306.0, 297.0, 299.0), load=LOAD_G):
    rows = [CornerReading("empty", (84_000.0, 83_000.0, 85_000.0, 84_500.0), 4.0)]
    for place, at in AT.items():
        counts = [
            z + s * w * load for z, s, w in zip(rows[0].counts, sensitivity, shares(4, at), strict=True)
        ]
        rows.append(CornerReading(place, tuple(counts), 4.0))
    return rows


def test_a_file_gives_the_trims_as_options_of_the_driver(tmp_path):
    file = tmp_path / "corners.csv"
    file.write_text(write(rows_of(), "test"))

    people = hardware("corners", str(file), "--load", "5kg", "--max", "15kg", "--e", "5g")
    program = hardware("corners", str(file), "--load", "5kg", "--max", "15kg", "--e", "5g", "--json")

    assert people.exit_code == 0, people.output
    assert "[pan.options]" in people.stdout
    assert "trim_4 = 1.00" in people.stdout
    told = json.loads(program.stdout)
    assert told["eccentricity"]["wanted_load_g"] == "5000.0"
    assert told["eccentricity"]["limit_g"] == "5"
    assert told["eccentricity"]["holds_before"] is False
    assert told["eccentricity"]["holds_after"] is True
    assert sum(told["options"].values()) == pytest.approx(4, abs=1e-5)


def test_only_the_sum_is_wired(tmp_path):
    file = tmp_path / "sum.csv"
    file.write_text("place,counts\nempty,100\nmiddle,375100\nfront left,376000\nback right,374000\n")

    result = hardware("corners", str(file), "--load", "5kg", "--max", "15kg", "--e", "5g")

    assert result.exit_code == 1
    assert "no program can trim" in result.stdout
    assert "not held" in result.stdout


def test_a_load_that_is_no_third_of_max_gets_no_verdict(tmp_path):
    file = tmp_path / "corners.csv"
    file.write_text(write(rows_of(load=2000.0), "test"))

    result = hardware("corners", str(file), "--load", "2kg", "--max", "15kg", "--e", "5g")

    assert result.exit_code == 0
    assert "no verdict on eccentricity: the clause asks for 5" in result.stdout


HEAD = "place,corner_1,corner_2\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("x,y\n1,2\n", "header"),
        ("place,corner_2,corner_1\n", "header"),
        (HEAD + "empty,1\n", "2 columns where|columns where the header has 3"),
        (HEAD + "empty,1,2\nmiddle,x,2\n", ":3: 'x' is no count"),
        (HEAD + "empty,1,2\nmiddle,nan,2\n", "no count"),
        (HEAD + "empty,1,2\nmiddle,1e12,2\n", "no count"),
        (HEAD + "middle,1,2\n", "no row 'empty'"),
        (HEAD + "empty,1,2\n,1,2\n", "say where"),
        (HEAD + "empty,1,2\n" + "a,5,6\n" * 300, "more than 200"),
        ("\x00" * 10, "header"),
    ],
)
def test_a_file_that_is_none_is_refused_by_line(text, words, tmp_path):
    with pytest.raises(BadCornerTest, match=words):
        parse(text.encode(), "f.csv")
    file = tmp_path / "f.csv"
    file.write_text(text)
    assert hardware("corners", str(file), "--load", "5kg").exit_code == 2


def test_bytes_that_are_no_text_and_files_too_long_are_refused():
    for data, words in [(b"\xff\xfe\x00", "UTF-8"), (b"a" * 70_000, "more than")]:
        with pytest.raises(BadCornerTest, match=words):
            parse(data, "f.csv")


def test_what_is_written_is_read_back():
    rows = rows_of()

    for read, kept in zip(parse(write(rows, "a remark").encode(), "f"), less_empty(rows, "f"), strict=True):
        assert read.place == kept.place
        assert read.counts == pytest.approx(kept.counts, abs=2e-3)
        assert read.standard == pytest.approx(kept.standard, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--load", "5kg"), "either --run-dir DIR or --driver NAME"),
        (("--load", "5"), "unit"),
        (("--load", "5kg", "--max", "15kg", "--driver", "x"), "give --max and --e together"),
        (("x.csv", "--load", "5kg", "--driver", "spi"), "not both"),
    ],
)
def test_wrong_use_of_corners(arguments, words):
    result = hardware("corners", *arguments)

    assert result.exit_code == 2
    assert words in result.output


def test_a_plate_that_never_rests_ends_the_guided_test_with_the_reason():
    def forever():
        yield BridgeInfo("x", "x", 80.0, 128, "", 0)
        begun = time.monotonic_ns()
        for n in range(6000):
            yield Sample(begun + n * 12_500_000, None, (Fault.DISCONNECTED,))

    with pytest.raises(BadCornerTest, match=r"did not come to rest within 60 s \(disconnected"):
        guided(forever(), lambda words: None)


# ------------------------------------------------------------------------------------------ weigh


def test_weigh_follows_four_corners_and_loses_the_weight_with_one_of_them(short_dir):
    """As a program of its own: a load put on is weighed, a corner's plug pulled ends it within a second."""
    path = short_dir / "b.ipc"
    asked = ["weigh", *PLATFORM, "--option", f"bench={path}", "--counts-per-gram", "75", "--json"]
    weigh = subprocess.Popen(
        [sys.executable, "-m", "firmware_app.cli.main", *asked], stdout=subprocess.PIPE, text=True
    )
    lines = iter(weigh.stdout.readline, "")
    try:
        events = (json.loads(line) for line in lines)
        next(e for e in events if e["event"] == "reading" and e["stable"])
        bench.ask(path, load_g=1000, position=[0.5, -0.5])
        found = next(e for e in events if e["event"] == "reading" and e["stable"] and e["mass_g"] > 500)
        # untrimmed cells of ±3 %, the load above one of them
        assert found["mass_g"] == pytest.approx(1000, abs=30)

        bench.ask(path, plugged_corner=-4)
        pulled = time.monotonic()
        next(e for e in events if e["event"] == "fault" and e["fault"] == "disconnected")
        assert time.monotonic() - pulled < 3  # a second, and what a busy machine adds
    finally:
        weigh.send_signal(signal.SIGINT)
        weigh.stdout.close()
        assert weigh.wait(10) in (0, 3)


def test_weigh_takes_one_source_only():
    result = CliRunner().invoke(app, ["weigh", "--driver", "simulated", "--replay", "x.csv"])

    assert result.exit_code == 2
    assert "one of --replay, --run-dir and --driver" in result.output


def test_check_listens_to_a_sampler_of_four_corners(short_dir):
    asked = ["--driver", "bridges", "--run-dir", str(short_dir), "--option", "driver=simulated"]
    sampler = subprocess.Popen(
        [sys.executable, "-m", "hardware.loadcell.sampler", *asked], stderr=subprocess.PIPE, text=True
    )
    try:
        assert "bridges is open" in sampler.stderr.readline()
        result = hardware("check", "--run-dir", str(short_dir), "--seconds", "2", "--json")
    finally:
        sampler.terminate()
        assert sampler.wait(5) == 0

    found = {each["what"]: each for each in json.loads(result.stdout)["findings"]}
    assert found["noise"]["figure"].startswith("corner ")
    assert found["after power-up"]["level"] == "not_judged"
