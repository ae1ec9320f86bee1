"""A life of an appliance on a disk, what it told people meanwhile, and what must be found after a cut.

The life is led by the product's own parts (`open_ledger`, `VisitDesk`, the procedure, the files beside the
ledger) through every step of `LIFE`: first start, joining, visits with their slips and receipts, a change of
the pan's calibration, an update of software and packs, a restart with a visit open.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from promises_disk import State
from promises_faults import Desk

from firmware_app.calibrating.keeping import PointsFile
from firmware_app.calibrating.points import Direction, Point
from firmware_app.calibrating.session import Step
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.county.receipt import Receipt, make_receipt
from firmware_app.ledger.home import LEDGER, HomeLedger, join_county, open_ledger, read_county
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.procedures.context import Context, Pan
from firmware_app.procedures.events import Confirmed, FigureTyped, ScaleChosen, StallTyped, WayChosen
from firmware_app.procedures.prompts import (
    AskStall,
    ChooseScale,
    ChooseWay,
    ClearPan,
    Judged,
    NotSaved,
    PutWeights,
    SwapOnPan,
    Way,
)
from firmware_app.registry.confirmations import add_confirmation, load_confirmations
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.core import SLIPS_BEGUN, SLIPS_WAITING
from firmware_app.service.messages import VisitKind
from firmware_app.service.pan.zero_book import ZeroBook
from firmware_app.service.slips.printing import Begun, Waiting
from firmware_app.service.visits import VisitDesk
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.calibration import Calibration
from hardware.scale.confirm import Confirmation, Shown

DATA = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
DAY = date(2026, 11, 23)
COUNTY_KEY = SoftwareKey.generate()
COUNTY = County(county="天祝县", url="https://county.example", jwk=COUNTY_KEY.public_jwk)
CONFIRMED = Confirmation(
    maker="上海耀华",
    model="DEMO-XK30",
    profile="yaohua-tf0",
    version="1",
    baud=2400,
    line="8N1",
    unit="kg",
    at="2026-11-23T06:00:00+00:00",
    shown=(Shown(text="1.560 kg", value="1.560", unit=None, raw=""),),
)
PAN = "pan.toml"
POINTS = "points.csv"
DEVICE = "KIOSK-7"
OFTEN = 3
"""Pages after which the log is copied back into the file: so few that it follows nearly every commit."""


class Opened(NamedTuple):
    """The appliance is up; from here on there is a ledger of this device."""

    head: int


class Saved(NamedTuple):
    """An entry was shown as saved."""

    seq: int
    hash: str
    visit: str


class Begins(NamedTuple):
    """A visit was opened and its prompt shown."""

    visit: str


class Abandoned(NamedTuple):
    """A visit ended with the words that it was not saved."""

    visit: str


class Receipted(NamedTuple):
    seq: int


class OnPaper(NamedTuple):
    """The first dot of the slip of this entry may be printed now."""

    seq: int


class Awaits(NamedTuple):
    """These slips are said to wait for paper."""

    entries: tuple[int, ...]


class Confirmations(NamedTuple):
    count: int


class Calibrated(NamedTuple):
    id: str


class Points(NamedTuple):
    count: int


class Clock:
    boot = "b" * 8

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def quality(self) -> str:
        return "unsynchronised"

    def uptime_ns(self) -> int:
        return 1


@cache
def context() -> Context:
    return Context(
        registry=load_registry(DATA / "registry.toml"),
        weights=load_weights(DATA / "weights.toml", pack_in_force(WeightsPack, DAY)),
        on=DAY,
        pan=Pan(max_g=15000, calibration="c"),
    )


@cache
def calibration() -> Calibration:
    return Calibration.load(DATA / PAN)


def steps() -> list[Step]:
    pieces = [piece for one in context().weights for piece in one.pieces][:2]
    return [Step(piece.nominal_g, (piece,), Direction.UP) for piece in pieces]


class Life:
    """One appliance, to be led through the steps of `LIFE`. ``copied_after``: pages of the log."""

    def __init__(self, desk: Desk, copied_after: int = OFTEN) -> None:
        self.disk = desk
        self._copied_after = copied_after
        self.root = desk.root
        self.ledger: HomeLedger | None = None
        self.desk: VisitDesk | None = None

    def tell(self, fact: object) -> None:
        self.disk.log.told(fact)

    def start(self, software: str = "first") -> None:
        """As the core starts: ledger, start entry, the visit that was open."""
        self.ledger = open_ledger(self.root, clock=Clock(), software=software, device=DEVICE)
        self.ledger._copying.pages = self._copied_after
        self.tell(Opened(self.ledger.head_seq))
        self._saved(self.ledger.append("start", {"n": 1}), "")
        self.desk = VisitDesk(self.ledger, context, self.ledger.slip_text)

    def update(self) -> None:
        """Other software and packs start upon the same record."""
        self.stop()
        self.start("second")

    def stop(self) -> None:
        if self.ledger is not None:
            self.ledger.close()
        self.ledger = self.desk = None

    def join(self) -> None:
        join_county(self.root, self.ledger, COUNTY)
        head = self.ledger.head
        self.tell(Saved(head.seq, head.hash, ""))

    def begin(self, visit: str) -> None:
        assert self.desk.start(visit, VisitKind.SELF_CHECK)
        self.tell(Begins(visit))

    def finish(self) -> None:
        """The rest of the visit that is open, to its verdict and the word that it was saved."""
        visit = self.desk.visit
        judged = finish(self.desk)
        self._saved(self.ledger.entry(judged.entry), visit)
        self.desk.close(visit)

    def visit(self, visit: str) -> None:
        self.begin(visit)
        self.finish()

    def slip(self) -> None:
        """What the printer's queue keeps of the slip of the last entry."""
        seq = self.ledger.head_seq
        Waiting(self.root / SLIPS_WAITING).keep([seq])
        self.tell(Awaits((seq,)))
        Begun(self.root / SLIPS_BEGUN).add(seq)
        self.tell(OnPaper(seq))
        Waiting(self.root / SLIPS_WAITING).keep([])
        self.tell(Awaits(()))

    def receive(self) -> None:
        """The county's receipt upon everything there is."""
        seq, digest = self.ledger.head.seq, self.ledger.head.hash
        word = Receipt(device=DEVICE, seq=seq, entry=digest, at="2026-11-23T09:00:00Z", county="天祝县")
        self.ledger.keep_receipt(make_receipt(COUNTY_KEY, word))
        self.tell(Receipted(seq))

    def zero(self) -> None:
        ZeroBook(self.root, calibration(), lambda: "2026-11-23T09:00:00Z").take(84_000.0, 1)

    def confirm(self) -> None:
        add_confirmation(self.root, CONFIRMED)
        self.tell(Confirmations(len(load_confirmations(self.root))))

    def calibrate(self, name: str) -> None:
        msgspec.structs.replace(calibration(), id=name).save(self.root / PAN)
        self.tell(Calibrated(name))

    def points(self) -> None:
        kept = PointsFile(self.root / POINTS, steps())
        for number in (1, 2):
            kept.add(Point(row=number, load_g=1000.0 * number, counts=3e5 * number, direction=Direction.UP))
            self.tell(Points(number))

    def _saved(self, entry, visit: str) -> None:
        self.tell(Saved(entry.seq, entry.hash, visit))


