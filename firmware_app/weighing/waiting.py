"""Wishes that wait for rest: to set zero, to tare, to take a reading; granted, or refused with the reason.

Rules this file obeys:

* Nothing is done to a moving load: a wish waits for stable equilibrium (OIML R 76-1:2006 4.4.2, 4.5.6).
* No wish waits for ever: after five seconds it is refused with the reason why the load was not stable.
* Times are passed in; an outcome stands until the next wish.
"""

from __future__ import annotations

import enum

import msgspec

from firmware_app.weighing.reading import Reading, WhyNot

TIMEOUT_NS = 5_000_000_000


class Refusal(enum.StrEnum):
    """Why a wish was not granted."""

    FAULT = "fault"
    """The pan is at fault; nothing can be done with it."""
    NOT_STABLE = "not_stable"
    """The pan did not come to rest in time."""
    OUT_OF_RANGE = "out_of_range"
    """Something is on the pan, or the cell is bent: more than the law lets a zero hide or a tare take."""
    NO_ZERO = "no_zero"
    """There is no zero yet, hence no mass."""
    TARED = "tared"
    """A tare is set: take it away before the zero is set."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a wish: granted (``refusal`` None), or refused.

    ``why_not`` where the load was not stable; ``reading`` where one was asked for and is granted.
    """

    at_ns: int
    refusal: Refusal | None
    why_not: WhyNot | None = None
    reading: Reading | None = None


class Wish:
    """One kind of wish; a new one takes the place of one that waits."""

    def __init__(self, timeout_ns: int = TIMEOUT_NS) -> None:
        self._timeout_ns = timeout_ns
        self._asked_ns: int | None = None
        self._why_not: WhyNot | None = None
        self.outcome: Outcome | None = None

    @property
    def pending(self) -> bool:
        """Whether it waits."""
        return self._asked_ns is not None

    def ask(self, now_ns: int) -> None:
        """Asks; the answer is ``outcome``, None until then."""
        self._asked_ns, self._why_not, self.outcome = now_ns, None, None

    def watch(self, at_ns: int, why_not: WhyNot | None) -> None:
        """Takes note why the load is not stable now, and of the time."""
        self._why_not = why_not
        self.tick(at_ns)

    def tick(self, now_ns: int) -> None:
        """Refuses a wish that has waited too long."""
        if self._asked_ns is not None and now_ns - self._asked_ns > self._timeout_ns:
            self.answer(now_ns, Refusal.NOT_STABLE, self._why_not)

    def fault(self, now_ns: int) -> None:
        """The pan is at fault: a waiting wish is refused."""
        if self.pending:
            self.answer(now_ns, Refusal.FAULT)

    def answer(
        self,
        at_ns: int,
        refusal: Refusal | None,
        why_not: WhyNot | None = None,
        reading: Reading | None = None,
    ) -> None:
        """Grants or refuses the wish that waits."""
        self._asked_ns = None
        self.outcome = Outcome(at_ns, refusal, why_not, reading)
