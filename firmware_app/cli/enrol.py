"""`steelyard enrol`: join a county."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfoNotFoundError

import typer

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.cli.ledger import DEFAULT_DATA
from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.errors import SignerUnavailable
from firmware_app.ledger.home import device_signer
from firmware_app.ledger.signing.signers import SignerKind
from firmware_app.service.clock import SystemClock
from firmware_app.service.identity import software_hash
from firmware_app.upload.client import CountyOutOfReach, EnrolmentRefused
from firmware_app.upload.enrol import enrol as join


@in_words
def enrol(
    *,
    county: Annotated[str, typer.Option(help="Address of the county, e.g. https://county.example.")],
    token: Annotated[str, typer.Option(help="One-time token from the county.", envvar="STEELYARD_TOKEN")],
    data: Annotated[Path, typer.Option(help="Data directory of the appliance.")] = DEFAULT_DATA,
    device: Annotated[
        str | None,
        typer.Option(help="Id of the device, where its ledger is new (from its key if not given)."),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            help="PEM of the county's own authority; no other counts then.", exists=True, dir_okay=False
        ),
    ] = None,
    signer: Annotated[
        SignerKind, typer.Option(help="What holds the device's key, as the configuration says.")
    ] = "file",
    signer_option: Annotated[
        list[str] | None, typer.Option(help="An option of the signer, e.g. tcti=device:/dev/tpmrm0.")
    ] = None,
    time_zone: Annotated[str, typer.Option(help="Time zone of the market.")] = "Asia/Shanghai",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Joins a county: shows it the token and this device's key, keeps the county's key in the ledger.

    The core must not run meanwhile, since the ledger has one writer. May be repeated with the same token.
    Leaves with 1 where the county refuses, with 3 where it cannot be reached.

    Example: steelyard enrol --county https://county.example --token 3xUJ... --data /var/lib/steelyard
    """
    try:
        clock = SystemClock(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        fail(f"time zone {time_zone!r} is not known: give one such as Asia/Shanghai")
    try:
        key = device_signer(data, signer, _options(signer_option or []))
        joined = join(
            data, county, token, clock=clock, software=software_hash(), device=device, ca=ca, signer=key
        )
    except ValueError as error:
        fail(str(error))
    except SignerUnavailable as error:
        fail(str(error), DEVICE_FAILED)
    except EnrolmentRefused as error:
        fail(str(error), NO)
    except CountyOutOfReach as error:
        fail(str(error), DEVICE_FAILED)
    if clock.quality() != ClockQuality.SYNCHRONISED:
        console.print(
            "the clock is not synchronised: whether the county's certificate is in date was not looked at;"
            " its name and authority were",
            markup=False,
            soft_wrap=True,
        )
    if as_json:
        print_json(joined)
    else:
        console.print(
            f"joined {joined.county} at {joined.url}; receipts by key {joined.jwk.kid}",
            markup=False,
            soft_wrap=True,
        )


def _options(given: list[str]) -> dict[str, int | str]:
    """``name=value`` as a configuration would have it; raises ValueError."""
    options: dict[str, int | str] = {}
    for each in given:
        name, divided, value = each.partition("=")
        if not divided:
            raise ValueError(f"{each!r} is no option of a signer: give NAME=VALUE")
        options[name] = int(value, 0) if value[:1].isdigit() else value
    return options
