"""`steelyard hardware check`: ten seconds of the load cell on the bench, judged line by line."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from firmware_app.cli.common import (
    DEVICE_FAILED,
    NO,
    WRONG_USE,
    console,
    fail,
    in_words,
    print_json,
)
from firmware_app.cli.samples import from_sampler, opened
from firmware_app.weighing.bring_up.check import bring_up, worst
from firmware_app.weighing.bring_up.facts import Bridge, Finding, Level
from firmware_app.weighing.bring_up.line import NOMINAL_HZ, nominal
from hardware.loadcell.contract import (
    BadOption,
    BridgeInfo,
    EndOfRecording,
    LoadCell,
    LoadCellError,
    Sample,
    remarks_of,
    unfit_of,
)

SECOND = 1_000_000_000
MOST_SAMPLES = 200_000
"""Of a recording; half an hour at 93 a second."""
SLACK_S = 2.0
"""A driver that says less than it should is not waited for longer than this beyond the time asked for."""
MARK = {
    Level.GOOD: "[green]✓ good      [/]",
    Level.ATTENTION: "[yellow]! attention [/]",
    Level.BAD: "[bold red]✗ bad       [/]",
    Level.NOT_JUDGED: "[dim]· no verdict[/]",
}


class Answer(msgspec.Struct, frozen=True):
    """What `hardware check --json` prints. ``level`` is that of the gravest finding."""

    level: Level
    samples: int
    seconds: float
    findings: tuple[Finding, ...]


@in_words
def check(
    *,
    driver: Annotated[str | None, typer.Option(help="Open this driver: spi, gpio, bridges …")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Of the driver.")] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="Listen to the sampler that runs in this directory.")
    ] = None,
    name: Annotated[str, typer.Option(help="Bridge to listen to, with --run-dir.")] = "pan",
    replay: Annotated[Path | None, typer.Option(help="Judge a recording (t_s,counts) instead.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long to listen.")] = 10.0,
    excitation: Annotated[
        float, typer.Option(min=1, max=6, help="Volts between E+ and E-, for the noise in nanovolts.")
    ] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
) -> None:
    """Judges chip, cable and cell from ten seconds of samples; leave the pan alone.

    Each line has its figure, its limit and what to do. Leaves with 1 when a
    line is bad, with 3 when the device cannot be opened.
    """
    if sum(given is not None for given in (driver, run_dir, replay)) != 1:
        fail("say where the samples come from: one of --driver NAME, --run-dir DIR and --replay FILE")
    try:
        if run_dir is not None:
            samples, bridge, told = _listened(run_dir / f"loadcell-{name}.ipc", seconds, excitation)
        elif driver is not None:
            samples, bridge, told = _read(opened(driver, option or []), seconds, excitation, live=True)
        else:
            recording = opened("replay", [f"file={replay}", "pace=fast"])
            samples, bridge, told = _read(recording, None, excitation, live=False)
    except BadOption as error:
        fail(str(error), WRONG_USE)
    except LoadCellError as error:
        fail(str(error), DEVICE_FAILED)
    findings = (*bring_up(samples, bridge), *told)
    answer = Answer(worst(findings), len(samples), _span(samples), findings)
    if as_json:
        print_json(answer)
    else:
        _show(answer)
    if answer.level is Level.BAD:
        raise typer.Exit(NO)


def _read(
    cell: LoadCell, seconds: float | None, excitation: float, *, live: bool
) -> tuple[list[Sample], Bridge, tuple[Finding, ...]]:
    """The samples of an open driver; ``seconds`` None reads a recording to its end."""

    def samples() -> Generator[Sample]:
        while True:
            yield cell.read()

    with cell:
        taken = _taken(samples(), seconds)
        told = _said_by(cell) if live else ()
    measured = cell.rate_hz if cell.rate_hz in NOMINAL_HZ else nominal(cell.rate_hz)
    return taken, _bridge(taken, measured, cell.gain, excitation, from_power_up=True), told


def _listened(
    path: Path, seconds: float, excitation: float
) -> tuple[list[Sample], Bridge, tuple[Finding, ...]]:
    """The samples that a running sampler publishes; it was switched on long ago."""
    with closing(from_sampler(path)) as messages:
        first = next(messages)
        assert isinstance(first, BridgeInfo)
        taken = _taken((message for message in messages if isinstance(message, Sample)), seconds)
    known = _bridge(taken, nominal(first.rate_hz), first.gain, excitation, from_power_up=False)
    return taken, known, ()


def _taken(samples: Generator[Sample], seconds: float | None) -> list[Sample]:
    """Samples until the time is over, the recording ends, or Ctrl-C."""
    taken: list[Sample] = []
    until_s = time.monotonic() + (seconds or 0) + SLACK_S
    with _progress() as bar:
        task = bar.add_task("listening; leave the pan alone", total=seconds)
        try:
            for sample in samples:
                taken.append(sample)
                if seconds is None:
                    if len(taken) == MOST_SAMPLES:
                        break
                    continue
                bar.update(task, completed=_span(taken))
                if _span(taken) >= seconds or time.monotonic() > until_s:
                    break
        except (EndOfRecording, KeyboardInterrupt):
            pass  # an ordinary end
    return taken


def _span(samples: list[Sample]) -> float:
    return (samples[-1].at_ns - samples[0].at_ns) / SECOND if samples else 0.0


def _bridge(
    samples: list[Sample], rate_hz: float | None, gain: int, excitation: float, *, from_power_up: bool
) -> Bridge:
    whole = all(s.corners or s.counts is None or float(s.counts).is_integer() for s in samples)
    return Bridge(
        rate_hz=rate_hz, gain=gain, excitation_v=excitation, codes=whole, from_power_up=from_power_up
    )


def _said_by(cell: LoadCell) -> tuple[Finding, ...]:
    """What the driver itself can tell, where it can."""
    # A diagnosis holds the remarks; a driver without one may have remarks all the same.
    lines: tuple[str, ...] = getattr(cell, "diagnosis", lambda: remarks_of(cell))()
    unfit = unfit_of(cell)
    said = [Finding(what="driver", level=Level.NOT_JUDGED, figure=line) for line in lines]
    if unfit:
        words = "let no verdict rest on it until this is mended"
        said.append(Finding(what="legal use", level=Level.ATTENTION, figure=unfit, words=words))
    return tuple(said)


def _show(answer: Answer) -> None:
    out = Console(highlight=False, soft_wrap=True)
    for found in answer.findings:
        out.print(f"{MARK[found.level]} {found.what:<18} {escape(found.figure)}")
        if found.limit:
            out.print(f"{'':33}[dim]limit: {escape(f'{found.limit} [{found.source}]')}[/]")
        if found.words:
            out.print(f"{'':33}→ {escape(found.words)}")
    out.print(f"[bold]{answer.level.value}[/]: {answer.samples} samples in {answer.seconds:.1f} s")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