def finish(desk: VisitDesk) -> Judged:
    """Answers whatever an open visit asks until it is judged."""
    while True:
        state = desk.state()
        match state.prompt:
            case AskStall():
                answer = StallTyped("12")
            case ChooseScale(scales=scales):
                answer = ScaleChosen(scales[0].id)
            case ChooseWay():
                answer = WayChosen(Way.WEIGHTS)
            case SwapOnPan() | ClearPan():
                answer = Confirmed()
            case PutWeights(nominal_g=nominal):
                answer = FigureTyped(nominal, "g")
            case Judged():
                return state.prompt
            case other:
                raise AssertionError(f"the visit does not go on: {other}")
        desk.answer(state.visit, state.step, answer, 0)


LIFE: dict[str, Callable[[Life], None]] = {
    "first start": Life.start,
    "joining the county": Life.join,
    "calibration": lambda life: life.calibrate("old"),
    "a visit": lambda life: life.visit("v1"),
    "slip": Life.slip,
    "receipt": Life.receive,
    "zero": Life.zero,
    "confirmation": Life.confirm,
    "a visit is begun": lambda life: life.begin("v2"),
    "update": Life.update,
    "the visit goes on": Life.finish,
    "second slip": Life.slip,
    "second confirmation": Life.confirm,
    "calibration again": lambda life: life.calibrate("new"),
    "points of a calibration": Life.points,
    "second receipt": Life.receive,
    "power-down": Life.stop,
}


# ------------------------------------------------------------------------------------------- afterwards


class Broken(AssertionError):
    """A promise was not kept."""


