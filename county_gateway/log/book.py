"""The log in the database: positions, tiles, checkpoints, in the transaction of whoever calls.

Rules this file obeys:

* An entry gets its position in the transaction that keeps the entry: both are there or neither.
* Whoever appends holds the one row of ``log_head``, so positions are given one after another whatever
  number of gateways write, and a tree of one size is the same to all of them.
* Positions decide; tiles follow from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from county_gateway import tables as county_tables
from county_gateway.bulk import add_rows
from county_gateway.log import tables
from county_gateway.log.errors import LogError, NotLogged
from county_gateway.log.merkle import WIDTH, Tree, grow
from county_gateway.log.tiles import BadTilePath, TilePath, bundle, width_in
from firmware_app.ledger.county.merkle import HASH_BYTES, entry_leaf
from firmware_app.ledger.county.note import read_note

# Made once: to put a statement together takes several times as long as to carry it out.
_head, _leaves, _tiles = tables.log_head, tables.log_leaves, tables.log_tiles
_checkpoints, _receipts = tables.log_checkpoints, tables.log_receipts
_ORIGIN, _SIZE = select(_head.c.origin), select(_head.c.size)
_HELD = select(_head.c.size, _head.c.origin).with_for_update()
_NEW_SIZE = update(_head).values(size=bindparam("new"))
_POSITION = select(_leaves.c.position).where(_leaves.c.entry == bindparam("named"))
_this_tile = (_tiles.c.level == bindparam("at"), _tiles.c.number == bindparam("nth"))
_TILE = select(_tiles.c.hashes).where(*_this_tile)
_ADD_TILE = insert(_tiles)
_GROWN_TILE = update(_tiles).where(*_this_tile).values(hashes=bindparam("new"))
_LATEST = (
    select(_checkpoints.c.size, _checkpoints.c.root, _checkpoints.c.note)
    .order_by(_checkpoints.c.size.desc())
    .limit(1)
)
_CHECKPOINT = select(_checkpoints).where(_checkpoints.c.size == bindparam("of"))
_RECEIPT = select(_receipts.c.jws).where(
    _receipts.c.device == bindparam("chain"),
    _receipts.c.seq == bindparam("nth"),
    _receipts.c.since == bindparam("seen"),
)

CHUNK = 2048
"""Entries that are given their positions together when an older database gets its log."""


class Published(msgspec.Struct, frozen=True):
    """A checkpoint that the county has signed. ``note``: its text, with the witnesses' lines."""

    size: int
    root: str
    note: str


class Place(msgspec.Struct, frozen=True):
    """Where an entry stands: in the log named ``origin``, from 0."""

    origin: str
    position: int


class LogReader:
    """Looks, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def origin(self) -> str:
        """The log's name; raises LogError where there is no log yet."""
        row = self._connection.execute(_ORIGIN).scalar_one_or_none()
        if row is None:
            raise LogError("this county has no log yet")
        return str(row)

    def size(self) -> int:
        """The number of leaves on disk."""
        return int(self._connection.execute(_SIZE).scalar_one_or_none() or 0)

    def tree(self) -> Tree:
        """The whole tree of this moment."""
        return Tree(self.size(), self.tile)

    def tile(self, level: int, number: int) -> bytes:
        """The bytes of a tile as wide as it has grown, empty where there is none."""
        found = self._connection.execute(_TILE, {"at": level, "nth": number}).scalar_one_or_none()
        return b"" if found is None else bytes(found)

    def position(self, entry: str) -> int:
        """The place of the entry with that SHA-256, from 0; raises NotLogged."""
        found = self._connection.execute(_POSITION, {"named": entry}).scalar_one_or_none()
        if found is None:
            raise NotLogged(f"the entry {entry} has no place in the log")
        return int(found)

    def latest(self) -> Published | None:
        """The checkpoint of the largest tree, None before the first."""
        row = self._connection.execute(_LATEST).one_or_none()
        return None if row is None else Published(row.size, row.root, row.note)

    def file(self, path: TilePath, size: int) -> bytes:
        """The bytes at a path in a tree of ``size`` leaves; raises BadTilePath where it has none there.

        A tile is served as wide as it was asked for also when it has grown since.
        """
        if path.width > width_in(path, size):
            raise BadTilePath(f"{path} is not in a tree of {size}")
        if path.level is None:
            return bundle([bytes.fromhex(entry) for entry in self._entries(path)])
        return self.tile(path.level, path.number)[: path.width * HASH_BYTES]

    def _entries(self, path: TilePath) -> Sequence[str]:
        table, first = tables.log_leaves.c, path.number * WIDTH
        query = select(table.entry).where(table.position >= first, table.position < first + path.width)
        return self._connection.execute(query.order_by(table.position)).scalars().all()

    def receipt(self, device: str, seq: int, since: int) -> str | None:
        """The receipt that was given upon an entry to a device that had seen ``since`` leaves."""
        of = {"chain": device, "nth": seq, "seen": since}
        return self._connection.execute(_RECEIPT, of).scalar_one_or_none()


