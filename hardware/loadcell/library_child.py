"""The child process of the driver library, from its parent's side: lines in, reports out, an end in time.

Rules this file obeys:

* Every line is bounded and checked; what is no report ends the child.
* No wait is without a bound, also that for its end: what does not go when asked is killed.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Sequence
from typing import Protocol

import msgspec

from hardware.loadcell import library_process
from hardware.loadcell.contract import DriverUnavailable, LoadCellError
from hardware.loadcell.library_process import Event

ENDING_S = 0.15
"""A child that is asked to end needs a tenth of a second at most to lower PD_SCK."""


class ChildEnded(LoadCellError):
    """The child is gone or speaks what it should not; another one can be started."""


class Child(Protocol):
    """A running library_process."""

    def next_event(self, timeout_s: float) -> Event | None:
        """What it says next, None within the time; raises ChildEnded."""
        ...

    def end(self) -> None:
        """Ends it, whatever it does; may be called twice."""
        ...


class ChildProcess:
    """A child started by ``command``, its lines bounded and checked."""

    def __init__(self, command: Sequence[str]) -> None:
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            raise DriverUnavailable(
                f"library: no process can be started: {error.strerror or error}"
            ) from error
        assert self._process.stdout is not None
        self._descriptor = self._process.stdout.fileno()
        self._waiting = b""

    def next_event(self, timeout_s: float) -> Event | None:
        if b"\n" not in self._waiting:
            if not select.select([self._descriptor], [], [], max(0.0, timeout_s))[0]:
                return None
            received = os.read(self._descriptor, 65_536)
            if not received:
                raise ChildEnded(f"library: the process of hx711 ended ({self._process.wait()})")
            self._waiting += received
        line, newline, rest = self._waiting.partition(b"\n")
        if len(line) > library_process.LINE_BYTES:
            raise ChildEnded("library: the process of hx711 said more than it may")
        if not newline:
            return None
        self._waiting = rest
        try:
            return library_process.decode(line)
        except msgspec.DecodeError as error:
            raise ChildEnded(f"library: the process of hx711 said what is no report: {error}") from error

    def end(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()  # it lets PD_SCK go low then, if it still can
        try:
            self._process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
