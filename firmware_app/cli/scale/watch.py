"""`steelyard scale watch`: live bytes beside the decoded value, of one scale or of several."""

from __future__ import annotations

import threading
import time
from typing import Annotated

import typer

from firmware_app.cli.common import fail
from firmware_app.cli.scale.choosing import info_of
from firmware_app.cli.scale.common import (
    AsJson,
    Baud,
    Line,
    line_of,
    remark,
    scale_in_words,
    setting_of,
    shelf,
    show,
)
from firmware_app.service.lead.line import HID, LeadLine, open_line, refuse_wrong_pair
from hardware.scale.bits import Setting
from hardware.scale.contract import LineState, ProfileInfo, Transport
from hardware.scale.stream import Stream

READ_S = 0.2
SILENT_S = 3.0


@scale_in_words
def watch(  # noqa: PLR0917 - the options of the command
    port: Annotated[list[str], typer.Argument(help="One serial port, or several scales at once.")],
    profile: Annotated[
        list[str], typer.Option("--profile", help="Protocol; for several ports one for all, or one each.")
    ],
    baud: Baud = 9600,
    line: Line = "8N1",
    ask: Annotated[bool, typer.Option("--ask", help="Ask by the protocol's own harmless request.")] = False,
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: until Ctrl-C.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Shows what a scale sends, bytes beside the decoded value; sends nothing without --ask.

    Example: steelyard scale watch /dev/ttyUSB0 --profile and-st-gs --baud 2400 --line 7E1
    """
    if len(profile) not in (1, len(port)):
        fail(f"{len(port)} ports and {len(profile)} protocols: give one for all, or one each in their order")
    if len(set(port)) != len(port):
        fail("a port is named twice")
    setting, known = setting_of(baud, line), shelf()
    names = profile * len(port) if len(profile) == 1 else profile
    streams = [Stream(known.decoder(name)) for name in names]
    infos = [info_of(known, name) for name in names]
    lines = [_line(path, setting, info, ask) for path, info in zip(port, infos, strict=True)]
    ports = [open_line(line) for line in lines]
    closing = threading.Event()
    watchers = [
        _Watcher(path if len(port) > 1 else "", transport, stream, as_json)
        for path, transport, stream in zip(port, ports, streams, strict=True)
    ]
    threads = [threading.Thread(target=each.run, args=(closing,), daemon=True) for each in watchers]
    try:
        for thread in threads:
            thread.start()
        closing.wait(seconds or None)
    except KeyboardInterrupt:
        return
    finally:
        closing.set()
        for transport in ports:
            transport.close()
        for thread in threads:
            thread.join(timeout=2)


def _line(port: str, setting: Setting, info: ProfileInfo, ask: bool) -> LeadLine:
    """How that scale is reached; leaves with exit code 2 for a pair that cannot be."""
    if ask and info.poll is None:
        fail(f"{info.id} has no request that leaves the scale as it is: listen without --ask")
    line = line_of(port, setting, info.poll if ask else None)
    if HID in (info.transport, line.transport):
        refuse_wrong_pair(line.transport, info)
    return line


class _Watcher:
    """One port: prints what it says, and says why when it says nothing."""

    def __init__(self, name: str, transport: Transport, stream: Stream, as_json: bool) -> None:
        self._name = name
        self._transport = transport
        self._stream = stream
        self._as_json = as_json

    def run(self, closing: threading.Event) -> None:
        state, heard, told, valid = LineState.OPEN, 0, time.monotonic(), False
        while not closing.is_set():
            data = self._transport.read(READ_S)
            if closing.is_set():
                return
            if self._transport.state is not state:
                state = self._transport.state
                self._stream.lost()
                why = str(getattr(self._transport, "why", ""))
                self._say(f"line {state.value}{': ' + why if why else ''}")
            heard += len(data)
            for indication in self._stream.heard(data, time.monotonic_ns()):
                show(indication, self._as_json, self._name)
                heard, told = 0, time.monotonic()
            was_valid, valid = valid, self._stream.current(time.monotonic_ns()) is not None
            if was_valid and not valid and state is LineState.OPEN:
                self._say("silent for five frames: the last value is void")
            if time.monotonic() - told > SILENT_S and state is LineState.OPEN:
                self._say(
                    f"{heard} bytes but no frame: another protocol, baud rate or parity?"
                    if heard
                    else "no bytes: cable, power, or a scale that only answers?"
                )
                told = time.monotonic()

    def _say(self, words: str) -> None:
        remark(f"{self._name}: {words}" if self._name else words)
