"""A simulated person with a simulated scale and pan, who answers every prompt of a self-check."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from firmware_app.procedures.context import Context, Pan
from firmware_app.procedures.events import (
    FigureTyped,
    LoadIsOn,
    Picked,
    Saved,
    ScaleChosen,
    StallTyped,
    WayChosen,
)
from firmware_app.procedures.page import Page
from firmware_app.procedures.prompts import (
    AskStall,
    ChooseScale,
    ChooseWay,
    ClearPan,
    Interrupted,
    OnPan,
    PutGoods,
    PutWeights,
    Saving,
    Source,
    SwapOnPan,
    Way,
    WeighGoods,
)
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.quantity import Estimate
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.standards.sets import load_weights, parse_weights
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.outlook import Outlook
from firmware_app.weighing.reading import Reading
from hardware.scale.contract import Indication

ON = date(2026, 11, 23)
DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
REGISTRY = load_registry(DEMO / "registry.toml")
WEIGHTS = load_weights(DEMO / "weights.toml", pack_in_force(WeightsPack, ON))
PAN = Pan(max_g=Decimal(20000), calibration="cal-test-1")

COUNTS_PER_GRAM = 420.0


def outlook(relative: float, *, repeatability_g: float = 0.0, noise_g: float = 0.02) -> Outlook:
    """A pan whose span is known so well, and which tells two loads apart by so much."""
    calibration = Calibration(
        counts_per_gram=COUNTS_PER_GRAM,
        relative_standard_uncertainty=relative,
        capacity_g=20000.0,
        resolution_g=0.1,
        repeatability_g=repeatability_g,
        id="cal-test-2",
        at="2026-11-01T09:00:00+08:00",
        source="test",
    )
    return Outlook(
        calibration=calibration, difference=lambda *_: (noise_g * COUNTS_PER_GRAM) ** 2, noise_g=noise_g
    )


SPAN_U = 1e-3
COARSE = Pan(max_g=Decimal(20000), calibration="cal-test-2", outlook=outlook(SPAN_U))
"""Its span is known to a thousandth: 3 kg within U = 6 g, where the limit of the scale is 10 g."""

TICK_NS = 100_000_000
GOLDEN = 0.6180339887
"""Steps by which the goods of a visit differ, so that none weighs what others did."""


SMALL = parse_weights(
    b"""[[set]]
id = "SMALL"
class = "M1"
certificate = "DEMO-NOT-A-CERTIFICATE-0002"
valid_to = 2027-10-31
pieces = [{ nominal = "500 mg", count = 12 }]
""",
    pack_in_force(WeightsPack, ON),
)
"""Small weights by which the change point of a display of 5 g can be sought."""


def context(**changes) -> Context:
    """The demonstration's appliance without a lead, with some fields changed."""
    fields = {"registry": REGISTRY, "weights": WEIGHTS, "on": ON, "pan": PAN, "seed": 7}
    return Context(**{**fields, **changes})


def rounded(mass: float, d: int = 5) -> Decimal:
    """The mass as a scale with interval d shows it."""
    return (Decimal(str(mass)) / d).to_integral_value(ROUND_HALF_UP) * d


def honest(mass: float) -> Decimal:
    return rounded(mass)


def adds_ten_percent(mass: float) -> Decimal:
    return rounded(mass * 1.1)


def honest_with_weights_only(mass: float) -> Decimal:
    """Reads multiples of 100 g truthfully and adds 8 % to everything else."""
    return rounded(mass if mass % 100 == 0 else mass * 1.08)


def reading(
    at_ns: int, mass: float, stable: bool = True, u: float = 0.3, conversions: int = 0, unfit: str = ""
) -> Reading:
    return Reading(
        at_ns=at_ns,
        mass=Estimate(mass, u),
        stable=stable,
        why_not=None,
        window_s=1.5,
        counts=mass * COUNTS_PER_GRAM,
        unfit=unfit,
        conversions=conversions,
        creep=(0.0, 0.0, 0.0, 0.0) if conversions else (),
    )


def coarse_reading(at_ns: int, mass: float, stable: bool = True, span: float = 1.0) -> Reading:
    """Of the coarse pan, whose span is ``span`` times what it should be."""
    shown = mass * span
    return reading(at_ns, shown, stable, u=max(0.05, SPAN_U * abs(shown)), conversions=120)


def indication(value: Decimal | None, **changes) -> Indication:
    """A frame of the lead of stall 12, stable and in kg unless changed."""
    fields = {
        "profile": "and-st-gs",
        "value": None if value is None else value / 1000,
        "unit": "kg",
        "raw_text": "" if value is None else f"{value / 1000:+09.3f}",
        "stable": True,
        "raw": b"ST,GS",
    }
    return Indication(**{**fields, **changes})


