"""Packed bodies: unpacked at one entrance, and never further than a body may be long.

Rules this file obeys:

* A bomb costs what a body of the permitted size costs: not a byte beyond the bound is unpacked.
* What cannot be unpacked is refused as such (415): nothing is said of the entries in it.
"""

from __future__ import annotations

import zlib

from county_gateway.errors import TooLarge, WrongCoding
from firmware_app.ledger.county.contract import MAX_BATCH_BYTES

CODINGS = "gzip"
"""What the gateway says that it takes (Accept-Encoding in an answer, RFC 7694)."""
PLAIN = ("", "identity")
_GZIP = 16 + zlib.MAX_WBITS
"""zlib.h, inflateInit2: gzip framing and nothing else."""


def unpack(body: bytes, coding: str, most: int = MAX_BATCH_BYTES) -> bytes:
    """The body as it was before ``coding`` (Content-Encoding); raises WrongCoding, TooLarge."""
    named = coding.strip().lower()
    if named in PLAIN:
        return body
    if named != CODINGS:
        raise WrongCoding(f"packed in a way that is not known here: give {CODINGS} or none")
    inflate = zlib.decompressobj(_GZIP)
    try:
        whole = inflate.decompress(body, most + 1)
    except zlib.error as error:
        raise WrongCoding("this is not gzip, or came damaged") from error
    if len(whole) > most:
        raise TooLarge(f"more than {most} bytes when unpacked")
    if not inflate.eof or inflate.unused_data:
        raise WrongCoding("the gzip is cut off, or something follows it")
    return whole
