"""Whether a machine is fast enough to make the clock of an HX711 by program: evidence in, words out. No I/O.

Rules this file obeys:

* The evidence is the longest high phase of PD_SCK in each read, against T3 (HX711 datasheet figure 2: 50 µs).
* Nothing is fit before it is proven, and nothing fit becomes unfit by chance: both need 95 % confidence from
  one window of reads; between the two the last word stands.
* The limit is the worst that was proven: of 41,296 reads on record of Raspberry Pis whose clock a program
  made, 141 were spoilt by a phase that was too long (0.34 %), and every one of them was found and dropped.
"""

from __future__ import annotations

import statistics
from collections import deque

from hardware.loadcell import hx711

PROVEN_SHARE = 141 / 41_296
WINDOW = 878
"""None among so many reads shows a share below PROVEN_SHARE: 3.00 is the upper 95 % limit of a Poisson count
of 0 (-ln 0.05), and 3.00 / 0.34 % = 878."""
TOO_MANY = 7
"""So many among WINDOW reads show a share above it: the lower 95 % limit of a Poisson count of 7 is 3.29,
that of 6 is 2.61, and PROVEN_SHARE makes 3.00."""
REMEDY = "wire the converter to the SPI pins and use the driver spi, which needs no fast machine"


class Fitness:
    """Judges a machine by its last reads; ``unfit`` says why no verdict may rest on it, empty when fit.

    >>> fitness = Fitness()
    >>> for _ in range(WINDOW): fitness.note(9_000)
    >>> fitness.unfit
    ''
    """

    def __init__(self) -> None:
        self._longest: deque[int] = deque(maxlen=WINDOW)
        self._slow = 0
        self.unfit = f"gpio: not yet shown to be fast enough: no read of {WINDOW} was tried"

    @property
    def settled(self) -> bool:
        """Whether the window decides: it is proven fit, or proven too slow."""
        return self._slow >= TOO_MANY or (self._slow == 0 and len(self._longest) == WINDOW)

    def note(self, longest_ns: int) -> None:
        """Takes one more read: the longest high phase in it, nanoseconds."""
        if len(self._longest) == WINDOW:
            self._slow -= self._longest[0] > hx711.SCK_HIGH_MAX_NS
        self._longest.append(longest_ns)
        self._slow += longest_ns > hx711.SCK_HIGH_MAX_NS
        if self._slow >= TOO_MANY and not self.unfit:
            self.unfit = self._why()
        elif self._slow == 0 and len(self._longest) == WINDOW:
            self.unfit = ""

    def conclude(self) -> None:
        """The trial is over: where it did not prove the machine fit, ``unfit`` gives its figures."""
        if self.unfit:
            self.unfit = self._why()

    def in_words(self) -> str:
        """What was found, with its figures."""
        verdict = "too slow for verdicts" if self.unfit else "fast enough"
        return f"gpio: this machine is {verdict}: {self._figures()}"

    def _why(self) -> str:
        if self._slow < TOO_MANY:
            return f"gpio: not yet shown to be fast enough ({self._figures()}); wait, or {REMEDY}"
        return f"gpio: this machine is too slow ({self._figures()}): {REMEDY}"

    def _figures(self) -> str:
        if not self._longest:
            return "no read was tried"
        typical, longest = statistics.median_low(self._longest), max(self._longest)
        return (
            f"{self._slow} of {len(self._longest)} reads held the clock high for more than "
            f"{hx711.SCK_HIGH_MAX_NS // 1000} µs, typically {typical / 1000:.1f} µs, at most "
            f"{longest / 1000:.1f} µs; none in {WINDOW} is the proof, {TOO_MANY} disprove it"
        )
