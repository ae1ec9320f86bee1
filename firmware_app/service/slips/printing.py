"""Slips on their way to paper: a thread that owns the printer, and a queue that nobody waits for.

Rules this file obeys:

* The core hands a job over and looks at the state; it never waits for a printer, however stuck that is.
* A job waits until the printer can print, or is cancelled: none is lost without a word. What may have begun
  to come out is tried again by itself only where the printer said why it stopped, else a person decides.
* Once dots of an entry may have reached paper, every further slip of it says that it is a copy.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from firmware_app import durable
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.slip.image import slip_png
from firmware_app.service.messages import PrinterStatus, SlipJob
from hardware.printer_contract import (
    BadSlip,
    Printer,
    PrinterError,
    PrinterNotReady,
    PrinterState,
    PrinterUnavailable,
    Trouble,
)

LOOK_S = 2.0
"""How often a printer with nothing to do is asked how it is."""
STUCK_NS = 60_000_000_000
"""A call into a driver that lasts longer than a slip of a metre takes: the printer is stuck."""
LINE = rb"^[0-9]{1,15}(?=\n)"
"""An entry's number in a file of numbers; one without its line feed was torn and may be part of another."""
MOST_WAITING = 8
MOST_SHOWN = 8
MOST_IDS = 256
GONE, STUCK = "gone", "stuck"
COPY = "副本（本记录此前已打印过）"
"""First line of every slip but the first of an entry."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One slip wanted: the lines, and the text of its QR code."""

    id: str
    entry: int
    lines: tuple[str, ...]
    text: str


class Begun:
    """The entries of which a slip has begun to come out, kept in a file of numbers, one a line."""

    MAX_BYTES = 16 << 20

    def __init__(self, path: Path) -> None:
        """Reads the file if there is one; lines that are no numbers (a torn last one) count for nothing."""
        self._path = path
        self._entries: set[int] = set()
        self._whole = True
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            kept = file.read(self.MAX_BYTES)
            self._entries = set(map(int, re.findall(LINE, kept, re.MULTILINE)))
            self._whole = not kept or kept.endswith(b"\n")

    def __contains__(self, entry: int) -> bool:
        return entry in self._entries

    def add(self, entry: int) -> None:
        """Keeps the entry, on disk before the first dot; a disk that is full must not keep a slip back."""
        if entry in self._entries:
            return
        self._entries.add(entry)
        # What was torn may not run together with this number into a third one.
        line = b"%d\n" % entry if self._whole else b"?\n%d\n" % entry
        self._whole = False
        with contextlib.suppress(OSError):
            durable.append(self._path, line)
            self._whole = True


