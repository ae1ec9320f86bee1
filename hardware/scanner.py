"""Barcode scanners: one on a serial line (best), and one that types as a keyboard, grabbed for ourselves.

Rules this file obeys:

* A thin shell around hardware.scanning: no byte and no key is understood here.
* A device that is away is a state and is tried again; it is never an exception of ``read``.
* A grabbed keyboard types into nothing but this program: what a code says never reaches a focused window.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, Self

from hardware.scale.contract import LineState, ScaleError, Transport
from hardware.scale.port import open_serial
from hardware.scanning import Keys, Lines, Refused, Scan

EV_SYN, EV_KEY, SYN_DROPPED = 0, 1, 3
CHUNK_S = 0.5
TRY_AGAIN_NS = 1_000_000_000
KINDS = ("serial", "keyboard")


class ScannerError(Exception):
    """Root of what this part raises; the message says what, where and what to do."""


class BadOption(ScannerError):
    """An option is unknown or wrong."""


class DriverUnavailable(ScannerError):
    """The scanner cannot be used on this machine: the package evdev is missing."""


class Scanner(Protocol):
    """Something that reads codes and comes back by itself."""

    @property
    def state(self) -> LineState: ...

    def read(self, timeout_s: float) -> list[Scan | Refused]:
        """What was read within ``timeout_s``; empty when nothing was, or the device is away."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


def open_scanner(options: Mapping[str, Any]) -> Scanner:
    """The scanner that ``kind`` names: serial (with ``port``, ``baud`` …) or keyboard (with ``device``).

    Raises BadOption, DriverUnavailable.

    Example: open_scanner({"kind": "serial", "port": "/dev/serial/by-id/usb-…"})
    """
    rest = {key: value for key, value in options.items() if key != "kind"}
    match options.get("kind"):
        case "serial":
            try:
                return SerialScanner(open_serial(rest))
            except ScaleError as error:
                raise BadOption(f"scanner: {error}") from error
        case "keyboard":
            device = rest.pop("device", None)
            if rest or not isinstance(device, str) or not device.startswith("/dev/input/"):
                raise BadOption("scanner: a keyboard has one option, device = /dev/input/by-id/…-event-kbd")
            return KeyboardScanner(device, _evdev_opener())
        case other:
            raise BadOption(f"scanner: no kind {other!r}; known: {', '.join(KINDS)}")


class _Shell:
    """What every scanner has: it closes at the end of a with block."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class SerialScanner(_Shell):
    """A scanner in USB-CDC or RS-232 mode: lines that end with CR or LF."""

    def __init__(self, transport: Transport, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._transport = transport
        self._clock_ns = clock_ns
        self._lines = Lines()

    @property
    def state(self) -> LineState:
        return self._transport.state

    def read(self, timeout_s: float) -> list[Scan | Refused]:
        data = self._transport.read(timeout_s)
        now_ns = self._clock_ns()
        out = self._lines.feed(data, now_ns)
        if self._transport.state is not LineState.OPEN:
            out += self._lines.lost(now_ns)
        return out

    def close(self) -> None:
        self._transport.close()


class KeyEvent(Protocol):
    """One input event of the kernel (struct input_event)."""

    type: int
    code: int
    value: int


class KeyDevice(Protocol):
    """What of evdev.InputDevice is used."""

    fd: int

    def grab(self) -> None: ...

    def read(self) -> Iterable[KeyEvent]: ...

    def close(self) -> None: ...


class KeyboardScanner(_Shell):
    """A scanner that types; grabbed, so that nothing else hears it."""

    def __init__(
        self,
        path: str,
        opener: Callable[[str], KeyDevice],
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """``opener`` opens the device at ``path`` or raises OSError; it is called again after a loss."""
        self._path = path
        self._open = opener
        self._clock_ns = clock_ns
        self._keys = Keys()
        self._device: KeyDevice | None = None
        self._closed = False
        self._why = ""
        self._next_try_ns = clock_ns()
        self._try_open()

    @property
    def why(self) -> str:
        """Why the scanner is away, in the words of the system; empty while it is there."""
        return self._why

    @property
    def state(self) -> LineState:
        if self._closed:
            return LineState.CLOSED
        return LineState.LOST if self._device is None else LineState.OPEN

    def read(self, timeout_s: float) -> list[Scan | Refused]:
        if self._closed:
            return []
        if self._device is None:
            return self._wait_for_it(timeout_s)
        try:
            ready, _, _ = select.select([self._device.fd], [], [], timeout_s)
            events = list(self._device.read()) if ready else []
        except BlockingIOError:
            return []
        except (OSError, ValueError) as error:
            self._drop(str(error))
            return self._keys.lost(self._clock_ns())
        out: list[Scan | Refused] = []
        for event in events:
            if event.type == EV_KEY:
                out += self._keys.key(event.code, event.value, self._clock_ns())
            elif event.type == EV_SYN and event.code == SYN_DROPPED:
                out += self._keys.lost(self._clock_ns())
        return out

    def close(self) -> None:
        self._closed = True
        self._drop("closed")

    def _wait_for_it(self, timeout_s: float) -> list[Scan | Refused]:
        if self._clock_ns() >= self._next_try_ns:
            self._try_open()
        if self._device is None:
            select.select([], [], [], min(timeout_s, CHUNK_S))
        return []

    def _try_open(self) -> None:
        self._next_try_ns = self._clock_ns() + TRY_AGAIN_NS
        try:
            device = self._open(self._path)
        except OSError as error:
            self._why = str(error)
            return
        try:
            device.grab()
        except OSError as error:
            self._why = f"{self._path} is held by another program: {error}"
            device.close()
            return
        self._device, self._why = device, ""

    def _drop(self, why: str) -> None:
        device, self._device, self._why = self._device, None, why
        if device is not None:
            device.close()


def _evdev_opener() -> Callable[[str], KeyDevice]:
    try:
        import evdev
    except ImportError as error:
        raise DriverUnavailable(
            "a scanner that types needs the package evdev: pip install 'steelyard[pi]'"
        ) from error
    opener: Callable[[str], KeyDevice] = evdev.InputDevice
    return opener
