"""Slip printers: a bitmap on paper through ESC/POS, or a PNG in a folder where no printer is.

Rules this file obeys:

* A slip is drawn before it comes here; it goes out as raster, dot for dot the same on every model. No
  character set of a printer is ever used, so Chinese and Tibetan look alike everywhere.
* A slip that did not come out is said, never supposed: paper, cover and line are asked before and after.
* An image is bounded and proved to be black and white before a byte is sent.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from PIL import Image

from hardware.printer_contract import (
    BLOCKING,
    BadSlip,
    PrinterNotReady,
    PrinterState,
    PrinterUnavailable,
    Trouble,
)
from hardware.printer_status import ALL_DONE, state_of

if TYPE_CHECKING:
    from escpos.escpos import Escpos

Dots = Literal[384, 576]
"""Width of the head: 58 mm and 80 mm paper at 8 dots a millimetre."""

MAX_BYTES = 2_000_000
MAX_ROWS = 8_000
BAND_ROWS = 128
"""Rows sent in one raster command: small printers buffer a few kilobytes."""
FEED_LINES = 4


class EscposPrinter:
    """A printer that speaks ESC/POS."""

    def __init__(self, device: Escpos, dots: Dots, *, cuts: bool = False, where: str = "the line") -> None:
        """``device``: of python-escpos, open. ``cuts``: it has a knife."""
        self._device = device
        self._dots = dots
        self._cuts = cuts
        self._where = where

    def print_slip(self, png: bytes) -> None:
        image = slip_image(png, self._dots)
        before = self._refuse_if_blocked()
        try:
            self._device.hw("INIT")
            self._device.image(image, impl="bitImageRaster", fragment_height=BAND_ROWS)
            self._device.print_and_feed(FEED_LINES)
            if self._cuts:
                self._device.cut(mode="PART", feed=False)
            self._ask(ALL_DONE)
        except OSError as error:
            raise PrinterUnavailable(f"the printer at {self._where} went away: {error}") from error
        after = self._refuse_if_blocked()
        if Trouble.SILENT in after.troubles and Trouble.SILENT not in before.troubles:
            raise PrinterUnavailable(f"the printer at {self._where} fell silent within the slip")

    def state(self) -> PrinterState:
        try:
            return state_of(self._ask)
        except OSError as error:
            raise PrinterUnavailable(f"the printer at {self._where} went away: {error}") from error

    def close(self) -> None:
        self._device.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _ask(self, request: bytes) -> bytes:
        try:
            answer: bytes = self._device.query_status(request)
        except NotImplementedError:
            return b""
        return answer

    def _refuse_if_blocked(self) -> PrinterState:
        state = self.state()
        if BLOCKING & set(state.troubles):
            raise PrinterNotReady(state)
        return state


class FolderPrinter:
    """No printer: every slip becomes a numbered PNG in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def print_slip(self, png: bytes) -> None:
        slip_image(png, 576)
        self._made()
        fresh = self._folder / f".slip.{os.getpid()}.png"
        try:
            fresh.write_bytes(png)
            fresh.rename(self._folder / f"slip-{self._next():04d}.png")
        except OSError as error:
            raise PrinterUnavailable(f"the slip cannot be written to {self._folder}: {error}") from error

    def state(self) -> PrinterState:
        self._made()
        return PrinterState()

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _made(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PrinterUnavailable(f"no folder for slips at {self._folder}: {error}") from error

    def _next(self) -> int:
        numbers = [re.fullmatch(r"slip-(\d{4,9})\.png", file.name) for file in self._folder.iterdir()]
        return 1 + max((int(match[1]) for match in numbers if match), default=0)


def slip_image(png: bytes, dots: Dots) -> Image.Image:
    """The PNG as an image of one bit a dot, exactly ``dots`` wide: a narrower slip stands in the middle.

    Raises BadSlip when it is no PNG, wider than the head, longer than a metre, or has shades.
    """
    if len(png) > MAX_BYTES:
        raise BadSlip(f"a slip of {len(png)} bytes: at most {MAX_BYTES}")
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
            width, rows = opened.size
            if width > dots or rows > MAX_ROWS:
                raise BadSlip(f"a slip of {width} by {rows} dots: this head takes {dots} by {MAX_ROWS}")
            if opened.mode not in ("1", "L"):
                raise BadSlip(f"a slip is black and white; this one has mode {opened.mode}")
            grey = opened.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadSlip(f"the slip is no readable PNG: {error}") from error
    if set(grey.tobytes()) - {0, 255}:
        raise BadSlip("a slip is black and white; this one has shades of grey")
    paper = Image.new("1", (dots, rows), 1)
    paper.paste(grey.convert("1"), ((dots - width) // 2, 0))
    return paper
