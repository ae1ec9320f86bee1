"""The command `steelyard`: one file a command, put together here."""

from __future__ import annotations

import typer

from firmware_app.cli.budget import budget
from firmware_app.cli.calibrate import calibrate
from firmware_app.cli.control import app as control
from firmware_app.cli.demo.command import demo
from firmware_app.cli.downlink import app as downlink
from firmware_app.cli.enrol import enrol
from firmware_app.cli.gateway import PASSED_ON, gateway
from firmware_app.cli.hardware import app as hardware
from firmware_app.cli.health import health
from firmware_app.cli.judge import app as judge
from firmware_app.cli.law import app as law
from firmware_app.cli.ledger import app as ledger
from firmware_app.cli.people import app as people
from firmware_app.cli.record import record
from firmware_app.cli.record_sheet import record_sheet
from firmware_app.cli.registry import app as registry
from firmware_app.cli.run import run
from firmware_app.cli.scale import app as scale
from firmware_app.cli.settings import app as settings
from firmware_app.cli.site import site
from firmware_app.cli.slip import app as slip
from firmware_app.cli.usb import app as usb
from firmware_app.cli.visit.command import visit
from firmware_app.cli.weigh import weigh
from firmware_app.cli.weights import app as weights

app = typer.Typer(
    name="steelyard",
    help="The appliance that makes an honest market scale provable.",
    epilog="Example: steelyard demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

app.command()(demo)
app.command()(run)
app.command()(health)
app.command()(record)
app.command()(weigh)
app.command()(calibrate)
app.add_typer(scale, name="scale")
app.add_typer(registry, name="registry")
app.add_typer(hardware, name="hardware")
app.add_typer(judge, name="judge")
app.command(epilog="Example: steelyard budget weight.toml --monte-carlo 1000000")(budget)
app.command(epilog="Example: steelyard site --latitude 37 --altitude 2500")(site)
app.command(epilog="Example: steelyard visit self-check --run-dir /run/steelyard")(visit)
app.command()(enrol)
app.command()(record_sheet)
app.add_typer(control, name="control")
app.add_typer(people, name="people")
app.add_typer(settings, name="settings")
app.add_typer(ledger, name="ledger")
app.add_typer(law, name="law")
app.add_typer(downlink, name="downlink")
app.add_typer(slip, name="slip")
app.add_typer(usb, name="usb")
app.add_typer(weights, name="weights")
app.command(context_settings=PASSED_ON)(gateway)


def main() -> None:
    """Entry point of the package."""
    app()


if __name__ == "__main__":
    main()
