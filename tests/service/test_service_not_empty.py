"""A pan that is switched on with a load on it: said in words from the socket to the state and the health."""

import shutil
import tempfile
import time
from pathlib import Path

import pytest
import zmq

from firmware_app.service import health, messages
from firmware_app.service.config import load
from firmware_app.service.core import Core
from hardware.loadcell.contract import BridgeInfo, Fault, Sample, encode

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
PERIOD_NS = 12_191_400
ZERO, PER_GRAM = 84_000, 300
"""Of the demonstration's calibration; its Max is 15 kg, so 1.5 kg is the most that can be a first zero."""


def samples(number, grams, first=0):
    for n in range(first, first + number):
        yield Sample(1_000_000_000 + n * PERIOD_NS, ZERO + round(grams * PER_GRAM) + n * 7 % 13)


@pytest.fixture
def core():
    run_dir = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind(f"ipc://{run_dir}/loadcell-pan.ipc")
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
    shutil.rmtree(run_dir)


def turn_until(core, wanted):
    until = time.monotonic() + 10
    while not wanted(core._state(1_000_000_000)) and time.monotonic() < until:
        core.turn(1_000_000_000)
    shown = core._state(1_000_000_000)
    assert wanted(shown), shown.pan
    return shown


def test_a_load_at_the_start_is_said_until_it_is_taken_off(core):
    core, socket = core
    assert core._desk.start("v1", messages.VisitKind.SELF_CHECK)

    # given 4 kg on the pan as it is switched on
    for message in (BridgeInfo("pan", "gpio", 80.0, 128, "s1", 1), *samples(200, 4000)):
        socket.send(encode(message))
    shown = turn_until(core, lambda state: state.pan.why_not == "not_empty")

    # then there is no figure, and the state, the parts and the keeper's page say what to do
    assert shown.pan.mass_g is None and shown.pan.fault is Fault.SETTLING
    assert messages.PartState("pan", "not_empty") in shown.parts
    items = {item.part: item for item in health.examine(core._facts(1_000_000_000))}
    assert (items["pan"].ok, items["pan"].remedy) == (False, "take everything off the pan")

    # and when it is taken off it weighs
    for message in samples(200, 0, 200):
        socket.send(encode(message))
    shown = turn_until(core, lambda state: state.pan.mass_g is not None)
    assert shown.pan.why_not != "not_empty"
    assert messages.PartState("pan") in shown.parts


def test_an_empty_pan_says_nothing_of_the_kind(core):
    core, socket = core
    for message in (BridgeInfo("pan", "gpio", 80.0, 128, "s1", 1), *samples(200, 0)):
        socket.send(encode(message))
    said = set()
    until = time.monotonic() + 10
    while core._pan.fault is not None and time.monotonic() < until:
        core.turn(1_000_000_000)
        said.add(core._state(1_000_000_000).pan.why_not)
    assert "not_empty" not in said and core._pan.fault is None
