"""Gateway processes for the county's benchmarks."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def gateways(count: int, directory: Path, database: str, host: str = "127.0.0.1") -> Iterator[list[str]]:
    """The addresses of so many gateway processes upon one database."""
    line = [
        sys.executable, "-m", "county_gateway", "serve", "--data", str(directory), "--database", database,
        "--host", host, "--port", "0", "--json",
    ]  # fmt: skip
    started = []
    try:
        urls = []
        for _ in range(count):
            process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            started.append(process)
            urls.append(json.loads(process.stdout.readline())["url"])
        yield urls
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.communicate(timeout=30)
