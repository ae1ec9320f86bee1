"""The slip's claim: a small JWS by which any phone can tell a genuine slip from a drawn one.

Rules this file obeys:

* A claim names the entry it stands for and the verdict, and no person.
* Its text is ``STEELYARD1:<jws>``, or ``<county>/slip#<jws>`` once a county was joined; what follows
  the ``#`` never leaves the phone unless its page sends it.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from firmware_app.ledger.entry import DeviceId, Entry, Seq, Sha256Hex, Time, verdict_of
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.jose import PublicJwk, unverified, verified
from firmware_app.ledger.signer import Signer, seal

TYP = "steelyard-slip+jws"
PREFIX = "STEELYARD1:"
MAX_TEXT = 1200
MAX_SERIAL = 24


class Slip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a slip claims. ``entry``: SHA-256 of the entry's text; ``scale``: end of its serial number."""

    device: DeviceId
    seq: Seq
    entry: Sha256Hex
    verdict: Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,39}\Z")]
    at: Time
    scale: Annotated[str, Meta(max_length=MAX_SERIAL)]


_slip: msgspec.json.Decoder[Slip] = msgspec.json.Decoder(Slip)


def make_slip(signer: Signer, entry: Entry) -> str:
    """The claim upon an entry that carries a verdict, as a compact JWS; raises BadFormat."""
    verdict = verdict_of(entry.payload.body)
    if verdict is None:
        raise BadFormat(f"entry {entry.seq} of kind {entry.payload.kind} carries no verdict")
    slip = Slip(
        device=entry.payload.device,
        seq=entry.seq,
        entry=entry.hash,
        verdict=verdict,
        at=entry.payload.at,
        scale=scale_of(entry.payload.body)[-MAX_SERIAL:],
    )
    return seal(signer, TYP, msgspec.json.encode(slip))


def scale_of(body: dict[str, Any]) -> str:
    """The serial number of the scale under test in a body, empty where it is not known."""
    scale = body.get("scale")
    serial = scale.get("serial") if isinstance(scale, dict) else None
    return serial if isinstance(serial, str) else ""


def slip_text(claim: str, county_url: str | None) -> str:
    """What the QR code says."""
    return f"{county_url.rstrip('/')}/slip#{claim}" if county_url else f"{PREFIX}{claim}"


def claim_in(text: str) -> str:
    """The claim in the text of a QR code; raises BadFormat."""
    text = text.strip()
    if len(text) > MAX_TEXT:
        raise BadFormat(f"a slip has at most {MAX_TEXT} characters")
    if text.startswith(PREFIX):
        return text.removeprefix(PREFIX)
    match = re.fullmatch(r"https?://[^\s#]{1,300}#([A-Za-z0-9._-]+)", text)
    if match is None:
        raise BadFormat(f"not a slip: it begins with {PREFIX} or is a link with a # in it")
    return match[1]


def unverified_slip(text: str) -> Slip:
    """What a slip says of itself, to learn whose key to verify it with; raises BadFormat."""
    return _decode(unverified(claim_in(text), TYP)[1])


def verify_slip(text: str, key: PublicJwk) -> Slip:
    """The claim in a text signed by the device's key; raises BadFormat, WrongKey, BadSignature.

    It proves what the device said, not that the paper lies at the right stall: compare ``scale``.
    """
    return _decode(verified(claim_in(text), TYP, key))


def _decode(raw: bytes) -> Slip:
    try:
        slip = _slip.decode(raw)
    except msgspec.DecodeError as error:
        raise BadFormat(f"slip: {error}") from error
    if msgspec.json.encode(slip) != raw:
        raise BadFormat("slip: not written in the one way there is")
    return slip
