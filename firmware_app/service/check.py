"""Is a configuration fit to run? Everything that it names is there and can be read; no device is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from firmware_app import parts
from firmware_app.errors import SteelyardError
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.config import Config, Loaded
from firmware_app.service.lead.line import refuse_wrong_pair
from firmware_app.service.messages import CORE_SOCKET, endpoint
from firmware_app.service.pan.control import find_piece
from firmware_app.service.processes import pan_options
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.calibration import Calibration
from hardware.camera.contract import CameraError
from hardware.loadcell.contract import LoadCellError
from hardware.printer_contract import PrinterError
from hardware.scale.contract import ScaleError
from hardware.scanner_contract import ScannerError


class Driver(NamedTuple):
    """A driver that a configuration names: the table, its entry point group, its name and its options."""

    table: str
    group: str
    name: str
    options: Mapping[str, object]


def drivers(config: Config) -> Iterator[Driver]:
    """Every driver that the configuration names."""
    yield Driver("pan", "steelyard.loadcell", config.pan.driver, pan_options(config.pan))
    if config.lead is not None:
        yield Driver("lead", "steelyard.scale_transport", config.lead.transport, config.lead.options)
    if config.scanner is not None:
        yield Driver("scanner", "steelyard.scanner", config.scanner.driver, config.scanner.options)
    if config.camera is not None:
        yield Driver("camera", "steelyard.camera", config.camera.driver, config.camera.options)
    if config.printer is not None:
        yield Driver("printer", "steelyard.printer", config.printer.driver, config.printer.options)


def check(loaded: Loaded, today: date) -> tuple[str, ...]:
    """Raises SteelyardError, OSError or ValueError for the first thing that would not work.

    The tables whose driver checks its options only when it is opened.
    """
    config = loaded.config
    unchecked = []
    for driver in drivers(config):
        try:
            if not parts.check_options(driver.group, driver.name, driver.options):
                unchecked.append(driver.table)
        except (LoadCellError, ScaleError, ScannerError, PrinterError, CameraError) as error:
            raise SteelyardError(f"{loaded.path}: {driver.table}.options: {error}") from error
    if config.lead is not None:
        infos = parts.factory("steelyard.scale_profiles", "builtin")().list()
        known = {profile.id: profile for profile in infos}
        if config.lead.profile and config.lead.profile not in known:
            raise SteelyardError(
                f"{loaded.path}: lead.profile: no protocol {config.lead.profile!r}; see steelyard scale list"
            )
        if config.lead.profile:
            refuse_wrong_pair(config.lead.transport, known[config.lead.profile])
    if config.printer is not None and not Path(config.printer.font).is_file():
        raise SteelyardError(
            f"{loaded.path}: printer.font: there is no {config.printer.font}: install fonts-noto-cjk"
        )
    if config.stick is not None and config.county is None:
        raise SteelyardError(
            f"{loaded.path}: stick: without [county] nobody carries anything: name the county"
        )
    load_registry(loaded.resolve(config.registry))
    weights = load_weights(loaded.resolve(config.weights), pack_in_force(WeightsPack, today))
    if config.control is not None:
        find_piece(weights, config.control.weight)
    Calibration.load(loaded.resolve(config.pan.calibration))
    endpoint(loaded.run_dir, CORE_SOCKET)
    return tuple(unchecked)
