"""`steelyard scale list` and `steelyard scale ports`: what is understood, and where a scale is plugged in."""

from __future__ import annotations

from rich.console import Console
from rich.table import Column, Table

from firmware_app.cli.common import print_json
from firmware_app.cli.scale.common import AsJson, remark, scale_in_words, shelf
from hardware.scale.ports import ports


@scale_in_words
def list_profiles(as_json: AsJson = False) -> None:
    """The protocols that are understood.

    Example: steelyard scale list --json
    """
    table = Table(Column("id", no_wrap=True), "title", "baud", "line", "confidence", "asked", box=None)
    for info in shelf().list():
        if as_json:
            print_json(info)
        bauds = ", ".join(str(baud) for baud in info.baud_rates)
        table.add_row(info.id, info.title, bauds, info.line, info.confidence, "yes" if info.polled else "no")
    if not as_json:
        Console().print(table)


@scale_in_words
def list_ports(as_json: AsJson = False) -> None:
    """The serial ports by names that stay when they are plugged in again.

    Example: steelyard scale ports --json
    """
    table = Table("name to keep", "now at", "adapter", "may be opened", box=None)
    found = ports()
    for port in found:
        if as_json:
            print_json(port)
        adapter = " ".join(word for word in (port.maker, port.product, port.serial) if word)
        table.add_row(port.best, port.device, adapter, "yes" if port.usable else "no: group dialout?")
    if not as_json and found:
        Console(soft_wrap=True).print(table)
    if not found:
        remark("no serial port is there: plug the adapter in; `dmesg` shows whether the system sees it")
