"""The recording format: samples as CSV, read and written here and nowhere else.

Rules this file obeys:

* ``t_s,counts`` first, further columns allowed, ``# key: value`` lines before the header.
* A file is hostile until read: every message names file and line, nothing is skipped in silence but empty
  lines, and memory is bounded by one line.
* A row without a reading has an empty ``counts``; why stands in the column ``faults`` where there is one.
* Times are exact: decimal seconds to nanoseconds and back without a float between.

::

    # rate_hz: 80
    # gain: 128
    t_s,counts,faults
    0.000000000,84012,
    0.012191400,,overload
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Self, TextIO

import msgspec

from hardware.loadcell.contract import Fault, LoadCellError, Sample

MAX_LINE = 4096
MAX_META = 64
TOP, BOTTOM = 0x7FFFFF, -0x800000
"""Codes at which a 24-bit converter saturates; a logger may have added an offset, so beyond counts too."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
"""A small float written in full has more decimals than a counter has digits."""
_KEY = re.compile(r"[A-Za-z_][\w.-]{0,63}", re.ASCII)
_NS = Decimal(1_000_000_000)
_LIMIT = Decimal(10) ** 12
"""Largest number anywhere in a recording: UNIX times and counts stay far below."""
_FAULTS = {str(fault): fault for fault in Fault}


class BadRecording(LoadCellError):
    """The file is not a recording; the message names file, line and what is wrong there."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording says of itself; None where it does not. ``others``: every further key, as text."""

    rate_hz: float | None = None
    gain: int | None = None
    counts_per_gram: float | None = None
    source: str | None = None
    others: Mapping[str, str] = {}

    def lines(self) -> Iterator[str]:
        """The ``# key: value`` lines."""
        for key in ("rate_hz", "gain", "counts_per_gram", "source"):
            value = getattr(self, key)
            if value is not None:
                yield f"# {key}: {value}"
        for key, text in self.others.items():
            yield f"# {key}: {text}"


