"""A simulated inspector with a drawer of weights, who goes through an examination of a simulated scale."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from person import ON, REGISTRY, TICK_NS, context, indication, reading

from firmware_app.procedures.context import Context, Head
from firmware_app.procedures.events import (
    Confirmed,
    FigureTyped,
    Picked,
    Saved,
    ScaleChosen,
    StallTyped,
    Witnessed,
)
from firmware_app.procedures.page import Confirm, Page, PageJudged
from firmware_app.procedures.prompts import AskStall, AskWitness, ChooseScale, Interrupted, Saving
from firmware_app.procedures.verification.items import Ask, Item
from firmware_app.procedures.verification.procedure import Verification
from firmware_app.procedures.verification.state import Step
from firmware_app.registry.person import Person, Role
from firmware_app.registry.registry import Registry, Scale
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.standards.sets import WeightSet, parse_weights
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.models import Position
from hardware.scale.simulated.physics import MarketScale

INSPECTOR = Person("1001", Role.INSPECTOR, "李检")
CHECKER = Person("1002", Role.INSPECTOR, "王核")
HEAD = Head(17, "5" * 64)
SMALL = """
[[set]]
id = "TEST-SMALL"
class = "M1"
certificate = "TEST-0002"
valid_to = 2027-10-31
pieces = [{ nominal = "5 g" }, { nominal = "2 g", count = 2 }, { nominal = "1 g" }, { nominal = "500 mg" },
  { nominal = "200 mg", count = 2 }, { nominal = "100 mg" }]
"""
LARGE = """
[[set]]
id = "TEST-LARGE"
class = "M1"
certificate = "TEST-0001"
valid_to = 2027-10-31
pieces = [{ nominal = "10 kg" }, { nominal = "5 kg" }, { nominal = "2 kg", count = 2 }, { nominal = "1 kg" },
  { nominal = "500 g" }, { nominal = "200 g", count = 2 }, { nominal = "100 g" }, { nominal = "50 g" },
  { nominal = "20 g", count = 2 }, { nominal = "10 g" }]
"""


def weights(*texts: str) -> tuple[WeightSet, ...]:
    """Sets of weights from the text of a file."""
    pack = pack_in_force(WeightsPack, ON)
    return tuple(each for text in texts for each in parse_weights(text.encode(), pack))


FULL = weights(LARGE, SMALL)


class Bench:
    """The scale under test with the inspector's hands on it."""

    def __init__(self, model: str = "honest", max_g: int = 15000, e_g: int = 5) -> None:
        self.plate = Plate(max_g=Decimal(max_g), e_g=Decimal(e_g))
        self.scale = MarketScale(self.plate, model)
        self.now_s = 1.0
        self.actions = 0

    def put(self, load: float, place: str = "") -> Decimal:
        """Clears the scale, puts a load on and waits for it to settle; its indication."""
        self.scale.put(0.0, self.now_s)
        self.now_s += 2.0
        self.scale.put(load, self.now_s, Position(place) if place in list(Position) else Position.CENTRE)
        self.now_s += 2.0
        self.actions += 1
        return self.shown()

    def add(self, load: float) -> Decimal:
        """The load becomes another one without being taken off first."""
        self.scale.put(load, self.now_s)
        self.now_s += 2.0
        return self.shown()

    def press(self, key: str) -> None:
        self.scale.press(key, self.now_s)
        self.now_s += 1.0

    def shown(self) -> Decimal:
        return self.scale.at(self.now_s).grams


