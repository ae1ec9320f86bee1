"""What the ledger says of a calibration: the values of the new one, and of the one before.

Rules this file obeys:

* Old and new values stand in one entry (OIML D 31:2023 6.2.3.6: parameter change with old and new value).
* The identity of a calibration is the SHA-256 of its file: an id can be kept while a figure is changed.
* What the record said last is looked for in the record itself, not remembered beside it.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from firmware_app.calibrating.result import Result
from firmware_app.ledger.entry import Entry
from firmware_app.weighing.calibration import Calibration

CALIBRATION = "calibration"
"""Kind of the entry that the command writes itself."""
CHANGED = "calibration_changed"
"""Kind of the entry that the core writes where it finds another file than the record knows."""
START = "start"
KINDS = (CALIBRATION, CHANGED, START)


class Record(Protocol):
    """What is asked of a ledger."""

    def last_of(self, kinds: tuple[str, ...]) -> Entry | None:
        """The latest entry of one of the kinds."""


def values(calibration: Calibration, sha256: str) -> dict[str, Any]:
    """The figures of a calibration as they go on record."""
    curve = calibration.curve
    return {
        "id": calibration.id,
        "sha256": sha256,
        "at": calibration.at,
        "source": calibration.source,
        "counts_per_gram": calibration.counts_per_gram,
        "relative_standard_uncertainty": calibration.relative_standard_uncertainty,
        "zero_counts": calibration.zero_counts,
        "capacity_g": calibration.capacity_g,
        "resolution_g": calibration.resolution_g,
        "hysteresis_g": calibration.hysteresis_g,
        "repeatability_g": calibration.repeatability_g,
        "span_per_k": calibration.span_per_k,
        "temperature_c": calibration.temperature_c,
        "order": 1 if curve is None else curve.order,
        "coefficients_g": [] if curve is None else list(curve.coefficients_g),
        "highest_counts": None if curve is None else curve.highest_counts,
        "lowest_counts": None if curve is None else curve.lowest_counts,
        "weights": [f"{weight.id} to {weight.valid_to}" for weight in calibration.weights],
        "certificates": {weight.id: weight.certificate for weight in calibration.weights},
    }


def known(record: Record) -> dict[str, Any] | None:
    """What the record says of the calibration now in use; None where it says nothing."""
    entry = record.last_of(KINDS)
    if entry is None:
        return None
    if entry.payload.kind == START:
        told = entry.payload.body.get("calibration_values")
        # Records of older programs name the id only.
        return told if isinstance(told, dict) else {"id": str(entry.payload.body.get("calibration", ""))}
    told = entry.payload.body.get("new")
    return told if isinstance(told, dict) else None


def change(old: dict[str, Any] | None, new: dict[str, Any], result: Result | None = None) -> dict[str, Any]:
    """The body of an entry; ``result``: what the points said, where the command has them."""
    body: dict[str, Any] = {"old": old, "new": new}
    if result is not None:
        body["findings"] = [msgspec.to_builtins(finding) for finding in result.findings]
        body["points"] = [
            [row.load_g, row.counts, row.direction.value, row.residual_g, row.used]
            for row in result.rows[:200]
        ]
    return body


def differs(old: dict[str, Any] | None, new: dict[str, Any]) -> bool:
    """Whether another calibration is in use than the record knows. A record with an id only cannot tell a
    change of figures, so the id decides there."""
    if old is None:
        return False
    key = "sha256" if "sha256" in old else "id"
    return bool(old.get(key) != new[key])
