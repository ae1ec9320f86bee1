"""Plugs pulled, power cut, brown-outs, wrong rates and parities on a pty: nothing wrong, nothing stale.

Every cycle has a load of its own, so a value of an earlier one, or one made of two torn frames, gives itself
away. About seven mishaps in ten are unplugging, a new device number, a wrong rate or a wrong parity:
`pytest -m slow tests/hardware_scale/test_hardware_scale_replug.py -s` runs a thousand of those.
"""

from __future__ import annotations

import os
import random
import time
import tty
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hardware_scale_uart import heard_as_8n1

from hardware.scale.contract import Indication, LineState
from hardware.scale.port import SerialOptions, SerialPort
from hardware.scale.profile import builtin_profiles
from hardware.scale.stream import Stream

SHELF = builtin_profiles()
PATIENCE_S = 8.0
STEP_S = 0.01
FRAMES = 5
"""Frames of a load that must be read: enough to learn the period from, so that silence is told early."""


def yaohua(grams: int) -> bytes:
    body = b"+%06d3" % grams
    check = 0
    for byte in body:
        check ^= byte
    return b"\x02" + body + b"%02X" % check + b"\x03"


def st_gs(grams: int) -> bytes:
    return b"ST,GS,+%03d.%03dkg\r\n" % divmod(grams, 1000)


def toledo(grams: int) -> bytes:
    body = b"\x02\x35\x30\x20%06d000000\r" % grams
    return body + bytes([-sum(body) & 0x7F])


PROTOCOLS: dict[str, Callable[[int], bytes]] = {
    "yaohua-tf0": yaohua,
    "and-st-gs": st_gs,
    "toledo-continuous": toledo,
}


class Rig:
    """A scale at one end of a pty, the appliance's port and stream at the other, and what was said."""

    def __init__(self, path: Path, profile: str, rng: random.Random) -> None:
        self.path = path
        self.rng = rng
        self.encode = PROTOCOLS[profile]
        self.old: list[int] = []
        self.plug()
        self.port = SerialPort(SerialOptions(port=str(path)), rng=rng)
        self.stream = Stream(SHELF.decoder(profile))
        self.state = LineState.OPEN
        self.said: list[Indication] = []

    def plug(self) -> None:
        self.near, self.far = os.openpty()
        tty.setraw(self.far)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self.far))

    def pull(self) -> None:
        self.path.unlink()
        for end in (self.near, self.far):
            os.close(end)

    def repoint(self) -> None:
        """The adapter comes back under another number while the old one stays open and silent."""
        self.old += [self.near, self.far]
        self.plug()

    def send(self, data: bytes) -> None:
        os.write(self.near, data)

    def listen(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> bool:
        until = time.monotonic() + seconds
        while True:
            data = self.port.read(STEP_S)
            if self.port.state is not self.state:
                self.state = self.port.state
                self.stream.lost()
            self.said += self.stream.heard(data, time.monotonic_ns())
            if enough():
                return True
            if time.monotonic() >= until:
                return False

    def now(self) -> Indication | None:
        return self.stream.current(time.monotonic_ns())

    def close(self) -> None:
        self.port.close()
        for end in (self.near, self.far, *self.old):
            os.close(end)


def pulled(rig: Rig, other: bytes) -> None:
    """The plug is pulled in the middle of a frame: at once there is no value."""
    rig.send(other[: rig.rng.randrange(len(other))])
    if rig.rng.random() < 0.5:
        rig.listen(0)
    rig.pull()
    assert rig.listen(PATIENCE_S, lambda: rig.state is LineState.LOST)
    assert rig.now() is None
    rig.plug()


def power_cut(rig: Rig, other: bytes) -> None:
    """The scale goes off in the middle of a frame: after five periods there is no value."""
    rig.send(other[: rig.rng.randrange(len(other))])
    assert rig.listen(PATIENCE_S, lambda: rig.now() is None)


def brown_out(rig: Rig, other: bytes) -> None:
    """Half a frame, noise as supply and line driver collapse, and the scale starts anew."""
    noise = bytes(rig.rng.randrange(256) for _ in range(rig.rng.randrange(24)))
    rig.send(other[: rig.rng.randrange(len(other))] + b"\0" * rig.rng.randrange(3) + noise)


def hub_restart(rig: Rig, other: bytes) -> None:
    """The adapter is back under another number; the old one says nothing and does not hang up."""
    rig.send(other[: rig.rng.randrange(len(other))])
    rig.repoint()
    assert rig.listen(PATIENCE_S, lambda: rig.state is LineState.LOST)
    assert rig.now() is None


def wrong_rate(rig: Rig, other: bytes) -> None:
    """The scale sends at another rate than the port listens at: garbage, never a value."""
    rate = rig.rng.choice([1200, 2400, 4800, 7200, 14400, 19200, 38400, 57600])
    rig.send(heard_as_8n1(other * 8, "8N1", rate, 9600))
    assert rig.listen(PATIENCE_S, lambda: rig.now() is None)


def wrong_parity(rig: Rig, other: bytes) -> None:
    """The scale sends 7O1 and the port is set to 8N1: no byte is masked in silence."""
    rig.send(heard_as_8n1(other * 4, "7O1"))
    assert rig.listen(PATIENCE_S, lambda: rig.now() is None)


MISHAPS = (pulled, power_cut, brown_out, hub_restart, wrong_rate, wrong_parity)


def run(tmp_path: Path, profile: str, cycles: int, seed: int) -> Counter[str]:
    """Cycles of a load that must be read and a mishap that must leave nothing behind."""
    rig = Rig(tmp_path / "tty", profile, random.Random(seed))
    counted: Counter[str] = Counter()
    try:
        for cycle in range(cycles):
            grams = 100_000 + cycle * 7
            due = Decimal(grams) / 1000
            rig.said.clear()
            assert rig.listen(PATIENCE_S, lambda: rig.state is LineState.OPEN), f"cycle {cycle}: not back"

            def right(due: Decimal = due) -> bool:
                return sum(one.value == due for one in rig.said) >= FRAMES

            for _ in range(400):
                rig.send(rig.encode(grams))
                if rig.listen(STEP_S, right):
                    break
            assert right(), f"cycle {cycle}: {due} is not read"
            counted["indications"] += len(rig.said)
            assert {one.value for one in rig.said} == {due}, f"cycle {cycle}: {due}, said {rig.said}"
            now = rig.now()
            assert now is None or now.value == due
            mishap = rig.rng.choice(MISHAPS)
            counted[mishap.__name__] += 1
            # What is torn, or sent at a wrong rate, speaks of a load that is never on: it must not be heard.
            rig.said.clear()
            other = rig.encode(900_000 - cycle * 11)
            mishap(rig, other)
            assert all(one.value == due for one in rig.said), f"cycle {cycle}, {mishap.__name__}: {rig.said}"
    finally:
        rig.close()
    return counted


@pytest.mark.parametrize("profile", PROTOCOLS)
def test_mishaps_leave_nothing_wrong_and_nothing_stale(tmp_path: Path, profile: str) -> None:
    counted = run(tmp_path, profile, 12, seed=4)
    assert counted["indications"] >= 12


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("profile", "cycles"), [("yaohua-tf0", 480), ("and-st-gs", 470), ("toledo-continuous", 470)]
)
def test_a_thousand_mishaps_leave_nothing_wrong_and_nothing_stale(
    tmp_path: Path, profile: str, cycles: int
) -> None:
    counted = run(tmp_path, profile, cycles, seed=2026)
    print(f"\n{profile}: {cycles} cycles, " + ", ".join(f"{name} {n}" for name, n in sorted(counted.items())))
