"""Is the pan in control? The daily checks as the record tells them, and what follows for today.

Rules this file obeys:

* The record is the one store: every check is read back from it, so nothing is lost by a restart and nothing
  is unlocked by one.
* Checks of another calibration or another control weight belong to another chart.
* A check counts for as long as its age is known. Within one start of the machine the running time says it;
  across starts only clocks that somebody vouches for do. Else the check of the day is due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from firmware_app.errors import SteelyardError
from firmware_app.ledger.clock import Clock, ClockQuality
from firmware_app.ledger.entry import Entry
from firmware_app.ledger.errors import LedgerError
from firmware_app.ledger.reader import LedgerReader
from firmware_app.procedures.context import NOT_CONTROLLED, CheckPlan, Controlled
from firmware_app.procedures.control_check.record import KIND, MOST_POINTS, control_point
from firmware_app.quantity import Grams
from firmware_app.service.messages import ControlStatus
from firmware_app.standards.sets import Piece, WeightSet
from firmware_app.weighing.control import Chart, Check, Judged, NextStep, Outcome

DUE, FAILED, EXPIRED = "control_due", "control_failed", "control_weight_expired"
UNREADABLE = "control_unreadable"
"""Codes of a lock. The last: the record of the checks is damaged, or written by another version."""
WITHDRAWN, DOUBTED = "control_weight_withdrawn", "calibration_weight_withdrawn"
"""Codes of a lock by a recall: of the control weight, or of one that the pan was calibrated with."""
NO_WEIGHT, NO_PAN = "no_control_weight", "no_pan"
"""Codes of why no check can be begun at all."""
WORDS = {
    NO_WEIGHT: "no control weight is configured: name one in [control] of steelyard.toml",
    NO_PAN: "the pan is not calibrated: calibrate it first",
    UNREADABLE: "the record of the checks cannot be read: see steelyard ledger verify",
    WITHDRAWN: "the control weight was recalled: have it verified and enter the new certificate",
    DOUBTED: "a weight that the pan was calibrated with was recalled: calibrate it anew",
    EXPIRED: "the certificate of the control weight is out of date: have it verified and enter the new one",
}
CLOCK_STEP_BACK = timedelta(minutes=5)
"""A clock may be set back by so much before a check seems to lie in the future and no longer counts."""


class NoSuchWeight(SteelyardError):
    """The control weight of the configuration is not in the file of weights."""


def find_piece(weights: tuple[WeightSet, ...], wanted: str) -> Piece:
    """The piece of that id; raises NoSuchWeight."""
    pieces = [piece for one in weights for piece in one.pieces]
    for piece in pieces:
        if piece.id == wanted:
            return piece
    known = ", ".join(piece.id for piece in pieces) or "none"
    raise NoSuchWeight(f"control.weight: there is no weight {wanted!r}; known: {known}")


def without(weights: tuple[WeightSet, ...], piece: Piece | None) -> tuple[WeightSet, ...]:
    """The drawer without the control weight: what checks the pan is used for nothing else."""
    if piece is None:
        return weights
    return tuple(
        msgspec.structs.replace(one, pieces=tuple(each for each in one.pieces if each.id != piece.id))
        for one in weights
    )


class Unreadable(LedgerError):
    """An entry of a control check says less than a chart needs."""


class PastCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the record: its entry, when it was by each clock, and how it was judged."""

    entry: int
    at: str
    clock: ClockQuality
    boot: str
    uptime_ns: int
    outcome: Outcome
    next_step: NextStep
    judged: Judged
    """Judged by the present rule from the figures of the record; equal to the record while the rule is."""


class History:
    """The chart of one calibration and one weight, folded from a ledger, further whenever it has grown."""

    def __init__(
        self, ledger: LedgerReader, weight: str, mass_g: Grams, calibration: str, resolution_g: float
    ) -> None:
        self._ledger = ledger
        self._mine = (weight, mass_g, calibration)
        self._read_to = 0
        self.chart = Chart(resolution_g=resolution_g)
        self.checks: list[PastCheck] = []

    def refresh(self) -> None:
        """Takes in what has been recorded since; raises as the reader does, and Unreadable."""
        if self._ledger.head_seq == self._read_to:
            return
        head = self._ledger.head_seq
        for entry in self._ledger.of_kind(KIND, self._read_to):
            self._take(entry)
        self._read_to = head

    def _take(self, entry: Entry) -> None:
        body = entry.payload.body
        try:
            weight = body["weight"]
            if (weight["id"], Decimal(weight["mass_g"]), body["pan"]["calibration"]) == self._mine:
                self._add(entry, body)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise Unreadable(f"entry {entry.seq}: no control check as this program writes it") from error

    def _add(self, entry: Entry, body: dict[str, Any]) -> None:
        payload = entry.payload
        judged, chart = self.chart.add(Check(float(body["deviation_g"]), float(body["u_g"])))
        check = PastCheck(
            entry=entry.seq,
            at=payload.at,
            clock=payload.clock,
            boot=payload.boot,
            uptime_ns=payload.uptime_ns,
            outcome=Outcome(body["outcome"]),
            next_step=NextStep(body["next_step"]),
            judged=judged,
        )
        self.checks.append(check)
        self.chart = chart

    @property
    def last(self) -> PastCheck | None:
        """The latest check, None before the first."""
        return self.checks[-1] if self.checks else None