class Recording:
    """An opened recording: ``meta``, ``columns``, and its samples when iterated (once).

    Iterating raises BadRecording at the first line that is wrong; the samples before it were sound.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        self._number = 0
        self.meta, header = self._read_head()
        self.columns = self._check_header(header)
        self._fault_column = self.columns.index("faults") if "faults" in self.columns else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; may be called twice."""
        self._file.close()

    def __iter__(self) -> Iterator[Sample]:
        last_ns: int | None = None
        while (line := self._line()) is not None:
            if not line.strip():
                continue
            sample = self._sample(line)
            if last_ns is not None and sample.at_ns < last_ns:
                raise self._wrong(f"time goes back by {(last_ns - sample.at_ns) / 1e9:g} s")
            last_ns = sample.at_ns
            yield sample

    # ------------------------------------------------------------------------------------------- inside

    def _line(self) -> str | None:
        data = self._file.readline(MAX_LINE + 1)
        if not data:
            return None
        self._number += 1
        if len(data) > MAX_LINE:
            raise self._wrong(f"longer than {MAX_LINE} bytes")
        try:
            text = data.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise self._wrong("not UTF-8 text") from None
        return text.rstrip("\r\n")

    def _read_head(self) -> tuple[Meta, str]:
        said: dict[str, str] = {}
        while (line := self._line()) is not None:
            if not line.startswith("#"):
                if line.strip():
                    return self._meta(said), line
                continue
            key, colon, text = line[1:].partition(":")
            if not colon or not _KEY.fullmatch(key.strip()):
                continue  # a remark, not a property
            if key.strip() in said:
                raise self._wrong(f"{key.strip()!r} is said twice")
            if len(said) >= MAX_META:
                raise self._wrong(f"more than {MAX_META} properties")
            said[key.strip()] = self._known(key.strip(), text.strip())
        raise BadRecording(f"{self.path}: no header t_s,counts: this is not a recording")

    def _known(self, key: str, text: str) -> str:
        """The text of a property, refused where it is one of ours and makes no sense."""
        if key in ("rate_hz", "counts_per_gram"):
            value = self._decimal(text, key)
            if value == 0 or (key == "rate_hz" and not Decimal("0.001") <= value <= 100_000):
                raise self._wrong(f"{key} cannot be {text}")
        elif key == "gain" and text not in ("32", "64", "128"):
            raise self._wrong(f"gain {text!r} is none of 32, 64, 128")
        return text

    def _meta(self, said: dict[str, str]) -> Meta:
        rate, gain, per_gram, source = (
            said.pop(key, None) for key in ("rate_hz", "gain", "counts_per_gram", "source")
        )
        return Meta(
            rate_hz=float(rate) if rate else None,
            gain=int(gain) if gain else None,
            counts_per_gram=float(per_gram) if per_gram else None,
            source=source,
            others=said,
        )

    def _check_header(self, line: str) -> tuple[str, ...]:
        columns = tuple(name.strip() for name in line.split(","))
        if columns[:2] != ("t_s", "counts"):
            raise self._wrong(f"the header must begin with t_s,counts and is {line[:60]!r}")
        if len(set(columns)) != len(columns):
            raise self._wrong("a column is named twice")
        return columns

    def _sample(self, line: str) -> Sample:
        cells = line.split(",")
        if len(cells) != len(self.columns):
            raise self._wrong(f"{len(cells)} columns where the header has {len(self.columns)}")
        at_ns = int((self._decimal(cells[0], "t_s") * _NS).to_integral_value())
        faults = self._faults(cells[self._fault_column]) if self._fault_column is not None else ()
        text = cells[1].strip()
        if not text:
            return Sample(at_ns, None, faults or (Fault.LATE,))
        value = self._decimal(text, "counts")
        if value >= TOP or value <= BOTTOM:
            side = Fault.OVERLOAD if value > 0 else Fault.UNDERLOAD
            return Sample(at_ns, None, (side, *(fault for fault in faults if fault is not side)))
        return Sample(at_ns, int(value) if value == value.to_integral_value() else float(value), faults)

    def _faults(self, text: str) -> tuple[Fault, ...]:
        unknown = [word for word in text.split() if word not in _FAULTS]
        if unknown:
            raise self._wrong(f"fault {unknown[0]!r} is not known: use {', '.join(_FAULTS)}")
        return tuple(_FAULTS[word] for word in text.split())

    def _decimal(self, text: str, what: str) -> Decimal:
        if not _NUMBER.fullmatch(text.strip()):
            raise self._wrong(f"{what} {text[:40]!r} is not a number that a recording can hold")
        value = Decimal(text.strip())
        if abs(value) > _LIMIT:
            raise self._wrong(f"{what} {text[:40]!r} is beyond ±1e12")
        return value

    def _wrong(self, why: str) -> BadRecording:
        return BadRecording(f"{self.path}:{self._number}: {why}")


def read_recording(path: Path | str) -> Recording:
    """Opens a recording and reads its head; raises BadRecording, or OSError where there is no file."""
    path = Path(path)
    file = path.open("rb")
    try:
        return Recording(path, file)
    except BadRecording:
        file.close()
        raise


class RecordingWriter:
    """Writes samples to ``stream`` as a recording with the columns t_s, counts and faults.

    ``origin_ns``: the monotonic time that becomes zero (default: that of the first sample).

    >>> import sys
    >>> writer = RecordingWriter(sys.stdout, Meta(rate_hz=80.0), origin_ns=0)
    # rate_hz: 80.0
    t_s,counts,faults
    >>> writer.write(Sample(12_191_400, 84012))
    0.012191400,84012,
    """

    def __init__(self, stream: TextIO, meta: Meta, origin_ns: int | None = None) -> None:
        self._stream = stream
        self._origin_ns = origin_ns
        for line in meta.lines():
            if "\n" in line or "\r" in line:
                raise ValueError(f"a property of a recording is one line: {line!r}")
            stream.write(line + "\n")
        stream.write("t_s,counts,faults\n")

    def write(self, sample: Sample) -> None:
        """Appends one row."""
        if self._origin_ns is None:
            self._origin_ns = sample.at_ns
        since_ns = sample.at_ns - self._origin_ns
        seconds, rest = divmod(abs(since_ns), 1_000_000_000)
        counts = "" if sample.counts is None else f"{sample.counts!r}"
        if counts and not math.isfinite(float(counts)):
            raise ValueError(f"counts of {counts} are not a reading")
        sign = "-" if since_ns < 0 else ""
        self._stream.write(f"{sign}{seconds}.{rest:09d},{counts},{' '.join(sample.faults)}\n")
