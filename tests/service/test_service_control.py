"""The lock of the pan: told by the record alone, kept through restarts, opened by a check that passes."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal as D
from pathlib import Path

import pytest

from firmware_app.errors import SteelyardError
from firmware_app.ledger.errors import BadSignature, StoreFailed
from firmware_app.ledger.home import open_ledger
from firmware_app.procedures.context import Context, Pan
from firmware_app.procedures.events import Cancel
from firmware_app.procedures.prompts import ClearPan, ControlJudged, NotSaved, PutControlWeight
from firmware_app.quantity import Estimate
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.check import check
from firmware_app.service.config import Control, load
from firmware_app.service.messages import VisitKind
from firmware_app.service.pan.control import (
    DUE,
    EXPIRED,
    FAILED,
    NO_PAN,
    NO_WEIGHT,
    UNREADABLE,
    WORDS,
    NoSuchWeight,
    PanControl,
    find_piece,
    without,
)
from firmware_app.service.visits import VisitDesk
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.control import BASELINE
from firmware_app.weighing.reading import Reading

DATA = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
CHINA = timezone(timedelta(hours=8))
MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=CHINA)
WEIGHTS = load_weights(DATA / "weights.toml", pack_in_force(WeightsPack, date(2026, 11, 23)))
PIECE = find_piece(WEIGHTS, "DEMO-M1-5kg")
TICK_NS = 100_000_000


class Clock:
    """A machine whose time and start the test decides."""

    def __init__(self):
        self.time, self.boot, self.up_ns, self.believed = MORNING, "b1", 10**9, "synchronised"

    def now(self):
        return self.time

    def quality(self):
        return self.believed

    def uptime_ns(self):
        return self.up_ns

    def pass_(self, **span):
        self.time += timedelta(**span)
        self.up_ns += int(timedelta(**span).total_seconds() * 1e9)

    def reboot(self, **span):
        """Switched off for so long; the machine starts anew."""
        self.time += timedelta(**span)
        self.boot, self.up_ns = self.boot + "x", 10**9


class Appliance:
    """Ledger, desk and control of one pan, which can be switched off and on again."""

    def __init__(self, directory, calibration="cal-1", piece=PIECE, every_h=24.0):
        self.directory, self.clock = directory, Clock()
        self.calibration, self.piece, self.every_h = calibration, piece, every_h
        self.now_ns, self.visits = 10**9, 0
        self._open()

    def _open(self):
        self.ledger = open_ledger(self.directory, clock=self.clock, software="s", device="D-1")
        self.control = PanControl(
            self.ledger,
            self.clock,
            piece=self.piece,
            every_h=self.every_h,
            calibration=self.calibration,
            resolution_g=0.1,
        )
        self.desk = VisitDesk(self.ledger, self.context, self.ledger.slip_text)

    def context(self):
        return Context(
            registry=load_registry(DATA / "registry.toml"),
            weights=without(WEIGHTS, self.piece),
            on=self.clock.now().date(),
            pan=Pan(max_g=D(15000), calibration=self.calibration),
            controlled=self.control.controlled(),
            check=self.control.plan(),
        )

    def restart(self, **changes):
        """The core dies and comes back, with another configuration where one is given."""
        self.ledger.close()
        for name, value in changes.items():
            setattr(self, name, value)
        self._open()

    def close(self):
        self.ledger.close()

    def weigh(self, mass, ticks=30):
        for _ in range(ticks):
            self.now_ns += TICK_NS
            self.desk.handle(Reading(self.now_ns, Estimate(mass, 0.03), True, None, 2.0, 0.0), self.now_ns)

    def begin(self):
        self.visits += 1
        assert self.desk.start(f"c{self.visits}", VisitKind.CONTROL_CHECK)

    def check(self, error=0.0):
        """A whole check of a pan that errs by ``error`` grams; the result as the screen shows it."""
        self.begin()
        self.weigh(0.02)
        self.weigh(5000.02 + error)
        prompt = self.desk.state().prompt
        self.desk.close(f"c{self.visits}")
        return prompt.result if isinstance(prompt, ControlJudged) else prompt

    @property
    def lock(self):
        return self.control.status().lock

    @property
    def state(self):
        return self.control.status().state

    def entries(self):
        return [entry.payload for entry in self.ledger.of_kind("control_check", 0)]


@pytest.fixture
def pan(tmp_path):
    appliance = Appliance(tmp_path)
    yield appliance
    appliance.close()


# ------------------------------------------------------------------------------------------- the day


def test_a_pan_that_was_never_checked_is_locked_and_a_check_that_passes_opens_it(pan):
    assert (pan.state, pan.lock) == ("due", DUE)
    assert pan.check(0.05).outcome == "in_control"
    assert (pan.state, pan.lock) == ("in_control", "")
    status = pan.control.status()
    assert status.entry == pan.ledger.head_seq and status.at.startswith("2026-11-23T08:00")
    assert status.valid_until.startswith("2026-11-24T08:00") and status.weight == "DEMO-M1-5kg"


def test_the_check_of_the_day_is_asked_for_at_its_first_start_and_demanded_when_the_last_is_too_old(pan):
    pan.clock.pass_(hours=8)
    pan.check()
    pan.clock.pass_(hours=2)
    assert pan.state == "in_control"
    pan.clock.reboot(hours=14)
    assert (pan.state, pan.lock) == ("due", ""), "asked for; the last one still counts"
    pan.clock.pass_(hours=9)
    assert (pan.state, pan.lock) == ("due", DUE)
    pan.check()
    assert (pan.state, pan.lock) == ("in_control", "")


@pytest.mark.parametrize(("every_h", "locked"), [(1.0, True), (3.0, False), (168.0, False)])
def test_the_keeper_sets_how_long_a_check_counts(tmp_path, every_h, locked):
    pan = Appliance(tmp_path, every_h=every_h)
    pan.check()
    pan.clock.pass_(hours=2)
    assert bool(pan.lock) is locked
    pan.close()


@pytest.mark.parametrize(
    ("before", "after", "lock"),
    [
        ("synchronised", "synchronised", ""),
        ("battery", "synchronised", ""),
        ("unsynchronised", "synchronised", DUE),
        ("synchronised", "unsynchronised", DUE),
    ],
)
def test_across_starts_only_clocks_that_somebody_vouches_for_tell_the_age(pan, before, after, lock):
    pan.clock.believed = before
    pan.check()
    pan.clock.reboot(hours=1)
    pan.clock.believed = after
    assert pan.lock == lock


def test_within_one_start_the_running_time_counts_whatever_the_clock_says(pan):
    pan.clock.believed = "unsynchronised"
    pan.check()
    pan.clock.time += timedelta(days=300)
    assert pan.lock == ""
    pan.clock.time -= timedelta(days=600)
    pan.clock.pass_(hours=25)
    assert pan.lock == DUE


def test_a_clock_set_back_makes_no_old_check_young(pan):
    pan.check()
    pan.clock.reboot(hours=-48)
    assert pan.lock == DUE


# ------------------------------------------------------------------------------------------ the lock


def test_a_check_out_of_control_locks_and_neither_restart_nor_time_nor_cancel_opens(pan):
    pan.check()
    assert pan.check(2.0).outcome == "out_of_control"
    assert (pan.state, pan.lock) == ("out_of_control", FAILED)

    pan.restart()
    assert pan.lock == FAILED
    pan.clock.reboot(hours=30)
    pan.restart()
    assert pan.lock == FAILED
    pan.begin()
    pan.desk.answer(f"c{pan.visits}", 0, Cancel(), 0)
    assert pan.desk.state() is None and pan.lock == FAILED

    assert pan.check(0.0).outcome == "in_control"
    assert pan.lock == ""


def test_first_attempts_stay_and_each_entry_names_the_state_before_and_after(pan):
    for error in (0.0, 2.0, 2.0, 2.0, 0.1):
        pan.check(error)
    told = [(each.body["before"], each.body["outcome"], each.body["next_step"]) for each in pan.entries()]
    assert told == [
        ("due", "in_control", ""),
        ("in_control", "out_of_control", "clean_and_repeat"),
        ("out_of_control", "out_of_control", "level_and_warm"),
        ("out_of_control", "out_of_control", "calibrate"),
        ("out_of_control", "in_control", ""),
    ]


def test_a_new_calibration_or_another_weight_begins_a_new_chart_and_is_checked_before_it_judges(pan):
    for _ in range(3):
        pan.check()
    pan.check(2.0)
    pan.restart(calibration="cal-2")
    assert (pan.state, pan.lock) == ("due", DUE)
    assert pan.check().checks == 1
    assert pan.lock == ""
    pan.restart(piece=find_piece(WEIGHTS, "DEMO-M1-2kg-1"))
    assert pan.lock == DUE
    pan.restart(piece=PIECE, calibration="cal-1")
    assert pan.lock == FAILED, "the old chart is where it was left"


def test_the_chart_survives_every_restart_and_its_limits_come_from_history(pan):
    for i in range(BASELINE):
        assert pan.check(0.02 if i % 2 else -0.02).basis == "budget"
        if i % 7 == 0:
            pan.restart()
    result = pan.check(0.0)
    assert result.basis == "history" and result.checks == BASELINE and len(result.points) == 30
    assert pan.check(0.15).reason == "beyond_limits", "within the budget, beyond its history"


def test_a_weight_out_of_date_locks_and_cannot_be_used(pan):
    pan.check()
    pan.clock.reboot(days=400)
    assert pan.control.why_no_check() == EXPIRED
    assert (pan.state, pan.lock) == ("due", EXPIRED)


def test_an_appliance_without_a_control_weight_is_not_controlled_and_not_locked(tmp_path):
    pan = Appliance(tmp_path, piece=None)
    assert (pan.state, pan.lock) == ("not_configured", "")
    assert pan.control.why_no_check() == NO_WEIGHT and pan.control.plan() is None
    assert pan.control.controlled().state == "not_configured"
    pan.close()


def test_a_pan_without_an_interval_cannot_be_checked(pan):
    control = PanControl(
        pan.ledger, pan.clock, piece=PIECE, every_h=24, calibration="assumed", resolution_g=None
    )
    assert control.why_no_check() == NO_PAN and control.plan() is None
    assert control.status().lock == DUE


@pytest.mark.parametrize("damage", ["signature", "another version"])
def test_a_record_that_cannot_be_read_locks_in_words_and_stops_nothing(pan, mocker, damage):
    pan.check()
    if damage == "signature":
        mocker.patch.object(pan.ledger, "of_kind", side_effect=BadSignature("entry 2"))
    pan.ledger.append("control_check", {"weight": {"id": "x"}})
    assert (pan.state, pan.lock) == ("due", UNREADABLE)
    assert pan.control.why_no_check() == UNREADABLE in WORDS and pan.control.plan() is None
    assert pan.context().check is None


def test_the_control_weight_is_used_for_nothing_else():
    assert PIECE not in [piece for one in without(WEIGHTS, PIECE) for piece in one.pieces]
    assert without(WEIGHTS, None) == WEIGHTS
    with pytest.raises(NoSuchWeight, match="DEMO-M1-5kg"):
        find_piece(WEIGHTS, "M1-5kg")


# ----------------------------------------------------------------------------------------- power cuts


@pytest.mark.parametrize("ticks", [0, 5, 30, 31, 45, 59])
def test_a_power_cut_at_any_moment_loses_and_doubles_nothing(pan, ticks):
    pan.check()
    before = len(pan.entries())
    pan.begin()
    pan.weigh(0.02, min(ticks, 30))
    pan.weigh(5000.0, max(0, ticks - 30))
    pan.restart()
    state = pan.desk.state()
    if state is None:
        assert len(pan.entries()) == before + 1
        return
    assert isinstance(state.prompt, ClearPan) and len(pan.entries()) == before
    pan.weigh(0.05)
    assert isinstance(pan.desk.state().prompt, PutControlWeight)
    pan.weigh(5000.06)
    assert isinstance(pan.desk.state().prompt, ControlJudged)
    assert len(pan.entries()) == before + 1
    pan.restart()
    assert len(pan.entries()) == before + 1 and pan.desk.state() is None


def test_a_cut_between_the_judgement_and_the_disk_leaves_the_pan_as_it_was(pan, mocker):
    pan.check()
    mocker.patch.object(pan.ledger, "append", side_effect=StoreFailed("disk_full", "full"))
    assert pan.check(2.0) == NotSaved("disk_full")
    mocker.stopall()
    assert pan.state == "in_control" and len(pan.entries()) == 1


def test_the_entry_is_verified_like_any_other(pan):
    pan.check()
    pan.check(2.0)
    assert pan.ledger.verify().head.seq == pan.ledger.head_seq
    assert pan.entries()[0].at.startswith("2026-11-23T08:00:00")
    assert datetime.fromisoformat(pan.entries()[0].at).astimezone(UTC).hour == 0


# ------------------------------------------------------------------------------------- configuration

CONFIG = """
registry = "{data}/registry.toml"
weights = "{data}/weights.toml"
[device]
id = "T-1"
[pan]
driver = "simulated"
calibration = "{data}/pan.toml"
{control}
"""


def configured(tmp_path, control):
    file = tmp_path / "steelyard.toml"
    file.write_text(CONFIG.format(data=DATA, control=control), encoding="utf-8")
    return load(file)


def test_a_configuration_without_a_control_weight_keeps_working(tmp_path):
    loaded = configured(tmp_path, "")
    assert loaded.config.control is None
    check(loaded, MORNING.date())


def test_a_control_weight_is_named_by_its_id(tmp_path):
    loaded = configured(tmp_path, '[control]\nweight = "DEMO-M1-5kg"')
    assert loaded.config.control == Control(weight="DEMO-M1-5kg", every_h=24.0)
    check(loaded, MORNING.date())


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ('[control]\nweight = "5 kg"', "there is no weight '5 kg'"),
        ('[control]\nweight = "DEMO-M1-5kg"\nevery_h = 0', "every_h"),
        ('[control]\nweight = "DEMO-M1-5kg"\nevery_h = 1000', "every_h"),
        ('[control]\nweigth = "DEMO-M1-5kg"', "weight"),
        ("[control]\nevery_h = 24", "weight"),
    ],
)
def test_nonsense_in_the_configuration_is_refused_with_its_key(tmp_path, control, words):
    with pytest.raises(SteelyardError, match=words):
        check(configured(tmp_path, control), MORNING.date())
