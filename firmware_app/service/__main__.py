"""``python -m firmware_app.service --config FILE``: the core process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from firmware_app.errors import SteelyardError
from firmware_app.service import config, core


def main() -> int:
    """Exit codes as of the command line: 0 stopped, 2 the configuration is wrong, 3 a part failed."""
    parser = argparse.ArgumentParser(prog="steelyard-core", description="The core of the appliance.")
    parser.add_argument("--config", type=Path, default=config.DEFAULT_PATH)
    arguments = parser.parse_args()
    try:
        core.run(config.load(arguments.config))
    except SteelyardError as error:
        print(f"steelyard core: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
