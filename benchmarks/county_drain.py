"""A month's backlog over a bad line: the appliance's own uploader, a real gateway, the kernel's TCP between.

The line is `bad_link`: 150 ms each way, each packet lost with the chance of 5 %. What it carries at the most
is measured in the same run, by a sender that only sends, with the same congestion control; beside it stand
what Mathis, Semke, Mahdavi, Ott (1997) and Padhye, Firoiu, Towsley, Kurose (1998) make of that loss. Entries
are those of self-checks (`county_bodies`). Needs root.
"""

from __future__ import annotations

import math
import random
import socket
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import msgspec
from bad_link import HERE, BadLink
from county_bodies import bodies
from county_gateways import gateways
from rich.console import Console
from rich.table import Table
from urllib3.connection import HTTPConnection

from county_gateway.county import County, Settings
from firmware_app.ledger.county.contract import County as Card
from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.home import HomeLedger, join_county, open_ledger
from firmware_app.service import messages
from firmware_app.service.clock import SystemClock
from firmware_app.service.county.delivery import DeliveryDesk
from firmware_app.upload import client, line
from firmware_app.upload.client import CountyClient
from firmware_app.upload.loop import Uploader
from firmware_app.upload.process import Courier

RTT_S, LOSS, MSS = 0.3, 0.05, 1460
BULK_S = 40.0
PLAIN = "cubic"
"""What Linux does where nobody asks for anything else."""


def mathis() -> float:
    """Bytes a second: MSS / RTT x sqrt(3/2) / sqrt(p), every segment acknowledged."""
    return MSS / RTT_S * math.sqrt(1.5 / LOSS)


def pftk(acknowledged: int, timeout_s: float = RTT_S + 0.2) -> float:
    """Bytes a second with timeouts; ``acknowledged``: segments to an acknowledgement (1, or 2 if delayed)."""
    recovery = RTT_S * math.sqrt(2 * acknowledged * LOSS / 3)
    silent = timeout_s * min(1.0, 3 * math.sqrt(3 * acknowledged * LOSS / 8)) * LOSS * (1 + 32 * LOSS**2)
    return MSS / (recovery + silent)


def bulk(control: str) -> float:
    """Bytes a second that arrive of a sender that only sends."""
    arrived = 0
    with BadLink(RTT_S, LOSS) as link, socket.create_server((HERE, 0)) as listener:

        def take() -> None:
            nonlocal arrived
            taken, _ = listener.accept()
            with taken:
                while data := taken.recv(1 << 16):
                    arrived += len(data)

        def send() -> float:
            threading.Thread(target=take, daemon=True).start()
            with socket.socket() as sender:
                sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, control.encode())
                sender.connect(listener.getsockname())
                sender.settimeout(1.0)
                began = time.monotonic()
                while (taken := time.monotonic() - began) < BULK_S:
                    try:
                        sender.send(bytes(4096))
                    except TimeoutError:
                        continue
                return arrived / taken

        return link.there(send)


class Core:
    """The core's side of delivery without a core around it."""

    def __init__(self, ledger: HomeLedger, done: threading.Event, until: int) -> None:
        self._ledger, self._done, self._until = ledger, done, until
        self._desk = DeliveryDesk(ledger, SystemClock("Asia/Shanghai"))
        self.batches = 0
        self.troubles: list[str] = []

    def ask(self, command: messages.Command) -> messages.Reply:
        reply = self._desk.obey(command, time.monotonic_ns())
        if isinstance(command, messages.ReportDelivery) and command.problem:
            self.troubles.append(command.problem)
        if isinstance(command, messages.KeepReceipt):
            self.batches += 1
            if self._ledger.receipted >= self._until:
                self._done.set()
        return reply


def drain(console: Console, wanted: list[str], databases, entries: int, control: str) -> None:
    """Seconds until the county has receipted the whole backlog, beside what the line would carry."""
    client.LOOPBACK = (*client.LOOPBACK, HERE)
    asked = [
        *HTTPConnection.default_socket_options,
        (socket.IPPROTO_TCP, socket.TCP_CONGESTION, control.encode()),
    ]
    line.socket_options = lambda _control: asked
    most = bulk(control)
    console.print(
        f"{control}: the line carries {most / 1000:.1f} kB/s; Mathis {mathis() / 1000:.1f},"
        f" PFTK {pftk(1) / 1000:.1f} to {pftk(2) / 1000:.1f}"
    )
    table = Table(
        title=f"{entries} entries over {1000 * RTT_S:.0f} ms and {100 * LOSS:.0f} % loss, {control}"
    )
    for heading in (
        "database", "seconds", "entries/s", "MB of entries", "MB on the line", "line alone, s", "ratio",
        "batches", "troubles",
    ):  # fmt: skip
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
                checks = bodies()
                while ledger.head_seq < entries:
                    ledger.append("self_check", next(checks))
                size = sum(len(line) + 1 for line in ledger.all_lines())
                with BadLink(RTT_S, LOSS) as link, gateways(1, directory, url, HERE) as urls:
                    core, taken = _delivered(link, ledger, urls[0])
            carried = link.carried
            table.add_row(
                name, f"{taken:.0f}", f"{entries / taken:.1f}", f"{size / 1e6:.1f}", f"{carried / 1e6:.1f}",
                f"{carried / most:.0f}", f"{carried / most / taken:.2f}", str(core.batches),
                ", ".join(sorted({f"{core.troubles.count(each)} {each}" for each in core.troubles})),
            )  # fmt: skip
    console.print(table)


def _delivered(link: BadLink, ledger: HomeLedger, url: str) -> tuple[Core, float]:
    done = threading.Event()
    core = Core(ledger, done, ledger.head_seq)

    def deliver() -> float:
        county = CountyClient(url)
        began = time.monotonic()
        Courier(core, county, Uploader(random.Random(1).random), done).run()
        taken = time.monotonic() - began
        county.close()
        return taken

    return core, link.there(deliver)
