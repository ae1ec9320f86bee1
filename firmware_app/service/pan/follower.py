"""The appliance's own pan as the core sees it: the sampler's socket in, readings and faults out."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import msgspec
import zmq

from firmware_app.quantity import plain
from firmware_app.service.messages import PAN, PanState, endpoint
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.outlook import Outlook
from firmware_app.weighing.reading import PanEvent, PanFault, Reading
from firmware_app.weighing.waiting import Refusal
from hardware.loadcell.contract import BridgeInfo, Fault, decode

SILENT_AFTER_NS = 2_500_000_000
"""The sampler repeats its BridgeInfo every second; two missed ones and it is gone."""

MAX_MESSAGES = 1000
"""Taken from the socket at one go, so that a flood cannot starve the rest of the core."""


NOT_EMPTY = "not_empty"
"""Code of a pan that was loaded when it was switched on, and has no zero before it is emptied."""


class Pan:
    """Follows one sampler through its restarts."""

    def __init__(self, run_dir: Path, calibration: Calibration, nominal_rate_hz: float) -> None:
        self.calibration = calibration
        self._instrument = Instrument(calibration, nominal_rate_hz)
        self._session: str | None = None
        self._heard_ns: int | None = None
        self._silent = False
        self._unfit = ""
        self._latest: Reading | None = None
        self._fault: Fault | None = Fault.SILENT
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.SUBSCRIBE, b"")
        self.socket.setsockopt(zmq.RCVHWM, 2 * MAX_MESSAGES)
        self.socket.connect(endpoint(run_dir, f"loadcell-{PAN}.ipc"))

    def take(self, now_ns: int) -> list[PanEvent]:
        """Everything the sampler has sent since the last call, weighed."""
        events: list[PanEvent] = []
        for _ in range(MAX_MESSAGES):
            try:
                data = self.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                message = decode(data)
            except msgspec.DecodeError:
                continue  # not from our sampler; its silence will be told soon enough
            self._heard_ns = now_ns
            self._silent = False
            if isinstance(message, BridgeInfo):
                self._session = message.session
                self._unfit = message.unfit
                events += self._instrument.restart(message)
            elif self._session is not None:
                events += self._instrument.feed(message)
        events += self._instrument.tick(now_ns)
        events += self._silence(now_ns)
        for event in events:
            self._note(event)
        return events

    def _silence(self, now_ns: int) -> list[PanEvent]:
        if self._heard_ns is None:
            self._heard_ns = now_ns
        if self._silent or now_ns - self._heard_ns < SILENT_AFTER_NS:
            return []
        self._silent = True
        self._session = None
        return [PanFault(at_ns=now_ns, fault=Fault.SILENT, lasting=True)]

    def _note(self, event: PanEvent) -> None:
        if isinstance(event, Reading):
            self._latest = event
            self._fault = None
        elif event.lasting:
            self._latest = None
            self._fault = event.fault

    @property
    def zero_counts(self) -> float | None:
        """The zero in use; None while there is none."""
        zero = self._instrument.zero
        return None if zero is None else zero.counts

    @property
    def outlook(self) -> Outlook:
        """What the pan will know of a load, by the noise that it has now."""
        terms = self._instrument.terms
        noise_g = 0.0 if terms is None else terms.noise
        return Outlook(calibration=self.calibration, difference=self._instrument.difference, noise_g=noise_g)

    @property
    def fault(self) -> Fault | None:
        """The lasting fault, None while readings come."""
        return self._fault

    @property
    def unfit(self) -> str:
        """Why no verdict may rest on the pan, in the driver's words; empty where one may."""
        return self._unfit

    @property
    def not_empty(self) -> bool:
        """Whether it waits to be emptied: what lay on it when it was switched on cannot be its zero."""
        waits = self._instrument.missing_zero is Refusal.OUT_OF_RANGE
        return waits and self._fault is Fault.SETTLING

    @property
    def sampler_silent(self) -> bool:
        return self._silent

    def state(self, *, hidden: bool) -> PanState:
        """What a screen may show; ``hidden`` while a blind figure is asked for."""
        reading = self._latest
        return PanState(
            mass_g=None if reading is None or hidden else self.shown(reading),
            stable=reading is not None and reading.stable,
            why_not=self._why_not(reading),
            fault=self._fault,
            hidden=hidden,
            unfit=self._unfit,
        )

    def _why_not(self, reading: Reading | None) -> str | None:
        if reading is None:
            return NOT_EMPTY if self.not_empty else None
        return None if reading.why_not is None else reading.why_not.value

    def shown(self, reading: Reading) -> str:
        """The mass as displayed: rounded to the display interval, without a negative zero."""
        step = Decimal(str(self.calibration.resolution_g))
        steps = (Decimal(repr(reading.mass.value)) / step).quantize(Decimal(1), ROUND_HALF_EVEN)
        return plain(steps * step + Decimal(0))

    def close(self) -> None:
        self.socket.close()
