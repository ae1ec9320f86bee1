"""Where a command gets samples from: a driver that it opens itself, or the sampler that has it open."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import msgspec
import zmq

from firmware_app import parts
from firmware_app.cli.common import console, fail
from hardware.loadcell.contract import (
    BadOption,
    BridgeInfo,
    LoadCell,
    LoadCellError,
    StreamMessage,
    decode,
    remarks_of,
    unfit_of,
)

SILENT_S = 3.0
"""A sampler says something every second; after three it is not there."""


def opened(driver: str, given: list[str]) -> LoadCell:
    """The driver of that name, open; ``given``: KEY=VALUE texts. Raises BadOption, DriverUnavailable."""
    if wrong := [text for text in given if "=" not in text]:
        raise BadOption(f"--option {wrong[0]!r}: give KEY=VALUE")
    options = dict(text.split("=", 1) for text in given)
    cell: LoadCell = parts.factory("steelyard.loadcell", driver)(options)
    return cell


def from_driver(driver: str, given: list[str]) -> Generator[StreamMessage]:
    """One word about the bridge, then every sample; raises LoadCellError, EndOfRecording at the end."""
    with opened(driver, given) as cell:
        for remark in remarks_of(cell):
            console.print(remark, markup=False)
        told = unfit_of(cell)
        yield BridgeInfo(driver, driver, cell.rate_hz, cell.gain, "", 0, told)
        while True:
            sample = cell.read()
            if unfit_of(cell) != told:
                told = unfit_of(cell)
                yield BridgeInfo(driver, driver, cell.rate_hz, cell.gain, "", 0, told)
            yield sample


def from_sampler(path: Path) -> Generator[StreamMessage]:
    """What the sampler publishes, beginning with the first word about the bridge; raises LoadCellError."""
    silent = LoadCellError(f"nothing is heard on {path}: does the sampler run? (steelyard health)")
    if not path.exists():
        raise silent
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    with socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(f"ipc://{path}")
        known = session = None
        while True:
            if not socket.poll(int(SILENT_S * 1000)):
                raise silent
            try:
                message = decode(socket.recv())
            except msgspec.DecodeError as error:
                raise LoadCellError(f"{path} speaks something else: {error}") from None
            if isinstance(message, BridgeInfo):
                known = message
                if session not in (None, message.session):
                    console.print("the sampler opened its driver anew")
                session = message.session
            if known is not None:
                yield message


def source(
    driver: str | None, given: list[str], run_dir: Path | None, name: str = "pan"
) -> Generator[StreamMessage]:
    """The stream of a driver or of the sampler of bridge ``name``; refuses neither or both."""
    if (run_dir is None) == (driver is None):
        fail("say where the samples come from: either --run-dir DIR or --driver NAME")
    if driver is not None:
        return from_driver(driver, given)
    assert run_dir is not None
    return from_sampler(run_dir / f"loadcell-{name}.ipc")
