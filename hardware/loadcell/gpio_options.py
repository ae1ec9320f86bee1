"""Options of the GPIO driver, checked.

Rules this file obeys:

* Two pins are two pins; their numbers are GPIO numbers, as gpiozero counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from hardware.loadcell.contract import BadOption
from hardware.loadcell.options import take

Gpio = Annotated[int, msgspec.Meta(ge=0, le=27)]


class GpioOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of this driver.

    ``clock_gpio``, ``data_gpio``: GPIO numbers (BCM) of PD_SCK and DOUT; choose a pin that is pulled down
    after reset for PD_SCK (9 … 27) and one that is pulled up for DOUT (0 … 8). ``rate_hz``: by the module's
    RATE pin. ``realtime``: ask for SCHED_FIFO and locked memory.
    """

    clock_gpio: Gpio = 13
    data_gpio: Gpio = 6
    rate_hz: Literal[10, 80] = 80
    gain: Literal[32, 64, 128] = 128
    realtime: bool = True


def take_options(options: Mapping[str, object]) -> GpioOptions:
    """The options of a configuration; raises BadOption."""
    taken = take(GpioOptions, options, "gpio")
    if taken.clock_gpio == taken.data_gpio:
        raise BadOption(f"gpio: clock_gpio and data_gpio are both {taken.data_gpio}: they are two pins")
    return taken
