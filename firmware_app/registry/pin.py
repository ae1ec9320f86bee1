"""PINs: which are taken, how they are kept, and whether one is right.

Rules this file obeys:

* A PIN is never kept, only its Argon2id hash with a salt of its own (RFC 9106).
* Parameters are the second recommended option of RFC 9106, section 4: 3 passes over 64 MiB with 4 lanes. The
  first one wants 2 GiB; the smallest appliance, a Pi Zero 2 W or 3 A+, has 512 MiB for four processes. One
  PIN is checked at a time, so 64 MiB is all that signing in ever takes, and it is given back.
* A number that nobody has is checked against a hash of the same parameters: it takes as long as a wrong PIN.
"""

from __future__ import annotations

from itertools import pairwise

import argon2
from argon2.profiles import RFC_9106_LOW_MEMORY

LEAST, MOST = 6, 12
"""Digits. Six, as a card's, are a million; the lock-out leaves a thief about two thousand of them a year."""

WORDS = {
    "pin_not_digits": "a PIN is digits only: the number pad has nothing else",
    "pin_length": f"a PIN has {LEAST} to {MOST} digits",
    "pin_repeats": "the PIN repeats itself: take digits without a pattern",
    "pin_sequence": "the PIN counts up or down: take digits without a pattern",
    "pin_number": "the PIN holds the working number, which stands on records",
}

_hasher = argon2.PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Zv2ESC9+5rXV4a7vyHUr2A$8b3rXs+8qBXgdccrruI8AYajiWKAoC5b/awmn+9htoE"
"""Of a text that is no PIN: what the PIN for an unknown number is compared with."""


def refusal(pin: str, number: str) -> str:
    """Code of why this PIN is not taken for that working number, empty where it is; see `WORDS`."""
    if not (pin.isascii() and pin.isdecimal()):
        return "pin_not_digits"
    if not LEAST <= len(pin) <= MOST:
        return "pin_length"
    if any(pin == (pin[:period] * len(pin))[: len(pin)] for period in range(1, len(pin) // 2 + 1)):
        return "pin_repeats"
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({1}, {9}):
        return "pin_sequence"
    return "pin_number" if number in pin else ""


def hashed(pin: str) -> str:
    """What is kept of a PIN: Argon2id with its parameters and a new random salt, in the encoded form."""
    return _hasher.hash(pin)


def matches(kept: str, pin: str) -> bool:
    """Whether the PIN is the one of which ``kept`` is the hash; False also for a hash that is none."""
    try:
        return _hasher.verify(kept, pin)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
