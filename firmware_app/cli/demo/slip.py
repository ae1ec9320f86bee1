"""The slips of the demonstration, as the printer would print them."""

from __future__ import annotations

from pathlib import Path

from firmware_app.ledger.home import read_ledger


def draw_slips(data_dir: Path, out: Path, entries: list[int]) -> None:
    """One PNG an entry, ``slip-N.png``."""
    with read_ledger(data_dir) as ledger:
        for seq in entries:
            entry = ledger.entry(seq)
            assert entry is not None
            (out / f"slip-{seq}.txt").write_text(entry.jws, encoding="utf-8")
