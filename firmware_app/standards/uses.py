"""What an entry of the record rests on: weights, sets, certificates, calibrations, checks of the pan.

Rules this file obeys:

* Only what the body says counts; a body of another shape rests on nothing and harms nothing.
* A verdict by weights rests on these; one by goods rests on the pan: on its calibration, and on the check
  that had found it in control. Weights that lay beside the goods count as weights.
* A calibration rests on its weights wherever the record first tells of it: where it was made, where another
  was found, or at a start.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

CALIBRATION_KINDS = ("calibration", "calibration_changed", "start")
CONTROL_CHECK = "control_check"


class What(enum.StrEnum):
    """What something rests on, or (``DEFINES``) which calibration it tells of."""

    WEIGHT = "weight"
    SET = "set"
    CERTIFICATE = "certificate"
    CALIBRATION = "calibration"
    CONTROL = "control_check"
    DEFINES = "defines"


class Use(msgspec.Struct, frozen=True):
    """One thing that an entry rests on: a weight's id, a set's, a certificate's number, a calibration's id,
    or the number of a control check's entry."""

    what: What
    name: str


def uses_of(kind: str, body: Mapping[str, Any]) -> frozenset[Use]:
    """Everything that the body says it rests on."""
    if kind in CALIBRATION_KINDS:
        return frozenset(_of_calibration(kind, body))
    return frozenset([*_of_weights(body), *_of_pan(body)])


def weights_in(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The weights that a body names with their certificates, as it has them, with those of its challenge."""
    found: list[Any] = [body.get("weight")]
    for told in (body, _challenge_in(body)):
        listed = told.get("weights")
        found += listed if isinstance(listed, list) else ()
    return tuple(each for each in found if isinstance(each, dict) and isinstance(each.get("id"), str))


def pan_in(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a body says of the pan, or the challenge within it does; empty where neither says anything."""
    told = body.get("pan", _challenge_in(body).get("pan"))
    return told if isinstance(told, dict) else {}


def _challenge_in(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The challenge that an examination ended with, empty where it had none."""
    told = body.get("challenge")
    return told if isinstance(told, dict) else {}


def calibration_in(kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The calibration that an entry tells of, empty where it tells of none."""
    told = body.get("calibration_values" if kind == "start" else "new") if kind in CALIBRATION_KINDS else None
    return told if isinstance(told, dict) else {}


def weights_of_calibration(told: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Id, day to which it was valid, and certificate (empty in records of older programs) of each weight."""
    certificates = told.get("certificates")
    listed = told.get("weights")
    for each in listed if isinstance(listed, list) else ():
        # Written as "ID to DAY"; an id may hold the same word.
        id, _, day = str(each).rpartition(" to ")
        if id:
            known = certificates.get(id, "") if isinstance(certificates, dict) else ""
            yield id, day, str(known)


def _of_weights(body: Mapping[str, Any]) -> Iterator[Use]:
    for weight in weights_in(body):
        yield Use(What.WEIGHT, weight["id"])
        for what, key in ((What.SET, "set"), (What.CERTIFICATE, "certificate")):
            if isinstance(weight.get(key), str) and weight[key]:
                yield Use(what, weight[key])


def _of_pan(body: Mapping[str, Any]) -> Iterator[Use]:
    pan = pan_in(body)
    if not pan or body.get("way") == "weights" or body.get("procedure") == CONTROL_CHECK:
        return
    if isinstance(pan.get("calibration"), str) and pan["calibration"]:
        yield Use(What.CALIBRATION, pan["calibration"])
    control = pan.get("control")
    entry = control.get("entry") if isinstance(control, dict) else None
    if isinstance(entry, int) and entry > 0:
        yield Use(What.CONTROL, str(entry))


def _of_calibration(kind: str, body: Mapping[str, Any]) -> Iterator[Use]:
    told = calibration_in(kind, body)
    if not isinstance(told.get("id"), str):
        return
    yield Use(What.DEFINES, told["id"])
    for id, _, certificate in weights_of_calibration(told):
        yield Use(What.WEIGHT, id)
        if certificate:
            yield Use(What.CERTIFICATE, certificate)
