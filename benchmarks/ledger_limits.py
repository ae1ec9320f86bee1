"""What the benchmarks of the ledger measure with and against: durations, an entry's body, a bare commit."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import apsw

BODY = {"verdict": "conforms", "scale": {"serial": "S-1"}, "loads": ["x" * 200] * 8}


class Times(list[float]):
    """Durations in microseconds by a clock in seconds: waiting and all, or the processor's alone."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__()
        self._clock = clock

    def take(self, act: Callable[[], object]) -> None:
        began = self._clock()
        act()
        self.append(1e6 * (self._clock() - began))

    def at(self, quantile: float) -> float:
        return sorted(self)[min(len(self) - 1, int(quantile * len(self)))]


class BareCommit:
    """SQLite as it comes, with the same journal, the same sync and a text as long as an entry; no more."""

    def __init__(self, path: Path, text: str) -> None:
        self._connection = apsw.Connection(str(path))
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (b)"):
            self._connection.execute(statement).fetchall()
        self._text = text

    def __call__(self) -> None:
        self._connection.execute("INSERT INTO t VALUES (?)", (self._text,))

    def close(self) -> None:
        self._connection.close()
