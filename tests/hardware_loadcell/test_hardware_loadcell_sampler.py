"""The sampler as a process: started, listened to, killed, started again; and its patience with a driver."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import zmq

from hardware.loadcell import sampler
from hardware.loadcell.contract import (
    BadOption,
    BridgeInfo,
    DriverUnavailable,
    EndOfRecording,
    Fault,
    Sample,
    decode,
)


@pytest.fixture
def run_dir():
    path = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(run_dir):
    processes = []

    def run(*arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "hardware.loadcell.sampler", "--run-dir", str(run_dir), *arguments]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def ear(run_dir):
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.setsockopt(zmq.RECONNECT_IVL, 20)
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(f"ipc://{run_dir}/loadcell-pan.ipc")
        yield socket


def hear(ear, want, timeout_s: float = 20.0):
    """The first message that ``want`` accepts."""
    until = time.monotonic() + timeout_s
    while (left := until - time.monotonic()) > 0:
        if ear.poll(int(left * 1000)):
            message = decode(ear.recv())
            if want(message):
                return message
    raise AssertionError("the sampler did not say it")


def is_info(message) -> bool:
    return isinstance(message, BridgeInfo)


def is_sound(message) -> bool:
    return isinstance(message, Sample) and not message.faults


def test_sampler_is_killed_and_comes_back_on_the_same_path(start, ear, run_dir):
    # given a sampler that is heard
    first = start("--driver", "simulated", "--option", "seed=5")
    info = hear(ear, is_info)
    assert (info.name, info.driver, info.rate_hz, info.gain) == ("pan", "simulated", 80, 128)
    sample = hear(ear, is_sound)
    assert abs(time.monotonic_ns() - sample.at_ns) < 2e9
    again = hear(ear, is_info)
    assert again.session == info.session
    assert 0.5e9 < again.at_ns - info.at_ns < 3e9

    # when it is killed at once, its socket file stays
    first.kill()
    first.wait()
    assert (run_dir / "loadcell-pan.ipc").exists()
    second = start("--driver", "simulated")

    # then the same listener hears the next one, in a session of its own
    fresh = hear(ear, lambda message: is_info(message) and message.session != info.session)
    assert fresh.session != info.session
    assert hear(ear, is_sound)

    # and a polite end is quick and clean
    second.send_signal(signal.SIGTERM)
    assert second.wait(3) == 0


def test_second_sampler_of_a_name_is_refused(start, ear):
    start("--driver", "simulated")
    hear(ear, is_info)

    second = start("--driver", "simulated")

    assert second.wait(20) == sampler.DEVICE_FAILED
    assert "another sampler already owns loadcell-pan" in second.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--driver", "simulatd"], "did you mean 'simulated'"),
        (["--driver", "simulated", "--option", "rate=80"], "did you mean 'rate_hz'"),
        (["--driver", "simulated", "--option", "rate_hz"], "KEY=VALUE"),
        (["--driver", "simulated", "--name", "../pan"], "small letters"),
    ],
)
def test_wrong_use_ends_at_once_with_words(start, arguments, words):
    process = start(*arguments)

    assert process.wait(20) == sampler.WRONG_USE
    assert words in process.stderr.read()


@pytest.mark.parametrize(("mode", "socket_mode"), [(0o700, 0o600), (0o750, 0o660), (0o755, 0o666)])
def test_who_may_connect_follows_the_run_directory(run_dir, mode, socket_mode):
    run_dir.chmod(mode)
    publisher = sampler.Publisher(run_dir, "pan")

    assert stat.S_IMODE(publisher.path.stat().st_mode) == socket_mode
    publisher.close()


def test_missing_run_directory_is_said(run_dir, capsys):
    code = sampler.main(["--driver", "simulated", "--run-dir", str(run_dir / "no")])

    assert code == sampler.DEVICE_FAILED
    assert "check --run-dir" in capsys.readouterr().err


class ScriptedDriver:
    """Plays a list of samples and exceptions, one a read."""

    rate_hz = 80.0
    gain = 128

    def __init__(self, script) -> None:
        self.script = script
        self.closed = 0

    def read(self):
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self.closed += 1

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


def run_script(monkeypatch, *openings):
    """Runs a sampler over the openings of a driver; what it published and what it said."""
    monkeypatch.setattr(sampler, "BACK_OFF_S", (0.001, 0.002))
    published, said, waiting = [], [], list(openings)

    def open_driver(options):
        opening = waiting.pop(0)
        if isinstance(opening, Exception):
            raise opening
        return opening

    stop = sampler.Stop()
    sampler.Sampler(
        name="pan",
        driver="scripted",
        open_driver=open_driver,
        options={},
        publish=published.append,
        stop=stop,
        say=said.append,
    ).run()
    return published, said


def test_failing_driver_is_opened_again_in_a_new_session(monkeypatch):
    good = Sample(1, 5)
    broken = ScriptedDriver([good, DriverUnavailable("spi: the bus failed: I/O error")])
    last = ScriptedDriver([good, EndOfRecording("the recording ends here")])

    published, said = run_script(
        monkeypatch, DriverUnavailable("spi: no bus"), broken, OSError(5, "I/O error"), last
    )

    sessions = [message.session for message in published if isinstance(message, BridgeInfo)]
    assert len(sessions) == len(set(sessions)) == 2
    assert [message for message in published if message == good] == [good, good]
    # silence means the sampler itself: between two openings it goes on saying that nothing is there
    dead = [message for message in published if isinstance(message, Sample) and message.faults]
    assert len(dead) >= 3
    assert {(message.counts, message.faults) for message in dead} == {(None, (Fault.DISCONNECTED,))}
    assert broken.closed == last.closed == 1
    assert "pan: spi: no bus; trying again in 0.001 s" in said
    assert any("I/O error" in words for words in said)


def test_wrong_option_is_not_tried_again(monkeypatch):
    with pytest.raises(BadOption):
        run_script(monkeypatch, BadOption("spi: no option 'x'"))


def test_stop_is_heard_during_back_off(monkeypatch):
    stop = sampler.Stop()
    stop.ask()
    assert stop.wait(10)
    for _ in range(100_000):
        stop.ask()
    assert stop.wait(0)
