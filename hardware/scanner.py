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
from typing import Annotated, Any, Protocol, Self

import msgspec

from hardware.scale.contract import LineState, Transport
from hardware.scale.port import SerialOptions, SerialPort
from hardware.scale.strict import convert
from hardware.scanner_contract import BadOption, DriverUnavailable, Refused, Scan
from hardware.scanning import Keys, Lines

EV_SYN, EV_KEY, SYN_DROPPED = 0, 1, 3
CHUNK_S = 0.5
TRY_AGAIN_NS = 1_000_000_000


class EvdevOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the driver ``evdev``. ``device``: best /dev/input/by-id/…-event-kbd."""

    device: Annotated[str, msgspec.Meta(pattern=r"^/dev/input/[^\x00]{1,240}$")]


def open_serial_scanner(options: Mapping[str, Any]) -> SerialScanner:
    """A scanner on a serial line, there or not yet (see SerialOptions of the scale's port); raises BadOption.

    Example: open_serial_scanner({"port": "/dev/serial/by-id/usb-…"})
    """
    return SerialScanner(SerialPort(_serial_options(options)))


def check_serial(options: Mapping[str, Any]) -> None:
    """Raises BadOption where the driver ``serial`` would; opens nothing."""
    _serial_options(options)


def open_evdev(options: Mapping[str, Any]) -> KeyboardScanner:
    """A scanner that types, grabbed, there or not yet (see EvdevOptions).

    Raises BadOption, DriverUnavailable.

    Example: open_evdev({"device": "/dev/input/by-id/usb-…-event-kbd"})
    """
    return KeyboardScanner(_evdev_options(options).device, _evdev_opener())


def check_evdev(options: Mapping[str, Any]) -> None:
    """Raises what the driver ``evdev`` would, BadOption or DriverUnavailable; opens nothing."""
    _evdev_options(options)
    _evdev_opener()


def _serial_options(options: Mapping[str, Any]) -> SerialOptions:
    return convert(options, SerialOptions, "scanner 'serial'", BadOption)


def _evdev_options(options: Mapping[str, Any]) -> EvdevOptions:
    return convert(options, EvdevOptions, "scanner 'evdev'", BadOption)


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
