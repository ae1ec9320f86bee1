"""How long the appliance has had power: a real cell must be warm, a simulated one never is cold."""

import pytest

from firmware_app.procedures.capability.answer import Condition, Held
from firmware_app.procedures.capability.conditions import surroundings as looked
from firmware_app.procedures.context import Context
from firmware_app.registry.registry import Registry
from firmware_app.service.pan.surroundings import surroundings

MINUTE = 60 * 1_000_000_000


@pytest.mark.parametrize(
    ("driver", "minutes", "held"),
    [
        ("spi", 0, Held.NOT_HELD),
        ("spi", 29, Held.NOT_HELD),
        ("spi", 30, Held.HELD),
        ("gpio", 5, Held.NOT_HELD),
        ("simulated", 0, Held.HELD),
        ("replay", 0, Held.HELD),
    ],
)
def test_a_real_cell_waits_for_half_an_hour(driver, minutes, held):
    around = surroundings(driver, minutes * MINUTE)
    context = Context(registry=Registry(), weights=(), on=None, pan=None, surroundings=around)
    found = {each.condition: each for each in looked(context)}
    assert found[Condition.WARM].held is held
    assert found[Condition.WARM].reason == ("" if held is Held.HELD else "not_warm")
    assert found[Condition.LEVEL].held is found[Condition.TEMPERATURE].held is Held.NOT_OBSERVED
