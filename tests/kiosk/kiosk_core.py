"""A core that is a test double: publishes any prompt, takes every command, can fall silent."""

from __future__ import annotations

import atexit
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec
import zmq

from firmware_app.service import messages
from firmware_app.weighing.control import Basis, NextStep, Outcome, Reason

p = messages.prompts
e = messages.events

SCALE = p.ScaleCard(
    id="TZ-0007",
    stall="12",
    maker="大红鹰",
    model="ACS-15A",
    serial="2209-1417",
    accuracy_class="III",
    max_g="15000",
    min_g="100",
    e_g="5",
    d_g="5",
    production_code="330226-22-001417",
    repair_code="620623-R-0031",
    verification_code="甘-天-2025-0912",
    seal="铅封 0912",
    verification_due="2026-09-11",
    profile="cas-22",
)
OTHER = msgspec.structs.replace(
    SCALE,
    id="TZ-0008",
    maker="凯丰",
    model="KF-30",
    serial="88",
    seal="",
    repair_code="",
    max_g="30000",
    e_g="10",
)
LAW = p.Law(
    pack="jjg539-2016",
    version="1",
    sha256="ab" * 32,
    clause="OIML R 76-1:2006 Table 6; OIML R 76-1:2006 3.5.2",
    confidence="unconfirmed",
)
SLIP = "https://county.example/slip#" + "0123456789" * 33 + "012"
"""As long as the usual slip in a county: 333 digits."""


def load(
    number: int, load_g: str, indication_g: str, error_g: str, limit_g: str, **changes: object
) -> p.LoadResult:
    half = format(messages_decimal(limit_g) / 2, "f")
    fields: dict[str, object] = {
        "number": number,
        "load_g": load_g,
        "load_u_g": "0.05",
        "indication_g": indication_g,
        "source": p.Source.TYPED,
        "error_g": error_g,
        "expanded_g": "2.9",
        "limit_g": limit_g,
        "limit_initial_g": half,
        "verdict": messages.Verdict.CONFORMS,
    }
    return p.LoadResult(**{**fields, **changes})


def messages_decimal(text: str):
    from decimal import Decimal

    return Decimal(text)


def result(
    verdict: messages.Verdict, loads: tuple[p.LoadResult, ...], next_step: str = "", **changes: object
):
    return p.VisitResult(
        verdict=verdict, way=p.Way.WEIGHTS, scale=SCALE, loads=loads, law=LAW, next_step=next_step, **changes
    )


