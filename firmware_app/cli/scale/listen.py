"""`steelyard scale listen`: which protocol a scale speaks, proposed from the line, confirmed by a person.

Rules this file obeys:

* Nothing is sent while guessing. Only once a person has named a protocol its harmless request is sent, at one
  setting; zero and tare are never sent.
* The program proposes; the person compares with the display and says yes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from firmware_app.cli.common import NO, console, fail, print_json
from firmware_app.cli.scale.choosing import Asking, choose_asking, info_of
from firmware_app.cli.scale.common import (
    AsJson,
    PortPath,
    is_hid,
    line_of,
    open_port,
    remark,
    scale_in_words,
    setting_of,
    shelf,
)
from firmware_app.cli.scale.dialogue import Plate, confirm_with_display
from firmware_app.registry.confirmations import add_confirmation
from firmware_app.registry.registry import load_registry
from firmware_app.service.config import DEFAULT_PATH, load
from firmware_app.service.lead.line import HID, MODBUS, SERIAL, open_line
from hardware.scale.bits import Setting, lines_of, settings_to_try
from hardware.scale.contract import Poll, ProfileInfo, Profiles, Transport
from hardware.scale.diagnosis import Diagnosis, Level, diagnose
from hardware.scale.listen import NO_SETTING, Heard, Listening, Proposal
from hardware.scale.sweep import hear

CLEAR = 60.0
"""Score from which the other settings of the sweep are left out: one line has one setting."""
ASK_EVERY_MS = 500
"""Between requests that a person chose by number, for which no profile states an interval."""
DEFAULT_DATA = Path("/var/lib/steelyard")


class Found(msgspec.Struct, frozen=True):
    """What `--json` prints in one object, after the candidates in one each."""

    diagnosis: Diagnosis
    confusables: tuple[object, ...]
    heard: tuple[str, ...]


@scale_in_words
def listen(  # noqa: PLR0917 - the options of the command
    port: PortPath,
    seconds: Annotated[float, typer.Option(help="Seconds a setting.", min=0.2, max=600)] = 2.0,
    baud: Annotated[int | None, typer.Option(help="Only this rate.", show_default="all")] = None,
    line: Annotated[str | None, typer.Option(help="Only this setting.", show_default="all")] = None,
    whole: Annotated[bool, typer.Option("--all", help="Sweep on after a clear candidate.")] = False,
    poll: Annotated[
        str | None, typer.Option(help="Ask by this protocol: sends its harmless request.", show_default="no")
    ] = None,
    request: Annotated[
        list[int] | None,
        typer.Option(help="Which of its requests, by number; several in turn.", show_default="1"),
    ] = None,
    confirm: Annotated[
        bool | None, typer.Option(help="Compare with the display.", show_default="at a terminal")
    ] = None,
    scale: Annotated[
        str, typer.Option(help="Its id in the registry: gives maker, model and data directory.")
    ] = "",
    file: Annotated[Path, typer.Option("--config", help="The configuration, for --scale.")] = DEFAULT_PATH,
    maker: Annotated[str, typer.Option(help="Maker on the data plate, for the confirmation.")] = "",
    model: Annotated[str, typer.Option(help="Model on the data plate, for the confirmation.")] = "",
    data: Annotated[Path, typer.Option("--data", help="Data directory of the appliance.")] = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Listens to a scale and proposes what it speaks; exit code 1 when no protocol reads a value.

    Never writes while guessing. Put something on the scale before, and another load while it listens.

    Example: steelyard scale listen /dev/ttyUSB0 --scale TZ-DEMO-0071
    """
    if scale:
        maker, model, data = _registered(file, scale)
    known = shelf()
    by_hand = not as_json and (sys.stdin.isatty() if confirm is None else confirm)
    asking: Asking | None = None
    if poll is not None:
        asking = _asking(known, poll, baud, line, request)
    if is_hid(port):
        listening, heard = Listening(known), [_hear_hid(port, seconds)]
        listening.add(heard[0])
    elif asking is not None:
        listening, heard = _ask(port, known, asking, seconds)
    else:
        listening = Listening(known)
        heard = _sweep(port, listening, _settings(known, baud, line), seconds, whole)
    proposal = listening.proposal()
    diagnosis = diagnose(heard, proposal)
    _print(heard, proposal, diagnosis, as_json)
    if by_hand and asking is None and _only_answers(diagnosis, heard):
        asking = choose_asking(known, baud, line)
        if asking is not None:
            listening, heard = _ask(port, known, asking, seconds)
            proposal = listening.proposal()
            diagnosis = diagnose(heard, proposal)
            _print(heard, proposal, diagnosis, as_json)
    if diagnosis.level is not Level.STREAMING:
        raise typer.Exit(NO)
    if by_hand:
        opened = partial(_open, port, None if asking is None else asking.poll)
        confirmed = confirm_with_display(
            opened, proposal, known, asked=asking is not None, plate=Plate(maker, model)
        )
        path = add_confirmation(data, confirmed)
        Console().print(f"kept in {path}: {confirmed.profile} for {confirmed.maker} {confirmed.model}")


# ------------------------------------------------------------------------------------------- hearing


def _settings(known: Profiles, baud: int | None, line: str | None) -> tuple[Setting, ...]:
    if baud is None and line is None:
        return settings_to_try(known.list())
    if baud is not None:
        return (setting_of(baud, line or "8N1"),)
    rates = dict.fromkeys(setting.baud for setting in settings_to_try(known.list()))
    return tuple(setting_of(rate, line or "8N1") for rate in rates)


