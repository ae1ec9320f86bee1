"""What a scanned code means: it starts, chooses or proposes, and nothing hostile does anything at all."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.procedures.events import (
    Confirmed,
    FigureTyped,
    ScaleChosen,
    StallTyped,
    TypeInstead,
    WayChosen,
)
from firmware_app.procedures.prompts import AskStall, ChooseScale, ChooseWay, PutWeights, Way
from firmware_app.registry.registry import load_registry
from firmware_app.service.messages import SeenScan, VisitKind, VisitState
from firmware_app.service.scans.desk import REPEAT_NS, SAID_NS, ScanDesk
from hardware.ean13 import Carries, Layout, check_digit
from hardware.scanner_contract import Refusal, Refused, Scan
from hardware.scanning import Lines

DATA = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
REGISTRY = load_registry(DATA / "registry.toml")
LAYOUTS = (
    Layout(prefixes=("22",), carries=Carries.WEIGHT, decimals=3),
    Layout(prefixes=("23",), carries=Carries.PRICE, decimals=2),
)
SECOND = 1_000_000_000


class Desk:
    """The desk's outside: a visit that is opened, and prompts that the test puts up."""

    def __init__(self, prompt=None):
        self.prompt = prompt
        self.step = 0
        self.started = []
        self.handled = []

    def start(self, visit, kind):
        self.started.append((visit, kind))
        self.prompt = AskStall()
        return True

    def handle(self, event, now_ns):
        self.handled.append(event)
        self.step += 1

    def state(self):
        return None if self.prompt is None else VisitState("v1", self.step, self.prompt)


def scan(text):
    return Scan(text=text, raw=text.encode(), encoding="utf-8", at_ns=0)


def put_weights(source="typed"):
    from firmware_app.procedures.cards import scale_card
    from firmware_app.procedures.prompts import Source

    card = scale_card(REGISTRY.scales[0])
    return PutWeights(
        number=1, count=3, nominal_g="1000", pieces_g=("1000",), source=Source(source), scale=card
    )


def choose_scale():
    from firmware_app.procedures.cards import scale_card, stall_card

    return ChooseScale(stall_card(REGISTRY.stalls[0]), (scale_card(REGISTRY.scales[0]),))


def label(prefix, value):
    body = f"{prefix}00042{value:05d}"
    return body + check_digit(body)


@pytest.mark.parametrize(
    "text", ["steelyard:stall:12", "12", "https://example.org/steelyard/stall/12", "STEELYARD:STALL:１２"]
)
def test_on_the_home_screen_a_stall_starts_its_visit(text):
    desk = Desk()
    scans = ScanDesk(desk, REGISTRY)
    scans.scanned(scan(text), 0)

    ((visit, kind),) = desk.started
    assert len(visit) == 16 and kind is VisitKind.SELF_CHECK
    assert desk.handled == [StallTyped("12")]
    assert scans.seen(1) is None


def test_a_scale_scanned_at_home_is_shown_before_it_is_chosen():
    """The card is shown: the person sees that the label and the scale are the same one."""
    desk = Desk()
    ScanDesk(desk, REGISTRY).scanned(scan("steelyard:scale:TZ-DEMO-0012"), 0)
    assert desk.handled == [StallTyped("TZ-DEMO-0012")]


def test_a_scale_that_is_offered_is_chosen_by_its_label():
    desk = Desk(choose_scale())
    ScanDesk(desk, REGISTRY).scanned(scan("steelyard:scale:TZ-DEMO-0012"), 0)
    assert desk.started == [] and desk.handled == [ScaleChosen("TZ-DEMO-0012")]


def test_another_stall_is_turned_to_while_a_scale_is_asked_for():
    desk = Desk(choose_scale())
    ScanDesk(desk, REGISTRY).scanned(scan("steelyard:stall:7"), 0)
    assert desk.handled == [StallTyped("7")]


@pytest.mark.parametrize(
    ("prompt", "text", "code"),
    [
        (None, "6901234567892", "unknown"),
        (None, "https://evil.example/pay", "unknown"),
        (None, "steelyard:stall:99", "unknown"),
        (put_weights(), "steelyard:stall:12", "not_now"),
        (put_weights(), "6901234567893", "bad_label"),
        (put_weights(), label("23", 1999), "price_label"),
        (put_weights(), label("27", 1999), "unknown_label"),
        (put_weights("lead"), label("22", 1235), "no_figure_now"),
        (None, label("22", 1235), "no_figure_now"),
    ],
)
def test_what_means_nothing_here_is_said_and_changes_nothing(prompt, text, code):
    desk = Desk(prompt)
    scans = ScanDesk(desk, REGISTRY, LAYOUTS)
    scans.scanned(scan(text), 5)

    assert scans.seen(6) == SeenScan(at_ns=5, code=code)
    assert desk.started == [] and desk.handled == []


@pytest.mark.parametrize(
    ("value", "figure"), [(1235, "1.235"), (0, "0.000"), (99999, "99.999"), (50, "0.050")]
)
def test_the_weight_of_a_label_is_proposed_and_never_entered(value, figure):
    desk = Desk(put_weights())
    scans = ScanDesk(desk, REGISTRY, LAYOUTS)
    scans.scanned(scan(label("22", value)), 5)

    assert scans.seen(6) == SeenScan(at_ns=5, code="figure", figure=figure, unit="kg")
    assert Decimal(figure) == Decimal(value) / 1000
    assert desk.handled == []


