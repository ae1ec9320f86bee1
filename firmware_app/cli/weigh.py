"""`steelyard weigh`: the weight on the pan, live or from a recording, by the very path the appliance uses.

Rules this file obeys:

* A fault is words (or a code for programs), never a number.
* Before there is a zero there is no mass, so no reading is printed: with ``--zero first-stable`` the first
  reading printed is the one that found the zero.
* Times of a replay are the recording's own.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import msgspec
import typer
import zmq

from firmware_app import parts
from firmware_app.cli.common import DEVICE_FAILED, NO, WRONG_USE, fail, in_words
from firmware_app.cli.samples import from_driver
from firmware_app.cli.weigh_output import JsonLines, LiveLine, Output, Plateaus
from firmware_app.cli.weigh_substitute import Guide, m1
from firmware_app.service import config
from firmware_app.service.messages import PAN, endpoint
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import PanEvent, PanFault
from hardware.loadcell.contract import BadOption, BridgeInfo, EndOfRecording, Fault, LoadCellError, decode

FIRST_STABLE = "first-stable"
TICK_MS = 100
SILENT_NS = 3_000_000_000
"""The sampler gives a sign of life every second; three missing ones are silence."""


@in_words
def weigh(
    *,
    replay: Annotated[Path | None, typer.Option(help="Weigh a recording (t_s,counts) instead.")] = None,
    counts_per_gram: Annotated[
        float | None, typer.Option(help="Assume this many counts per gram (not traceable).")
    ] = None,
    zero: Annotated[str, typer.Option(help="'first-stable', or the counts of the empty pan.")] = FIRST_STABLE,
    calibration: Annotated[Path | None, typer.Option(help="Calibration file (TOML).")] = None,
    run_dir: Annotated[Path | None, typer.Option(help="Run directory of the appliance.")] = None,
    driver: Annotated[str | None, typer.Option(help="Open this driver instead: spi, bridges …")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Of the driver.")] = None,
    file: Annotated[Path, typer.Option("--config", help="The configuration.")] = config.DEFAULT_PATH,
    substitute: Annotated[
        float | None,
        typer.Option(metavar="WEIGHT_G", help="Weigh by turns with a weight of so many grams near the load."),
    ] = None,
    weight_u: Annotated[
        float | None, typer.Option(metavar="G", help="Its standard uncertainty; else class M1 by its limit.")
    ] = None,
    scheme: Annotated[str, typer.Option(help="Turns: ABA, ABBA or ABBAABBA.")] = "ABA",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Shows the weight on the pan, whether it is stable and why not; leaves with 3 if there never was one.

    With --substitute it asks for weight and load in turns and gives the load with a smaller uncertainty.

    A recording needs --counts-per-gram or --calibration; live, the configuration names the calibration.

    Example: steelyard weigh --replay static.csv --counts-per-gram 1540 --json
    """
    if sum(given is not None for given in (replay, run_dir, driver)) > 1:
        fail("give one of --replay, --run-dir and --driver")
    if counts_per_gram is not None and calibration is not None:
        fail("give --counts-per-gram or --calibration, not both")
    line = _calibration(counts_per_gram, calibration, replay is not None, file)
    pan = Instrument(line, zero=_zero(zero))
    guide = None if substitute is None else Guide(pan, scheme, m1(substitute, weight_u), as_json=as_json)
    output = guide or _output(as_json, replay is not None, line)
    if replay is not None:
        events = _replayed(replay, pan)
    elif driver is not None:
        events = _driven(driver, option or [], pan)
    else:
        events = _live(run_dir or config.load(file).run_dir, pan)
    trouble = _show(events if guide is None else guide.until_done(events), output)
    if trouble is None or pan.samples:
        output.summary(pan)
    if trouble is not None:
        wrong = driver is None or isinstance(trouble, BadOption)
        fail(str(trouble), WRONG_USE if wrong else DEVICE_FAILED)
    if not output.weights:
        raise typer.Exit(DEVICE_FAILED)
    if guide is not None and guide.result is None:
        raise typer.Exit(NO)


def _output(as_json: bool, replay: bool, line: Calibration) -> Output:
    if as_json:
        return JsonLines()
    return Plateaus() if replay else LiveLine(line.resolution_g)


def _show(events: Iterator[PanEvent], output: Output) -> LoadCellError | None:
    """Shows every event; the error that ended the recording before its end, if one did."""
    try:
        with output:
            for event in events:
                output.show(event)
    except KeyboardInterrupt:
        return None
    except LoadCellError as error:
        return error
    return None


def _calibration(
    counts_per_gram: float | None, file: Path | None, replay: bool, settings: Path
) -> Calibration:
    if file is not None:
        return Calibration.load(file)
    if counts_per_gram is not None:
        return Calibration.assumed(counts_per_gram)
    if replay:
        fail("a recording needs --counts-per-gram N or --calibration FILE")
    loaded = config.load(settings)
    return Calibration.load(loaded.resolve(loaded.config.pan.calibration))


def _zero(text: str) -> float | None:
    if text == FIRST_STABLE:
        return None
    try:
        counts = float(text)
    except ValueError:
        counts = math.nan
    if not math.isfinite(counts):
        fail(f"--zero {text!r}: give {FIRST_STABLE!r} or the counts of the empty pan, such as 84200")
    return counts


def _replayed(file: Path, pan: Instrument) -> Iterator[PanEvent]:
    """Every event of the recording; raises LoadCellError where the file is wrong."""
    open_driver = parts.factory("steelyard.loadcell", "replay")
    with open_driver({"file": str(file), "pace": "fast"}) as cell:
        while True:
            try:
                sample = cell.read()
            except EndOfRecording:
                break
            yield from pan.feed(sample)
    yield from pan.flush()


def _driven(driver: str, given: list[str], pan: Instrument) -> Iterator[PanEvent]:
    """Events of a driver that is opened here, until interrupted or over; raises LoadCellError."""
    with closing(from_driver(driver, given)) as stream:
        try:
            for message in stream:
                yield from pan.restart(message) if isinstance(message, BridgeInfo) else pan.feed(message)
        except EndOfRecording:
            yield from pan.flush()


def _live(run_dir: Path, pan: Instrument) -> Iterator[PanEvent]:
    """Events of the sampler in ``run_dir`` until interrupted; its silence is an event, too."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    with socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(endpoint(run_dir, f"loadcell-{PAN}.ipc"))
        heard_ns = time.monotonic_ns()
        session = ""
        silent = False
        while True:
            # All that waits is taken before the clock is asked: a backlog is no silence.
            wait_ms = TICK_MS
            while socket.poll(wait_ms):
                wait_ms = 0
                try:
                    message = decode(socket.recv())
                except msgspec.DecodeError:
                    continue  # not from our sampler, whose silence will be told soon enough
                heard_ns, silent = time.monotonic_ns(), False
                if isinstance(message, BridgeInfo):
                    session = message.session
                    yield from pan.restart(message)
                elif session:
                    yield from pan.feed(message)
            now_ns = time.monotonic_ns()
            yield from pan.tick(now_ns)
            if not silent and now_ns - heard_ns > SILENT_NS:
                silent = True
                yield PanFault(now_ns, Fault.SILENT, True)
