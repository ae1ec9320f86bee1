"""Several gateway processes upon one database, behind nginx where it is installed, and devices in a crowd."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from firmware_app.ledger.county.contract import ENTRIES_TYPE

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "provisioning" / "county" / "steelyard-county.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
START_S = 60.0


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in held]
    for listener in held:
        listener.close()
    return ports


class Gateway:
    """One process on a fixed port, which may be killed and started again."""

    def __init__(self, data: Path, database: object, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._line = [
            sys.executable, "-m", "county_gateway", "serve", "--data", str(data),
            "--database", str(database), "--port", str(port), "--name", "天祝县", "--json",
        ]  # fmt: skip
        self.errors = data.parent / f"gateway-{port}.log"
        self.start()

    def start(self) -> None:
        with self.errors.open("a") as log:
            self.process = subprocess.Popen(
                self._line, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def wait_until_up(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline(), self.errors.read_text()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@contextmanager
def nginx_before(gateways: list[Gateway], directory: Path) -> Iterator[str]:
    """The address of nginx with the site of provisioning/, its TLS and ports changed for the loopback."""
    (port,) = free_ports(1)
    site = SITE.read_text(encoding="utf-8")
    for shipped, gateway in zip((8765, 8766, 8767), gateways, strict=True):
        assert f"127.0.0.1:{shipped}" in site
        site = site.replace(f"127.0.0.1:{shipped}", gateway.url.removeprefix("http://"))
    lines = [line for line in site.splitlines() if "ssl" not in line]
    lines.insert(lines.index("    server_name county.example;"), f"    listen 127.0.0.1:{port};")
    temp = "".join(
        f"{kind}_temp_path {directory}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = directory / "nginx.conf"
    conf.write_text(
        f"worker_processes 1;\npid {directory}/nginx.pid;\ndaemon off;\nerror_log {directory}/nginx.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n{temp}" + "\n".join(lines) + "\n}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [str(NGINX), "-p", str(directory), "-c", str(conf), "-e", str(directory / "nginx.log")],
        stderr=subprocess.PIPE,
    )
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def wait_for_port(port: int, process: subprocess.Popen) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nginx does not answer: {process.stderr.read() if process.poll() else ''}")


class Courier(threading.Thread):
    """Delivers one device's chain in batches of any size that overlap, until it has a receipt upon the last.

    It knows nothing of other couriers of the same device, as two uploaders of a restored card would not.
    """

    def __init__(self, number: int, lines: list[str], urls: list[str], chance: random.Random) -> None:
        super().__init__(daemon=True)
        self._lines = lines
        self._urls = urls
        self._chance = chance
        # Each device has an address of its own, as on a real network; a loopback has 2^24.
        self._transport = httpx.HTTPTransport(local_address=f"127.1.{number // 250}.{1 + number % 250}")
        self.receipts: dict[int, str] = {}
        self.answers: Counter[str] = Counter()
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            with httpx.Client(transport=self._transport, timeout=30.0) as client:
                at = 0
                while at < len(self._lines):
                    at = self._deliver(client, at)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            self.failed = error

    def _deliver(self, client: httpx.Client, at: int) -> int:
        begin = max(0, at - self._chance.randint(0, 4))
        end = min(len(self._lines), at + self._chance.randint(1, 12))
        body = "".join(f"{line}\n" for line in self._lines[begin:end]).encode()
        url = self._chance.choice(self._urls)
        try:
            answer = client.post(f"{url}/v1/entries", content=body, headers={"Content-Type": ENTRIES_TYPE})
        except httpx.TransportError:
            self.answers["no answer"] += 1
            time.sleep(0.05)
            return at
        self.answers[str(answer.status_code)] += 1
        if answer.status_code == 200:
            self.receipts[end] = answer.json()["receipt"]
            # Now and then the answer is as good as lost, and the same is sent again.
            return end if self._chance.random() > 0.1 else at
        if answer.status_code == 409 and answer.json()["error"] == "gap":
            return answer.json()["expected"] - 1
        time.sleep(0.05)
        return at


class Follower(threading.Thread):
    """Reads what comes in as it comes in, page by page by number, and never looks back."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._done = threading.Event()
        self.seen: list[int] = []
        self.failed: BaseException | None = None

    def run(self) -> None:
        last_look = False
        try:
            with httpx.Client(
                transport=httpx.HTTPTransport(local_address="127.2.0.1"),
                headers=self._headers,
                timeout=30.0,
            ) as client:
                while not last_look:
                    last_look = self._done.wait(0.02)
                    self._read_on(client)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            self.failed = error

    def _read_on(self, client: httpx.Client) -> None:
        while True:
            after = self.seen[-1] if self.seen else 0
            try:
                answer = client.get(f"{self._url}/v1/entries?after={after}&limit=200")
            except httpx.TransportError:
                return
            if answer.status_code != 200 or not (items := answer.json()["items"]):
                return
            self.seen += [item["id"] for item in items]

    def finish(self) -> list[int]:
        self._done.set()
        self.join(timeout=60)
        return self.seen
