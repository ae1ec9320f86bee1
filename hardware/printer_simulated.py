"""A slip printer that is not there: paper, cover, cable and moods on a bench, slips as PNG in a folder.

Rules this file obeys:

* It is on the far end of a socket and speaks bytes, so driver, status questions and raster are the real ones.
* Rows come out while there is paper and the cover is shut; what was sent meanwhile waits, as in a real one.
* What it does not understand is a fault of the sender and said so: nothing is printed as text.

Source: ESC/POS command reference: ESC @, ESC d, GS v 0, GS V, GS r 1, DLE EOT 1 to 4.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import zmq
from PIL import Image

from hardware.bench import Bench
from hardware.printer import Dots
from hardware.printer_contract import BadOption, PrinterUnavailable
from hardware.printer_drivers import LinePrinter
from hardware.printer_status import ALL_DONE, DLE_EOT, OFFLINE_CAUSE, PAPER, PRINTER
from hardware.scale.strict import convert

if TYPE_CHECKING:
    from escpos.escpos import Escpos

DOTS: Dots = 384
IDLE = 0x12
"""A status byte with the fixed bits only."""
INIT, FEED, CUT, RASTER = b"\x1b@", b"\x1bd", b"\x1dV", b"\x1dv"
LENGTHS = {INIT: 2, FEED: 3, DLE_EOT: 3, ALL_DONE[:2]: 3, CUT: 4}
END = b""
"""In the queue of rows: here a slip ends."""


class SimulatedPrinterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of this driver. ``at``: folder for the slips, absolute; ``bench``: path of a control socket."""

    at: Annotated[str, msgspec.Meta(pattern=r"^/[^\x00]{1,254}$")]
    bench: Annotated[str, msgspec.Meta(max_length=100)] = ""


