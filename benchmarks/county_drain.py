"""A month's backlog over a bad link: the appliance's own uploader, a real gateway, a link in between.

The link is a proxy on the loopback that does to each direction of a connection what TCP makes of the
network: 150 ms on the way; at most MSS / RTT x sqrt(3/2) / sqrt(p) bytes a second, which is what loss leaves
of TCP (Mathis, Semke, Mahdavi, Ott 1997), here 27 kB/s; and now and then a connection that breaks. Segments
themselves are not dropped: that needs a kernel with netem.
"""

from __future__ import annotations

import asyncio
import math
import random
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from county_clients import BODY
from county_gateways import gateways
from rich.console import Console
from rich.table import Table

from county_gateway.county import County, Settings
from firmware_app.ledger.county import County as Card
from firmware_app.ledger.county import EnrolRequest
from firmware_app.ledger.home import HomeLedger, join_county, open_ledger
from firmware_app.service import messages
from firmware_app.service.clock import SystemClock
from firmware_app.service.county.delivery import DeliveryDesk
from firmware_app.upload.client import CountyClient
from firmware_app.upload.loop import Uploader
from firmware_app.upload.process import Courier

RTT_S, LOSS, MSS = 0.3, 0.05, 1460
RATE = MSS / RTT_S * math.sqrt(1.5) / math.sqrt(LOSS)
BREAKS = 0.02
"""Chance that a connection breaks with any 64 kB of it: a batch in seven, once batches are large."""


class Link(threading.Thread):
    """The bad link before one address."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._there = urlsplit(url)
        self._up = threading.Event()
        self._chance = random.Random(6)
        self.broken = 0
        self.url = ""

    def run(self) -> None:
        asyncio.run(self._serve())

    def begin(self) -> str:
        self.start()
        self._up.wait()
        return self.url

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0, limit=MSS)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._up.set()
        await server.serve_forever()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(RTT_S)  # the handshake
        far_reader, far_writer = await asyncio.open_connection(self._there.hostname, self._there.port)
        ways = [self._one_way(reader, far_writer), self._one_way(far_reader, writer)]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for end in (writer, far_writer):
                end.transport.abort()

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        free = loop.time()
        while data := await reader.read(MSS):
            if self._chance.random() < BREAKS * len(data) / 65536:
                self.broken += 1
                return
            free = max(free, loop.time()) + len(data) / RATE
            # What is on the way is on the way at once; the sender feels the rate and not the distance.
            loop.call_at(free + RTT_S / 2, writer.write, data)
            await asyncio.sleep(max(0.0, free - loop.time()))
        await asyncio.sleep(RTT_S / 2)


class Core:
    """The core's side of delivery without a core around it."""

    def __init__(self, ledger: HomeLedger, done: threading.Event, until: int) -> None:
        self._ledger, self._done, self._until = ledger, done, until
        self._desk = DeliveryDesk(ledger, SystemClock("Asia/Shanghai"))
        self.batches = 0

    def ask(self, command: messages.Command) -> messages.Reply:
        reply = self._desk.obey(command, time.monotonic_ns())
        if isinstance(command, messages.KeepReceipt):
            self.batches += 1
            if self._ledger.receipted >= self._until:
                self._done.set()
        return reply


def drain(console: Console, wanted: list[str], databases, entries: int) -> None:
    """Seconds until the county has receipted the whole backlog, and how many bytes a second that were."""
    table = Table(title=f"{entries} entries over {1000 * RTT_S:.0f} ms and {100 * LOSS:.0f} % loss")
    for heading in (
        "database",
        "seconds",
        "entries/s",
        "kB/s",
        "of the link's",
        "batches",
        "connections broken",
    ):
        table.add_column(heading, justify="right")
    with databases(wanted) as places:
        for name, directory, url in places:
            home = Path(tempfile.mkdtemp(prefix="drain-"))
            county = County(Settings(data_dir=directory, database=url))
            token = county.give_token(timedelta(hours=1))
            with open_ledger(home, clock=SystemClock("Asia/Shanghai"), software="s", device="B-1") as ledger:
                request = EnrolRequest(
                    token=token, device="B-1", jwk=ledger.key, proof=ledger.enrol_proof(token)
                )
                joined = county.enrol(msgspec.convert(msgspec.to_builtins(request), EnrolRequest))
                county.close()
                join_county(home, ledger, Card(county=joined.county, url="https://c.example", jwk=joined.jwk))
                while ledger.head_seq < entries:
                    ledger.append("self_check", BODY)
                size = sum(len(line) + 1 for line in ledger.all_lines())
                with gateways(1, directory, url) as urls:
                    link, done = Link(urls[0]), threading.Event()
                    core = Core(ledger, done, ledger.head_seq)
                    mind = Uploader(random.Random(1).random)
                    began = time.monotonic()
                    Courier(core, CountyClient(link.begin()), mind, done).run()
                    taken = time.monotonic() - began
            rate = size / taken
            table.add_row(
                name, f"{taken:.0f}", f"{entries / taken:.1f}", f"{rate / 1000:.1f}", f"{rate / RATE:.0%}",
                str(core.batches), str(link.broken),
            )  # fmt: skip
    console.print(table)