DUTY = messages.Law("order94-2025", "2", "ab" * 32, "SAMR Order 94 (2024) (article not read)", "secondary")
HONEST = result(
    messages.Verdict.CONFORMS,
    (
        load(1, "1000", "1000", "0", "5"),
        load(2, "5000", "5005", "5", "10"),
        load(3, "500", "500", "0", "5"),
        load(4, "10000", "10000", "-1.5", "10"),
    ),
)
MEAN = result(
    messages.Verdict.CONFORMS,
    (
        load(1, "987.113", "986.667", "-0.447", "5", readings=3, expanded_g="3.298"),
        load(2, "3711.2", "3710", "-1.2", "10", expanded_g="4.17"),
    ),
    weights="not_confirmed",
    reminders=tuple(
        p.Reminder(code=code, on="2026-05-31", law=DUTY) for code in ("verification_overdue", "codes_missing")
    ),
)
CHEATS = result(
    messages.Verdict.DOES_NOT_CONFORM,
    tuple(
        load(n, g, str(int(int(g) * 1.1)), str(int(g) // 10), lim, verdict=messages.Verdict.DOES_NOT_CONFORM)
        for n, g, lim in (
            (1, "1000", "5"),
            (2, "500", "5"),
            (3, "2000", "5"),
            (4, "5000", "10"),
            (5, "200", "5"),
        )
    ),
    "send_for_verification",
)
HINTED = msgspec.structs.replace(CHEATS, hint="place_in_the_middle", weights="confirmed")
BETWEEN = result(
    messages.Verdict.UNDECIDED,
    (
        load(1, "1234.56", "1230", "-4.56", "5", verdict=messages.Verdict.UNDECIDED),
        load(2, "2871.3", "2870", "-1.3", "10"),
        load(3, "612.9", "620", "7.1", "5", verdict=messages.Verdict.UNDECIDED),
    ),
    "change_point",
)
UNABLE = result(
    messages.Verdict.CANNOT_JUDGE,
    (
        load(
            1,
            "1234.5",
            "1230",
            "-4.5",
            "5",
            verdict=messages.Verdict.CANNOT_JUDGE,
            reason="reference_not_capable",
        ),
    ),
    "finer_reference",
)


def control_result(
    outcome: Outcome,
    reason: str,
    next_step: str,
    *,
    checks: int = 30,
    basis: Basis = Basis.HISTORY,
    last: float = 0.07,
) -> p.ControlResult:
    """A check of a 5 kg weight at the end of a history that wanders a little."""
    count = min(checks, 29)
    deviations = [*(round(0.06 * math.sin(1.7 * i), 3) for i in range(count)), last]
    z, points = 0.0, []
    for i, x in enumerate(deviations):
        z = 0.8 * z + 0.2 * x
        points.append(
            p.ControlPoint(
                deviation_g=f"{x:.3f}",
                lower_g="-0.210",
                upper_g="0.210",
                outcome=outcome if i == count else Outcome.IN_CONTROL,
                ewma_g=f"{z:.3f}" if basis is Basis.HISTORY else "",
            )
        )
    return p.ControlResult(
        outcome=outcome,
        reason=Reason(reason),
        next_step=NextStep(next_step),
        basis=basis,
        weight="DEMO-M1-5kg",
        nominal_g="5000",
        deviation_g=f"{last:.3f}",
        expanded_g="0.146",
        lower_g="-0.210",
        upper_g="0.210",
        checks=checks,
        needed=30,
        points=tuple(points),
    )


def swap(put: p.OnPan, on_pan: p.OnPan, **changes: object) -> p.SwapOnPan:
    """Goods and 2.7 kg of weights change places."""
    fields = {"number": 2, "count": 3, "nominal_g": "2700", "pieces_g": ("2000", "500", "200")}
    return p.SwapOnPan(**{**fields, "put": put, "on_pan": on_pan, **changes})


g = messages.page
PAGE_LAW = messages.Law("retail-2020", "1", "ab" * 32, "附件 1 第 3 行", "secondary")
FACTS = (
    g.Fact(label="sample_long", value="1250", unit="g"),
    g.Fact(label="sample_long", value="12.50", unit="CNY/kg"),
    g.Fact(label="sample_long", value="-0.5", unit="g"),
)
PAGES: dict[str, p.Prompt] = {
    "page_amount": g.Page(
        key="sample", wants=g.Amount(("kg", "g"), label=True), number=2, count=5, facts=FACTS, law=PAGE_LAW
    ),
    "page_price": g.Page(
        key="sample",
        wants=g.Amount(("CNY/kg",)),
        problem="sample",
        beside=(g.Option(id="skip", label="sample"),),
    ),
    "page_code": g.Page(key="sample", wants=g.Code(), picture=g.Picture.LABEL),
    "page_pick": g.Page(
        key="sample",
        wants=g.Pick(
            (
                g.Option(id="a", label="sample"),
                g.Option(id="b", label="sample", why_not="sample"),
                g.Option(id="c", text="蔬菜水果"),
            )
        ),
        number=14,
        count=38,
        beside=tuple(g.Option(id=f"beside{i}", label="sample") for i in range(3)),
    ),
    "page_pick_many": g.Page(
        key="sample", wants=g.Pick(tuple(g.Option(id=f"o{i}", label="sample") for i in range(9)))
    ),
    "page_confirm": g.Page(
        key="sample", wants=g.Confirm(), pieces_g=("5000", "2000", "500"), number=1, count=12, facts=FACTS
    ),
    "page_corner": g.Page(key="sample", wants=g.Confirm(), picture=g.Picture.BACK_RIGHT, number=1, count=4),
    "page_hold": g.Page(key="sample", wants=g.Confirm(label="sample", hold=True), facts=FACTS),
    "page_wait": g.Page(
        key="sample",
        wants=g.Wait(),
        picture=g.Picture.GOODS_ON_PAN,
        problem="sample",
        beside=(g.Option(id="no_bag", label="sample"),),
    ),
    "page_judged": g.PageJudged(
        key="sample",
        verdict=messages.Verdict.DOES_NOT_CONFORM,
        entry=123456,
        slip=SLIP,
        reason="sample",
        next_step="sample",
        facts=FACTS,
        law=PAGE_LAW,
        beside=(g.Option(id="complain", label="sample"),),
    ),
    "page_judged_lines": g.PageJudged(
        key="sample",
        verdict=messages.Verdict.CONFORMS,
        entry=9,
        slip=SLIP,
        facts=FACTS,
        lines=tuple(
            g.Line(label="sample", text=str(i), mark=mark, facts=FACTS[:2])
            for i, mark in enumerate(("conforms", "does_not_conform", "sample", "") * 3)
        ),
        law=PAGE_LAW,
        document="record.pdf",
    ),
    "page_judged_nothing": g.PageJudged(key="sample", verdict=None, entry=7),
}
"""Every kind of page; its words are longer than those of most procedures (see ``SAMPLE_WORDS``)."""

UPLOADER_DEAD = (messages.PartState("sampler"), messages.PartState("uploader", "silent"))

PROMPTS: dict[str, p.Prompt | None] = {
    "home": None,
    "ask_stall": p.AskStall(),
    "ask_stall_unknown": p.AskStall(problem=p.Problem.UNKNOWN_STALL, typed="99"),
    "choose_scale_one": p.ChooseScale(p.StallCard("12", "蔬菜区"), (SCALE,)),
    "choose_scale_two": p.ChooseScale(p.StallCard("12", "蔬菜区"), (SCALE, OTHER)),
    "choose_scale_five": p.ChooseScale(
        p.StallCard("12", "蔬菜区"),
        tuple(msgspec.structs.replace(SCALE, id=f"S{i}", serial=str(i)) for i in range(5)),
    ),
    "choose_scale_none": p.ChooseScale(p.StallCard("12", "蔬菜区"), ()),
    "choose_way": p.ChooseWay(SCALE, (p.WayOffered(p.Way.WEIGHTS, True), p.WayOffered(p.Way.GOODS, True))),
    "choose_way_one": p.ChooseWay(
        SCALE,
        (p.WayOffered(p.Way.WEIGHTS, False, "weights_expired"), p.WayOffered(p.Way.GOODS, True)),
    ),
    "put_weights": p.PutWeights(
        number=2, count=4, nominal_g="1500", pieces_g=("1000", "500"), source=p.Source.TYPED, scale=SCALE
    ),
    "put_weights_many": p.PutWeights(
        number=4,
        count=4,
        nominal_g="3800",
        pieces_g=("2000", "1000", "500", "200", "100"),
        source=p.Source.TYPED,
        scale=SCALE,
        problem=p.Problem.NOT_A_MULTIPLE,
    ),
    "put_weights_lead": p.PutWeights(
        number=1, count=4, nominal_g="1000", pieces_g=("1000",), source=p.Source.LEAD, scale=SCALE
    ),
    "put_weights_lead_silent": p.PutWeights(
        number=1,
        count=4,
        nominal_g="1000",
        pieces_g=("1000",),
        source=p.Source.LEAD,
        scale=SCALE,
        problem=p.Problem.LEAD_SILENT,
    ),
    "put_goods": p.PutGoods(
        number=1, count=3, low_g="400", high_g="2600", source=p.Source.TYPED, scale=SCALE
    ),
    "put_goods_problem": p.PutGoods(
        number=3,
        count=3,
        low_g="400",
        high_g="2600",
        source=p.Source.TYPED,
        scale=SCALE,
        problem=p.Problem.GOODS_TOO_LIGHT,
    ),
    "put_goods_lead": p.PutGoods(
        number=2, count=3, low_g="400", high_g="2600", source=p.Source.LEAD, scale=SCALE
    ),
    "clear_pan": p.ClearPan(2, 3),
    "weigh_goods": p.WeighGoods(number=2, count=3, indication_g="1235"),
    "weigh_goods_problem": p.WeighGoods(number=2, count=3, indication_g="1235", problem=p.Problem.PAN_EMPTY),
    "swap_on_pan_goods_off": swap(p.OnPan.WEIGHTS, p.OnPan.GOODS),
    "swap_on_pan_weights_on": swap(p.OnPan.WEIGHTS, p.OnPan.NOTHING),
    "swap_on_pan_weights_lie": swap(p.OnPan.WEIGHTS, p.OnPan.WEIGHTS),
    "swap_on_pan_weights_other": swap(p.OnPan.WEIGHTS, p.OnPan.OTHER, problem=p.Problem.OTHER_WEIGHTS),
    "swap_on_pan_weights_off": swap(p.OnPan.GOODS, p.OnPan.WEIGHTS),
    "swap_on_pan_goods_on": swap(p.OnPan.GOODS, p.OnPan.NOTHING),
    "swap_on_pan_goods_other": swap(p.OnPan.GOODS, p.OnPan.OTHER, problem=p.Problem.GOODS_CHANGED),
    "swap_on_pan_once_more": swap(p.OnPan.WEIGHTS, p.OnPan.GOODS, problem=p.Problem.ONCE_MORE),
    "swap_on_pan_confirm": swap(
        p.OnPan.WEIGHTS,
        p.OnPan.NOTHING,
        number=1,
        count=1,
        nominal_g="8500",
        pieces_g=("5000", "2000", "1000", "500"),
        confirms=True,
    ),
    "swap_on_pan_confirm_light": swap(
        p.OnPan.WEIGHTS,
        p.OnPan.NOTHING,
        number=1,
        count=1,
        nominal_g="8500",
        pieces_g=("5000", "2000", "1000", "500"),
        confirms=True,
        problem=p.Problem.WEIGHTS_TOO_LIGHT,
    ),
    "swap_on_pan_confirm_off": swap(
        p.OnPan.WEIGHTS,
        p.OnPan.OTHER,
        number=1,
        count=4,
        nominal_g="5000",
        pieces_g=("5000",),
        confirms=True,
    ),
    "swap_on_pan_confirm_one": swap(
        p.OnPan.WEIGHTS,
        p.OnPan.NOTHING,
        number=2,
        count=4,
        nominal_g="2000",
        pieces_g=("2000",),
        confirms=True,
        refused_g=("5000",),
    ),
    "put_weights_refused": p.PutWeights(
        number=1,
        count=3,
        nominal_g="4500",
        pieces_g=("2000", "2000", "500"),
        source=p.Source.TYPED,
        scale=SCALE,
        refused_g=("5000",),
    ),
    "put_goods_other": p.PutGoods(
        number=4, count=4, low_g="700", high_g="1300", source=p.Source.TYPED, scale=SCALE, other=True
    ),
    "page_offer": g.Page(
        key="self_check_offer",
        wants=g.Pick(
            options=(
                g.Option(id="seek", label="self_check_seek"),
                g.Option(id="leave", label="self_check_leave"),
            )
        ),
        facts=(g.Fact(label="self_check_step", value="0.5", unit="g"),),
        scale="TZ-0007",
    ),
    "page_corners": g.Page(
        key="self_check_corners",
        wants=g.Pick(
            options=(
                g.Option(id="same", label="self_check_corners_same"),
                g.Option(id="changes", label="self_check_corners_changes"),
                g.Option(id="not_tried", label="self_check_corners_not_tried"),
            )
        ),
        picture=g.Picture.BACK_RIGHT,
        scale="TZ-0007",
    ),
    "page_point_shown": g.Page(
        key="self_check_point_shown",
        wants=g.Amount(units=("kg", "g")),
        number=1,
        count=2,
        pieces_g=("50",),
        picture=g.Picture.WEIGHTS_ON_SCALE,
        beside=(g.Option(id="leave", label="self_check_leave"),),
        scale="TZ-0007",
    ),
    "page_point_added": g.Page(
        key="self_check_point_added",
        wants=g.Amount(units=("g",)),
        number=2,
        count=2,
        facts=(
            g.Fact(label="self_check_until", value="1005", unit="g"),
            g.Fact(label="self_check_step", value="0.5", unit="g"),
        ),
        picture=g.Picture.WEIGHTS_ON_SCALE,
        beside=(g.Option(id="leave", label="self_check_leave"),),
        problem="too_much_added",
        scale="TZ-0007",
    ),
    "judged_hint": p.Judged(HINTED, 47, SLIP),
    "judged_mean": p.Judged(MEAN, 46, SLIP),
    "interrupted": p.Interrupted(messages.Fault.DISCONNECTED, 2, 3),
    "interrupted_not_empty": p.Interrupted(messages.Fault.SETTLING, 2, 3),
    "interrupted_flatline": p.Interrupted(messages.Fault.FLATLINE, 2, 3),
    "interrupted_overload": p.Interrupted(messages.Fault.OVERLOAD, 2, 3),
    "saving": p.Saving(),
    "judged_conforms": p.Judged(HONEST, 41, SLIP),
    "judged_does_not_conform": p.Judged(CHEATS, 42, SLIP),
    "judged_undecided": p.Judged(BETWEEN, 43, SLIP),
    "judged_cannot_judge": p.Judged(UNABLE, 44, SLIP),
    "put_control_weight": p.PutControlWeight(number=2, count=2, nominal_g="5000", weight="DEMO-M1-5kg"),
    "put_control_weight_other": p.PutControlWeight(
        number=2,
        count=2,
        nominal_g="5000",
        weight="DEMO-M1-5kg",
        problem=p.Problem.NOT_THE_CONTROL_WEIGHT,
    ),
    "control_judged": p.ControlJudged(control_result(Outcome.IN_CONTROL, "within", ""), 45),
    "control_judged_first": p.ControlJudged(
        control_result(Outcome.IN_CONTROL, "within", "", checks=1, basis=Basis.BUDGET), 45
    ),
    "control_judged_warning": p.ControlJudged(control_result(Outcome.WARNING, "two_of_three", "watch"), 46),
    "control_judged_jump": p.ControlJudged(
        control_result(Outcome.OUT_OF_CONTROL, "beyond_budget", "clean_and_repeat", last=9.5), 47
    ),
    "control_judged_again": p.ControlJudged(
        control_result(Outcome.OUT_OF_CONTROL, "drifted", "level_and_warm"), 48
    ),
    "control_judged_broken": p.ControlJudged(
        control_result(Outcome.OUT_OF_CONTROL, "beyond_limits", "calibrate", last=-0.4), 49
    ),
    "not_saved": p.NotSaved("disk_full"),
}

CARD = messages.CalibrationCard(
    id="pan-2026-11-23-0830",
    at="2026-11-23T08:30:00+08:00",
    source="16 points",
    weights=("M1\u00a010\u00a0kg", "M1\u00a05\u00a0kg", "3 × M1\u00a02\u00a0kg"),
    valid_to="2027-10-31",
    order=2,
    hysteresis_known=False,
    uncertainties=tuple(
        messages.CalibrationAt(load, u) for load, u in (("3750", "0.62"), ("7500", "0.71"), ("15000", "1.2"))
    ),
    interval_g="2",
    points=(
        *(
            messages.CalibrationPoint(f"{3000 * n}", f"{0.3 * (-1) ** n}", "0.4", way, True)
            for way in ("up", "down")
            for n in range(6)
        ),
        messages.CalibrationPoint("900", "8100", "0.4", "up", False),
    ),
)
QUIET = messages.PanState(mass_g="0", stable=True, why_not=None, fault=None)


def state(prompt: p.Prompt | None = None, step: int = 1, **changes: object) -> messages.State:
    fields: dict[str, object] = {
        "at": "2026-03-14T09:26:53+08:00",
        "clock": "synchronised",
        "pan": QUIET,
        "lead": messages.LeadState(state="streaming", text="1.005", unit="kg", stable=True),
        "county": messages.CountyState(reachable=True, unsent=0, last_entry=41, received=41),
        "parts": (messages.PartState("sampler"), messages.PartState("core")),
        "visit": None if prompt is None else messages.VisitState("v1", step, prompt),
        "device": "TZ-K-001",
        "may": (messages.VisitKind.SELF_CHECK, messages.VisitKind.CONTROL_CHECK),
        "simulated": True,
    }
    return messages.State(**{**fields, **changes})


class FakeCore:
    """Publishes ``shown`` ten times a second, answers Ok, and keeps what it was told."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.shown = state()
        self.heard: list[messages.Command] = []
        self.ids: list[bytes] = []
        self.reply: messages.Reply = messages.Ok()
        self.deaf = False
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._closing.clear()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join(5)

    def answers(self) -> list[messages.Command]:
        return [command for command in self.heard if not isinstance(command, messages.KioskAlive)]

    def wait_for(self, count: int, timeout_s: float = 5.0) -> list[messages.Command]:
        """Until so many commands beside the signs of life have come."""
        until = time.monotonic() + timeout_s
        while len(self.answers()) < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.answers()

    def _serve(self) -> None:
        context = zmq.Context()
        publisher, router = context.socket(zmq.PUB), context.socket(zmq.ROUTER)
        for socket, name in ((publisher, messages.STATE_SOCKET), (router, messages.CORE_SOCKET)):
            socket.setsockopt(zmq.LINGER, 0)
            socket.bind(messages.endpoint(self.run_dir, name))
        while not self._closing.is_set():
            publisher.send(messages.encode(self.shown))
            while router.poll(30):
                sender, request_id, body = router.recv_multipart()
                self.heard.append(messages.decode_command(body))
                self.ids.append(request_id)
                if not self.deaf:
                    router.send_multipart([sender, request_id, messages.encode(self.reply)])
        publisher.close()
        router.close()
        context.term()


class Kiosk:
    """The kiosk as a process of its own, off screen, used through its robot."""

    def __init__(self, run_dir: Path, *arguments: str, size: str = "800x480") -> None:
        self._context = zmq.Context()
        self._robot = run_dir / "robot.ipc"
        self._log = (run_dir / "kiosk.log").open("wb")
        line = [sys.executable, "-m", "kiosk", "--run-dir", str(run_dir), "--size", size]
        line += ["--robot", str(self._robot), *arguments]
        self._process = subprocess.Popen(
            line,
            env={**os.environ, "SDL_VIDEODRIVER": "offscreen", "LIBGL_ALWAYS_SOFTWARE": "1"},
            stdout=self._log,
            stderr=self._log,
        )
        self.log = run_dir / "kiosk.log"

    def ask(self, timeout_s: float = 30.0, **wish: object) -> dict[str, object]:
        with self._context.socket(zmq.REQ) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(f"ipc://{self._robot}")
            socket.send(json.dumps(wish).encode())
            until = time.monotonic() + timeout_s
            while not socket.poll(100):
                gone = self._process.poll() is not None or time.monotonic() > until
                assert not gone, f"the kiosk does not answer: {self.log.read_text()[-3000:]}"
            return json.loads(socket.recv())

    def screen(self) -> dict[str, object]:
        return self.ask(do="screen")

    def tap(self, automation_id: str) -> None:
        answer = self.ask(do="tap", id=automation_id)
        assert answer["ok"], answer["why"]
        assert self.ask(do="wait_idle")["ok"]

    def shot(self, file: Path) -> None:
        answer = self.ask(do="screenshot", file=str(file))
        assert answer["ok"], answer

    def until(self, name: str, timeout_s: float = 8.0) -> dict[str, object]:
        """Until that screen is shown."""
        end = time.monotonic() + timeout_s
        while True:
            now = self.screen()
            if now["screen"] == name:
                return now
            assert time.monotonic() < end, f"{name} wanted, {now['screen']} shown"
            time.sleep(0.05)

    def until_step(self, step: int, timeout_s: float = 8.0) -> dict[str, object]:
        """Until that step is on the screen."""
        end = time.monotonic() + timeout_s
        while True:
            now = self.screen()
            if now["visit"] == (["v1", step] if step else []):
                return now
            assert time.monotonic() < end, f"step {step} wanted, {now['visit']} shown"

    def close(self) -> None:
        try:
            if self._process.poll() is None:
                self.ask(timeout_s=5, do="quit")
                self._process.wait(5)
        finally:
            if self._process.poll() is None:
                self._process.kill()
            self._log.close()
            self._context.term()


def short_dir() -> Path:
    """A run directory short enough for sockets, gone at the end of the process."""
    made = Path(tempfile.mkdtemp(prefix="ks", dir="/tmp"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
