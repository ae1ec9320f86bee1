"""Signing the tree: checkpoints that never go back and never fork.

Rules this file obeys:

* Only what is on disk is signed: a process killed between two steps has promised nothing that is not kept.
* Before each signature the tree is held against the last checkpoint in the database and against the one in
  DATA/log.checkpoint: a database restored from an older copy is noticed before anybody is lied to.
* One checkpoint at a time in a process; whoever waited meanwhile shares it.
"""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from county_gateway.log.book import LogReader, LogWriter, Published
from county_gateway.log.errors import LogWentBack
from county_gateway.log.merkle import Tree
from county_gateway.log.witnesses import WitnessClient
from firmware_app import durable
from firmware_app.ledger.county.note import (
    Checkpoint,
    Note,
    NoteSignature,
    b64encode,
    log_key,
    read_checkpoint,
    read_note,
    read_signature,
)
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.signing.signer import Signer

log = logging.getLogger("steelyard.county")

MARK = "log.checkpoint"
"""The last published checkpoint, in the data directory, outside the database."""

Transaction = Callable[[], AbstractContextManager[Connection]]


class Publisher:
    """Makes checkpoints of one log. ``reading``, ``writing``: begin a transaction of that sort."""

    def __init__(
        self,
        *,
        reading: Transaction,
        writing: Transaction,
        signer: Signer,
        mark: Path,
        now: Callable[[], datetime],
        witnesses: Sequence[WitnessClient] = (),
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._signer = signer
        self._mark = mark
        self._now = now
        self._witnesses = tuple(witnesses)
        self._busy = threading.Lock()

    def close(self) -> None:
        for witness in self._witnesses:
            witness.close()

    def begin(self, otherwise: str, origin: str | None) -> None:
        """The log, made where there is none, named ``origin`` or ``otherwise``.

        A log that has leaves keeps its name: under another it would be another log. Raises LogWentBack,
        BadFormat where the name is none.
        """
        log_key(origin or otherwise, self._signer.public_jwk)
        with self._writing() as connection:
            writer = LogWriter(connection)
            writer.begin(otherwise)
            if origin is not None and writer.origin() != origin and not writer.name(origin):
                log.warning("the log keeps its name %s", writer.origin())
            added = writer.take_in()
        if added:
            log.info("%d entries from before the log got their places in it", added)
        with self._look() as (reader, tree):
            self._hold_against_mark(reader.origin(), tree)

    def covering(self, position: int) -> Published:
        """A checkpoint of a tree that has a leaf at ``position``; raises LogWentBack.

        It takes as long as the slowest witness, and their number does not count; a witness that does not
        answer is not waited for again for a while.
        """
        with self._busy:
            with self._look() as (reader, tree):
                latest = reader.latest()
                if latest is not None and latest.size > position and self._signed_here(latest):
                    return latest
                published = self._sign(reader, tree, latest)
            return self._keep(published)

    def latest(self) -> Published | None:
        """The checkpoint that stands, None before the first entry; raises LogWentBack.

        Made where entries lie on disk that none speaks of yet, and again where a witness was missing.
        """
        with self._busy:
            with self._look() as (reader, tree):
                latest = reader.latest()
                if tree.size == 0:
                    return None
                if latest is not None and latest.size == tree.size and self._is_whole(latest):
                    return latest
                published = self._sign(reader, tree, latest)
            return self._keep(published)

    def _is_whole(self, published: Published) -> bool:
        if not self._signed_here(published):
            return False
        signed = {signature.name for signature in read_note(published.note).signatures}
        return all(each.witness.key.name in signed or each.resting for each in self._witnesses)

    def _signed_here(self, published: Published) -> bool:
        """Whether the key that signs now has signed it: not so right after the county changed its key."""
        note = read_note(published.note)
        key = log_key(read_checkpoint(note.text).origin, self._signer.public_jwk)
        return any((each.name, each.id) == (key.name, key.id) for each in note.signatures)

    def _sign(self, reader: LogReader, tree: Tree, last: Published | None) -> Published:
        """A checkpoint of a tree as it lies on disk; raises LogWentBack. ``last``: the one that stands."""
        origin = reader.origin()
        if last is not None and b64encode(tree.root(last.size)) != last.root:
            raise self._alarm(f"the tree of {last.size} leaves has another root than was published")
        self._hold_against_mark(origin, tree)
        checkpoint = Checkpoint(origin, tree.size, tree.root())
        note = self._signed(checkpoint)
        before = read_note(last.note).signatures if last is not None and last.size == tree.size else ()
        note = Note(note.text, _joined(note.signatures, self._cosignatures(note, tree), before))
        return Published(checkpoint.size, b64encode(checkpoint.root), str(note))

    def _keep(self, published: Published) -> Published:
        # The mark first: what leaves this process afterwards is remembered outside the database.
        self._remember(read_checkpoint(read_note(published.note).text), published.note)
        with self._writing() as connection:
            return LogWriter(connection).add_checkpoint(published, self._now().isoformat(timespec="seconds"))

    def _signed(self, checkpoint: Checkpoint) -> Note:
        text, key = checkpoint.text(), log_key(checkpoint.origin, self._signer.public_jwk)
        return Note(text, (NoteSignature(key.name, key.id, self._signer.sign(text.encode())),))

    def _cosignatures(self, note: Note, tree: Tree) -> list[NoteSignature]:
        """The lines of all witnesses, asked at the same time."""
        lines: list[str | None] = [None] * len(self._witnesses)
        proofs = threading.Lock()

        def ask(nth: int) -> None:
            lines[nth] = self._witnesses[nth].cosign(note, _Guarded(tree, proofs))

        threads = [threading.Thread(target=ask, args=(nth,), name="witness") for nth in range(len(lines))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [read_signature(line[:-1]) for line in lines if line is not None]

    def _remember(self, checkpoint: Checkpoint, note: str) -> None:
        """Makes the mark; a larger one of the same log, which another gateway made meanwhile, stays."""
        with self._mark.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            marked = self._marked()
            if marked is None or marked.origin != checkpoint.origin or marked.size < checkpoint.size:
                durable.write(self._mark, note.encode())

    def _marked(self) -> Checkpoint | None:
        try:
            return read_checkpoint(read_note(self._mark.read_text(encoding="utf-8")).text)
        except FileNotFoundError:
            return None
        except (BadFormat, UnicodeDecodeError) as error:
            raise self._alarm(f"{self._mark}: {error}") from error

    def _hold_against_mark(self, origin: str, tree: Tree) -> None:
        marked = self._marked()
        if marked is None or marked.origin != origin:
            return
        if marked.size > tree.size:
            raise self._alarm(f"{marked.size} leaves were published, {tree.size} are in the database")
        if tree.root(marked.size) != marked.root:
            raise self._alarm(f"the first {marked.size} leaves are not those that were published")

    def _alarm(self, words: str) -> LogWentBack:
        log.error("ALARM: the log went back: %s", words)
        return LogWentBack(
            f"{words}: a database restored from an old copy? Restore a newer one, or, if there is none, begin"
            " another log: python -m county_gateway.log renew"
        )

    @contextmanager
    def _look(self) -> Iterator[tuple[LogReader, Tree]]:
        with self._reading() as connection:
            reader = LogReader(connection)
            yield reader, reader.tree()


def _joined(*parts: Sequence[NoteSignature]) -> tuple[NoteSignature, ...]:
    """Signatures in order, of each key the first."""
    joined = {(each.name, each.id): each for part in reversed(parts) for each in reversed(part)}
    ordered = [each for part in parts for each in part]
    return tuple(each for each in ordered if joined[(each.name, each.id)] is each)


class _Guarded(Tree):
    """A tree that several threads ask for proofs, over one connection that only one may use."""

    def __init__(self, tree: Tree, one_at_a_time: threading.Lock) -> None:
        super().__init__(tree.size, tree._read)
        self._one_at_a_time = one_at_a_time

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        with self._one_at_a_time:
            return super().consistency(old, size)
