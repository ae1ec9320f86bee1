"""What was taken in a visit, as the record keeps it: figures of the scale, masses of the pan, weights.

Rules this file obeys:

* What was taken holds its evidence whole: the frame, the window, the policy; nothing is looked up later.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from firmware_app.procedures.prompts import Source
from firmware_app.procedures.settle import Window
from firmware_app.quantity import Grams, plain
from firmware_app.standards.sets import Piece
from firmware_app.weighing.reading import Reading
from firmware_app.weighing.zero import Seen
from hardware.loadcell.contract import Fault

MILLIGRAM = Decimal("0.001")


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of the scale under test as it was given, and (where it is a mass) what it means in grams.

    ``profile``, ``raw`` (hex of the frame), ``policy`` and ``window`` (all it was taken from) are set for a
    figure from the lead.
    """

    source: Source
    text: str
    unit: str
    value_g: Grams | None
    profile: str = ""
    raw: str = ""
    policy: str = ""
    window: Window | None = None


class PanMass(msgspec.Struct, frozen=True, kw_only=True):
    """A reading of the pan that was taken: mass and u in grams, averaged over ``window_s``.

    ``unfit``: why no verdict may rest on it, empty where one may. ``seen``: as a comparison takes it.
    """

    at_ns: int
    mass_g: Grams
    standard_g: float
    window_s: float
    unfit: str = ""
    seen: Seen | None = None


def pan_mass(reading: Reading) -> PanMass:
    """The reading as the state keeps it, its mass to the milligram."""
    seen = None
    if reading.conversions:
        middle_ns = reading.at_ns - round(reading.window_s * 0.5e9)
        seen = Seen(reading.counts, reading.conversions, middle_ns, reading.creep)
    return PanMass(
        at_ns=reading.at_ns,
        mass_g=Decimal(repr(reading.mass.value)).quantize(MILLIGRAM),
        standard_g=reading.mass.standard,
        window_s=reading.window_s,
        unfit=reading.unfit,
        seen=seen,
    )


def pan_evidence(taken: PanMass) -> dict[str, Any]:
    """One reading of the appliance's pan."""
    return {
        "mass_g": plain(taken.mass_g),
        "u_g": repr(taken.standard_g),
        "window_s": repr(taken.window_s),
        "at_ns": taken.at_ns,
    }


def weight_evidence(piece: Piece) -> dict[str, str]:
    """A weight that stood for something, with the certificate that says so."""
    return {
        "id": piece.id,
        "set": piece.set_id,
        "class": piece.weight_class,
        "nominal_g": plain(piece.nominal_g),
        "mass_g": plain(piece.mass_g),
        "u_g": repr(piece.standard_g),
        "basis": "certificate" if piece.certified else "class_tolerance",
        "certificate": piece.certificate,
        "valid_to": piece.valid_to.isoformat(),
    }


class Interruption(msgspec.Struct, frozen=True):
    """A fault that stopped the visit at a load."""

    number: int
    fault: Fault
