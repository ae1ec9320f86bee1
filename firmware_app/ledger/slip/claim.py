"""The slip's claim: a few signed bytes by which any phone can tell a genuine slip from a drawn one.

Rules this file obeys:

* A claim names the entry it stands for and the verdict, and no person.
* Its text is ``STEELYARD2:<digits>``, or ``<county>/slip#<digits>`` once a county was joined; what follows
  the ``#`` never leaves the phone unless its page sends it.
* Slips of the first generation, ``STEELYARD1:<jws>``, are read for ever and made no more.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from firmware_app.ledger.entry import DeviceId, Entry, Payload, Seq, Sha256Hex, Time, verdict_of
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.jose import PublicJwk, b64url_encode, unverified, verified
from firmware_app.ledger.signing.signer import Signer
from firmware_app.ledger.slip import compact_claim as slip_claim
from firmware_app.ledger.slip import digits
from firmware_app.ledger.slip.compact_claim import CLOCKS, ENTRY_BYTES, VERDICTS, Claim

TYP = "steelyard-slip+jws"
FIRST, PREFIX = "STEELYARD1:", "STEELYARD2:"
MAX_TEXT = 1200
MAX_SERIAL = 24
COMPLAINT = "complaint"
"""Kind of the entries that judge nothing and have a slip all the same."""

Verdict = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,39}\Z")]
Scale = Annotated[str, Meta(max_length=MAX_SERIAL)]


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """What a slip claims.

    ``entry``: SHA-256 of the entry's text, or its first 32 hex digits; ``scale``: end of its serial number;
    ``clock``: how far ``at`` may be believed, empty where the slip does not say.
    """

    device: DeviceId
    seq: Seq
    entry: Annotated[str, Meta(pattern=r"^([0-9a-f]{32}|[0-9a-f]{64})\Z")]
    verdict: Verdict
    at: Time
    scale: Scale
    clock: str = ""

    def stands_for(self, entry_hash: str) -> bool:
        """Whether it names the entry of this hash."""
        return entry_hash.startswith(self.entry)


class _First(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The claim of the first generation, as it is signed."""

    device: DeviceId
    seq: Seq
    entry: Sha256Hex
    verdict: Verdict
    at: Time
    scale: Scale


_first: msgspec.json.Decoder[_First] = msgspec.json.Decoder(_First)


def make_slip(signer: Signer, entry: Entry) -> str:
    """The claim upon an entry that carries a verdict, as digits; raises BadFormat."""
    payload = entry.payload
    verdict = claimed(payload)
    if verdict is None:
        raise BadFormat(f"entry {entry.seq} of kind {payload.kind} carries no verdict")
    if verdict not in VERDICTS:
        raise BadFormat(f"entry {entry.seq}: {verdict} is no verdict of a slip")
    at_s, offset = slip_claim.claim_time(payload.at)
    claim = Claim(
        device=payload.device,
        seq=entry.seq,
        entry=bytes.fromhex(entry.hash)[:ENTRY_BYTES],
        verdict=VERDICTS.index(verdict),
        at_s=at_s,
        offset=offset,
        clock=CLOCKS.index(payload.clock),
        scale=scale_of(payload.body)[-MAX_SERIAL:],
    )
    return digits.encode(slip_claim.seal_claim(signer, claim))


def has_slip(payload: Payload) -> bool:
    """Whether a slip can be made upon an entry."""
    return claimed(payload) is not None


def claimed(payload: Payload) -> str | None:
    """The verdict that a slip upon an entry claims: its own, or of a complaint that of its weighing."""
    if payload.kind != COMPLAINT:
        return verdict_of(payload.body)
    weighing = payload.body.get("weighing")
    return verdict_of(weighing) if isinstance(weighing, dict) else None


def scale_of(body: dict[str, Any]) -> str:
    """The serial number of the scale under test in a body, empty where it is not known."""
    scale = body.get("scale")
    serial = scale.get("serial") if isinstance(scale, dict) else None
    return serial if isinstance(serial, str) else ""


def slip_text(claim: str, county_url: str | None) -> str:
    """What the QR code says."""
    return f"{county_url.rstrip('/')}/slip#{claim}" if county_url else f"{PREFIX}{claim}"


def claim_in(text: str) -> str:
    """The claim in the text of a QR code, digits or a JWS; raises BadFormat."""
    text = text.strip()
    if len(text) > MAX_TEXT:
        raise BadFormat(f"a slip has at most {MAX_TEXT} characters")
    for prefix in (FIRST, PREFIX):
        if text.startswith(prefix):
            return text.removeprefix(prefix)
    match = re.fullmatch(r"https?://[^\s#]{1,300}#([A-Za-z0-9._-]+)", text)
    if match is None:
        raise BadFormat(f"not a slip: it begins with {PREFIX} or {FIRST} or is a link with a # in it")
    return match[1]


def unverified_slip(text: str) -> Slip:
    """What a slip says of itself, to learn whose key to verify it with; raises BadFormat."""
    claim = claim_in(text)
    if _is_first(claim):
        return _decode(unverified(claim, TYP)[1])
    return _slip(slip_claim.unverified_claim(digits.decode(claim))[1])


def names_key(text: str, kid: str) -> bool:
    """Whether a slip says to be signed by the key of this thumbprint; raises BadFormat."""
    claim = claim_in(text)
    if _is_first(claim):
        return unverified(claim, TYP)[0].kid == kid
    return slip_claim.unverified_claim(digits.decode(claim))[0] == slip_claim.kid_prefix(kid)


def key_named(text: str) -> str:
    """How a slip names its key, for people: the thumbprint or its beginning; raises BadFormat."""
    claim = claim_in(text)
    if _is_first(claim):
        return unverified(claim, TYP)[0].kid
    # Eight bytes are ten characters and four bits of the eleventh.
    return b64url_encode(slip_claim.unverified_claim(digits.decode(claim))[0])[:10]


def verify_slip(text: str, key: PublicJwk) -> Slip:
    """The claim in a text signed by the device's key; raises BadFormat, WrongKey, BadSignature.

    It proves what the device said, not that the paper lies at the right stall: compare ``scale``.
    """
    claim = claim_in(text)
    if _is_first(claim):
        return _decode(verified(claim, TYP, key))
    return _slip(slip_claim.verified_claim(digits.decode(claim), key))


def _is_first(claim: str) -> bool:
    return "." in claim


def _slip(claim: Claim) -> Slip:
    facts = {
        "device": claim.device,
        "seq": claim.seq,
        "entry": claim.entry.hex(),
        "verdict": VERDICTS[claim.verdict],
        "at": claim.at,
        "scale": claim.scale,
        "clock": CLOCKS[claim.clock].value,
    }
    try:
        return msgspec.convert(facts, Slip)
    except msgspec.ValidationError as error:
        raise BadFormat(f"slip: {error}") from error


def _decode(raw: bytes) -> Slip:
    try:
        first = _first.decode(raw)
    except msgspec.DecodeError as error:
        raise BadFormat(f"slip: {error}") from error
    if msgspec.json.encode(first) != raw:
        raise BadFormat("slip: not written in the one way there is")
    return Slip(**msgspec.structs.asdict(first))
