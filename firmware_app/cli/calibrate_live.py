"""The guided part of `steelyard calibrate`: one load after the other over the live pan.

Rules this file obeys:

* The stream is read by a thread of its own, so that nothing of it is lost while a person reads and lifts.
* Every point is on the disk before the next load is asked for.
* What the pan says is shown as words while it is not at rest; no reading is taken before.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console

from firmware_app.calibrating.keeping import PointsFile
from firmware_app.calibrating.points import Direction, Point, Refused
from firmware_app.calibrating.session import Step, Taken, Taker, Waiting, point_of
from firmware_app.cli.weigh_output import FAULT_WORDS, WHY_WORDS
from firmware_app.errors import SteelyardError
from firmware_app.quantity import show_mass
from firmware_app.weighing.reading import WhyNot
from hardware.loadcell.contract import BridgeInfo, Fault, LoadCellError, StreamMessage

MOST_WAITING = 100_000
"""Twenty minutes of samples at 80 a second, which a person may take to fetch a weight."""
PATIENCE_S = 120.0
"""A pan that is not at rest after this is not going to be."""
PATIENT_START_S = 10.0
"""A cold bridge settles in five conversions; a sampler says something every second."""
TICK_S = 0.2
WORD_EVERY_S = 2.0
NEAR = 0.02
"""By how much of the load a reading may differ from what the points before say, before it is asked about."""

AGAIN, LEAVE, YES = "b", "q", "y"


class Left(Exception):
    """The person left; the points stay."""


class Stream:
    """The samples of a bridge, gathered by a thread. ``failed`` is the error that ended them."""

    def __init__(self, source: Iterator[StreamMessage]) -> None:
        self._queue: queue.Queue[StreamMessage] = queue.Queue(MOST_WAITING)
        self._source = source
        self._closing = threading.Event()
        self._begun = threading.Event()
        self.failed: LoadCellError | SteelyardError | OSError | None = None
        self._thread = threading.Thread(target=self._read, name="calibrate stream", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for message in self._source:
                if self._closing.is_set():
                    return
                with contextlib.suppress(queue.Full):
                    self._queue.put(message, timeout=1.0)
                self._begun.set()
        except (LoadCellError, SteelyardError, OSError) as error:
            self.failed = error
            self._begun.set()

    def begun(self) -> None:
        """Returns once the bridge is heard; raises what ended the stream, LoadCellError for silence."""
        heard = self._begun.wait(PATIENT_START_S)
        if self.failed is not None:
            raise self.failed
        if not heard:
            raise LoadCellError(f"nothing is heard of the bridge in {PATIENT_START_S:.0f} s")

    def take(self, wait_s: float) -> list[StreamMessage]:
        """All that waits, after at most ``wait_s`` at least one; raises the error that ended the stream."""
        messages: list[StreamMessage] = []
        with contextlib.suppress(queue.Empty):
            messages.append(self._queue.get(timeout=wait_s))
            while True:
                messages.append(self._queue.get_nowait())
        if not messages and self.failed is not None:
            raise self.failed
        return messages

    def close(self) -> None:
        """Ends the thread."""
        self._closing.set()
        self._thread.join(timeout=3.0)


def guide(
    stream: Stream, steps: Sequence[Step], kept: PointsFile, console: Console, ask: Callable[[str], str]
) -> tuple[Point, ...]:
    """Every point of the plan; raises Left where the person leaves, Refused, LoadCellError."""
    taker = Taker()
    if kept.points:
        console.print(
            f"{len(kept.points)} of {len(steps)} points are kept in {kept.path}; going on with the next"
        )
    while len(kept.points) < len(steps):
        number = len(kept.points)
        step = steps[number]
        answer = ask(f"{number + 1}/{len(steps)}  {words_of(step)}; then press Enter (b: back, q: leave) ")
        if answer == LEAVE:
            raise Left
        if answer == AGAIN:
            if kept.points:
                kept.drop_last()
            continue
        taker.begin()
        taken = _at_rest(stream, taker, console)
        point = point_of(step, taken, number + 1)
        doubt = out_of_line(kept.points, point)
        if doubt and ask(f"  {doubt} Keep it all the same? (y, else again) ") != YES:
            continue
        kept.add(point)
        console.print(f"  {taken.counts:.1f} counts ± {2 * taken.u:.1f}  [green]kept[/]")
    return kept.points


def words_of(step: Step) -> str:
    """What to do for a step."""
    if not step.pieces:
        return "take everything off the pan"
    pieces = " + ".join(f"{show_mass(piece.nominal_g)} ({piece.id})" for piece in step.pieces)
    verb = "put on" if step.direction is Direction.UP else "change to"
    return f"{verb} {show_mass(step.load_g)}: {pieces}"


def out_of_line(points: Sequence[Point], point: Point) -> str:
    """Why a reading does not fit those before it, in words; empty where it does or nothing is known yet."""
    if not points or not point.load_g:
        return ""
    first, heaviest = points[0], max(points, key=lambda one: one.load_g)
    if not heaviest.load_g:
        same = abs(point.counts - first.counts) <= 10 * ((point.counts_u or 0) + (first.counts_u or 0))
        return "the reading is that of the empty pan." if same else ""
    per_gram = (heaviest.counts - first.counts) / (heaviest.load_g - first.load_g)
    said = (point.counts - first.counts) / per_gram if per_gram else 0.0
    if abs(said - point.load_g) <= NEAR * max(point.load_g, 0.05 * heaviest.load_g):
        return ""
    return f"the points before say {said:.4g} g, not {point.load_g:g} g: is another weight on the pan?"


def _at_rest(stream: Stream, taker: Taker, console: Console) -> Taken:
    """Waits for rest and says why not; raises Refused after ``PATIENCE_S``, LoadCellError."""
    begun = said_at = time.monotonic()
    # What came while the weights were moved teaches the noise and nothing else.
    _feed(stream.take(0.0), taker)
    taker.begin()
    while True:
        answer = _feed(stream.take(TICK_S), taker)
        if isinstance(answer, Taken):
            return answer
        now = time.monotonic()
        if now - begun > PATIENCE_S:
            raise Refused(f"the pan did not come to rest in {PATIENCE_S:.0f} s: {why(answer)}")
        if now - said_at > WORD_EVERY_S:
            said_at = now
            console.print(f"  {why(answer)} …")


def _feed(messages: Sequence[StreamMessage], taker: Taker) -> Taken | Waiting:
    answer: Taken | Waiting = Waiting(WhyNot.SETTLING, 0.0)
    for message in messages:
        if isinstance(message, BridgeInfo):
            taker.bridge(message)
            continue
        answer = taker.feed(message)
        if isinstance(answer, Taken):
            break
    return answer


def why(answer: Taken | Waiting) -> str:
    """Why there is no reading yet, in words."""
    if isinstance(answer, Taken) or answer.why is None:
        return "at rest, averaging"
    return FAULT_WORDS[answer.why] if isinstance(answer.why, Fault) else WHY_WORDS[answer.why]
