#!/usr/bin/env python3
"""Checks what a USB stick carries between an appliance and its county, without any Steelyard code.

Needs the other check_*.py beside it and the package ``cryptography``. The format is in docs/record-format.md.

    python check_bundle.py steelyard-KIOSK-7.bundle
    python check_bundle.py steelyard-KIOSK-7.bundle --ledger ledger.ndjson
    python check_bundle.py steelyard-KIOSK-7.bundle --receipts steelyard-KIOSK-7.receipts --county-kid KID
    python check_bundle.py --shelf request.json --ledger ledger.ndjson
    python check_bundle.py --downlink steelyard-KIOSK-7.downlink --ledger ledger.ndjson

A bundle that does not begin at entry 1 goes on from an export of the ledger that was taken before the
receipts came back (--ledger). A shelf request is an entry that the county refused, as the appliance posts it;
a downlink file is what the county gives back on the stick. Exit 0: the device signed what the manifest
promises, all of it is there and follows, the county receipted it and signed what it gives. Exit 1: says what
is wrong. Exit 2: wrong use, or no file.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from check_bytes import MAX_LINE, Wrong, joined, lines, naming, number, opened, parse, told, whole
from check_jws import Key, public_key, take_apart
from check_ledger import COUNTY_KEY, ENTRY, Checker, check_lines, pins, witness_keys

BUNDLE, SHELF = "steelyard-bundle+jws", "steelyard-shelf+jws"
MANIFEST_FIELDS = ["device", "first", "last", "entry"]
CLAIM_FIELDS = ["device", "seq", "prev", "entry"]
MAX_STATEMENT, MAX_CONTENT = 4096, 4 << 20
MAX_REQUEST = MAX_LINE + 8192


class Manifest(NamedTuple):
    """What the device promises: entries ``first`` … ``last``, the last with that SHA-256."""

    device: str
    first: int
    last: int
    entry: str
    log: str


def check_bundle(texts: Iterator[tuple[int, str]], checker: Checker) -> Manifest:
    """The manifest of a bundle that holds what it promises and goes on from what is known; raises Wrong."""
    _, jws = next(texts, (0, None))
    at, text = next(texts, (1, None))
    if jws is None or text is None:
        raise Wrong("a manifest and at least one entry should be here")
    manifest = read_manifest(jws, checker.key if checker.entries else genesis_key(text))
    if manifest.first > checker.entries + 1:
        raise Wrong(
            f"begins at entry {manifest.first}, and {checker.entries} are known: give the export that it goes"
            " on from (--ledger)"
        )
    seq = manifest.first
    while text is not None:
        with naming(f"line {at}"):
            take(text, seq, checker)
        at, text = next(texts, (at + 1, None))
        seq += 1
    if seq - 1 != manifest.last:
        raise Wrong(f"the manifest promises entries up to {manifest.last}, the file ends at {seq - 1}")
    if checker.held(manifest.device, manifest.last) != manifest.entry:
        raise Wrong(f"entry {manifest.last} is another one than the manifest promises")
    return manifest


def take(text: str, seq: int, checker: Checker) -> None:
    """Takes entry ``seq`` of a bundle: the one that is known, or the next of the chain; raises Wrong."""
    if seq > checker.entries:
        line = take_apart(text)
        if line.typ != ENTRY:
            raise Wrong(f"typ {line.typ!r} is no entry")
        checker.follow(line, text)
    elif checker.held(checker.device, seq) != hashlib.sha256(text.encode()).hexdigest():
        raise Wrong(f"entry {seq} is another one than in the ledger")


def read_manifest(jws: str, key: Key) -> Manifest:
    """The manifest that the device's key signed; raises Wrong."""
    line = take_apart(jws)
    if line.typ != BUNDLE:
        raise Wrong(f"line 1: typ {line.typ!r} is no manifest")
    line.signed_by(key)
    said = parse(line.payload)
    if list(said) != [*MANIFEST_FIELDS, "log"]:
        raise Wrong(f"line 1: the fields of a manifest are {', '.join(MANIFEST_FIELDS)}, log, in this order")
    texts = all(isinstance(said[name], str) for name in ("device", "entry", "log"))
    if not texts or not number(said["first"], 1) or not number(said["last"], said["first"]):
        raise Wrong("line 1: the manifest is not written as it should be")
    return Manifest(**said)


def genesis_key(text: str) -> Key:
    """The key in the entry that a chain begins with, to be checked with that very key; raises Wrong."""
    payload = parse(take_apart(text).payload)
    body = payload.get("body")
    if payload.get("kind") != "genesis" or not isinstance(body, dict):
        raise Wrong("does not begin with entry 1: give the export that it goes on from (--ledger)")
    return public_key(body.get("jwk"))


def check_receipts(texts: Iterator[tuple[int, str]], checker: Checker, manifest: Manifest) -> int:
    """The entry up to which the county holds the record, by receipts that were carried back; raises Wrong."""
    upon = 0
    for at, text in texts:
        with naming(f"line {at}"):
            line = take_apart(text)
            if line.typ == COUNTY_KEY and not upon:
                checker.next_county_key(text)
                continue
            upon = number_of(parse(line.payload), manifest)
            if upon <= checker.receipted:
                raise Wrong(
                    f"a receipt up to entry {checker.receipted} is here already: it comes twice, or the"
                    " ledger was exported after it came back"
                )
            checker.receipt(line)
    if not upon:
        raise Wrong("no receipt in the file")
    return upon