class Person:
    """Answers prompts until there is a verdict; ``each_tick`` may meddle before every reading."""

    def __init__(
        self, visit: SelfCheck, shows: Callable[[float], Decimal], way: Way, stall: str = "12"
    ) -> None:
        self.visit = visit
        self.shows = shows
        self.way = way
        self.stall = stall
        self.now_ns = 1_000_000_000
        self.goods = self.put = 0.0
        self.prompts: list[object] = []
        self.odd: Callable[[int], float] = lambda number: (0.313 + GOLDEN * number) % 1
        """Where in the range asked for the goods of a load lie."""
        self.true: dict[str, float] = {}
        """What a weight really weighs, by its mark, where that is something else."""
        self.pan_u = 0.3
        self.span: float | None = None
        """Of the coarse pan, where this is one."""

    def mass_of(self, pieces: tuple[str, ...]) -> float:
        """What the weights of these marks weigh."""
        return sum(self.true.get(piece, float(piece)) for piece in pieces)

    def tell(self, event: object) -> bool:
        changed = self.visit.handle(event, self.now_ns)
        if changed:
            self.prompts.append(self.visit.prompt)
        return changed

    def tick(self, pan: float | None = None, lead: Decimal | None = None) -> None:
        """A tenth of a second, with what the instruments say in it."""
        self.now_ns += TICK_NS
        if pan is not None:
            coarse = self.span is not None
            self.tell(
                coarse_reading(self.now_ns, pan, span=self.span)
                if coarse
                else reading(self.now_ns, pan, u=self.pan_u)
            )
        if lead is not None:
            self.tell(indication(lead))

    def until(self, *kinds: type, ticks: int = 400) -> object:
        """Answers until a prompt of one of the kinds stands; fails after so many steps."""
        for _ in range(ticks):
            if isinstance(self.visit.prompt, kinds):
                return self.visit.prompt
            self.step()
        raise AssertionError(f"stuck at {self.visit.prompt}")

    def step(self) -> None:
        """One answer to the prompt that stands."""
        prompt = self.visit.prompt
        match prompt:
            case AskStall():
                self.tell(StallTyped(self.stall))
            case ChooseScale(scales=scales):
                self.tell(ScaleChosen(scales[0].id))
            case ChooseWay():
                self.tell(WayChosen(self.way))
            case PutWeights(pieces_g=pieces):
                self._figure(self.mass_of(pieces), prompt.source)
            case PutGoods(low_g=low, high_g=high, number=number):
                share = self.odd(number)
                self.goods = round(float(low) + share * (float(high) - float(low)), 1)
                self._figure(self.goods, prompt.source)
            case ClearPan():
                self.tick(pan=0.02)
            case WeighGoods():
                self.tick(pan=self.goods)
            case SwapOnPan(on_pan=on_pan, put=put):
                lies = on_pan if on_pan in {put, OnPan.NOTHING} else OnPan.NOTHING
                wanted = self.goods if put is OnPan.GOODS else self.mass_of(prompt.pieces_g)
                empty = lies is OnPan.NOTHING and on_pan is not OnPan.NOTHING
                self.tick(pan=0.02 if empty else wanted)
            case Interrupted():
                self.tick(pan=self.goods)
            case Page(key="self_check_corners"):
                self.tell(Picked("same"))
            case Page(key="self_check_offer"):
                self.tell(Picked("seek"))
            case Page(key="self_check_point_shown"):
                self.put = self.mass_of(prompt.pieces_g)
                self.tell(FigureTyped(str(self.shows(self.put)), "g"))
            case Page(key="self_check_point_added"):
                self.tell(FigureTyped(str(self._change_point()), "g"))
            case Saving():
                self.tell(Saved(41, "slip"))
            case _:
                raise AssertionError(f"no answer to {prompt}")

    def _change_point(self) -> Decimal:
        """Half a gram after the other, until the scale shows more."""
        before, steps = self.shows(self.put), 0
        while self.shows(self.put + 0.5 * steps) == before:
            steps += 1
        return Decimal(steps) / 2

    def _figure(self, load: float, source: Source) -> None:
        self.now_ns += TICK_NS
        if source is Source.TYPED:
            self.tell(FigureTyped(str(self.shows(load)), "g"))
            return
        before = self.visit.prompt
        self.tell(LoadIsOn())
        for _ in range(30):
            self.tick(pan=0.0, lead=self.shows(load))
            if self.visit.prompt != before:
                return
