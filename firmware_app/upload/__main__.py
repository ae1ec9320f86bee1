"""The uploader process: ``python -m firmware_app.upload --run-dir DIR --county URL``."""

from __future__ import annotations

import argparse
import logging
import random
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from firmware_app.service.client import CoreClient
from firmware_app.upload.client import BadCountyUrl, CountyClient
from firmware_app.upload.fetch import Fetcher
from firmware_app.upload.loop import Uploader
from firmware_app.upload.process import Courier
from firmware_app.upload.tls import BadCountyCa


def main(arguments: list[str] | None = None) -> int:
    """Delivers until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m firmware_app.upload", description=__doc__)
    parser.add_argument("--run-dir", type=Path, required=True, help="directory of the sockets")
    parser.add_argument("--county", required=True, help="address of the county, e.g. https://county.example")
    parser.add_argument("--ca", type=Path, help="PEM of the only authorities whose certificates count")
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
    with CoreClient(options.run_dir) as core:
        chance = random.SystemRandom().random
        fetcher = Fetcher(county, options.run_dir, time.monotonic, chance)
        Courier(core, county, Uploader(chance), stopping, fetcher).run()
    county.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
