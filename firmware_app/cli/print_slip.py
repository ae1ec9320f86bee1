"""`steelyard slip print`: the slip of an entry on paper, through the core that runs."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.service import config, messages
from firmware_app.service.client import CoreClient, CoreSilent, watch_state

ENDS = {
    "printed": "printed",
    "sent": "sent to the printer, which does not say whether it printed",
    "unsure": "the printer was lost within the slip: look whether it is whole",
    "failed": "no slip could be made of this entry",
    "cancelled": "taken back; nothing was printed",
}
WELL = ("printed", "sent")
TROUBLES = {
    "gone": "the printer does not answer: plug it in and switch it on",
    "paper_out": "the paper is used up: put in a new roll",
    "cover_open": "the cover of the printer is open: close it",
    "stuck": "the printer takes no data any more: switch it off and on",
}


@in_words
def print_slip(
    entry: Annotated[int, typer.Argument(help="Number of an entry with a verdict.", min=1)],
    run_dir: Annotated[Path | None, typer.Option(help="Run directory of the appliance.")] = None,
    file: Annotated[Path, typer.Option("--config", help="The configuration.")] = config.DEFAULT_PATH,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
) -> None:
    """Prints the slip of an entry and waits until it is out; Ctrl-C takes back one that still waits.

    What was printed before says that it is a copy.
    Leaves with 1 where there is no slip or it was taken back, with 3 where the printer failed.

    Example: steelyard slip print 41
    """
    where = run_dir or config.load(file).run_dir
    job = secrets.token_hex(8)
    try:
        with CoreClient(where) as core:
            reply = core.ask(messages.PrintSlip(job, entry))
            if isinstance(reply, messages.Refused):
                fail(reply.words, DEVICE_FAILED if reply.code in ("no_printer", "printer_busy") else NO)
            try:
                done = _until_out(where, job)
            except KeyboardInterrupt:
                core.ask(messages.CancelSlip(entry))
                done = _until_out(where, job)
    except CoreSilent as error:
        fail(str(error), DEVICE_FAILED)
    if as_json:
        print_json(done)
    else:
        console.print(f"entry {entry}{' (a copy)' if done.copy else ''}: {ENDS[done.phase]}", markup=False)
    if done.phase not in WELL:
        raise typer.Exit(NO if done.phase == "cancelled" else DEVICE_FAILED)


def _until_out(run_dir: Path, job: str) -> messages.SlipJob:
    """The job once it has ended; says meanwhile, once each, what it waits for. Raises CoreSilent."""
    said = ""
    while True:
        printer = watch_state(run_dir).printer
        mine = next((each for each in printer.jobs if each.job == job), None) if printer is not None else None
        if printer is None or mine is None:
            raise CoreSilent("the core was started anew; what still waited is printed by it")
        if mine.phase in ENDS:
            return mine
        if mine.phase == "waiting" and printer.trouble not in ("", said):
            said = printer.trouble
            words = TROUBLES.get(said, f"the printer: {said.replace('_', ' ')}")
            console.print(f"waiting: {words} (Ctrl-C takes the slip back)", markup=False)
