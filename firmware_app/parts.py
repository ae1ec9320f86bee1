"""Parts picked by name: drivers, transports and profile shelves that are registered as entry points.

The program knows hardware by its contracts only; which part stands behind one is written in the
configuration. Groups: ``steelyard.loadcell``, ``steelyard.scale_transport``, ``steelyard.scale_profiles``,
``steelyard.scanner``, ``steelyard.printer``, ``steelyard.camera``. What checks the options of a driver
without opening it stands under the driver's name in the group with ``_options`` behind its name.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from firmware_app.errors import SteelyardError


class UnknownPart(SteelyardError):
    """No part of that name is registered; the message names the nearest and all known."""


def names(group: str) -> list[str]:
    """The names registered in a group, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def factory(group: str, name: str) -> Any:
    """The callable registered under ``name``; raises UnknownPart."""
    for point in entry_points(group=group):
        if point.name == name:
            return point.load()
    known = names(group)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UnknownPart(f"{group}: no part {name!r}; {hint}known: {', '.join(known) or 'none'}")


def check_options(group: str, name: str, options: Mapping[str, object]) -> bool:
    """Checks the options of a driver without opening it; raises UnknownPart, and what the check raises.

    False where the driver has nothing that checks them: it will when it is opened.
    """
    factory(group, name)
    if name not in names(f"{group}_options"):
        return False
    factory(f"{group}_options", name)(options)
    return True
