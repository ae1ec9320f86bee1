"""A bad line between this machine and a network of its own: the kernel's TCP over packets lost and late.

Two tunnel devices (tun), one here and one in a fresh network namespace, and a pump between them that drops
each packet with the chance ``loss`` in either direction and hands on the others after half the round trip,
in order. So it is the kernel's own TCP that meets the line, with its timers and its congestion control, where
``tc netem`` is not in the kernel. Needs root; nothing is left behind.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

HERE, THERE = "10.213.77.1", "10.213.77.2"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
"""linux/if_tun.h"""
CLONE_NEWNET = 0x40000000
MTU = 1500
QUEUE = 1000
"""Packets on the way in one direction, as a router's buffer has; more are dropped."""


class BadLink:
    """Use as a context. `there` runs a function beyond the line, as seen from the addresses here."""

    def __init__(self, round_trip_s: float, loss: float, seed: int = 6) -> None:
        self._way_s = round_trip_s / 2
        self._loss = loss
        self._chance = random.Random(seed)
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._work: Callable[[], object] = lambda: None
        self._given = threading.Event()
        self._failed: BaseException | None = None
        self._result: object = None
        self.packets = self.dropped = 0
        self.carried = 0
        """Bytes of TCP payload that came here from beyond the line."""

    def __enter__(self) -> BadLink:
        self._here = _tun(HERE, THERE)
        self._beyond = threading.Thread(target=self._live_there, daemon=True)
        self._beyond.start()
        self._ready.wait()
        if self._failed:
            os.close(self._here)
            raise self._failed
        self._pump = threading.Thread(target=self._carry, daemon=True)
        self._pump.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        self._given.set()
        self._pump.join()
        self._beyond.join()
        os.close(self._here)
        os.close(self._far)

    def there(self, work: Callable[[], T]) -> T:
        """What comes of ``work``, done beyond the line, with all threads and processes that it starts."""
        self._work = work
        self._given.set()
        self._beyond.join()
        if self._failed:
            raise self._failed
        return self._result  # type: ignore[return-value]

    def _live_there(self) -> None:
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "no network namespace")
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            self._far = _tun(THERE, HERE)
            self._ready.set()
            self._given.wait()
            if not self._stopping.is_set():
                self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            self._failed = error
            self._ready.set()

    def _carry(self) -> None:
        ends = {self._here: self._far, self._far: self._here}
        late: list[tuple[float, int, int, bytes]] = []
        waiting = dict.fromkeys(ends, 0)
        nth = 0
        while not self._stopping.is_set():
            left = late[0][0] - time.monotonic() if late else 0.5
            readable, _, _ = select.select(list(ends), [], [], max(0.0, min(left, 0.5)))
            now = time.monotonic()
            for end in readable:
                packet = os.read(end, MTU + 100)
                self.packets += 1
                if self._chance.random() < self._loss or waiting[end] >= QUEUE:
                    self.dropped += 1
                    continue
                nth += 1
                waiting[end] += 1
                self.carried += _payload(packet) if end == self._far else 0
                heapq.heappush(late, (now + self._way_s, nth, end, packet))
            while late and late[0][0] <= now:
                _, _, end, packet = heapq.heappop(late)
                waiting[end] -= 1
                os.write(ends[end], packet)


def _payload(packet: bytes) -> int:
    """Length of the TCP payload of an IPv4 packet (RFC 791 3.1, RFC 9293 3.1)."""
    head = 4 * (packet[0] & 0x0F)
    return len(packet) - head - 4 * (packet[head + 12] >> 4) if packet[0] >> 4 == 4 and packet[9] == 6 else 0


def _tun(own: str, other: str) -> int:
    """A tunnel device in the namespace of the calling thread; gone when its file is closed."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    asked = struct.pack("16sH", b"", IFF_TUN | IFF_NO_PI)
    name = fcntl.ioctl(device, TUNSETIFF, asked.ljust(40, b"\0"))[:16].rstrip(b"\0").decode()
    for line in (
        ["addr", "add", own, "peer", other, "dev", name],
        ["link", "set", name, "mtu", str(MTU), "txqueuelen", str(QUEUE), "up"],
    ):
        subprocess.run(["ip", *line], check=True)
    return device
