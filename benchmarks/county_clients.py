"""Simulated devices for the county's benchmarks: real keys and signatures, no appliance around them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

from firmware_app.ledger.chain import EMPTY
from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.county.contract import EnrolRequest, enrol_proof
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.signing.signer import SoftwareKey

BODY = {"verdict": "conforms", "scale": {"serial": "S-1"}, "loads": ["x" * 200] * 8}
"""An entry of about 2.7 kB, like in benchmarks/ledger.py; `county_bodies` has those that visits leave."""


class SimulatedDevice:
    """A device with a chain of ``entries`` signed entries. ``bodies``: of its self-checks."""

    def __init__(self, name: str, entries: int, bodies: Iterator[object] | None = None) -> None:
        self.name = name
        self._bodies = bodies or itertools.repeat(BODY)
        self.key = SoftwareKey.generate()
        self.lines: list[str] = []
        self._prev = EMPTY.hash
        self._append("genesis", {"jwk": self.key.public_jwk})
        while len(self.lines) < entries:
            self.check()

    def check(self) -> str:
        """One self-check more."""
        return self._append("self_check", next(self._bodies))

    def _append(self, kind: str, body: object) -> str:
        stamp = Stamp(
            at="2026-03-01T08:00:00+08:00",
            clock=ClockQuality.SYNCHRONISED,
            boot="b",
            uptime_ns=len(self.lines),
        )
        entry = make_entry(
            self.key, device=self.name, seq=len(self.lines) + 1, prev=self._prev, stamp=stamp, software="00",
            kind=kind, body=body,
        )  # fmt: skip
        self._prev = entry.hash
        self.lines.append(entry.jws)
        return entry.jws

    def request(self, token: str) -> EnrolRequest:
        """What the device joins with."""
        return EnrolRequest(
            token=token,
            device=self.name,
            jwk=self.key.public_jwk,
            proof=enrol_proof(self.key, self.name, token),
        )


def timed(act: Callable[[], object], times: int) -> list[float]:
    """Seconds that each of ``times`` calls took."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return taken
