"""After the figure was taken: a display that changes by itself is found, a hand at the load is not."""

from decimal import Decimal as D

import pytest
from person import GOLDEN, Person, context, honest, indication

from firmware_app.procedures.events import LoadIsOn, Saved
from firmware_app.procedures.prompts import ClearPan, Judged, PutGoods, PutWeights, Saving, Way
from firmware_app.procedures.self_check.after import POLICY, Changed, Watch, look
from firmware_app.procedures.self_check.odd_loads import MOST
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.procedures.settle import SECOND, Seen
from firmware_app.uncertainty.decision import Verdict
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.models import MODELS
from hardware.scale.simulated.physics import MarketScale

MS = SECOND // 1000
MIN, D_G = D(100), D(5)
PLATE = Plate(max_g=D(15000), e_g=D(5))
FIGURE = D(5000)
GOODS = 3


def seen(at_ms: int, value: int, stable: bool | None = True) -> Seen:
    return Seen(at_ms * MS, D(value), stable, f"{value}")


def watched(*frames: Seen) -> Watch | Changed | None:
    """What comes of a watch that begins with 5000 g at 0 ms."""
    watch: Watch | Changed | None = Watch(attempt=0, since_ns=0, figure_g=FIGURE, last=seen(0, 5000))
    for frame in frames:
        if not isinstance(watch, Watch):
            break
        watch = look(watch, frame, min_g=MIN, d_g=D_G)
    return watch


def every(step_ms: int, *values: int, stable: bool | None = True) -> list[Seen]:
    return [seen(step_ms * place, value, stable) for place, value in enumerate(values, 1)]


DROP = (5000, 5000, 4750, 4750, 4755, 4750, 4750, 4750, 4750)


@pytest.mark.parametrize("stable", [True, None])
@pytest.mark.parametrize("step_ms", [40, 100, 200, 300])
def test_a_display_that_drops_by_itself_is_a_finding(stable: bool | None, step_ms: int) -> None:
    frames = every(step_ms, *DROP, *[4750] * 20, stable=stable)
    found = watched(*frames)
    assert isinstance(found, Changed)
    assert (found.policy, found.after_ns, found.before.value_g) == (POLICY, 3 * step_ms * MS, D(5000))
    assert {abs(frame.value_g - 4750) <= 5 for frame in found.after} == {True}


@pytest.mark.parametrize(
    "frames",
    [
        # It stays, and flickers by d.
        every(100, *[5000, 5005, 4995] * 40),
        # The load is taken off: through other figures, flagged, to nothing, or between two far frames.
        every(100, 5000, 3200, 1500, 400, 0, 0, 0, 0),
        every(100, 5000, 4000, 4000, 4000, 4000, 4000, 4000, stable=None)[:2] + every(100, *[0] * 9)[3:],
        [seen(100, 5000), seen(200, 4000, stable=False), *every(100, *[4000] * 20)[2:]],
        every(100, 5000, 0, 0, 0, 0, 0, 0, 0),
        every(100, 5000, 95, 95, 95, 95, 95, 95, 95),
        [seen(100, 5000), *[seen(500 + step * 100, 4000) for step in range(20)]],
        # The other figure does not stay.
        every(100, 5000, 4000, 4010, 4020, 4030, 4040, 4050, 4060),
        # Too late, and time running backwards.
        [seen(100 * step, 5000) for step in range(1, 101)] + [seen(10_100 + 100 * n, 4000) for n in range(9)],
        [seen(300, 5000), seen(200, 4000), seen(100, 4000)],
        [],
    ],
    ids=[
        "flicker",
        "lifted",
        "half a jump",
        "flagged",
        "gone",
        "below Min",
        "a gap",
        "creep",
        "late",
        "back",
        "none",
    ],
)
def test_what_a_hand_does_or_nobody_is_no_finding(frames: list[Seen]) -> None:
    assert not isinstance(watched(*frames), Changed)


# --------------------------------------------------------------------------------- with scales as they are