class SimulatedPrinter:
    """The machine at the far end of the line. Bench: ``paper_rows`` (null: endless), ``cover_open``,
    ``stuck`` (takes no bytes), ``plugged``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._rows: deque[bytes] = deque()
        self._slip: list[bytes] = []
        self._slips = 0
        self._paper: int | None = None
        self._cover_open = False
        self._plugged = True
        self._flowing = threading.Event()
        self._flowing.set()
        self._far: socket.socket | None = None
        self.not_understood = 0
        """Bytes that were no command of a slip."""

    def plug_in(self) -> int:
        """The descriptor of the near end, not blocking; raises OSError while unplugged."""
        if not self._plugged:
            raise FileNotFoundError(2, "No such device")
        near, far = socket.socketpair()
        near.setblocking(False)
        self._far = far
        threading.Thread(target=self._live, args=(far,), name="simulated printer", daemon=True).start()
        return near.detach()

    def bench(self, path: Path) -> Bench:
        """Opens the bench; raises zmq.ZMQError."""
        keys = {"paper_rows": self.put_paper, "cover_open": self.open_cover}
        return Bench(path, {**keys, "stuck": self.be_stuck, "plugged": self.plug})

    def put_paper(self, rows: object) -> None:
        """So much paper from now on; raises ValueError."""
        if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 0):
            raise ValueError(f"paper_rows: {rows!r} is neither null nor a number of rows")
        with self._lock:
            if self._slip and self._paper == 0:
                self._tear_off()
            self._paper = rows
            self._print()

    def open_cover(self, open_: object) -> None:
        """Opens the cover or shuts it; raises ValueError."""
        with self._lock:
            self._cover_open = _truth("cover_open", open_)
            self._print()

    def be_stuck(self, stuck: object) -> None:
        """Takes no bytes any more, or goes on; raises ValueError."""
        (self._flowing.clear if _truth("stuck", stuck) else self._flowing.set)()

    def plug(self, plugged: object) -> None:
        """Pulls the cable or puts it in; raises ValueError."""
        self._plugged = _truth("plugged", plugged)
        if not self._plugged and self._far is not None:
            self._far.close()

    def _live(self, far: socket.socket) -> None:
        data = b""
        while True:
            try:
                came = far.recv(4096)
                if not came:
                    return
                self._flowing.wait()
                data += came
                while taken := self._command(far, data):
                    data = data[taken:]
            except OSError:
                # The line was pulled out: the machine waits for the next.
                return

    def _command(self, far: socket.socket, data: bytes) -> int:
        """Does the command at the front of ``data``; how long it was, 0 where it is not whole yet."""
        length = _length(data)
        if len(data) < length:
            return 0
        head = data[:2]
        if head == RASTER:
            width = int.from_bytes(data[4:6], "little")
            self._queue(*(data[at : at + width] for at in range(8, length, width)))
        elif head in (INIT, FEED):
            self._queue(END)
        elif head == DLE_EOT:
            far.send(bytes([self._status(data[2])]))
        elif head == ALL_DONE[:2]:
            self._say_when_done(far)
        elif head != CUT:
            self.not_understood += 1
        return length

    def _say_when_done(self, far: socket.socket) -> None:
        with self._lock:
            done = not self._rows
        # Answered in the order of the data: not at all while rows wait for paper.
        if done:
            far.send(bytes([IDLE]))

    def _status(self, question: int) -> int:
        with self._lock:
            out = self._paper == 0
            told = {
                PRINTER: 0x08 if out or self._cover_open else 0,
                OFFLINE_CAUSE: (0x20 if out else 0) | (0x04 if self._cover_open else 0),
                PAPER: 0x60 if out else 0,
            }
            return IDLE | told.get(question, 0)

    def _queue(self, *rows: bytes) -> None:
        with self._lock:
            self._rows.extend(rows)
            self._print()

    def _print(self) -> None:
        """Puts out what can be; called with the lock held."""
        while self._rows and not self._cover_open and self._paper != 0:
            row = self._rows.popleft()
            if row == END:
                self._tear_off()
                continue
            self._slip.append(row)
            if self._paper is not None:
                self._paper -= 1

    def _tear_off(self) -> None:
        if not self._slip:
            return
        rows, self._slip = self._slip, []
        self._slips += 1
        # A bit that is set is black on paper and white in an image.
        dots = bytes(0xFF ^ byte for row in rows for byte in row)
        self._folder.mkdir(parents=True, exist_ok=True)
        image = Image.frombytes("1", (8 * len(rows[0]), len(rows)), dots)
        fresh = self._folder / f".slip-{self._slips:04d}.png"
        image.save(fresh, "PNG")
        fresh.rename(self._folder / f"slip-{self._slips:04d}.png")


class BenchPrinter(LinePrinter):
    """The driver in front of the simulated machine."""

    def __init__(self, machine: SimulatedPrinter, bench: Bench | None) -> None:
        super().__init__(lambda: _line(machine), DOTS, where="the bench")
        self._bench: Bench | None = bench

    def close(self) -> None:
        """Closes the line and takes the bench away; may be called twice."""
        super().close()
        bench, self._bench = self._bench, None
        if bench is not None:
            bench.close()


def open_simulated(options: Mapping[str, Any]) -> BenchPrinter:
    """A printer with a bench (see SimulatedPrinterOptions); raises BadOption, PrinterUnavailable."""
    taken = _options(options)
    machine = SimulatedPrinter(Path(taken.at))
    try:
        bench = machine.bench(Path(taken.bench)) if taken.bench else None
    except zmq.ZMQError as error:
        raise PrinterUnavailable(
            f"printer 'simulated': the bench socket {taken.bench} cannot be made: {error}"
        ) from error
    return BenchPrinter(machine, bench)


def check_simulated(options: Mapping[str, Any]) -> None:
    """Raises BadOption where the driver would; opens nothing."""
    _options(options)


def _options(options: Mapping[str, Any]) -> SimulatedPrinterOptions:
    return convert(options, SimulatedPrinterOptions, "printer 'simulated'", BadOption)


def _length(data: bytes) -> int:
    """How many bytes the command at the front takes; a byte that begins none is one by itself."""
    if data[:2] == RASTER:
        size = int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")
        return 8 + size if len(data) >= 8 else 8
    return LENGTHS.get(data[:2], 1) if len(data) >= 2 else 2


def _line(machine: SimulatedPrinter) -> Escpos:
    from hardware.printer_lines import FileLine

    return FileLine(machine.plug_in(), DOTS)


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: {value!r} is neither true nor false")
    return value
