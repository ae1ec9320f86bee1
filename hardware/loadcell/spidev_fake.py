"""A spidev that is wired to a simulated HX711 instead of a bus: MOSI is PD_SCK, MISO is DOUT.

Rules this file obeys:

* It has the names and argument types of py-spidev's SpiDev that the driver uses, and no others.
* A transfer lasts as long as its bits at ``max_speed_hz``; each MOSI bit reaches the chip at its own
  nanosecond and MISO is sampled in the middle of the bit, as SPI modes 0 and 1 do.
* Bytes may be pulled apart by gaps (an empty FIFO): MOSI keeps the level of the last bit meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hardware.loadcell.clock import SECOND, Clock
from hardware.loadcell.simulated_chip import SimulatedChip


class FakeSpiDev:
    """One bus with one chip on it.

    ``before_transfer``: called with the time as each transfer starts. ``gap_ns``: the pause after each byte.
    ``call_ns``: what a call costs before the first bit.
    """

    def __init__(
        self,
        chip: SimulatedChip,
        clock: Clock,
        *,
        before_transfer: Callable[[int], None] | None = None,
        gap_ns: Callable[[], int] | None = None,
        call_ns: int = 20_000,
    ) -> None:
        self.chip = chip
        self.max_speed_hz = 500_000
        self.mode = 0
        self.opened: tuple[int, int] | None = None
        self.transfers = 0
        self._clock = clock
        self._before_transfer = before_transfer
        self._gap_ns = gap_ns
        self._call_ns = call_ns

    def open(self, bus: int, device: int) -> None:
        self.opened = (bus, device)

    def close(self) -> None:
        self.opened = None

    def xfer2(self, values: Sequence[int]) -> list[int]:
        """Shifts the bytes out and returns what came in; raises OSError when the bus is not open."""
        if self.opened is None:
            raise OSError(9, "Bad file descriptor")
        if self.mode not in (0, 1):
            raise OSError(22, "Invalid argument")
        start_ns = self._clock.now_ns()
        self.transfers += 1
        if self._before_transfer is not None:
            self._before_transfer(start_ns)
        at_ns = start_ns + self._call_ns
        if not any(values) and self._gap_ns is None:
            reply, at_ns = self._listen(len(values), at_ns)
        else:
            reply = []
            for value in values:
                byte, at_ns = self._shift(value, at_ns)
                reply.append(byte)
                at_ns += self._gap_ns() if self._gap_ns else 0
        self._clock.sleep_until(at_ns)
        return reply

    def _shift(self, value: int, at_ns: int) -> tuple[int, int]:
        """One byte, most significant bit first, and the time at its end."""
        byte = 0
        for bit in range(8):
            begin_ns = at_ns + bit * SECOND // self.max_speed_hz
            self.chip.set_sck(value >> (7 - bit) & 1, begin_ns)
            byte = byte << 1 | self.chip.dout(begin_ns + SECOND // (2 * self.max_speed_hz))
        return byte, at_ns + 8 * SECOND // self.max_speed_hz

    def _listen(self, length: int, at_ns: int) -> tuple[list[int], int]:
        """Zeros only: PD_SCK stays low, so whole stretches of DOUT are copied at once."""
        bits = 8 * length
        self.chip.set_sck(0, at_ns)
        word, bit = 0, 0
        while bit < bits:
            level, until_ns = self.chip.dout_run(at_ns + self._middle(bit))
            first = bit
            bit = min(bits, max(bit + 1, self._bits_before(until_ns - at_ns)))
            run = bit - first
            word = word << run | ((1 << run) - 1 if level else 0)
        return list(word.to_bytes(length, "big")), at_ns + bits * SECOND // self.max_speed_hz

    def _middle(self, bit: int) -> int:
        return (2 * bit + 1) * SECOND // (2 * self.max_speed_hz)

    def _bits_before(self, duration_ns: int) -> int:
        """How many bits are sampled before ``duration_ns`` is over."""
        return max(0, (2 * duration_ns * self.max_speed_hz - SECOND + 2 * SECOND - 1) // (2 * SECOND))
