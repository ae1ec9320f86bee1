"""A simulated customer with goods in a bag, who answers every prompt of a fair weighing."""

from decimal import Decimal

from firmware_app.procedures.context import Pan
from firmware_app.procedures.events import CodeGiven, Confirmed, FigureTyped, Picked, Saved
from firmware_app.procedures.fair_weighing.procedure import FairWeighing
from firmware_app.procedures.page import Page, PageJudged
from firmware_app.procedures.prompts import ClearPan, Interrupted, NotSaved, Saving
from tests.procedures.person import TICK_NS, context, reading

FINE = Pan(max_g=Decimal(30000), calibration="cal-fine-1")


class Customer:
    """Answers prompts until there is an outcome. ``goods_g``: what lies in the bag of ``bag_g``.

    ``u``: standard uncertainty of every reading of the pan. ``in_bag``: the goods are put on in their bag.
    """

    def __init__(
        self,
        goods_g: float,
        paid: str = "2",
        unit: str = "kg",
        *,
        kind: str = "mid",
        price: str | None = "12",
        band: str = "both",
        what: str = "goods",
        bag: str = "bare",
        bag_g: float = 0.0,
        bag_says: str = "5",
        in_bag: bool = True,
        u: float = 0.1,
        label: str = "",
        on: object = None,
        visit: FairWeighing | None = None,
    ) -> None:
        self.context = on or context(pan=FINE)
        self.visit = visit or FairWeighing.start(self.context)
        self.goods_g, self.bag_g, self.bag_says, self.in_bag = goods_g, bag_g, bag_says, in_bag
        self.paid, self.unit, self.label = paid, unit, label
        self.picks = {
            "fair_what": what,
            "fair_kind": kind if kind in {"low", "mid", "high"} else "else",
            "fair_kind_else": kind,
            "fair_band": band,
            "fair_bag": bag,
            "fair_packing": bag,
            "fair_bag_sure": "in_bag" if in_bag else "bare",
            "fair_packing_sure": "in_bag" if in_bag else "bare",
            "fair_complaint_stall": "no_stall",
            "fair_complaint_kind": "short_weight",
        }
        self.price, self.u = price, u
        self.now_ns = 1_000_000_000
        self.empty_g = 0.02
        self.keys: list[str] = []
        self.entry = 40

    def tell(self, event: object) -> bool:
        return self.visit.handle(event, self.now_ns)

    def weigh(self, mass_g: float, *, stable: bool = True, unfit: str = "") -> None:
        """A tenth of a second with so much on the pan."""
        self.now_ns += TICK_NS
        self.tell(reading(self.now_ns, mass_g, stable, u=self.u, unfit=unfit))

    @property
    def gross_g(self) -> float:
        return self.goods_g + (self.bag_g if self.in_bag else 0.0)

    @property
    def phase(self) -> str:
        return self.visit.state.phase.value

    def until(self, *phases: str, steps: int = 500) -> object:
        """Answers until the visit stands in one of the phases; fails after so many steps."""
        for _ in range(steps):
            if self.phase in phases:
                return self.visit.prompt
            self.step()
        raise AssertionError(f"stuck at {self.visit.prompt}")

    def outcome(self) -> PageJudged:
        """The outcome, shown."""
        prompt = self.until("judged")
        assert isinstance(prompt, PageJudged)
        return prompt

    @property
    def body(self) -> dict:
        record = self.visit.outcome
        assert record is not None
        return record.body

    def step(self) -> None:
        """One answer to the prompt that stands, or a tenth of a second of the pan."""
        prompt = self.visit.prompt
        match prompt:
            case ClearPan():
                self.weigh(self.empty_g)
            case Interrupted():
                self.weigh(self.empty_g)
            case Saving():
                self.entry += 1
                self.tell(Saved(self.entry, "slip"))
            case Page(key=key):
                self.keys.append(key)
                self._answer(key)
            case NotSaved() | PageJudged():
                raise AssertionError(f"no answer to {prompt}")

    def _answer(self, key: str) -> None:
        self.now_ns += TICK_NS
        if key in {"fair_paid", "fair_content"}:
            if self.unit == "CNY":
                self.tell(Picked("CNY"))
            else:
                self.tell(FigureTyped(self.paid, self.unit, bool(self.label), self.label))
        elif key == "fair_amount":
            self.tell(FigureTyped(self.paid, self.unit, bool(self.label), self.label))
        elif key == "fair_price":
            self.tell(Picked("no_price") if self.price is None else FigureTyped(self.price, "CNY/kg"))
        elif key == "fair_bag_typed":
            self.tell(FigureTyped(self.bag_says, "g"))
        elif key in {"fair_put_bag", "fair_put_packing"}:
            self.tell(Confirmed())
            self.weigh(self.bag_g)
        elif key in {"fair_put_goods", "fair_put_package", "fair_put_again"}:
            self.weigh(self.gross_g)
        elif key == "fair_complaint_hold":
            self.tell(Confirmed())
        elif key == "fair_complaint_stall" and self.picks[key] != "no_stall":
            self.tell(CodeGiven(self.picks[key]))
        else:
            self.tell(Picked(self.picks[key]))
