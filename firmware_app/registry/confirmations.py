"""Which protocol a model of scale speaks, as an operator has confirmed it against the display.

::

    DATA/confirmations.json     a list of confirmations, the newest last

Rules this file obeys:

* Written whole or not at all, and on disk before it counts; one writer at a time.
* Nothing is overwritten: a new confirmation of a model stands behind the old one and holds from then on.
* The file is hostile until validated: bounded, every field checked here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from firmware_app import durable
from firmware_app.errors import SteelyardError
from firmware_app.registry.registry import LEAD_UNITS, Scale, normal
from hardware.scale.confirm import Confirmation

NAME = "confirmations.json"
MAX_FILE = 4 << 20
MOST = 1000
"""Confirmations kept; the oldest go first."""


class BadConfirmations(SteelyardError):
    """The file of confirmations cannot be used; the message names it and says what to do."""


def load_confirmations(data_dir: Path) -> tuple[Confirmation, ...]:
    """The confirmations of an appliance, oldest first; none where there is none. Raises BadConfirmations."""
    path = data_dir / NAME
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BadConfirmations(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE:
        raise BadConfirmations(f"{path}: larger than {MAX_FILE} bytes")
    try:
        return tuple(msgspec.json.decode(data, type=list[Confirmation]))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadConfirmations(f"{path}: {error}; move it away and confirm the scales anew") from error


def add_confirmation(data_dir: Path, confirmation: Confirmation) -> Path:
    """Keeps one more, on disk when this returns; raises BadConfirmations, and OSError for a failing disk."""
    path = data_dir / NAME
    with _one_writer(data_dir):
        kept = (*load_confirmations(data_dir), confirmation)[-MOST:]
        durable.write(path, msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    return path


def confirmation_for(scale: Scale, known: tuple[Confirmation, ...]) -> Confirmation | None:
    """The newest confirmation of this scale's maker and model, None where there is none."""
    wanted = _model(scale.maker, scale.model)
    if not wanted[1]:
        return None
    return next((each for each in reversed(known) if _model(each.maker, each.model) == wanted), None)


def with_confirmed_lead(scale: Scale, known: Confirmation | None) -> Scale:
    """The scale with the confirmed protocol where the registry gives none; else as it is."""
    if known is None or scale.profile:
        return scale
    unit = scale.lead_unit or (known.unit if known.unit in LEAD_UNITS else "")
    return msgspec.structs.replace(scale, profile=known.profile, lead_unit=unit)


def _model(maker: str, model: str) -> tuple[str, str]:
    return normal(maker), normal(model)


@contextmanager
def _one_writer(data_dir: Path) -> Iterator[None]:
    lock = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
