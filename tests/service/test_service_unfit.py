"""From a bridge that says it is unfit to the state, the health and the terminal."""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import date
from pathlib import Path

import msgspec
import pytest
import zmq
from typer.testing import CliRunner

from firmware_app.cli.weigh_output import JsonLines
from firmware_app.procedures.events import ScaleChosen, StallTyped
from firmware_app.procedures.prompts import ChooseWay, Way
from firmware_app.service import health, messages
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.pan.follower import Pan
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import Reading
from hardware.loadcell.contract import BridgeInfo, Sample, encode

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
WHY = "gpio: this machine is too slow: use the driver spi"
PERIOD_NS = 12_191_400


def told(unfit: str) -> BridgeInfo:
    return BridgeInfo("pan", "gpio", 80.0, 128, "s1", 1, unfit)


def samples(number: int, first: int = 0):
    """A quiet bridge with a little noise."""
    for n in range(first, first + number):
        yield Sample(1_000_000_000 + n * PERIOD_NS, 84_000 + n * 7 % 13)


@pytest.fixture
def sampler():
    """A run directory and the socket that publishes in it."""
    run_dir = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind(f"ipc://{run_dir}/loadcell-pan.ipc")
        yield run_dir, socket
    shutil.rmtree(run_dir)


def take(pan: Pan, wanted) -> list:
    """Events until one is wanted."""
    until, events = time.monotonic() + 10, []
    while time.monotonic() < until and not any(map(wanted, events)):
        pan.socket.poll(50)
        events += pan.take(1_000_000_000)
    assert any(map(wanted, events))
    return events


def test_the_word_travels_from_the_socket_to_every_reading_and_the_state(sampler):
    run_dir, socket = sampler
    line = msgspec.structs.replace(Calibration.assumed(300.0), resolution_g=1.0)
    pan = Pan(run_dir, line, 80.0)
    assert socket.poll(10_000) and socket.recv()
    assert pan.state(hidden=False).unfit == ""

    # when the bridge says that it is unfit, later in the session that it is fit
    for message in (told(WHY), *samples(300)):
        socket.send(encode(message))
    readings = [each for each in take(pan, lambda e: isinstance(e, Reading)) if isinstance(each, Reading)]
    assert {each.unfit for each in readings} == {WHY}
    assert pan.unfit == pan.state(hidden=False).unfit == WHY
    assert pan.state(hidden=False).mass_g is not None

    for message in (told(""), *samples(100, 300)):
        socket.send(encode(message))

    # then that is taken without beginning anew
    events = take(pan, lambda e: isinstance(e, Reading) and not e.unfit)
    assert all(isinstance(each, Reading) for each in events)
    assert pan.unfit == ""
    pan.close()


@pytest.fixture
def core(sampler):
    """A whole core that follows the pan of ``sampler``."""
    run_dir, socket = sampler
    file = run_dir / "steelyard.toml"
    file.write_text(
        f"""
        registry = "{DEMO / "registry.toml"}"
        weights = "{DEMO / "weights.toml"}"
        [device]
        id = "T-1"
        data_dir = "data"
        run_dir = "."
        [pan]
        driver = "gpio"
        calibration = "{DEMO / "pan.toml"}"
        """,
        encoding="utf-8",
    )
    (run_dir / "data").mkdir()
    core = Core(load(file))
    assert socket.poll(10_000) and socket.recv()
    yield core, socket
    core.close()


def test_a_whole_core_closes_the_way_with_goods_and_tells_every_listener(core):
    core, socket = core
    until = time.monotonic() + 10
    for message in (told(WHY), *samples(300)):
        socket.send(encode(message))
    while core._pan.state(hidden=False).mass_g is None and time.monotonic() < until:
        core.turn(1_000_000_000)

    # the state that the kiosk draws, and the page of the keeper
    shown = core._state(1_000_000_000)
    assert messages.PartState("pan", "unfit") in shown.parts
    assert shown.pan.unfit == WHY and shown.pan.mass_g is not None
    items = {item.part: item for item in health.examine(core._facts(1_000_000_000))}
    assert not items["pan"].ok and WHY in items["pan"].finding

    # and the visit
    assert core._desk.start("v1", messages.VisitKind.SELF_CHECK)
    core._desk.handle(StallTyped("12"), 1)
    core._desk.handle(ScaleChosen(core._desk.state().prompt.scales[0].id), 2)
    for message in samples(20, 300):
        socket.send(encode(message))
    ways = {}
    while ways.get(Way.GOODS) != "pan_unfit" and time.monotonic() < until:
        core.turn(1_000_000_000)
        prompt = core._desk.state().prompt
        assert isinstance(prompt, ChooseWay)
        ways = {offer.way: offer.why_not for offer in prompt.ways}
    assert ways == {Way.WEIGHTS: "", Way.GOODS: "pan_unfit"}


def state(**pan) -> messages.State:
    shown = {"mass_g": "0", "stable": True, "why_not": None, "fault": None, **pan}
    return messages.State(
        at="2026-11-23T09:00:00+08:00",
        clock="synchronised",
        pan=messages.PanState(**shown),
        lead=messages.LeadState(state="absent"),
        county=messages.CountyState(reachable=None, unsent=0, last_entry=0, received=0),
        parts=(),
        visit=None,
        device="D-1",
        simulated=False,
    )


@pytest.mark.parametrize(("unfit", "ok"), [(WHY, False), ("", True)])
def test_health_says_it_with_the_reason_and_the_remedy(unfit, ok):
    facts = health.Facts(
        state=state(unfit=unfit),
        weights=(),
        calibration=Calibration.assumed(300.0),
        free_bytes=1 << 40,
        today=date(2026, 11, 23),
    )

    item = next(item for item in health.examine(facts) if item.part == "pan")

    assert item.ok is ok
    if not ok:
        assert f"no verdict may rest on it: {WHY}" in item.finding
        assert "driver spi" in item.remedy


def test_weigh_says_it_once_to_programs_and_takes_it_back(capsys):
    output = JsonLines()
    pan = Instrument(Calibration.assumed(300.0), 80.0)
    stream = (told(WHY), *samples(300), told(""), *samples(100, 300))

    for message in stream:
        given = pan.restart(message) if isinstance(message, BridgeInfo) else pan.feed(message)
        for event in given:
            output.show(event)

    lines = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["unfit"] for line in lines if line["event"] == "fitness"] == [WHY, ""]


@pytest.mark.parametrize(
    "line", [["weigh", "--driver", "gpio", "--counts-per-gram", "300"], ["record", "OUT", "--driver", "gpio"]]
)
def test_off_a_pi_the_driver_is_refused_with_its_remedy(line, tmp_path, monkeypatch):
    import gpiozero

    from firmware_app.cli.main import app

    def none_here():
        raise gpiozero.BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(gpiozero.Device, "ensure_pin_factory", staticmethod(none_here))
    arguments = [str(tmp_path / "out.csv") if word == "OUT" else word for word in line]

    result = CliRunner().invoke(app, [*arguments, "--option", "realtime=false"])

    assert result.exit_code == 3
    words = " ".join(result.output.split())
    assert "gpio: this machine has no pins" in words and "run it on a Raspberry Pi" in words
    assert not (tmp_path / "out.csv").exists()
