"""The process that owns one bridge: reads its driver and publishes every Sample.

Rules this file obeys:

* It judges nothing and keeps nothing; whoever listens late has missed what was said.
* A driver that fails is said so, opened again with back-off, and gets a fresh session each time; meanwhile
  DISCONNECTED is published about once a second, so that silence always means the sampler itself.
* Only one sampler owns a name in a run directory; a lock held by the kernel survives no kill.
* Nothing but SIGTERM, SIGINT or a mistake in its own options ends it (and the end of a recording).

::

    python -m hardware.loadcell.sampler --driver spi --name pan --run-dir /run/steelyard --option bus=0
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import secrets
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import zmq

from hardware.loadcell.clock import SECOND
from hardware.loadcell.contract import (
    BadOption,
    BridgeInfo,
    EndOfRecording,
    Fault,
    LoadCell,
    LoadCellError,
    Sample,
    StreamMessage,
    encode,
    remarks_of,
    unfit_of,
)
from hardware.loadcell.named import OpenDriver, driver_named

DONE, WRONG_USE, DEVICE_FAILED = 0, 2, 3
INFO_EVERY_NS = 900_000_000
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Stop:
    """SIGTERM and SIGINT as something that can be asked and waited for."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self.ask()

    def ask(self) -> None:
        """Asks the sampler to end; safe inside a signal handler."""
        try:
            os.write(self._writer, b"x")
        except BlockingIOError:
            return  # the pipe is full of earlier wishes to stop

    def wait(self, timeout_s: float) -> bool:
        """Whether the end was asked for, at the latest after ``timeout_s``."""
        return bool(select.select([self._reader], [], [], timeout_s)[0])


class Publisher:
    """The PUB socket of one bridge at ``RUN_DIR/loadcell-NAME.ipc``, owned alone.

    Who may connect follows the run directory: its group or others may where they may enter it.
    """

    def __init__(self, run_dir: Path, name: str) -> None:
        self.path = run_dir / f"loadcell-{name}.ipc"
        self._lock = self._own(self.path.with_suffix(".lock"))
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        before = os.umask(0o177)
        try:
            # The file of a sampler that was killed is in the way; libzmq removes it before it binds.
            self._socket.bind(f"ipc://{self.path}")
        except zmq.ZMQError as error:
            self.close()
            raise LoadCellError(f"sampler: socket {self.path} cannot be made: {error}") from error
        finally:
            os.umask(before)
        entering = run_dir.stat().st_mode
        self.path.chmod(0o600 | (0o060 if entering & 0o010 else 0) | (0o006 if entering & 0o001 else 0))

    @staticmethod
    def _own(path: Path) -> IO[bytes]:
        try:
            lock = path.open("ab")
        except OSError as error:
            raise LoadCellError(f"sampler: {path}: {error.strerror or error}: check --run-dir") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise LoadCellError(f"sampler: another sampler already owns {path.stem}: stop it first") from None
        return lock

    def send(self, message: StreamMessage) -> None:
        """Publishes one message; a listener that is slow misses messages, the sampler never waits."""
        self._socket.send(encode(message))

    def close(self) -> None:
        self._socket.close()
        self._context.term()
        self._lock.close()


class Sampler:
    """Reads a driver until stopped; ``say`` gets words for the journal."""

    def __init__(
        self,
        *,
        name: str,
        driver: str,
        open_driver: OpenDriver,
        options: Mapping[str, object],
        publish: Callable[[StreamMessage], None],
        stop: Stop,
        say: Callable[[str], None],
    ) -> None:
        self._name = name
        self._driver = driver
        self._open_driver = open_driver
        self._options = dict(options)
        self._publish = publish
        self._stop = stop
        self._say = say
        self._failures = 0

    def run(self) -> None:
        """Returns when stopped or when a recording is over; raises BadOption, which no waiting mends."""
        while not self._stop.wait(0):
            try:
                with self._open_driver(self._options) as cell:
                    self._say(f"{self._name}: {self._driver} is open ({cell.rate_hz:g}/s, gain {cell.gain})")
                    for remark in remarks_of(cell):
                        self._say(f"{self._name}: {remark}")
                    self._follow(cell)
            except BadOption:
                raise
            except EndOfRecording as end:
                self._say(str(end))
                return
            except (LoadCellError, OSError) as error:
                pause_s = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
                self._failures += 1
                self._say(f"{self._name}: {error}; trying again in {pause_s:g} s")
                self._wait(pause_s)

    def _follow(self, cell: LoadCell) -> None:
        """Publishes what the driver reads until the end is asked for."""
        session = secrets.token_hex(8)
        told = self._tell(cell, session)
        while not self._stop.wait(0):
            sample = cell.read()
            if unfit_of(cell) != told.unfit:
                self._say(f"{self._name}: {unfit_of(cell) or 'fit for verdicts again'}")
            if unfit_of(cell) != told.unfit or time.monotonic_ns() - told.at_ns >= INFO_EVERY_NS:
                # Before the sample, so that nobody weighs it by what was true before.
                told = self._tell(cell, session)
            self._publish(sample)
            self._failures = 0

    def _tell(self, cell: LoadCell, session: str) -> BridgeInfo:
        told = BridgeInfo(
            name=self._name,
            driver=self._driver,
            rate_hz=cell.rate_hz,
            gain=cell.gain,
            session=session,
            at_ns=time.monotonic_ns(),
            unfit=unfit_of(cell),
        )
        self._publish(told)
        return told

    def _wait(self, seconds: float) -> None:
        """Waits out the back-off, saying meanwhile that nothing is connected."""
        until_ns = time.monotonic_ns() + int(seconds * SECOND)
        while (left_ns := until_ns - time.monotonic_ns()) > 0:
            self._publish(Sample(time.monotonic_ns(), None, (Fault.DISCONNECTED,)))
            if self._stop.wait(min(left_ns, INFO_EVERY_NS) / SECOND):
                return


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m hardware.loadcell.sampler",
        description="Reads one bridge and publishes its samples on ipc://RUN_DIR/loadcell-NAME.ipc.",
        epilog="example: --driver simulated --name pan --run-dir /run/steelyard --option rate_hz=80",
    )
    parser.add_argument("--driver", required=True, help="name of the driver: spi, simulated, replay …")
    parser.add_argument("--name", default="pan", help="name of the bridge (default: pan)")
    parser.add_argument("--run-dir", type=Path, required=True, help="directory of the sockets")
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE", help="of the driver")
    given = parser.parse_args(argv)
    if not NAME.fullmatch(given.name):
        parser.error(f"--name {given.name!r}: small letters, digits and hyphens, at most 32")
    if wrong := [text for text in given.option if "=" not in text]:
        parser.error(f"--option {wrong[0]!r}: give KEY=VALUE")
    return given


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a sampler until it is told to stop; the exit code."""
    given = _arguments(argv)
    options = dict(text.split("=", 1) for text in given.option)

    def say(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    stop = Stop()
    stop.catch_signals()
    try:
        open_driver = driver_named(given.driver)
        publisher = Publisher(given.run_dir, given.name)
    except LoadCellError as error:
        say(str(error))
        return WRONG_USE if isinstance(error, BadOption) else DEVICE_FAILED
    try:
        Sampler(
            name=given.name,
            driver=given.driver,
            open_driver=open_driver,
            options=options,
            publish=publisher.send,
            stop=stop,
            say=say,
        ).run()
    except BadOption as error:
        say(str(error))
        return WRONG_USE
    finally:
        publisher.close()
    return DONE


if __name__ == "__main__":
    sys.exit(main())
