"""The desk where a visit is led: one at a time, kept on disk at every step, saved exactly once.

Rules this file obeys:

* A command may arrive twice: the visit's id and the step make the repetition harmless.
* After every change of the prompt the state is on disk before it is shown, so a power cut resumes there.
* The outcome is appended under the visit's id, once, and ends what was kept in the same transaction: after a
  power cut a visit goes on from its last step or is over with its entry, never both. A further part of a
  visit (a complaint after its verdict) is kept and appended under the id and the number of the part.
"""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

import msgspec

from firmware_app.ledger.errors import LedgerError, StoreFailed
from firmware_app.ledger.slip.claim import has_slip
from firmware_app.ledger.store import Ledger
from firmware_app.procedures.challenge.visit import Challenge
from firmware_app.procedures.context import Context
from firmware_app.procedures.control_check.procedure import ControlCheck
from firmware_app.procedures.events import Event, Saved, SaveFailed
from firmware_app.procedures.fair_weighing.procedure import FairWeighing
from firmware_app.procedures.prompts import Prompt, Saving, SwapOnPan
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.procedures.table import BadSnapshot
from firmware_app.procedures.verification.procedure import Verification
from firmware_app.registry.person import Person
from firmware_app.registry.registry import Scale
from firmware_app.service.messages import VisitKind, VisitState
from hardware.scale.confirm import Confirmation


class Outcome(Protocol):
    """What comes of a visit: kind and body of its entry."""

    @property
    def kind(self) -> str: ...

    @property
    def body(self) -> dict[str, Any]: ...


class Procedure(Protocol):
    """A visit as the desk leads it. ``scale``: under test, once it is known; ``confirmed``: its lead."""

    @property
    def prompt(self) -> Prompt: ...

    @property
    def state(self) -> Any: ...

    @property
    def outcome(self) -> Outcome | None: ...

    @property
    def finished(self) -> bool: ...

    @property
    def scale(self) -> Scale | None: ...

    @property
    def confirmed(self) -> Confirmation | None: ...

    def handle(self, event: Event, now_ns: int) -> bool: ...

    def snapshot(self) -> bytes: ...


class Kind(Protocol):
    """A procedure that can be begun, or gone on with; ``restore`` raises BadSnapshot."""

    def start(self, context: Context) -> Procedure: ...

    def restore(self, context: Context, snapshot: bytes) -> Procedure: ...


KINDS: dict[VisitKind, Kind] = {
    VisitKind.SELF_CHECK: SelfCheck,
    VisitKind.CONTROL_CHECK: ControlCheck,
    VisitKind.FAIR_WEIGHING: FairWeighing,
    VisitKind.CHALLENGE: Challenge,
    VisitKind.VERIFICATION: Verification,
}
"""Every kind of visit there is."""
LEFT = "visit_left"
"""Kind of the entry of a visit that ended without an outcome, where somebody had signed in for it."""


class ContextMaker(Protocol):
    """Looks at the appliance as it is now."""

    def __call__(self) -> Context: ...


class SlipMaker(Protocol):
    """The text of the slip for an entry that holds a verdict."""

    def __call__(self, seq: int) -> str: ...


class Kept(msgspec.Struct, frozen=True):
    """A visit on disk. ``by``: who leads it, None where nobody had to sign in. ``visit``: its id, empty where
    that is what it is kept under."""

    step: int
    state: bytes
    by: Person | None = None
    visit: str = ""


