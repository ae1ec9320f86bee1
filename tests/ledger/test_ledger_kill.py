"""kill -9 at any moment: what was called saved is there, nothing is there twice, and it goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from firmware_app.ledger.home import open_ledger

WRITER = Path(__file__).with_name("ledger_writer.py")
KILLS = 10


def killed_after(data: Path, seconds: float) -> dict[int, str]:
    """The entries that the writer called saved before it was killed."""
    writer = subprocess.Popen([sys.executable, str(WRITER), str(data)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "ready\n"
    time.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    said, _ = writer.communicate(timeout=20)
    whole = said[: said.rfind("\n") + 1].splitlines()
    return {int(seq): digest for seq, digest in (line.split() for line in whole)}


def test_every_entry_that_was_called_saved_survives_kill_9(data, clock):
    chance = random.Random(7)
    saved: dict[int, str] = {}
    for _ in range(KILLS):
        saved |= killed_after(data, chance.uniform(0.005, 0.08))
        with open_ledger(data, clock=clock, software="00") as ledger:
            found = ledger.verify()
            held = {seq: ledger.entry(seq).hash for seq in saved}
            kept = ledger.open_visit()
            concluded = kept is not None and ledger.entry_of(kept.visit) is not None
        assert held == saved
        assert found.head.seq >= max(saved, default=1)
        assert not concluded, "a visit is open or over, never both"
    assert len(saved) > KILLS
