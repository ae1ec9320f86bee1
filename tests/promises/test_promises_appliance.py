"""The whole appliance, its processes killed at random while visitors come: nothing is lost or doubled."""

from __future__ import annotations

import pytest
from promises_appliance import Appliance


def killed(seed: int, kills: int) -> Appliance:
    """Lives through the kills and holds the record against what visitors were shown."""
    with Appliance() as appliance:
        appliance.live(seed, kills)
        state = appliance.state()
        verdicts, head, said = appliance.record()
    assert state.visit is None, "the home screen is shown"
    assert appliance.judged.keys() <= verdicts.keys()
    # Whoever was not shown a verdict that was saved finds it in the record: one a visit, and no more.
    assert len(verdicts) <= len(appliance.judged) + kills
    assert state.county.received == state.county.last_entry == head
    assert f"up to entry {head} of {head}" in said
    return appliance


@pytest.mark.timeout(300)
def test_an_appliance_whose_processes_are_killed_keeps_its_promises():
    appliance = killed(seed=5, kills=4)

    assert appliance.kills == 4
    assert len(appliance.judged) >= 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_an_appliance_whose_processes_are_killed_two_hundred_times_keeps_its_promises(capsys):
    appliance = killed(seed=6, kills=200)

    with capsys.disabled():
        print(f"\n200 kills, {len(appliance.judged)} verdicts shown, all in the record and at the county")
