"""Recalls of weights as the record tells them: what was found, what was judged again, what is withdrawn.

Rules this file obeys:

* A recall changes no entry: the old verdict stays where it is, and the new one stands in the recall.
* A recall that is too long for one entry has several parts; the first withdraws the weight, the last says
  that it is the last.
* A weight is withdrawn under one certificate: with a new one in the file of weights it may be used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

import msgspec

from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.entry import Entry
from firmware_app.ledger.reader import LedgerReader
from firmware_app.quantity import Grams
from firmware_app.standards.sets import StandardsError, WeightSet
from firmware_app.standards.uses import weights_in

KIND = "recall"
MILLIGRAM = Decimal("0.001")


class BadRecall(StandardsError):
    """An entry is no recall as this program writes it."""


class RecalledWeight(msgspec.Struct, frozen=True, kw_only=True):
    """The weight as it was thought to be, and as it was found; u: standard uncertainties, all in grams."""

    id: str
    set: str
    weight_class: str = msgspec.field(name="class")
    nominal_g: Grams
    certificate: str
    valid_to: str
    mass_g: Grams
    u_g: str
    found_g: Grams
    found_u_g: str

    @property
    def off_g(self) -> Grams:
        """By how much it may have been mistaken: the shift, and by what its doubt has grown (k = 2)."""
        grown = max(Decimal(0), Decimal(self.found_u_g) - Decimal(self.u_g))
        off = abs(self.found_g - self.mass_g) + 2 * grown
        return off.quantize(MILLIGRAM, ROUND_CEILING)

    @property
    def within(self) -> bool:
        """Whether it was found within the doubt (k = 2) that was reckoned with all along."""
        return self.off_g <= 2 * Decimal(self.u_g)


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """One entry that rests on the weight: its verdict as recorded and as judged again.

    ``rests``: how, as `trace.Traced.by`. ``new`` equals ``old`` where nothing changes; empty, with ``why``,
    where it cannot be judged again. ``loads``: load by load, of what was judged again.
    """

    seq: int
    entry: str
    kind: str
    rests: str
    old: str
    new: str
    why: str = ""
    loads: tuple[dict[str, Any], ...] = ()

    @property
    def changed(self) -> bool:
        return self.new != self.old


class RecallPart(msgspec.Struct, frozen=True, kw_only=True):
    """Body of an entry of kind ``recall``.

    ``recall``: id made by the caller. ``since``: first day on which the weight is doubted, empty for always.
    ``by``: who. ``up_to``: the last entry that was looked at; ``done_to``: how far this part goes.
    """

    recall: str
    part: int
    last: bool
    weight: RecalledWeight
    since: str
    why: str
    by: str
    withdrawn: bool
    up_to: int
    done_to: int
    affected: tuple[Affected, ...]


class Recalls(msgspec.Struct, frozen=True):
    """All recalls of a record: number and body of each first part, and the ids of those not finished."""

    first: tuple[tuple[int, RecallPart], ...] = ()
    unfinished: tuple[str, ...] = ()

    def with_part(self, seq: int, part: RecallPart) -> Recalls:
        """One more part taken in."""
        open_ = tuple(each for each in self.unfinished if each != part.recall)
        return Recalls(
            first=(*self.first, (seq, part)) if part.part == 1 else self.first,
            unfinished=open_ if part.last else (*open_, part.recall),
        )

    def finished(self, recall: str) -> Recalls:
        """The same, with nothing of that recall left to do."""
        return Recalls(self.first, tuple(each for each in self.unfinished if each != recall))

    def of(self, weight: str, certificate: str) -> RecallPart | None:
        """The latest recall of a weight under a certificate; of an unknown certificate the latest of all."""
        for _, part in reversed(self.first):
            if part.weight.id == weight and certificate in (part.weight.certificate, ""):
                return part
        return None


def read_part(entry: Entry) -> RecallPart:
    """The recall in an entry; raises BadRecall."""
    try:
        return msgspec.convert(entry.payload.body, RecallPart)
    except msgspec.ValidationError as error:
        raise BadRecall(f"entry {entry.seq}: no recall as this program writes it: {error}") from error


def read_recalls(ledger: LedgerReader) -> Recalls:
    """Every recall of the record; raises as `LedgerReader.of_kind`, and BadRecall."""
    recalls = Recalls()
    for entry in ledger.of_kind(KIND, 0):
        recalls = recalls.with_part(entry.seq, read_part(entry))
    return recalls


def parts_of(ledger: LedgerReader, recall: str) -> Iterator[tuple[int, RecallPart]]:
    """The parts of one recall with the numbers of their entries; raises as `read_recalls`."""
    for entry in ledger.of_kind(KIND, 0):
        part = read_part(entry)
        if part.recall == recall:
            yield entry.seq, part


def withdraw(sets: Iterable[WeightSet], recalls: Recalls) -> tuple[WeightSet, ...]:
    """The drawer with every weight marked that was recalled under the certificate it has there."""
    return tuple(
        msgspec.structs.replace(
            each,
            pieces=tuple(
                msgspec.structs.replace(piece, withdrawn=True)
                if recalls.of(piece.id, piece.certificate) is not None
                else piece
                for piece in each.pieces
            ),
        )
        for each in sets
    )


def concerns(part: RecallPart, at: str, clock: str) -> bool:
    """Whether an entry of that time is doubted; one whose clock nobody vouches for always is."""
    if not part.since or clock == ClockQuality.UNSYNCHRONISED:
        return True
    return datetime.fromisoformat(at).date().isoformat() >= part.since


def recorded_weight(body: Mapping[str, Any], weight: str) -> Mapping[str, Any] | None:
    """What a body says of one weight, None where it does not name it."""
    return next((each for each in weights_in(body) if each["id"] == weight), None)
