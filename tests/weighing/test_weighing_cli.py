"""`steelyard weigh` as a program and a person see it."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from typer.testing import CliRunner, Result
from weighing_data import HX711, bridge_stream, coffee, need, rocket, write_recording

from firmware_app.cli import weigh as command
from firmware_app.cli.main import app
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import PanFault, Reading
from hardware.loadcell.contract import BridgeInfo, Fault, Sample, encode


def weigh(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["weigh", *arguments])


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def rows(stream: list[Sample]) -> list[tuple[float, float]]:
    return [(s.at_ns / 1e9, s.counts) for s in stream if s.counts is not None]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """20 s at 80 a second: empty, then 500 g at 100 counts a gram."""
    stream = bridge_stream(lambda t: 50_000.0 if t > 8 else 0.0, 20, rate=83.0, sigma=40.0, start_s=0.0)
    return write_recording(rows(stream), tmp_path / "two_loads.csv")


def test_a_replay_for_programs(recording: Path) -> None:
    result = weigh("--replay", str(recording), "--counts-per-gram", "100", "--json")

    told = lines(result)
    shown = [line for line in told if line["event"] == "reading"]
    assert result.exit_code == 0, result.output
    assert set(shown[0]) == {"event", "t_s", "mass_g", "u_g", "stable"}
    assert shown[0]["stable"] is True
    assert [line["t_s"] for line in shown] == sorted(line["t_s"] for line in shown)  # type: ignore[type-var]
    for start in range(20):
        assert len([1 for line in shown if start <= float(str(line["t_s"])) < start + 1]) <= 21
    assert float(str(shown[-1]["mass_g"])) == pytest.approx(500.0, abs=1.0)
    fault = next(line for line in told if line["event"] == "fault")
    assert set(fault) == {"event", "t_s", "fault", "dropped_t_s"}
    assert told[-1] == {"event": "summary", "samples": 1660, "released": 1654, "faults": {"settling": 5}}


def test_a_replay_for_people(recording: Path) -> None:
    result = weigh("--replay", str(recording), "--counts-per-gram", "100")

    assert result.exit_code == 0
    plateaus = [line for line in result.stdout.splitlines() if "stable" in line]
    assert "g ±" in plateaus[0]
    assert any(figure in plateaus[-1] for figure in ("499.", "500\u00a0g", "500."))
    assert "1660 samples, 1654 released, 5 settling" in result.stdout


def test_a_known_zero_and_a_calibration_file(recording: Path, tmp_path: Path) -> None:
    file = tmp_path / "pan.toml"
    file.write_text(
        'counts_per_gram = 100.0\nrelative_standard_uncertainty = 1e-4\nid = "x"\ncapacity_g = 3000\n'
        'resolution_g = 1\nat = "2025-05-01T09:00:00+08:00"\nsource = "x"\n'
    )
    result = weigh("--replay", str(recording), "--calibration", str(file), "--zero", "-10000", "--json")

    last = [line for line in lines(result) if line["event"] == "reading"][-1]
    assert float(str(last["mass_g"])) == pytest.approx(600.0, abs=1.0)
    assert float(str(last["u_g"])) > 0.06


def test_a_dead_sensor_leaves_with_three_and_ends_in_a_fault(tmp_path: Path) -> None:
    file = write_recording([(i * 0.095, 0.0) for i in range(300)], tmp_path / "dead.csv")

    result = weigh("--replay", str(file), "--counts-per-gram", "1", "--json")

    told = lines(result)
    assert result.exit_code == 3
    assert {line["event"] for line in told} == {"fault", "summary"}
    assert told[-2]["fault"] == "flatline"
    assert told[-1]["released"] == 0
    assert "dead" in weigh("--replay", str(file), "--counts-per-gram", "1").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--counts-per-gram", "0"], "counts/g"),
        ([], "--counts-per-gram N or --calibration FILE"),
        (["--counts-per-gram", "1", "--zero", "soon"], "first-stable"),
        (["--counts-per-gram", "1", "--zero", "nan"], "first-stable"),
        (["--counts-per-gram", "1", "--calibration", "x.toml"], "not both"),
    ],
)
def test_wrong_use_is_said_in_words(recording: Path, arguments: list[str], words: str) -> None:
    result = weigh("--replay", str(recording), *arguments)

    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_a_file_that_is_no_recording_or_breaks_off(tmp_path: Path, recording: Path) -> None:
    none = weigh("--replay", str(tmp_path / "none.csv"), "--counts-per-gram", "1", "--json")
    assert (none.exit_code, none.stdout) == (2, "")

    broken = tmp_path / "broken.csv"
    broken.write_text(recording.read_text() + "20.1,what\n")
    result = weigh("--replay", str(broken), "--counts-per-gram", "100", "--json")
    assert result.exit_code == 2
    assert lines(result)[-1]["event"] == "summary"


def test_help_has_an_example() -> None:
    assert "Example: steelyard weigh --replay" in weigh("--help").stdout


def test_the_real_static_and_start_up_logs(tmp_path: Path) -> None:
    static = write_recording(coffee("steadystate"), tmp_path / "static.csv")
    start = write_recording(coffee("startup"), tmp_path / "start.csv")

    still = lines(weigh("--replay", str(static), "--counts-per-gram", "1540", "--json"))
    begun = lines(weigh("--replay", str(start), "--counts-per-gram", "1540", "--json"))

    assert {line["stable"] for line in still if line["event"] == "reading"} == {True}
    first = next(line for line in begun if line["event"] == "reading")
    assert float(str(first["t_s"])) > 0.26
    assert begun[-1] == {"event": "summary", "samples": 354, "released": 348, "faults": {"settling": 5}}


def test_a_real_run_of_a_dying_sensor_ends_in_a_fault(tmp_path: Path) -> None:
    path = need(HX711 / "rocket-buds" / "20210607" / "2021-03-27_17-39-09.txt")
    file = write_recording(rocket(path), tmp_path / "dies.csv")

    told = lines(weigh("--replay", str(file), "--counts-per-gram", "1", "--json"))

    assert told[-2]["fault"] == "flatline"
    assert told[-1]["faults"] == {"settling": 5, "reset": 4, "flatline": 159}


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """Short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def test_live_from_the_samplers_socket(run_dir: Path) -> None:
    """Given a sampler that speaks and falls silent, then readings and at last words about its silence."""
    stream = bridge_stream(lambda _: 1000.0, 1.7, rate=83.0, start_s=0.0)
    publisher = zmq.Context.instance().socket(zmq.XPUB)  # hears the subscription: what comes before is lost
    publisher.setsockopt(zmq.LINGER, 0)
    publisher.bind(f"ipc://{run_dir}/loadcell-pan.ipc")

    def speak() -> None:
        assert publisher.poll(30_000), "nobody listens"
        publisher.recv()
        # The stream begins now, so that a slow delivery does not look like a hole in it.
        start_ns = time.monotonic_ns()
        publisher.send(encode(BridgeInfo("pan", "simulated", 80.0, 128, "s1", start_ns)))
        for sample in stream:
            publisher.send(encode(Sample(sample.at_ns + start_ns, sample.counts)))

    events = command._live(run_dir, Instrument(Calibration.assumed(10.0), zero=0.0))
    speaker = threading.Thread(target=speak)
    speaker.start()
    seen: list[Reading | PanFault] = []
    try:
        for event in events:
            seen.append(event)
            if isinstance(event, PanFault) and event.fault is Fault.SILENT:
                break
    finally:
        speaker.join()
        publisher.close()

    shown = [event for event in seen if isinstance(event, Reading)]
    assert shown[-1].stable
    assert shown[-1].mass.value == pytest.approx(100.0, abs=3.0)
    told = [event.fault for event in seen if isinstance(event, PanFault)]
    assert told[0] is Fault.SETTLING
    assert Fault.DISCONNECTED in told
    assert told[-1] is Fault.SILENT
