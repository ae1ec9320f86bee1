"""`steelyard scale record`: raw bytes with their times and marks, for whoever writes a profile."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from firmware_app.cli.common import NO, fail
from firmware_app.cli.scale.common import Baud, Line, PortPath, line_of, remark, scale_in_words, setting_of
from firmware_app.service.lead.line import open_line
from hardware.scale.contract import LineState, Transport
from hardware.scale.recorder import Recorder

READ_S = 0.1
HOW = (
    "Type a word and press Enter at every change: empty, 1 kg on, moving, tare, overload, minus. Ctrl-C ends."
)


@scale_in_words
def record(
    port: PortPath,
    out: Annotated[Path, typer.Argument(help="The recording; must not be there yet.")],
    baud: Baud = 9600,
    line: Line = "8N1",
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: until Ctrl-C.")] = 0.0,
) -> None:
    """Records what a scale sends, with your marks; listens only. Exit code 1 when not one byte came.

    Replay it with the original gaps: transport "replay", option file.

    Example: steelyard scale record /dev/ttyUSB0 new-scale.txt --baud 4800
    """
    setting = setting_of(baud, line)
    about = {"port": port, "settings": str(setting), "started": datetime.now(UTC).isoformat("T", "seconds")}
    try:
        file = out.open("x", encoding="utf-8")
    except FileExistsError:
        fail(f"{out} is there already: a recording is never overwritten")
    with file, open_line(line_of(port, setting)) as transport:
        recorder = Recorder(file, about, time.monotonic_ns())
        lock = threading.Lock()
        remark(HOW)
        threading.Thread(target=_take_marks, args=(recorder, lock), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):
            _record(transport, recorder, lock, seconds)
        with lock:
            file.flush()
            os.fsync(file.fileno())
            recorder.close()
    remark(f"{recorder.bytes} bytes and {recorder.marks} marks are in {out}")
    if not recorder.bytes:
        raise typer.Exit(NO)


def _record(transport: Transport, recorder: Recorder, lock: threading.Lock, seconds: float) -> None:
    until = time.monotonic() + seconds if seconds else float("inf")
    state = LineState.OPEN
    while time.monotonic() < until:
        data = transport.read(READ_S)
        with lock:
            now_ns = time.monotonic_ns()
            if transport.state is not state:
                state = transport.state
                recorder.line(now_ns, state)
                remark(f"line {state.value}")
            if data:
                recorder.heard(now_ns, data)


def _take_marks(recorder: Recorder, lock: threading.Lock) -> None:
    for words in sys.stdin:
        with lock:
            if not recorder.mark(time.monotonic_ns(), words.strip() or "mark"):
                return
