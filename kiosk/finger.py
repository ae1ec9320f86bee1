"""One finger at a time: what else a touch panel reports is a ghost.

One tap may reach the program twice, by two input providers or a bouncing panel; a second finger may rest
on the glass. Neither may press anything.
"""

from __future__ import annotations

BOUNCE_S = 0.06
"""A second down sooner than this after the last is no person's."""


class OneFinger:
    """Says which touches count; touches are told apart by their own id."""

    def __init__(self) -> None:
        self._down: object | None = None
        self._at = float("-inf")

    def down(self, touch: object, now: float) -> bool:
        """Whether this touch may press."""
        if self._down is not None or now - self._at < BOUNCE_S:
            return False
        self._down, self._at = touch, now
        return True

    def up(self, touch: object) -> None:
        if touch == self._down:
            self._down = None