def _sweep(
    port: str, listening: Listening, settings: tuple[Setting, ...], seconds: float, whole: bool
) -> list[Heard]:
    heard: list[Heard] = []
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("listening", total=seconds * len(settings))
        for setting in settings:
            if setting.line != "8N1" and heard and not any(each.chunks for each in heard):
                # A line on which no rate brings a byte is silent for every parity.
                break
            progress.update(task, description=f"listening at {setting}")
            told = partial(progress.advance, task)
            heard.append(hear(partial(open_port, port), setting, seconds, told=told))
            if heard[-1].why and len(heard) == 1:
                # A port that is not there is not there at any rate.
                break
            listening.add(heard[-1])
            if not whole and _is_clear(listening):
                break
    return heard


def _is_clear(listening: Listening) -> bool:
    found = listening.proposal().candidates
    return bool(found) and found[0].score >= CLEAR and found[0].value is not None


def _hear_hid(port: str, seconds: float) -> Heard:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("listening on USB", total=seconds)
        told = partial(progress.advance, task)
        return hear(partial(_open, port, None), NO_SETTING, seconds, transport_kind=HID, told=told)


def _ask(port: str, known: Profiles, asking: Asking, seconds: float) -> tuple[Listening, list[Heard]]:
    """What the chosen protocol makes of the answers to its own harmless requests."""
    poll, setting = asking.poll, asking.setting
    for step in poll.steps:
        does = next(each.does for each in asking.info.requests if each.send == step)
        remark(f"sending {step!r} every {poll.every_ms} ms at {setting}: {does}")
    listening = Listening(_Only(known, asking.info))
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"asking at {setting}", total=seconds)
        told = partial(progress.advance, task)
        kind = MODBUS if poll.registers is not None else SERIAL
        heard = hear(partial(_open, port, poll), setting, seconds, transport_kind=kind, told=told)
    listening.add(heard)
    return listening, [heard]


def _open(port: str, poll: Poll | None, setting: Setting) -> Transport:
    return open_line(line_of(port, setting, poll))


def _only_answers(diagnosis: Diagnosis, heard: Sequence[Heard]) -> bool:
    """Whether the line is there and silent, as that of a scale that only answers is."""
    return diagnosis.level is Level.NO_BYTES and not any(each.why for each in heard)


def _asking(
    known: Profiles, profile: str, baud: int | None, line: str | None, wanted: Sequence[int] | None
) -> Asking:
    """What ``--poll`` chose; leaves with exit code 2 where that protocol has nothing harmless to ask."""
    info = info_of(known, profile)
    if not info.requests:
        why = "what it is asked by changes the scale" if info.polled else "its scales send by themselves"
        fail(f"{info.id} has no harmless request: {why}; listen without --poll")
    setting = setting_of(baud or info.baud_rates[0], line or lines_of(info)[0])
    if not wanted and info.poll is not None:
        return Asking(info, info.poll, setting)
    if info.transport == MODBUS:
        fail(f"{info.id} is asked for its registers: --request chooses nothing there")
    for number in wanted or ():
        if not 1 <= number <= len(info.requests):
            numbered = "; ".join(f"{place}: {each.does}" for place, each in enumerate(info.requests, start=1))
            fail(f"{info.id} has no request {number}; {numbered}")
    steps = tuple(info.requests[number - 1].send for number in wanted or (1,))
    return Asking(info, Poll(steps=steps, every_ms=ASK_EVERY_MS), setting)


class _Only:
    """A shelf with one profile on it: the person has chosen."""

    def __init__(self, shelf_: Profiles, info: ProfileInfo) -> None:
        self._info = info
        self.decoder = shelf_.decoder

    def list(self) -> list[ProfileInfo]:
        return [self._info]


# ------------------------------------------------------------------------------------------- showing


def _print(heard: list[Heard], proposal: Proposal, diagnosis: Diagnosis, as_json: bool) -> None:
    if as_json:
        _print_for_programs(heard, proposal, diagnosis)
    else:
        _print_for_people(proposal, diagnosis)


def _print_for_programs(heard: list[Heard], proposal: Proposal, diagnosis: Diagnosis) -> None:
    for candidate in proposal.candidates:
        print_json(candidate)
    lines = tuple(f"{each.setting}: {each.why or f'{len(each.data)} bytes'}" for each in heard)
    print_json(Found(diagnosis, proposal.confusables, lines))


def _print_for_people(proposal: Proposal, diagnosis: Diagnosis) -> None:
    out = Console()
    out.print(diagnosis.words, markup=False)
    for remedy in diagnosis.remedies:
        out.print(f"  - {remedy}", markup=False)
    if proposal.candidates:
        table = Table("score", Column("protocol", no_wrap=True), "setting", "reads", "why", box=None)
        for one in proposal.candidates:
            reads = "no value" if one.value is None else f"{one.value} {one.unit or '(unit not stated)'}"
            table.add_row(f"{one.score:.0f}", one.profile, str(one.setting), reads, "; ".join(one.why))
        out.print(table)
    if proposal.confusables:
        out.print("These read the same bytes differently; only the display can tell:")
        table = Table("bytes", "one", "reads", "other", "reads", "", box=None)
        for pair in proposal.confusables:
            sides = [
                text
                for side in pair.sides
                for text in (side.profile, f"{side.value or 'no value'} {side.unit or ''}".rstrip())
            ]
            table.add_row(pair.raw, *sides, "factor of ten" if pair.factor_ten else "")
        out.print(table)


def _registered(file: Path, scale: str) -> tuple[str, str, Path]:
    """Maker and model of a registered scale, and the appliance's data directory."""
    loaded = load(file)
    found = load_registry(loaded.resolve(loaded.config.registry)).find(scale)
    if found is None or len(found.scales) != 1:
        fail(f"{scale!r} is no scale of the registry {loaded.config.registry}")
    (one,) = found.scales
    return one.maker, one.model, loaded.data_dir
