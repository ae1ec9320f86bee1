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
from collections.abc import Iterator
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
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import device_signer, open_ledger
from firmware_app.ledger.known_time import KnownTime
from firmware_app.procedures import context
from firmware_app.procedures.events import LineSilent
from firmware_app.procedures.prompts import PutGoods
from firmware_app.registry.confirmations import BadConfirmations, load_confirmations
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import builtin_packs, pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service import day, history, messages, software_watch
from firmware_app.service.calibration_card import card
from firmware_app.service.clock import SystemClock
from firmware_app.service.clock_watch import ClockWatch
from firmware_app.service.config import Lead as LeadConfig
from firmware_app.service.config import Loaded
from firmware_app.service.control import WORDS, PanControl, find_piece, without
from firmware_app.service.day import same_law, today
from firmware_app.service.delivery import DeliveryDesk
from firmware_app.service.health import Facts, examine
from firmware_app.service.history import HistoryWatch
from firmware_app.service.identity import measured_software, software_hash
from firmware_app.service.lead import Lead
from firmware_app.service.lead_line import LeadLine, line_for, open_line, refuse_wrong_pair
from firmware_app.service.messages import PartState, State
from firmware_app.service.pan import NOT_EMPTY, Pan
from firmware_app.service.parameters import ParameterTrail, confirmed, parameters
from firmware_app.service.printing import Begun, SlipPrinter, Waiting
from firmware_app.service.scanner import Codes
from firmware_app.service.scans import ScanDesk
from firmware_app.service.slips import SlipDesk
from firmware_app.service.software_watch import SoftwareWatch
from firmware_app.service.visits import VisitDesk
from firmware_app.service.zero_book import ZeroBook
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.calibration import Calibration
from hardware.scale.confirm import Confirmation
from hardware.scale.contract import ProfileInfo, Profiles
from hardware.scanner_contract import DriverUnavailable, ScannerError

TURN_MS = 50
PUBLISH_NS = 100_000_000
REPEAT_NS = 1_000_000_000
SILENT_LINE_NS = 1_000_000_000
KIOSK_GONE_NS = 5_000_000_000
UPLOADER_GONE_NS = 15_000_000_000
MAX_COMMANDS = 100
REFUSALS = {
    **WORDS,
    software_watch.FALSIFIED: software_watch.WORDS,
    history.BROKEN: history.WORDS,
    day.DOUBTFUL: day.WORDS,
}
SLIPS_BEGUN, SLIPS_WAITING = "slips-begun", "slips-waiting"
"""In the data directory: the entries of which a slip has begun to come out, and those whose slip has not."""


class PartFailed(SteelyardError):
    """A part that the configuration names cannot be used on this machine; the message says why."""


