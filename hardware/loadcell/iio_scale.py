"""The gain of the kernel driver avia,hx711, which is chosen and told by a scale.

Rules this file obeys:

* The wanted scale is one that the kernel offers, found by its proportion to the others, never computed.
* That the kernel took a scale is not believed before it says so itself.
"""

from __future__ import annotations

from hardware.loadcell import iio_buffer, iio_format
from hardware.loadcell.contract import DriverUnavailable
from hardware.loadcell.iio_buffer import Setup
from hardware.loadcell.iio_files import Attributes


class Scale:
    """The file by which the gain is chosen, and what it should say."""

    def __init__(self, files: Attributes, setup: Setup, gain: int) -> None:
        channel = 1 if gain == 32 else 0
        there = files.names(setup.device)
        self._files = files
        self._path = setup.device / _first(there, f"in_voltage{channel}_scale", "in_voltage_scale")
        available = _first(there, f"in_voltage{channel}_scale_available", "in_voltage_scale_available")
        self._wanted = iio_format.scale_of(gain, setup.read(setup.device / available))

    def holds(self, until_ns: int) -> bool | None:
        """Whether the scale is as wanted; where it was not it is set. None: no answer by then."""
        answer = self._files.read(self._path, until_ns)
        if answer is None:
            return None
        if iio_format.same_scale(answer.text, self._wanted):
            return True
        try:
            if not self._files.write(self._path, self._wanted, until_ns):
                return None
        except OSError as error:
            # The kernel has taken the gain, but could not send it while no conversion was ready; it goes
            # out with the next read (hx711_write_raw).
            if error.errno not in iio_buffer.NO_READING:
                raise
        return False


def _first(there: list[str], *names: str) -> str:
    for name in names:
        if name in there:
            return name
    raise DriverUnavailable(f"iio: the device has no file {names[0]}: is this the driver avia,hx711?")
