"""The files of /sys and /dev that speak for a kernel driver, read and written without being held up by it.

Rules this file obeys:

* The kernel may take its time inside a read (the HX711 driver waits for a conversion, up to three seconds):
  one helper thread makes the calls, and whoever asks waits no longer than told.
* One call at a time; an answer that came too late is handed to whoever asks the same again.
"""

from __future__ import annotations

import os
import queue
import select
import threading
import time
from pathlib import Path
from typing import Protocol

import msgspec

from hardware.loadcell.clock import SECOND

MOST_BYTES = 4096
"""A file in /sys gives at most one page."""


class Answer(msgspec.Struct, frozen=True):
    """What the kernel answered and when the call began and ended, monotonic ns."""

    text: str
    begun_ns: int
    ended_ns: int


class Attributes(Protocol):
    """The files of a device. Every method raises OSError as the kernel does."""

    def read(self, path: Path, until_ns: int) -> Answer | None:
        """The text of a file; None when the kernel has not answered by then (ask again)."""
        ...

    def write(self, path: Path, text: str, until_ns: int) -> bool:
        """Writes to a file that is there; whether the kernel has answered by then (ask again)."""
        ...

    def names(self, directory: Path) -> list[str]:
        """What is in a directory, sorted; nothing where there is none."""
        ...

    def make_directory(self, path: Path) -> None:
        """Makes a directory, which in configfs makes an object."""
        ...

    def wait(self, descriptor: int, until_ns: int) -> bool:
        """Whether something can be read from ``descriptor`` by then."""
        ...

    def open(self, path: Path) -> int:
        """A descriptor of a character device, to be read without waiting."""
        ...

    def close(self) -> None: ...


_Call = tuple[str, str, str | None]


class KernelFiles:
    """The real files, behind one helper thread."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer | OSError] = queue.SimpleQueue()
        self._asked: _Call | None = None
        self._late: dict[_Call, Answer | OSError] = {}
        threading.Thread(target=self._serve, name="iio-files", daemon=True).start()

    def read(self, path: Path, until_ns: int) -> Answer | None:
        return self._ask(("read", str(path), None), until_ns)

    def write(self, path: Path, text: str, until_ns: int) -> bool:
        return self._ask(("write", str(path), text), until_ns) is not None

    def names(self, directory: Path) -> list[str]:
        return sorted(entry.name for entry in directory.iterdir()) if directory.is_dir() else []

    def make_directory(self, path: Path) -> None:
        path.mkdir(exist_ok=True)

    def wait(self, descriptor: int, until_ns: int) -> bool:
        left_ns = until_ns - time.monotonic_ns()
        return bool(select.select([descriptor], [], [], max(0.0, left_ns / SECOND))[0])

    def open(self, path: Path) -> int:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self) -> None:
        """Lets the helper thread go once the kernel has answered its last call."""
        self._calls.put(None)

    # ------------------------------------------------------------------------------------------- inside

    def _ask(self, call: _Call, until_ns: int) -> Answer | None:
        if self._asked is not None and self._asked != call:
            before = self._asked
            late = self._answer(until_ns)
            if late is None:
                return None  # an earlier call still waits in the kernel
            if before[0] == "read":
                self._late[before] = late
        answer: Answer | OSError | None = self._late.pop(call, None)
        if answer is None:
            if self._asked is None:
                self._asked = call
                self._calls.put(call)
            answer = self._answer(until_ns)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _answer(self, until_ns: int) -> Answer | OSError | None:
        try:
            answer = self._answers.get(timeout=max(0.0, (until_ns - time.monotonic_ns()) / SECOND))
        except queue.Empty:
            return None
        self._asked = None
        return answer

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            self._answers.put(_made(call))


def _made(call: _Call) -> Answer | OSError:
    begun_ns = time.monotonic_ns()
    try:
        text = _do(*call)
    except OSError as error:
        return error
    return Answer(text, begun_ns, time.monotonic_ns())


def _do(kind: str, path: str, text: str | None) -> str:
    flags = os.O_RDONLY if kind == "read" else os.O_WRONLY
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        if text is not None:
            os.write(descriptor, text.encode())
            return ""
        return os.read(descriptor, MOST_BYTES).decode("ascii", "replace")
    finally:
        os.close(descriptor)