class Waiting:
    """The entries whose slips have not come out, in order, so that a power cut loses none of them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> list[int]:
        """What the file holds, as far as it can be read."""
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            numbers = re.findall(LINE, file.read(MOST_WAITING * 16), re.MULTILINE)
            return list(map(int, numbers))[:MOST_WAITING]
        return []

    def keep(self, entries: Iterable[int]) -> None:
        """Writes them anew; with a full disk they are held in memory only."""
        with contextlib.suppress(OSError):
            durable.write(self._path, b"".join(b"%d\n" % entry for entry in entries))


class SlipPrinter:
    """One printer, driven in a thread of its own until closed. ``opener`` raises PrinterUnavailable."""

    def __init__(
        self, opener: Callable[[], Printer], begun: Begun, waiting: Waiting, font: Path, face: int
    ) -> None:
        self._open = opener
        self._begun = begun
        self._waiting = waiting
        self._font = (font, face)
        self._printer: Printer | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._queue: deque[Job] = deque()
        self._shown: dict[str, SlipJob] = {}
        self._ids: deque[str] = deque(maxlen=MOST_IDS)
        self._state: PrinterState | None = None
        self._looked = False
        self._spoke = False
        self._called_ns: int | None = None
        self._thread = threading.Thread(target=self._work, name="printer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> bool:
        """Takes a job, once however often it is handed over; False where too many wait already."""
        with self._lock:
            if job.id in self._ids:
                return True
            if len(self._queue) >= MOST_WAITING:
                return False
            self._ids.append(job.id)
            self._queue.append(job)
            self._show(job, "waiting")
            self._keep()
        self._wake.set()
        return True

    def cancel(self, entry: int) -> None:
        """Takes back every slip of the entry that waits; one under way comes out."""
        with self._lock:
            for job in [job for job in self._queue if job.entry == entry]:
                if self._shown[job.id].phase == "waiting":
                    self._queue.remove(job)
                    self._show(job, "cancelled")
            self._keep()

    def knows(self, entry: int) -> bool:
        """Whether a slip of the entry was begun, or is wanted already."""
        with self._lock:
            return entry in self._begun or any(job.entry == entry for job in self._queue)

    def status(self, now_ns: int) -> PrinterStatus:
        """How the printer and its jobs are."""
        with self._lock:
            jobs = tuple(self._shown.values())
            called_ns, state = self._called_ns, self._state
        stuck = called_ns is not None and now_ns - called_ns > STUCK_NS
        # A driver that failed as no contract foresees has ended the thread: to a person that is the same.
        if stuck or not self._thread.is_alive():
            return PrinterStatus(ready=False, trouble=STUCK, jobs=jobs)
        if state is None:
            return PrinterStatus(ready=False, trouble=GONE if self._looked else "", jobs=jobs)
        trouble = state.troubles[0].value if state.troubles else ""
        return PrinterStatus(ready=state.ready, trouble=trouble, jobs=jobs)

    def close(self) -> None:
        """Ends the thread; a stuck printer is left behind after two seconds."""
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout=2)
        if not self._thread.is_alive() and self._printer is not None:
            self._printer.close()

    # ------------------------------------------------------------------------------- the printer's thread

    def _work(self) -> None:
        while not self._closing.is_set():
            self._wake.clear()
            ready = self._look()
            job = self._next() if ready else None
            if job is None:
                self._wake.wait(LOOK_S)
            else:
                self._print(job)

    def _next(self) -> Job | None:
        with self._lock:
            if not self._queue:
                return None
            job = self._queue[0]
            self._show(job, "printing")
            return job

    def _look(self) -> bool:
        """Asks the printer how it is; whether it prints."""
        try:
            with self._call():
                if self._printer is None:
                    self._printer = self._open()
                state = self._printer.state()
        except PrinterError:
            self._became(None)
            return False
        silent = Trouble.SILENT in state.troubles
        if silent and self._spoke:
            # It can say how it is, and does not: nothing more is entrusted to it.
            self._became(None)
            return False
        self._spoke = self._spoke or not silent
        self._became(state)
        return state.ready

    def _print(self, job: Job) -> None:
        assert self._printer is not None
        silent = self._state is not None and Trouble.SILENT in self._state.troubles
        copy = job.entry in self._begun
        try:
            png = slip_png([COPY, "", *job.lines] if copy else job.lines, job.text, *self._font)
        except (BadFormat, OSError):
            self._end(job, "failed", copy=copy)
            return
        with self._lock:
            self._show(job, "printing", copy=copy)
        self._begun.add(job.entry)
        try:
            with self._call():
                self._printer.print_slip(png)
        except PrinterNotReady as trouble:
            self._became(trouble.state)
            with self._lock:
                self._show(job, "waiting", copy=copy)
        except PrinterUnavailable:
            self._became(None)
            self._end(job, "unsure", copy=copy)
        except BadSlip:
            self._end(job, "failed", copy=copy)
        else:
            self._end(job, "sent" if silent else "printed", copy=copy)

    def _end(self, job: Job, phase: str, *, copy: bool) -> None:
        with self._lock:
            self._queue.popleft()
            self._show(job, phase, copy=copy)
            self._keep()

    def _keep(self) -> None:
        """Called with the lock held."""
        self._waiting.keep(job.entry for job in self._queue)

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        """Remembers since when the driver is busy, so that one that never returns is told."""
        self._called_ns = time.monotonic_ns()
        try:
            yield
        finally:
            self._called_ns = None

    def _became(self, state: PrinterState | None) -> None:
        with self._lock:
            self._state, self._looked = state, True

    def _show(self, job: Job, phase: str, *, copy: bool = False) -> None:
        """Says where the job is; called with the lock held."""
        self._shown[job.id] = SlipJob(job=job.id, entry=job.entry, phase=phase, copy=copy)
        for old in list(self._shown)[:-MOST_SHOWN]:
            if self._shown[old].phase not in ("waiting", "printing"):
                del self._shown[old]
