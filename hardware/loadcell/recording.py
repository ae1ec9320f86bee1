"""Replays a recording as a load cell, in its own time or as fast as it is read.

Rules this file obeys:

* Every row comes out once, in order, with the distances of its times kept; nothing is put between the rows
  when replaying fast.
* At real pace a hole in the recording is told as a live driver would: DISCONNECTED within a second.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Mapping
from typing import Literal, Self

import msgspec

from hardware.loadcell.clock import SECOND, Clock, MonotonicClock
from hardware.loadcell.contract import DriverUnavailable, EndOfRecording, Fault, LoadCellError, Sample
from hardware.loadcell.options import take
from hardware.loadcell.recording_format import Recording, read_recording

ANSWER_NS = 900_000_000
LEARN_FROM = 100
"""Rows looked at for the rate where the recording does not say it."""


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of this driver. ``file``: the recording; ``pace``: real time, or as fast as it is read."""

    file: str
    pace: Literal["real", "fast"] = "real"


class ReplayLoadCell:
    """A recording as a LoadCell; ``meta`` is what the recording says of itself.

    At pace fast ``at_ns`` is the time in the file; at pace real it is the clock's. ``rate_hz`` is from the
    recording, or from the median distance of its first rows.
    """

    def __init__(self, recording: Recording, clock: Clock, real: bool) -> None:
        self.meta = recording.meta
        self._recording = recording
        self._clock = clock
        self._real = real
        rows = iter(recording)
        try:
            first = list(itertools.islice(rows, LEARN_FROM))
        except LoadCellError:
            recording.close()
            raise
        self.rate_hz = recording.meta.rate_hz or _rate(first)
        self.gain = recording.meta.gain or 128
        self._rows: Iterator[Sample] = itertools.chain(first, rows)
        self._waiting: Sample | None = None
        self._shift_ns: int | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; may be called twice."""
        self._closed = True
        self._recording.close()

    def read(self) -> Sample:
        """The next row; raises EndOfRecording after the last, BadRecording where the file is wrong."""
        if self._closed:
            raise LoadCellError(f"replay: {self._recording.path} is closed: open it again to read")
        sample = self._waiting or next(self._rows, None)
        if sample is None:
            raise EndOfRecording(f"replay: {self._recording.path} ends here")
        if not self._real:
            return sample
        now_ns = self._clock.now_ns()
        if self._shift_ns is None:
            self._shift_ns = now_ns - sample.at_ns
        due_ns = sample.at_ns + self._shift_ns
        if due_ns > now_ns + ANSWER_NS:
            self._waiting = sample
            self._clock.sleep_until(now_ns + ANSWER_NS)
            return Sample(now_ns + ANSWER_NS, None, (Fault.DISCONNECTED,))
        self._waiting = None
        self._clock.sleep_until(due_ns)
        return Sample(due_ns, sample.counts, sample.faults)


def _rate(samples: list[Sample]) -> float:
    gaps = [later.at_ns - earlier.at_ns for earlier, later in itertools.pairwise(samples)]
    median_ns = statistics.median(gaps) if gaps else 0
    return SECOND / median_ns if median_ns > 0 else 10.0


def check_options(options: Mapping[str, object]) -> None:
    """Raises BadOption where ``open_driver`` would; opens nothing."""
    take(ReplayOptions, options, "replay")


def open_driver(options: Mapping[str, object]) -> ReplayLoadCell:
    """Replays the recording ``file``; raises BadOption, BadRecording or DriverUnavailable."""
    taken = take(ReplayOptions, options, "replay")
    try:
        recording = read_recording(taken.file)
    except OSError as error:
        raise DriverUnavailable(f"replay: {taken.file}: {error.strerror or error}") from error
    return ReplayLoadCell(recording, MonotonicClock(), taken.pace == "real")
