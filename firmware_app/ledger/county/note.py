"""Signed notes, checkpoints and cosignatures, byte by byte as C2SP has them.

Rules this file obeys:

* No I/O. A note is its text; nothing is believed of it before a signature of a known key is verified.
* Base64 is the standard one, canonical: no two spellings of one signature.
* Signatures of unknown keys are passed over; a bad one of a known key refuses the note.

Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature (Ed25519, v1).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware_app.ledger.county.merkle import HASH_BYTES, MAX_SIZE
from firmware_app.ledger.errors import BadFormat, BadSignature
from firmware_app.ledger.jose import PublicJwk, b64url_decode

MAX_NOTE = 16 * 1024
"""Longest note that is read, in bytes."""
MAX_SIGNATURES = 100
"""Signed-note asks for at least 16; golang.org/x/mod/sumdb/note takes 100."""
NOTE_TYPE, COSIGNATURE_TYPE = 0x01, 0x04
"""Signature type bytes: Ed25519 over the text; timestamped Ed25519 cosignature."""
MAX_TIME = 2**63 - 1

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+]{1,200}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name and type, as a vkey writes it: ``name+id+base64(type ‖ key)``."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key)."""
        named = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return hashlib.sha256(named).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.type]) + self.public)}"


class NoteSignature(msgspec.Struct, frozen=True):
    """One signature line. ``value``: what follows the key id."""

    name: str
    id: bytes
    value: bytes

    def line(self) -> str:
        """The line with its line feed."""
        return f"— {self.name} {b64encode(self.id + self.value)}\n"


class Note(msgspec.Struct, frozen=True):
    """A note taken apart. ``text`` ends with a line feed; the blank line is in neither part."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree head: name of the log, number of leaves, root. Extension lines are refused: we use none."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The body of the note."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root)}\n"


def b64encode(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 4)."""
    return base64.b64encode(data).decode("ascii")


def b64decode(text: str) -> bytes:
    """The bytes of canonical standard base64; raises BadFormat."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise BadFormat("not base64") from error
    if b64encode(data) != text:
        raise BadFormat("not canonical base64")
    return data


def read_hash(text: str) -> bytes:
    """A SHA-256 in base64; raises BadFormat."""
    value = b64decode(text)
    if len(value) != HASH_BYTES:
        raise BadFormat("not a SHA-256 in base64")
    return value


def read_number(text: str) -> int:
    """A tree size or index in decimal without leading zeros; raises BadFormat."""
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        raise BadFormat("not a number of leaves")
    return int(text)


def check_name(name: str) -> str:
    """The name of a key or log; raises BadFormat where it has spaces or a plus, or none at all."""
    if not _NAME.fullmatch(name) or _CONTROL.search(name):
        raise BadFormat(f"{name[:60]!r} is no name: no spaces, no plus, at most 200 characters")
    return name


def read_vkey(text: str) -> VerifierKey:
    """The key in a vkey; raises BadFormat (also where the id does not belong to the key)."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise BadFormat("not a vkey: name+id+key")
    key = b64decode(parts[2])
    if len(key) != 33 or key[0] not in (NOTE_TYPE, COSIGNATURE_TYPE):
        raise BadFormat("vkey: not an Ed25519 key of a known type")
    vkey = VerifierKey(check_name(parts[0]), key[0], key[1:])
    if parts[1] != vkey.id.hex():
        raise BadFormat("vkey: the id does not belong to this name and key")
    return vkey


def log_key(origin: str, jwk: PublicJwk) -> VerifierKey:
    """The key by which a log's own signature is known: the county's key under the log's name.

    Raises BadFormat where the name is none, or the key not Ed25519: signed notes know no other.
    """
    if jwk.crv != "Ed25519":
        raise BadFormat(f"a log is signed with Ed25519, not with a key on {jwk.crv}")
    return VerifierKey(check_name(origin), NOTE_TYPE, b64url_decode(jwk.x))


def read_note(text: str) -> Note:
    """The parts of a note, its signatures not yet verified; raises BadFormat."""
    if len(text.encode("utf-8", "replace")) > MAX_NOTE or _CONTROL.search(text):
        raise BadFormat("note: too long, or with control characters")
    body, gap, signed = text.rpartition("\n\n")
    if not gap or not signed.endswith("\n") or not body:
        raise BadFormat("note: not a text, a blank line and signature lines")
    lines = signed[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise BadFormat("note: too many signatures")
    return Note(body + "\n", tuple(read_signature(line) for line in lines))


def read_signature(line: str) -> NoteSignature:
    """A signature line without its line feed; raises BadFormat."""
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise BadFormat("note: not a signature line")
    value = b64decode(parts[2])
    if len(value) < 5:
        raise BadFormat("note: a signature without bytes")
    return NoteSignature(check_name(parts[1]), value[:4], value[4:])


def read_checkpoint(text: str) -> Checkpoint:
    """The tree head in the body of a note; raises BadFormat."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise BadFormat("checkpoint: not three lines")
    return Checkpoint(check_name(lines[0]), read_number(lines[1]), read_hash(lines[2]))


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs over the body of a checkpoint at a POSIX time."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def verified_by(note: Note, key: VerifierKey) -> NoteSignature | None:
    """The key's signature under a note, None where it has none.

    Raises BadSignature where a line bears the key's name and id and does not verify.
    """
    found: NoteSignature | None = None
    for signature in note.signatures:
        if (signature.name, signature.id) == (key.name, key.id):
            _verify(note.text, signature, key)
            found = found or signature
    return found


def cosigned_at(signature: NoteSignature) -> int:
    """The POSIX time in a cosignature."""
    return int.from_bytes(signature.value[:8], "big")


def open_checkpoint(text: str, key: VerifierKey) -> tuple[Checkpoint, Note]:
    """A checkpoint signed by its log; raises BadFormat, BadSignature."""
    note = read_note(text)
    checkpoint = read_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise BadSignature(f"a checkpoint of log {checkpoint.origin[:60]}, not of {key.name}")
    if verified_by(note, key) is None:
        raise BadSignature("the checkpoint is not signed by its log")
    return checkpoint, note


def _verify(text: str, signature: NoteSignature, key: VerifierKey) -> None:
    message, value = text.encode(), signature.value
    if key.type == COSIGNATURE_TYPE:
        time = cosigned_at(signature)
        if len(value) != 72 or time > MAX_TIME:
            raise BadSignature(f"the cosignature of {key.name} is not one")
        message, value = cosigned_message(text, time), value[8:]
    if len(value) != 64:
        raise BadSignature(f"the signature of {key.name} is not one")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(value, message)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature(f"the signature of {key.name} does not fit the note") from error
