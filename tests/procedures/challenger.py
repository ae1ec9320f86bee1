"""A simulated inspector before a simulated market scale, who answers every page of a challenge."""

from collections.abc import Callable
from decimal import Decimal

from firmware_app.procedures.challenge.visit import Challenge
from firmware_app.procedures.context import Head
from firmware_app.procedures.events import Confirmed, FigureTyped, Picked, Saved, ScaleChosen, StallTyped
from firmware_app.procedures.page import Page, PageJudged
from firmware_app.procedures.prompts import AskStall, ChooseScale, Interrupted, Saving
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.physics import MarketScale
from tests.procedures.person import TICK_NS, context, reading

PLATE = Plate(max_g=Decimal(15000), e_g=Decimal(5))
SECOND = 1_000_000_000
HEAD = Head(17, "5" * 64)
PRESSED = {
    **{f"key_m{number}": (f"M{number}",) for number in range(1, 7)},
    **{f"key_{digit}": (digit,) for digit in "135"},
    "key_side": ("side",),
    "key_price": ("1", "3", "5"),
    "key_m456": ("M4", "M5", "M6"),
}
OPENED = {"key_price": ("tare", "2"), "key_m456": ("3", "tare")}


class Bench:
    """The scale under test, with what the trader does to it before and while the inspector works."""

    def __init__(
        self,
        model: str,
        hands: tuple[str, ...] = (),
        before_load: Callable[[MarketScale, int, float], None] = lambda scale, number, now_s: None,
        plate: Plate = PLATE,
    ) -> None:
        self.scale = MarketScale(plate, model)
        self.now_s = 1.0
        self.loads = 0
        self.before_load = before_load
        for key in hands:
            self.scale.press(key, self.now_s)
        self.load = 0.0

    def wait(self, seconds: float = 11.0) -> None:
        self.now_s += seconds

    def put(self, load: float) -> Decimal:
        if self.load:
            self.clear()
        self.loads += 1
        self.before_load(self.scale, self.loads, self.now_s)
        self.load = load
        self.scale.put(load, self.now_s)
        self.wait(1.2)
        return self.read()

    def clear(self) -> None:
        self.load = 0.0
        self.scale.put(0.0, self.now_s)
        self.wait(3.0)

    def read(self) -> Decimal:
        return self.scale.at(self.now_s).grams

    def press(self, key: str) -> None:
        self.scale.press(key, self.now_s)
        self.wait(1.0)

    def power(self) -> None:
        self.clear()
        self.scale.switch_on(self.now_s)
        self.wait(5.0)


class Inspector:
    """Answers until there is an outcome. ``share``: where in its range the goods of a load lie."""

    def __init__(
        self,
        bench: Bench,
        *,
        stall: str = "12",
        share: Callable[[int], float] = lambda number: (0.313, 0.571, 0.787)[number % 3],
        **changes: object,
    ) -> None:
        self.context = context(**{"head": HEAD, **changes})
        self.visit = Challenge.start(self.context)
        self.bench = bench
        self.stall = stall
        self.share = share
        self.now_ns = SECOND
        self.goods = 0.0
        self.pages: list[Page] = []

    def tell(self, event: object) -> bool:
        return self.visit.handle(event, self.now_ns)

    def tick(self, pan: float) -> None:
        """A tenth of a second, with what our pan says in it."""
        self.now_ns += TICK_NS
        self.tell(reading(self.now_ns, pan))

    def run(self, steps: int = 2000) -> PageJudged:
        for _ in range(steps):
            if isinstance(self.visit.prompt, PageJudged):
                return self.visit.prompt
            self.step()
        raise AssertionError(f"stuck at {self.visit.prompt}")

    def step(self) -> None:
        """One answer to the prompt that stands."""
        prompt = self.visit.prompt
        self.now_ns += TICK_NS
        match prompt:
            case AskStall():
                self.tell(StallTyped(self.stall))
            case ChooseScale(scales=scales):
                self.tell(ScaleChosen(scales[0].id))
            case Page():
                self.pages.append(prompt)
                getattr(self, "on_" + prompt.key.removeprefix("challenge_"))(prompt)
            case Interrupted():
                self.tick(0.02)
            case Saving():
                self.tell(Saved(41, "slip"))
            case _:
                raise AssertionError(f"no answer to {prompt}")

    def figure(self, shown: Decimal) -> None:
        self.tell(FigureTyped(str(shown), "g"))

    def on_ready(self, _page: Page) -> None:
        self.tell(Confirmed())

    def on_goods(self, page: Page) -> None:
        low, high = (float(fact.value) for fact in page.facts)
        self.goods = round(low + self.share(page.number) * (high - low), 1)
        self.figure(self.bench.put(self.goods))

    def on_repeat(self, _page: Page) -> None:
        self.figure(self.bench.put(self.goods))

    on_powered = on_repeat

    def on_weights(self, page: Page) -> None:
        self.figure(self.bench.put(float(page.facts[0].value)))

    def on_power(self, _page: Page) -> None:
        self.bench.power()
        self.tell(Confirmed())

    def on_hold(self, page: Page) -> None:
        self.now_ns += 11 * SECOND
        self.bench.wait()
        self.same_or_not(page)

    def on_key(self, page: Page) -> None:
        key = next(fact.value for fact in page.facts if fact.label == "challenge_key")
        if key in OPENED:
            self.bench.clear()
            for each in (*OPENED[key], "zero"):
                self.bench.press(each)
            self.bench.put(self.goods)
        for each in PRESSED[key]:
            self.bench.press(each)
        self.same_or_not(page)

    on_sequence = on_key

    def same_or_not(self, page: Page) -> None:
        first = Decimal(page.facts[-1].value)
        self.tell(Picked("same" if self.bench.read() == first else "changed"))

    def on_changed(self, _page: Page) -> None:
        self.figure(self.bench.read())

    def on_clear_pan(self, _page: Page) -> None:
        self.bench.clear()
        self.tick(0.02)

    def on_weigh(self, _page: Page) -> None:
        self.tick(self.goods + 0.02)
