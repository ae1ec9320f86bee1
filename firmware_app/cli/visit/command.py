"""`steelyard visit KIND`: any procedure led in the terminal."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from firmware_app import parts
from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.cli.signing import NotTaken, read_pin, sign_in, witness
from firmware_app.cli.visit.answers import LETTERS, hint
from firmware_app.cli.visit.player import Ended, Player, Shown, Terminal
from firmware_app.cli.visit.screens import TABLE
from firmware_app.cli.visit.told import Teller, Told, Wants
from firmware_app.service import config, messages
from firmware_app.service.client import CoreClient, CoreSilent

WORDS = "steelyard.words"
LANGUAGES = ("en", "zh", "bo")
NUMBER = Told(lines=(), wants=Wants.CODE)
"""Asks for the number of a person."""


def _kind(text: str) -> messages.VisitKind:
    try:
        return messages.VisitKind(text.replace("-", "_"))
    except ValueError:
        known = ", ".join(kind.value.replace("_", "-") for kind in messages.VisitKind)
        raise typer.BadParameter(f"no kind of visit {text!r}; there are: {known}") from None


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise typer.BadParameter(f"one of {', '.join(LANGUAGES)}")
    return text


@in_words
def visit(  # noqa: PLR0917 - the options of the command
    kind: Annotated[
        str, typer.Argument(help="self-check, fair-weighing, verification, challenge or control-check.")
    ],
    run_dir: Annotated[Path | None, typer.Option(help="Run directory of the appliance.")] = None,
    file: Annotated[Path, typer.Option("--config", help="The configuration.")] = config.DEFAULT_PATH,
    language: Annotated[str, typer.Option(callback=_language, help="en, zh or bo.")] = "en",
    answers: Annotated[
        Path | None, typer.Option(help="Answers from a file, one a line (- for standard input).")
    ] = None,
    patience: Annotated[float, typer.Option(help="Seconds an instrument may take.", min=5)] = 300.0,
    person: Annotated[
        str | None, typer.Option("--as", help="Number of the person who signs in first.")
    ] = None,
    pin_file: Annotated[
        Path | None, typer.Option(help="PINs, one a line, in the order in which they are asked for.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Each prompt as one JSON object a line.")] = False,
) -> None:
    """Leads a procedure in the terminal, by the tables that the screen shows; leaves with 1 for a no.

    Example: steelyard visit self-check --run-dir /run/steelyard
    """
    wanted = _kind(kind)
    where = run_dir or config.load(file).run_dir
    pins = _pins(pin_file)
    terminal = _terminal(answers, pins, as_json=as_json)
    words = parts.factory(WORDS, "kiosk")()
    try:
        if person is not None:
            with CoreClient(where) as core:
                sign_in(core, person, next(pins))
        end = Player(where, Teller(words, language, TABLE), terminal, patience).play(
            secrets.token_hex(8), wanted
        )
    except (Ended, NotTaken) as error:
        fail(str(error), NO)
    except CoreSilent as error:
        fail(str(error), DEVICE_FAILED)
    if not end.told.well:
        raise typer.Exit(NO)


def _terminal(answers: Path | None, pins: Iterator[str], *, as_json: bool) -> Terminal:
    typed = _lines(answers)

    def ask(told: Told) -> str | None:
        if answers is None and sys.stdin.isatty():
            console.print(f"[dim]{hint(told)}[/]")
            try:
                return input("> ")
            except EOFError:
                return None
        return next(typed, None)

    def tell(shown: Shown) -> None:
        if as_json:
            print_json({"step": shown.step, "wants": shown.told.wants, "prompt": shown.prompt})
        else:
            _print(shown.told)

    return Terminal(tell, ask, lambda words: console.print(f"! {words}", markup=False), _witness(ask, pins))


def _lines(answers: Path | None) -> Iterator[str]:
    """The lines of a script; what stands behind a ``#`` is for people."""
    text = sys.stdin if answers is None or str(answers) == "-" else answers.open(encoding="utf-8")
    for line in text:
        said, _, _ = line.partition("#")
        if said.strip() or not line.strip():
            yield said.strip()


def _print(told: Told) -> None:
    out = sys.stdout
    out.write("\n" + "\n".join(told.lines) + "\n")
    for number, choice in enumerate(told.choices, 1):
        if told.wants is not Wants.CONFIRM:
            out.write(f"  {number}  {choice.words}{f' ({choice.why_not})' if choice.why_not else ''}\n")
    for letter, choice in zip(LETTERS, told.beside, strict=False):
        out.write(f"  {letter}  {choice.words}\n")
    out.flush()


def _witness(ask: Callable[[Told], str | None], pins: Iterator[str]) -> Callable[[CoreClient], None]:
    """The second person signs here, number first; a PIN that is not taken is asked for again."""

    def sign(core: CoreClient) -> None:
        number = ask(NUMBER)
        if number is None:
            raise Ended("no more answers: the visit was left")
        try:
            witness(core, number, next(pins))
        except NotTaken as error:
            console.print(f"! {error}", markup=False)

    return sign


def _pins(file: Path | None) -> Iterator[str]:
    """PINs one after the other: typed unseen, or the lines of a file."""
    if file is None:
        while True:
            yield read_pin("PIN")
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield line.strip()
    raise Ended("no more PINs in the file: the visit was left")
