"""`steelyard scale list` and `steelyard scale ports`: what is understood, and where a scale is plugged in."""

from __future__ import annotations

import os

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from firmware_app.cli.common import print_json
from firmware_app.cli.scale import common
from firmware_app.cli.scale.common import AsJson, remark, scale_in_words, shelf
from firmware_app.service.lead.line import HID
from hardware.scale.hid_ports import hid_scales
from hardware.scale.ports import ports

ID_WIDTH = 25
"""The longest id of the shelf; one that is longer only shifts its own line."""
INDENT = 4


@scale_in_words
def list_profiles(as_json: AsJson = False) -> None:
    """The protocols that are understood.

    Example: steelyard scale list --json
    """
    out = Console(highlight=False)
    for info in shelf().list():
        if as_json:
            print_json(info)
            continue
        asked = "answers when asked" if info.polled else "sends by itself"
        out.print(Text(f"{info.id:{ID_WIDTH}}  {info.confidence}, {info.transport}, {asked}"))
        usb = info.transport == HID
        bauds = "" if usb else f"{', '.join(str(baud) for baud in info.baud_rates)} baud, {info.line}"
        for words in filter(None, (info.title, bauds)):
            out.print(Padding(Text(words), (0, 0, 0, INDENT)))


@scale_in_words
def list_ports(as_json: AsJson = False) -> None:
    """The serial ports, and the USB scales, by names that stay when they are plugged in again.

    Example: steelyard scale ports --json
    """
    table = Table("name to keep", "now at", "adapter", "may be opened", box=None)
    found, scales = ports(), hid_scales(common.HID_ROOT)
    for port in found:
        if as_json:
            print_json(port)
        adapter = " ".join(word for word in (port.maker, port.product, port.serial) if word)
        table.add_row(port.best, port.device, adapter, "yes" if port.usable else "no: group dialout?")
    for scale in scales:
        usable = os.access(scale.device, os.R_OK)
        if as_json:
            print_json(
                {**msgspec.to_builtins(scale), "best": scale.best, "usable": usable, "transport": "hid"}
            )
        about = scale.name if scale.readable else f"{scale.name} (reports of another layout: not read)"
        table.add_row(scale.best, scale.device, about, "yes" if usable else "no: udev rule?")
    if not as_json and (found or scales):
        Console(soft_wrap=True).print(table)
    if not found and not scales:
        remark("no serial port is there: plug the adapter in; `dmesg` shows whether the system sees it")
