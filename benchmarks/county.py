"""What the county's end costs: ingest, a backlog over a bad link, a crowd that comes back, growth.

python benchmarks/county.py ingest|drain|reconnect|growth|lists  [--database sqlite|postgresql] [--size N]

Devices are simulated: real signatures, bodies of a self-check's size, one process for all of them. PostgreSQL
is a server of its own (`county_gateway.local_postgres`) with its usual durability.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import county_crowd
import county_drain
import county_growth
import county_ingest
import county_lists
from rich.console import Console

from county_gateway.local_postgres import local_postgres

BATCH = 250
console = Console(width=110)


@contextlib.contextmanager
def databases(wanted: list[str]) -> Iterator[Iterator[tuple[str, Path, str]]]:
    """Name, data directory and address of an empty database of each kind."""
    with contextlib.ExitStack() as stack:

        def each() -> Iterator[tuple[str, Path, str]]:
            for name in wanted:
                directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="county-")))
                if name == "sqlite":
                    yield name, directory, str(directory / "county.db")
                else:
                    yield name, directory, stack.enter_context(local_postgres()).create()

        yield each()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["ingest", "drain", "reconnect", "growth", "lists"])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--size", type=int, help="entries or devices; 10,000, 10^5 or 10^6 if left out")
    parser.add_argument("--batch", type=int, default=BATCH, help="entries of a batch that is taken in")
    parser.add_argument("--seconds", type=float, default=420.0, help="how long a crowd may take at most")
    parser.add_argument("--control", default=county_drain.PLAIN, help="TCP congestion control of the drain")
    options = parser.parse_args()
    wanted = options.database or ["sqlite", "postgresql"]
    match options.what:
        case "ingest":
            county_ingest.ingest(console, wanted, databases, options.size or 10_000, options.batch)
        case "drain":
            county_drain.drain(console, wanted, databases, options.size or 10_000, options.control)
        case "reconnect":
            county_crowd.reconnect(console, wanted, databases, options.size or 10_000, options.seconds)
        case "lists":
            county_lists.lists_at(console, wanted, databases, options.size or 100_000)
        case "growth":
            county_growth.growth(console, wanted, databases, [10_000, options.size or 1_000_000])


if __name__ == "__main__":
    main()
