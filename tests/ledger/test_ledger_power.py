"""The power goes at every single write and sync in turn: what was called saved is there afterwards."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import apsw
import pytest
from losing_disk import Disk, LosingVfs

from firmware_app.ledger.county.contract import County
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import KEY, LEDGER, open_ledger
from firmware_app.ledger.signing.signer import create_key, open_key
from firmware_app.ledger.store import Ledger

SOFTWARE = "00"


class Run:
    """One life of an appliance until its power is cut; remembers what it was told to be saved."""

    def __init__(self, root: Path, clock, county_key, give_receipt, cut_at: int | None) -> None:
        self.root = root
        self.saved: dict[int, str] = {}
        self.over: set[str] = set()
        self.begun: set[str] = set()
        self.receipted = 0
        self.disk = Disk(cut_at)
        self._clock = clock
        self._county_key = county_key
        self._give_receipt = give_receipt
        root.mkdir()
        create_key(root / KEY)

    def live(self) -> None:
        vfs = LosingVfs(self.disk)
        ledger = None
        try:
            ledger = Ledger.create_or_open(
                self.root / LEDGER,
                signer=open_key(self.root / KEY),
                clock=self._clock,
                software=SOFTWARE,
                device="KIOSK-7",
                vfs=vfs.vfs_name,
            )
            # Copies the log back into the file after nearly every commit, so that cuts meet that too.
            ledger._copying.pages = 2
            self._work(ledger)
        except StoreFailed as failed:
            assert failed.code == "io_error"
        finally:
            # The file is looked at as it was at the cut: closing may not tidy up any more.
            self.disk.cut_at = 0
            if ledger is not None:
                with contextlib.suppress(apsw.Error):
                    ledger.close()

    def _work(self, ledger: Ledger) -> None:
        self.saved[1] = ledger.head.hash
        county = County(county="c", url="https://county.example", jwk=self._county_key.public_jwk)
        self._note(ledger.append("enrolment", county))
        for visit in ("v1", "v2"):
            ledger.keep_visit(visit, "self_check", b"one")
            self.begun.add(visit)
            ledger.keep_visit(visit, "self_check", b"two")
            self._note(ledger.append("self_check", {"visit": visit}, visit=visit))
            self.over.add(visit)
            ledger.keep_receipt(self._give_receipt(ledger, ledger.head_seq, self._county_key))
            self.receipted = ledger.head_seq

    def _note(self, entry) -> None:
        self.saved[entry.seq] = entry.hash

    def power_back(self, root: Path, clock, *, every_second: bool) -> None:
        """Opens what the disk holds and holds it against what was promised."""
        root.mkdir()
        (root / KEY).write_bytes((self.root / KEY).read_bytes())
        (root / KEY).chmod(0o600)
        for name in (LEDGER, f"{LEDGER}-wal", f"{LEDGER}-journal"):
            if (self.root / name).exists():
                self.disk.after_the_cut(self.root / name, root / name, every_second=every_second)
        with open_ledger(root, clock=clock, software=SOFTWARE, device="KIOSK-7") as ledger:
            found = ledger.verify()
            held = {seq: ledger.entry(seq).hash for seq in self.saved}
            kept = ledger.open_visit()
            assert held == self.saved
            assert found.receipted >= self.receipted
            assert found.head.seq <= max(self.saved, default=0) + 1
            for visit in self.begun:
                outcome = ledger.entry_of(visit)
                is_open = kept is not None and kept.visit == visit
                assert (outcome is not None) != is_open, f"{visit} is open or over, never both or neither"
            assert all(ledger.entry_of(visit) is not None for visit in self.over)
            # and the life goes on
            head = ledger.head_seq
            assert ledger.append("start", {}).seq == head + 1


@pytest.fixture
def quick(tmp_path):
    """A directory where a sync costs nothing: the disk of these tests is simulated anyway."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as directory:
        yield Path(directory)


@pytest.mark.parametrize("every_second", [False, True], ids=["all of it lost", "every second write lost"])
def test_no_cut_loses_what_was_saved(quick, clock, county_key, give_receipt, every_second):
    whole = Run(quick / "whole", clock, county_key, give_receipt, cut_at=None)
    whole.live()
    operations = whole.disk.operations
    assert whole.over == {"v1", "v2"}
    assert operations > 40, operations

    for cut_at in range(1, operations + 1):
        run = Run(quick / f"life-{cut_at}", clock, county_key, give_receipt, cut_at)
        run.live()
        run.power_back(quick / f"after-{cut_at}", clock, every_second=every_second)


def test_the_disk_of_this_test_does_lose_what_is_not_synced(tmp_path):
    disk = Disk()
    vfs = LosingVfs(disk)
    path = tmp_path / "x.db"
    connection = apsw.Connection(str(path), vfs=vfs.vfs_name)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", 1)
    connection.execute("CREATE TABLE t (x)")
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.execute("INSERT INTO t VALUES (1)")
    for name in ("x.db", "x.db-wal"):
        disk.after_the_cut(tmp_path / name, tmp_path / f"after-{name}", every_second=False)
    (tmp_path / "after-x.db-wal").rename(tmp_path / "after.db-wal")
    (tmp_path / "after-x.db").rename(tmp_path / "after.db")

    rows = apsw.Connection(str(tmp_path / "after.db")).execute("SELECT count(*) FROM t").fetchone()
    connection.close()

    assert rows == (0,), "synchronous=NORMAL loses the last commit; only FULL keeps it"
