"""What the code on a label of the market says: which stall or scale it stands for.

Rules this file obeys:

* ``steelyard:stall:CODE`` and ``steelyard:scale:ID`` need no ``qr`` in the registry; any other text is looked
  up there as the ``qr`` of a stall or scale, or as a code as it is typed.
* A text is hostile: bounded, compared and forgotten; nothing in it is followed, opened or shown.
"""

from __future__ import annotations

import re

import msgspec

from firmware_app.registry.registry import MAX_LOOKUP, Registry, normal

_LABEL = re.compile(r"steelyard:(?P<kind>stall|scale):(?P<name>[^\x00-\x1f\x7f]{1,120})", re.IGNORECASE)


def stall_label(code: str) -> str:
    """The text of the label of a stall."""
    return f"steelyard:stall:{code}"


def scale_label(scale: str) -> str:
    """The text of the label of a scale."""
    return f"steelyard:scale:{scale}"


class Place(msgspec.Struct, frozen=True):
    """What a label stands for: a stall, or one scale on it (empty: the stall)."""

    stall: str
    scale: str = ""


def find_label(registry: Registry, text: str) -> Place | None:
    """The stall or scale that a scanned text stands for, None where it stands for none here.

    A label that names its kind finds that kind only: ``steelyard:stall:X`` never a scale X.
    """
    if len(text) > MAX_LOOKUP:
        return None
    match = _LABEL.fullmatch(text.strip())
    name = text if match is None else match["name"]
    found = registry.find(name)
    if found is None:
        return None
    stall = found.stall
    if normal(name) in {normal(stall.code), normal(stall.qr)}:
        place = Place(stall.code)
    else:
        place = Place(stall.code, found.scales[0].id)
    if match is not None and (match["kind"].lower() == "scale") is not bool(place.scale):
        return None
    return place
