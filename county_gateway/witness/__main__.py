"""``python -m county_gateway.witness``: begin, serve. Run by another body than the county."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from county_gateway.witness.memory import Memory
from county_gateway.witness.serve import serve as serve_here
from county_gateway.witness.witness import Witness, witness_key
from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.note import NOTE_TYPE, VerifierKey, check_name, read_vkey
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.signing.signer import create_key, open_key

WRONG_USE, DEVICE_FAILED = 2, 3
KEY, NAME, HEADS = "witness.key", "witness.name", "witness.db"

app = typer.Typer(
    name="python -m county_gateway.witness",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A second body's eye upon a county's log.",
    epilog="Example: python -m county_gateway.witness begin witness.example/w1 --state ~/witness",
)

State = Annotated[Path, typer.Option("--state", help="Directory of the witness's key and memory.")]


@app.command()
def begin(
    name: Annotated[str, typer.Argument(help="The witness's name, best an address without https://.")],
    state: State,
) -> None:
    """Makes the witness's key and prints the line that others know it by.

    Example: python -m county_gateway.witness begin lab.example/steelyard --state /var/lib/witness
    """
    try:
        check_name(name)
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = create_key(state / KEY)
        (state / NAME).write_text(name + "\n", encoding="utf-8")
        Memory(state / HEADS)
    except SteelyardError as error:
        _fail(str(error), WRONG_USE)
    except OSError as error:
        _fail(f"{error.filename or state}: {error.strerror}", DEVICE_FAILED)
    sys.stdout.write(f"{witness_key(name, key)}\n")


@app.command()
def serve(
    state: State,
    log: Annotated[list[str], typer.Option(help="Key of a log to watch, as the county prints it; repeat.")],
    host: Annotated[str, typer.Option(help="Address to listen on; put TLS in front.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8766,
) -> None:
    """Answers until it is told to stop; prints its address.

    Example: python -m county_gateway.witness serve --state /var/lib/witness --log "$(cat county.vkey)"
    """
    try:
        logs = {key.name: key for key in map(_log_key, log)}
        witness = Witness(
            name=(state / NAME).read_text(encoding="utf-8").strip(),
            signer=open_key(state / KEY),
            logs=logs,
            memory=Memory(state / HEADS),
            now=lambda: int(time.time()),
        )
    except SteelyardError as error:
        _fail(str(error), WRONG_USE)
    except OSError as error:
        _fail(f"{error.filename or state}: {error.strerror}; first: begin", DEVICE_FAILED)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

    def ready(url: str) -> None:
        sys.stdout.write(f"witness {witness.key} at {url}\n")
        sys.stdout.flush()

    try:
        serve_here(witness, host, port, ready)
    except OSError as error:
        _fail(f"cannot serve on {host} port {port}: {error.strerror}", DEVICE_FAILED)


def _log_key(text: str) -> VerifierKey:
    key = read_vkey(text)
    if key.type != NOTE_TYPE:
        raise BadFormat(f"{text[:60]!r}: the key of a witness, not of a log")
    return key


def _fail(words: str, code: int) -> None:
    sys.stderr.write(f"witness: {words}\n")
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="python -m county_gateway.witness")
