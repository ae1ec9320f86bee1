"""The paths of tiles and entry bundles, and the bytes of a bundle (c2sp.org/tlog-tiles).

Rules this file obeys:

* One path has one meaning and one spelling; every other is refused.
* A log entry is the SHA-256 of a ledger entry's text, 32 bytes: what is published names nobody and no trade.
"""

from __future__ import annotations

import re

import msgspec

from county_gateway.errors import GatewayError
from county_gateway.log.merkle import WIDTH
from firmware_app.ledger.county.merkle import HASH_BYTES, MAX_SIZE

MAX_LEVEL = 6
"""Level 6 begins at 2^48 leaves: no tile of a log that we keep lies higher. The specification allows 63."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class BadTilePath(GatewayError):
    """The path names no tile of this log."""

    status = 404
    code = "not_found"


class TilePath(msgspec.Struct, frozen=True):
    """A tile or, where ``level`` is None, an entry bundle; ``width`` hashes or entries wide."""

    level: int | None
    number: int
    width: int = WIDTH

    def __str__(self) -> str:
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_number(self.number)}{partial}"


def read_path(text: str) -> TilePath:
    """The tile that a path names, beginning with ``tile/``; raises BadTilePath."""
    match = _PATH.fullmatch(text)
    if match is None:
        raise BadTilePath(f"{text[:80]} is no path of a tile")
    level = None if match["level"] == "entries" else int(match["level"])
    width = WIDTH if match["width"] is None else int(match["width"])
    path = TilePath(level, int(re.sub(r"[x/]", "", match["number"])), width)
    partial_full = match["width"] is not None and width >= WIDTH
    if partial_full or (level or 0) > MAX_LEVEL or path.number > MAX_SIZE or str(path) != text:
        raise BadTilePath(f"{text[:80]} is no path of a tile")
    return path


def width_in(path: TilePath, size: int) -> int:
    """How wide that tile is in a tree of ``size`` leaves: 0 where it has none."""
    count = size >> (8 * (path.level or 0))
    return max(0, min(WIDTH, count - path.number * WIDTH))


def paths_of(size: int) -> list[TilePath]:
    """Every tile of a tree of ``size`` leaves, then every entry bundle."""
    paths: list[TilePath] = []
    level = 0
    while (count := size >> (8 * level)) > 0:
        paths += _row(level, count)
        level += 1
    return paths + _row(None, size)


def bundle(entries: list[bytes]) -> bytes:
    """An entry bundle: each entry after its length in two bytes, big-endian."""
    return b"".join(HASH_BYTES.to_bytes(2, "big") + entry for entry in entries)


def _row(level: int | None, count: int) -> list[TilePath]:
    full, rest = divmod(count, WIDTH)
    row = [TilePath(level, number) for number in range(full)]
    return [*row, TilePath(level, full, rest)] if rest else row


def _number(number: int) -> str:
    groups = [f"{number % 1000:03d}"]
    while (number := number // 1000) > 0:
        groups.append(f"x{number % 1000:03d}")
    return "/".join(reversed(groups))
