"""Plays one visit over the core's socket: tells each prompt, hands on what is typed, until it is over.

Rules this file obeys:

* The core leads the visit; this only reads its state and sends answers, as the screen does.
* The screen may answer too: what is shown is always the step that the core shows.
* An answer is sent once for a step; the next thing told is what came of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import zmq

from firmware_app.cli.visit.answers import NoAnswer, answer
from firmware_app.cli.visit.told import Teller, Told, Wants
from firmware_app.errors import SteelyardError
from firmware_app.procedures.events import Cancel
from firmware_app.procedures.prompts import Prompt
from firmware_app.service import messages
from firmware_app.service.client import CoreClient, CoreSilent

SILENCE_MS = 5000
"""The core publishes once a second at least."""


class Ended(SteelyardError):
    """The visit ended before its outcome; the message says how."""


class Shown(msgspec.Struct, frozen=True):
    """A step as it is told. ``again``: the same question with something changed in it."""

    step: int
    prompt: Prompt
    told: Told


class Terminal:
    """What the player needs of a person: to be told, and to be asked for a line (None: there is none)."""

    def __init__(
        self,
        tell: Callable[[Shown], None],
        ask: Callable[[Told], str | None],
        complain: Callable[[str], None],
        witness: Callable[[CoreClient], None],
    ) -> None:
        self.tell = tell
        self.ask = ask
        self.complain = complain
        self.witness = witness


class Player:
    """One visit. ``patience``: seconds that an instrument may take."""

    def __init__(self, run_dir: Path, teller: Teller, terminal: Terminal, patience: float) -> None:
        self._run_dir = run_dir
        self._teller = teller
        self._terminal = terminal
        self._patience = patience

    def play(self, visit: str, kind: messages.VisitKind) -> Shown:
        """Begins the visit and leads it to its outcome, which is returned; raises Ended, CoreSilent."""
        with CoreClient(self._run_dir) as core, _states(self._run_dir) as socket:
            reply = core.ask(messages.StartVisit(visit, kind))
            if isinstance(reply, messages.Refused):
                raise Ended(reply.words)
            last = -1
            try:
                for shown in self._steps(socket, visit):
                    last = shown.step
                    self._terminal.tell(shown)
                    if shown.told.wants is Wants.END and not self._goes_on(core, visit, shown):
                        core.ask(messages.CloseVisit(visit))
                        last = -1
                        return shown
                    if shown.told.wants is not Wants.END:
                        self._answer(core, visit, shown)
            finally:
                if last >= 0:
                    core.ask(messages.GiveAnswer(visit, last, Cancel()))
        raise Ended("the visit is over")

    def _goes_on(self, core: CoreClient, visit: str, shown: Shown) -> bool:
        """After the outcome: whether something that stands beside it was chosen."""
        if not shown.told.beside:
            return False
        typed = self._terminal.ask(shown.told)
        if not typed:
            return False
        try:
            core.ask(messages.GiveAnswer(visit, shown.step, answer(shown.told, typed)))
        except NoAnswer as error:
            self._terminal.complain(str(error))
        return True

    def _answer(self, core: CoreClient, visit: str, shown: Shown) -> None:
        if shown.told.wants is Wants.WITNESS:
            self._terminal.witness(core)
            return
        if shown.told.wants is Wants.NOTHING:
            return
        while True:
            typed = self._terminal.ask(shown.told)
            if typed is None:
                raise Ended("no more answers: the visit was left")
            try:
                given = answer(shown.told, typed)
            except NoAnswer as error:
                self._terminal.complain(str(error))
                continue
            core.ask(messages.GiveAnswer(visit, shown.step, given))
            return

    def _steps(self, socket: zmq.Socket[bytes], visit: str) -> Iterator[Shown]:
        """Every step as it comes, each once; raises Ended, CoreSilent."""
        seen: tuple[int, tuple[str, ...]] | None = None
        begun = False
        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            if not socket.poll(SILENCE_MS):
                raise CoreSilent(
                    f"the core publishes nothing in {self._run_dir}: the visit waits on its disk"
                )
            state = messages.decode_state(socket.recv())
            if state.visit is None or state.visit.visit != visit:
                if begun:
                    raise Ended("the visit was ended at the screen of the appliance")
                continue
            begun = True
            told = self._teller.tell(state.visit.prompt)
            if (state.visit.step, told.lines) != seen:
                seen = state.visit.step, told.lines
                yield Shown(state.visit.step, state.visit.prompt, told)
                end = time.monotonic() + self._patience
        raise Ended(f"nothing happened for {self._patience:g} s: the visit was left")


def _states(run_dir: Path) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    socket.setsockopt(zmq.LINGER, 0)
    # The newest state is all that counts; those before it may be dropped while somebody types.
    socket.setsockopt(zmq.CONFLATE, 1)
    socket.setsockopt(zmq.SUBSCRIBE, b"")
    socket.connect(messages.endpoint(run_dir, messages.STATE_SOCKET))
    return socket
