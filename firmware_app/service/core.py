"""The core process: the one place that puts the parts together.

It owns the ledger, the keys, the calibration, the rules, the scale ports, the scanner and the printer. One
thread does everything but wait for the scale's line, for codes and for paper; each turn takes what the
sockets hold, moves the visit on and publishes.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import zmq

from firmware_app import parts, settings_file
from firmware_app.calibrating.record import CHANGED as CALIBRATION_CHANGED
from firmware_app.calibrating.record import change, differs, values
from firmware_app.calibrating.record import known as known_calibration
from firmware_app.errors import SteelyardError
from firmware_app.ledger.dating.known_time import KnownTime
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import device_signer, open_ledger
from firmware_app.procedures import context
from firmware_app.procedures.page import Page
from firmware_app.procedures.prompts import Prompt, PutGoods
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service import messages
from firmware_app.service.clock import SystemClock
from firmware_app.service.config import Loaded
from firmware_app.service.county.delivery import DeliveryDesk
from firmware_app.service.county.downlink import DownlinkDesk, Needs, in_use
from firmware_app.service.county.stick import StickDesk
from firmware_app.service.door import Commands, Door
from firmware_app.service.health import Facts, examine
from firmware_app.service.identity import measured_software, software_hash
from firmware_app.service.law import day
from firmware_app.service.law import desk as law
from firmware_app.service.law.day import same_law, today
from firmware_app.service.law.desk import LawDesk
from firmware_app.service.lead.desk import LeadDesk
from firmware_app.service.messages import PartState, State
from firmware_app.service.pan.calibration_card import card
from firmware_app.service.pan.control import WORDS, PanControl, find_piece, without
from firmware_app.service.pan.follower import NOT_EMPTY, Pan
from firmware_app.service.pan.surroundings import surroundings
from firmware_app.service.pan.zero_book import ZeroBook
from firmware_app.service.people.staff import Staff
from firmware_app.service.photos.desk import photo_desk
from firmware_app.service.recall.desk import RecallDesk
from firmware_app.service.scans.codes import Codes
from firmware_app.service.scans.desk import ScanDesk
from firmware_app.service.settings.desk import Effects, SettingsDesk, with_changes
from firmware_app.service.settings.parameters import ParameterTrail, confirmed, parameters
from firmware_app.service.slips.desk import SlipDesk
from firmware_app.service.slips.printing import Begun, SlipPrinter, Waiting
from firmware_app.service.visits import VisitDesk
from firmware_app.service.watches import history
from firmware_app.service.watches import software as software_watch
from firmware_app.service.watches.clock import ClockWatch
from firmware_app.service.watches.history import HistoryWatch
from firmware_app.service.watches.software import SoftwareWatch
from firmware_app.service.watches.witnesses import WitnessWatch
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.calibration import Calibration
from hardware.scanner_contract import DriverUnavailable, ScannerError

TURN_MS = 50
KIOSK_GONE_NS = 5_000_000_000
UPLOADER_GONE_NS = 15_000_000_000
REFUSALS = {
    **WORDS,
    software_watch.FALSIFIED: software_watch.WORDS,
    history.BROKEN: history.WORDS,
    day.DOUBTFUL: day.WORDS,
    law.MISSING: law.WORDS,
}
SLIPS_BEGUN, SLIPS_WAITING = "slips-begun", "slips-waiting"
"""In the data directory: the entries of which a slip has begun to come out, and those whose slip has not."""


class PartFailed(SteelyardError):
    """A part that the configuration names cannot be used on this machine; the message says why."""


class Core:
    """All parts of the legally relevant program, and the turn that moves them."""

    def __init__(self, loaded: Loaded) -> None:
        config = loaded.config
        self._clock = SystemClock(config.device.time_zone, run_dir=loaded.run_dir)
        self._data_dir = loaded.data_dir
        signer = device_signer(loaded.data_dir, config.device.signer, config.device.signer_options)
        self._ledger = open_ledger(
            loaded.data_dir,
            clock=self._clock,
            software=software_hash(),
            device=config.device.id,
            signer=signer,
        )
        file, loaded = loaded, with_changes(loaded, self._ledger)
        self._config = config = loaded.config
        self._clock.use(config.device.time_zone)
        self._known_time = KnownTime(self._ledger)
        self._law = LawDesk(
            self._ledger, self._data_dir, config.law.keys(), lambda: self._staff.person, self._note_law
        )
        loaded = in_use(loaded, self._ledger, self._needs)
        self._registry = load_registry(loaded.resolve(loaded.config.registry))
        self._weights = load_weights(
            loaded.resolve(loaded.config.weights), pack_in_force(WeightsPack, self._today(), self._law.packs)
        )
        calibration = loaded.resolve(config.pan.calibration)
        self._calibration = Calibration.load(calibration)
        self._calibration_values = values(self._calibration, settings_file.sha256(calibration.read_bytes()))
        self._calibration_card = card(self._calibration)
        self._history = HistoryWatch(self._ledger, signer)
        self._clock_watch = ClockWatch(self._ledger, self._clock)
        self._software = SoftwareWatch(
            self._ledger, software_hash(), measured_software, loaded.path.parent / software_watch.RECORD
        )
        self._parameters = ParameterTrail(self._ledger)
        self._recalls = RecallDesk(
            self._ledger, self._data_dir, lambda: self._weights, lambda: self._law.packs
        )
        self._control = self._open_control()
        self._pan = Pan(loaded.run_dir, self._calibration, config.pan.rate_hz)
        self._zeros = ZeroBook(loaded.data_dir, self._calibration, lambda: self._clock.now().isoformat())
        self._lead = LeadDesk(config.lead, self._ledger, self._parameters, loaded.data_dir)
        self._codes = self._open_scanner()
        self._slips = self._open_printer()
        self._photos = photo_desk(config.camera, self._data_dir, self._clock)
        self._delivery = DeliveryDesk(self._ledger, self._clock, self._open_witnesses())
        self._screen = config.screen
        self._settings = SettingsDesk(file, config, self._parameters, self._effects)
        self._staff = Staff(
            self._ledger, loaded.data_dir, config.people, self._settings.change, time.monotonic_ns()
        )
        self._downlink = DownlinkDesk(
            self._ledger,
            loaded,
            needs=self._needs,
            busy=lambda: self._desk.visit is not None,
            add_law=self._law.add_from_county,
            revoke=self._staff.revoked_by_county,
        )
        carries = config.stick is not None and config.county is not None
        self._stick = StickDesk(self._ledger, lambda: self._staff.person, carries=carries)
        self._kiosk_ns: int | None = None
        self._closing = False
        self._door = Door(loaded.run_dir)
        self._note_start(loaded)
        self._desk = VisitDesk(self._ledger, self._context, self._ledger.slip_text)
        self._staff.leads(self._desk)
        self._end_if_broken()
        layouts = [each.layout() for each in config.scanner.labels] if config.scanner is not None else []
        self._scans = ScanDesk(self._desk, self._registry, layouts)
        self._lead.listen_for(self._desk.procedure)
        self._commands: Commands = {
            messages.StartVisit: self._start,
            messages.GiveAnswer: self._answer,
            messages.CloseVisit: self._close_visit,
            messages.ShowHeld: self._shown,
            messages.KioskAlive: self._kiosk_alive,
            messages.AskHealth: self._health,
            **self._slips.commands(),
            **self._delivery.commands(),
            **self._recalls.commands(self._staff.recalls),
            **self._staff.commands(),
            **self._settings.commands(),
            **self._law.commands(),
            **self._downlink.commands(),
            **self._stick.commands(),
        }

    def _effects(self) -> Effects:
        """What makes a changed setting count at once."""
        return {
            "control.every_h": self._control.every,
            "printer.automatic": self._slips.print_all,
            "people.idle_s": self._staff.stays,
            "people.sign_out_after_visit": self._staff.leaves_with_visit,
            "screen.language": lambda language: self._show_by(language=language),
            "screen.idle_s": lambda idle_s: self._show_by(idle_s=idle_s),
        }

    def _show_by(self, **changes: Any) -> None:
        self._screen = msgspec.structs.replace(self._screen, **changes)

    def _note_start(self, loaded: Loaded) -> None:
        """The audit trail's first lines of every run (OIML D 31:2023 6.2.3.6): the start, and before it that
        another calibration lies there than the record knows, whoever put it there."""
        facts: dict[str, Any] = {
            "configuration_sha256": loaded.sha256,
            "calibration": self._calibration.id,
            "calibration_values": self._calibration_values,
            "driver": loaded.config.pan.driver,
        }
        known = known_calibration(self._ledger)
        self._clock_watch.start()
        facts |= self._history.before_start()
        # With a full disk the screen must still come up to say so; judging is refused at the save.
        with contextlib.suppress(StoreFailed):
            self._software.start(time.monotonic_ns())
            self._law.start()
            self._parameters.note(
                "files read at the start",
                {**parameters(loaded, self._law.packs), **confirmed(self._data_dir)},
            )
            if differs(known, self._calibration_values):
                self._ledger.append(CALIBRATION_CHANGED, change(known, self._calibration_values))
            self._staff.book.note_start()
            self._ledger.append("start", facts)
            self._history.after_start()

    def _open_control(self) -> PanControl:
        """The control of the pan as the record tells it; raises NoSuchWeight."""
        wanted = self._config.control
        piece = None if wanted is None else find_piece(self._weights, wanted.weight)
        return PanControl(
            self._ledger,
            self._clock,
            piece=piece,
            every_h=0.0 if wanted is None else wanted.every_h,
            calibration=self._calibration.id,
            resolution_g=self._calibration.resolution_g,
            recalled=lambda: self._recalls.lock(piece, self._calibration),
        )

    def _open_witnesses(self) -> WitnessWatch:
        county = self._config.county
        keys, needed = ((), 1) if county is None else (county.keys(), county.witnesses_needed)
        return WitnessWatch(self._ledger, self._clock, keys, needed)

    def _open_scanner(self) -> Codes | None:
        wanted = self._config.scanner
        if wanted is None:
            return None
        try:
            return Codes(parts.factory("steelyard.scanner", wanted.driver)(wanted.options))
        except DriverUnavailable:
            # Stalls can be typed: the part is said to be out of order, the market goes on.
            return None
        except ScannerError as error:
            raise PartFailed(str(error)) from error

    def _open_printer(self) -> SlipDesk:
        wanted = self._config.printer
        if wanted is None:
            return SlipDesk(self._ledger, None)
        factory = parts.factory("steelyard.printer", wanted.driver)
        begun, waiting = Begun(self._data_dir / SLIPS_BEGUN), Waiting(self._data_dir / SLIPS_WAITING)
        left = waiting.entries()
        printer = SlipPrinter(lambda: factory(wanted.options), begun, waiting, Path(wanted.font), wanted.face)
        slips = SlipDesk(self._ledger, printer, automatic=wanted.automatic)
        slips.resume(left)
        return slips

    # ------------------------------------------------------------------------------------------ turns

    def run(self) -> None:
        """Turns until asked to stop."""
        poller = zmq.Poller()
        poller.register(self._door.socket, zmq.POLLIN)
        poller.register(self._pan.socket, zmq.POLLIN)
        while not self._closing:
            poller.poll(TURN_MS)
            self.turn(time.monotonic_ns())
        self.close()

    def stop(self) -> None:
        self._closing = True

    def turn(self, now_ns: int) -> None:
        """Takes what has come, in the order instruments, person, screen."""
        if self._software.turn(now_ns) and self._desk.visit is not None:
            self._desk.close(self._desk.visit)
        self._clock_watch.turn()
        self._staff.turn(now_ns)
        pan_events = self._pan.take(now_ns)
        self._zeros.take(self._pan.zero_counts, now_ns)
        for event in (*pan_events, *self._lead.take(now_ns)):
            if self._staff.waiting() is None:
                self._desk.handle(event, now_ns)
        for taken in self._photos.turn(self._desk.state(), now_ns) if self._staff.waiting() is None else ():
            self._desk.handle(taken, now_ns)
        for code in self._codes.take() if self._codes is not None else ():
            self._scans.scanned(code, now_ns)
        self._door.answer(self._obey, now_ns)
        self._lead.listen_for(self._desk.procedure)
        visit = self._desk.state()
        self._slips.follow(None if visit is None else visit.prompt)
        self._recalls.turn()
        self._stick.turn(now_ns)
        if self._stick.working:
            self._staff.stirs(now_ns)
        if self._downlink.wants_start(now_ns):
            self.stop()
        self._door.publish(self._state, now_ns)

    def _context(self) -> context.Context:
        """The appliance as a visit that begins now must know it."""
        capacity = self._calibration.capacity_g
        check = self._control.plan()
        return context.Context(
            registry=self._registry,
            weights=without(self._recalls.marked(self._weights), None if check is None else check.piece),
            on=self._today(),
            pan=None
            if capacity is None
            else context.Pan(
                max_g=Decimal(str(capacity)), calibration=self._calibration.id, outlook=self._pan.outlook
            ),
            pan_fault=self._pan.fault,
            lead_profiles=self._lead.profiles,
            confirmations=self._lead.confirmations(),
            seed=secrets.randbits(63),
            packs=self._law.packs,
            controlled=self._control.controlled(),
            check=check,
            surroundings=surroundings(self._config.pan.driver, time.monotonic_ns()),
            head=context.Head(self._ledger.head.seq, self._ledger.head.hash),
            camera=self._photos.driver,
            contacts=context.Contacts(**msgspec.structs.asdict(self._config.complaints)),
        )

    def _needs(self) -> Needs:
        """What a file from the county must fit."""
        control = self._config.control
        return Needs(self._law.packs, self._today(), "" if control is None else control.weight)

    def _note_law(self, source: str, packs: Mapping[str, str]) -> None:
        self._parameters.note(source, packs, among="law.")

    def _today(self) -> date:
        return today(self._clock, self._known_time).on

    # --------------------------------------------------------------------------------------- commands

    def _obey(self, command: messages.Command, now_ns: int) -> messages.Reply:
        refused = self._staff.refuses(command, now_ns)
        return refused if refused is not None else self._commands[type(command)](command, now_ns)

    def _answer(self, command: messages.GiveAnswer, now_ns: int) -> messages.Reply:
        self._desk.answer(command.visit, command.step, self._scans.vouched(command.answer), now_ns)
        return messages.Ok()

    def _close_visit(self, command: messages.CloseVisit, _now_ns: int) -> messages.Reply:
        self._desk.close(command.visit)
        return messages.Ok()

    def _kiosk_alive(self, _command: messages.KioskAlive, now_ns: int) -> messages.Reply:
        self._kiosk_ns = now_ns
        return messages.Ok()

    def _health(self, _command: messages.AskHealth, now_ns: int) -> messages.Reply:
        return messages.Health(tuple(examine(self._facts(now_ns))))

    def _start(self, command: messages.StartVisit, _now_ns: int) -> messages.Reply:
        why = self._software.code or self._why_none_of(command.kind)
        if why and self._desk.visit != command.visit:
            return messages.Refused(why, REFUSALS[why])
        if not self._desk.start(command.visit, command.kind, self._staff.leader(command.kind)):
            return messages.Refused("busy", "another visit is open on this appliance")
        return messages.Ok()

    def _why_none_of(self, kind: messages.VisitKind) -> str:
        return self._control.why_no_check() if kind is messages.VisitKind.CONTROL_CHECK else self._why_none()

    def _why_none(self) -> str:
        """Why no scale may be judged, empty where one may."""
        if code := self._history.code or self._law.code:
            return code
        return "" if same_law(today(self._clock, self._known_time), self._law.packs) else day.DOUBTFUL

    def _shown(self, command: messages.ShowHeld, _now_ns: int) -> messages.Reply:
        """What the county holds of this device, as it claims."""
        if self._history.show(command.text):
            self._end_if_broken()
        return messages.Ok()

    def _end_if_broken(self) -> None:
        """No visit goes on upon a broken history, nor is one resumed."""
        if self._history.code and self._desk.visit is not None:
            self._desk.close(self._desk.visit)

    # ------------------------------------------------------------------------------------------ state

    def _state(self, now_ns: int) -> State:
        visit = self._desk.state()
        standing = self._staff.standing(visit, now_ns)
        return State(
            at=self._clock.now().isoformat(timespec="seconds"),
            clock=self._clock.quality(),
            pan=self._pan.state(hidden=visit is not None and _blind(visit.prompt)),
            lead=self._lead.state(),
            county=msgspec.structs.replace(
                self._delivery.state(), **({"problem": self._history.code} if self._history.code else {})
            ),
            parts=self._parts(now_ns),
            visit=standing.visit,
            device=self._config.device.id,
            simulated=self._config.pan.driver == "simulated",
            control=self._control.status(),
            scan=self._scans.seen(now_ns),
            printer=self._slips.status(now_ns),
            calibration=self._calibration_card,
            person=standing.person,
            sign_in=standing.sign_in,
            may=standing.may,
            registered=standing.registered,
            screen=messages.ScreenState(self._screen.language, self._screen.idle_s),
            files=self._downlink.state(),
            stick=self._stick.state(now_ns),
        )

    def _parts(self, now_ns: int) -> tuple[PartState, ...]:
        def gone(heard_ns: int | None, after_ns: int) -> str:
            return "silent" if heard_ns is None or now_ns - heard_ns > after_ns else ""

        return (
            PartState("sampler", "silent" if self._pan.sampler_silent else ""),
            PartState("pan", NOT_EMPTY if self._pan.not_empty else "unfit" if self._pan.unfit else ""),
            PartState(
                "uploader",
                "" if self._config.county is None else gone(self._delivery.heard_ns, UPLOADER_GONE_NS),
            ),
            PartState("kiosk", gone(self._kiosk_ns, KIOSK_GONE_NS)),
            *([PartState("software", "falsified")] if self._software.code else []),
            *self._peripherals(now_ns),
        )

    def _peripherals(self, now_ns: int) -> Iterator[PartState]:
        """The scanner and the printer, where they are configured."""
        if self._codes is not None:
            yield PartState("scanner", "unplugged" if self._codes.lost else "")
        elif self._config.scanner is not None:
            yield PartState("scanner", "faulty")
        printer = self._slips.status(now_ns)
        if printer is not None:
            yield PartState("printer", "" if printer.ready else printer.trouble)

    def _facts(self, now_ns: int) -> Facts:
        return Facts(
            state=self._state(now_ns),
            weights=self._recalls.marked(self._weights),
            calibration=self._calibration,
            free_bytes=shutil.disk_usage(self._data_dir).free,
            today=self._today(),
            zero_shift=self._zeros.shift,
            people_unreadable=self._staff.book.unreadable,
            law=self._law.counted,
            law_missing=tuple(f"{each.pack} version {each.version}" for each in self._law.missing),
        )

    def close(self) -> None:
        """Leaves everything on disk and the sockets free."""
        self._lead.close()
        if self._codes is not None:
            self._codes.close()
        self._slips.close()
        self._photos.close()
        self._pan.close()
        self._door.close()
        self._staff.close()
        self._recalls.close()
        self._ledger.close()


def _blind(prompt: Prompt) -> bool:
    """Whether a figure is asked for that must not be moved by ours."""
    return isinstance(prompt, PutGoods) or (isinstance(prompt, Page) and prompt.blind)


def run(loaded: Loaded) -> None:
    """Runs the core until SIGTERM or SIGINT."""
    core = Core(loaded)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        core.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with contextlib.suppress(zmq.ContextTerminated):
        core.run()
