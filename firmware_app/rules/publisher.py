"""The publisher's word on a law pack: a signed note that names the pack and the hash of its bytes.

::

    steelyard law pack
    jjg1204-2025
    3
    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

    — law.example.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5

Rules this file obeys:

* Only public keys are known to the appliance, and only those that its configuration pins (`VerifierKey` as a
  vkey, see `ledger.note`); a private key is read by the publisher's own command alone.
* What is signed names the pack, so that no signature of one pack counts for another.

Source of the format: c2sp.org/signed-note.
"""

from __future__ import annotations

import hashlib

import msgspec

from firmware_app.ledger.county.note import (
    NOTE_TYPE,
    Note,
    NoteSignature,
    VerifierKey,
    b64encode,
    check_name,
    read_hash,
    read_note,
    read_vkey,
    verified_by,
)
from firmware_app.ledger.errors import BadFormat, BadSignature
from firmware_app.ledger.jose import b64url_decode
from firmware_app.ledger.signing.signer import Signer
from firmware_app.rules.base import RulesError
from firmware_app.rules.bounds import MAX_SIGNATURE

HEADING = "steelyard law pack"
"""First line of the note: a note of a log's checkpoint never begins so, and the other way round."""


class BadPublisher(RulesError):
    """A publisher's key or word is none, does not fit, or is of somebody the configuration does not name."""


class Statement(msgspec.Struct, frozen=True):
    """What a publisher says: this pack in this version is the one with these bytes."""

    id: str
    version: str
    sha256: bytes

    def text(self) -> str:
        """The body of the note."""
        return f"{HEADING}\n{self.id}\n{self.version}\n{b64encode(self.sha256)}\n"


def statement(pack_id: str, version: str, data: bytes) -> Statement:
    """What is signed of a pack with these bytes."""
    return Statement(pack_id, version, hashlib.sha256(data).digest())


def publisher_key(name: str, signer: Signer) -> VerifierKey:
    """The public key under the publisher's name, as a configuration pins it; raises BadPublisher."""
    if signer.public_jwk.crv != "Ed25519":
        raise BadPublisher("a law pack is signed with Ed25519 and with no other kind of key")
    try:
        return VerifierKey(check_name(name), NOTE_TYPE, b64url_decode(signer.public_jwk.x))
    except BadFormat as error:
        raise BadPublisher(f"publisher {name[:60]!r}: {error}") from error


def read_publisher(text: str) -> VerifierKey:
    """The key that a configuration pins; raises BadPublisher."""
    try:
        key = read_vkey(text.strip()) if len(text) <= 400 else None
    except BadFormat as error:
        raise BadPublisher(f"publisher {text[:60]!r}: {error}") from error
    if key is None or key.type != NOTE_TYPE:
        raise BadPublisher(f"publisher {text[:60]!r}: give name+id+key as steelyard law sign prints it")
    return key


def sign_pack(said: Statement, key: VerifierKey, signer: Signer) -> str:
    """The note in which the publisher says it; verified before it is given out; raises BadPublisher."""
    text = said.text()
    note = Note(text, (NoteSignature(key.name, key.id, signer.sign(text.encode())),))
    try:
        verified_by(note, key)
    except BadSignature as error:
        raise BadPublisher(f"the key does not sign what it is given: {error}") from error
    return str(note)


def published(
    signature: bytes, data: bytes, publishers: tuple[VerifierKey, ...]
) -> tuple[VerifierKey, Statement]:
    """Whose word on these very bytes the note is, and what it says of them; raises BadPublisher.

    The bytes themselves are not looked into: what nobody vouches for is not read.
    """
    if not publishers:
        raise BadPublisher("no law publisher is pinned: name one under [law] publishers in the configuration")
    if len(signature) > MAX_SIGNATURE:
        raise BadPublisher(f"signature: more than {MAX_SIGNATURE} bytes: this is not the file that is meant")
    try:
        note = read_note(signature.decode("utf-8"))
        said = _read_statement(note.text)
        key = next((each for each in publishers if verified_by(note, each) is not None), None)
    except UnicodeDecodeError as error:
        raise BadPublisher("signature: not UTF-8 text") from error
    except (BadFormat, BadSignature) as error:
        raise BadPublisher(f"signature: {error}") from error
    if key is None:
        signers = ", ".join(each.name[:60] for each in note.signatures[:3])
        pinned = ", ".join(each.name for each in publishers)
        raise BadPublisher(f"signature: by {signers}, with a key that is not pinned; pinned: {pinned}")
    if said.sha256 != hashlib.sha256(data).digest():
        raise BadPublisher(
            f"signature: of other bytes than these: {said.id} version {said.version} was changed after "
            "it was signed, or this is the signature of another file"
        )
    return key, said


def _read_statement(text: str) -> Statement:
    lines = text.split("\n")
    if len(lines) != 5 or lines[0] != HEADING or lines[4]:
        raise BadFormat("not a publisher's word on a law pack")
    return Statement(lines[1][:60], lines[2][:20], read_hash(lines[3]))
