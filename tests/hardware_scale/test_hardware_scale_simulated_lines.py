"""Every protocol end to end: a simulated scale on its line, the real port, the decoder of the shelf."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from hardware.bench import ask
from hardware.scale.contract import Decoder, Indication, Transport
from hardware.scale.hid import open_hid
from hardware.scale.port import open_serial
from hardware.scale.profile import builtin_profiles
from hardware.scale.simulated.display import GRAMS, Plate
from hardware.scale.simulated.encoders import HID, UNITS
from hardware.scale.simulated.encoders.registers import framed
from hardware.scale.simulated.run import ONCE_AT_REST, PROFILES, Setup, SimulatedScale

SHELF = builtin_profiles()
SHELVED = sorted(info.id for info in SHELF.list())

REQUESTS: dict[str, tuple[bytes, ...]] = {
    # What a host sends to get one weight, from the manuals; several are sent one after the other.
    "yaohua-command": (b"\x02AB03\x03",),
    "toledo-8217": (b"W",),
    "toledo-8213": (b"W",),
    "cas-pd2": (b"\x05", b"\x11"),
    "avery-fx120": (b"\x05", b"\x11"),
    "elzab-ext": (b"\x1bE",),
    "massa-100": (bytes.fromhex("F855CE0100232300"),),
    "nci-ecr": (b"W\r",),
    "sma-scp0499": (b"\nW\r",),
    "flintec-modbus": (framed(bytes.fromhex("010300000002")),),
    "modbus-rtu": (framed(bytes.fromhex("010300000002")),),
    "laumas-modbus": (framed(bytes.fromhex("010300060008")),),
    "dialog-06": (b"\x04\x0201\x1b000199\x1b\x03", b"\x04\x05", b"\x04\x0208\x03"),
    "dibal-98": (b"98000001\r\n",),
    "dingsong-ds822": (b"\x02AC@\x03",),
}

NEGATIVE_UNTOLD = frozenset(
    {"fairbanks-6011", "toledo-8217", "toledo-8213", "avery-fx120", "acs-p215", "digi-ds781", "usb-hid-8d"}
    | {"dialog-06", "dibal-98"}
)
"""Protocols that have no sign, or send no weight below zero."""


ZERO_UNTOLD = frozenset({"dialog-06", "dibal-98"})
"""Protocols that give no result for an empty pan, or send overload by the same noughts."""
NO_WEIGHT = frozenset({"dingsong-ds822"})
"""Frames that are recognised, and of which no weight is made."""

IN_COUNTS = frozenset({"modbus-rtu", "flintec-modbus"})
"""Transmitters that send counts, the point being in another register; one count is a gram here."""


class Line:
    """A simulated scale in a thread, and who listens to it."""

    def __init__(self, profile: str, folder: Path) -> None:
        self.bench = folder / "bench"
        unit = UNITS.get(profile, "kg")
        self.told_in_grams = profile in IN_COUNTS
        self.prints = profile in ONCE_AT_REST
        self.e_g = 10 * GRAMS["lb"] if unit == "lb" else Decimal(5)
        setup = Setup(
            profile=profile,
            model="honest",
            plate=Plate(max_g=3000 * self.e_g, e_g=self.e_g),
            link=folder / "tty",
            bench=self.bench,
            rate_hz=50,
        )
        self.scale = SimulatedScale(setup)
        self.thread = threading.Thread(target=self.scale.run, daemon=True)
        self.thread.start()
        self.port: Transport = (
            open_hid({"root": str(setup.link)}) if profile in HID else open_serial({"port": str(setup.link)})
        )
        self.decoder: Decoder = SHELF.decoder(profile)
        self.requests = REQUESTS.get(profile, ())

    def put(self, steps: int) -> Decimal:
        ask(self.bench, load_g=float(steps * self.e_g))
        return steps * self.e_g

    def until(self, fits: Callable[[Indication], bool], what: str, seconds: float = 20.0) -> Indication:
        end, last, asked = time.monotonic() + seconds, None, 0
        while time.monotonic() < end:
            if self.requests:
                self.port.write(self.requests[asked % len(self.requests)])
                asked += 1
            elif self.prints:
                ask(self.bench, press="print")
            for last in self.decoder.feed(self.port.read(0.05), time.monotonic_ns()):
                if fits(last):
                    return last
        raise AssertionError(f"{what}: not within {seconds} s; last: {last}")

    def shows(self, grams: Decimal) -> Indication:
        def fits(one: Indication) -> bool:
            return one.stable is not False and self.in_grams(one) == grams

        return self.until(fits, f"{grams} g")

    def in_grams(self, one: Indication) -> Decimal | None:
        """The indication in grams; a protocol that sends no unit is taken at the display's kilograms."""
        if one.value is None:
            return None
        return one.value if self.told_in_grams else one.value * GRAMS[one.unit or "kg"]

    def close(self) -> None:
        self.port.close()
        self.scale.stop()
        self.thread.join(5)


@contextmanager
def line(profile: str) -> Iterator[Line]:
    folder = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    running = Line(profile, folder)
    try:
        yield running
    finally:
        running.close()
        shutil.rmtree(folder)


def visit(profile: str) -> None:
    """Zero, a load, a lighter one, less than nothing: what is shown is what is decoded."""
    with line(profile) as market:
        if profile in NO_WEIGHT:
            market.until(lambda one: one.error is not None and one.value is None, "a frame without weight")
            return
        if profile not in ZERO_UNTOLD:
            market.shows(Decimal(0))
        market.shows(market.put(247))
        market.shows(market.put(3))
        if profile not in NEGATIVE_UNTOLD:
            market.shows(market.put(-2))
        beyond = market.put(3010)
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            if market.requests:
                market.port.write(market.requests[0])
            for one in market.decoder.feed(market.port.read(0.05), time.monotonic_ns()):
                told = market.in_grams(one)
                assert told is None or told < beyond, f"a weight out of range: {one}"


@pytest.fixture(scope="module")
def visits() -> Iterator[dict[str, BaseException | None]]:
    """The visit of every protocol, some side by side: a visit is mostly waiting."""
    with ThreadPoolExecutor(12) as pool:
        under_way = {profile: pool.submit(visit, profile) for profile in SHELVED}
        yield {profile: each.exception() for profile, each in under_way.items()}


def test_every_protocol_of_the_shelf_can_be_simulated() -> None:
    assert SHELVED == PROFILES


@pytest.mark.parametrize("profile", SHELVED)
def test_what_the_display_shows_is_what_is_decoded(
    profile: str, visits: dict[str, BaseException | None]
) -> None:
    if (failed := visits[profile]) is not None:
        raise failed
