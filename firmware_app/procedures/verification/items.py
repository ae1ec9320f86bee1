"""The items of an on-site examination, what is asked in each, and the codes that may be answered.

Rules this file obeys:

* Which items there are, in which order, and which of them ends the examination where it fails, is the pack's
  to say; only the cheating challenge is added, at the end.
* A code stands for words; it never changes its meaning.
"""

from __future__ import annotations

import enum


class Item(enum.StrEnum):
    """One item, with a conclusion of its own; the values are those of the rule packs."""

    APPEARANCE = "appearance"
    """With what JJG 1204-2025 has people look at besides, where that is in force."""
    ZERO = "zero_setting"
    TARE_ZERO = "tare_setting"
    WEIGHING = "weighing"
    CORNERS = "eccentricity"
    REPEATS = "repeatability"
    DISCRIMINATION = "discrimination"
    TARED = "tare_weighing"
    PRICE = "price_computing"
    CHALLENGE = "challenge"
    """Ours: no regulation asks for it."""


class Ask(enum.StrEnum):
    """What a step asks for."""

    LOOK = "look"
    """Does it hold? yes, no, or that it does not apply."""
    READY = "ready"
    """Get the scale ready: warm, level, loaded once to Max."""
    TRACKING = "tracking"
    """Does the scale hold its zero against small weights?"""
    POINT = "point"
    """An indication and what was added up to its change point."""
    SUBSTITUTE = "substitute"
    """The same of goods that take the place of weights."""
    RESPONDS = "responds"
    """Did the indication change under the small extra load?"""
    PRICE = "price"
    """The price to pay that the scale shows."""
    CHALLENGE = "challenge"
    """The cheating challenge, led by a procedure of its own."""


class Direction(enum.StrEnum):
    """How a load of the weighing test was come to."""

    NONE = ""
    UP = "up"
    DOWN = "down"


class Method(enum.StrEnum):
    """How the error before rounding was found."""

    CHANGE_POINT = "change_point"
    """E = I + ½e − ΔL − L (OIML R 76-1:2006 A.4.4.3)."""
    FINE = "fine"
    """Read directly, the scale interval being at most a fifth of e."""
    DIRECT = "direct"
    """Read directly for want of small weights: known to half a scale interval only."""


class LeftOut(enum.StrEnum):
    """Why an item, or a step of one, was not done."""

    NOT_APPLICABLE = "not_applicable"
    WEIGHTS_MISSING = "weights_missing"
    WEIGHTS_UNFIT = "weights_unfit"
    """Those that make up the load are together worse than a third of the MPE."""
    SMALL_WEIGHTS_MISSING = "small_weights_missing"
    NOT_REPEATABLE = "not_repeatable"
    """Goods may not stand in for weights: the scale repeats too badly for so few weights."""
    SCALE_UNUSABLE = "scale_unusable"
    TRADER_NEEDS_IT = "trader_needs_it"
    UNSAFE = "unsafe"
    NO_TIME = "no_time"
    STOPPED = "stopped"
    """An item before it had failed in a way that makes going on pointless."""
    NOT_BEGUN = "not_begun"


CHOSEN = (
    LeftOut.NOT_APPLICABLE,
    LeftOut.WEIGHTS_MISSING,
    LeftOut.SMALL_WEIGHTS_MISSING,
    LeftOut.SCALE_UNUSABLE,
    LeftOut.TRADER_NEEDS_IT,
    LeftOut.UNSAFE,
    LeftOut.NO_TIME,
)
"""What a person may choose from to leave an item out."""

CORNERS = ("front_left", "front_right", "back_right", "back_left")
"""The quarters of the platform in turn (OIML R 76-1:2006 A.4.7)."""

YES, NO, NOT_APPLICABLE = "yes", "no", "not_applicable"
OVERLOAD = "overload"
"""The scale shows nothing, dashes or more than Max + 9 e, with a load on it that it must indicate."""
LEFT_ZERO, STAYED_AT_ZERO, NOT_TRIED = "left_zero", "stayed_at_zero", "not_tried"
"""What the indication did under the small weights by which it is found out whether zero is tracked."""
ONCE = (Ask.READY, Ask.TRACKING)
"""What is not done again with its item: the scale has not changed."""
TOGETHER = "together"
"""Every point of a list was looked at and holds, said at once."""
