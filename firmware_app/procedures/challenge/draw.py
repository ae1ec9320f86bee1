"""The draw: numbers that follow from the head of the record alone, so that anybody can draw them again.

Rules this file obeys:

* Nothing but SHA-256 of the domain, the head, its number and the scale; no clock, no generator of chance.
* Numbers are even: a word beyond the last whole multiple is thrown away, never folded.
* ``tools/check_challenge.py`` draws the same without a line of this program; a changed rule is a new version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

VERSION = 1
DOMAIN = b"steelyard cheating challenge"
WORD = 8
"""Bytes of the digest that make one word, big-endian."""

T = TypeVar("T")


class Ticket(msgspec.Struct, frozen=True):
    """What is drawn from: number and hash (64 lower-case hex digits) of the head, and the scale's id."""

    seq: int
    head: str
    scale: str


class Draw:
    """Words drawn from a ticket one after the other.

    Word n (from 0) is the first eight bytes of SHA-256(domain ‖ version ‖ head ‖ seq ‖ SHA-256(scale) ‖ n):
    version one byte, head 32 bytes, seq and n eight bytes each, big-endian, scale in UTF-8.
    """

    def __init__(self, ticket: Ticket) -> None:
        """Raises ValueError where the ticket's head is no hash."""
        head = bytes.fromhex(ticket.head)
        if len(head) != hashlib.sha256().digest_size:
            raise ValueError(f"a head is a SHA-256, not {ticket.head[:70]!r}")
        scale = hashlib.sha256(ticket.scale.encode()).digest()
        self._seed = DOMAIN + bytes([VERSION]) + head + ticket.seq.to_bytes(WORD, "big") + scale
        self._words = self._stream()

    def _stream(self) -> Iterator[int]:
        number = 0
        while True:
            digest = hashlib.sha256(self._seed + number.to_bytes(WORD, "big")).digest()
            yield int.from_bytes(digest[:WORD], "big")
            number += 1

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1, each as likely as the other."""
        whole = (1 << 8 * WORD) // bound * bound
        return next(word for word in self._words if word < whole) % bound

    def shuffled(self, cards: Sequence[T]) -> tuple[T, ...]:
        """The cards in drawn order (Fisher and Yates, from the last place down)."""
        deck = list(cards)
        for place in range(len(deck) - 1, 0, -1):
            other = self.below(place + 1)
            deck[place], deck[other] = deck[other], deck[place]
        return tuple(deck)
