"""The process in which the PyPI package hx711 runs: it may loop for ever or crash, and be ended from outside.

Rules this file obeys:

* The package is used as it is installed. What it does is watched (each look at DOUT, each read, its words in
  the log), because what it returns hides what happened; nothing it returns is changed.
* One JSON object a line on standard output, a closed set of shapes, at most LINE_BYTES each.
* It ends when its parent does: standard input is at its end.
* It judges nothing; that is the parent's (library.py).

::

    python -m hardware.loadcell.library_process --dout 5 --sck 6 --gain 128
"""

from __future__ import annotations

import argparse
import enum
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

VERSION = "1.1.2.3"
"""The one release whose words and methods are known here."""
LINE_BYTES = 400
SPIN_NS = 10_000_000
"""Pause after a read that left DOUT low: with a line that is stuck low the package would spin."""
TIDY_S = 0.1
DONE, CANNOT_START = 0, 3
CHANNELS = {128: "A", 64: "A", 32: "B"}
"""Input by gain; the package takes a gain for input A only, B always has 32."""


class Word(enum.StrEnum):
    """Why the package gave a read up, by its own log; SAID_NOTHING for a value."""

    SAID_NOTHING = ""
    NOT_READY = "not_ready"
    """DOUT was high at 40 looks 10 ms apart."""
    SLOW = "slow"
    """A pulse of PD_SCK, high and low phase together, took 60 µs or more; the read was broken off."""
    SLOW_GAIN = "slow_gain"
    """The same within the gain pulses: it reads six times from inside the read and goes on."""
    SATURATED = "saturated"
    """0x7FFFFF or 0x800000."""


WORDS = (
    (re.compile(r"self\._read\(\) not ready"), Word.NOT_READY),
    (re.compile(r"Reading data took longer"), Word.SLOW),
    (re.compile(r"setting gain and channel took"), Word.SLOW_GAIN),
    (re.compile(r"Invalid data detected: (\d{1,8})"), Word.SATURATED),
)


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The package is imported; its constructor runs next (1.4 s, two reads)."""

    at_ns: int


class Read(msgspec.Struct, frozen=True, tag="read"):
    """One read of the package: when DOUT was last seen high and first low, when it ended, and what came.

    ``code``: what it returned, or the 24 bits that it threw away as saturated. ``nested``: it read again from
    inside this read, or this is such an inner read. ``low_after``: DOUT was low right after the last pulse.
    """

    quiet_ns: int | None
    seen_ns: int | None
    end_ns: int
    code: int | None
    word: Word
    nested: bool
    low_after: bool


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The package cannot be used here; ``words`` say why."""

    words: str


Event = Opened | Read | Failed

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def decode(line: bytes) -> Event:
    """The event in one line; raises msgspec.DecodeError on anything else."""
    return _decoder.decode(line)


def encode(event: Event) -> bytes:
    return msgspec.json.encode(event) + b"\n"


class Ear(logging.Handler):
    """Listens to what the package says in the root log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.word = Word.SAID_NOTHING
        self.code: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage()
        for pattern, word in WORDS:
            if found := pattern.match(words):
                self.word = word
                if word is Word.SATURATED:
                    self.code = int(found[1])


def watched(base: Any, ear: Ear, tell: Callable[[Event], None]) -> Any:
    """The class ``base`` (hx711.HX711) that also tells of each of its reads."""

    class Watched(base):  # type: ignore[misc]
        _depth = 0
        _read_inside = False
        _low_after = False
        _quiet_ns: int | None = None
        _seen_ns: int | None = None

        def _ready(self) -> bool:
            begun_ns = time.monotonic_ns()
            ready = bool(super()._ready())
            if ready:
                self._seen_ns = time.monotonic_ns()
            else:
                self._quiet_ns = begun_ns
            return ready

        def _read(self, max_tries: int = 40) -> int | bool:
            if self._low_after:
                time.sleep(SPIN_NS / 1e9)
            self._seen_ns = None
            self._read_inside = False
            self._depth += 1
            ear.word, ear.code = Word.SAID_NOTHING, None
            try:
                value: int | bool = super()._read(max_tries)
            finally:
                self._depth -= 1
            self._report(value, self._depth > 0 or self._read_inside)
            self._read_inside = True
            return value

        def _report(self, value: int | bool, nested: bool) -> None:
            end_ns = time.monotonic_ns()
            word, code = ear.word, ear.code
            if value is not False:
                word, code = Word.SAID_NOTHING, int(value)
            self._low_after = word is not Word.NOT_READY and bool(super()._ready())
            tell(Read(self._quiet_ns, self._seen_ns, end_ns, code, word, nested, self._low_after))
            self._quiet_ns = None if self._low_after else end_ns

    return Watched


def _write_to(descriptor: int) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        line = memoryview(encode(event))
        while line:
            line = line[os.write(descriptor, line) :]

    return tell


def _end_with(parent: int) -> None:
    """Ends this process when its standard input is closed; at once where it does not listen."""
    while os.read(parent, 64):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(TIDY_S)
    os._exit(DONE)


def run(dout: int, sck: int, gain: int, tell: Callable[[Event], None]) -> int:
    """Reads with the package until the process is ended; returns only where it cannot be used."""
    ear = Ear()
    root = logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        if (found := version("hx711")) != VERSION:
            tell(Failed(f"hx711 {found} is installed: pip install hx711=={VERSION}"))
            return CANNOT_START
        import hx711
        from RPi import GPIO
    except PackageNotFoundError:
        tell(Failed(f"the package hx711 is not installed: pip install hx711=={VERSION}"))
        return CANNOT_START
    except (ImportError, RuntimeError) as error:
        tell(Failed(f"hx711 cannot be imported: {str(error)[:120]}: pip install RPi.GPIO (a Pi 5 has none)"))
        return CANNOT_START
    tell(Opened(time.monotonic_ns()))
    try:
        device = watched(hx711.HX711, ear, tell)(dout, sck, 128 if gain == 32 else gain, CHANNELS[gain])
        while True:
            device.get_raw_data(times=2)
    finally:
        GPIO.output(sck, False)
        root.removeHandler(ear)
        root.setLevel(level)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the package; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hardware.loadcell.library_process")
    for name in ("dout", "sck", "gain"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(DONE))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the parent, which ends this process
    descriptor = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is no event
    threading.Thread(target=_end_with, args=(0,), daemon=True).start()
    return run(given.dout, given.sck, given.gain, _write_to(descriptor))


if __name__ == "__main__":
    sys.exit(main())
