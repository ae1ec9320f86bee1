"""What a control chart is drawn from: the checks of one calibration and one weight, from the record."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.ledger.reader import LedgerReader
from firmware_app.procedures.control_check.record import KIND
from firmware_app.service.pan.control import History, PastCheck


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The chart of one calibration and one weight. ``others``: charts of the same record that are closed."""

    device: str
    weight: str
    mass_g: str
    calibration: str
    resolution_g: str
    others: int
    checks: tuple[PastCheck, ...]


def latest_series(ledger: LedgerReader) -> Series | None:
    """The chart that the last check belongs to, and how many others there are."""
    keys: dict[tuple[str, str, str], str] = {}
    latest = None
    for entry in ledger.of_kind(KIND, 0):
        weight, pan = entry.payload.body["weight"], entry.payload.body["pan"]
        latest = (weight["id"], weight["mass_g"], pan["calibration"])
        keys[latest] = pan["resolution_g"]
    if latest is None:
        return None
    weight_id, mass_g, calibration = latest
    history = History(ledger, weight_id, Decimal(mass_g), calibration, float(keys[latest]))
    history.refresh()
    return Series(
        device=ledger.device,
        weight=weight_id,
        mass_g=mass_g,
        calibration=calibration,
        resolution_g=keys[latest],
        others=len(keys) - 1,
        checks=tuple(history.checks),
    )
