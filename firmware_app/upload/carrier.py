"""Carries by stick: does what the keeper at the screen wants done with the stick that is in.

Rules this file obeys:

* It does nothing of itself: a stick that is put in is seen and left alone until the core wants something.
* It owns nothing: broken off at any point and begun anew, it comes to the same end.
* Exactly one stick is used; the one that is there at the end must be the one that was there at first.
* The core hears from it twice a second, also while a slow stick keeps the work waiting; a stick that hangs is
  given up, and nothing else is begun while it does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from firmware_app.service import messages
from firmware_app.service.client import CoreSilent
from firmware_app.service.messages.stick import MAX_SAID, StickNews, StickResult, StickTask, StickWish
from firmware_app.upload.stick import (
    BadBundle,
    NotTaken,
    StickFailed,
    take_files,
    take_receipts,
    write_bundle,
)
from firmware_app.upload.sticks import Stick, Sticks

log = logging.getLogger("steelyard.stick")

LOOK_S = 0.5
HANGS_S = 180.0
"""A bundle of ten years (`bundle.MAX_BUNDLE`) is flushed to the slowest stick that is sold, at 6 MB/s."""
DAMAGED, NO_STICK, SEVERAL, GONE, NOTHING, HANGS = (
    "damaged",
    "no_stick",
    "several",
    "gone",
    "nothing",
    "hangs",
)


class Core(Protocol):
    """The core as `service.client.CoreClient` reaches it."""

    def ask(self, command: messages.Command) -> messages.Reply: ...


class Carrier:
    """``core``: for talking of the work, ``own_core``: another one for the work itself, which has a thread of
    its own. ``hangs_s``: without progress for so long a stick is given up."""

    def __init__(
        self,
        core: Core,
        own_core: Callable[[], AbstractContextManager[Core]],
        sticks: Sticks,
        run_dir: Path,
        *,
        hangs_s: float = HANGS_S,
    ) -> None:
        self._core = core
        self._own_core = own_core
        self._sticks = sticks
        self._run_dir = run_dir
        self._hangs_s = hangs_s
        self._work: threading.Thread | None = None

    def run(self, stopping: threading.Event) -> None:
        """Turns until asked to stop."""
        while not stopping.wait(LOOK_S):
            try:
                self.turn()
            except (CoreSilent, messages.BadMessage) as error:
                log.warning("%s", error)

    def turn(self) -> None:
        """Says what is there and does what is wanted; raises CoreSilent, BadMessage."""
        found = self._sticks.found()
        wish = self._core.ask(StickNews(sticks=len(found)))
        if not isinstance(wish, StickWish) or wish.task is None:
            return
        result = self._patiently(wish.attempt, wish.task, found)
        if result.code:
            log.warning("stick: %s: %s", result.code, result.words)
        self._core.ask(StickNews(sticks=len(self._sticks.found()), attempt=wish.attempt, result=result))

    def _patiently(self, attempt: str, task: StickTask, found: tuple[Stick, ...]) -> StickResult:
        """What comes of it, with a sign of life meanwhile."""
        if self._work is not None and self._work.is_alive():
            return StickResult(code=HANGS, words="a stick still hangs: restart the appliance")
        if len(found) != 1:
            code = SEVERAL if found else NO_STICK
            return StickResult(code=code, words=f"{len(found)} sticks are in: one is wanted")
        work = _Work(self._own_core, self._sticks, found[0], task, self._run_dir)
        self._work = threading.Thread(target=work.run, name="stick work", daemon=True)
        self._work.start()
        told, since = work.progress, time.monotonic()
        while not work.done.wait(LOOK_S):
            if work.progress != told:
                told, since = work.progress, time.monotonic()
            elif time.monotonic() - since > self._hangs_s:
                return StickResult(code=HANGS, words="the stick does not go on")
            done, of = told
            self._core.ask(StickNews(sticks=1, attempt=attempt, done=done, of=of))
        return work.result


class _Work:
    """One task on one stick, in a thread. ``progress``: how many of how many; ``result`` once ``done``."""

    def __init__(
        self,
        own_core: Callable[[], AbstractContextManager[Core]],
        sticks: Sticks,
        stick: Stick,
        task: StickTask,
        run_dir: Path,
    ) -> None:
        self._own_core, self._sticks, self._stick = own_core, sticks, stick
        self._task, self._run_dir = task, run_dir
        self.progress = (0, 0)
        self.done = threading.Event()
        self.result = StickResult(code="broken", words="the work ended without a word")

    def run(self) -> None:
        try:
            with self._own_core() as core:
                self.result = self._read(core) if self._task is StickTask.READ else self._write(core)
        except (StickFailed, NotTaken) as error:
            self.result = StickResult(code=error.code or "not_taken", words=str(error)[:MAX_SAID])
        except BadBundle as error:
            self.result = StickResult(code=DAMAGED, words=str(error)[:MAX_SAID])
        except (CoreSilent, messages.BadMessage) as error:
            self.result = StickResult(code="not_taken", words=str(error)[:MAX_SAID])
        finally:
            self.done.set()

    def _write(self, core: Core) -> StickResult:
        def progress(done: int, of: int) -> None:
            self.progress = (done, of)

        written = write_bundle(core, self._stick.path, progress)
        if not self._sticks.there(self._stick):
            raise StickFailed("the stick is not the one that was in at first", GONE)
        return StickResult(first=written.first, last=written.last, new=written.new)

    def _read(self, core: Core) -> StickResult:
        """Receipts before files: with them come the keys by which the files are believed."""
        nothing: StickFailed | None = None
        before = received = 0
        try:
            taken = take_receipts(core, self._stick.path)
            before, received = taken.before, taken.received
        except StickFailed as error:
            if error.code != NOTHING:
                raise
            nothing = error
        try:
            files = take_files(core, self._stick.path, self._run_dir)
        except StickFailed as error:
            if error.code != NOTHING or nothing is not None:
                raise
            return StickResult(before=before, received=received)
        return StickResult(
            before=before,
            received=received,
            taken=files.taken,
            refused=tuple(name for name, _why in files.refused),
            words="; ".join(f"{name}: {why}" for name, why in files.refused)[:MAX_SAID],
        )
