"""`steelyard control check`: the daily check of the pan, led from the terminal over the core's socket."""

from __future__ import annotations

import secrets
import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
import zmq

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.cli.people.asking import As, AsPinFile, pin_of
from firmware_app.cli.signing import NotTaken, sign_in
from firmware_app.procedures import prompts
from firmware_app.procedures.events import Cancel
from firmware_app.procedures.prompts import ControlJudged, ControlResult, NotSaved, Prompt
from firmware_app.quantity import show_mass
from firmware_app.service import config, messages
from firmware_app.service.client import CoreClient, CoreSilent
from firmware_app.weighing.control import NextStep, Outcome, Reason

SILENCE_MS = 5000
"""The core publishes once a second at least."""

OUTCOMES = {
    Outcome.IN_CONTROL: "[bold green]in control[/]",
    Outcome.WARNING: "[bold yellow]in control, but watch it[/]",
    Outcome.OUT_OF_CONTROL: "[bold red]out of control[/]: nothing is judged by the pan until a check passes",
}
REASONS = {
    Reason.WITHIN: "it agrees with its history",
    Reason.TWO_OF_THREE: "two of the last three checks were near a limit",
    Reason.BEYOND_BUDGET: "it is further off than its uncertainty allows",
    Reason.BEYOND_LIMITS: "it has jumped away from its history",
    Reason.DRIFTED: "it has slowly drifted away",
}
STEPS = {
    NextStep.NONE: "",
    NextStep.WATCH: "check again tomorrow as usual, and look at the chart",
    NextStep.CLEAN: "clean the pan and the weight, then check again",
    NextStep.LEVEL_AND_WARM: "level the appliance, let it warm for half an hour, then check again",
    NextStep.CALIBRATE: "calibrate the pan with reference weights, or have it repaired",
}


@in_words
def check(
    *,
    run_dir: Annotated[Path | None, typer.Option(help="Run directory of the appliance.")] = None,
    file: Annotated[Path, typer.Option("--config", help="The configuration.")] = config.DEFAULT_PATH,
    patience: Annotated[float, typer.Option(help="Seconds after which it is given up.", min=5)] = 300.0,
    as_number: As = None,
    as_pin_file: AsPinFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
) -> None:
    """Checks the pan with its control weight; leaves with 1 where it is out of control.

    Where people are registered a keeper or inspector checks (--as). Every weighing is an entry of the
    record: one that fails stays, and the repetition stands after it.

    Example: steelyard control check --run-dir /run/steelyard
    """
    where = run_dir or config.load(file).run_dir
    visit = secrets.token_hex(8)
    try:
        with CoreClient(where) as core:
            if as_number is not None:
                sign_in(core, as_number, pin_of(as_number, as_pin_file))
            try:
                reply = core.ask(messages.StartVisit(visit, messages.VisitKind.CONTROL_CHECK))
                if isinstance(reply, messages.Refused):
                    fail(reply.words, NO)
                judged = _follow(core, where, visit, patience)
            finally:
                if as_number is not None:
                    core.ask(messages.SignOut())
    except NotTaken as error:
        fail(str(error), NO)
    except CoreSilent as error:
        fail(str(error), DEVICE_FAILED)
    if as_json:
        print_json(judged)
    else:
        _tell(judged.result, judged.entry)
    if judged.result.outcome is Outcome.OUT_OF_CONTROL:
        raise typer.Exit(NO)


def _follow(core: CoreClient, run_dir: Path, visit: str, patience: float) -> ControlJudged:
    """Says each prompt as it comes, until there is an outcome."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    end, said = time.monotonic() + patience, ""
    state: messages.State | None = None
    with socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(messages.endpoint(run_dir, messages.STATE_SOCKET))
        try:
            while time.monotonic() < end:
                if not socket.poll(SILENCE_MS):
                    raise CoreSilent(f"the core publishes nothing in {run_dir}: the check waits on its disk")
                state = messages.decode_state(socket.recv())
                if state.visit is None or state.visit.visit != visit:
                    fail("the check was ended at the screen of the appliance", NO)
                prompt = state.visit.prompt
                if isinstance(prompt, ControlJudged):
                    core.ask(messages.CloseVisit(visit))
                    return prompt
                if isinstance(prompt, NotSaved):
                    core.ask(messages.CloseVisit(visit))
                    fail(
                        f"the check could not be recorded ({prompt.reason}): there is no outcome",
                        DEVICE_FAILED,
                    )
                if (words := _words(prompt)) != said:
                    said = words
                    console.print(words, markup=False)
            fail(f"given up after {patience:g} s at: {said}", NO)
        finally:
            if state is not None and state.visit is not None and state.visit.visit == visit:
                core.ask(messages.GiveAnswer(visit, state.visit.step, Cancel()))


def _words(prompt: Prompt) -> str:
    match prompt:
        case prompts.ClearPan():
            return "take everything off the pan"
        case prompts.PutControlWeight(problem=prompts.Problem.NOT_THE_CONTROL_WEIGHT):
            return "that is not the control weight: put only that on the pan"
        case prompts.PutControlWeight(nominal_g=nominal, weight=weight):
            return f"put the control weight {weight} ({mass_of(nominal)}) in the middle of the pan"
        case prompts.Interrupted(fault=fault):
            return f"the pan is at fault ({fault.value.replace('_', ' ')}); see steelyard health"
    return "saving"


def mass_of(grams: str) -> str:
    """A mass on the wire as people read it."""
    return show_mass(Decimal(grams))


def _tell(result: ControlResult, entry: int) -> None:
    """The outcome in words on standard output's console."""
    console.print(f"the pan is {OUTCOMES[result.outcome]}: {REASONS[result.reason]}")
    console.print(
        f"{result.deviation_g} g off at {mass_of(result.nominal_g)}, limits {result.lower_g} g to "
        f"{result.upper_g} g from the {result.basis.value}, check {result.checks} of {result.needed}; "
        f"entry {entry}"
    )
    if step := STEPS[result.next_step]:
        console.print(f"what to do: {step}")
