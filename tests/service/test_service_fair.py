"""Fair weighing at the desk: one entry whatever happens, labels that are scanned, slips that check."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import open_ledger
from firmware_app.ledger.slip.claim import unverified_slip
from firmware_app.procedures.context import Contacts
from firmware_app.procedures.events import CodeGiven, FigureTyped, GoBack, Picked
from firmware_app.procedures.page import PageJudged
from firmware_app.procedures.prompts import NotSaved
from firmware_app.procedures.rejudged import NOTHING_CHANGED, CannotRejudge, Correction, PanDoubt
from firmware_app.procedures.rejudging import rejudge
from firmware_app.service.messages import VisitKind
from firmware_app.service.scans.desk import ScanDesk
from firmware_app.service.slips.desk import LINES, SlipDesk
from firmware_app.service.visits import VisitDesk
from hardware.ean13 import Carries, Layout, check_digit
from hardware.scanner_contract import Scan
from tests.procedures.customer import FINE, Customer
from tests.procedures.person import REGISTRY, context

TOOLS = Path(__file__).parents[2] / "tools"
LAYOUTS = (
    Layout(prefixes=("22",), carries=Carries.WEIGHT, decimals=3),
    Layout(prefixes=("23",), carries=Carries.PRICE, decimals=2),
)


class Clock:
    boot = "b" * 8

    def now(self):
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def quality(self):
        return "synchronised"

    def uptime_ns(self):
        return 1


def appliance():
    return context(pan=FINE, contacts=Contacts(market="0935-3121234"))


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path, clock=Clock(), software="s", device="D-1") as ledger:
        yield ledger


class AtDesk:
    """A visit at a desk, as a customer meets it; ``cut`` takes the power away and brings it back."""

    def __init__(self, ledger, visit="v1"):
        self.ledger, self.id = ledger, visit
        self.desk = VisitDesk(ledger, appliance, ledger.slip_text)
        assert self.desk.start(visit, VisitKind.FAIR_WEIGHING)

    def handle(self, event, now_ns):
        self.desk.handle(event, now_ns)
        return True

    def cut(self):
        self.desk = VisitDesk(self.ledger, appliance, self.ledger.slip_text)

    @property
    def over(self):
        return self.desk.state() is None

    @property
    def prompt(self):
        return self.desk.state().prompt

    @property
    def state(self):
        return self.desk.procedure.state

    @property
    def outcome(self):
        return self.desk.procedure.outcome


def customer_at(ledger, goods=1900, visit="v1", **how):
    return Customer(goods, visit=AtDesk(ledger, visit), on=appliance(), **how)


def bodies(ledger, kind):
    return [entry.payload.body for entry in ledger.of_kind(kind, 0)]


def complained(ledger, **how):
    customer = customer_at(ledger, **how)
    customer.until("judged")
    customer.tell(Picked("complain"))
    return customer, customer.until("complained")


# -------------------------------------------------------------------------------- one entry, always


def test_a_weighing_and_its_complaint_are_two_entries_in_one_chain(ledger):
    _, shown = complained(ledger)

    (weighing,), (complaint,) = bodies(ledger, "fair_weighing"), bodies(ledger, "complaint")
    assert weighing["verdict"] == "does_not_conform"
    assert complaint["weighing"]["entry"] == shown.entry - 1
    assert ledger.open_visit() is None


def test_after_a_power_cut_in_any_state_there_is_one_weighing_and_at_most_one_complaint(ledger):
    whole = customer_at(ledger, visit="whole", bag="weighed", bag_g=8.0)
    phases = [whole.phase]
    while whole.phase != "complained":
        whole.tell(Picked("complain")) if whole.phase == "judged" else whole.step()
        phases.append(whole.phase)
    begins = [step for step, phase in enumerate(phases) if phase != phases[step - 1]]
    # A state that is waited in is cut in its midst too.
    cuts = sorted({*begins, *(step + 5 for step in begins if phases[step : step + 6] == [phases[step]] * 6)})
    for cut in cuts:
        weighings, complaints = len(bodies(ledger, "fair_weighing")), len(bodies(ledger, "complaint"))
        whole.visit.desk.close(whole.visit.desk.visit or "")
        customer = customer_at(ledger, visit=f"cut-{cut}", bag="weighed", bag_g=8.0)
        for step in range(1000):
            if step == cut:
                customer.visit.cut()
                if customer.visit.over:
                    break
            if customer.phase == "complained":
                break
            customer.tell(Picked("complain")) if customer.phase == "judged" else customer.step()
        assert len(bodies(ledger, "fair_weighing")) == weighings + 1, cut
        # Cut between verdict and complaint the visit is over: the slip is there, and no half complaint.
        assert len(bodies(ledger, "complaint")) == complaints + (phases[cut] != "judged"), cut
        whole = customer


def test_a_complaint_goes_on_after_a_power_cut_and_is_forgotten_with_its_visit(ledger):
    customer = customer_at(ledger)
    customer.until("judged")
    customer.tell(Picked("complain"))
    customer.tell(CodeGiven("12"))
    customer.visit.cut()

    assert customer.phase == "complaint_kind"
    assert customer.visit.desk.visit == "v1"
    assert customer.visit.state.stall.code == "12"
    customer.visit.desk.close("v1")
    assert ledger.open_visit() is None
    customer.visit.cut()
    assert customer.visit.over


def test_a_complaint_left_by_back_does_not_come_up_after_a_power_cut(ledger):
    customer = customer_at(ledger)
    customer.until("judged")
    customer.tell(Picked("complain"))
    customer.tell(GoBack())
    assert isinstance(customer.visit.prompt, PageJudged)
    customer.visit.cut()
    assert isinstance(customer.visit.prompt, PageJudged), "the verdict is shown again"
    customer.visit.desk.close("v1")

    customer.visit.cut()

    assert customer.visit.over
    assert bodies(ledger, "complaint") == []


def test_a_full_disk_gives_no_verdict_and_no_complaint(ledger, mocker):
    customer = customer_at(ledger)
    customer.until("put_again")
    mocker.patch.object(ledger, "append", side_effect=StoreFailed("disk_full", "the disk is full"))
    prompt = customer.until("not_saved")
    assert prompt == NotSaved("disk_full")


def test_every_question_is_another_step(ledger):
    customer = customer_at(ledger, bag="typed", price="90")
    steps = []
    while customer.phase != "judged":
        state = customer.visit.desk.state()
        steps.append((state.step, getattr(state.prompt, "key", type(state.prompt).__name__)))
        customer.step()
    keys = {}
    for step, key in steps:
        assert keys.setdefault(step, key) == key


# --------------------------------------------------------------------------------------- scanned codes


def label(prefix, value):
    body = f"{prefix}00042{value:05d}"
    return body + check_digit(body)


class Scanned:
    """A scanner beside the desk, and a person who confirms what it read."""

    def __init__(self, customer):
        self.customer = customer
        self.desk = customer.visit.desk
        self.scans = ScanDesk(self.desk, REGISTRY, LAYOUTS)

    def scan(self, text):
        self.customer.now_ns += 2_000_000_000
        now = self.customer.now_ns
        self.scans.scanned(Scan(text=text, raw=text.encode(), encoding="utf-8", at_ns=now), now)
        return self.scans.seen(now)

    def confirm(self, seen, **changes):
        answer = FigureTyped(seen.figure, seen.unit, True)
        answer = self.scans.vouched(msgspec.structs.replace(answer, **changes))
        state = self.desk.state()
        self.desk.answer(state.visit, state.step, answer, self.customer.now_ns)


def test_a_weight_on_a_label_is_what_was_paid_for_and_its_digits_stand_in_the_record(ledger):
    customer = customer_at(ledger, goods=2000)
    customer.until("settled")
    scanned = Scanned(customer)

    seen = scanned.scan(label("22", 2000))
    assert (seen.figure, seen.unit, customer.phase) == ("2.000", "kg", "settled")
    scanned.confirm(seen)
    customer.until("judged")

    settled = bodies(ledger, "fair_weighing")[0]["settled"]
    assert settled == {
        "source": "label",
        "settled_g": "2000.000",
        "low_g": "2000.000",
        "high_g": "2000.000",
        "yuan": "",
        "half_yuan": "",
        "label": label("22", 2000),
    }


def test_a_price_on_a_label_leads_to_the_amount_and_with_the_price_to_the_weight(ledger):
    customer = customer_at(ledger, goods=1999.5, price="16.8")
    customer.until("settled")
    scanned = Scanned(customer)

    seen = scanned.scan(label("23", 3363))
    assert (seen.figure, seen.unit, customer.phase) == ("33.63", "CNY", "amount")
    scanned.confirm(seen)
    assert customer.phase == "kind"
    customer.until("judged")

    settled = bodies(ledger, "fair_weighing")[0]["settled"]
    assert (settled["source"], settled["label"]) == ("label", label("23", 3363))
    assert Decimal(settled["settled_g"]) == Decimal("2001.786")


def test_a_figure_that_was_changed_by_hand_is_no_label_any_more(ledger):
    customer = customer_at(ledger)
    customer.until("settled")
    scanned = Scanned(customer)
    seen = scanned.scan(label("22", 2000))
    scanned.confirm(seen, figure="2.100", code=label("22", 2000))
    assert customer.visit.state.settled.label == ""
    assert customer.visit.state.settled.source.value == "typed"


def test_nobody_but_the_desk_writes_the_digits_of_a_label(ledger):
    customer = customer_at(ledger)
    customer.until("settled")
    scanned = Scanned(customer)
    scanned.confirm(scanned.scan(label("22", 2000)), code="6901234567892")
    assert customer.visit.state.settled.label == label("22", 2000)


def test_a_label_at_another_question_is_answered_and_changes_nothing(ledger):
    customer = customer_at(ledger)
    customer.until("kind")
    scanned = Scanned(customer)
    assert scanned.scan(label("22", 2000)).code == "no_figure_now"
    assert scanned.scan(label("23", 2000)).code == "price_label"
    assert customer.phase == "kind"


def test_a_stall_is_scanned_where_the_complaint_asks_for_it(ledger):
    customer = customer_at(ledger)
    customer.until("judged")
    customer.tell(Picked("complain"))
    Scanned(customer).scan("steelyard:stall:12")
    assert customer.visit.state.stall.code == "12"


# ------------------------------------------------------------------------------------------- slips


def test_slips_of_weighing_and_complaint_are_good_for_the_independent_checkers(ledger, tmp_path):
    customer, shown = complained(ledger)
    file = tmp_path / "ledger.ndjson"
    write_export(ledger, file)

    checked = subprocess.run(
        [sys.executable, TOOLS / "check_ledger.py", file], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert "1 x does_not_conform" in checked.stdout
    for slip, entry in ((customer.visit.state.slip, shown.entry - 1), (shown.slip, shown.entry)):
        said = unverified_slip(slip)
        assert (said.seq, said.verdict, said.scale) == (entry, "does_not_conform", "")
        done = subprocess.run(
            [sys.executable, TOOLS / "check_slip.py", file, slip], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


class Paper:
    """A printer that takes every job."""

    def __init__(self):
        self.jobs = []

    def submit(self, job):
        self.jobs.append(job)
        return True

    def knows(self, entry):
        return any(job.entry == entry for job in self.jobs)


def test_the_slips_are_printed_with_the_code_of_their_own_entry(ledger):
    _, shown = complained(ledger)
    paper = Paper()
    slips = SlipDesk(ledger, paper, automatic=True)

    slips.follow(shown)
    slips.print("job-1", shown.entry - 1)

    complaint, weighing = paper.jobs
    assert "投诉登记单" in complaint.lines
    assert f"复秤记录 {shown.entry - 1}" in complaint.lines
    assert any("0935-3121234" in line for line in complaint.lines)
    assert "公平复秤单" in weighing.lines
    assert any(line.startswith("结论 不符合") for line in weighing.lines)
    assert any("500.00 元" in line for line in weighing.lines)
    assert unverified_slip(complaint.text).seq == shown.entry


@pytest.mark.parametrize(
    ("goods", "how", "line"),
    [
        (2000, {}, "结论 符合，未超出允许负偏差"),
        (2050, {}, "多 50\u00a0g"),
        (2000, {"bag": "unknown"}, "说明 包装重量未知"),
        (480, {"what": "package", "paid": "500", "unit": "g"}, "标注净含量 500.0\u00a0g"),
        (26000, {"kind": "low", "paid": "26", "price": None}, "说明 超出规定的称重范围"),
        (4390, {"kind": "low", "paid": "4.5", "price": None, "u": 20.0}, "说明 按等准确度核称法（限值加倍）"),
    ],
)
def test_the_slip_says_what_was_found_in_legal_units(ledger, goods, how, line):
    customer_at(ledger, goods, **how).until("judged")
    (entry,) = ledger.of_kind("fair_weighing", 0)
    lines = LINES["fair_weighing"](entry)
    assert line in lines
    assert "复秤参考，不代替检定。" in lines
    assert not any(unit in text for text in lines for unit in ("斤", "两 "))


# --------------------------------------------------------------------------------- judged once more

CASES = [
    (2000, {}),
    (1900, {}),
    (1995.1, {"u": 0.3}),
    (2000, {"bag": "weighed", "bag_g": 8.0}),
    (2000, {"bag": "typed", "bag_says": "50"}),
    (2000, {"bag": "unknown"}),
    (1996, {"price": "90"}),
    (2000, {"kind": "excluded"}),
    (26000, {"kind": "low", "paid": "26", "price": None}),
    (480, {"what": "package", "paid": "500", "unit": "g"}),
    (500, {"what": "package", "paid": "500", "unit": "g", "bag": "unknown"}),
    (1996, {"paid": "33.60", "unit": "CNY", "price": "16.8", "label": "2300042033609"}),
    (1996, {"u": 4.0}),
]


@pytest.mark.parametrize(("goods", "how"), CASES)
def test_an_old_record_is_judged_again_as_it_was(ledger, goods, how):
    customer_at(ledger, goods, **how).until("judged")
    (body,) = bodies(ledger, "fair_weighing")

    again = rejudge(body, NOTHING_CHANGED)

    assert (again.verdict.value, again.reason) == (body["verdict"], body["reason"])
    assert again.loads[0].error_g == body["result"]["error_g"]
    assert again.loads[0].expanded_g == body["result"]["expanded_g"]
    assert again.loads[0].limit_g == body["result"]["limit_g"]


def test_goods_that_never_came_to_rest_leave_a_record_and_a_slip_too(ledger):
    customer = customer_at(ledger, 2000)
    customer.until("put_goods")
    for _ in range(250):
        customer.weigh(2000, stable=False)
    customer.tell(Picked("give_up"))
    (entry,) = ledger.of_kind("fair_weighing", 0)

    assert rejudge(entry.payload.body, NOTHING_CHANGED).reason == "goods_not_at_rest"
    lines = LINES["fair_weighing"](entry)
    assert "说明 商品未能静止" in lines
    assert not any(line.startswith("依据") for line in lines)


@pytest.mark.parametrize(
    ("correction", "verdict", "reason"),
    [
        # The pan may be off by 1 g: 1993 g lie 2 g beyond the limit, and U has grown by that.
        (Correction(pan=(PanDoubt(Decimal("1"), Decimal(2000)),)), "does_not_conform", "short"),
        (Correction(pan=(PanDoubt(Decimal("1.35"), Decimal(2000)),)), "undecided", "near_limit"),
        (Correction(pan=(PanDoubt(Decimal("4"), Decimal(2000)),)), "cannot_judge", "not_fine_enough"),
        (Correction(pan_lock="control_failed"), "cannot_judge", "control_failed"),
    ],
)
def test_a_doubt_of_the_pan_widens_what_it_may_judge(ledger, correction, verdict, reason):
    customer_at(ledger, 1993, u=0.05).until("judged")
    (body,) = bodies(ledger, "fair_weighing")
    assert body["verdict"] == "does_not_conform"

    again = rejudge(body, correction)

    assert (again.verdict.value, again.reason) == (verdict, reason)


def test_a_record_that_lacks_something_is_refused(ledger):
    customer_at(ledger, 1993).until("judged")
    (body,) = bodies(ledger, "fair_weighing")
    for key in ("what", "settled", "weighings", "pan", "law", "bag", "goods"):
        with pytest.raises(CannotRejudge):
            rejudge({name: value for name, value in body.items() if name != key})
    with pytest.raises(CannotRejudge):
        rejudge({**body, "law": {**body["law"], "sha256": "0" * 64}})
