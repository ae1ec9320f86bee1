"""Judges again, entry by entry, what rests on a weight that was found wrong.

Rules this file obeys:

* Every entry that is judged again is read from the ledger, its signature verified; the index only says which.
* Everything that is known by now counts: the corrections of earlier recalls with those of this one.
* It goes in short steps, so that the appliance stays at hand while a long record is gone through.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from firmware_app.ledger.entry import Entry
from firmware_app.ledger.reader import LedgerReader
from firmware_app.procedures.control_check.record import KIND as CONTROL_CHECK
from firmware_app.procedures.rejudged import CannotRejudge, Corrected, Correction, PanDoubt, Rejudged
from firmware_app.procedures.rejudging import rejudge
from firmware_app.quantity import Grams
from firmware_app.rules.rows import Pack
from firmware_app.service.pan.control import FAILED
from firmware_app.standards.recalls import KIND, Affected, RecallPart, Recalls, concerns, recorded_weight
from firmware_app.standards.trace import Trace, Traced
from firmware_app.standards.uses import (
    CALIBRATION_KINDS,
    What,
    calibration_in,
    pan_in,
    weights_in,
    weights_of_calibration,
)
from firmware_app.weighing.control import Chart, Check, Outcome

INDEX_STEP = 500
"""Entries that the index takes in at a time: some tens of milliseconds."""
CALIBRATE = "calibrate_anew"
WITHIN = "within_its_doubt"
"""Codes of what a recall means for a calibration: it must be made anew, or its doubt had room for it."""

Packs = Callable[[], tuple[Pack, ...] | None]


class Recalling:
    """One recall on its way through the record. ``part``: its first part, or the last that is on disk.

    ``packs``: the law packs at hand, by which records are judged again; None for those of the program.
    """

    def __init__(
        self,
        ledger: LedgerReader,
        trace: Trace,
        recalls: Recalls,
        part: RecallPart,
        packs: Packs = lambda: None,
    ) -> None:
        self._packs = packs
        self._ledger = ledger
        self._trace = trace
        self._recalls = recalls
        self._part = part
        self._waiting: Iterator[Traced] | None = None
        self._outcomes: dict[int, Outcome] | None = None
        self._doubts: dict[str, tuple[PanDoubt, ...]] = {}
        self.done_to = part.done_to
        self.finished = part.last

    def step(self) -> Affected | None:
        """The next piece of work: an affected entry, or None where there was none to tell of yet.

        Raises LedgerError, StandardsError.
        """
        if self._waiting is None:
            if self._trace.update(INDEX_STEP):
                self._waiting = iter(tuple(self._trace.resting_on(What.WEIGHT, self._part.weight.id)))
            return None
        traced = next(self._waiting, None)
        if traced is None:
            self.done_to, self.finished = self._part.up_to, True
            return None
        if not self.done_to < traced.seq <= self._part.up_to or traced.kind == KIND:
            return None
        self.done_to = traced.seq
        entry = self._ledger.entry(traced.seq)
        return None if entry is None else self._affected(entry, traced)

    def _affected(self, entry: Entry, traced: Traced) -> Affected | None:
        """What the recall means for one entry; None where it does not concern it."""
        kind, body, weight = entry.payload.kind, entry.payload.body, self._part.weight
        if not concerns(self._part, entry.payload.at, entry.payload.clock) or self._other(kind, body):
            return None
        found = Affected(
            seq=entry.seq, entry=entry.hash, kind=kind, rests=traced.by.value, old=traced.verdict, new=""
        )
        if kind in CALIBRATION_KINDS:
            doubted = weight.id in self._of_calibration(calibration_in(kind, body), entry)
            return msgspec.structs.replace(found, why=CALIBRATE if doubted else WITHIN)
        if kind == CONTROL_CHECK:
            outcome = self._control_outcomes().get(entry.seq)
            return msgspec.structs.replace(found, new="" if outcome is None else outcome.value)
        try:
            again = rejudge(body, self._correction(entry), self._packs())
        except CannotRejudge as error:
            return msgspec.structs.replace(found, why=str(error)[:200])
        return msgspec.structs.replace(found, new=again.verdict.value, why=again.reason, loads=_loads(again))

    def _other(self, kind: str, body: Mapping[str, Any]) -> bool:
        """Whether the weight is named under another certificate, which nobody has doubted."""
        weight = self._part.weight
        said = recorded_weight(body, weight.id)
        named = {id: certificate for id, _, certificate in weights_of_calibration(calibration_in(kind, body))}
        certificate = named.get(weight.id, "") if said is None else str(said.get("certificate", ""))
        return certificate not in (weight.certificate, "")

    def _correction(self, entry: Entry) -> Correction:
        """All that is now known otherwise of what an entry rests on."""
        body = entry.payload.body
        corrected = {}
        for weight in weights_in(body):
            part = self._recalls.of(weight["id"], str(weight.get("certificate", "")))
            if part is not None and concerns(part, entry.payload.at, entry.payload.clock):
                corrected[weight["id"]] = Corrected(part.weight.found_g, float(part.weight.found_u_g))
        pan = pan_in(body)
        control = pan.get("control")
        checked = control.get("entry", 0) if isinstance(control, dict) else 0
        lost = self._control_outcomes().get(checked) is Outcome.OUT_OF_CONTROL
        return Correction(
            weights=corrected,
            pan=self._pan_doubts(str(pan.get("calibration", ""))),
            pan_lock=FAILED if lost else "",
        )

    def _pan_doubts(self, calibration: str) -> tuple[PanDoubt, ...]:
        """What is to be doubted of a pan that was calibrated so."""
        if calibration not in self._doubts:
            doubts: dict[str, PanDoubt] = {}
            for seq in self._trace.telling_of(calibration) if calibration else ():
                entry = self._ledger.entry(seq)
                if entry is not None:
                    told = calibration_in(entry.payload.kind, entry.payload.body)
                    doubts.update(self._of_calibration(told, entry))
            self._doubts[calibration] = tuple(doubts.values())
        return self._doubts[calibration]

    def _of_calibration(self, told: Mapping[str, Any], entry: Entry) -> dict[str, PanDoubt]:
        """Its doubts by weight: those of its weights that were recalled and found beyond their own doubt."""
        made = str(told.get("at", ""))
        doubts = {}
        for id, day, certificate in weights_of_calibration(told):
            part = self._recalls.of(id, certificate)
            if part is None or part.weight.within or (not certificate and day != part.weight.valid_to):
                continue
            with contextlib.suppress(ValueError):
                if concerns(part, made or entry.payload.at, entry.payload.clock):
                    doubts[id] = PanDoubt(part.weight.off_g, part.weight.nominal_g)
        return doubts

    def _control_outcomes(self) -> dict[int, Outcome]:
        """What every check of the pan would have said of the weights as they are known now."""
        if self._outcomes is None:
            self._outcomes = dict(_refolded(self._ledger, self._recalls))
        return self._outcomes


def _refolded(ledger: LedgerReader, recalls: Recalls) -> Iterator[tuple[int, Outcome]]:
    """The charts of the record folded once more, each deviation from what its weight is known to be now."""
    charts: dict[tuple[str, Grams, str], Chart] = {}
    for entry in ledger.of_kind(CONTROL_CHECK, 0):
        body = entry.payload.body
        # A body of another shape has no outcome to change, and belongs to no chart.
        with contextlib.suppress(KeyError, TypeError, ValueError, ArithmeticError):
            weight, pan = body["weight"], body["pan"]
            thought = Decimal(weight["mass_g"])
            deviation, standard = Decimal(body["deviation_g"]), float(body["u_g"])
            part = recalls.of(weight["id"], weight["certificate"])
            if part is not None and concerns(part, entry.payload.at, entry.payload.clock):
                deviation -= part.weight.found_g - thought
            key = (weight["id"], thought, pan["calibration"])
            chart = charts.get(key) or Chart(resolution_g=float(pan["resolution_g"]))
            judged, charts[key] = chart.add(Check(float(deviation), standard))
            yield entry.seq, judged.outcome


def _loads(again: Rejudged) -> tuple[dict[str, Any], ...]:
    """What was judged again, load by load, without what is empty."""
    loads = (msgspec.to_builtins(load) for load in again.loads)
    return tuple({key: value for key, value in load.items() if value != ""} for load in loads)
