"""What is said at the door about being well: of the screen by itself, of every part when asked."""

from __future__ import annotations

import msgspec


class KioskAlive(msgspec.Struct, frozen=True, tag="kiosk_alive"):
    """The screen is drawn and taking touches; sent once a second.

    ``touched``: somebody has touched it since the last.
    """

    touched: bool = False


class AskHealth(msgspec.Struct, frozen=True, tag="ask_health"):
    """Every part in words."""


class HealthItem(msgspec.Struct, frozen=True):
    """One part in words: ``ok``, what was found and, where it is not well, the remedy."""

    part: str
    ok: bool
    finding: str
    remedy: str = ""


class Health(msgspec.Struct, frozen=True, tag="health"):
    items: tuple[HealthItem, ...]