@pytest.mark.parametrize("why", list(Refusal))
def test_a_refused_code_is_said_by_its_reason(why):
    scans = ScanDesk(Desk(), REGISTRY)
    scans.scanned(Refused(why=why, length=600, at_ns=0), 5)
    seen = scans.seen(6)
    assert seen is not None and seen.code == why.value


def test_what_is_said_goes_by_itself_and_with_the_next_step():
    desk = Desk(AskStall())
    scans = ScanDesk(desk, REGISTRY)
    scans.scanned(scan("nonsense"), 0)
    assert scans.seen(SAID_NS) is not None
    assert scans.seen(SAID_NS + 1) is None

    scans.scanned(scan("other nonsense"), 2 * SAID_NS)
    desk.step += 1
    assert scans.seen(2 * SAID_NS + 1) is None


@pytest.mark.parametrize(
    ("answer", "label_kept"),
    [
        (FigureTyped("1.235", "kg", label=True), True),
        (FigureTyped("1.235", "kg", label=False), False),
        (FigureTyped("1.236", "kg", label=True), False),
        (FigureTyped("1.235", "g", label=True), False),
    ],
)
def test_a_figure_is_the_labels_only_where_that_label_was_read(answer, label_kept):
    scans = ScanDesk(Desk(put_weights()), REGISTRY, LAYOUTS)
    scans.scanned(scan(label("22", 1235)), 0)

    # also long after the words about it have gone
    scans.seen(10 * SAID_NS)
    digits = label("22", 1235) if label_kept else ""
    assert scans.vouched(answer) == FigureTyped(answer.figure, answer.unit, label_kept, digits)


def test_at_the_next_question_or_without_a_label_nobody_vouches():
    answer = FigureTyped("1.235", "kg", label=True)
    desk = Desk(put_weights())
    scans = ScanDesk(desk, REGISTRY, LAYOUTS)
    assert not scans.vouched(answer).label
    scans.scanned(scan(label("22", 1235)), 0)
    desk.step += 1
    assert not scans.vouched(answer).label
    assert scans.vouched(StallTyped("12")) == StallTyped("12")


def test_a_trigger_that_is_held_down_counts_once_and_a_second_scan_later_counts_again():
    desk = Desk()
    scans = ScanDesk(desk, REGISTRY)
    for at_ns in range(0, 5 * SECOND, SECOND // 5):
        scans.scanned(scan("12"), at_ns)
        desk.prompt = AskStall()
    assert len(desk.handled) == 1

    scans.scanned(scan("12"), 5 * SECOND + REPEAT_NS)
    assert len(desk.handled) == 2


PROMPTS = st.sampled_from([None, AskStall(), choose_scale(), put_weights(), put_weights("lead")])
PIECES = st.one_of(
    st.binary(max_size=40),
    st.binary(min_size=600, max_size=2000),
    st.sampled_from(
        [b"\r", b"\n", b"]Q1", b"steelyard:stall:", b"12", b"\x00", b"\x1b[2J", b"\xe2\x80\xae", b"\xff\xfe"]
    ),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.from_regex(rb"2[0-9]{12}", fullmatch=True),
)


@given(PROMPTS, st.lists(PIECES, max_size=12))
@settings(max_examples=300)
def test_no_bytes_whatever_do_more_than_a_label_may(prompt, pieces):
    """Given any bytes on the line, then only known stalls and scales reach the visit."""
    desk = Desk(prompt)
    scans = ScanDesk(desk, REGISTRY, LAYOUTS)
    lines, now_ns = Lines(), 0
    for piece in [*pieces, b"\r"]:
        now_ns += SECOND // 4
        for code in lines.feed(piece, now_ns):
            scans.scanned(code, now_ns)
        seen = scans.seen(now_ns)
        assert seen is None or len(seen.figure) <= 7
    codes = {stall.code for stall in REGISTRY.stalls} | {scale.id for scale in REGISTRY.scales}
    for event in desk.handled:
        assert isinstance(event, StallTyped | ScaleChosen)
        assert (event.code if isinstance(event, StallTyped) else event.scale) in codes


def test_with_the_real_procedure_a_label_leads_to_the_scales_of_the_stall():
    from firmware_app.procedures.context import Context, Pan
    from firmware_app.procedures.self_check.procedure import SelfCheck
    from firmware_app.rules.pack import pack_in_force
    from firmware_app.rules.rows import WeightsPack
    from firmware_app.standards.sets import load_weights

    day = date(2026, 11, 23)
    context = Context(
        registry=REGISTRY,
        weights=load_weights(DATA / "weights.toml", pack_in_force(WeightsPack, day)),
        on=day,
        pan=Pan(max_g=Decimal(15000), calibration="c"),
    )

    class Real(Desk):
        procedure = None

        def start(self, visit, kind):
            self.procedure = SelfCheck.start(context)
            return True

        def handle(self, event, now_ns):
            self.step += self.procedure.handle(event, now_ns)

        def state(self):
            return None if self.procedure is None else VisitState("v1", self.step, self.procedure.prompt)

    desk = Real()
    scans = ScanDesk(desk, REGISTRY, LAYOUTS)
    scans.scanned(scan("steelyard:stall:12"), 0)
    assert isinstance(desk.procedure.prompt, ChooseScale)
    scans.scanned(scan("steelyard:scale:TZ-DEMO-0012"), 2 * SECOND)
    assert isinstance(desk.procedure.prompt, ChooseWay)
    desk.procedure.handle(WayChosen(Way.WEIGHTS), 0)
    desk.procedure.handle(Confirmed(), 0)
    desk.procedure.handle(TypeInstead(), 0)
    scans.scanned(scan(label("22", 1235)), 4 * SECOND)
    assert scans.seen(4 * SECOND).figure == "1.235"
