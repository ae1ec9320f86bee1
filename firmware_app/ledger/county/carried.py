"""What the county gives its appliances, carried on a stick instead of over the network.

::

    steelyard-DEVICE.downlink    of each file: the county's statement, a line feed, its bytes, a line feed

Rules this file obeys:

* Nothing is believed here: a statement says how many bytes follow, and whoever takes them proves both.
* One file is held at a time, and none beyond `downlink.MAX_CONTENT`; at most `downlink.MOST_NAMES` are read.
* Only this name is looked for, straight below the place that was named (see `ledger.county.bundle`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from firmware_app.ledger.county.bundle import BadBundle, opened
from firmware_app.ledger.county.downlink import (
    MAX_CONTENT,
    MAX_STATEMENT,
    MOST_NAMES,
    Statement,
    claimed_statement,
)
from firmware_app.ledger.errors import BadFormat

MAX_FILE = MOST_NAMES * (MAX_CONTENT + MAX_STATEMENT + 2)


class CarriedFile(msgspec.Struct, frozen=True):
    """A file as it lies on the stick. ``claimed``: what its statement says, unverified."""

    statement: str
    claimed: Statement
    content: bytes


def downlink_name(device: str) -> str:
    """The name of the file with what the county gives to a device."""
    return f"steelyard-{device}.downlink"


def put_file(out: BinaryIO, statement: str, content: bytes) -> None:
    """Writes one file behind those before it."""
    out.write(statement.encode("ascii") + b"\n" + content + b"\n")


def carried_files(directory: Path, device: str) -> Iterator[CarriedFile]:
    """The files for a device, in their order; raises BadBundle, and OSError where there are none."""
    with opened(directory / downlink_name(device), MAX_FILE) as file:
        for number in range(1, MOST_NAMES + 2):
            line = file.readline(MAX_STATEMENT + 2)
            if not line:
                return
            if number > MOST_NAMES:
                raise BadBundle(f"more than {MOST_NAMES} files")
            statement, claimed = _statement(line, number)
            content = file.read(claimed.size)
            if len(content) != claimed.size or file.read(1) != b"\n":
                raise BadBundle(
                    f"file {number} ({claimed.name}): cut off: was the stick pulled out while it was written?"
                )
            yield CarriedFile(statement, claimed, content)


def _statement(line: bytes, number: int) -> tuple[str, Statement]:
    if not line.endswith(b"\n"):
        raise BadBundle(f"file {number}: its statement is cut off or too long")
    try:
        text = line[:-1].decode("ascii")
        return text, claimed_statement(text)
    except (UnicodeDecodeError, BadFormat) as error:
        raise BadBundle(f"file {number}: no statement of a county: {error}") from error
