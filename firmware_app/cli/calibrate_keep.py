"""What `steelyard calibrate` leaves behind: the picture, the file and the entry in the record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from firmware_app import settings_file
from firmware_app.calibrating.guard import Range
from firmware_app.calibrating.record import CALIBRATION, change, known, values
from firmware_app.calibrating.result import Result
from firmware_app.calibrating.uncertainty import finest_interval
from firmware_app.cli.common import console, fail
from firmware_app.ledger.errors import LedgerInUse
from firmware_app.ledger.home import device_signer, open_ledger
from firmware_app.service.clock import SystemClock
from firmware_app.service.config import Loaded
from firmware_app.service.identity import software_hash
from firmware_app.weighing.calibration import Calibration


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written. ``source``: name of the file of points, empty for a session. ``before``: the
    calibration in use, whose place and cell the new one is of."""

    plot: Path | None
    output: Path | None
    name: str | None
    source: str
    pan: Range
    loaded: Loaded | None
    before: Calibration | None


def write(cell: str, result: Result, wish: Wish) -> None:
    """The picture, the file and the record, as wished for; nothing of refused data."""
    if result.refused:
        return
    if wish.plot is not None:
        # Half a second of import, and fonts: only for those who want a picture.
        from firmware_app.calibrating.plot import draw

        draw(result, wish.plot, title=f"{wish.source or 'pan'}: {cell}", resolution_g=wish.pan.resolution_g)
        console.print(f"residuals drawn in {wish.plot}")
    if wish.output is not None:
        _keep(result, wish.output, wish)


def _keep(result: Result, output: Path, wish: Wish) -> None:
    """The file, then the record where the file is the appliance's own."""
    assert result.curve is not None
    now = datetime.now().astimezone()
    weights = ", ".join(weight.id for weight in result.weights)[:200]
    before = wish.before
    of = f" of {wish.source[:100]}" if wish.source else f" with {weights}"
    try:
        calibration = result.calibration(
            id=wish.name or f"pan-{now:%Y-%m-%d-%H%M}",
            at=now.isoformat(timespec="seconds"),
            source=f"{len(result.rows)} points{of}",
            capacity_g=wish.pan.capacity_g or result.curve.highest_g,
            resolution_g=wish.pan.resolution_g or _interval(result),
            gravity="" if before is None else before.gravity,
            cell=None if before is None else before.cell,
        )
    except ValueError as error:
        fail(str(error))
    calibration.save(output)
    console.print(f"written to {output}")
    loaded = wish.loaded
    if loaded is not None and output.resolve() == loaded.resolve(loaded.config.pan.calibration):
        _record(calibration, result, output, loaded)


def _interval(result: Result) -> float:
    """What the calibration can carry, and never more than the coarsest instrument has (R 76-1: n ≥ 100)."""
    assert result.curve is not None
    coarsest = result.curve.highest_g / 100
    steps = [digit * 10.0**power for power in range(-4, 5) for digit in (1, 2, 5)]
    return min(finest_interval(result), max(step for step in steps if step <= coarsest or step == steps[0]))


def _record(calibration: Calibration, result: Result, output: Path, loaded: Loaded) -> None:
    """Old and new values into the ledger; where the core has it open, the core does so at its next start."""
    new = values(calibration, settings_file.sha256(output.read_bytes()))
    clock = SystemClock(loaded.config.device.time_zone)
    try:
        device = loaded.config.device
        signer = device_signer(loaded.data_dir, device.signer, device.signer_options)
        with open_ledger(
            loaded.data_dir, clock=clock, software=software_hash(), device=device.id, signer=signer
        ) as ledger:
            entry = ledger.append(CALIBRATION, change(known(ledger), new, result))
    except LedgerInUse:
        console.print(
            "the core runs with the old calibration: restart it (systemctl restart steelyard-core); it then"
            " takes the new one and records the change"
        )
        return
    console.print(f"recorded as entry {entry.seq}")
