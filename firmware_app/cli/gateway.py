"""`steelyard gateway`: becomes the county's program, which the appliance's program does not know."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Annotated

import typer

from firmware_app.cli.common import fail

PROGRAM = "county_gateway"
NEEDS = "litestar"

PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
"""Its options, --help among them, are the county program's own."""


def gateway(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="serve, token or import, and their options.", metavar="COMMAND")
    ] = None,
) -> None:
    """The county's receiving end: serve, token, import.

    Example: steelyard gateway serve --data /var/lib/steelyard-county --port 8765
    """
    for needed in (PROGRAM, NEEDS):
        if importlib.util.find_spec(needed) is None:
            fail(f"the gateway is not installed ({needed}): pip install 'steelyard[gateway]'")
    os.execv(sys.executable, [sys.executable, "-m", PROGRAM, *(arguments or [])])
