"""Serial ports by names that stay: by id where the adapter has a serial number, by path where it has none.

Rules this file obeys:

* ``/dev/ttyUSB0`` is whoever came first; a name that a configuration keeps names the adapter or its socket.
* Two adapters of the same make without serial numbers share one id: then only the path tells them apart.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
from serial.tools import list_ports

DEV = Path("/dev/serial")


class PortName(msgspec.Struct, frozen=True, kw_only=True):
    """One port. ``device``: where it is now. ``by_id``/``by_path``: names that stay, empty where none is.

    ``best``: the one to write into a configuration. ``usable``: whether this user may open it.
    """

    device: str
    by_id: str
    by_path: str
    best: str
    maker: str
    product: str
    serial: str
    usable: bool


class Adapter(msgspec.Struct, frozen=True):
    """What the system says of an adapter."""

    device: str
    maker: str = ""
    product: str = ""
    serial: str = ""


def ports(root: Path = DEV, adapters: Iterable[Adapter] | None = None) -> tuple[PortName, ...]:
    """Every serial port with its names, in order of device; ``root``: where by-id and by-path lie."""
    found = tuple(adapters) if adapters is not None else _adapters()
    by_id, by_path = _links(root / "by-id"), _links(root / "by-path")
    makes = Counter((one.maker, one.product, one.serial) for one in found)
    named = []
    for one in sorted(found, key=lambda each: each.device):
        device = os.path.realpath(one.device)
        name, path = by_id.get(device, ""), by_path.get(device, "")
        twins = makes[one.maker, one.product, one.serial] > 1
        best = path if path and (twins or not one.serial) else name or path or one.device
        named.append(
            PortName(
                device=one.device,
                by_id=name,
                by_path=path,
                best=best,
                maker=one.maker,
                product=one.product,
                serial=one.serial,
                usable=os.access(one.device, os.R_OK | os.W_OK),
            )
        )
    return tuple(named)


def _adapters() -> tuple[Adapter, ...]:
    return tuple(
        Adapter(
            port.device,
            maker=port.manufacturer or "",
            product=port.product or (port.description if port.description != "n/a" else ""),
            serial=port.serial_number or "",
        )
        for port in list_ports.comports()
    )


def _links(folder: Path) -> dict[str, str]:
    """Device → link; by-path gives two links for one USB port, of which the plain one is taken."""
    if not folder.is_dir():
        return {}
    links = sorted(folder.iterdir(), key=lambda link: ("-usbv2-" in link.name, link.name))
    return {os.path.realpath(link): str(link) for link in reversed(links)}
