"""Ten thousand appliances that come back at once after an outage, each with a few entries.

All of them knock within one second. Whoever gets no answer within 15 s, or is told to come back, waits as the
appliance's uploader does: evenly between 1 s and three times its last wait, at most 5 min.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from urllib.parse import urlsplit

from county_clients import SimulatedDevice
from county_gateways import gateways
from rich.console import Console
from rich.table import Table

from county_gateway.county import County, Settings
from firmware_app.ledger.county import ENTRIES_TYPE
from firmware_app.upload.loop import DELAY_GROWTH, LONGEST_DELAY_S, SHORTEST_DELAY_S

GATEWAYS, ENTRIES = 2, 3
ANSWER_S = 15.0
WINDOW_S = 15


class Crowd:
    """What comes of all of them."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = [urlsplit(url) for url in urls]
        self._chance = random.Random(10)
        self.began = 0.0
        self.served: list[tuple[float, float]] = []
        """When, and after how long, a device had its receipt; the clock runs from its last try."""
        self.answers: Counter[str] = Counter()

    async def run(self, devices: list[SimulatedDevice], seconds: float) -> None:
        self.began = time.monotonic()
        tasks = [asyncio.create_task(self._device(number, device)) for number, device in enumerate(devices)]
        await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()

    async def _device(self, number: int, device: SimulatedDevice) -> None:
        await asyncio.sleep(self._chance.random())
        body = "".join(f"{line}\n" for line in device.lines).encode()
        delay = 0.0
        while True:
            began = time.monotonic()
            try:
                status = await asyncio.wait_for(self._post(number, body), ANSWER_S)
            except TimeoutError:
                status = "no answer"
            except OSError:
                status = "no connection"
            self.answers[status] += 1
            now = time.monotonic()
            if status == "200":
                self.served.append((now - self.began, now - began))
                return
            bound = max(delay, SHORTEST_DELAY_S) * DELAY_GROWTH
            delay = min(LONGEST_DELAY_S, self._chance.uniform(SHORTEST_DELAY_S, bound))
            await asyncio.sleep(delay)

    async def _post(self, number: int, body: bytes) -> str:
        at = self._urls[number % len(self._urls)]
        # An address of its own for each: the gateway bounds the requests of one address.
        own = (f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}", 0)
        reader, writer = await asyncio.open_connection(at.hostname, at.port, local_addr=own)
        try:
            writer.write(
                f"POST /v1/entries HTTP/1.1\r\nHost: county\r\nContent-Type: {ENTRIES_TYPE}\r\n"
                f"Steelyard-Log: 0\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
            first = await reader.readline()
            return first.split()[1].decode() if first else "no answer"
        finally:
            writer.transport.abort()


def reconnect(console: Console, wanted: list[str], databases, count: int, seconds: float) -> None:
    """Goodput and the 99th percentile of the answers that were waited for, by time."""
    began = time.monotonic()
    devices = [SimulatedDevice(f"K-{number}", ENTRIES) for number in range(count)]
    console.print(f"{count} devices with {ENTRIES} entries each signed in {time.monotonic() - began:.0f} s")
    with databases(wanted) as places:
        for name, directory, url in places:
            county = County(Settings(data_dir=directory, database=url))
            with county.store.writing() as store:
                for device in devices:
                    store._add_device(device.request("x" * 16), 1, county._now())
            county.close()
            with gateways(GATEWAYS, directory, url) as urls:
                crowd = Crowd(urls)
                asyncio.run(crowd.run(devices, seconds))
            show(console, name, crowd, count)


def show(console: Console, name: str, crowd: Crowd, count: int) -> None:
    table = Table(
        title=f"{name}: {count} devices at once, {GATEWAYS} gateways; answers {dict(crowd.answers)}"
    )
    for heading in ("seconds", "devices served", "devices/s", "median answer, s", "p99 answer, s"):
        table.add_column(heading, justify="right")
    last = max((at for at, _ in crowd.served), default=0.0)
    for begin in range(0, int(last) + 1, WINDOW_S):
        waits = [wait for at, wait in crowd.served if begin <= at < begin + WINDOW_S]
        if waits:
            p99 = sorted(waits)[int(0.99 * (len(waits) - 1))]
            table.add_row(
                f"{begin} to {begin + WINDOW_S}", str(len(waits)), f"{len(waits) / WINDOW_S:.1f}",
                f"{statistics.median(waits):.2f}", f"{p99:.2f}",
            )  # fmt: skip
    table.add_row("all", f"{len(crowd.served)} of {count}", f"{len(crowd.served) / max(last, 1):.1f}", "", "")
    console.print(table)
