"""The present of one scale: its decoder, and the Indication that holds now, if one does.

Rules this file obeys:

* A lost line voids the last Indication at once, a silent one after five frame periods; nothing is frozen.
* Bytes on two sides of a loss or of a pause never make one frame.
* A frame whose check fails says nothing. Where frames have carried a check that held, neither does a figure
  without one: it is a frame torn just before its check.
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
        self._checked = False

    def heard(self, data: bytes, at_ns: int) -> list[Indication]:
        """The Indications that ``data``, read at ``at_ns``, completes."""
        if not data:
            return []
        before: list[Indication] = []
        if self._heard_ns is not None and at_ns - self._heard_ns > PAUSE_NS:
            before = self._decoder.finish()
            self._decoder.reset()
        self._heard_ns = at_ns
        found = [one for one in (*before, *self._decoder.feed(data, at_ns)) if self._believed(one)]
        for indication in found:
            self._freshness.saw(indication)
            self._latest = indication
        return found

    def _believed(self, indication: Indication) -> bool:
        if indication.check is Check.OK:
            self._checked = True
        torn = self._checked and indication.check is Check.NONE and indication.value is not None
        return indication.check is not Check.BAD and not torn

    def lost(self) -> None:
        """The line is gone: neither the last Indication nor a half-received frame outlives it."""
        self._checked = False
        self._forget()

    def current(self, now_ns: int) -> Indication | None:
        """What the scale says at ``now_ns``; None once the line was lost or has been silent too long."""
        if self._latest is not None and self._freshness.silent(now_ns):
            self._forget()
        return self._latest

    def _forget(self) -> None:
        self._latest = None
        self._heard_ns = None
        self._decoder.reset()
        self._freshness.reset()
