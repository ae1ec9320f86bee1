"""The list of a county's device keys: by it a slip is checked where there is no network.

One text file: the county's public key (JWK) in the first line, then a line per device key, each the county's
signed word of its own. Whoever has compared the county's thumbprint once can check every slip of the county.

Rules this file obeys:

* A line counts only if the county's key of the first line signed it; the order of lines says nothing.
* A slip names its key by the beginning of the thumbprint; the signature decides.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from firmware_app.ledger.county.contract import CountyName
from firmware_app.ledger.entry import DeviceId, Time
from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey
from firmware_app.ledger.jose import PublicJwk, read_public_jwk, verified
from firmware_app.ledger.signing.signer import Signer, seal
from firmware_app.ledger.slip.claim import names_key

TYP = "steelyard-device-key+jws"
MAX_KEYS = 100_000


class DeviceKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``device`` signs with ``jwk``; ``trusted`` until the county revokes the key; ``at``: of the list."""

    device: DeviceId
    jwk: PublicJwk
    trusted: bool
    at: Time
    county: CountyName


def make_key_list(signer: Signer, keys: Iterable[DeviceKey]) -> str:
    """The whole file, each line ended by a line feed."""
    lines = [msgspec.json.encode(signer.public_jwk).decode()]
    lines += [seal(signer, TYP, msgspec.json.encode(key)) for key in keys]
    return "".join(f"{line}\n" for line in lines)


def key_for(text: str, lines: list[str], county_kid: str | None = None) -> tuple[DeviceKey, PublicJwk]:
    """The key that a slip names, and the county's that vouches for it.

    ``county_kid``: the thumbprint that the county is known by. Raises BadFormat, WrongKey, BadSignature.
    """
    if not 1 <= len(lines) <= MAX_KEYS + 1:
        raise BadFormat(f"a key list has at most {MAX_KEYS} keys")
    county = read_public_jwk(lines[0].encode())
    if county_kid is not None and county.kid != county_kid:
        raise WrongKey(f"the list is of county key {county.kid}, not of {county_kid}")
    for line in lines[1:]:
        key = _read(line, county)
        if names_key(text, key.jwk.kid):
            return key, county
    raise WrongKey("the list holds no key that this slip names: ask the county for a newer list")


def _read(line: str, county: PublicJwk) -> DeviceKey:
    try:
        return msgspec.json.decode(verified(line, TYP, county), type=DeviceKey)
    except (msgspec.DecodeError, BadSignature) as error:
        raise BadFormat(f"key list: {error}") from error