class Core:
    """All parts of the legally relevant program, and the turn that moves them."""

    def __init__(self, loaded: Loaded) -> None:
        config = loaded.config
        self._config = config
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
        self._known_time = KnownTime(self._ledger)
        self._registry = load_registry(loaded.resolve(config.registry))
        self._weights = load_weights(
            loaded.resolve(config.weights), pack_in_force(WeightsPack, self._today())
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
        self._control = self._open_control()
        self._pan = Pan(loaded.run_dir, self._calibration, config.pan.rate_hz)
        self._zeros = ZeroBook(loaded.data_dir, self._calibration, lambda: self._clock.now().isoformat())
        self._shelf: Profiles | None = None
        self._infos: dict[str, ProfileInfo] = {}
        self._line: LeadLine | None = None
        self._lead, self._profiles = self._open_lead()
        self._codes = self._open_scanner()
        self._slips = self._open_printer()
        self._delivery = DeliveryDesk(self._ledger, self._clock)
        self._kiosk_ns: int | None = None
        self._line_told_ns = 0
        self._published_ns = 0
        self._published: State | None = None
        self._closing = False
        self._router = _bound(loaded, zmq.ROUTER, messages.CORE_SOCKET)
        self._publisher = _bound(loaded, zmq.PUB, messages.STATE_SOCKET)
        self._note_start(loaded)
        self._desk = VisitDesk(self._ledger, self._context, self._ledger.slip_text)
        self._end_if_broken()
        layouts = [each.layout() for each in config.scanner.labels] if config.scanner is not None else []
        self._scans = ScanDesk(self._desk, self._registry, layouts)
        self._listen_for()

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
            self._parameters.note(
                "files read at the start", {**parameters(loaded), **confirmed(self._data_dir)}
            )
            if differs(known, self._calibration_values):
                self._ledger.append(CALIBRATION_CHANGED, change(known, self._calibration_values))
            self._ledger.append("start", facts)
            self._history.after_start()

    def _open_control(self) -> PanControl:
        """The control of the pan as the record tells it; raises NoSuchWeight."""
        wanted = self._config.control
        return PanControl(
            self._ledger,
            self._clock,
            piece=None if wanted is None else find_piece(self._weights, wanted.weight),
            every_h=0.0 if wanted is None else wanted.every_h,
            calibration=self._calibration.id,
            resolution_g=self._calibration.resolution_g,
        )

    def _open_lead(self) -> tuple[Lead | None, dict[str, str]]:
        """The lead, and the protocols it can be read by with their versions; none if none is configured."""
        wanted = self._config.lead
        if wanted is None:
            return None, {}
        shelf: Profiles = parts.factory("steelyard.scale_profiles", "builtin")()
        self._shelf = shelf
        self._infos = {profile.id: profile for profile in shelf.list()}
        fixed = self._infos.get(wanted.profile)
        if fixed is not None:
            refuse_wrong_pair(wanted.transport, fixed)
        line = line_for(wanted, fixed)
        assert line is not None
        return self._new_lead(line), {info.id: info.version for info in self._infos.values()}

    def _new_lead(self, line: LeadLine) -> Lead:
        assert self._shelf is not None
        self._line = line
        return Lead(open_line(line), self._shelf)

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
        poller.register(self._router, zmq.POLLIN)
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
        pan_events = self._pan.take(now_ns)
        self._zeros.take(self._pan.zero_counts, now_ns)
        for event in pan_events:
            self._desk.handle(event, now_ns)
        self._take_lead(now_ns)
        for code in self._codes.take() if self._codes is not None else ():
            self._scans.scanned(code, now_ns)
        for _ in range(MAX_COMMANDS):
            try:
                frames = self._router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._reply(frames, now_ns)
        self._listen_for()
        visit = self._desk.state()
        self._slips.follow(None if visit is None else visit.prompt)
        self._publish(now_ns)

    def _take_lead(self, now_ns: int) -> None:
        if self._lead is None:
            return
        for indication in self._lead.take(now_ns):
            self._desk.handle(indication, now_ns)
        if self._lead.silent(now_ns) and now_ns - self._line_told_ns >= SILENT_LINE_NS:
            self._line_told_ns = now_ns
            self._desk.handle(LineSilent(), now_ns)

    def _listen_for(self) -> None:
        """Sets the lead to the protocol of the scale that is being checked."""
        if self._lead is None or self._config.lead is None:
            return
        procedure = self._desk.procedure
        scale = None if procedure is None else procedure.scale
        wanted = self._config.lead.profile or (scale.profile if scale is not None else "")
        if procedure is not None and scale is not None:
            readable = self._set_line(self._config.lead, self._infos.get(wanted), procedure.confirmed)
            wanted = wanted if readable else ""
        self._lead.use(wanted if wanted in self._profiles else None)

    def _set_line(
        self, configured: LeadConfig, info: ProfileInfo | None, confirmed: Confirmation | None
    ) -> bool:
        """Reads by the line that this protocol needs, set as confirmed; False where none can be had."""
        line = line_for(configured, info, confirmed)
        if line is not None and line != self._line and self._lead is not None:
            self._lead.close()
            self._lead = self._new_lead(line)
        return line is not None

    def _context(self) -> context.Context:
        """The appliance as a visit that begins now must know it."""
        capacity = self._calibration.capacity_g
        check = self._control.plan()
        return context.Context(
            registry=self._registry,
            weights=without(self._weights, None if check is None else check.piece),
            on=self._today(),
            pan=None
            if capacity is None
            else context.Pan(
                max_g=Decimal(str(capacity)), calibration=self._calibration.id, outlook=self._pan.outlook
            ),
            pan_fault=self._pan.fault,
            lead_profiles=tuple(self._profiles),
            confirmations=self._confirmations(),
            seed=secrets.randbits(63),
            controlled=self._control.controlled(),
            check=check,
        )

    def _confirmations(self) -> tuple[Confirmation, ...]:
        """What operators have confirmed, of the very versions that the lead is decoded by."""
        # A confirmation may come while the program runs; the trail has it before it is used.
        with contextlib.suppress(StoreFailed, OSError):
            self._parameters.note(
                "confirmed at the terminal", confirmed(self._data_dir), among="confirmations."
            )
        try:
            known = load_confirmations(self._data_dir)
        except BadConfirmations as error:
            # Figures are then typed; the trail says why.
            with contextlib.suppress(StoreFailed):
                self._ledger.append("confirmations_unreadable", {"why": str(error)[:200]})
            return ()
        return tuple(each for each in known if self._profiles.get(each.profile) == each.version)

    def _today(self) -> date:
        return today(self._clock, self._known_time).on

    # --------------------------------------------------------------------------------------- commands

    def _reply(self, frames: list[bytes], now_ns: int) -> None:
        if len(frames) != 3:
            return
        sender, request, body = frames
        try:
            reply = self._obey(messages.decode_command(body), now_ns)
        except messages.BadMessage as error:
            reply = messages.Refused("bad_message", str(error))
        self._router.send_multipart([sender, request, messages.encode(reply)])

    def _obey(self, command: messages.Command, now_ns: int) -> messages.Reply:
        match command:
            case messages.StartVisit(visit=visit, kind=kind):
                return self._start(visit, kind)
            case messages.GiveAnswer(visit=visit, step=step, answer=answer):
                self._desk.answer(visit, step, self._scans.vouched(answer), now_ns)
            case messages.CloseVisit(visit=visit):
                self._desk.close(visit)
            case messages.ShowHeld(text=text):
                return self._shown(text)
            case messages.PrintSlip() | messages.CancelSlip():
                return self._slips.obey(command)
            case (
                messages.ReadEntries()
                | messages.KeepReceipt()
                | messages.ReportDelivery()
                | messages.ShelveEntry()
                | messages.NoteRead()
                | messages.SignBundle()
            ):
                return self._delivery.obey(command, now_ns)
            case messages.KioskAlive():
                self._kiosk_ns = now_ns
            case messages.AskHealth():
                return messages.Health(tuple(examine(self._facts(now_ns))))
        return messages.Ok()

    def _start(self, visit: str, kind: messages.VisitKind) -> messages.Reply:
        why = self._software.code or self._why_none_of(kind)
        if why and self._desk.visit != visit:
            return messages.Refused(why, REFUSALS[why])
        if not self._desk.start(visit, kind):
            return messages.Refused("busy", "another visit is open on this appliance")
        return messages.Ok()

    def _why_none_of(self, kind: messages.VisitKind) -> str:
        return self._control.why_no_check() if kind is messages.VisitKind.CONTROL_CHECK else self._why_none()

    def _why_none(self) -> str:
        """Why no scale may be judged, empty where one may."""
        if self._history.code:
            return self._history.code
        return "" if same_law(today(self._clock, self._known_time), builtin_packs()) else day.DOUBTFUL

    def _shown(self, text: str) -> messages.Reply:
        """What the county holds of this device, as it claims."""
        if self._history.show(text):
            self._end_if_broken()
        return messages.Ok()

    def _end_if_broken(self) -> None:
        """No visit goes on upon a broken history, nor is one resumed."""
        if self._history.code and self._desk.visit is not None:
            self._desk.close(self._desk.visit)

    # ------------------------------------------------------------------------------------------ state

    def _publish(self, now_ns: int) -> None:
        """Ten times a second where something changed, once a second where nothing did."""
        since_ns = now_ns - self._published_ns
        if since_ns < PUBLISH_NS:
            return
        state = self._state(now_ns)
        if state != self._published or since_ns >= REPEAT_NS:
            self._published, self._published_ns = state, now_ns
            self._publisher.send(messages.encode(state))

    def _state(self, now_ns: int) -> State:
        visit = self._desk.state()
        return State(
            at=self._clock.now().isoformat(timespec="seconds"),
            clock=self._clock.quality(),
            pan=self._pan.state(hidden=visit is not None and isinstance(visit.prompt, PutGoods)),
            lead=messages.LeadState(state="absent") if self._lead is None else self._lead.state(),
            county=msgspec.structs.replace(
                self._delivery.state(), **({"problem": self._history.code} if self._history.code else {})
            ),
            parts=self._parts(now_ns),
            visit=visit,
            device=self._config.device.id,
            simulated=self._config.pan.driver == "simulated",
            control=self._control.status(),
            scan=self._scans.seen(now_ns),
            printer=self._slips.status(now_ns),
            calibration=self._calibration_card,
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
            weights=self._weights,
            calibration=self._calibration,
            free_bytes=shutil.disk_usage(self._data_dir).free,
            today=self._today(),
            zero_shift=self._zeros.shift,
        )

    def close(self) -> None:
        """Leaves everything on disk and the sockets free."""
        if self._lead is not None:
            self._lead.close()
        if self._codes is not None:
            self._codes.close()
        self._slips.close()
        self._pan.close()
        self._router.close()
        self._publisher.close()
        self._ledger.close()


def _bound(loaded: Loaded, kind: int, name: str) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(kind)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.MAXMSGSIZE, messages.MAX_BYTES)
    socket.bind(messages.endpoint(loaded.run_dir, name))
    return socket


def run(loaded: Loaded) -> None:
    """Runs the core until SIGTERM or SIGINT."""
    core = Core(loaded)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        core.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with contextlib.suppress(zmq.ContextTerminated):
        core.run()