def lay(root: Path, state: State) -> None:
    """Puts what the disk holds into a fresh directory; the shared index of the log holds rubbish."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name, data in state.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(0o600)
        if name == LEDGER and data:
            file.with_name(f"{LEDGER}-shm").write_bytes(b"\xa5" * 32768)


def examine(root: Path, facts: list[object]) -> list[object]:
    """Starts the appliance on what a cut has left, holds it against what people were told, and goes on.

    What people are told by going on. Raises Broken, or whatever the appliance fails with.
    """
    saved = {fact.seq: fact for fact in facts if isinstance(fact, Saved)}
    with open_ledger(root, clock=Clock(), software="after", device=DEVICE) as ledger:
        found = ledger.verify()
        head = found.head.seq
        held = {seq: ledger.entry(seq) for seq in saved}
        for seq, fact in saved.items():
            _must(
                held.get(seq) is not None and held[seq].hash == fact.hash, f"entry {seq} was shown as saved"
            )
        newest = max([*saved, *(fact.head for fact in facts if isinstance(fact, Opened))], default=0)
        _must(newest <= head <= newest + 2, f"{head} entries where {newest} were promised")
        received = max((fact.seq for fact in facts if isinstance(fact, Receipted)), default=0)
        _must(received <= found.receipted <= head, f"receipts up to {found.receipted}, told {received}")
        told = _visits(ledger, facts, saved)
        head = ledger.head_seq
        _must(ledger.append("start", {}).seq == head + 1, "the chain goes on")
        if ledger.county is not None:
            _must(read_county(root) == COUNTY, "the uploader finds the county")
    _files(root, facts)
    return [*told, Opened(head + 1)]


def _visits(ledger: HomeLedger, facts: list[object], saved: dict[int, Saved]) -> list[object]:
    over = {fact.visit for fact in saved.values() if fact.visit}
    begun = [fact.visit for fact in facts if isinstance(fact, Begins)]
    abandoned = {fact.visit for fact in facts if isinstance(fact, Abandoned)}
    kept = ledger.open_visit()
    for visit in begun:
        is_open = kept is not None and kept.visit == visit
        outcome = ledger.entry_of(visit)
        _must(not (outcome is not None and is_open), f"visit {visit} is open or over, never both")
        _must(outcome is not None or is_open or visit in abandoned, f"visit {visit} is neither open nor over")
        _must(visit not in over or outcome is not None, f"visit {visit} was over")
    desk = VisitDesk(ledger, context, ledger.slip_text)
    _must((desk.visit is None) == (kept is None), "the visit goes on, or the home screen is shown")
    told: list[object] = [] if kept is None else [Begins(kept.visit)]
    if desk.visit is not None and not isinstance(desk.state().prompt, NotSaved):
        visit, judged = desk.visit, finish(desk)
        _must(ledger.entry_of(visit).seq == judged.entry, f"visit {visit} has its entry")
        desk.close(visit)
        told.append(Saved(judged.entry, ledger.entry(judged.entry).hash, visit))
    judged_visits = sum(1 for _ in ledger.of_kind("self_check", 0))
    _must(judged_visits <= len({*begun, *([kept.visit] if kept else [])}) + 1, "no visit is judged twice")
    return told


def _files(root: Path, facts: list[object]) -> None:
    def last(kind, otherwise):
        return next((fact for fact in reversed(facts) if isinstance(fact, kind)), otherwise)

    confirmed = last(Confirmations, Confirmations(0)).count
    _must(len(load_confirmations(root)) in (confirmed, confirmed + 1), "a confirmation is lost or doubled")
    if any(isinstance(fact, Awaits) for fact in facts):
        _slips(root, facts)
    book = ZeroBook(root, calibration(), lambda: "")
    _must(book._last is not None or not (root / "last_zero.json").exists(), "the last zero is torn")
    names = [fact.id for fact in facts if isinstance(fact, Calibrated)]
    if names or (root / PAN).exists():
        allowed = {*names[-1:], "old" if not names else "new"}
        _must(Calibration.load(root / PAN).id in allowed, "the calibration is the old or the new one")
    taken = last(Points, Points(0)).count
    _must(len(PointsFile(root / POINTS, steps()).points) in (taken, taken + 1), "a point is lost or doubled")


def _slips(root: Path, facts: list[object]) -> None:
    """What has begun to come out is known; the list of those that wait is as last told, or as about to be."""
    begun = Begun(root / SLIPS_BEGUN)
    on_paper = {fact.seq for fact in facts if isinstance(fact, OnPaper)}
    awaited = {seq for fact in facts if isinstance(fact, Awaits) for seq in fact.entries}
    _must(on_paper <= begun._entries <= on_paper | awaited, f"slips begun: {begun._entries}, told {on_paper}")
    told = [fact for fact in facts if isinstance(fact, Awaits | OnPaper | Saved)]
    listed = tuple(Waiting(root / SLIPS_WAITING).entries())
    last = next((fact.entries for fact in reversed(told) if isinstance(fact, Awaits)), ())
    newest = max((fact.seq for fact in told if isinstance(fact, Saved)), default=0)
    _must(listed in (last, (), (newest,)), f"slips waiting: {listed}, told {last}")
    if told and isinstance(told[-1], Awaits) and told[-1].entries:
        _must(listed == last, f"a slip that waits is lost: {listed}, told {last}")


def _must(kept: bool, promise: str) -> None:
    if not kept:
        raise Broken(promise)


@contextlib.contextmanager
def living(life: Life) -> Iterator[Life]:
    """The life, whose ledger is closed however it ends."""
    try:
        yield life
    finally:
        with contextlib.suppress(Exception):
            life.stop()