class PanControl:
    """What the core knows of its pan's control. ``piece`` None: no control weight is configured."""

    def __init__(
        self,
        ledger: LedgerReader,
        clock: Clock,
        *,
        piece: Piece | None,
        every_h: float,
        calibration: str,
        resolution_g: float | None,
        recalled: Callable[[], str] = lambda: "",
    ) -> None:
        """``recalled``: code of why a recall of weights locks the pan, empty where none does."""
        self._clock = clock
        self._recalled = recalled
        self._piece = piece
        self._every = timedelta(hours=every_h)
        self._unreadable = False
        self._history = (
            History(ledger, piece.id, piece.mass_g, calibration, resolution_g)
            if piece is not None and resolution_g
            else None
        )

    def every(self, hours: float) -> None:
        """So long a check counts from now on."""
        self._every = timedelta(hours=hours)

    def _last(self) -> PastCheck | None:
        """The latest check; None before the first, and where the record cannot be read."""
        if self._history is None or self._unreadable:
            return None
        try:
            self._history.refresh()
        except LedgerError:
            # Not tried again before the next start: a record does not heal, and this is asked all the time.
            self._unreadable = True
            return None
        return self._history.last

    def why_no_check(self) -> str:
        """Code of why no check can be begun, empty where one can."""
        if self._piece is None:
            return NO_WEIGHT
        if self._history is None:
            return NO_PAN
        self._last()
        if self._unreadable:
            return UNREADABLE
        if self._recalled() == WITHDRAWN:
            return WITHDRAWN
        return EXPIRED if self._piece.unusable(self._clock.now().date()) else ""

    def status(self) -> ControlStatus:
        """How the pan stands at this moment."""
        if self._piece is None:
            return ControlStatus(state=NOT_CONTROLLED.state, lock=self._recalled())
        last = self._last()
        state, lock = self._judge(self._piece, last)
        dated = last is not None and last.outcome is not Outcome.OUT_OF_CONTROL and not lock
        return ControlStatus(
            state=state,
            lock=lock,
            next_step="" if last is None else last.next_step.value,
            entry=0 if last is None else last.entry,
            at="" if last is None else last.at,
            valid_until=(datetime.fromisoformat(last.at) + self._every).isoformat(timespec="seconds")
            if last is not None and dated
            else "",
            weight=self._piece.id,
        )

    def _judge(self, piece: Piece, last: PastCheck | None) -> tuple[str, str]:
        """State and lock."""
        if locked := UNREADABLE if self._unreadable else self._recalled():
            return "due", locked
        if last is not None and last.outcome is Outcome.OUT_OF_CONTROL:
            return Outcome.OUT_OF_CONTROL.value, FAILED
        now = self._clock.now()
        if piece.unusable(now.date()):
            return "due", EXPIRED
        age = None if last is None else self._age(last, now)
        if last is None or age is None or age > self._every:
            return "due", DUE
        # The check of the day: asked for at the day's first start, demanded once the last one is too old.
        believed = self._clock.quality() != ClockQuality.UNSYNCHRONISED
        if believed and datetime.fromisoformat(last.at).astimezone(now.tzinfo).date() != now.date():
            return "due", ""
        return last.outcome.value, ""

    def _age(self, last: PastCheck, now: datetime) -> timedelta | None:
        """How long ago the check was; None where nobody knows."""
        if last.boot == self._clock.boot and self._clock.uptime_ns() >= last.uptime_ns:
            return timedelta(microseconds=(self._clock.uptime_ns() - last.uptime_ns) / 1000)
        if ClockQuality.UNSYNCHRONISED in (last.clock, self._clock.quality()):
            return None
        age = now - datetime.fromisoformat(last.at)
        return None if age < -CLOCK_STEP_BACK else age

    def controlled(self) -> Controlled:
        """The same for a visit and its record."""
        now = self.status()
        return Controlled(state=now.state, lock=now.lock, entry=now.entry, at=now.at)

    def plan(self) -> CheckPlan | None:
        """What a check needs; None where none can be made."""
        self._last()
        if self._piece is None or self._history is None or self._unreadable:
            return None
        return CheckPlan(
            piece=self._piece,
            chart=self._history.chart,
            points=tuple(control_point(check.judged) for check in self._history.checks[-MOST_POINTS:]),
            resolution_g=Decimal(repr(self._history.chart.resolution_g)),
        )
