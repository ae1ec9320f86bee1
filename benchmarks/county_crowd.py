"""Ten thousand appliances that come back at once after an outage, each with a few entries.

All of them knock within one second, and each does what the appliance's own uploader decides (`upload.loop`):
how long it waits after a refusal, after no answer within 15 s, and after a broken connection. One process
plays all of them; what it takes of the processor is given beside what the gateways take.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import statistics
import time
from collections import Counter
from urllib.parse import urlsplit

from county_bodies import bodies
from county_clients import SimulatedDevice
from county_gateways import gateways
from rich.console import Console
from rich.table import Table

from county_gateway.county import County, Settings
from firmware_app.ledger.county.contract import ENTRIES_TYPE
from firmware_app.upload.loop import Keep, Read, Uploader, Wait
from firmware_app.upload.outcome import Delivered, Failed, Outcome, Trouble

GATEWAYS, ENTRIES = 2, 3
ANSWER_S = 15.0
WINDOW_S = 15
DIFFERENT = 200
PER_ADDRESS = 250


class Caller:
    """One appliance: what it sends, and its uploader's mind."""

    def __init__(self, number: int, device: SimulatedDevice, chance: random.Random) -> None:
        # An address of its own for each: the gateway bounds the requests of one address.
        self.address = f"127.{1 + number // 62500}.{number // PER_ADDRESS % 250}.{1 + number % PER_ADDRESS}"
        self.lines = tuple(device.lines)
        body = gzip.compress("".join(f"{line}\n" for line in device.lines).encode(), mtime=0)
        self.request = (
            f"POST /v1/entries HTTP/1.1\r\nHost: county\r\nContent-Type: {ENTRIES_TYPE}\r\n"
            f"Steelyard-Log: 0\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        self.mind = Uploader(chance.random)

    def wait_s(self, outcome: Outcome) -> float | None:
        """How long its uploader waits after that, None where it has its receipt."""
        mind = self.mind
        while isinstance(mind.next_action(), Read):
            mind.heard_entries(self.lines, 1, 0)
        mind.heard_county(outcome)
        match mind.next_action():
            case Keep():
                return None
            case Wait(seconds=seconds):
                mind.heard_time()
                return seconds
            case other:
                raise AssertionError(f"unexpected: {other}")


class Crowd:
    """What comes of all of them."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = [urlsplit(url) for url in urls]
        self._chance = random.Random(10)
        self.began = 0.0
        self.served: list[tuple[float, float]] = []
        """When, and after how long, a device had its receipt; the clock runs from its last try."""
        self.answers: Counter[str] = Counter()
        self.busy_s = 0.0
        """Processor time of this process."""

    async def run(self, callers: list[Caller], seconds: float) -> None:
        self.began, cpu = time.monotonic(), time.process_time()
        tasks = [asyncio.create_task(self._come(number, caller)) for number, caller in enumerate(callers)]
        await asyncio.wait(tasks, timeout=seconds)
        self.busy_s = time.process_time() - cpu
        for task in tasks:
            task.cancel()
        for task in tasks:
            if task.done() and not task.cancelled():
                task.result()

    async def _come(self, number: int, caller: Caller) -> None:
        await asyncio.sleep(self._chance.random())
        while True:
            began = time.monotonic()
            try:
                outcome = await asyncio.wait_for(self._post(number, caller), ANSWER_S)
            except TimeoutError:
                outcome = self._count("no answer", Failed(Trouble.TIMEOUT))
            except OSError:
                outcome = self._count("no connection", Failed(Trouble.NO_NETWORK))
            now = time.monotonic()
            wait_s = caller.wait_s(outcome)
            if wait_s is None:
                self.served.append((now - self.began, now - began))
                return
            await asyncio.sleep(wait_s)

    async def _post(self, number: int, caller: Caller) -> Outcome:
        at = self._urls[number % len(self._urls)]
        reader, writer = await asyncio.open_connection(at.hostname, at.port, local_addr=(caller.address, 0))
        try:
            writer.write(caller.request)
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return self._count("closed", Failed(Trouble.NO_NETWORK))
        finally:
            writer.transport.abort()
        status = head.split(None, 2)[1].decode()
        if status == "200":
            return self._count(status, Delivered("receipt"))
        later = head.lower().partition(b"retry-after: ")[2].split(b"\r", 1)[0]
        told = f"{status} come back" if later else status
        return self._count(told, Failed(Trouble.BUSY, float(later or 0)))

    def _count(self, answer: str, outcome: Outcome) -> Outcome:
        self.answers[answer] += 1
        return outcome


def reconnect(console: Console, wanted: list[str], databases, count: int, seconds: float) -> None:
    """Goodput and the 99th percentile of the answers that were waited for, by time."""
    began = time.monotonic()
    checks, chance = bodies(DIFFERENT), random.Random(11)
    devices = [SimulatedDevice(f"K-{number}", ENTRIES, checks) for number in range(count)]
    callers = [Caller(number, device, chance) for number, device in enumerate(devices)]
    console.print(f"{count} devices with {ENTRIES} entries each signed in {time.monotonic() - began:.0f} s")
    with databases(wanted) as places:
        for name, directory, url in places:
            county = County(Settings(data_dir=directory, database=url))
            with county.store.writing() as store:
                for device in devices:
                    store._add_device(device.request("x" * 16), 1, county._now())
            county.close()
            with gateways(GATEWAYS, directory, url) as urls:
                crowd, before = Crowd(urls), os.times()
                asyncio.run(crowd.run([_fresh(caller, chance) for caller in callers], seconds))
            after = os.times()
            busy = after.children_user + after.children_system - before.children_user - before.children_system
            show(console, name, crowd, count, busy)


def _fresh(caller: Caller, chance: random.Random) -> Caller:
    caller.mind = Uploader(chance.random)
    return caller


def show(console: Console, name: str, crowd: Crowd, count: int, busy: float) -> None:
    answers = ", ".join(f"{number} × {answer}" for answer, number in crowd.answers.most_common())
    last = max((at for at, _ in crowd.served), default=0.0)
    table = Table(
        title=f"{name}: {count} devices at once, {GATEWAYS} gateways; answers: {answers}; processor:"
        f" gateways {busy:.0f} s, the devices {crowd.busy_s:.0f} s, in {last:.0f} s"
    )
    for heading in ("seconds", "devices served", "devices/s", "median answer, s", "p99 answer, s"):
        table.add_column(heading, justify="right")
    for begin in range(0, int(last) + 1, WINDOW_S):
        waits = [wait for at, wait in crowd.served if begin <= at < begin + WINDOW_S]
        if waits:
            table.add_row(
                f"{begin} to {begin + WINDOW_S}", str(len(waits)), f"{len(waits) / WINDOW_S:.1f}",
                f"{statistics.median(waits):.2f}", f"{percentile(waits):.2f}",
            )  # fmt: skip
    waits = [wait for _, wait in crowd.served]
    table.add_row(
        "all", f"{len(waits)} of {count}", f"{len(waits) / max(last, 1):.1f}",
        f"{statistics.median(waits):.2f}" if waits else "", f"{percentile(waits):.2f}" if waits else "",
    )  # fmt: skip
    console.print(table)


def percentile(values: list[float], share: float = 0.99) -> float:
    return sorted(values)[int(share * (len(values) - 1))]
