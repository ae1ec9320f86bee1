"""Asking witnesses to cosign a checkpoint (c2sp.org/tlog-witness).

Rules this file obeys:

* A witness may be away, slow or lying: it costs a bounded time and never a receipt.
* A cosignature counts only once it has been verified with the witness's own key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import msgspec
import requests

from county_gateway.log.merkle import Tree
from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.note import (
    COSIGNATURE_TYPE,
    Note,
    VerifierKey,
    b64encode,
    read_note,
    read_number,
    read_signature,
    read_vkey,
    verified_by,
)
from firmware_app.ledger.errors import BadFormat, BadSignature

log = logging.getLogger("steelyard.county")

CONNECT_S, READ_S = 2.0, 3.0
REST_S = 60.0
"""A witness that did not answer is left alone for so long: devices do not wait for it again and again."""
MAX_ANSWER = 8192
TRIES = 3
SIZE_TYPE = "text/x.tlog.size"


class BadWitness(SteelyardError):
    """What names a witness is not an address and a key."""


class Witness(msgspec.Struct, frozen=True):
    """A witness: where ``add-checkpoint`` is posted, and the key by which its cosignatures are known."""

    url: str
    key: VerifierKey


def read_witness(text: str) -> Witness:
    """A witness written as ``VKEY@URL``; raises BadWitness."""
    vkey, at, url = text.partition("@")
    try:
        key = read_vkey(vkey)
    except BadFormat as error:
        raise BadWitness(f"{text!r}: {error}; write VKEY@URL") from error
    if key.type != COSIGNATURE_TYPE or not at or not url.startswith(("http://", "https://")):
        raise BadWitness(f"{text!r}: write VKEY@URL, with the key that the witness printed")
    return Witness(url.rstrip("/"), key)


class WitnessClient:
    """One witness, asked. ``clock``: monotonic seconds."""

    def __init__(self, witness: Witness, clock: Callable[[], float] = time.monotonic) -> None:
        self.witness = witness
        self._clock = clock
        self._rest_until = 0.0
        self._known = 0
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()

    @property
    def resting(self) -> bool:
        """Whether it did not answer and is left alone."""
        return self._clock() < self._rest_until

    def cosign(self, note: Note, tree: Tree) -> str | None:
        """The witness's signature line upon a checkpoint of that tree, None where it gives none."""
        if self.resting:
            return None
        try:
            for _ in range(TRIES):
                if self._known > tree.size:
                    # Another gateway of this county was faster, or the log has lost leaves.
                    log.warning("witness %s has cosigned %d leaves of %d", self._name, self._known, tree.size)
                    self._known = 0
                    return None
                status, kind, body = self._post(note, tree)
                if status == 200:
                    return self._read(note, body, tree.size)
                if status != 409 or kind != SIZE_TYPE or not body.endswith("\n"):
                    log.warning("witness %s refuses: HTTP %d %s", self._name, status, body[:200].strip())
                    break
                self._known = read_number(body[:-1])
        except (requests.RequestException, BadFormat, BadSignature, UnicodeDecodeError) as error:
            log.warning("witness %s: %s", self._name, error)
        self._rest_until = self._clock() + REST_S
        return None

    @property
    def _name(self) -> str:
        return self.witness.key.name

    def _post(self, note: Note, tree: Tree) -> tuple[int, str, str]:
        proof = "".join(b64encode(each) + "\n" for each in tree.consistency(self._known))
        with self._session.post(
            f"{self.witness.url}/add-checkpoint",
            data=f"old {self._known}\n{proof}\n{note}".encode(),
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = answer.raw.read(MAX_ANSWER, decode_content=True)
            return answer.status_code, answer.headers.get("Content-Type", ""), body.decode("utf-8")

    def _read(self, note: Note, body: str, size: int) -> str | None:
        for line in body.splitlines():
            signature = read_signature(line)
            cosigned = read_note(str(Note(note.text, (signature,))))
            if verified_by(cosigned, self.witness.key) is not None:
                self._known = size
                return signature.line()
        raise BadFormat("the answer holds no cosignature by its key")
