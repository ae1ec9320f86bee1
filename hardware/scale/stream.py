"""The present of one scale: its decoder, and the Indication that holds now, if one does.

Rules this file obeys:

* A lost line voids the last Indication at once, a silent one after five frame periods; nothing is frozen.
* Bytes on two sides of a loss or of a pause never make one frame.
* A frame whose check fails says nothing.
"""

from __future__ import annotations

from hardware.scale.contract import Check, Decoder, Indication
from hardware.scale.freshness import Freshness

PAUSE_NS = 500_000_000
"""No scale rests so long inside a frame; half a frame before such a pause was torn by a power cut."""


class Stream:
    """Bytes and losses in, Indications out, and ``current``: what the scale says now."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._freshness = Freshness()
        self._latest: Indication | None = None
        self._heard_ns: int | None = None

    def heard(self, data: bytes, at_ns: int) -> list[Indication]:
        """The Indications that ``data``, read at ``at_ns``, completes."""
        if not data:
            return []
        before: list[Indication] = []
        if self._heard_ns is not None and at_ns - self._heard_ns > PAUSE_NS:
            before = self._decoder.finish()
            self._decoder.reset()
        self._heard_ns = at_ns
        found = [one for one in (*before, *self._decoder.feed(data, at_ns)) if one.check is not Check.BAD]
        for indication in found:
            self._freshness.saw(indication)
            self._latest = indication
        return found

    def lost(self) -> None:
        """The line is gone: neither the last Indication nor a half-received frame outlives it."""
        self._latest = None
        self._heard_ns = None
        self._decoder.reset()
        self._freshness.reset()

    def current(self, now_ns: int) -> Indication | None:
        """What the scale says at ``now_ns``; None once the line was lost or has been silent too long."""
        if self._latest is not None and self._freshness.silent(now_ns):
            self.lost()
        return self._latest
