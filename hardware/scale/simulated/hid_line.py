"""A USB socket that is not there: the part of /sys and /dev that a HID scale would fill, in a folder.

Rules this file obeys:

* What stands there is what Linux writes for such a scale; the descriptor is put together from the standard.
* As in the kernel a report that nobody reads is gone: nothing is kept for who opens later.
* The device file is a FIFO: a report goes in and out in one piece while it is read as it comes.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

NODE = "hidraw0"
NAME = "Simulated HID scale"
SOCKET = "usb-0000:00:14.0-1/input0"
SERIAL = "SIM0001"
VENDOR, PRODUCT = 0x1209, 0x0001
"""pid.codes test product: no maker's."""

DESCRIPTOR = bytes.fromhex(
    "05 8D 09 20 A1 01"  # scale page, scale device, application
    "09 32 A1 02 85 03"  # scale data report, report 3
    "09 70 A1 02 15 01 25 08 75 08 95 01"  # status: one of eight
    "09 71 09 72 09 73 09 74 09 75 09 76 09 77 09 78 81 00 C0"
    "09 50 A1 02 15 01 25 0C"  # unit: one of twelve
    "09 51 09 52 09 53 09 54 09 55 09 56 09 57 09 58 09 59 09 5A 09 5B 09 5C 81 00 C0"
    "09 41 15 81 25 7F 81 02"  # scaling: signed power of ten
    "09 40 15 00 27 FF FF 00 00 75 10 81 02"  # weight: sixteen bits
    "C0 C0"
)
"""HID usage tables 24 (scale page 8Dh) and HID 1.11, 6.2.2; input reports of six bytes with their number."""


class HidLine:
    """One socket under ``root``; plugged in, a scale stands in ``sys/class/hidraw`` and ``dev``."""

    def __init__(self, root: Path, descriptor: bytes = DESCRIPTOR) -> None:
        self._root = root
        self._descriptor = descriptor
        self._node = root / "dev" / NODE
        self._entry = root / "sys/class/hidraw" / NODE
        self._writer: int | None = None

    def plug(self) -> None:
        """The scale is there; nothing is done where it is already."""
        if self._node.exists():
            return
        device = self._entry / "device"
        device.mkdir(parents=True)
        (device / "report_descriptor").write_bytes(self._descriptor)
        (device / "uevent").write_text(
            f"DRIVER=hid-generic\nHID_ID=0003:{VENDOR:08X}:{PRODUCT:08X}\nHID_NAME={NAME}\n"
            f"HID_PHYS={SOCKET}\nHID_UNIQ={SERIAL}\n",
            encoding="utf-8",
        )
        self._node.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(self._node)

    def unplug(self) -> None:
        """The scale is gone, and whoever reads it is hung up on."""
        self._node.unlink(missing_ok=True)
        shutil.rmtree(self._entry, ignore_errors=True)
        self._drop()

    def fileno(self) -> int | None:
        """Nothing is ever received."""
        return None

    def receive(self) -> bytes:
        """Nothing: a HID scale is sent no commands here."""
        return b""

    def send(self, report: bytes) -> None:
        """One report to whoever reads, else to nobody."""
        if not report:
            return
        try:
            if self._writer is None:
                self._writer = os.open(self._node, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.write(self._writer, report)
        except OSError as error:
            if error.errno not in (errno.ENXIO, errno.ENOENT, errno.EPIPE, errno.EAGAIN):
                raise
            if error.errno != errno.EAGAIN:
                self._drop()

    def _drop(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            os.close(writer)
