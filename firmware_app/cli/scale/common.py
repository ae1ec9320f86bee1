"""What the commands of `steelyard scale` share: the shelf, the port, and how an indication is shown.

Rules this file obeys:

* The shelf of profiles and the line are reached by name.
* A frame without a value is shown as one: no number is made up for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console

from firmware_app import parts
from firmware_app.cli.common import DEVICE_FAILED, fail, in_words, print_json
from firmware_app.quantity import plain
from firmware_app.service.lead.line import HID, MODBUS, SERIAL, LeadLine, open_line, registers_as_options
from hardware.scale.bits import Setting
from hardware.scale.contract import (
    BadOption,
    Indication,
    Kind,
    Poll,
    ProfileError,
    Profiles,
    ScaleError,
    Transport,
)
from hardware.scale.hid_ports import hid_scales

P = ParamSpec("P")
R = TypeVar("R")

HID_ROOT = Path("/")
"""Where /sys and /dev lie."""
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
PortPath = Annotated[
    str, typer.Argument(help="The port, best a name from `steelyard scale ports`; hid: the only USB scale.")
]
Baud = Annotated[int, typer.Option(help="Bits a second.")]
Line = Annotated[str, typer.Option(help="Data bits, parity, stop bits.")]


def scale_in_words(command: Callable[P, R]) -> Callable[P, R]:
    """As ``in_words``, for the errors of the scale room too."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ProfileError as error:
            fail(str(error))
        except ScaleError as error:
            fail(str(error), DEVICE_FAILED)

    return in_words(run)


def shelf() -> Profiles:
    """The profiles that come with the program."""
    built: Profiles = parts.factory("steelyard.scale_profiles", "builtin")()
    return built


def setting_of(baud: int, line: str) -> Setting:
    """The setting a person asked for; leaves with exit code 2 where it is none."""
    setting = Setting(baud, line.upper())
    try:
        setting.options()
    except BadOption as error:
        fail(str(error))
    return setting


def open_port(port: str, setting: Setting) -> Transport:
    """The serial port, present or not yet; raises BadOption."""
    return open_line(LeadLine(SERIAL, {"port": port, **setting.options()}))


def is_hid(port: str) -> bool:
    """Whether a name means a USB scale: ``hid`` for the only one, or a name from `steelyard scale ports`."""
    names = {name for scale in hid_scales(HID_ROOT) for name in scale.names}
    return port == HID or port.startswith("/dev/hidraw") or port in names


def line_of(port: str, setting: Setting, poll: Poll | None = None) -> LeadLine:
    """How a port is read: over USB, by its registers, or as a serial line that is asked or listened to."""
    if is_hid(port):
        return LeadLine(HID, {"port": "auto" if port == HID else port, "root": str(HID_ROOT)})
    serial: dict[str, object] = {"port": port, **setting.options()}
    if poll is not None and poll.registers is not None:
        return LeadLine(MODBUS, serial | registers_as_options(poll, poll.registers))
    return LeadLine(SERIAL, serial, poll)


def remark(words: str) -> None:
    """A word to the person, beside what a program may read."""
    Console(stderr=True, highlight=False).print(words, markup=False)


def show(indication: Indication, as_json: bool, port: str = "") -> None:
    """One indication as a line; ``port`` in front where there are several."""
    record = record_of(indication)
    if as_json:
        print_json({"port": port, **record} if port else record)
        return
    where = f"{port}  " if port else ""
    typer.echo(f"{where}{record['at']:>8}  {record['raw']}  {in_short(indication)}")


NET = {Kind.NET: True, Kind.GROSS: False, Kind.TARE: None, Kind.UNKNOWN: None}
"""Whether a kind is the net value; None where the protocol does not say or the question does not arise."""


def record_of(indication: Indication) -> dict[str, object]:
    """One indication as programs read it: decimal strings, bytes in hexadecimal."""
    value, tare = indication.value, indication.tare
    return {
        "profile": indication.profile,
        "value": None if value is None else plain(value),
        "unit": indication.unit,
        "stable": indication.stable,
        "kind": indication.kind.value,
        "net": NET[indication.kind],
        "overload": indication.overload,
        "underload": indication.underload,
        "zero": indication.zero,
        "tare": None if tare is None else plain(tare),
        "text": indication.raw_text,
        "auxiliary": indication.auxiliary,
        "error": indication.error,
        "answer": indication.answer,
        "extra": dict(indication.extra),
        "check": indication.check.value,
        "raw": indication.raw.hex(" ").upper(),
        "at": indication.at,
    }


def in_short(indication: Indication) -> str:
    """One indication as people read it."""
    if indication.error is not None:
        return f"error: {indication.error}"
    if indication.answer is not None:
        return f"answer: {indication.answer}"
    if indication.overload or indication.underload or indication.value is None:
        return "overload" if indication.overload else "underload" if indication.underload else "no value"
    motion = {True: "stable", False: "in motion", None: "stability not stated"}[indication.stable]
    unit = indication.unit or "(unit not stated)"
    return f"{plain(indication.value)} {unit} {indication.kind.value}, {motion}"
