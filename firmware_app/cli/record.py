"""`steelyard record`: writes raw samples into a recording that `weigh --replay` reads."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from firmware_app.cli.common import DEVICE_FAILED, WRONG_USE, console, fail, in_words, print_json
from firmware_app.cli.samples import source
from hardware.loadcell.contract import (
    BadOption,
    BridgeInfo,
    EndOfRecording,
    LoadCellError,
    Sample,
    StreamMessage,
)
from hardware.loadcell.recording_format import Meta, RecordingWriter

SECOND = 1_000_000_000
FLUSH_EVERY_S = 0.5


class Summary(msgspec.Struct, frozen=True):
    """What was recorded. ``readings``: samples with counts; ``rate_hz``: as measured, None below two."""

    file: str
    samples: int
    readings: int
    seconds: float
    rate_hz: float | None
    faults: dict[str, int]


class _Span:
    """The time from the first moment taken to the last, in seconds."""

    def __init__(self) -> None:
        self._first_ns: int | None = None
        self.seconds = 0.0

    def with_also(self, at_ns: int) -> float:
        """The span as it would be with one more moment."""
        return 0.0 if self._first_ns is None else (at_ns - self._first_ns) / SECOND

    def take(self, at_ns: int) -> float:
        """The span with one more moment."""
        self.seconds = self.with_also(at_ns)
        if self._first_ns is None:
            self._first_ns = at_ns
        return self.seconds


@in_words
def record(
    out: Annotated[Path, typer.Argument(help="The recording to write (CSV).", show_default=False)],
    *,
    run_dir: Annotated[
        Path | None, typer.Option(help="Listen to the sampler that runs in this directory.")
    ] = None,
    name: Annotated[str, typer.Option(help="Bridge to listen to, with --run-dir.")] = "pan",
    driver: Annotated[str | None, typer.Option(help="Open this driver instead: spi, simulated …")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Of the driver.")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, max=31 * 86_400, help="How long; else until Ctrl-C.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
) -> None:
    """Records raw samples of a bridge, faults included.

    Example: steelyard record night.csv --run-dir /run/steelyard --seconds 36000
    """
    messages = source(driver, option or [], run_dir, name)
    if out.exists() and not force:
        fail(f"{out} is there already: choose another name or add --force")
    try:
        with closing(messages) as stream:
            summary = _write(stream, out, seconds)
    except BadOption as error:
        fail(str(error), WRONG_USE)
    except LoadCellError as error:
        fail(str(error), DEVICE_FAILED)
    if as_json:
        print_json(summary)
    else:
        faults = ", ".join(f"{fault} {count}" for fault, count in summary.faults.items())
        rate = f", {summary.rate_hz:.2f}/s" if summary.rate_hz else ""
        console.print(
            f"{out}: {summary.readings} readings in {summary.seconds:.1f} s{rate}; faults: {faults or 'none'}"
        )
    if not summary.readings:
        fail(f"{out} holds no reading: check the load cell with steelyard health", DEVICE_FAILED)


def _write(stream: Iterator[StreamMessage], out: Path, seconds: float | None) -> Summary:
    """Writes until the time is over, the source ends or Ctrl-C; what was written stays readable."""
    first = next(stream)
    assert isinstance(first, BridgeInfo)
    meta = Meta(
        rate_hz=first.rate_hz,
        gain=first.gain,
        source=first.name if first.name == first.driver else f"{first.name} through {first.driver}",
        others={
            "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
            **({"unfit": first.unfit} if first.unfit else {}),
        },
    )
    unfit = first.unfit
    if unfit:
        _tell_fitness(unfit)
    samples = readings = 0
    flushed_s = 0.0
    all_times, reading_times = _Span(), _Span()
    faults: Counter[str] = Counter()
    with out.open("w", encoding="utf-8", newline="\n") as file, _progress() as bar:
        task = bar.add_task("recording", total=seconds, samples=0)
        writer = RecordingWriter(file, meta)
        try:
            for message in stream:
                if not isinstance(message, Sample):
                    if message.unfit != unfit:
                        unfit = message.unfit
                        _tell_fitness(unfit)
                    continue
                if seconds is not None and all_times.with_also(message.at_ns) > seconds:
                    break
                elapsed_s = all_times.take(message.at_ns)
                writer.write(message)
                samples += 1
                faults.update(str(fault) for fault in message.faults)
                if message.counts is not None:
                    readings += 1
                    reading_times.take(message.at_ns)
                if elapsed_s - flushed_s >= FLUSH_EVERY_S:
                    flushed_s = elapsed_s
                    file.flush()
                    bar.update(task, completed=elapsed_s, samples=samples)
        except (EndOfRecording, KeyboardInterrupt):
            pass  # both are an ordinary end; the rows so far are written below
        bar.update(task, completed=seconds, samples=samples)
        file.flush()
        os.fsync(file.fileno())
    span_s = reading_times.seconds
    return Summary(
        file=str(out),
        samples=samples,
        readings=readings,
        seconds=all_times.seconds,
        rate_hz=round((readings - 1) / span_s, 3) if readings > 1 and span_s > 0 else None,
        faults=dict(faults),
    )


def _tell_fitness(unfit: str) -> None:
    words = f"no verdict may rest on this: {unfit}" if unfit else "fit for verdicts again"
    console.print(words, style="yellow", markup=False)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[samples]} samples"),
        console=console,
        disable=not console.is_terminal,
    )
