"""`steelyard weigh --substitute`: guides weight and load on and off the pan, and gives the comparison.

Rules this file obeys:

* One sentence at a time says what to do; what lies on the pan instead is named.
* Without a result nothing is shown as one: the reason is said and the command answers no.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec
from rich.console import Console

from firmware_app.cli.common import fail, print_json
from firmware_app.cli.weigh_output import FAULT_WORDS
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import PanEvent, PanFault
from firmware_app.weighing.substitution import BadComparison, Reference, Substituted, Turns, compare
from hardware.loadcell.contract import Fault

M1_RELATIVE = 5e-5
"""Maximum permissible error of class M1 from 100 g up (R 111-1:2004 Table 1: 50 mg at 1 kg)."""
M1_SMALLEST_G = 0.005
LARGEST_G = 1e6


class ComparisonLine(msgspec.Struct, frozen=True, tag_field="event", tag="comparison"):
    """The result for programs; all in grams, terms as standard uncertainties."""

    mass_g: float
    u_g: float
    k: float
    expanded_g: float
    difference_g: float
    reference_u_g: float
    noise_u_g: float
    creep_u_g: float
    span_u_g: float
    placing_u_g: float
    buoyancy_u_g: float


def m1(weight_g: float, standard_g: float | None) -> Reference:
    """The weight that was named: with its own uncertainty, or as one of class M1 known by its limit."""
    if not (math.isfinite(weight_g) and 0 < weight_g <= LARGEST_G):
        fail(f"--substitute {weight_g:g}: give the mass of the weight in grams, such as 2000")
    if standard_g is None:
        limit = max(M1_RELATIVE * weight_g, M1_SMALLEST_G)
        return Reference(weight_g, limit / math.sqrt(3), by_limit=True)
    if not 0 <= standard_g <= 0.01 * weight_g:
        fail(f"--weight-u {standard_g:g}: give grams (k = 1), at most a hundredth of the weight")
    return Reference(weight_g, standard_g)


class Guide:
    """Takes the turns as they come; ``result`` is None until the last one is in."""

    def __init__(self, pan: Instrument, scheme: str, reference: Reference, *, as_json: bool) -> None:
        self.weights = 0
        self.result: Substituted | None = None
        self._pan = pan
        self._reference = reference
        self._turns = Turns(scheme, reference.mass_g)
        self._as_json = as_json
        self._console = Console(stderr=as_json, highlight=False, soft_wrap=True)
        self._said = ""
        self._wrong = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def until_done(self, events: Iterator[PanEvent]) -> Iterator[PanEvent]:
        """The events up to the last turn."""
        for event in events:
            yield event
            if self._turns.wants is None:
                return

    def show(self, event: PanEvent) -> None:
        """Takes an event, and says what to do next where that has changed."""
        if isinstance(event, PanFault):
            if event.lasting and event.fault is not Fault.SETTLING:
                self._say(FAULT_WORDS[event.fault])
            return
        self.weights += 1
        seen = self._pan.seen
        if seen is None:
            return
        wanted = self._turns.wants
        if self._turns.feed(event.at_ns, event.mass.value, event.stable, seen):
            taken = "the weight" if wanted == "A" else "the load"
            self._say(f"{event.mass.value:.3f} g  {taken} is taken: take it off")
        elif self._turns.wrong_g is not None:
            if not self._wrong:
                self._wrong = True
                self._say(
                    f"{self._turns.wrong_g:.0f} g is not near {self._reference.mass_g:g} g: {self._ask()}"
                )
        elif self._turns.empty:
            self._wrong = False
            self._say(self._ask())

    def summary(self, pan: Instrument) -> None:
        """Says the result, or why there is none."""
        if self._turns.wants is not None:
            done, all_turns = len(self._turns.taken), len(self._turns.scheme)
            self._console.print(f"[bold red]no result[/]: {done} of {all_turns} turns were taken")
            return
        try:
            self.result = compare(
                self._turns.scheme, self._turns.taken, self._reference, pan.calibration, pan.difference
            )
        except BadComparison as error:
            self._console.print(f"[bold red]no result[/]: {error}")
            return
        self._tell(self.result)

    # ----------------------------------------------------------------------------------------- inside

    def _ask(self) -> str:
        if self._turns.wants == "A":
            return f"put the weight of {self._reference.mass_g:g} g on the pan"
        return "put the load on the pan"

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._console.print(text)

    def _tell(self, found: Substituted) -> None:
        if self._as_json:
            print_json(
                ComparisonLine(
                    mass_g=round(found.mass.value, 6),
                    u_g=round(found.mass.standard, 6),
                    k=round(found.k, 3),
                    expanded_g=round(found.expanded, 6),
                    difference_g=round(found.difference_g, 6),
                    reference_u_g=round(found.reference, 6),
                    noise_u_g=round(found.noise, 6),
                    creep_u_g=round(found.creep, 6),
                    span_u_g=round(found.span, 6),
                    placing_u_g=round(found.placing, 6),
                    buoyancy_u_g=round(found.buoyancy, 6),
                )
            )
            return
        self._console.print(
            f"[bold green]{found.mass.value:.3f} g ± {found.expanded:.3f} g[/] (k = {found.k:.2f}): "
            f"the load is {found.difference_g:+.3f} g from the weight"
        )
