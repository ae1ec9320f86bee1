"""The packages of PyPI that read scales over a serial port, each opened as its documentation says.

Rules this file obeys:

* Nothing of a peer is replaced, patched or configured beyond its public arguments.
* ``ask`` gives the value as the peer gives it, None where it says that there is none.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Any, NamedTuple

Ask = Callable[[], object]
SICS, SICS_OVER = b"S S    1234.56 g\r\n", b"S +\r\n"
SBI, SBI_OVER = b"+  1234.56 g  \r\n", b"     High     \r\n"
SBI_22, SBI_22_OVER = b"N     +  1234.56 g  \r\n", b"Stat       High     \r\n"
ST_GS, ST_GS_OVER = b"ST,GS,+001.234kg\r\n", b"OL,GS,+999.999kg\r\n"
DIGI = b"@B\r001.234\r400.000\rU000.00\rT0000.00\r\n"
DIGI_OVER = b"@B\r0  OF  \r400.000\rU000.00\rT0000.00\r\n"


class Peer(NamedTuple):
    """A package, and the frames that it and we read; ``late``: what the second answer of two says."""

    package: str
    module: str
    opened: Callable[[str], AbstractContextManager[Ask]]
    profile: str
    question: bytes
    answer: bytes
    overload: bytes
    ours: bytes
    our_overload: bytes
    value: Decimal = Decimal("1234.56")
    late: Decimal = Decimal("1239.56")

    def missing(self) -> str:
        """Why it cannot be run here; empty where it can."""
        try:
            importlib.import_module(self.module)
        except Exception as error:  # noqa: BLE001 - a peer may fail at import in any way
            return f"{type(error).__name__}: {error}"
        return ""


@contextmanager
def mettler_toledo_device(path: str) -> Iterator[Ask]:
    from mettler_toledo_device import MettlerToledoDevice

    device = MettlerToledoDevice(port=path)
    try:
        yield lambda: device.get_weight()[0]
    finally:
        device.close()


@contextmanager
def serial_scale_bench(path: str) -> Iterator[Ask]:
    from serial_scale_bench.scale import SerialScale

    scale = SerialScale(path, protocol=2)
    try:
        yield scale.get_weight
    finally:
        scale.close()


@contextmanager
def sartorius(path: str) -> Iterator[Ask]:
    logging.getLogger("sartorius").setLevel(logging.CRITICAL)
    from sartorius import Scale

    loop, scale = asyncio.new_event_loop(), Scale(path)
    try:
        yield lambda: loop.run_until_complete(scale.get()).get("mass")
    finally:
        scale.hw.close()
        loop.close()


@contextmanager
def sartoriusb(path: str) -> Iterator[Ask]:
    from sartoriusb import SartoriusUsb

    with SartoriusUsb(path) as scale:
        yield lambda: scale.measure().value


@contextmanager
def pydigi(path: str) -> Iterator[Ask]:
    from pydigi import DigiDS781

    with DigiDS781.open(path) as scale:
        yield lambda: scale.read().weight_net_kg


@contextmanager
def and_balance(path: str) -> Iterator[Ask]:
    from AnD_balance import FX_Balance

    scale = FX_Balance(path)
    yield lambda: scale.get_weight("immediate")[0]


@contextmanager
def sartoriuslib(path: str) -> Iterator[Ask]:
    from sartoriuslib.protocol.base import ProtocolKind
    from sartoriuslib.sync import Sartorius

    with Sartorius.open(path, protocol=ProtocolKind.SBI, identify=False) as scale:
        yield lambda: scale.poll().value


def _labmcp(path: str) -> Any:
    from labmcp.transports import open_transport

    return open_transport(path)


@contextmanager
def labmcp_mettler_toledo(path: str) -> Iterator[Ask]:
    from labmcp_mettler_toledo.driver import MTSICSBalance

    transport = _labmcp(path)
    balance = MTSICSBalance(transport)
    try:
        yield lambda: balance.weight(stable=False, timeout=2.0).value
    finally:
        transport.close()


@contextmanager
def labmcp_sartorius(path: str) -> Iterator[Ask]:
    from labmcp_sartorius.driver import SBIBalance

    transport = _labmcp(path)
    balance = SBIBalance(transport)
    try:
        yield lambda: balance.print_reading(timeout=2.0).value
    finally:
        transport.close()


_SICS = ("mt-sics", b"SI\r\n", SICS, SICS_OVER, SICS, SICS_OVER)
_SBI = ("sartorius-sbi16", b"\x1bP\r\n", SBI, SBI_OVER, SBI, SBI_OVER)
_KILO = (Decimal("1.234"), Decimal("1.239"))
PEERS = (
    Peer("mettler-toledo-device", "mettler_toledo_device", mettler_toledo_device, *_SICS),
    Peer("labmcp-mettler-toledo", "labmcp_mettler_toledo.driver", labmcp_mettler_toledo, *_SICS),
    Peer("sartorius", "sartorius", sartorius, *_SBI[:2], SBI_22, SBI_22_OVER, SBI, SBI_OVER),
    Peer("SartoriUSB", "sartoriusb", sartoriusb, *_SBI),
    Peer("sartoriuslib", "sartoriuslib.sync", sartoriuslib, *_SBI),
    Peer("labmcp-sartorius", "labmcp_sartorius.driver", labmcp_sartorius, *_SBI),
    Peer(
        "serial-scale-bench",
        "serial_scale_bench",
        serial_scale_bench,
        "and-st-gs",
        b"P\r\n",
        ST_GS,
        ST_GS_OVER,
        ST_GS,
        ST_GS_OVER,
        *_KILO,
    ),
    Peer("pydigi", "pydigi", pydigi, "digi-ds781", b"\x05", DIGI, DIGI_OVER, DIGI, DIGI_OVER, *_KILO),
    Peer("AnD-balance", "AnD_balance", and_balance, "and-standard", b"SI\r\n", b"", b"", b"", b""),
)
"""Every one that was found; those for Bluetooth, HID or one maker's cloud read another kind of line."""
