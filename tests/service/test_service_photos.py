"""The camera's desk: a photo is on the disk before anybody is told of it, and no camera stops a visit."""

import hashlib
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware_app import durable
from firmware_app.procedures.events import (
    FigureTyped,
    PhotoFailed,
    PhotoTaken,
    Picked,
    ScaleChosen,
    StallTyped,
)
from firmware_app.procedures.page import Confirm, Page, Shot
from firmware_app.registry.person import Person, Role
from firmware_app.service.config import Camera as CameraConfig
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.messages import VisitKind, VisitState
from firmware_app.service.photos import desk as photos
from firmware_app.service.photos.desk import GIVEN_UP_NS, PhotoDesk, photo_desk
from hardware.bench import ask


class Clock:
    def now(self):
        return datetime(2026, 11, 23, 9, 0, 3, tzinfo=UTC)

    def quality(self):
        return "battery"


def wish(step=1, visit="v1"):
    return VisitState(visit, step, Page(key="verif_shutter", wants=Shot()))


@pytest.fixture
def bench():
    root = Path(tempfile.mkdtemp(prefix="sq"))
    made = photo_desk(CameraConfig("simulated", {"bench": f"{root}/b", "patience_s": 0.2}), root, Clock())
    yield SimpleNamespace(root=root, desk=made, ask=lambda **wishes: ask(root / "b", **wishes))
    made.close()


def come(desk, visit, seconds=5.0):
    """Turns the desk until something has come of the wish."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if events := list(desk.turn(visit, time.monotonic_ns())):
            (event,) = events
            return event
        time.sleep(0.005)
    raise AssertionError("nothing came")


def files(root):
    return sorted(root.glob("photos/*"))


def test_a_photo_lies_on_the_disk_under_its_hash_before_it_is_told(bench) -> None:
    event = come(bench.desk, wish())
    (file,) = files(bench.root)
    data = file.read_bytes()
    assert event == PhotoTaken(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        at="2026-11-23T09:00:03+00:00",
        clock="battery",
    )
    assert file.name == f"{event.sha256}.jpg" and file.stat().st_mode & 0o077 == 0


def test_each_wish_has_one_answer_and_the_next_is_another_photo(bench) -> None:
    first = come(bench.desk, wish(1))
    assert list(bench.desk.turn(wish(1), time.monotonic_ns())) == []
    assert list(bench.desk.turn(VisitState("v1", 2, Page(key="x", wants=Confirm())), 0)) == []
    assert list(bench.desk.turn(None, 0)) == []
    assert come(bench.desk, wish(3)).sha256 != first.sha256
    assert len(files(bench.root)) == 2


@pytest.mark.parametrize(
    ("wishes", "why"),
    [({"plugged": False}, "no_camera"), ({"stuck": True}, "silent"), ({"spoilt": "torn"}, "not_a_photo")],
)
def test_a_camera_that_fails_is_told_and_nothing_is_kept(bench, wishes, why) -> None:
    bench.ask(**wishes)
    assert come(bench.desk, wish()) == PhotoFailed(why)
    assert files(bench.root) == []


def test_a_disk_that_is_full_keeps_its_room_for_the_record(bench, monkeypatch) -> None:
    monkeypatch.setattr(
        photos.shutil, "disk_usage", lambda _: SimpleNamespace(free=photos.LEAST_FREE_BYTES - 1)
    )
    assert come(bench.desk, wish()) == PhotoFailed("disk_full")
    assert files(bench.root) == []


def test_a_disk_that_fails_within_is_told(bench, monkeypatch) -> None:
    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(durable, "write", fail)
    assert come(bench.desk, wish()) == PhotoFailed("not_kept")


class Stuck:
    """A driver that breaks its contract: it does not come back until it is let go."""

    def __init__(self):
        self.free = threading.Event()

    def take(self):
        self.free.wait(10)
        raise OSError(5, "too late")

    def close(self):
        self.free.set()


def test_a_driver_that_never_returns_is_given_up_and_costs_no_turn(tmp_path) -> None:
    camera = Stuck()
    desk = PhotoDesk(camera, "stuck", tmp_path, Clock())
    began = time.monotonic()
    assert list(desk.turn(wish(1), 0)) == []
    assert list(desk.turn(wish(1), GIVEN_UP_NS + 1)) == [PhotoFailed("silent")]
    # and while it is stuck every further wish is answered at once
    assert list(desk.turn(wish(2), GIVEN_UP_NS + 2)) == [PhotoFailed("busy")]
    assert time.monotonic() - began < 1
    desk.close()


def test_an_appliance_without_a_camera_has_a_desk_without_one(tmp_path) -> None:
    desk = photo_desk(None, tmp_path, Clock())
    assert desk.driver == ""
    assert list(desk.turn(wish(), 0)) == [PhotoFailed("no_camera")]


def test_a_camera_that_cannot_be_opened_stops_nothing(tmp_path) -> None:
    desk = photo_desk(CameraConfig("simulated", {"bench": "/nowhere/b"}), tmp_path, Clock())
    assert desk.driver == "simulated"
    assert list(desk.turn(wish(), 0)) == [PhotoFailed("no_camera")]


def test_an_inspector_takes_a_photo_on_a_real_core() -> None:
    demo = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
    root = Path(tempfile.mkdtemp(prefix="sq"))
    for name in ("run", "data"):
        (root / name).mkdir()
    (root / "steelyard.toml").write_text(
        f"""
        registry = "{demo / "registry.toml"}"
        weights = "{demo / "weights.toml"}"
        [device]
        id = "T-1"
        data_dir = "data"
        run_dir = "run"
        [pan]
        driver = "simulated"
        calibration = "{demo / "pan.toml"}"
        [camera]
        driver = "simulated"
        """,
        encoding="utf-8",
    )
    core = Core(load(root / "steelyard.toml"))
    try:
        visits = core._desk
        visits.start("v1", VisitKind.VERIFICATION, Person("1001", Role.INSPECTOR, "李检"))
        answers = (StallTyped("12"), ScaleChosen("TZ-DEMO-0012"), Picked("right"), Picked("in_service"))
        typed = (FigureTyped("18", ""), FigureTyped("40", ""), Picked("photo"), Picked("take_photo"))
        for answer in (*answers, *typed):
            visits.handle(answer, time.monotonic_ns())
        # given an inspector who is not signed in any more: nothing is taken behind their back
        core.turn(time.monotonic_ns())
        assert core._photos._wish is None
        core._staff.waiting = lambda: None
        end = time.monotonic() + 5
        while not visits.procedure.state.photos and time.monotonic() < end:
            core.turn(time.monotonic_ns())
            time.sleep(0.005)
        (taken,) = visits.procedure.state.photos
        assert (root / "data" / "photos" / f"{taken.sha256}.jpg").stat().st_size == taken.size
        assert visits.procedure.prompt.key == "verif_photo" and visits.procedure.prompt.problem == ""
    finally:
        core.close()
