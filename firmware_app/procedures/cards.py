"""A stall and a scale of the register as screens and records show them."""

from __future__ import annotations

from firmware_app.procedures.prompts import ScaleCard, StallCard
from firmware_app.quantity import plain
from firmware_app.registry.registry import Scale, Stall


def stall_card(stall: Stall) -> StallCard:
    """The stall as the screen shows it."""
    return StallCard(stall.code, stall.name)


def scale_card(scale: Scale) -> ScaleCard:
    """The scale as the screen and the record show it."""
    return ScaleCard(
        id=scale.id,
        stall=scale.stall,
        maker=scale.maker,
        model=scale.model,
        serial=scale.serial,
        accuracy_class=scale.accuracy_class,
        max_g=plain(scale.max_g),
        min_g=plain(scale.min_g),
        e_g=plain(scale.e_g),
        d_g=plain(scale.d_g),
        production_code=scale.production_code,
        repair_code=scale.repair_code,
        verification_code=scale.verification_code,
        seal=scale.seal,
        verification_due=scale.verification_due.isoformat() if scale.verification_due else "",
        profile=scale.profile,
    )