class Stall:
    """A self-check with goods over the lead of a simulated scale, ten frames a second, until the verdict.

    ``react_s``: how long the goods lie on after the figure was taken. ``pieces``: how they are taken off.
    """

    def __init__(self, model: str, *, react_s: float = 2.5, pieces: int = 1, stated: bool = True) -> None:
        self.scale = MarketScale(PLATE, model)
        self.person = Person(SelfCheck.start(context(lead_profiles=("and-st-gs",))), honest, Way.GOODS)
        self.react_s, self.pieces, self.stated = react_s, pieces, stated

    def now(self) -> float:
        return self.person.now_ns / SECOND

    def frames(self, seconds: float, until: type | None = None) -> None:
        end = self.now() + seconds
        while self.now() < end and not (until and isinstance(self.person.visit.prompt, until)):
            self.person.now_ns += SECOND // 10
            shown = self.scale.at(self.now())
            stable = shown.stable if self.stated else None
            value = None if shown.out_of_range else shown.grams
            self.person.tell(indication(value, stable=stable, overload=shown.overload))

    def verdict(self) -> Judged:
        for _ in range(MOST + GOODS):
            prompt = self.person.until(PutGoods, Saving)
            if isinstance(prompt, Saving):
                break
            share = (0.313 + GOLDEN * prompt.number) % 1
            mass = float(prompt.low_g) + share * (float(prompt.high_g) - float(prompt.low_g))
            self.person.goods = mass
            self.scale.put(mass, self.now())
            self.person.tell(LoadIsOn())
            self.frames(12, until=ClearPan)
            self.frames(self.react_s)
            for piece in range(1, self.pieces + 1):
                self.scale.put(mass * (1 - piece / self.pieces), self.now())
                self.frames(2.0)
            while not isinstance(self.person.visit.prompt, PutGoods | Saving):
                self.person.step()
        self.person.tell(Saved(1, ""))
        judged = self.person.visit.prompt
        assert isinstance(judged, Judged)
        return judged


def findings(stall: Stall) -> list[Changed]:
    return [each.changed for each in stall.person.visit.state.attempts if each.changed is not None]


@pytest.mark.parametrize("stated", [True, False])
def test_the_drop_after_stability_is_found_under_every_load_and_recorded(stated: bool) -> None:
    """Given the buyer's scale, when its figure is taken at once, then the drop behind it is not missed."""
    stall = Stall("delayed_drop", stated=stated)
    judged = stall.verdict()
    if stated:
        assert len(findings(stall)) == 3
        assert {load.reason for load in judged.result.loads} == {"changed_after_settling"}
        assert (judged.result.verdict, judged.result.next_step) == (
            Verdict.UNDECIDED,
            "send_for_verification",
        )
        attempts = stall.person.visit.outcome.body["attempts"]
        assert all(attempt["changed"]["policy"] == POLICY for attempt in attempts)
        assert all(len(attempt["changed"]["frames"]) == 5 for attempt in attempts)
    else:
        # Two seconds of rest are waited for, within which it drops: the figure taken is the low one.
        assert judged.result.verdict is Verdict.DOES_NOT_CONFORM


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("pieces", [1, 2, 3])
@pytest.mark.parametrize("model", sorted(set(MODELS) - {"delayed_drop"}))
def test_no_other_scale_and_no_hand_is_taken_for_it(model: str, pieces: int, stated: bool) -> None:
    """Given goods that are taken off whole or in pieces, then no scale is found to have changed by itself."""
    stall = Stall(model, react_s=1.0, pieces=pieces, stated=stated)
    stall.verdict()
    assert findings(stall) == []


def test_whoever_takes_the_load_at_once_misses_it_and_it_is_not_made_up() -> None:
    """Given the goods are gone before the display drops, then nothing is found: there was nothing to see."""
    stall = Stall("delayed_drop", react_s=0.0)
    stall.verdict()
    assert findings(stall) == []


def test_it_is_looked_for_with_weights_while_the_next_load_is_asked_for() -> None:
    person = Person(SelfCheck.start(context(lead_profiles=("and-st-gs",))), honest, Way.WEIGHTS)
    first = person.until(PutWeights)
    person.tell(LoadIsOn())
    mass = D(first.nominal_g)
    for value in [mass] * 13 + [mass - 100] * 8:
        person.now_ns += SECOND // 10
        person.tell(indication(value))
    (attempt,) = person.visit.state.attempts
    assert attempt.changed is not None
    assert attempt.changed.value_g == mass - 100
    assert person.visit.prompt.number == 2


def test_a_snapshot_keeps_the_watch() -> None:
    person = Person(SelfCheck.start(context(lead_profiles=("and-st-gs",))), honest, Way.WEIGHTS)
    mass = D(person.until(PutWeights).nominal_g)
    person.tell(LoadIsOn())
    for _ in range(13):
        person.now_ns += SECOND // 10
        person.tell(indication(mass))
    assert person.visit.state.watch is not None
    again = SelfCheck.restore(context(lead_profiles=("and-st-gs",)), person.visit.snapshot())
    assert again.state == person.visit.state