class VisitDesk:
    """The visit in progress, if there is one."""

    def __init__(self, ledger: Ledger, context: ContextMaker, slip: SlipMaker) -> None:
        self._ledger = ledger
        self._context = context
        self._slip = slip
        self._visit: str | None = None
        self._step = 0
        self._kind = VisitKind.SELF_CHECK
        self._procedure: Procedure | None = None
        self._by: Person | None = None
        self._kept_as = ""
        self._resume()

    def _resume(self) -> None:
        kept = self._ledger.open_visit()
        if kept is None:
            return
        try:
            state = msgspec.msgpack.decode(kept.state, type=Kept)
            kind = VisitKind(kept.kind)
            procedure = KINDS[kind].restore(self._context_for(state.by), state.state)
        except (msgspec.DecodeError, BadSnapshot, ValueError) as error:
            # Kept by a version that wrote it otherwise: the visit cannot go on, the appliance must.
            dropped = {"visit": kept.visit, "why": str(error)[:200]}
            # A disk that is full must not keep the home screen away: the next start tries again.
            with contextlib.suppress(StoreFailed):
                self._ledger.append("visit_dropped", dropped, drops=kept.visit)
            return
        self._visit, self._step, self._procedure = state.visit or kept.visit, state.step + 1, procedure
        self._kept_as = kept.visit
        self._kind, self._by = kind, state.by

    def _context_for(self, by: Person | None) -> Context:
        return msgspec.structs.replace(self._context(), person=by)

    @property
    def by(self) -> Person | None:
        """Who leads the open visit, None where nobody had to sign in for it, and where none is open."""
        return None if self._visit is None else self._by

    @property
    def visit(self) -> str | None:
        return self._visit

    @property
    def procedure(self) -> Procedure | None:
        return self._procedure

    def start(self, visit: str, kind: VisitKind, by: Person | None = None) -> bool:
        """Opens a visit led by ``by``; True also where it is open already, False where another one is."""
        if self._visit is not None:
            return self._visit == visit
        self._visit = visit
        self._kind, self._by = kind, by
        self._step = 0
        self._procedure = KINDS[kind].start(self._context_for(by))
        self._keep()
        return True

    def answer(self, visit: str, step: int, answer: Event, now_ns: int) -> None:
        """Hands an answer to the procedure if it answers the prompt that is shown."""
        if visit != self._visit or step != self._step:
            return
        self.handle(answer, now_ns)
        procedure = self._procedure
        if procedure is not None and self._step == step and getattr(procedure.prompt, "problem", None):
            # Refused for the same reason as before: the person must see that it was heard.
            self._step += 1
            self._keep()

    def handle(self, event: Event, now_ns: int) -> None:
        """Hands an event to the procedure, saves what came of it and keeps the new state."""
        if self._procedure is None:
            return
        asked = _question(self._procedure.prompt)
        changed = self._procedure.handle(event, now_ns)
        if isinstance(self._procedure.prompt, Saving):
            self._save(now_ns)
            changed = True
        if self._procedure.finished:
            self._close()
        elif changed:
            self._step += _question(self._procedure.prompt) != asked
            self._keep()

    def close(self, visit: str) -> None:
        """The person is done; closing a visit that is not open changes nothing."""
        if visit == self._visit:
            self._close()

    def state(self) -> VisitState | None:
        """What the screen shows of the visit."""
        if self._visit is None or self._procedure is None:
            return None
        return VisitState(self._visit, self._step, self._procedure.prompt)

    def _save(self, now_ns: int) -> None:
        assert self._procedure is not None and self._visit is not None
        outcome = self._procedure.outcome
        assert outcome is not None
        try:
            # Whoever had to sign in stands in every record, also of a procedure that says nothing of it.
            led = {} if self._by is None else {"by": msgspec.to_builtins(self._by)}
            entry = self._ledger.append(outcome.kind, {**led, **outcome.body}, visit=self._key())
        except StoreFailed as error:
            self._procedure.handle(SaveFailed(error.code), now_ns)
            return
        slip = ""
        # What is saved is said to be saved, also where the disk fails before its slip could be made.
        with contextlib.suppress(LedgerError):
            slip = self._slip(entry.seq) if has_slip(entry.payload) else ""
        self._procedure.handle(Saved(entry.seq, slip), now_ns)

    def _keep(self) -> None:
        assert self._procedure is not None and self._visit is not None
        kept = Kept(self._step, self._procedure.snapshot(), self._by, self._visit)
        self._kept_as = self._key()
        try:
            self._ledger.keep_visit(self._kept_as, self._kind.value, msgspec.msgpack.encode(kept))
        except StoreFailed:
            # A full disk must not stop the person from seeing why: the health page and the
            # refusal to save say it; only the resumption after a power cut is lost.
            return

    def _key(self) -> str:
        """The id under which this part of the visit is kept and appended."""
        assert self._visit is not None
        part = getattr(self._procedure, "part", 0)
        return f"{self._visit}.{part}" if part else self._visit

    def _close(self) -> None:
        assert self._visit is not None
        visit, procedure = self._visit, self._procedure
        self._visit, self._procedure = None, None
        try:
            if self._by is not None and procedure is not None and procedure.outcome is None:
                # An inspection that was begun and left is no secret.
                left = {"visit": visit, "of": self._kind.value, "by": msgspec.to_builtins(self._by)}
                self._ledger.append(LEFT, left, drops=self._kept_as)
            else:
                self._ledger.drop_visit(self._kept_as)
        except StoreFailed:
            return


def _question(prompt: Prompt) -> tuple[object, ...]:
    """What makes a prompt another question: an answer given while only its details changed still counts.

    Goods and weights that change places are hands at work, and each move asks for another thing.
    """
    moves = (prompt.put, prompt.on_pan) if isinstance(prompt, SwapOnPan) else ()
    told = (getattr(prompt, name, None) for name in ("key", "number", "problem"))
    return type(prompt), *told, moves
