"""`steelyard judge`: the law's answer for given figures; one file a command, put together here."""

from __future__ import annotations

import typer

from firmware_app.cli.judge.code import judge_code
from firmware_app.cli.judge.plan import judge_plan
from firmware_app.cli.judge.prepackage import judge_prepackage
from firmware_app.cli.judge.retail import judge_sale
from firmware_app.cli.judge.scale import judge_mpe
from firmware_app.cli.judge.weights import judge_weights

app = typer.Typer(
    name="judge",
    help="The law's answer for given figures, with clause and pack.",
    epilog="Example: steelyard judge weights --class M1 --nominal 1kg",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

app.command(
    "mpe",
    epilog="Example: steelyard judge mpe --class III --max 15kg --e 5g --load 2505g --indication 2515g",
)(judge_mpe)
app.command(
    "retail", epilog="Example: steelyard judge retail --band fruit --settled 2kg --actual 1.95kg --u 2g"
)(judge_sale)
app.command("prepackage", epilog="Example: steelyard judge prepackage --nominal 500g --actual 492g")(
    judge_prepackage
)
app.command("weights", epilog="Example: steelyard judge weights --class M1 --nominal 1kg")(judge_weights)
app.command("code", epilog="Example: steelyard judge code 91350100M000100Y43")(judge_code)
app.command("plan", epilog="Example: steelyard judge plan --class III --max 15kg --e 5g --stage initial")(
    judge_plan
)
