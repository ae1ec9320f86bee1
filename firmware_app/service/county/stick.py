"""The core's side of the stick: what the keeper wants done with it, how far it is, and what came of it.

Rules this file obeys:

* The core sees no stick. The uploader says how many are in, asks what is wanted and tells what came of it.
* One thing at a time; an uploader that was started anew is asked for the same again.
* What came of it stands in the record with who wanted it. A full disk does not keep anybody from taking the
  record away on a stick: that is then the one thing that helps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.store import Ledger
from firmware_app.registry.person import Person
from firmware_app.service.door import Commands
from firmware_app.service.messages import Ok, Refused, Reply
from firmware_app.service.messages.stick import (
    CarryByStick,
    StickNews,
    StickResult,
    StickState,
    StickTask,
    StickWish,
)

CARRIED = "carried_by_stick"
"""Kind of the entry."""
SILENT_NS = 6_000_000_000
"""The uploader speaks twice a second, and waits five seconds for an answer."""
SILENT = "uploader_silent"


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``carried_by_stick``: who wanted what, and what came of it (`StickResult`)."""

    by: Person
    task: StickTask
    result: StickResult


class _Job(msgspec.Struct, frozen=True, kw_only=True):
    attempt: Annotated[str, Meta(max_length=64)]
    task: StickTask
    by: Person
    heard_ns: int
    done: int = 0
    of: int = 0
    result: StickResult | None = None


class StickDesk:
    """Answers screen and uploader. ``person``: who is signed in; ``carries``: the appliance takes sticks."""

    def __init__(self, ledger: Ledger, person: Callable[[], Person | None], *, carries: bool) -> None:
        self._ledger = ledger
        self._carries = carries
        self._person = person
        self._sticks = 0
        self._heard_ns: int | None = None
        self._job: _Job | None = None

    def commands(self) -> Commands:
        """What this desk is asked to do."""
        return {CarryByStick: self._want, StickNews: self._news}

    def state(self, now_ns: int) -> StickState | None:
        """How it stands, for a screen; None where no stick is taken."""
        if not self._carries:
            return None
        heard = self._heard_ns is not None and now_ns - self._heard_ns <= SILENT_NS
        sticks, job = self._sticks if heard else None, self._job
        if job is None:
            return StickState(sticks=sticks)
        return StickState(
            sticks=sticks,
            attempt=job.attempt,
            task=job.task,
            done=job.done,
            of=job.of,
            result=job.result,
        )

    @property
    def working(self) -> bool:
        """Whether something is being done, which whoever wanted it waits for."""
        return self._job is not None and self._job.result is None

    def turn(self, now_ns: int) -> None:
        """Gives up what nobody does."""
        job = self._job
        if job is not None and job.result is None and now_ns - job.heard_ns > SILENT_NS:
            self._end(StickResult(code=SILENT, words="the uploader does not answer"))

    def _want(self, asked: CarryByStick, now_ns: int) -> Reply:
        if not self._carries:
            return Refused("no_sticks", "no directory for sticks is configured")
        job = self._job
        if job is not None and job.attempt == asked.attempt:
            return Ok()
        if job is not None and job.result is None:
            return Refused("stick_busy", "something else is being done with the stick")
        by = self._person()
        assert by is not None, "whoever is nobody is refused at the door"
        self._job = _Job(attempt=asked.attempt, task=asked.task, by=by, heard_ns=now_ns)
        return Ok()

    def _news(self, told: StickNews, now_ns: int) -> Reply:
        self._heard_ns, self._sticks = now_ns, told.sticks
        job = self._job
        if job is None or job.result is not None:
            return StickWish()
        if told.attempt == job.attempt:
            if told.result is not None:
                self._end(told.result)
                return StickWish()
            self._job = msgspec.structs.replace(job, done=told.done, of=told.of, heard_ns=now_ns)
        return StickWish(attempt=job.attempt, task=job.task)

    def _end(self, result: StickResult) -> None:
        job = self._job
        assert job is not None
        self._job = msgspec.structs.replace(job, result=result)
        with contextlib.suppress(StoreFailed):
            self._ledger.append(CARRIED, Carried(by=job.by, task=job.task, result=result))
