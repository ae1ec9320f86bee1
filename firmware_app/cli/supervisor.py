"""Keeps processes running where no systemd does: starts them, starts them again, ends them together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_S = 20.0
"""A process that has run this long has shown that it works: its next pause is the first one again."""

TERM_S = 5.0


class Child:
    """One process that is to run, and its pauses between starts."""

    def __init__(self, name: str, line: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.line = line
        self.env = dict(env)
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.started_s = 0.0
        self.start_again_s: float | None = 0.0
        self.away_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.line,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1
        self.started_s = time.monotonic()
        self.start_again_s = None

    def ended(self, now_s: float) -> int | None:
        """The exit code if it has ended since the last look; its next start is then planned."""
        if self.process is None or self.start_again_s is not None:
            return None
        code = self.process.poll()
        if code is None:
            return None
        steady = now_s - self.started_s > STEADY_S
        self._pause_s = FIRST_PAUSE_S if steady else min(LONGEST_PAUSE_S, self._pause_s * 2)
        self.start_again_s = now_s + max(self._pause_s, self.away_s)
        self.away_s = 0.0
        return code

    def signal(self, number: signal.Signals) -> None:
        """To the process and all it started."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Starts children at once, restarts those that end, and ends all when left.

    ``say`` is told in words what happens; logs lie in ``log_dir``, one a process.
    """

    def __init__(self, log_dir: Path, say: Callable[[str], None]) -> None:
        self._log_dir = log_dir
        self._say = say
        self._children: dict[str, Child] = {}
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def add(self, name: str, line: list[str], env: Mapping[str, str] | None = None) -> None:
        """Starts ``line`` under ``name`` and keeps it running."""
        child = Child(name, line, {**os.environ, **(env or {})}, self._log_dir / f"{name}.log")
        child.start()
        with self._lock:
            self._children[name] = child

    def pid(self, name: str) -> int | None:
        """The process id while it runs."""
        process = self._children[name].process
        return process.pid if process is not None and process.poll() is None else None

    def starts(self, name: str) -> int:
        return self._children[name].starts

    def remove(self, name: str) -> None:
        """Ends one process and forgets it."""
        with self._lock:
            child = self._children.pop(name)
        child.signal(signal.SIGTERM)
        self._wait([child])

    def kill(self, name: str, away_s: float = 0.0) -> None:
        """SIGKILL, as the kernel would; it is started again, after ``away_s`` seconds at the earliest."""
        with self._lock:
            self._children[name].away_s = away_s
        self._children[name].signal(signal.SIGKILL)

    def _watch(self) -> None:
        while not self._closing.wait(0.05):
            now_s = time.monotonic()
            with self._lock:
                for child in self._children.values():
                    code = child.ended(now_s)
                    if code is not None:
                        self._say(f"{child.name} ended with {code}; starting it again (log: {child.log})")
                    if child.start_again_s is not None and now_s >= child.start_again_s:
                        child.start()

    def close(self) -> None:
        """Ends all: asks, waits, then kills."""
        self._closing.set()
        self._thread.join(timeout=2)
        with self._lock:
            children = list(self._children.values())
        for child in reversed(children):
            child.signal(signal.SIGTERM)
        self._wait(children)

    def _wait(self, children: list[Child]) -> None:
        end_s = time.monotonic() + TERM_S
        for child in children:
            if child.process is None:
                continue
            try:
                child.process.wait(timeout=max(0.01, end_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.signal(signal.SIGKILL)
                child.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
