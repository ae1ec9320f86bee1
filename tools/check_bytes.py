"""What the checkers share: opening what strangers hand over, and reading its bytes in one way only.

No Steelyard code is imported here either. Rules this file obeys:

* Whatever lies behind a name, a folder, a pipe, a line without end, it is read in bounds or refused in words.
* One text has one meaning: canonical base64, JSON without doubles, plain Unicode.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

MAX_LINE = 64 * 1024
MAX_DEEP = 100
"""No record nests deeper; what does is meant to exhaust its reader."""
PIPE_S = 10.0
"""So long a pipe may stay without anybody who writes into it."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
REFUSED, WRONG_USE = 1, 2


class Wrong(Exception):
    """Something is not what it should be."""


class NoFile(Exception):
    """There is nothing under that name that could be read."""


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """A file or pipe to read from; raises NoFile in words."""
    try:
        # A pipe is not waited for here; a folder opens, and is told below.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise NoFile(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    try:
        kind = os.fstat(handle).st_mode
        if stat.S_ISDIR(kind):
            raise NoFile(f"{path}: a folder, not a file")
        if stat.S_ISFIFO(kind):
            waiting = select.poll()
            waiting.register(handle, select.POLLIN)
            if not waiting.poll(PIPE_S * 1000):
                raise NoFile(f"{path}: a pipe into which nobody writes")
        os.set_blocking(handle, True)
        with os.fdopen(handle, "rb", closefd=False) as file:
            yield file
    except OSError as error:
        raise NoFile(f"{path}: {error.strerror or error}") from None
    finally:
        os.close(handle)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Puts a name before what is found wrong."""
    try:
        yield
    except Wrong as wrong:
        raise Wrong(f"{name}: {wrong}") from None


def lines(file: BinaryIO, first: int = 1) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, each bounded and ended by one line feed; raises Wrong with the number."""
    number = first - 1
    while raw := file.readline(MAX_LINE + 2):
        number += 1
        if not raw.endswith(b"\n"):
            raise Wrong(f"line {number}: too long, or cut off: it does not end with a line feed")
        try:
            yield number, raw[:-1].decode("ascii")
        except UnicodeDecodeError:
            raise Wrong(f"line {number}: holds bytes that are not ASCII") from None


def whole(path: str | Path, most: int) -> bytes:
    """All bytes of a file that may have so many; raises NoFile, Wrong."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Wrong(f"{path}: more than {most} bytes")
    return content


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Canonical base64url only: stray bits in the last character would let a byte change unseen."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("not base64url") from None
    if encode(data) != text:
        raise Wrong("not canonical base64url")
    return data


def parse(data: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8: no member twice, no NaN, no half of a character; raises Wrong."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_twice, parse_constant=_refuse_constant)
        if b"\\u" in data:
            # JSON can write the half of a character, which no text can hold.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeError, ValueError, RecursionError):
        raise Wrong("not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise Wrong("not a JSON object")
    if _depth(value) > MAX_DEEP:
        raise Wrong(f"JSON that nests deeper than {MAX_DEEP}")
    return value


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Wrong("a JSON member occurs twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise Wrong(f"{name} is no JSON")


def _depth(value: Any) -> int:
    """How deep it nests, counted without recursion."""
    deep, level = 0, [value]
    while level and deep <= MAX_DEEP:
        members = [each for each in level if isinstance(each, dict | list)]
        level = [inner for each in members for inner in (each.values() if isinstance(each, dict) else each)]
        deep += bool(members)
    return deep


def check_time(value: Any) -> None:
    """Raises Wrong where it is no time of RFC 3339."""
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise Wrong("at is not a time of RFC 3339")
    try:
        datetime.strptime(value[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise Wrong("at is not a time of RFC 3339") from None


def number(value: Any, low: int) -> bool:
    """Whether it is a whole number of 63 bits, at least ``low``."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value < 2**63


def printable(text: str) -> str:
    """The text without control characters: what the file says must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def joined(arguments: list[str] | None) -> list[str]:
    """The arguments, each thumbprint joined to its option: one may begin with a dash, as an option does."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for option in ("--device-kid", "--county-kid"):
        while option in given[:-1]:
            at = given.index(option)
            given[at : at + 2] = [f"{option}={given[at + 1]}"]
    return given


def told(check: Callable[[], list[str]]) -> int:
    """Prints what a checker found, or why it refuses; gives the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that knows no Chinese still gets an answer.
            stream.reconfigure(errors="backslashreplace")
    code = 0
    try:
        said = check()
    except NoFile as error:
        print(printable(str(error)), file=sys.stderr)
        return WRONG_USE
    except Wrong as wrong:
        said, code = [f"REFUSED  {wrong}"], REFUSED
    try:
        print(*map(printable, said), sep="\n", flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough; what is still buffered must not fail at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
