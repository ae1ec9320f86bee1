"""The log as the county uses it: places for new entries, receipts that show them.

Rules this file obeys:

* A receipt shows the place of its entry in a tree that is on disk, and that this tree goes on from the one
  that the device has seen. What cannot be shown is not asserted: the device sees it and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select

from county_gateway.database import Lock, take
from county_gateway.log import tables
from county_gateway.log.book import LogReader, LogWriter, Place
from county_gateway.log.errors import BadLogHeader, NoCheckpoint
from county_gateway.log.merkle import Tree
from county_gateway.log.publisher import MARK, Publisher
from county_gateway.log.tiles import read_path
from county_gateway.log.witnesses import Witness, WitnessClient
from county_gateway.store import Held, Store
from firmware_app.ledger.county.note import VerifierKey, b64encode, log_key
from firmware_app.ledger.county.receipt import LOG_HEADER, LoggedReceipt, make_receipt
from firmware_app.ledger.signing.signer import Signer

MOST_KEPT = 8
"""Receipts upon one entry, each for another size of the log that the device says to have seen. A device has
seen one or two; one that names all sizes in turn gets its receipts and fills nothing with them."""
_HEADER = re.compile(r"0|([1-9][0-9]{0,15}) ([!-~]{1,200})", re.ASCII)


class Seen(msgspec.Struct, frozen=True):
    """What a device has seen of a log: how many leaves, and whose they were (empty before the first)."""

    size: int = 0
    origin: str = ""


def read_seen(header: str | None) -> Seen | None:
    """What a device says that it has seen, None of one that knows no log; raises BadLogHeader."""
    if header is None:
        return None
    match = _HEADER.fullmatch(header)
    if match is None or int(match[1] or 0) >= 2**53:
        raise BadLogHeader(f"{LOG_HEADER}: give 0, or the size and the name of the log that was seen")
    return Seen(int(match[1]), match[2]) if match[1] else Seen()


class Log:
    """The county's log. Raises LogWentBack where the database holds less than was published."""

    def __init__(
        self,
        *,
        store: Store,
        signer: Signer,
        data_dir: Path,
        now: Callable[[], datetime],
        origin: str | None = None,
        witnesses: Sequence[Witness] = (),
    ) -> None:
        self._store = store
        self._signer = signer
        self._now = now
        self._publisher = Publisher(
            reading=self._reading,
            writing=self._writing,
            signer=signer,
            mark=data_dir / MARK,
            now=now,
            witnesses=[WitnessClient(witness) for witness in witnesses],
        )
        self._publisher.begin(default_origin(signer.kid), origin)

    def close(self) -> None:
        self._publisher.close()

    def append(self, connection: Connection, entries: Sequence[str]) -> Place | None:
        """Gives new entries their places, in the transaction that keeps them; the last one's."""
        return LogWriter(connection).append(entries)

    def receipt(
        self, held: Held, seq: int, entry: str, seen: Seen, *, county: str, place: Place | None = None
    ) -> str:
        """The receipt upon an entry, whose SHA-256 is ``entry``, with its place; the same when asked again.

        ``held``: the chain that it belongs to; ``county``: the county's name; ``place``: the entry's, where
        it has just been given one. Raises NotLogged, LogWentBack.
        """
        given = None
        if place is None:
            with self._reading() as connection:
                reader = LogReader(connection)
                place = Place(reader.origin(), reader.position(entry))
                given = reader.receipt(held.name, seq, _since(seen, place))
        if given is not None:
            return given
        index, since = place.position, _since(seen, place)
        published = self._publisher.covering(max(index, since - 1))
        with self._store.writing() as store:
            # The device's row is held: asked twice at once, it gets the same receipt twice.
            store.hold(held.name)
            writer = LogWriter(store.connection)
            tree = Tree(published.size, writer.tile)
            # A device that has seen more than there is gets no proof, and its alarm is right.
            old = since if since <= published.size else 0
            receipt = LoggedReceipt(
                device=held.chain.device,
                seq=seq,
                entry=entry,
                at=self._now().isoformat(timespec="seconds"),
                county=county,
                index=index,
                inclusion=tuple(map(b64encode, tree.inclusion(index))),
                checkpoint=published.note,
                since=old,
                consistency=tuple(map(b64encode, tree.consistency(old))),
            )
            made = make_receipt(self._signer, receipt)
            if _kept_upon(store.connection, held.name, seq) >= MOST_KEPT:
                return made
            return writer.add_receipt(held.name, seq, since, made)

    def key(self) -> VerifierKey:
        """The key by which this log is known, as its checkpoints are signed now."""
        with self._reading() as connection:
            return log_key(LogReader(connection).origin(), self._signer.public_jwk)

    def checkpoint(self) -> str:
        """The checkpoint that stands, a signed note; raises NoCheckpoint before the first entry."""
        latest = self._publisher.latest()
        if latest is None:
            raise NoCheckpoint("nothing has been logged yet")
        return latest.note

    def file(self, path: str) -> bytes:
        """The bytes of a tile or entry bundle, by its path; raises BadTilePath."""
        at = read_path(path)
        with self._reading() as connection:
            reader = LogReader(connection)
            return reader.file(at, reader.size())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._store.reading() as store:
            yield store.connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._store.writing() as store:
            # In the order in which entries are added: nobody waits for somebody who waits for him.
            take(store.connection, Lock.ORDER)
            yield store.connection


def _since(seen: Seen, place: Place) -> int:
    """How much a device has seen of the log that its entry stands in."""
    return seen.size if seen.origin == place.origin else 0


def _kept_upon(connection: Connection, name: str, seq: int) -> int:
    """How many receipts upon one entry are kept."""
    table = tables.log_receipts
    asked = select(func.count()).select_from(table).where(table.c.device == name, table.c.seq == seq)
    return int(connection.execute(asked).scalar_one())


def default_origin(kid: str) -> str:
    """The name of a log that was given none: from the county's key."""
    return f"steelyard/log/{kid}"
