"""`steelyard law`: the law packs of an appliance; one file a command, put together here."""

from __future__ import annotations

import typer

from firmware_app.cli.law.add import add_pack
from firmware_app.cli.law.check import check_pack
from firmware_app.cli.law.duties import list_duties
from firmware_app.cli.law.list import list_packs
from firmware_app.cli.law.show import show_pack
from firmware_app.cli.law.sign import sign_file

app = typer.Typer(
    name="law",
    help="The law packs of the appliance: list, show, check, add, duties; and sign, for their publisher.",
    epilog="Example: steelyard law list --on 2027-01-08",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

app.command("list", epilog="Example: steelyard law list --on 2027-01-08")(list_packs)
app.command("show", epilog="Example: steelyard law show jjg539-2016 --rows")(show_pack)
app.command("check", epilog="Example: steelyard law check jjg1204-2025.toml")(check_pack)
app.command("add", epilog="Example: steelyard law add /media/usb/jjg1204-2025.toml")(add_pack)
app.command("sign", epilog="Example: steelyard law sign new.toml --key law.key --name law.example.org")(
    sign_file
)
app.command("duties", epilog="Example: steelyard law duties --for trader")(list_duties)
