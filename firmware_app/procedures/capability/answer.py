"""The answer to whether the appliance may judge: by which method, what was looked at, and what would help.

Rules this file obeys:

* The answer is a fact that goes as it stands into a record and a prompt: codes and decimal strings only.
* What could not be observed is said to be so; it is never taken to hold in silence.
* One answer names one method, or none and a reason; never both.
"""

from __future__ import annotations

import enum

import msgspec


class Method(enum.StrEnum):
    """The lawful ways. The first ones check a scale, the last three a sale (Order 66 art. 6)."""

    WEIGHTS = "weights"
    """Reference weights on the scale under test."""
    PAN = "pan"
    """Goods on the scale under test, weighed again by the appliance's own pan."""
    SUBSTITUTION = "substitution"
    """The same, with goods and weights in turns on the pan."""
    CHANGE_POINT = "change_point"
    """Small weights added until the display goes over to the next interval (OIML R 76-1:2006 A.4.4.3)."""
    ODD_LOADS = "odd_loads"
    """Several odd loads near each other, whose rounding averages out."""
    SAME_SCALE = "same_scale_with_weights"
    """Method 1: the seller's scale again, and weights that make it show the same."""
    FINER_SCALE = "finer_scale"
    """Method 2: a better scale."""
    EQUAL_SCALE = "equal_scale"
    """Method 3: a scale like the seller's, with the doubled deviation."""


class Condition(enum.StrEnum):
    """What is looked at before anything is judged."""

    WEIGHTS_AT_HAND = "weights_at_hand"
    WEIGHTS_IN_DATE = "weights_in_date"
    WEIGHTS_FINE_ENOUGH = "weights_fine_enough"
    PAN_AT_HAND = "pan_at_hand"
    PAN_WORKS = "pan_works"
    PAN_FIT = "pan_fit"
    PAN_IN_CONTROL = "pan_in_control"
    WARM = "warm"
    LEVEL = "level"
    TEMPERATURE = "temperature"
    UNCERTAINTY = "uncertainty"


class Held(enum.StrEnum):
    """What was found of a condition."""

    HELD = "held"
    NOT_HELD = "not_held"
    NOT_OBSERVED = "not_observed"
    """The appliance has no sense for it and nobody said: the record says so, and nothing is built on it."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """One condition and what was found. ``value``: the figure that was seen with its unit, if there is one.

    ``reason``: code of why it does not hold; ``help``: code of what would help. Both empty where it holds.
    """

    condition: Condition
    held: Held
    value: str = ""
    reason: str = ""
    help: str = ""


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and how may be judged. ``method``: None where not; ``reason`` and ``help`` are set then.

    ``expanded_g``: U(k = 2) of the reference side, ``limit_g``: the limit it serves, ``ratio``: limit over U,
    which has to be 3 or more (JCGM 106:2012 8.2.3); empty where not known. ``remaining``: other methods that
    serve as well. ``sharpens``: where the rounding of the scale under test leaves an exact scale undecided,
    the methods that get over it. ``conditions``: everything that was looked at for ``method``, or for the
    first method that failed.
    """

    method: Method | None
    reason: str = ""
    help: str = ""
    expanded_g: str = ""
    limit_g: str = ""
    ratio: str = ""
    remaining: tuple[Method, ...] = ()
    sharpens: tuple[Method, ...] = ()
    conditions: tuple[Looked, ...] = ()

    @property
    def judges(self) -> bool:
        """Whether a verdict may be given."""
        return self.method is not None

    @property
    def not_observed(self) -> tuple[Condition, ...]:
        """What nobody could tell."""
        return tuple(each.condition for each in self.conditions if each.held is Held.NOT_OBSERVED)


def first_failed(conditions: tuple[Looked, ...]) -> Looked | None:
    """The first condition that does not hold, None where all that could be observed do."""
    return next((each for each in conditions if each.held is Held.NOT_HELD), None)
