"""What all commands share: exit codes, errors in words, output for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from firmware_app.errors import SteelyardError
from firmware_app.quantity import BadAmount

P = ParamSpec("P")
R = TypeVar("R")

DONE, NO, WRONG_USE, DEVICE_FAILED = 0, 1, 2, 3
"""Exit codes: done; the answer is no; wrong use; the device failed."""

console = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(words: str, code: int = WRONG_USE) -> NoReturn:
    """Says what went wrong on standard error and leaves with ``code``."""
    console.print(f"[bold red]steelyard:[/] {escape(words)}", markup=True)
    raise typer.Exit(code)


def print_json(record: object) -> None:
    """One JSON object on one line of standard output, at once."""
    sys.stdout.write(msgspec.json.encode(record).decode() + "\n")
    sys.stdout.flush()


def in_words(command: Callable[P, R]) -> Callable[P, R]:
    """Turns errors that a person can understand into a sentence and an exit code, without a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (SteelyardError, BadAmount) as error:
            fail(str(error))
        except BrokenPipeError:
            raise typer.Exit(DONE) from None
        except OSError as error:
            fail(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), DEVICE_FAILED)

    return run
