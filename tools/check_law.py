#!/usr/bin/env python3
"""Checks a law pack from an appliance's shelf, and by which of its bytes a ledger judged.

No Steelyard code is imported. Needs the other check_*.py beside it and the package ``cryptography``. The
formats are in docs/law-packs.md and docs/record-format.md.

    python check_law.py jjg1204-2025_3.law --publisher VKEY
    python check_law.py jjg1204-2025_3.law --publisher VKEY --ledger ledger.ndjson

Exit 0: the publisher signed these very bytes under that name and version, and with --ledger: the ledger, good
itself, took in and judged by no other bytes of that name and version. Exit 1: says what is wrong. Exit 2:
wrong use, or no file. What the law says, and whether the pack says it, no program can check.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

import check_log
from check_bytes import Wrong, lines, naming, opened, parse, told, whole
from check_jws import take_apart
from check_ledger import Checker
from check_log import VKey

HEADING = "steelyard law pack"
GAP = b"\n\n"
MAX_SHELF_FILE = 516 * 1024
"""512 KiB of pack and 4 KiB of signature (docs/law-packs.md)."""
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Pack(NamedTuple):
    """What the publisher said: this pack in this version has these bytes."""

    id: str
    version: str
    sha256: str


def check_pack(content: bytes, publisher: VKey) -> Pack:
    """The pack in a file of the shelf: note, blank line, pack; raises Wrong."""
    said, gap, rest = content.partition(GAP)
    signatures, end, pack = rest.partition(GAP)
    if not gap or not end:
        raise Wrong("not a publisher's note, a blank line and a pack")
    try:
        body, signed = f"{said.decode('utf-8')}\n", signatures.decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong("the publisher's note is not UTF-8") from None
    fields = body.split("\n")
    if len(fields) != 5 or fields[0] != HEADING or CONTROL.search(body + signed):
        raise Wrong("not a publisher's word on a law pack")
    check_note(body, signed, publisher)
    digest = hashlib.sha256(pack)
    if check_log.decode(fields[3]) != digest.digest():
        raise Wrong("the publisher signed other bytes than these")
    try:
        named = tomllib.loads(pack.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Wrong(f"the pack is not TOML in UTF-8: {error}") from None
    if (named.get("id"), str(named.get("version"))) != (fields[1], fields[2]):
        raise Wrong(f"the publisher speaks of {fields[1]} version {fields[2]}, the pack of another")
    return Pack(fields[1], fields[2], digest.hexdigest())


def check_note(body: str, signatures: str, publisher: VKey) -> None:
    """Raises Wrong unless the publisher's key signed the note (c2sp.org/signed-note)."""
    signed = False
    for line in signatures.split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not check_log.NAME.fullmatch(parts[1]):
            raise Wrong("a line under the note that is no signature")
        raw = check_log.decode(parts[2])
        if (parts[1], raw[:4]) == (publisher.name, publisher.id):
            check_log.check_signature(publisher, raw[4:], body.encode())
            signed = True
    if not signed:
        raise Wrong(f"not signed by {publisher.name}")


def check_use(pack: Pack, ledger: str) -> tuple[int, int]:
    """How often a good ledger took the pack in, and how many of its entries cite it; raises Wrong."""
    checker, added, cited = Checker(None, None), 0, 0
    with opened(ledger) as file:
        for at, text in lines(file):
            with naming(f"{ledger}: line {at}"):
                checker.take(text)
                body = parse(take_apart(text).payload).get("body")
                for law in laws(body):
                    if (law["pack"], law["version"]) != (pack.id, pack.version):
                        continue
                    if law["sha256"] != pack.sha256:
                        raise Wrong(f"{pack.id} version {pack.version} with other bytes: {law['sha256']}")
                    added += law is body
                    cited += law is not body
    checker.finish()
    return added, cited


def laws(body: Any) -> Iterator[dict[str, Any]]:
    """Every object in a body that names a pack, its version and its hash."""
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "pack" in value and "version" in value and "sha256" in value:
                yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a law pack from an appliance's shelf.")
    parser.add_argument("file", help="ID_VERSION.law")
    parser.add_argument("--publisher", required=True, help="key of the publisher (vkey), from elsewhere")
    parser.add_argument("--ledger", help="ledger.ndjson of an appliance that used it")
    options = parser.parse_args(arguments)
    try:
        publisher = check_log.read_vkey(options.publisher)
    except Wrong as wrong:
        parser.error(str(wrong))

    def look() -> list[str]:
        with naming(options.file):
            pack = check_pack(whole(options.file, MAX_SHELF_FILE), publisher)
        said = [f"GOOD     {options.file}", f"pack     {pack.id} version {pack.version}, {pack.sha256}"]
        if options.ledger:
            added, cited = check_use(pack, options.ledger)
            said.append(f"ledger   taken in {added} times, cited {cited} times, always these bytes")
        return said

    return told(look)


if __name__ == "__main__":
    sys.exit(main())
