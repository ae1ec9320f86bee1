"""The core process: the one place that puts the parts together.

It owns the ledger, the keys, the calibration, the rules and the scale ports. One thread does everything
but reading the scale's line; each turn takes what the sockets hold, moves the visit on and publishes.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from datetime import date
from types import FrameType

import zmq

from firmware_app import parts
from firmware_app.ledger.home import LedgerHome
from firmware_app.ledger.store import StoreFailed
from firmware_app.procedures.events import LineSilent
from firmware_app.procedures.prompts import PutGoods
from firmware_app.procedures.self_check import Context
from firmware_app.registry.registry import Registry
from firmware_app.registry.registry import load as load_registry
from firmware_app.service import messages
from firmware_app.service.clock import SystemClock
from firmware_app.service.config import Loaded
from firmware_app.service.health import Facts, examine
from firmware_app.service.identity import software_hash
from firmware_app.service.lead import Lead
from firmware_app.service.messages import PartState, State
from firmware_app.service.pan import Pan
from firmware_app.service.visits import VisitDesk
from firmware_app.standards.weights import WeightSets
from firmware_app.standards.weights import load as load_weights
from firmware_app.weighing.calibration import load as load_calibration

TURN_MS = 50
PUBLISH_NS = 100_000_000
SILENT_LINE_NS = 1_000_000_000
KIOSK_GONE_NS = 5_000_000_000
UPLOADER_GONE_NS = 15_000_000_000
MAX_COMMANDS = 100


class Core:
    """All parts of the legally relevant program, and the turn that moves them."""

    def __init__(self, loaded: Loaded) -> None:
        config = loaded.config
        self._config = config
        self._clock = SystemClock(config.device.time_zone)
        self._home = LedgerHome(
            loaded.data_dir, device=config.device.id, clock=self._clock, software=software_hash()
        )
        self._ledger = self._home.open()
        self._registry: Registry = load_registry(loaded.resolve(config.registry))
        self._weights: WeightSets = load_weights(loaded.resolve(config.weights))
        calibration = load_calibration(loaded.resolve(config.pan.calibration))
        self._pan = Pan(loaded.run_dir, calibration, config.pan.rate_hz)
        self._lead = self._open_lead()
        self._delivery = messages.ReportDelivery(reachable=False, problem="")
        self._uploader_ns: int | None = None
        self._kiosk_ns: int | None = None
        self._line_told_ns = 0
        self._published: tuple[int, State] | None = None
        self._closing = False
        context = zmq.Context.instance()
        self._router: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        self._publisher: zmq.Socket[bytes] = context.socket(zmq.PUB)
        for socket, name in ((self._router, messages.CORE_SOCKET), (self._publisher, messages.STATE_SOCKET)):
            socket.setsockopt(zmq.LINGER, 0)
            socket.bind(messages.endpoint(loaded.run_dir, name))
        self._router.setsockopt(zmq.MAXMSGSIZE, messages.MAX_BYTES)
        self._note_start(loaded)
        self._desk = VisitDesk(self._ledger, self._context, self._home.slip_text)
        self._desk.settle(time.monotonic_ns())
        self._listen_for()

    def _note_start(self, loaded: Loaded) -> None:
        """The audit trail's first line of every run (OIML D 31:2023 6.2.3.6)."""
        facts = {
            "configuration_sha256": loaded.sha256,
            "calibration": self._pan.calibration.id,
            "driver": loaded.config.pan.driver,
        }
        # With a full disk the screen must still come up to say so; judging is refused at the save.
        with contextlib.suppress(StoreFailed):
            self._ledger.append("start", facts)

    def _open_lead(self) -> Lead | None:
        wanted = self._config.lead
        if wanted is None:
            return None
        open_transport = parts.factory("steelyard.scale_transport", wanted.transport)
        profiles = parts.factory("steelyard.scale_profiles", "builtin")()
        return Lead(open_transport(wanted.options), profiles)

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
        for event in self._pan.take(now_ns):
            self._desk.handle(event, now_ns)
        self._take_lead(now_ns)
        for _ in range(MAX_COMMANDS):
            try:
                frames = self._router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._reply(frames, now_ns)
        self._listen_for()
        self._publish(now_ns)

    def _take_lead(self, now_ns: int) -> None:
        if self._lead is None:
            return
        for indication in self._lead.take(now_ns):
            self._desk.handle(indication, now_ns)
        if self._lead.silent and now_ns - self._line_told_ns >= SILENT_LINE_NS:
            self._line_told_ns = now_ns
            self._desk.handle(LineSilent(), now_ns)

    def _listen_for(self) -> None:
        """Sets the lead to the protocol of the scale that is being checked."""
        if self._lead is None:
            return
        procedure = self._desk.procedure
        scale = None if procedure is None else procedure.scale
        profile = (self._config.lead.profile if self._config.lead else "") or (scale.profile if scale else "")
        self._lead.use(profile or None)

    def _context(self, visit: str) -> Context:
        return Context(
            registry=self._registry,
            weights=self._weights,
            on=self._today(),
            pan=self._pan.calibration,
            lead=self._lead is not None,
            seed=visit,
        )

    def _today(self) -> date:
        return self._clock.now().date()

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
                if not self._desk.start(visit, kind):
                    return messages.Refused("busy", "another visit is open on this appliance")
            case messages.GiveAnswer(visit=visit, step=step, answer=answer):
                self._desk.answer(visit, step, answer, now_ns)
            case messages.CloseVisit(visit=visit):
                self._desk.close(visit)
            case messages.ReadEntries(after=after, limit=limit):
                self._uploader_ns = now_ns
                return self._entries(after, limit)
            case messages.KeepReceipt(receipt=receipt):
                return self._keep_receipt(receipt)
            case messages.ReportDelivery():
                self._uploader_ns = now_ns
                self._delivery = command
            case messages.KioskAlive():
                self._kiosk_ns = now_ns
            case messages.AskHealth():
                return messages.Health(tuple(examine(self._facts(now_ns))))
        return messages.Ok()

    def _entries(self, after: int, limit: int) -> messages.Reply:
        rows = self._ledger.entries(after=max(0, after), limit=min(max(1, limit), 500))
        return messages.Entries(
            jws=tuple(row.jws for row in rows),
            first_seq=rows[0].seq if rows else after + 1,
            received=self._ledger.receipted,
        )

    def _keep_receipt(self, receipt: str) -> messages.Reply:
        try:
            self._home.keep_receipt(self._ledger, receipt)
        except StoreFailed as error:
            return messages.Refused(error.code, str(error))
        return messages.Ok()

    # ------------------------------------------------------------------------------------------ state

    def _publish(self, now_ns: int) -> None:
        state = self._state(now_ns)
        if self._published is not None:
            at_ns, last = self._published
            due = now_ns - at_ns >= (PUBLISH_NS if state != last else 10 * PUBLISH_NS)
            if not due:
                return
        self._published = (now_ns, state)
        self._publisher.send(messages.encode(state))

    def _state(self, now_ns: int) -> State:
        visit = self._desk.state()
        head, receipted = self._ledger.head_seq, self._ledger.receipted
        return State(
            at=self._clock.now().isoformat(timespec="seconds"),
            clock=self._clock.quality(),
            pan=self._pan.state(hidden=visit is not None and isinstance(visit.prompt, PutGoods)),
            lead=messages.LeadState(state="absent") if self._lead is None else self._lead.state(),
            county=messages.CountyState(
                reachable=None if self._uploader_ns is None else self._delivery.reachable,
                unsent=head - receipted,
                last_entry=head,
                received=receipted,
                problem=self._delivery.problem,
            ),
            parts=self._parts(now_ns),
            visit=visit,
            device=self._config.device.id,
            simulated=self._config.pan.driver == "simulated",
        )

    def _parts(self, now_ns: int) -> tuple[PartState, ...]:
        def gone(heard_ns: int | None, after_ns: int) -> str:
            return "silent" if heard_ns is None or now_ns - heard_ns > after_ns else ""

        return (
            PartState("sampler", "silent" if self._pan.sampler_silent else ""),
            PartState(
                "uploader", "" if self._config.county is None else gone(self._uploader_ns, UPLOADER_GONE_NS)
            ),
            PartState("kiosk", gone(self._kiosk_ns, KIOSK_GONE_NS)),
        )

    def _facts(self, now_ns: int) -> Facts:
        return Facts(
            state=self._state(now_ns),
            weights=self._weights,
            calibration=self._pan.calibration,
            free_bytes=shutil.disk_usage(self._home.path).free,
            today=self._today(),
        )

    def close(self) -> None:
        """Leaves everything on disk and the sockets free."""
        if self._lead is not None:
            self._lead.close()
        self._pan.close()
        self._router.close()
        self._publisher.close()
        self._ledger.close()


def run(loaded: Loaded) -> None:
    """Runs the core until SIGTERM or SIGINT."""
    core = Core(loaded)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        core.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with contextlib.suppress(zmq.ContextTerminated):
        core.run()
