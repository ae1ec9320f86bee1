"""Recordings of a scale's line: bytes with their times, the operator's marks, and what became of the line.

Rules this file obeys:

* A recording is evidence: bytes as they came, times as they were read, never edited, sorted or thinned.
* Whoever cuts it short loses the end only: each line is whole and on its way to the disk when it is written.
* A file is hostile until read through once: every line bounded, times never running back.

The format, UTF-8 lines: ``# steelyard scale recording 1``, ``# key: value`` …, then
``t_s,event,what`` and one line an event: ``0.012345,bytes,02 2B 30``, ``4.100000,mark,"1 kg on"``,
``5.000000,line,lost``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Literal

import msgspec

from hardware.scale.contract import LineState, ScaleError

MAGIC = "# steelyard scale recording 1"
HEADER = "t_s,event,what"
MAX_LINE = 16384
MAX_MARK = 200
MAX_FILE = 256 << 20
BYTES_A_LINE = 4096
SECOND = 1_000_000_000
_TIME = re.compile(r"[0-9]{1,7}\.[0-9]{6}")
_HEX = re.compile(r"[0-9A-F]{2}(?: [0-9A-F]{2})*")


class BadRecording(ScaleError):
    """The file is no recording of a scale's line; the message names the line."""


class Recorded(msgspec.Struct, frozen=True):
    """One event: ``at_ns`` since the beginning; ``data`` for bytes, ``words`` for a mark or a line state."""

    at_ns: int
    event: Literal["bytes", "mark", "line"]
    data: bytes = b""
    words: str = ""


class Recorder:
    """Writes a recording to an open text file; monotonic times are passed in."""

    def __init__(self, file: IO[str], about: Mapping[str, str], began_ns: int) -> None:
        """``about``: port, settings, started and what else a reader should know."""
        self._file = file
        self._began_ns = began_ns
        self._ended = False
        self.bytes = 0
        self.marks = 0
        lines = [MAGIC, *(f"# {_one_line(key)}: {_one_line(value)}" for key, value in about.items()), HEADER]
        self._write("\n".join(lines) + "\n")

    def heard(self, at_ns: int, data: bytes) -> None:
        """Bytes as they were read."""
        for begin in range(0, len(data), BYTES_A_LINE):
            part = data[begin : begin + BYTES_A_LINE]
            self._event(at_ns, "bytes", part.hex(" ").upper())
        self.bytes += len(data)

    def mark(self, at_ns: int, words: str) -> bool:
        """What the operator did, in a word: empty, 1 kg on, tare, overload; False once it is closed."""
        if self._ended:
            return False
        self._event(at_ns, "mark", _one_line(words)[:MAX_MARK])
        self.marks += 1
        return True

    def line(self, at_ns: int, state: LineState) -> None:
        """The line was lost or came back."""
        self._event(at_ns, "line", state.value)

    def close(self) -> None:
        """No mark is taken any more; the file is its owner's to close."""
        self._ended = True

    def _event(self, at_ns: int, event: str, what: str) -> None:
        text = io.StringIO()
        time_s, rest = divmod(max(at_ns - self._began_ns, 0) // 1000, 1_000_000)
        csv.writer(text, lineterminator="\n").writerow([f"{time_s}.{rest:06d}", event, what])
        self._write(text.getvalue())

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()


def is_recording(path: Path) -> bool:
    """Whether the file begins as a recording does; raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC.encode()


def read_recording(path: Path) -> Iterator[Recorded]:
    """The events in order; raises BadRecording at the first line that is none, and OSError."""
    if path.stat().st_size > MAX_FILE:
        raise BadRecording(f"{path.name}: larger than {MAX_FILE} bytes")
    with path.open("rb") as file:
        began, last_ns = False, 0
        for number, raw in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), start=1):
            if not raw.endswith(b"\n"):
                if len(raw) > MAX_LINE:
                    raise BadRecording(f"{path.name}: line {number} is longer than {MAX_LINE} bytes")
                # The power was cut in the middle of the last line.
                return
            line = _decoded(raw, path, number)
            if number == 1:
                if line != MAGIC:
                    raise BadRecording(f"{path.name}: does not begin with {MAGIC!r}")
            elif not began:
                began = _opening(line, path, number)
            else:
                event = _event(line, f"{path.name}: line {number}")
                if event.at_ns < last_ns:
                    raise BadRecording(f"{path.name}: line {number}: time runs back")
                last_ns = event.at_ns
                yield event


def _decoded(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadRecording(f"{path.name}: line {number} is not UTF-8") from error


def _opening(line: str, path: Path, number: int) -> bool:
    if line == HEADER:
        return True
    if line.startswith("# "):
        return False
    raise BadRecording(f"{path.name}: line {number}: {HEADER!r} is due, or a line '# key: value'")


def _event(line: str, where: str) -> Recorded:
    try:
        fields = next(csv.reader([line]), [])
    except csv.Error as error:
        raise BadRecording(f"{where}: {error}") from error
    if len(fields) != 3 or not _TIME.fullmatch(fields[0]):
        raise BadRecording(f"{where}: a time such as 0.012345, an event and what it was are due")
    time_s, _, rest = fields[0].partition(".")
    at_ns = int(time_s) * SECOND + int(rest) * 1000
    match fields[1]:
        case "bytes" if _HEX.fullmatch(fields[2]):
            return Recorded(at_ns, "bytes", data=bytes.fromhex(fields[2]))
        case "mark":
            return Recorded(at_ns, "mark", words=fields[2][:MAX_MARK])
        case "line" if fields[2] in list(LineState):
            return Recorded(at_ns, "line", words=fields[2])
        case _:
            raise BadRecording(
                f"{where}: {fields[1][:20]!r} is no event, or {fields[2][:20]!r} is none of its"
            )


def _one_line(text: str) -> str:
    return " ".join(text.split())
