"""A visitor at the door of a running core: sees what a screen would see, answers by commands, loads the pan.

Rules this file obeys:

* What is waited for is a state of the core, never a time: on a busy host everything takes longer, and
  `PATIENCE_S` is only the end of waiting.
* Every published state is read in its order; a state from before a question was answered is not taken for the
  one after it.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import zmq
from system_appliance import PATIENCE_S, Appliance

from firmware_app.cli.demo.people import DemoPerson
from firmware_app.cli.signing import sign_in
from firmware_app.procedures import page, prompts
from firmware_app.registry.person import Role
from firmware_app.service import messages
from firmware_app.service.client import CoreClient, CoreSilent
from firmware_app.service.messages import VisitKind
from hardware.bench import ask

sys.path.insert(0, str(Path(__file__).parents[1] / "procedures"))
from wanderer import Wanderer

REST_S = 4.0
"""A load that has lain still for so long and moved nothing on is not the one that was wanted."""
LATER_STATES = 2
"""An answer that changes nothing is known by so many states after its reply."""
PAID, PAID_G = ("fair_paid", "fair_nominal"), "500"
EMPTY = ("challenge_clear_pan",)
END = (prompts.Judged, prompts.ControlJudged, prompts.NotSaved, page.PageJudged)
ROLES = {
    VisitKind.VERIFICATION: Role.INSPECTOR,
    VisitKind.CHALLENGE: Role.INSPECTOR,
    VisitKind.CONTROL_CHECK: Role.KEEPER,
}


class Screen:
    """What a core publishes, as a screen sees it. ``state``: the newest that was seen."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._socket = self._connected()
        self.state = self.next()

    def _connected(self) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(messages.endpoint(self._run_dir, messages.STATE_SOCKET))
        return socket

    def power_back(self) -> None:
        """What an earlier core had published is gone with it."""
        self._socket.close()
        self._socket = self._connected()
        self.state = self.next()

    def next(self) -> messages.State:
        if not self._socket.poll(int(PATIENCE_S * 1000)):
            raise CoreSilent(f"the core publishes nothing in {self._run_dir}")
        self.state = messages.decode_state(self._socket.recv())
        return self.state

    def newest(self) -> messages.State:
        """The newest of those that lie here; the one of before where none does."""
        while self._socket.poll(0):
            self.next()
        return self.state

    def until(self, true: Callable[[messages.State], object], what: str) -> messages.State:
        """The first state of which ``true`` holds."""
        end = time.monotonic() + PATIENCE_S
        while not true(self.newest()):
            assert time.monotonic() < end, f"{what}: {self.state}"
            self.next()
        return self.state

    def command(self, command: messages.Command) -> messages.Reply:
        with CoreClient(self._run_dir, PATIENCE_S) as core:
            return core.ask(command)

    def close(self) -> None:
        self._socket.close()


class AtDoor:
    """A visit as it is seen from outside the core."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    @property
    def shown(self) -> messages.VisitState | None:
        return self._screen.state.visit

    @property
    def prompt(self) -> prompts.Prompt | None:
        return None if self.shown is None else self.shown.prompt

    @property
    def name(self) -> str:
        """The key of the page, or the kind of the prompt."""
        if isinstance(self.prompt, prompts.SwapOnPan) and self.prompt.confirms:
            return "SwapOnPan to look at"
        return str(getattr(self.prompt, "key", type(self.prompt).__name__))

    @property
    def finished(self) -> bool:
        return self.shown is None or isinstance(self.prompt, END)


class Visitor(Wanderer):
    """The wanderer at the door of the core."""

    visit: AtDoor

    def __init__(self, appliance: Appliance, screen: Screen, seed: int) -> None:
        super().__init__(AtDoor(screen), seed, sense=1.0)
        self.appliance, self.screen = appliance, screen

    def tell(self, event: object, after: float = 0.0) -> None:
        shown = self.visit.shown
        if shown is None or not isinstance(event, get_args(messages.Answer)):
            return
        self.screen.command(messages.GiveAnswer(shown.visit, shown.step, event))
        self.screen.newest()
        for _ in range(LATER_STATES):
            if self.visit.shown != shown:
                return
            self.screen.next()

    def still(self, load: float) -> None:
        ask(self.appliance.bench, timeout_s=PATIENCE_S, load_g=load)
        before, end = self.visit.prompt, time.monotonic() + PATIENCE_S
        since: float | None = None
        while self.visit.prompt == before:
            state, now = self.screen.next(), time.monotonic()
            since = (since or now) if state.pan.stable else None
            if now > end or (since is not None and now - since > REST_S):
                return

    def page(self, prompt: page.Page) -> None:
        """What an instrument waits for is put on at once; a wrong load would take `REST_S` each time."""
        if not isinstance(prompt.wants, page.Wait):
            super().page(prompt)
        elif prompt.key in EMPTY:
            self.still(0.01)
        else:
            self.still(sum(map(float, prompt.pieces_g)) or self.wanted(prompt))

    def likely(self, prompt: page.Page) -> str:
        return PAID_G if prompt.key in PAID else super().likely(prompt)

    def wanted(self, prompt: page.Page) -> float:
        """The first mass that the page names, else what lay there before."""
        named = [float(fact.value) for fact in prompt.facts if fact.unit == "g" and fact.value[:1].isdigit()]
        self.load = named[0] if named else self.load or float(PAID_G)
        return self.load

    def step(self) -> None:
        if isinstance(self.visit.prompt, prompts.Saving):
            self.screen.next()
        else:
            super().step()


def begin(screen: Screen, kind: VisitKind, people: tuple[DemoPerson, ...]) -> str:
    """Opens a visit, led by whoever may; its id."""
    visit = secrets.token_hex(8)
    who = next((each for each in people if each.role is ROLES.get(kind)), None)
    with CoreClient(screen._run_dir, PATIENCE_S) as core:
        if who is not None:
            sign_in(core, who.number, who.pin)
        reply = core.ask(messages.StartVisit(visit, kind))
    assert reply == messages.Ok(), reply
    screen.until(lambda s: s.visit is not None and s.visit.visit == visit, "the visit does not begin")
    return visit


def sign_in_again(screen: Screen, people: tuple[DemoPerson, ...]) -> None:
    """Whoever led the visit comes back to it: a session does not outlive the power."""
    shown = screen.newest().visit
    if shown is None or shown.waits_for is None:
        return
    number = shown.waits_for.number
    who = next(each for each in people if each.number == number)
    with CoreClient(screen._run_dir, PATIENCE_S) as core:
        sign_in(core, who.number, who.pin)
    screen.until(lambda s: s.visit is None or s.visit.waits_for is None, "the visit goes on waiting")
