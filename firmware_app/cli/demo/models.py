"""The models of the simulated market scale, asked of the program that simulates it."""

from __future__ import annotations

import difflib
import subprocess
import sys

import msgspec

from firmware_app.errors import SteelyardError

SIMULATED = [sys.executable, "-m", "hardware.scale.simulated"]


class UnknownModel(SteelyardError):
    """There is no such model; the message names the nearest and all others."""


class ScaleModel(msgspec.Struct, frozen=True):
    """One model. ``tells``: what it does, in a sentence. ``hands``: what the trader does before it acts."""

    name: str
    tells: str
    hands: dict[str, bool | list[str]]


def scale_models() -> dict[str, ScaleModel]:
    """All models by name, in their own order."""
    told = subprocess.run([*SIMULATED, "--list-models-json"], capture_output=True, check=True).stdout
    return {model.name: model for model in msgspec.json.decode(told, type=list[ScaleModel])}


def scale_model(name: str) -> ScaleModel:
    """Raises UnknownModel."""
    known = scale_models()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UnknownModel(f"no model {name!r} of a market scale; {hint}known: {', '.join(known)}")
    return known[name]