class Examiner:
    """Answers until the record is saved. ``answer`` may take over: True where it has answered a page."""

    def __init__(
        self,
        bench: Bench | None = None,
        *,
        stall: str = "12",
        answer: Callable[["Examiner", Page], bool] = lambda examiner, page: False,
        at: Context | None = None,
        stage: str = "in_service",
        challenge: bool = True,
        **changes: object,
    ) -> None:
        facts = {"weights": FULL, "person": INSPECTOR, "head": HEAD, **changes}
        self.context = at or context(**facts)
        self.visit = Verification.start(self.context)
        self.bench = bench or Bench()
        self.stall = stall
        self.answer = answer
        self.stage = stage
        self.challenge = challenge
        self.now_ns = 1_000_000_000
        self.load = 0.0
        self.goods: dict[int, float] = {}
        self.sold = 0.0
        self.answers = 0
        self.asked: list[str] = []
        self.prompts: list[object] = []

    # ------------------------------------------------------------------------------------------ answering

    def tell(self, event: object) -> None:
        self.now_ns += TICK_NS
        self.answers += 1
        self.visit.handle(event, self.now_ns)

    def run(self, steps: int = 3000) -> PageJudged:
        for _ in range(steps):
            if isinstance(self.visit.prompt, PageJudged):
                return self.visit.prompt
            self.step()
        raise AssertionError(f"stuck at {self.visit.prompt}")

    def until(self, key: str, steps: int = 3000) -> Page:
        """Answers until a page of that key stands."""
        for _ in range(steps):
            prompt = self.visit.prompt
            if isinstance(prompt, Page) and prompt.key == key:
                return prompt
            self.step()
        raise AssertionError(f"never came to {key}: {self.visit.prompt}")

    def step(self) -> None:
        prompt = self.visit.prompt
        self.prompts.append(prompt)
        match prompt:
            case AskStall():
                self.tell(StallTyped(self.stall))
            case ChooseScale(scales=scales):
                self.tell(ScaleChosen(scales[0].id))
            case Page():
                self.asked.append(prompt.key)
                if not self.answer(self, prompt):
                    self.page(prompt)
            case AskWitness():
                self.tell(Witnessed(CHECKER.number, CHECKER.name, CHECKER.role))
            case Saving():
                self.tell(Saved(41, "slip"))
            case Interrupted():
                self.pan(0.02)
            case _:
                raise AssertionError(f"no answer to {prompt}")

    def page(self, page: Page) -> None:
        known = {
            "verif_scale": Picked("right"),
            "verif_stage": Picked(self.stage),
            "verif_temperature": FigureTyped("18.5", ""),
            "verif_humidity": FigureTyped("41", ""),
            "verif_look_all": Picked("all_hold"),
            "verif_look": Picked("yes"),
            "verif_ready": Confirmed(),
            "verif_tracking": Picked("stayed_at_zero"),
            "verif_failed": Picked("go_on"),
            "verif_stopped": Picked("end"),
            "verif_review": Picked("sign"),
        }
        if page.key in known:
            self.tell(known[page.key])
        elif page.key.startswith("challenge_"):
            self.challenged(page)
        elif page.key == "verif_added":
            self.change_point()
        elif page.key == "verif_discrimination":
            self.discriminate()
        elif page.key == "verif_amount":
            price = Decimal(page.facts[0].value) * self.bench.shown() / 1000
            self.tell(FigureTyped(str(price.quantize(Decimal("0.01"), ROUND_HALF_UP)), "CNY"))
        else:
            self.indicate(page)

    # ------------------------------------------------------------------------------------ what is weighed

    def indicate(self, page: Page) -> None:
        """Puts on what the page asks for and says what the scale shows."""
        step = self.visit.state.step
        shown = self.place(step)
        if self.bench.scale.at(self.bench.now_s).out_of_range:
            self.tell(Picked("overload"))
            return
        if not isinstance(page.wants, Confirm):
            self.tell(FigureTyped(str(shown), "g"))
            return
        self.tell(Confirmed())
        for _ in range(30):
            self.now_ns += TICK_NS
            self.visit.handle(indication(shown), self.now_ns)
            if getattr(self.visit.prompt, "key", "") != "verif_listen":
                return

    def place(self, step: Step) -> Decimal:
        """The load of a step on the scale; its indication."""
        nominal = {piece.id: float(piece.nominal_g) for piece in self.visit.state.drawer}
        mass = sum(nominal[each] for each in step.pieces)
        tared = step.what == "tare" or step.item == "tare_weighing"
        if step.ask is Ask.SUBSTITUTE:
            turn = step.goods + 1
            self.goods.setdefault(turn, self.goods.get(step.goods, 0.0) + float(step.load_g) / turn - 1.2)
            mass = self.goods[turn]
        elif step.goods:
            mass += self.goods[step.goods]
        elif step.what == "goods":
            mass = float(step.load_g) - 3.3
        self.load = mass
        if not tared and self.bench.scale.at(self.bench.now_s).tare_g:
            self.untare()
        if tared:
            self.untare()
            bag = self.bag()
            self.bench.press("tare")
            self.load = bag + mass
            return self.bench.add(self.load)
        return self.bench.put(mass, step.what)

    def bag(self) -> float:
        """A tare of about a third of Max on the scale. The simulated tare is a whole number of e, so one is
        taken that lies in the middle of such a number: a real scale tares what the display does not show."""
        around = float(self.bench.plate.e_g) * 0.4
        for tenths in range(0, 100, 5):
            bag = float(self.bench.plate.max_g) / 3 - 60 - tenths / 10
            shown = self.bench.put(bag)
            if {self.bench.add(bag - around), self.bench.add(bag + around)} == {shown}:
                break
        self.bench.add(bag)
        return bag

    def change_point(self) -> None:
        """Adds small weights until the indication goes over."""
        step = self.visit.state.step
        first, count = self.bench.shown(), 0
        while self.bench.shown() <= first and count < 12:
            count += 1
            self.bench.add(self.load + count * float(step.small_g))
        self.bench.actions += 1
        self.tell(FigureTyped(str(count), ""))

    def untare(self) -> None:
        self.bench.scale.put(0.0, self.bench.now_s)
        self.bench.now_s += 2.0
        self.bench.press("zero")

    def discriminate(self) -> None:
        step = self.visit.state.step
        self.place(step)
        first, mass = self.bench.shown(), self.load
        # As OIML R 76-1 A.4.8.2: just behind a change point, then 1.4 d more.
        while self.bench.add(mass) == first:
            mass += float(step.d_g) / 10
        over = self.bench.shown()
        self.bench.actions += 1
        after = self.bench.add(mass + float(step.extra_g))
        self.tell(Picked("yes" if after - over >= step.d_g else "no"))

    # ---------------------------------------------------------------------------------- the challenge

    def pan(self, mass: float) -> None:
        self.now_ns += TICK_NS
        self.visit.handle(reading(self.now_ns, mass), self.now_ns)

    def challenged(self, page: Page) -> None:
        """The pages of the cheating challenge."""
        if not self.challenge:
            self.tell(Picked("other"))
            self.tell(Picked("leave_out"))
            self.tell(Picked("no_time"))
            return
        match page.key.removeprefix("challenge_"):
            case "ready":
                self.tell(Confirmed())
            case "goods":
                low, high = (float(fact.value) for fact in page.facts)
                self.sold = round(low + (0.313, 0.571, 0.787)[page.number % 3] * (high - low), 1)
                self.tell(FigureTyped(str(self.bench.put(self.sold)), "g"))
            case "repeat" | "powered":
                self.tell(FigureTyped(str(self.bench.put(self.sold)), "g"))
            case "weights":
                self.tell(FigureTyped(str(self.bench.put(float(page.facts[0].value))), "g"))
            case "power":
                self.bench.put(0.0)
                self.bench.scale.switch_on(self.bench.now_s)
                self.tell(Confirmed())
            case "hold":
                self.now_ns += 11_000_000_000
                self.tell(Picked("same"))
            case "key" | "sequence":
                self.tell(Picked("same"))
            case "clear_pan":
                self.pan(0.02)
            case "weigh":
                self.pan(self.sold + 0.02)
            case _:
                raise AssertionError(f"no answer to {page}")


