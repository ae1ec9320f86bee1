"""`steelyard scale`: what a scale's serial output says.

Rules this file obeys:

* The shelf of profiles and the line are reached by name; nothing is ever sent to a scale.
* A frame without a value is shown as one: no number is made up for it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from firmware_app import parts
from firmware_app.cli.common import DEVICE_FAILED, NO, fail, in_words, print_json
from firmware_app.quantity import plain
from hardware.scale.contract import (
    Check,
    Decoder,
    Indication,
    LineState,
    ProfileError,
    Profiles,
    ScaleError,
    Transport,
)

app = typer.Typer(help="Serial protocols of scales: list, decode, watch.", no_args_is_help=True)

MAX_HEX = 4_000_000
"""Characters of hexadecimal text taken from the command line or a file."""
BLOCK = 65536
_HEX = re.compile(rb"(?:0[xX])?[0-9A-Fa-f]{2}(?:[\s,;]*(?:0[xX])?[0-9A-Fa-f]{2})*[\s,;]*")
_HEX_ONLY = re.compile(rb"[0-9A-Fa-fxX,;\s]*")

P = ParamSpec("P")
R = TypeVar("R")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
ProfileId = Annotated[str, typer.Option("--profile", help="Protocol, see `steelyard scale list`.")]


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


@app.command("list")
@scale_in_words
def list_profiles(as_json: AsJson = False) -> None:
    """The protocols that are understood.

    Example: steelyard scale list --json
    """
    table = Table(Column("id", no_wrap=True), "title", "baud", "line", "confidence", "asked", box=None)
    for info in _shelf().list():
        if as_json:
            print_json(info)
        bauds = ", ".join(str(baud) for baud in info.baud_rates)
        table.add_row(info.id, info.title, bauds, info.line, info.confidence, "yes" if info.polled else "no")
    if not as_json:
        Console().print(table)


@app.command()
@scale_in_words
def decode(
    profile: ProfileId,
    file: Annotated[
        Path | None, typer.Argument(help="Raw bytes, or text of hexadecimal bytes.", show_default=False)
    ] = None,
    hex_text: Annotated[str | None, typer.Option("--hex", help='Bytes, such as "02 2B 30".')] = None,
    as_json: AsJson = False,
) -> None:
    """Decodes bytes: one line a frame; exit code 1 when no frame decodes.

    Example: steelyard scale decode --profile yaohua-tf0 --hex "02 2B 30 30 31 35 36 30 30 31 39 03" --json
    """
    if (file is None) == (hex_text is None):
        fail("give either --hex or a file")
    decoder = _shelf().decoder(profile)
    blocks = [_from_hex(hex_text.encode())] if hex_text is not None else _blocks_of(file or Path())
    good = 0
    for indication in _indications(decoder, blocks):
        good += indication.check is not Check.BAD
        _show(indication, as_json)
    if not good:
        fail(f"no frame of {profile} is in these bytes", NO)


@app.command()
@scale_in_words
def watch(  # noqa: PLR0917 - the options of the command
    port: Annotated[str, typer.Argument(help="The serial port, best a path of /dev/serial/by-id.")],
    profile: ProfileId,
    baud: Annotated[int, typer.Option(help="Bits a second.")] = 9600,
    line: Annotated[str, typer.Option(help="Data bits, parity, stop bits.")] = "8N1",
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: until Ctrl-C.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Shows what a scale sends, bytes beside the decoded value; listens only.

    Example: steelyard scale watch /dev/ttyUSB0 --profile and-st-gs --baud 2400 --line 7E1
    """
    found = re.fullmatch(r"([78])([NEO])([12])", line.upper())
    if found is None:
        fail(f"{line!r} is no line setting: use one such as 8N1 or 7E1")
    options = {
        "port": port,
        "baud": baud,
        "bytesize": int(found[1]),
        "parity": found[2],
        "stopbits": int(found[3]),
    }
    decoder = _shelf().decoder(profile)
    transport: Transport = parts.factory("steelyard.scale_transport", "serial")(options)
    with transport:
        try:
            _watch(transport, decoder, as_json, seconds)
        except KeyboardInterrupt:
            return


def _watch(transport: Transport, decoder: Decoder, as_json: bool, seconds: float) -> None:
    until = time.monotonic() + seconds if seconds else float("inf")
    state, heard, told = LineState.OPEN, 0, time.monotonic()
    while time.monotonic() < until:
        data = transport.read(0.5)
        if transport.state is not state:
            state = transport.state
            decoder.reset()
            _remark(f"line {state.value}")
        heard += len(data)
        for indication in decoder.feed(data, time.monotonic_ns()):
            _show(indication, as_json)
            heard, told = 0, time.monotonic()
        if time.monotonic() - told > 3 and state is LineState.OPEN:
            _remark(
                f"{heard} bytes but no frame: another protocol, baud rate or parity?"
                if heard
                else "no bytes: cable, power, or a scale that only answers?"
            )
            told = time.monotonic()


def _remark(words: str) -> None:
    Console(stderr=True, highlight=False).print(words, markup=False)


def _shelf() -> Profiles:
    shelf: Profiles = parts.factory("steelyard.scale_profiles", "builtin")()
    return shelf


def _indications(decoder: Decoder, blocks: Iterable[bytes]) -> Iterator[Indication]:
    for block in blocks:
        yield from decoder.feed(block)
    yield from decoder.finish()


def _blocks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file: as they are, or as told by its text when that is nothing but hexadecimal."""
    with path.open("rb") as file:
        first = file.read(BLOCK)
        if _HEX_ONLY.fullmatch(first):
            yield _from_hex(first + file.read(MAX_HEX + 1))
            return
        while first:
            yield first
            first = file.read(BLOCK)


def _from_hex(text: bytes) -> bytes:
    if len(text) > MAX_HEX:
        fail(f"more than {MAX_HEX} characters of hexadecimal text: give raw bytes in a file")
    if not _HEX.fullmatch(text.strip()):
        fail('that is not hexadecimal: write two characters a byte, such as "02 2B 30"')
    return bytes.fromhex(re.sub(rb"0[xX]|[\s,;]", b"", text).decode())


def _show(indication: Indication, as_json: bool) -> None:
    record = _record(indication)
    if as_json:
        print_json(record)
        return
    typer.echo(f"{record['at']:>8}  {record['raw']}  {_in_short(indication)}")


def _record(indication: Indication) -> dict[str, object]:
    value, tare = indication.value, indication.tare
    return {
        "profile": indication.profile,
        "value": None if value is None else plain(value),
        "unit": indication.unit,
        "stable": indication.stable,
        "kind": indication.kind.value,
        "overload": indication.overload,
        "underload": indication.underload,
        "zero": indication.zero,
        "tare": None if tare is None else plain(tare),
        "text": indication.raw_text,
        "auxiliary": indication.auxiliary,
        "error": indication.error,
        "answer": indication.answer,
        "check": indication.check.value,
        "raw": indication.raw.hex(" ").upper(),
        "at": indication.at,
    }


def _in_short(indication: Indication) -> str:
    if indication.error is not None:
        return f"error: {indication.error}"
    if indication.answer is not None:
        return f"answer: {indication.answer}"
    if indication.overload or indication.underload or indication.value is None:
        return "overload" if indication.overload else "underload" if indication.underload else "no value"
    motion = {True: "stable", False: "in motion", None: "stability not stated"}[indication.stable]
    unit = indication.unit or "(unit not stated)"
    return f"{plain(indication.value)} {unit} {indication.kind.value}, {motion}"
