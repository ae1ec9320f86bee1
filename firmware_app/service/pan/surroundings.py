"""What the appliance knows of itself where it stands: how long it has had power; nothing of level and air.

Rules this file obeys:

* What no part senses is None: the record then says that it was not observed.
* A part that is not real needs no warming up.
"""

from __future__ import annotations

from firmware_app.procedures.context import Surroundings

WARM_UP_S = 1800.0
"""Half an hour of power before anything rests on the pan, as is usual before weighing (R 76-1 A.4.1)."""
NOT_REAL = ("simulated", "replay")
"""Drivers behind which there is no cell that could be cold."""


def surroundings(driver: str, now_ns: int) -> Surroundings:
    """The surroundings at a monotonic time, which counts from when the machine was switched on.

    A cell that was unplugged meanwhile is as warm as the air, and so is one that was never switched off.
    """
    return Surroundings(on_s=now_ns * 1e-9, warm_up_s=0.0 if driver in NOT_REAL else WARM_UP_S)
