"""The one root of what Steelyard's own program raises."""

from __future__ import annotations


class SteelyardError(Exception):
    """Something went wrong that a person can understand: the message says what, where and what to do."""
