"""Slips of entries: from a number in the ledger to a job for the printer, asked for or by itself.

Rules this file obeys:

* A slip is made of what the ledger holds, never of what a screen shows.
* A refusal names its code; nothing is printed of an entry without a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from firmware_app.ledger.entry import Entry
from firmware_app.ledger.errors import LedgerError
from firmware_app.procedures.fair_weighing.slip import complaint_lines, fair_weighing_lines
from firmware_app.procedures.page import PageJudged
from firmware_app.procedures.prompts import Judged, Prompt
from firmware_app.procedures.self_check.slip import slip_lines
from firmware_app.service.door import Commands
from firmware_app.service.messages import CancelSlip, Ok, PrinterStatus, PrintSlip, Refused, Reply
from firmware_app.service.slips.printing import Job, SlipPrinter

LINES: dict[str, Callable[[Entry], list[str]]] = {
    "self_check": slip_lines,
    "fair_weighing": fair_weighing_lines,
    "complaint": complaint_lines,
}
"""Kinds of entries that have a slip, and what stands on it."""
MAX_ID = 64


class Record(Protocol):
    """What of the ledger a slip is made of."""

    def entry(self, seq: int) -> Entry | None: ...

    def slip_text(self, seq: int) -> str: ...


class SlipDesk:
    """Hands slips to the printer; without a printer it refuses them. ``automatic``: prints every verdict."""

    def __init__(self, record: Record, printer: SlipPrinter | None, *, automatic: bool = False) -> None:
        self._record = record
        self._printer = printer
        self._automatic = automatic
        self._followed = 0

    def commands(self) -> Commands:
        """What this desk is asked to do."""
        return {
            PrintSlip: lambda wanted, _now_ns: self.print(wanted.job, wanted.entry),
            CancelSlip: lambda wanted, _now_ns: self.cancel(wanted.entry),
        }

    def print_all(self, automatic: bool) -> None:
        """Whether every verdict is printed from now on."""
        self._automatic = automatic

    def print(self, job: str, entry: int) -> Reply:
        """Queues the slip of an entry; handed over twice it is printed once."""
        if self._printer is None:
            return Refused("no_printer", "no slip printer is configured on this appliance")
        if not 1 <= len(job) <= MAX_ID:
            return Refused("bad_message", f"the id of a print job has 1 to {MAX_ID} characters")
        try:
            found = self._record.entry(entry)
            if found is None or found.payload.kind not in LINES:
                return Refused(
                    "no_slip", f"there is no slip of entry {entry}: it is not there or holds no verdict"
                )
            wanted = Job(
                id=job,
                entry=entry,
                lines=tuple(LINES[found.payload.kind](found)),
                text=self._record.slip_text(entry),
            )
        except LedgerError as error:
            return Refused("no_slip", str(error))
        if not self._printer.submit(wanted):
            return Refused("printer_busy", "too many slips wait for the printer already")
        return Ok()

    def cancel(self, entry: int) -> Reply:
        """Takes back what waits of an entry; that nothing waits is no mistake."""
        if self._printer is not None:
            self._printer.cancel(entry)
        return Ok()

    def resume(self, entries: Iterable[int]) -> None:
        """Wants again what waited for paper when the core ended."""
        for entry in entries:
            self.print(f"resumed-{entry}", entry)

    def follow(self, prompt: Prompt | None) -> None:
        """Prints a verdict that has just been shown, where that is configured; once an entry."""
        if self._printer is None or not self._automatic or not isinstance(prompt, Judged | PageJudged):
            return
        if prompt.entry == self._followed:
            return
        self._followed = prompt.entry
        if not self._printer.knows(prompt.entry):
            self.print(f"automatic-{prompt.entry}", prompt.entry)

    def status(self, now_ns: int) -> PrinterStatus | None:
        """How the printer and its jobs are; None where none is configured."""
        return None if self._printer is None else self._printer.status(now_ns)

    def close(self) -> None:
        if self._printer is not None:
            self._printer.close()
