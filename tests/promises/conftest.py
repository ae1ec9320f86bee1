"""What the proofs share: a disk in memory to live on, its recorder, and the independent checker."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from promises_faults import Desk
from promises_files import watched
from promises_life import Life, living
from promises_vfs import Vfs

from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import read_ledger

CHECKER = Path(__file__).parents[2] / "tools" / "check_ledger.py"


@pytest.fixture
def quick(tmp_path) -> Iterator[Path]:
    """A directory where a sync costs nothing: what is on the disk is reckoned, not waited for."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as directory:
        yield Path(directory)


@contextmanager
def a_life(root: Path, **fault) -> Iterator[Life]:
    """A life on a watched disk, which may fail as `Desk` says."""
    root.mkdir(exist_ok=True)
    vfs = Vfs(Desk(root, **fault))
    life = Life(vfs.desk)
    try:
        with watched(vfs.desk), living(life):
            yield life
    finally:
        vfs.unregister()


@pytest.fixture
def lives() -> Callable:
    return a_life


@pytest.fixture(scope="session")
def independent() -> Callable[[Path], None]:
    """Exports the ledger of a data directory and has it checked by what shares no line with the product."""
    # It stands beside its own modules, as it does where somebody takes it away to check a record.
    sys.path.insert(0, str(CHECKER.parent))
    spec = importlib.util.spec_from_file_location("check_ledger", CHECKER)
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_ledger"] = module
    spec.loader.exec_module(module)

    def check(data: Path) -> None:
        file = data.with_name(f"{data.name}.ndjson")
        with read_ledger(data) as ledger:
            write_export(ledger, file)
            head = ledger.head_seq
        with file.open("rb") as export:
            assert module.check(export).entries == head
        file.unlink()

    return check
