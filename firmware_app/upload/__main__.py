"""The uploader process: ``python -m firmware_app.upload --run-dir DIR --county URL``."""

from __future__ import annotations

import argparse
import logging
import random
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path
from types import FrameType

from firmware_app.service.client import CoreClient
from firmware_app.upload.carrier import Carrier
from firmware_app.upload.client import BadCountyUrl, CountyClient
from firmware_app.upload.fetch import Fetcher
from firmware_app.upload.loop import Uploader
from firmware_app.upload.process import Courier
from firmware_app.upload.sticks import Sticks
from firmware_app.upload.tls import BadCountyCa


def main(arguments: list[str] | None = None) -> int:
    """Delivers until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m firmware_app.upload", description=__doc__)
    parser.add_argument("--run-dir", type=Path, required=True, help="directory of the sockets")
    parser.add_argument("--county", required=True, help="address of the county, e.g. https://county.example")
    parser.add_argument("--ca", type=Path, help="PEM of the only authorities whose certificates count")
    parser.add_argument("--sticks", type=Path, help="directory below which USB sticks are mounted")
    parser.add_argument(
        "--simulated-sticks", action="store_true", help="a plain directory there counts as a stick"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        county = CountyClient(options.county, ca=options.ca)
    except (BadCountyUrl, BadCountyCa) as error:
        parser.error(str(error))
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if options.sticks is not None:
        sticks = Sticks(options.sticks, simulated=options.simulated_sticks)
        work = partial(_carry, options.run_dir, sticks, stopping)
        # What hangs on a stick that is broken goes with the process.
        threading.Thread(target=work, name="stick", daemon=True).start()
    with CoreClient(options.run_dir) as core:
        chance = random.SystemRandom().random
        fetcher = Fetcher(county, options.run_dir, time.monotonic, chance)
        Courier(core, county, Uploader(chance), stopping, fetcher).run()
    county.close()
    return 0


def _carry(run_dir: Path, sticks: Sticks, stopping: threading.Event) -> None:
    """A socket belongs to the thread that made it (ZeroMQ)."""
    with CoreClient(run_dir) as core:
        Carrier(core, partial(CoreClient, run_dir), sticks, run_dir).run(stopping)


if __name__ == "__main__":
    sys.exit(main())
