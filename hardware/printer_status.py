"""What a printer says of itself in real time, in words: DLE EOT n, without I/O.

Rules this file obeys:

* One byte a question; a byte without the fixed bits is no answer.
* No answer is a state of its own, never "everything is fine".

Source: ESC/POS command reference, DLE EOT (alike in manuals of Epson TM-U220 and Samsung SRP-350).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hardware.printer_contract import BLOCKING, PrinterState, Trouble

DLE_EOT = b"\x10\x04"
ALL_DONE = b"\x1dr\x01"
"""GS r 1, answered in the order of the data: once what was sent before it has been printed."""
PRINTER, OFFLINE_CAUSE, ERROR_CAUSE, PAPER = 1, 2, 3, 4
QUESTIONS = (PRINTER, OFFLINE_CAUSE, ERROR_CAUSE, PAPER)
_FIXED_MASK, _FIXED = 0b1001_0011, 0b0001_0010

_BITS: Mapping[int, Mapping[int, Trouble]] = {
    PRINTER: {3: Trouble.OFFLINE},
    OFFLINE_CAUSE: {2: Trouble.COVER_OPEN, 3: Trouble.FEEDING, 5: Trouble.PAPER_OUT},
    ERROR_CAUSE: {3: Trouble.KNIFE, 5: Trouble.BROKEN, 6: Trouble.HOT},
    PAPER: {2: Trouble.PAPER_LOW, 3: Trouble.PAPER_LOW, 5: Trouble.PAPER_OUT, 6: Trouble.PAPER_OUT},
}


def troubles_in(question: int, answer: bytes) -> tuple[Trouble, ...]:
    """What the last byte of ``answer`` tells; SILENT when there is none or it is no status byte."""
    if not answer or answer[-1] & _FIXED_MASK != _FIXED:
        return (Trouble.SILENT,)
    return tuple(trouble for bit, trouble in _BITS[question].items() if answer[-1] >> bit & 1)


def state_of(ask: Callable[[bytes], bytes]) -> PrinterState:
    """Asks the four questions until one has no answer; "offline" is left out where its cause is known."""
    found: list[Trouble] = []
    for question in QUESTIONS:
        told = troubles_in(question, ask(DLE_EOT + bytes([question])))
        found += told
        if Trouble.SILENT in told:
            break
    causes: list[Trouble] = [each for each in Trouble if each in found and each is not Trouble.OFFLINE]
    explained = BLOCKING & set(causes)
    if Trouble.OFFLINE in found and not explained:
        causes.append(Trouble.OFFLINE)
    if Trouble.PAPER_OUT in causes and Trouble.PAPER_LOW in causes:
        causes.remove(Trouble.PAPER_LOW)
    return PrinterState(tuple(causes))
