"""Growing the tree and making its proofs, over tiles (RFC 6962 2.1, c2sp.org/tlog-tiles).

Rules this file obeys:

* Pure: a tile is read through a function that is passed in; what must be written is returned.
* A tile holds up to 256 hashes: leaf hashes on level 0, above it the roots of full tiles of the level below.
* A tile only ever grows at its end, so a narrower one is its beginning and an older tree stays provable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from firmware_app.ledger.county.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
"""Hashes in a full tile (c2sp.org/tlog-tiles)."""

ReadTile = Callable[[int, int], bytes]
"""The bytes of tile (level, number) as wide as it has grown; empty where it has none yet."""


class TileAt(msgspec.Struct, frozen=True, order=True):
    """Where a tile stands."""

    level: int
    number: int


def grow(size: int, leaves: Sequence[bytes], read: ReadTile) -> dict[TileAt, bytes]:
    """The tiles that a tree of ``size`` gets by appending leaf hashes, each whole.

    Raises ValueError where the tiles that are there do not belong to a tree of ``size``.
    """
    changed: dict[TileAt, bytes] = {}
    level, count, new = 0, size, list(leaves)
    while new:
        above: list[bytes] = []
        number, width = divmod(count, WIDTH)
        tile = bytearray(read(level, number)) if width else bytearray()
        if len(tile) != width * HASH_BYTES:
            raise ValueError(f"tile {level}/{number} has not {width} hashes")
        for value in new:
            tile += value
            if len(tile) == WIDTH * HASH_BYTES:
                changed[TileAt(level, number)] = bytes(tile)
                above.append(_fold(bytes(tile)))
                tile, number = bytearray(), number + 1
        if tile:
            changed[TileAt(level, number)] = bytes(tile)
        level, count, new = level + 1, count // WIDTH, above
    return changed


class Tree:
    """A tree of ``size`` leaves, looked at through its tiles; each is read, and each part hashed, once."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[TileAt, bytes] = {}
        self._roots: dict[tuple[int, int], bytes] = {}

    def root(self, size: int | None = None) -> bytes:
        """Root of the tree, or of its beginning of ``size`` leaves."""
        size = self.size if size is None else size
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of leaf ``index`` (RFC 6962 2.1.1) in the tree or its beginning."""
        path: list[bytes] = []
        low, high = 0, self.size if size is None else size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return tuple(reversed(path))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """The proof that the tree of ``old`` leaves is its beginning (RFC 6962 2.1.2)."""
        low, high, whole = 0, self.size if size is None else size, True
        if old in (0, high):
            return ()
        path: list[bytes] = []
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low, whole = middle, False
        if not whole:
            path.append(self._range(low, high))
        return tuple(reversed(path))

    def _range(self, low: int, high: int) -> bytes:
        """Root of the leaves low … high - 1, ``low`` being where such a subtree begins."""
        found = self._roots.get((low, high))
        if found is None:
            count = high - low
            if count & (count - 1) == 0:
                found = self._complete(count.bit_length() - 1, low)
            else:
                middle = low + _split(count)
                found = node_hash(self._range(low, middle), self._range(middle, high))
            self._roots[low, high] = found
        return found

    def _complete(self, height: int, low: int) -> bytes:
        level, inside = divmod(height, HEIGHT)
        number, first = divmod(low >> (level * HEIGHT), WIDTH)
        tile = self._tile(level, number)
        part = tile[first * HASH_BYTES : (first + (1 << inside)) * HASH_BYTES]
        if len(part) != HASH_BYTES << inside:
            raise ValueError(f"tile {level}/{number} is narrower than a tree of {self.size} needs")
        return _fold(part)

    def _tile(self, level: int, number: int) -> bytes:
        at = TileAt(level, number)
        if at not in self._tiles:
            self._tiles[at] = self._read(level, number)
        return self._tiles[at]


def _split(count: int) -> int:
    """Largest power of two smaller than ``count`` (RFC 6962 2.1)."""
    return 1 << ((count - 1).bit_length() - 1)


def _fold(hashes: bytes) -> bytes:
    """The root over as many hashes as a power of two, one behind another."""
    while len(hashes) > HASH_BYTES:
        hashes = b"".join(
            [
                node_hash(hashes[at : at + HASH_BYTES], hashes[at + HASH_BYTES : at + 2 * HASH_BYTES])
                for at in range(0, len(hashes), 2 * HASH_BYTES)
            ]
        )
    return hashes
