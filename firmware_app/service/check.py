"""Is a configuration fit to run? Everything that it names is there and can be read; no device is opened."""

from __future__ import annotations

from datetime import date

from firmware_app import parts
from firmware_app.errors import SteelyardError
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.config import Loaded
from firmware_app.service.messages import CORE_SOCKET, endpoint
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.calibration import Calibration


def check(loaded: Loaded, today: date) -> None:
    """Raises SteelyardError, OSError or ValueError for the first thing that would not work.

    The options of a driver are its own: it checks them when it is opened.
    """
    config = loaded.config
    parts.factory("steelyard.loadcell", config.pan.driver)
    if config.lead is not None:
        parts.factory("steelyard.scale_transport", config.lead.transport)
        known = [profile.id for profile in parts.factory("steelyard.scale_profiles", "builtin")().list()]
        if config.lead.profile and config.lead.profile not in known:
            raise SteelyardError(
                f"{loaded.path}: lead.profile: no protocol {config.lead.profile!r}; see steelyard scale list"
            )
    load_registry(loaded.resolve(config.registry))
    load_weights(loaded.resolve(config.weights), pack_in_force(WeightsPack, today))
    Calibration.load(loaded.resolve(config.pan.calibration))
    endpoint(loaded.run_dir, CORE_SOCKET)
