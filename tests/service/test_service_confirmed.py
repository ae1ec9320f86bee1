"""A scale whose registry entry names no protocol is read as an operator confirmed it for the model."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_app.procedures.events import ScaleChosen, StallTyped, WayChosen
from firmware_app.procedures.prompts import Source, Way
from firmware_app.registry.confirmations import NAME, add_confirmation
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.messages import VisitKind
from hardware.scale.confirm import Confirmation, Shown

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
FRAME = bytes.fromhex("02 2B 30 30 31 35 36 30 33 31 41 03")
"""1.560"""
CONFIRMED = Confirmation(
    maker="上海耀华",
    model="DEMO-XK30",
    profile="yaohua-tf0",
    version="1",
    baud=2400,
    line="8N1",
    unit="kg",
    at="2026-11-23T06:00:00+00:00",
    shown=(Shown(text="1.560 kg", value="1.560", unit=None, raw=""),),
)


class Stage:
    """A core of its own with a pty as the lead's port, whose registry names no protocol."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sy"))
        self.near, self.far = os.openpty()
        tty.setraw(self.far)
        registry = (DEMO / "registry.toml").read_text(encoding="utf-8")
        registry = registry.replace('profile = "yaohua-tf0"\n', "").replace('lead_unit = "kg"\n', "")
        (self.root / "registry.toml").write_text(registry, encoding="utf-8")
        (self.root / "run").mkdir()
        (self.root / "data").mkdir()
        (self.root / "steelyard.toml").write_text(
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
            transport = "serial"
            options = {{ port = "{os.ttyname(self.far)}" }}
            """,
            encoding="utf-8",
        )

    def core(self) -> Core:
        return Core(load(self.root / "steelyard.toml"))

    def close(self) -> None:
        os.close(self.near)
        os.close(self.far)
        shutil.rmtree(self.root)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


def chosen(core: Core, stage: Stage) -> Any:
    """The prompt for the first load, after the lead has had time to be heard."""
    desk = core._desk
    assert desk.start("v1", VisitKind.SELF_CHECK)
    now_ns = time.monotonic_ns()
    desk.handle(StallTyped("7"), now_ns)
    desk.handle(ScaleChosen("TZ-DEMO-0071"), now_ns)
    end = time.monotonic() + 3
    while time.monotonic() < end and (core._lead is None or core._lead.state().state != "streaming"):
        os.write(stage.near, FRAME)
        core.turn(time.monotonic_ns())
        if core._lead is not None and core._lead.state().state == "idle":
            break
        time.sleep(0.05)
    desk.handle(WayChosen(Way.WEIGHTS), time.monotonic_ns())
    assert desk.procedure is not None
    return desk.procedure.prompt


def test_a_confirmed_model_is_read_over_its_lead_at_its_rate(stage: Stage) -> None:
    add_confirmation(stage.root / "data", CONFIRMED)
    core = stage.core()
    try:
        prompt = chosen(core, stage)
        assert prompt.source is Source.LEAD
        assert core._lead is not None and core._desk.procedure is not None
        assert core._lead.state().text == "1.560"
        assert core._lead.line is not None and core._lead.line.options["baud"] == 2400
        state = core._desk.procedure.state
        assert state.confirmed == CONFIRMED
        assert state.scale is not None and (state.scale.profile, state.scale.lead_unit) == (
            "yaohua-tf0",
            "kg",
        )
    finally:
        core.close()


@pytest.mark.parametrize("version", ["0", None])
def test_without_a_confirmation_of_this_version_figures_are_typed(stage: Stage, version: str | None) -> None:
    if version is not None:
        add_confirmation(stage.root / "data", Confirmation(**{**fields(CONFIRMED), "version": version}))
    core = stage.core()
    try:
        assert chosen(core, stage).source is Source.TYPED
    finally:
        core.close()


def test_a_file_that_cannot_be_read_stops_nothing_and_is_in_the_trail(stage: Stage) -> None:
    (stage.root / "data" / NAME).write_bytes(b"nonsense")
    core = stage.core()
    try:
        assert chosen(core, stage).source is Source.TYPED
        kinds = [entry.payload.kind for entry in core._ledger.entries(0, 10)]
        assert "confirmations_unreadable" in kinds
    finally:
        core.close()


def fields(confirmation: Confirmation) -> dict[str, Any]:
    return {name: getattr(confirmation, name) for name in confirmation.__struct_fields__}
