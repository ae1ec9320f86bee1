"""The demonstration with a display: loads are put on from the terminal."""

from __future__ import annotations

import sys
import threading

from rich.console import Console

from firmware_app.cli.demo.models import ScaleModel
from firmware_app.cli.demo.stage import Stage
from firmware_app.quantity import BadAmount, grams
from hardware.bench import BenchError, ask

HELP = """\
The kiosk is open. Put loads on from here:
  scale 1kg        a load on the trader's scale
  pan 437g         a load on the appliance's own pan
  empty            nothing on either
  place WHERE      the load on the trader's scale: centre, front_left, front_right, back_left, back_right
  press KEY …      keys of the trader's scale: zero, tare, digits, M1 to M6
  remote on|off    the remote control in the trader's pocket
  model NAME       another market scale; `steelyard demo --list-models` names them
  unplug, replug   the load cell's plug
  scan TEXT        a code under the scanner, such as steelyard:stall:12
  paper ROWS|new   so much paper left in the printer, 8 rows a millimetre; a new roll
  cover open|shut  the printer's cover
  stick in|out     a USB stick; its files lie where the answer says
  quit"""


def play_by_hand(stage: Stage, model: ScaleModel | None = None) -> None:
    """Reads commands until ``quit`` or the end of input; says of ``model`` how its trader makes it act."""
    console = Console(stderr=True, highlight=False)
    for each in stage.people:
        console.print(f"{each.role.value} {each.name}: number {each.number}, PIN {each.pin}")
    if not sys.stdin.isatty():
        console.print("the kiosk is open; end with Ctrl-C")
        threading.Event().wait()
        return
    console.print(HELP)
    if model is not None:
        console.print(f"The market scale: {model.tells}{_how(model)}")
    while True:
        try:
            words = input("> ").split()
        except (EOFError, KeyboardInterrupt):
            return
        if words and words[0] in ("quit", "exit"):
            return
        if words:
            try:
                _do(stage, words)
            except (BadAmount, BenchError, ValueError) as error:
                console.print(str(error))


def _how(model: ScaleModel) -> str:
    """The commands that make the model act."""
    done = [
        f"{wish} on" if value is True else f"{wish} {' '.join(value)}"
        for wish, value in model.hands.items()
        if value
    ]
    return f" Try: {', '.join(done)}" if done else ""


def _do(stage: Stage, words: list[str]) -> None:
    match words:
        case ["scale", amount]:
            ask(stage.scale_bench, load_g=float(grams(amount)))
        case ["pan", amount]:
            ask(stage.pan_bench, load_g=float(grams(amount)))
        case ["empty"]:
            ask(stage.scale_bench, load_g=0.0)
            ask(stage.pan_bench, load_g=0.0)
        case ["model", name]:
            ask(stage.scale_bench, model=name)
        case ["place", where]:
            ask(stage.scale_bench, position=where)
        case ["press", *keys] if keys:
            ask(stage.scale_bench, press=keys)
        case ["remote", ("on" | "off") as held]:
            ask(stage.scale_bench, remote=held == "on")
        case ["scan", *text] if text:
            ask(stage.scanner_bench, scan=" ".join(text))
        case [("unplug" | "replug") as plug]:
            ask(stage.pan_bench, plugged=plug == "replug")
        case _:
            _do_beside(stage, words)


def _do_beside(stage: Stage, words: list[str]) -> None:
    """What is done to the parts beside the pan."""
    match words:
        case ["paper", left]:
            ask(stage.printer_bench, paper_rows=None if left == "new" else int(left))
        case ["cover", ("open" | "shut") as cover]:
            ask(stage.printer_bench, cover_open=cover == "open")
        case ["stick", "in"]:
            sys.stderr.write(f"at the county: {stage.stick_in()}\n")
        case ["stick", "out"]:
            stage.stick_out()
        case _:
            raise ValueError(HELP)
