"""The compact claim of a slip: COSE_Sign1 in deterministic CBOR, some 135 bytes (RFC 9052, RFC 8949 4.2.1).

Rules this file obeys:

* The kind of claim is bound by the external data that is signed with it and never sent: no other text of the
  device can pass for a claim, and a claim for nothing else.
* One claim has one encoding. The algorithm is that of the key: Ed25519 (-19) or ESP256 (-9), RFC 9864.
* The key is named by the first eight bytes of its thumbprint, to find it by; the signature decides.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.errors import BadFormat, WrongKey
from firmware_app.ledger.jose import SIGNATURE_BYTES, PublicJwk, b64url_decode, check_signature
from firmware_app.ledger.signing.signer import Signer
from firmware_app.ledger.slip import cbor

TYP = b"steelyard-slip+cose"
"""The external data of every claim (RFC 9052 4.3)."""
TAG = b"\xd2"
"""CBOR tag 18, COSE_Sign1, in its one encoding."""
ALG, KID = 1, 4
"""Header parameters (RFC 9052 3.1)."""
ALGS = {"Ed25519": -19, "P-256": -9}
KID_BYTES = 8
ENTRY_BYTES = 16
"""Of the SHA-256 of the entry's text: 128 bits, so that nobody finds a second text that fits."""
MAX_CLAIM = 320
VERDICTS = ("conforms", "does_not_conform", "undecided", "cannot_judge")
CLOCKS = tuple(ClockQuality)
_QUARTER_S = 900
_LATEST_S = 2**34
"""Year 2514: a bound, so that no claim can name a time that no calendar holds."""


class Claim(NamedTuple):
    """What is signed, in this order. ``entry``: beginning of the hash; ``offset``: in quarter hours."""

    device: str
    seq: int
    entry: bytes
    verdict: int
    at_s: int
    offset: int
    clock: int
    scale: str

    @property
    def at(self) -> str:
        """The time as RFC 3339, to the second."""
        zone = timezone(timedelta(seconds=self.offset * _QUARTER_S))
        return datetime.fromtimestamp(self.at_s, UTC).astimezone(zone).isoformat()


def claim_time(at: str) -> tuple[int, int]:
    """Seconds since 1970 and quarter hours of offset, of a time of RFC 3339."""
    when = datetime.fromisoformat(at)
    offset = when.utcoffset()
    assert offset is not None
    return int(when.timestamp()), int(offset.total_seconds()) // _QUARTER_S


def kid_prefix(kid: str) -> bytes:
    """How a claim names the key of this thumbprint."""
    return b64url_decode(kid)[:KID_BYTES]


def seal_claim(signer: Signer, claim: Claim) -> bytes:
    """The signed claim, its signature checked; raises BadFormat, BadSignature where the signer is faulty."""
    _check(claim)
    key = signer.public_jwk
    protected = cbor.encode({ALG: ALGS[key.crv], KID: kid_prefix(key.kid)})
    payload = cbor.encode(list(claim))
    signature = signer.sign(_signed(protected, payload))
    check_signature(key, _signed(protected, payload), signature)
    return TAG + cbor.encode([protected, {}, payload, signature])


def unverified_claim(data: bytes) -> tuple[bytes, Claim]:
    """How the claim names its key and what it says, its signature not looked at; raises BadFormat."""
    protected, payload, _ = _take_apart(data)
    return _header(protected)[1], _claim(payload)


def verified_claim(data: bytes, key: PublicJwk) -> Claim:
    """The claim signed by ``key``; raises BadFormat, WrongKey, BadSignature."""
    protected, payload, signature = _take_apart(data)
    alg, kid = _header(protected)
    if kid != kid_prefix(key.kid):
        raise WrongKey(f"signed by another key than {key.kid}")
    if alg != ALGS[key.crv]:
        raise BadFormat(f"slip: algorithm {alg} is not that of the key")
    check_signature(key, _signed(protected, payload), signature)
    return _claim(payload)


def _signed(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure (RFC 9052 4.4)."""
    return cbor.encode(["Signature1", protected, TYP, payload])


def _take_apart(data: bytes) -> tuple[bytes, bytes, bytes]:
    if len(data) > MAX_CLAIM or not data.startswith(TAG):
        raise BadFormat(f"slip: not a COSE_Sign1 of at most {MAX_CLAIM} bytes")
    match cbor.decode(data[len(TAG) :]):
        case [bytes(protected), {**unprotected}, bytes(payload), bytes(signature)] if not unprotected:
            if len(signature) == SIGNATURE_BYTES:
                return protected, payload, signature
    raise BadFormat("slip: not a COSE_Sign1 as this format has it")


def _header(protected: bytes) -> tuple[int, bytes]:
    match cbor.decode(protected):
        case {1: int(alg), 4: bytes(kid), **more} if not more and len(kid) == KID_BYTES:
            return alg, kid
    raise BadFormat("slip: the protected header is not alg and kid")


def _claim(payload: bytes) -> Claim:
    match cbor.decode(payload):
        case [
            str(device),
            int(seq),
            bytes(entry),
            int(verdict),
            int(at_s),
            int(offset),
            int(clock),
            str(scale),
        ]:
            claim = Claim(device, seq, entry, verdict, at_s, offset, clock, scale)
            _check(claim)
            return claim
    raise BadFormat("slip: its fields are not those of a claim")


def _check(claim: Claim) -> None:
    good = (
        1 <= claim.seq < 2**53
        and len(claim.entry) == ENTRY_BYTES
        and 0 <= claim.verdict < len(VERDICTS)
        and 0 <= claim.clock < len(CLOCKS)
        and 0 <= claim.at_s < _LATEST_S
        and abs(claim.offset) <= 14 * 4
    )
    if not good:
        raise BadFormat("slip: a field of the claim is beyond its bounds")
