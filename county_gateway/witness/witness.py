"""What a witness answers to ``add-checkpoint`` (c2sp.org/tlog-witness), without HTTP.

Rules this file obeys:

* It cosigns only what its log signed, and only what goes on from the last head that it cosigned.
* The new head is on disk before the cosignature exists.
* Every refusal is the status that the specification names; nothing is explained to whoever cannot sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from county_gateway.witness.memory import Head, Memory
from firmware_app.ledger.county.merkle import MAX_PROOF, verify_consistency
from firmware_app.ledger.county.note import (
    COSIGNATURE_TYPE,
    MAX_NOTE,
    Checkpoint,
    Note,
    NoteSignature,
    VerifierKey,
    check_name,
    cosigned_message,
    read_checkpoint,
    read_hash,
    read_note,
    read_number,
    verified_by,
)
from firmware_app.ledger.errors import BadFormat, BadLogProof, BadSignature
from firmware_app.ledger.jose import b64url_decode
from firmware_app.ledger.signing.signer import Signer

MAX_BODY = MAX_NOTE + 64 * 64
"""A note and 63 hashes in base64."""
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


class Answer(msgspec.Struct, frozen=True):
    """What goes back."""

    status: int
    body: str = ""
    kind: str = TEXT


class Request(msgspec.Struct, frozen=True):
    """A request taken apart: size of the old tree, the proof, the note, its tree head."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    head: Checkpoint


class _Refused(Exception):
    """Ends a request with an answer."""

    def __init__(self, status: int, body: str = "", kind: str = TEXT) -> None:
        super().__init__(status)
        self.answer = Answer(status, body, kind)


class Witness:
    """A witness of the logs in ``logs`` (by origin). ``now``: POSIX seconds."""

    def __init__(
        self,
        *,
        name: str,
        signer: Signer,
        logs: Mapping[str, VerifierKey],
        memory: Memory,
        now: Callable[[], int],
    ) -> None:
        self.key = witness_key(name, signer)
        self._signer = signer
        self._logs = logs
        self._memory = memory
        self._now = now

    def add_checkpoint(self, body: bytes) -> Answer:
        """The answer to a request."""
        try:
            request = _read(body)
            self._check_signature(request)
            if request.old > request.head.size:
                raise _Refused(400)
            self._memory.advance(request.head.origin, lambda known: _next(known, request))
        except _Refused as refused:
            return refused.answer
        return Answer(200, self._cosign(request.note).line())

    def _check_signature(self, request: Request) -> None:
        log = self._logs.get(request.head.origin)
        if log is None:
            raise _Refused(404)
        try:
            signed = verified_by(request.note, log)
        except BadSignature:
            raise _Refused(403) from None
        if signed is None:
            raise _Refused(403)

    def _cosign(self, note: Note) -> NoteSignature:
        time = self._now()
        signature = self._signer.sign(cosigned_message(note.text, time))
        return NoteSignature(self.key.name, self.key.id, time.to_bytes(8, "big") + signature)


def witness_key(name: str, signer: Signer) -> VerifierKey:
    """The key by which a witness is known; raises BadFormat where the name is none."""
    return VerifierKey(check_name(name), COSIGNATURE_TYPE, b64url_decode(signer.public_jwk.x))


def _read(body: bytes) -> Request:
    try:
        top, gap, note = body.decode("utf-8").partition("\n\n")
        first, *proof = top.split("\n")
        if len(body) > MAX_BODY or not gap or len(proof) > MAX_PROOF or not first.startswith("old "):
            raise _Refused(400)
        read = read_note(note)
        return Request(
            old=read_number(first.removeprefix("old ")),
            proof=tuple(read_hash(line) for line in proof),
            note=read,
            head=read_checkpoint(read.text),
        )
    except (UnicodeDecodeError, BadFormat):
        raise _Refused(400) from None


def _next(known: Head, request: Request) -> Head:
    new = request.head
    if request.old != known.size:
        raise _Refused(409, f"{known.size}\n", SIZE)
    if new.size == known.size and new.root != known.root:
        # Two trees of one size: proof of a fork. There is nothing to resend from here.
        raise _Refused(409, f"{known.size}\n", SIZE)
    try:
        verify_consistency(known.size, new.size, known.root, new.root, request.proof)
    except BadLogProof:
        raise _Refused(422) from None
    return Head(new.size, new.root)
