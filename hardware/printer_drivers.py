"""The drivers of slip printers, by kind: usb, serial, network, and a folder where no printer is.

Rules this file obeys:

* Options are checked here, once, and without opening anything.
* A printer that is not there is found again with the next call; its line is closed as soon as it broke.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import msgspec
from msgspec import Meta

from hardware.printer import Dots, EscposPrinter, FolderPrinter
from hardware.printer_contract import BadOption, Printer, PrinterState, PrinterUnavailable
from hardware.scale.strict import convert

if TYPE_CHECKING:
    from escpos.escpos import Escpos


class UsbOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the driver ``usb``. ``at``: the kernel's usblp; ``dots``: of the head; ``cuts``: a knife."""

    at: Annotated[str, Meta(pattern=r"^/dev/[^\x00]{1,240}$")] = "/dev/usb/lp0"
    dots: Dots = 384
    cuts: bool = False


class SerialOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the driver ``serial``: DTR/DSR handshake. ``at``: best /dev/serial/by-id/…"""

    at: Annotated[str, Meta(pattern=r"^/[^\x00]{1,254}$")]
    baud: Annotated[int, Meta(ge=1200, le=921_600)] = 9600
    dots: Dots = 384
    cuts: bool = False


class NetworkOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the driver ``network``, raw data over TCP. ``at``: a host or an address."""

    at: Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
    port: Annotated[int, Meta(ge=1, le=65_535)] = 9100
    dots: Dots = 384
    cuts: bool = False


class FileOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the driver ``file``: no printer. ``at``: the folder, as an absolute path."""

    at: Annotated[str, Meta(pattern=r"^/[^\x00]{1,254}$")]


KINDS: Mapping[str, type[UsbOptions | SerialOptions | NetworkOptions | FileOptions]] = {
    "usb": UsbOptions,
    "serial": SerialOptions,
    "network": NetworkOptions,
    "file": FileOptions,
}


def check(kind: str, options: Mapping[str, Any]) -> UsbOptions | SerialOptions | NetworkOptions | FileOptions:
    """The options as the struct of that kind; raises BadOption."""
    return convert(options, KINDS[kind], f"printer {kind!r}", BadOption)


def open_printer(kind: str, options: Mapping[str, Any]) -> Printer:
    """The printer of a kind in KINDS, there or not yet; raises BadOption.

    Example: open_printer("usb", {"at": "/dev/usb/lp0", "dots": 384})
    """
    wish = check(kind, options)
    if isinstance(wish, FileOptions):
        return FolderPrinter(Path(wish.at))
    baud = wish.baud if isinstance(wish, SerialOptions) else 0
    port = wish.port if isinstance(wish, NetworkOptions) else 0

    def line() -> Escpos:
        # Loading python-escpos reads a megabyte of printer data: only where there is a printer.
        from hardware.printer_lines import open_line

        return open_line(kind, wish.at, wish.dots, baud=baud, port=port)

    return LinePrinter(line, wish.dots, cuts=wish.cuts, where=wish.at)


open_usb, open_serial, open_network, open_file = (partial(open_printer, kind) for kind in KINDS)
check_usb, check_serial, check_network, check_file = (partial(check, kind) for kind in KINDS)


class LinePrinter:
    """A printer that is found again: after the line broke, the next call opens it anew."""

    def __init__(
        self, opener: Callable[[], Escpos], dots: Dots, *, cuts: bool = False, where: str = "the line"
    ) -> None:
        """``opener`` opens the line or raises OSError; it is called with the first use."""
        self._open = opener
        self._dots = dots
        self._cuts = cuts
        self._where = where
        self._printer: EscposPrinter | None = None

    def print_slip(self, png: bytes) -> None:
        with self._found() as printer:
            printer.print_slip(png)

    def state(self) -> PrinterState:
        with self._found() as printer:
            return printer.state()

    def close(self) -> None:
        """Closes the line; the next call would open it again."""
        self._drop()

    def _drop(self) -> None:
        printer, self._printer = self._printer, None
        if printer is not None:
            printer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _found(self) -> Iterator[EscposPrinter]:
        if self._printer is None:
            try:
                device = self._open()
            except OSError as error:
                raise PrinterUnavailable(
                    f"no printer at {self._where}: {error}; is it plugged in and on?"
                ) from error
            self._printer = EscposPrinter(device, self._dots, cuts=self._cuts, where=self._where)
        try:
            yield self._printer
        except PrinterUnavailable:
            self._drop()
            raise
