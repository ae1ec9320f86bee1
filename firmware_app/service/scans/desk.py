"""What a scanned code means to the visit, and what is said of it on the screen.

Rules this file obeys:

* A code starts, chooses or proposes; it never confirms: a figure from a label waits for the person's OK.
* A code that means nothing here is answered in words for a few seconds and changes nothing.
* A figure counts as the label's only where this desk read it at this very question, whatever the screen says.
* No scanned text is shown: whoever made the label does not write on the screen.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Protocol

import msgspec

from firmware_app.procedures.events import CodeGiven, Event, FigureTyped, Picked, ScaleChosen, StallTyped
from firmware_app.procedures.page import KILOGRAM, YUAN, Amount, Code, Page
from firmware_app.procedures.prompts import AskStall, ChooseScale, Prompt, PutGoods, PutWeights, Source
from firmware_app.registry.labels import Place, find_label
from firmware_app.registry.registry import Registry
from firmware_app.service.messages import SeenScan, VisitKind, VisitState
from hardware.ean13 import Carries, Ean13Error, Layout, checked, label
from hardware.scanner_contract import Refused, Scan

SAID_NS = 5_000_000_000
"""How long an answer stays: long enough to read two lines."""
REPEAT_NS = 1_500_000_000
"""The same code again within this is a trigger that is held down."""
MAX_CODE = 128
"""Characters of a code that a page asked for; no code on a stall, a scale or a label is longer."""
UNKNOWN, NOT_NOW, FIGURE = "unknown", "not_now", "figure"
PRICE_LABEL, BAD_LABEL, UNKNOWN_LABEL, NO_FIGURE_NOW = (
    "price_label",
    "bad_label",
    "unknown_label",
    "no_figure_now",
)

_EAN13 = re.compile(r"[0-9]{13}")
_VARIABLE = "2"
"""First digit of codes that a shop makes itself, as those of its scales (GS1: 20 to 29)."""


class Desk(Protocol):
    """What of the desk a scan needs."""

    def start(self, visit: str, kind: VisitKind) -> bool: ...

    def handle(self, event: Event, now_ns: int) -> None: ...

    def state(self) -> VisitState | None: ...


class ScanDesk:
    """Takes scans in order; ``seen`` is what the screen should say of the last one."""

    def __init__(self, desk: Desk, registry: Registry, layouts: Sequence[Layout] = ()) -> None:
        self._desk = desk
        self._registry = registry
        self._layouts = tuple(layouts)
        self._last = ("", -REPEAT_NS)
        self._seen: SeenScan | None = None
        self._seen_at: tuple[str, int] | None = None
        self._read: tuple[str, str, tuple[str, int] | None] | None = None
        """Figure and unit of the last label, and the question at which it was read."""
        self._read_code = ""

    def scanned(self, code: Scan | Refused, now_ns: int) -> None:
        """Acts on one code; a code that was refused is only spoken of."""
        if isinstance(code, Refused):
            self._say(SeenScan(at_ns=now_ns, code=code.why.value))
            return
        last, last_ns = self._last
        self._last = (code.text, now_ns)
        if code.text == last and now_ns - last_ns < REPEAT_NS:
            return
        self._say(self._answer(code.text, now_ns))

    def seen(self, now_ns: int) -> SeenScan | None:
        """What is to be said now; nothing once the visit has moved on."""
        if self._seen is not None and (now_ns - self._seen.at_ns > SAID_NS or self._step() != self._seen_at):
            self._seen = None
        return self._seen

    def vouched(self, answer: Event) -> Event:
        """The answer; a figure that is said to be a label's stays so only where such a label was read.

        The digits of that label go with it, and no others.
        """
        if not isinstance(answer, FigureTyped):
            return answer
        known = answer.label and (answer.figure, answer.unit, self._step()) == self._read
        return msgspec.structs.replace(answer, label=known, code=self._read_code if known else "")

    def _say(self, seen: SeenScan | None) -> None:
        self._seen, self._seen_at = seen, self._step()

    def _answer(self, text: str, now_ns: int) -> SeenScan | None:
        asked = self._asked()
        if isinstance(asked, Page) and isinstance(asked.wants, Code):
            self._desk.handle(CodeGiven(text[:MAX_CODE]), now_ns)
            return None
        place = find_label(self._registry, text)
        if place is not None:
            return None if self._go(place, now_ns) else SeenScan(at_ns=now_ns, code=NOT_NOW)
        if _EAN13.fullmatch(text):
            return self._label(text, now_ns)
        return SeenScan(at_ns=now_ns, code=UNKNOWN)

    def _go(self, place: Place, now_ns: int) -> bool:
        """Starts or answers with a stall or scale; False where none is asked for."""
        visit = self._desk.state()
        if visit is None:
            self._desk.start(secrets.token_hex(8), VisitKind.SELF_CHECK)
        prompt = self._asked()
        if isinstance(prompt, ChooseScale) and place.scale in [scale.id for scale in prompt.scales]:
            self._desk.handle(ScaleChosen(place.scale), now_ns)
        elif isinstance(prompt, AskStall | ChooseScale):
            self._desk.handle(StallTyped(place.scale or place.stall), now_ns)
        else:
            return False
        return True

    def _label(self, text: str, now_ns: int) -> SeenScan:
        """The label of a scale, where a figure is typed; else why it helps nobody."""
        try:
            checked(text)
        except Ean13Error:
            return SeenScan(at_ns=now_ns, code=BAD_LABEL)
        if not text.startswith(_VARIABLE):
            return SeenScan(at_ns=now_ns, code=UNKNOWN)
        try:
            read = label(text, self._layouts)
        except Ean13Error:
            return SeenScan(at_ns=now_ns, code=UNKNOWN_LABEL)
        price = read.carries is Carries.PRICE
        if price and _offers_price(self._asked()):
            self._desk.handle(Picked(YUAN), now_ns)
        if price and not _takes_price(self._asked()):
            return SeenScan(at_ns=now_ns, code=PRICE_LABEL)
        if not _takes_label(self._asked()):
            return SeenScan(at_ns=now_ns, code=NO_FIGURE_NOW)
        figure, unit = format(read.value, "f"), YUAN if price else KILOGRAM
        self._read, self._read_code = (figure, unit, self._step()), text
        return SeenScan(at_ns=now_ns, code=FIGURE, figure=figure, unit=unit)

    def _asked(self) -> Prompt | None:
        visit = self._desk.state()
        return None if visit is None else visit.prompt

    def _step(self) -> tuple[str, int] | None:
        visit = self._desk.state()
        return None if visit is None else (visit.visit, visit.step)


def _offers_price(prompt: Prompt | None) -> bool:
    """Whether an amount of money could be given instead of what is asked for now."""
    return isinstance(prompt, Page) and any(option.id == YUAN for option in prompt.beside)


def _takes_price(prompt: Prompt | None) -> bool:
    """Whether an amount of money is of use now: with the price per kg it tells what was paid for."""
    return isinstance(prompt, Page) and isinstance(prompt.wants, Amount) and YUAN in prompt.wants.units


def _takes_label(prompt: Prompt | None) -> bool:
    """Whether a figure is typed now that a label of the scale may give instead."""
    if isinstance(prompt, Page):
        return isinstance(prompt.wants, Amount) and prompt.wants.label
    return isinstance(prompt, PutWeights | PutGoods) and prompt.source is Source.TYPED