def number_of(receipt: dict[str, Any], manifest: Manifest) -> int:
    """The entry that a receipt is upon, if this bundle can have brought it; raises Wrong."""
    seq: Any = receipt.get("seq")
    if not number(seq, manifest.first) or seq > manifest.last:
        raise Wrong("a receipt upon no entry of this bundle")
    since, (size, _, origin) = receipt.get("since", 0), manifest.log.partition(" ")
    if "since" in receipt and since not in (0, int(size) if size.isdecimal() else 0):
        raise Wrong(
            f"a receipt that goes on from {since} leaves of the log; the device had seen {size} {origin}"
        )
    return int(seq)


def check_shelf(data: bytes, checker: Checker) -> tuple[int, str]:
    """Number and SHA-256 of an entry as it is handed over for the county's shelf; raises Wrong."""
    request = parse(data)
    claim, text = request.get("claim"), request.get("text")
    if list(request) != ["claim", "text"] or not isinstance(claim, str) or not isinstance(text, str):
        raise Wrong("a request has claim and text")
    line = take_apart(claim)
    if line.typ != SHELF:
        raise Wrong(f"typ {line.typ!r} is no claim")
    line.signed_by(checker.key)
    said = parse(line.payload)
    if list(said) != CLAIM_FIELDS:
        raise Wrong(f"the fields of a claim are {', '.join(CLAIM_FIELDS)}, in this order")
    if said["entry"] != hashlib.sha256(text.encode()).hexdigest():
        raise Wrong("the text is another one than the claim names")
    if not number(said["seq"], 1) or checker.held(said["device"], said["seq"]) != said["entry"]:
        raise Wrong("the claim is upon other bytes than the ledger holds")
    before = checker.held(said["device"], said["seq"] - 1) if said["seq"] > 1 else "0" * 64
    if said["prev"] != before:
        raise Wrong("the claim names another entry before it than the ledger holds")
    return said["seq"], said["entry"]


def check_downlink(file: BinaryIO, checker: Checker) -> list[str]:
    """The files that the county gives back, each with the county's word on its bytes; raises Wrong."""
    found: list[str] = []
    while line := file.readline(MAX_STATEMENT + 2):
        with naming(f"file {len(found) + 1}"):
            if not line.endswith(b"\n") or not line.isascii():
                raise Wrong("its statement is cut off, too long, or not ASCII")
            stated = checker.file_stated(line[:-1].decode("ascii"))
            name, version, size = str(stated["name"]), stated["version"], stated["size"]
            if not number(size, 1) or size > MAX_CONTENT:
                raise Wrong(f"{name}: the county states no size that is carried")
            content = file.read(size)
            if file.read(1) != b"\n" or hashlib.sha256(content).hexdigest() != stated["sha256"]:
                raise Wrong(f"{name}: cut off, or other bytes than the county stated")
            if version < checker.taken(name):
                raise Wrong(
                    f"{name}: version {version} is older than {checker.taken(name)}, which was in use"
                )
            if found and name <= found[-1].partition(" ")[0]:
                raise Wrong(f"{name}: twice, or not in the order of names")
            found.append(f"{name} version {version}, {stated['sha256']}")
    if not found:
        raise Wrong("holds no file")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check what a stick carries.")
    parser.add_argument("bundle", nargs="?", help="steelyard-DEVICE.bundle")
    parser.add_argument("--receipts", help="steelyard-DEVICE.receipts, carried back")
    parser.add_argument("--ledger", help="ledger.ndjson that the bundle goes on from")
    parser.add_argument("--shelf", help="an entry handed over for the county's shelf")
    parser.add_argument("--downlink", help="steelyard-DEVICE.downlink, given back by the county")
    pins(parser)
    options = parser.parse_args(joined(arguments))
    if not (options.bundle or options.shelf or options.downlink):
        parser.error("give a bundle, --shelf or --downlink")
    if (options.shelf and not options.ledger) or (options.receipts and not options.bundle):
        parser.error("--shelf needs --ledger, --receipts a bundle")
    if options.downlink and not (options.ledger or options.bundle):
        parser.error("--downlink needs the ledger or bundle that names the county: --ledger")
    witnesses = witness_keys(options.witness, parser)

    def look() -> list[str]:
        return look_at(options, Checker(options.device_kid, options.county_kid, witnesses, options.need))

    return told(look)


def look_at(options: argparse.Namespace, checker: Checker) -> list[str]:
    """What was found, for people; raises Wrong, NoFile."""
    said = []
    if options.ledger:
        need, checker.need = checker.need, 0
        with opened(options.ledger) as file, naming(options.ledger):
            check_lines(file, checker)
        checker.need = need
    if options.shelf:
        with naming(options.shelf):
            seq, entry = check_shelf(whole(options.shelf, MAX_REQUEST), checker)
        said += [f"GOOD     {options.shelf}", f"entry    {seq}, {entry}"]
    if options.bundle:
        with opened(options.bundle) as file, naming(options.bundle):
            manifest = check_bundle(lines(file), checker)
        compare = "" if options.device_kid else " (compare it)"
        said += [
            f"GOOD     {options.bundle}",
            f"device   {manifest.device}, key {checker.key.kid}{compare}",
            f"entries  {manifest.first} to {manifest.last}, head {manifest.entry}",
        ]
        if options.receipts:
            with opened(options.receipts) as file, naming(options.receipts):
                upon = check_receipts(lines(file), checker, manifest)
                found = checker.finish()
            said += [f"receipts up to entry {upon} of {manifest.last}"]
            said += [f"county   {name}, key {kid}" for kid, name in found.counties.items()]
            said += [f"log      {origin}, {size} entries" for origin, size in found.logs.items()]
    if options.downlink:
        with opened(options.downlink) as file, naming(options.downlink):
            files = check_downlink(file, checker)
        said += [f"GOOD     {options.downlink}", *(f"file     {each}" for each in files)]
    return said


if __name__ == "__main__":
    sys.exit(main())
