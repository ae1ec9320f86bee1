"""The desk where weights are recalled: withdraws them at once, then judges again what rests on them.

Rules this file obeys:

* One recall at a time. Its first part, which withdraws the weight, is on disk before it is answered for.
* A recall lives in the record alone: what a power cut stopped goes on after the next start where the record
  ends, and nothing is told twice.
* The same command again tells how far it is. What is done in one turn takes a fraction of a second.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from firmware_app.ledger.errors import LedgerError
from firmware_app.ledger.store import Ledger
from firmware_app.quantity import BadAmount, Grams, grams, plain
from firmware_app.service import messages
from firmware_app.service.door import Commands
from firmware_app.service.messages.recall import Recalled, RecallWeight
from firmware_app.service.pan.control import DOUBTED, UNREADABLE, WITHDRAWN
from firmware_app.service.recall.judging_again import Packs, Recalling
from firmware_app.standards.recalls import (
    KIND,
    Affected,
    RecalledWeight,
    RecallPart,
    Recalls,
    parts_of,
    read_recalls,
    recorded_weight,
    withdraw,
)
from firmware_app.standards.sets import COVERAGE, Piece, StandardsError, WeightSet
from firmware_app.standards.trace import NAME, Trace
from firmware_app.standards.uses import What
from firmware_app.weighing.calibration import Calibration

INDEX_STEP = 50
"""Entries a turn that the index takes in: some milliseconds."""
STEP_S = 0.05
"""Of a turn: the instruments are asked again after it."""
PART_BYTES = 36_000
"""Of the affected entries in one part; an entry takes about 48,000 bytes in all."""


Allowed = Callable[[RecallWeight, int], "str | messages.Reply"]
"""Who asks, in words for the record; or the reply to whoever may not, or must wait."""


class _Told:
    """What the record says of one recall so far; of the affected entries, which may be many, the counts."""

    def __init__(self) -> None:
        self.entries: tuple[int, ...] = ()
        self._affected = self._changed = 0

    def add(self, seq: int, part: RecallPart) -> None:
        """One more part, by the number of its entry."""
        self.entries = (*self.entries, seq)
        self.last = msgspec.structs.replace(part, affected=())
        self._affected += len(part.affected)
        self._changed += sum(each.changed for each in part.affected)

    def progress(self, ready: Sequence[Affected] = (), problem: str = "") -> Recalled:
        """How far it is. ``ready``: what is judged again and not yet written."""
        return Recalled(
            recall=self.last.recall,
            weight=self.last.weight.id,
            entries=self.entries,
            done_to=self.last.done_to,
            up_to=self.last.up_to,
            affected=self._affected + len(ready),
            changed=self._changed + sum(each.changed for each in ready),
            finished=self.last.last,
            problem=problem,
        )


def _told_by(parts: Iterable[tuple[int, RecallPart]]) -> _Told:
    told = _Told()
    for seq, part in parts:
        told.add(seq, part)
    return told


class RecallRefused(StandardsError):
    """The recall cannot be begun; the message says what to give instead."""


class RecallDesk:
    """All recalls of one record, and the one in progress. ``drawer``: the weights as the file has them."""

    def __init__(
        self,
        ledger: Ledger,
        data_dir: Path,
        drawer: Callable[[], tuple[WeightSet, ...]],
        packs: Packs = lambda: None,
    ) -> None:
        """``packs``: the law packs at hand.

        Where the recalls of the record cannot be read, any weight may be one of them: none is used then.
        """
        self._packs = packs
        self._ledger = ledger
        self._path = data_dir / NAME
        self._drawer = drawer
        self._trace: Trace | None = None
        self._recalls = Recalls()
        self._unreadable = False
        self._told = _Told()
        self._ready: list[Affected] = []
        self._job: Recalling | None = None
        self._indexed = 0
        self.problem = ""
        """Why the recall in progress stands still, in words; empty where it goes on."""
        try:
            self._recalls = read_recalls(ledger)
            self._resume()
        except (LedgerError, StandardsError) as error:
            self._unreadable, self.problem = True, str(error)

    # --------------------------------------------------------------------------------------- what it means

    def marked(self, weights: tuple[WeightSet, ...]) -> tuple[WeightSet, ...]:
        """The drawer with the withdrawn weights marked, which are used for nothing."""
        if self._unreadable:
            return tuple(
                msgspec.structs.replace(
                    each,
                    pieces=tuple(msgspec.structs.replace(piece, withdrawn=True) for piece in each.pieces),
                )
                for each in weights
            )
        return withdraw(weights, self._recalls)

    def lock(self, control: Piece | None, calibration: Calibration) -> str:
        """Code of why nothing may be judged by the pan, empty where no recall is the reason."""
        if self._unreadable:
            return UNREADABLE
        if control is not None and self._recalls.of(control.id, control.certificate) is not None:
            return WITHDRAWN
        for used in calibration.weights:
            part = self._recalls.of(used.id, used.certificate)
            since = part.since if part is not None else ""
            if part is not None and not part.weight.within and not (since and calibration.at[:10] < since):
                return DOUBTED
        return ""

    # --------------------------------------------------------------------------------------------- at work

    def commands(self, may: Allowed) -> Commands:
        """What the door hands to this desk. ``may``: who asks, for the record, or why not."""

        def recall(command: RecallWeight, now_ns: int) -> messages.Reply:
            who = may(command, now_ns)
            if not isinstance(who, str):
                return who
            try:
                return self.begin(command, who)
            except (LedgerError, StandardsError) as error:
                return messages.Refused("not_recalled", str(error))

        return {RecallWeight: recall}

    def begin(self, asked: RecallWeight, by: str) -> Recalled:
        """Begins the recall, or tells how far it is; raises RecallRefused, LedgerError, StandardsError.

        ``by``: who, for the record.
        """
        if self._unreadable:
            raise RecallRefused(f"{self.problem}: see steelyard ledger verify")
        if self._told.entries and self._told.last.recall == asked.recall:
            return self._told.progress(self._ready, self.problem)
        known = _told_by(parts_of(self._ledger, asked.recall))
        if known.entries:
            return known.progress()
        if self._job is not None:
            raise RecallRefused("another recall is still going through the record: wait until it is done")
        if self._ledger.open_visit() is not None:
            # Its verdict would rest on the weight, and stand after the last entry that is looked at.
            raise RecallRefused("a visit is open on this appliance: end it first, then recall the weight")
        first = self._first(asked, by)
        self._recalls = self._recalls.with_part(self._ledger.head_seq + 1, first)
        self._start(_Told(), first)
        try:
            self._work()
            if not self._told.entries:
                self._write()
        except BaseException:
            # Nothing is withdrawn that the record does not say.
            self._recalls = read_recalls(self._ledger)
            self._told, self._ready, self._job = _Told(), [], None
            raise
        return self._told.progress(self._ready)

    def turn(self) -> None:
        """Goes on with what is in progress; a disk that fails is tried again, and told in ``problem``."""
        if self._job is None:
            self._keep_index()
            return
        try:
            self._work()
            self.problem = ""
        except (LedgerError, StandardsError) as error:
            self.problem = str(error)

    def _keep_index(self) -> None:
        """Takes a few more entries into the index, so that whoever asks it need not wait for it."""
        head = self._ledger.head_seq
        if self._indexed >= head:
            return
        # Without it everything goes on, and whoever asks makes it anew.
        self._indexed = head
        with contextlib.suppress(LedgerError, StandardsError):
            trace = self._open_trace()
            if not trace.update(INDEX_STEP):
                self._indexed = trace.read_to

    def finish(self) -> None:
        """Works until nothing is in progress; raises LedgerError, StandardsError."""
        while self._job is not None:
            self._work()

    def close(self) -> None:
        if self._trace is not None:
            self._trace.close()

    def _resume(self) -> None:
        if self._recalls.unfinished:
            told = _told_by(parts_of(self._ledger, self._recalls.unfinished[0]))
            self._start(told, told.last)

    def _start(self, told: _Told, at: RecallPart) -> None:
        self._told, self._ready = told, []
        self._at = at
        self._job = Recalling(self._ledger, self._open_trace(), self._recalls, at, self._packs)

    def _open_trace(self) -> Trace:
        if self._trace is None:
            self._trace = Trace.open(self._ledger, self._path)
        return self._trace

    def _work(self) -> None:
        """A fraction of a second of it; a part is written once it is full, and at the end."""
        job, end = self._job, time.monotonic() + STEP_S
        if job is None:
            return
        size = sum(_size(each) for each in self._ready)
        if size > PART_BYTES:
            # The disk had refused it.
            self._write()
            size = 0
        begun = False
        while not job.finished and (not begun or time.monotonic() < end):
            begun = True
            affected = job.step()
            if affected is not None:
                self._ready.append(affected)
                size += _size(affected)
                if size > PART_BYTES:
                    self._write()
                    size = 0
        if job.finished:
            self._write()
            self._job = None
            self._recalls = self._recalls.finished(self._at.recall)
            # The next of several that a power cut had left.
            self._resume()

    def _write(self) -> None:
        """What is ready as the next part; on disk when this returns."""
        assert self._job is not None
        part = msgspec.structs.replace(
            self._at,
            part=len(self._told.entries) + 1,
            last=self._job.finished,
            done_to=self._job.done_to,
            affected=tuple(self._ready),
        )
        entry = self._ledger.append(KIND, part)
        self._told.add(entry.seq, part)
        self._ready = []

    def _first(self, asked: RecallWeight, by: str) -> RecallPart:
        if not asked.why.strip():
            raise RecallRefused("say why the weight is recalled: who found it, and how (--why)")
        since = _day(asked.since)
        found, expanded = _mass("--found", asked.found), _mass("--u", asked.expanded)
        weight = self._weight(asked.weight, found, expanded)
        if self._recalls.of(weight.id, weight.certificate) is not None:
            raise RecallRefused(
                f"weight {weight.id} is recalled under certificate {weight.certificate} already: "
                "it stays withdrawn until the file of weights has a new certificate"
            )
        return RecallPart(
            recall=asked.recall,
            part=1,
            last=False,
            weight=weight,
            since=since,
            why=asked.why.strip(),
            by=by,
            withdrawn=True,
            up_to=self._ledger.head_seq,
            done_to=0,
            affected=(),
        )

    def _weight(self, id: str, found: Grams, expanded: Grams) -> RecalledWeight:
        """The weight as the drawer has it or, gone from there, as the record last had it."""
        facts: dict[str, Any] = {
            "found_g": Decimal(plain(found)),
            "found_u_g": repr(float(expanded) / COVERAGE),
        }
        pieces = [piece for each in self._drawer() for piece in each.pieces]
        for piece in pieces:
            if piece.id == id:
                weight = RecalledWeight(
                    id=id,
                    set=piece.set_id,
                    weight_class=piece.weight_class,
                    nominal_g=Decimal(plain(piece.nominal_g)),
                    certificate=piece.certificate,
                    valid_to=piece.valid_to.isoformat(),
                    mass_g=Decimal(plain(piece.mass_g)),
                    u_g=repr(piece.standard_g),
                    **facts,
                )
                return _plausible(weight)
        said = self._recorded(id)
        if said is None:
            known = ", ".join(piece.id for piece in pieces) or "none"
            raise RecallRefused(f"there is no weight {id!r}, in the drawer or in the record; known: {known}")
        try:
            return _plausible(msgspec.convert({**said, **facts}, RecalledWeight))
        except msgspec.ValidationError as error:
            raise RecallRefused(f"the record says too little of weight {id}: {error}") from error

    def _recorded(self, id: str) -> dict[str, object] | None:
        with Trace.open(self._ledger, self._path) as trace:
            trace.update()
            for traced in reversed(tuple(trace.resting_on(What.WEIGHT, id))):
                entry = self._ledger.entry(traced.seq)
                said = None if entry is None else recorded_weight(entry.payload.body, id)
                if said is not None:
                    return dict(said)
        return None


def _plausible(weight: RecalledWeight) -> RecalledWeight:
    if not weight.nominal_g / 2 <= weight.found_g <= weight.nominal_g * 2:
        raise RecallRefused(
            f"found {plain(weight.found_g)} g, but weight {weight.id} is one of {plain(weight.nominal_g)} g: "
            "give the whole mass found, not the deviation"
        )
    if Decimal(repr(float(weight.found_u_g))) * 6 > weight.nominal_g:
        raise RecallRefused(f"U is more than a third of the weight: {weight.found_u_g} g is no finding")
    return weight


def _mass(option: str, text: str) -> Grams:
    try:
        value = grams(text)
    except BadAmount as error:
        raise RecallRefused(f"{option}: {error}") from error
    if value <= 0:
        raise RecallRefused(f"{option} {text}: give a mass above zero")
    return value


def _day(text: str) -> str:
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise RecallRefused(f"--since {text!r}: give a day such as 2026-09-01") from error


def _size(affected: Affected) -> int:
    return len(msgspec.json.encode(affected)) + 1