class LogWriter(LogReader):
    """Adds, within one transaction that writes."""

    def begin(self, origin: str) -> None:
        """The log of a database, made where there is none."""
        if self._connection.execute(select(tables.log_head.c.one)).one_or_none() is None:
            self._connection.execute(insert(tables.log_head).values(one=1, origin=origin, size=0))

    def name(self, origin: str) -> bool:
        """Names a log that has no leaves yet; False, and nothing, where it has."""
        if self._hold() > 0:
            return False
        self._connection.execute(update(tables.log_head).values(origin=origin))
        return True

    def take_in(self) -> int:
        """Gives places to entries that have none, in the order in which they came; how many there were.

        They are from before the log, or were added by a gateway that knew none.
        """
        entries, leaves = county_tables.entries, tables.log_leaves
        held = self._connection.execute(select(func.count()).select_from(entries)).scalar_one()
        if held == self._hold():
            return 0
        missing = (
            select(entries.c.hash)
            .outerjoin(leaves, leaves.c.entry == entries.c.hash)
            .where(leaves.c.position.is_(None))
            .order_by(entries.c.id)
        )
        return self._append_all(self._connection.execute(missing).scalars().all())

    def append(self, entries: Sequence[str]) -> Place | None:
        """Gives the next places to entries, named by the SHA-256 of their texts; the last one's, if any."""
        if not entries:
            return None
        size, origin = self._take_head()
        changed = grow(size, [entry_leaf(entry) for entry in entries], self.tile)
        leaves = [(size + nth, entry) for nth, entry in enumerate(entries)]
        add_rows(self._connection, tables.log_leaves, ("position", "entry"), leaves)
        new = []
        for at, hashes in changed.items():
            if size >> (8 * at.level) > at.number * WIDTH:
                grown = {"at": at.level, "nth": at.number, "new": hashes}
                self._connection.execute(_GROWN_TILE, grown)
            else:
                new.append({"level": at.level, "number": at.number, "hashes": hashes})
        if new:
            self._connection.execute(_ADD_TILE, new)
        self._connection.execute(_NEW_SIZE, {"new": size + len(entries)})
        return Place(origin, size + len(entries) - 1)

    def add_checkpoint(self, published: Published, at: str) -> Published:
        """Keeps a checkpoint; of one size the one with more signatures stays, and is given back.

        One that another key of the county signed gives way.
        """
        self._hold()
        table = tables.log_checkpoints
        kept = self._connection.execute(_CHECKPOINT, {"of": published.size}).one_or_none()
        if kept is None:
            self._connection.execute(
                insert(table),
                {"size": published.size, "root": published.root, "note": published.note, "at": at},
            )
            return published
        if kept.root != published.root:
            raise LogError(f"two roots for a tree of {published.size}")
        same_key = _county_line(kept.note) == _county_line(published.note)
        if same_key and kept.note.count("\n") >= published.note.count("\n"):
            return Published(kept.size, kept.root, kept.note)
        same_size = update(table).where(table.c.size == published.size)
        self._connection.execute(same_size.values(note=published.note))
        return published

    def add_receipt(self, device: str, seq: int, since: int, jws: str) -> str:
        """Keeps the receipt that is about to be given, or gives the one that is there.

        Whoever calls holds the device.
        """
        given = self.receipt(device, seq, since)
        if given is not None:
            return given
        kept = {"device": device, "seq": seq, "since": since, "jws": jws}
        self._connection.execute(insert(tables.log_receipts), kept)
        return jws

    def rename(self, origin: str) -> None:
        """Ends the log and begins another under a new name with the same leaves.

        For a county whose database was restored from a copy: devices and witnesses have seen more of the
        old log than there is, and would rightly refuse it. They note that the log was replaced.
        """
        self._hold()
        self._connection.execute(delete(tables.log_checkpoints))
        self._connection.execute(delete(tables.log_receipts))
        self._connection.execute(update(tables.log_head).values(origin=origin))

    def rebuild(self) -> None:
        """Makes every tile anew from the positions."""
        size = self._hold()
        self._connection.execute(delete(tables.log_tiles))
        self._connection.execute(update(tables.log_head).values(size=0))
        table = tables.log_leaves.c
        ordered = self._connection.execute(select(table.entry).order_by(table.position)).scalars().all()
        if len(ordered) != size:
            raise LogError(f"{len(ordered)} positions for a tree of {size}")
        self._connection.execute(delete(tables.log_leaves))
        self._append_all(ordered)

    def _append_all(self, entries: Iterable[str]) -> int:
        count, waiting = 0, iter(entries)
        while chunk := list(islice(waiting, CHUNK)):
            self.append(chunk)
            count += len(chunk)
        return count

    def _hold(self) -> int:
        """The number of leaves; nobody else appends until the transaction ends."""
        return self._take_head()[0]

    def _take_head(self) -> tuple[int, str]:
        row = self._connection.execute(_HELD).one_or_none()
        if row is None:
            raise LogError("this county has no log yet")
        return int(row.size), str(row.origin)


def _county_line(note: str) -> tuple[str, bytes]:
    """Name and id of the key that signed first, which is the county's."""
    first = read_note(note).signatures[0]
    return first.name, first.id
