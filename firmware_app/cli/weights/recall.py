"""`steelyard weights recall`: a weight was found wrong; by the running core, or without one."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.cli.people.asking import As, AsPinFile, credentials
from firmware_app.cli.weights.common import DEFAULT, AsJson, ConfigFile, drawer, record
from firmware_app.ledger.errors import LedgerInUse
from firmware_app.ledger.home import LEDGER, device_signer, open_ledger
from firmware_app.service import config
from firmware_app.service.client import CoreClient, CoreSilent
from firmware_app.service.clock import SystemClock
from firmware_app.service.config import Loaded
from firmware_app.service.identity import software_hash
from firmware_app.service.messages import Recalled, RecallWeight, Refused
from firmware_app.service.recall.desk import RecallDesk, RecallRefused
from firmware_app.standards.recalls import Affected, parts_of
from firmware_app.standards.uses import CALIBRATION_KINDS

BETWEEN_S = 0.2
"""From one question how far it is to the next."""
PATIENCE_S = 600.0
MOST_SHOWN = 40
ANSWER_S = 30.0
"""The first answer comes when the withdrawal is on disk; a signer in hardware may take its time."""


@in_words
def recall(  # noqa: PLR0917 - the options of the command
    id: Annotated[str, typer.Argument(help="The weight.", metavar="ID")],
    found: Annotated[str, typer.Option(help="Conventional mass it was found to have, such as 4999.62g.")],
    u: Annotated[str, typer.Option("--u", help="U of that (k = 2), such as 30mg.")],
    why: Annotated[str, typer.Option(help="Who found it and how, such as 'certificate 2026-0815'.")],
    since: Annotated[str, typer.Option(help="First day on which it is doubted; else always.")] = "",
    file: ConfigFile = DEFAULT,
    run_dir: Annotated[Path | None, typer.Option(help="Run directory of the appliance.")] = None,
    as_number: As = None,
    as_pin_file: AsPinFile = None,
    as_json: AsJson = False,
) -> None:
    """Withdraws a weight, and judges again every verdict that rests on it. No old entry is changed.

    The weight is used for nothing until the file of weights has a new certificate for it. The same command
    again goes on with a recall that was stopped, and tells what came of one that is done. Where keepers are
    registered and the core runs, one of them asks: by --as, or signed in at the screen. Leaves with 1 where
    it is refused.

    Example: steelyard weights recall DEMO-M1-5kg --found 4999.1g --u 30mg --why "chipped, weighed again"
    """
    loaded = config.load(file)
    # Of what was asked: the command again is the same recall, whoever repeats it.
    asked_id = hashlib.sha256("\n".join((id, found, u, why, since)).encode()).hexdigest()[:16]
    asked = RecallWeight(recall=asked_id, weight=id, found=found, expanded=u, why=why, since=since)
    try:
        done = _directly(loaded, asked)
    except LedgerInUse:
        by = credentials(as_number, as_pin_file)
        done = _by_the_core(run_dir or loaded.run_dir, msgspec.structs.replace(asked, by=by))
    except RecallRefused as error:
        fail(str(error), NO)
    with record(loaded) as ledger:
        affected = [each for _, part in parts_of(ledger, done.recall) for each in part.affected]
    if as_json:
        print_json(done)
        for each in affected:
            print_json(each)
        return
    _print(done, affected)


def _directly(loaded: Loaded, asked: RecallWeight) -> Recalled:
    """With no core running; raises LedgerInUse where one is."""
    if not (loaded.data_dir / LEDGER).exists():
        fail(f"{loaded.data_dir}: there is no record here, so nothing rests on the weight", DEVICE_FAILED)
    device = loaded.config.device
    signer = device_signer(loaded.data_dir, device.signer, device.signer_options)
    with open_ledger(
        loaded.data_dir,
        clock=SystemClock(device.time_zone),
        software=software_hash(),
        device=device.id,
        signer=signer,
    ) as ledger:
        desk = RecallDesk(ledger, loaded.data_dir, lambda: drawer(loaded))
        try:
            desk.begin(asked, "console")
            desk.finish()
            return desk.begin(asked, "console")
        finally:
            desk.close()


def _by_the_core(run_dir: Path, asked: RecallWeight) -> Recalled:
    try:
        with CoreClient(run_dir, ANSWER_S) as core, Progress(console=console, transient=True) as progress:
            task = progress.add_task("judging again", total=None)
            end = time.monotonic() + PATIENCE_S
            while True:
                reply = core.ask(asked)
                if isinstance(reply, Refused):
                    fail(reply.words, NO)
                if isinstance(reply, Recalled):
                    if reply.finished:
                        return reply
                    progress.update(task, completed=reply.done_to, total=reply.up_to)
                    if reply.problem:
                        fail(f"recorded, but it stands still: {reply.problem}", DEVICE_FAILED)
                if time.monotonic() > end:
                    fail("recorded, and the core goes on with it: ask again with the same command", NO)
                # The core goes through its record by itself; this only asks how far it is.
                time.sleep(BETWEEN_S)
    except CoreSilent as error:
        fail(str(error), DEVICE_FAILED)


def _print(done: Recalled, affected: list[Affected]) -> None:
    entries = f"entr{'y' if len(done.entries) == 1 else 'ies'} {', '.join(map(str, done.entries))}"
    console.print(f"weight {done.weight} is withdrawn: {entries}", markup=False)
    telling = [each for each in affected if each.changed or each.why]
    table = Table(box=None, pad_edge=False)
    for heading in ("entry", "kind", "was", "is now", "because"):
        table.add_column(heading, justify="right" if heading == "entry" else "left")
    for each in telling[:MOST_SHOWN]:
        new = each.new or ("" if each.kind in CALIBRATION_KINDS else "not judged again")
        table.add_row(str(each.seq), each.kind, each.old, new, each.why or each.rests)
    if telling:
        Console().print(table)
    if len(telling) > MOST_SHOWN:
        console.print(f"and {len(telling) - MOST_SHOWN} more: --json tells all", markup=False)
    judged = [each for each in affected if each.kind not in CALIBRATION_KINDS]
    changed = sum(each.changed for each in judged)
    console.print(
        f"{len(judged)} verdicts and checks rest on it, {changed} of them are others now; "
        f"{len(affected) - len(judged)} calibrations",
        markup=False,
    )
