"""The slips of the demonstration, as the printer would print them, and the key to check them with."""

from __future__ import annotations

from pathlib import Path

import msgspec

from firmware_app.ledger.home import read_ledger
from firmware_app.ledger.slip.image import SLIP_FACE, SLIP_FONT, slip_png
from firmware_app.procedures.self_check.slip import slip_lines


def draw_slips(data_dir: Path, out: Path, slips: dict[int, str]) -> None:
    """``slip-N.png`` and ``slip-N.txt`` for each entry and its QR text; ``device.jwk.json``."""
    with read_ledger(data_dir) as ledger:
        (out / "device.jwk.json").write_bytes(msgspec.json.encode(ledger.key))
        for seq, text in slips.items():
            entry = ledger.entry(seq)
            assert entry is not None
            lines = slip_lines(entry)
            (out / f"slip-{seq}.png").write_bytes(slip_png(lines, text, SLIP_FONT, SLIP_FACE))
            (out / f"slip-{seq}.txt").write_text("\n".join([*lines, text]), encoding="utf-8")
