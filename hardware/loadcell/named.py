"""Drivers by name: what is registered in the entry point group ``steelyard.loadcell``."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

from hardware.loadcell.contract import BadOption, LoadCell

GROUP = "steelyard.loadcell"
CHECKS = "steelyard.loadcell_options"

OpenDriver = Callable[[Mapping[str, object]], LoadCell]
CheckOptions = Callable[[Mapping[str, object]], None]


def driver_named(name: str, who: str = "sampler") -> OpenDriver:
    """The ``open_driver`` registered under ``name``; raises BadOption naming the nearest and all known."""
    opened: OpenDriver = _named(GROUP, name, who)
    return opened


def checker_named(name: str, who: str = "bridges") -> CheckOptions:
    """The ``check_options`` registered under the driver's name; raises BadOption as ``driver_named`` does."""
    check: CheckOptions = _named(CHECKS, name, who)
    return check


def _named(group: str, name: str, who: str) -> Any:
    points = {point.name: point for point in entry_points(group=group)}
    if name not in points:
        near = difflib.get_close_matches(name, points, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise BadOption(f"{who}: no driver {name!r}; {hint}known: {', '.join(sorted(points)) or 'none'}")
    return points[name].load()