STALL = next(stall for stall in REGISTRY.stalls if stall.code == "12")


def registry_of(**facts) -> Registry:
    """A market with one scale at stall 12."""
    plate = {
        "max_g": Decimal(15000),
        "min_g": Decimal(100),
        "e_g": Decimal(5),
        "accuracy_class": "III",
        **facts,
    }
    named = {"id": "S1", "stall": "12", "serial": "X1", "maker": "M", "model": "T"}
    return Registry((STALL,), (Scale(**{**named, **plate}),))


def steps(examiner: Examiner, item: str) -> dict[str, dict]:
    """The steps of an item in the record, by name."""
    body = examiner.visit.outcome.body
    return {step["step"]: step for each in body["items"] if each["item"] == item for step in each["steps"]}


def conclusions(examiner: Examiner) -> dict[str, str]:
    return {each["item"]: each["conclusion"] for each in examiner.visit.outcome.body["items"]}


def point(examiner: Examiner, indication_g: str, added: str) -> None:
    """Types an indication in grams and what was added in grams."""
    examiner.tell(FigureTyped(indication_g, "g"))
    examiner.tell(FigureTyped(added, "g"))


def at_weighing(examiner: Examiner) -> Examiner:
    """Just before E0 of the weighing test."""
    examiner.until("verif_ready")
    examiner.tell(Confirmed())
    while examiner.visit.state.step.item is not Item.WEIGHING:
        examiner.step()
    return examiner
