"""The core reads each scale by the line its protocol needs: USB, registers, or a line that is asked."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from test_service_lead_line import confirmed

from firmware_app.procedures.events import LoadIsOn, ScaleChosen, StallTyped, WayChosen
from firmware_app.procedures.prompts import Source, Way
from firmware_app.registry.confirmations import add_confirmation
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.lead.line import WrongPair
from firmware_app.service.messages import VisitKind
from hardware.bench import ask
from hardware.scale.confirm import Confirmation
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.run import Setup, SimulatedScale

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"


@contextmanager
def stall(profile: str, known: Confirmation | None, lead: str) -> Iterator[tuple[Path, Path]]:
    """A folder with a configuration, and a simulated scale of that protocol; ``lead``: the table of it.

    Gives the configuration and the scale's bench. The registry names no protocol: the confirmation does.
    """
    root = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    for name in ("run", "data"):
        (root / name).mkdir()
    registry = (DEMO / "registry.toml").read_text(encoding="utf-8")
    registry = registry.replace('profile = "yaohua-tf0"\n', "").replace('lead_unit = "kg"\n', "")
    (root / "registry.toml").write_text(registry, encoding="utf-8")
    (root / "steelyard.toml").write_text(
        f"""
        registry = "registry.toml"
        weights = "{DEMO / "weights.toml"}"
        [device]
        id = "T-1"
        data_dir = "data"
        run_dir = "run"
        [pan]
        driver = "simulated"
        calibration = "{DEMO / "pan.toml"}"
        [lead]
        {lead.format(line=root / "line")}
        """,
        encoding="utf-8",
    )
    if known is not None:
        add_confirmation(root / "data", known)
    setup = Setup(
        profile=profile,
        model="honest",
        plate=Plate(max_g=Decimal(15000), e_g=Decimal(5)),
        link=root / "line",
        bench=root / "bench",
        rate_hz=10,
    )
    scale = SimulatedScale(setup)
    thread = threading.Thread(target=scale.run, daemon=True)
    thread.start()
    try:
        yield root / "steelyard.toml", root / "bench"
    finally:
        scale.stop()
        thread.join(5)
        shutil.rmtree(root)


def model(known: Confirmation) -> Confirmation:
    """The confirmation, of the model that the registry of the demonstration has on stall 7."""
    fields = {name: getattr(known, name) for name in known.__struct_fields__}
    plain = {} if known.transport == "hid" else {"baud": 9600, "line": "8N1"}
    return Confirmation(**{**fields, "maker": "上海耀华", "model": "DEMO-XK30", **plain})


def turns(core: Core, until_s: float, done: object = None) -> None:
    end = time.monotonic() + until_s
    while time.monotonic() < end and not (callable(done) and done()):
        core.turn(time.monotonic_ns())
        time.sleep(0.02)


def begin(core: Core) -> None:
    assert core._desk.start("v1", VisitKind.SELF_CHECK)
    for event in (StallTyped("7"), ScaleChosen("TZ-DEMO-0071")):
        core._desk.handle(event, time.monotonic_ns())


def text(core: Core) -> str:
    return core._lead.state().text if core._lead is not None else ""


SERIAL = 'transport = "serial"\noptions = {{ port = "{line}" }}'
CASES = [
    ("nci-ecr", model(confirmed("nci-ecr", asked=True)), SERIAL),
    ("laumas-modbus", model(confirmed("laumas-modbus", asked=True)), SERIAL),
    ("laumas-modbus", model(confirmed("laumas-modbus")), SERIAL + "\nask = true"),
    ("usb-hid-8d", model(confirmed("usb-hid-8d")), 'transport = "hid"\noptions = {{ root = "{line}" }}'),
]


@pytest.mark.parametrize(("profile", "known", "lead"), CASES, ids=["asked", "registers", "by file", "usb"])
def test_a_settled_figure_comes_over_every_kind_of_line(profile: str, known: Confirmation, lead: str) -> None:
    """Given a confirmed scale, when its first weight is on, then the figure is taken over its own line."""
    with stall(profile, known, lead) as (file, bench):
        core = Core(load(file))
        try:
            begin(core)
            turns(core, 5, lambda: text(core) == "0.000")
            assert text(core) == "0.000"
            core._desk.handle(WayChosen(Way.WEIGHTS), time.monotonic_ns())
            visit = core._desk.procedure
            assert visit is not None
            assert visit.prompt.source is Source.LEAD
            mass = float(visit.prompt.nominal_g)
            ask(bench, load_g=mass)
            core._desk.handle(LoadIsOn(), time.monotonic_ns())
            turns(core, 10, lambda: bool(visit.state.attempts))
            (attempt,) = visit.state.attempts
            assert (attempt.figure.value_g, attempt.figure.profile) == (Decimal(str(mass)), profile)
            assert visit.confirmed == known
        finally:
            core.close()


def test_without_that_choice_a_scale_that_only_answers_is_never_asked() -> None:
    """Given a confirmation by listening, then not one byte is sent, and figures are typed."""
    known = model(confirmed("nci-ecr"))
    with stall("nci-ecr", known, SERIAL) as (file, _):
        core = Core(load(file))
        try:
            begin(core)
            turns(core, 1.5)
            assert core._lead.line is not None
            assert (core._lead.line.transport, core._lead.line.poll, text(core)) == ("serial", None, "")
        finally:
            core.close()


def test_a_device_that_stops_answering_is_void_and_the_figure_is_typed() -> None:
    known = model(confirmed("laumas-modbus", asked=True))
    with stall("laumas-modbus", known, SERIAL) as (file, bench):
        core = Core(load(file))
        try:
            begin(core)
            turns(core, 5, lambda: text(core) == "0.000")
            ask(bench, powered=False)
            turns(core, 2, lambda: text(core) == "")
            assert core._lead is not None
            assert (text(core), core._lead.state().state) == ("", "lost")
            ask(bench, powered=True)
            turns(core, 5, lambda: text(core) == "0.000")
            assert text(core) == "0.000"
        finally:
            core.close()


def test_a_core_with_a_wrong_pair_does_not_start() -> None:
    wrong = SERIAL + '\nprofile = "usb-hid-8d"'
    with stall("nci-ecr", None, wrong) as (file, _), pytest.raises(WrongPair, match="spoken over"):
        Core(load(file))
