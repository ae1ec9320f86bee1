#!/usr/bin/env python3
"""Checks an exported Steelyard ledger (``ledger.ndjson``) without any Steelyard code.

Needs Python 3.11 or later, the other check_*.py beside it, and the package ``cryptography``. The format is in
docs/record-format.md.

    python check_ledger.py ledger.ndjson
    python check_ledger.py ledger.ndjson --device-kid KID --county-kid KID --witness VKEY --need 1

Exit 0: every line is as it was signed. Exit 1: says which line is wrong and why. Exit 2: wrong use, or no
file. With --need the county's log, as the last receipt shows it, must bear the cosignatures of so many of the
witnesses that were named.

What it cannot know by itself: whether the key in the file is the device's (compare the thumbprint with
the one on the appliance, or give --device-kid), and whether newer entries were cut off after the last
receipt (compare the head with the county's).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, BinaryIO, NamedTuple

import check_log
from check_bytes import Wrong, check_time, joined, lines, naming, number, opened, parse, told
from check_jws import Key, Line, public_key, take_apart
from check_log import Head, VKey

ENTRY, RECEIPT = "steelyard-entry+jws", "steelyard-receipt+jws"
ENTRY_FIELDS = ["device", "seq", "prev", "at", "clock", "boot", "uptime_ns", "software", "kind", "body"]
RECEIPT_FIELDS = ["device", "seq", "entry", "at", "county"]
LOGGED = "steelyard-receipt2+jws"
LOGGED_FIELDS = [*RECEIPT_FIELDS, "index", "inclusion", "checkpoint", "since", "consistency"]
CLOCKS = ("synchronised", "battery", "unsynchronised")
COUNTY_KEY, CLOSURE = "steelyard-county-key+jws", "steelyard-closure+jws"
DOWNLINK = "steelyard-downlink+jws"
DOWNLINK_FIELDS = ["county", "device", "name", "version", "size", "sha256", "at"]
SHELVED, READ = "delivery_shelved", "delivery_read"
HASH = re.compile(r"[0-9a-f]{64}")


class Found(NamedTuple):
    """What a good export holds."""

    device: str
    kid: str
    entries: int
    head: str
    verdicts: dict[str, int]
    receipts: int
    receipted: int
    counties: dict[str, str]
    logs: dict[str, int]
    """The county's logs, and of how many entries the last receipt speaks."""
    witnessed: int
    """Receipts whose checkpoint a witness has cosigned."""
    cosigned: int
    """The last entry that such a receipt is upon: what came before it is in the tree that it cosigned."""
    after: str
    """Where this chain takes the place of a broken appliance's: the end of that one."""


class Checker:
    """Takes one line after another."""

    def __init__(
        self,
        device_kid: str | None,
        county_kid: str | None,
        witnesses: Sequence[VKey] = (),
        need: int = 0,
    ) -> None:
        self._witnesses, self.need = witnesses, need
        self._cosigned, self._last_cosigned_by = 0, 0
        self._heads: dict[tuple[str, int], Head] = {}
        self._witnessed = self._shown = 0
        self._replaced: set[int] = set()
        self._pinned_device = device_kid
        self._pinned_county = county_kid
        self._device = ""
        self._key: Key | None = None
        self._hashes: list[str] = ["0" * 64]
        self._counties: dict[str, Key] = {}
        self._names: dict[str, str] = {}
        self._after = ""
        self._files: dict[str, tuple[int, str | None]] = {}
        self._joined: list[int] = []
        self._verdicts: Counter[str] = Counter()
        self._receipts = 0
        self._receipted = 0
        self._shelved: set[int] = set()
        self._said: dict[int, tuple[str, str]] = {}

    def take(self, text: str) -> None:
        line = take_apart(text)
        if line.typ == ENTRY:
            if self._receipts:
                raise Wrong("an entry after the first receipt")
            self.follow(line, text)
        elif line.typ in (RECEIPT, LOGGED):
            self.receipt(line)
        else:
            raise Wrong(f"typ {line.typ!r} does not belong here")

    def follow(self, line: Line, text: str) -> None:
        """Takes the next entry, wherever it comes from, once its typ is known to be one; raises Wrong."""
        payload = parse(line.payload)
        self._check_fields(payload)
        seq = len(self._hashes)
        if self._key is None:
            self._begin(payload)
        assert self._key is not None
        line.signed_by(self._key)
        if payload["seq"] != seq:
            raise Wrong(f"entry {payload['seq']} where entry {seq} should come")
        if payload["prev"] != self._hashes[-1]:
            raise Wrong(f"entry {seq} does not follow from the one before it")
        if payload["device"] != self._device:
            raise Wrong(f"entry {seq} is of device {payload['device']}, not of {self._device}")
        self._hashes.append(hashlib.sha256(text.encode()).hexdigest())
        if payload["kind"] == "enrolment":
            self._joined.append(seq)
            self._join(payload["body"])
        elif payload["kind"] == "county_key":
            self.next_county_key(payload["body"].get("statement"))
        elif payload["kind"] == "county_log_alarm" and payload["body"].get("cause") == "replaced":
            self._replaced |= {upon for upon in [payload["body"].get("receipt")] if number(upon, 1)}
        elif payload["kind"] in (SHELVED, READ):
            self._shelf(payload)
        elif payload["kind"] == "continues":
            self._continue(payload["body"])
        elif payload["kind"] == "downlink_taken":
            self._downlink(payload["body"])
        verdict = payload["body"].get("verdict")
        if isinstance(verdict, str):
            self._verdicts[verdict] += 1
        if (slip := slip_of(payload["kind"], payload["body"])) is not None:
            self._said[seq] = slip

    def _begin(self, payload: dict[str, Any]) -> None:
        if payload["kind"] != "genesis":
            raise Wrong("the ledger does not begin with its genesis entry")
        self._key = public_key(payload["body"].get("jwk"))
        self._device = payload["device"]
        if self._pinned_device is not None and self._key.kid != self._pinned_device:
            raise Wrong(f"signed by key {self._key.kid}, not by the device's {self._pinned_device}")

    def _check_fields(self, payload: dict[str, Any]) -> None:
        if list(payload) != ENTRY_FIELDS:
            raise Wrong(f"the fields of an entry are {', '.join(ENTRY_FIELDS)}, in this order")
        for name in ("device", "boot", "software", "kind"):
            if not isinstance(payload[name], str) or not payload[name]:
                raise Wrong(f"{name} is not a text")
        if not (number(payload["seq"], 1) and number(payload["uptime_ns"], 0)):
            raise Wrong("seq or uptime_ns is not a whole number")
        if not isinstance(payload["prev"], str) or not HASH.fullmatch(payload["prev"]):
            raise Wrong("prev is not a SHA-256")
        check_time(payload["at"])
        if payload["clock"] not in CLOCKS:
            raise Wrong("clock is not one of " + ", ".join(CLOCKS))
        if not isinstance(payload["body"], dict):
            raise Wrong("body is not an object")

    def _join(self, body: dict[str, Any]) -> None:
        key = public_key(body.get("jwk"))
        if self._pinned_county is not None and key.kid not in (self._pinned_county, *self._counties):
            raise Wrong(f"the county joined has key {key.kid}, not {self._pinned_county}")
        self._counties[key.kid] = key
        self._names[key.kid] = str(body.get("county"))

    def _stated(self, text: Any, typ: str, fields: list[str]) -> dict[str, Any]:
        """What a county that the ledger names states about keys."""
        line = take_apart(text if isinstance(text, str) else "")
        key = self._counties.get(line.kid)
        if line.typ != typ or key is None:
            raise Wrong(f"not a {typ} by a county that the ledger names")
        line.signed_by(key)
        stated = parse(line.payload)
        if list(stated) != fields:
            raise Wrong(f"the fields of a {typ} are {', '.join(fields)}, in this order")
        check_time(stated["at"])
        return stated

    def next_county_key(self, statement: Any) -> None:
        """Takes a county's word on its next key, by a key that is known; raises Wrong."""
        stated = self._stated(statement, COUNTY_KEY, ["county", "jwk", "at"])
        key = public_key(stated["jwk"])
        self._counties[key.kid] = key
        self._names[key.kid] = str(stated["county"])

    def _continue(self, body: dict[str, Any]) -> None:
        stated = self._stated(
            body.get("closure"), CLOSURE, ["device", "kid", "seq", "entry", "next", "at", "county"]
        )
        if (stated["device"], stated["next"]) != (self._device, self.key.kid):
            raise Wrong("the closure that it goes on from is of another device or for another key")
        self._after = f"entry {stated['seq']} of key {stated['kid']}, head {stated['entry']}"

    def _downlink(self, body: dict[str, Any]) -> None:
        """A file from the county in use: the county's word on it, and none older than the one before."""
        stated = self.file_stated(body.get("statement"))
        name = str(stated["name"])
        version, old = self._files.get(name, (0, None))
        said = {"name": name, "version": stated["version"], "sha256": stated["sha256"], "old": old}
        if stated["version"] <= version or not said.items() <= body.items():
            raise Wrong(f"the file {name} is not what the county stated, or older than the one before it")
        self._files[name] = (stated["version"], stated["sha256"])

    def file_stated(self, statement: Any) -> dict[str, Any]:
        """What a county that the ledger names states of a file for this device; raises Wrong."""
        stated = self._stated(statement, DOWNLINK, DOWNLINK_FIELDS)
        if stated["device"] not in ("", self._device) or not number(stated["version"], 1):
            raise Wrong(f"the file {stated['name']} is for another device, or has no version")
        return stated

    def taken(self, name: str) -> int:
        """The version of a file of the county that is in use where the ledger ends, 0 before the first."""
        return self._files.get(name, (0, None))[0]

    def _shelf(self, payload: dict[str, Any]) -> None:
        """What the county holds unread, and what it could read after all: an entry of this very chain."""
        seq, hashed = payload["body"].get("seq"), payload["body"].get("entry")
        if not number(seq, 1) or seq >= payload["seq"] or self._hashes[seq] != hashed:
            raise Wrong(f"{payload['kind']} names no entry that this file holds before it")
        if payload["kind"] == READ and seq not in self._shelved:
            raise Wrong(f"entry {seq} was read from a shelf on which it never lay")
        self._shelved.add(seq)

    def receipt(self, line: Line) -> None:
        """Takes a receipt upon an entry that is here already; raises Wrong."""
        key = self._counties.get(line.kid)
        if key is None:
            raise Wrong(f"a receipt by key {line.kid}, of no county that the ledger names")
        line.signed_by(key)
        receipt = parse(line.payload)
        fields = LOGGED_FIELDS if line.typ == LOGGED else RECEIPT_FIELDS
        if list(receipt) != fields:
            raise Wrong(f"the fields of a receipt are {', '.join(fields)}, in this order")
        check_time(receipt["at"])
        seq = receipt["seq"]
        if not number(seq, 1) or seq >= len(self._hashes):
            raise Wrong(f"a receipt for entry {seq}, which is not in this file")
        if seq <= self._receipted:
            raise Wrong(f"the receipt for entry {seq} comes out of order or twice")
        if (receipt["device"], receipt["entry"]) != (self._device, self._hashes[seq]):
            raise Wrong(f"a receipt for other bytes than entry {seq} of this file")
        if line.typ == LOGGED:
            self._log(receipt, key)
        self._receipts += 1
        self._receipted = seq

    def _log(self, receipt: dict[str, Any], key: Key) -> None:
        """The place that a receipt shows, and that the log goes on from what an earlier receipt showed."""
        text = receipt["checkpoint"]
        if not isinstance(text, str) or not number(receipt["index"], 0) or not number(receipt["since"], 0):
            raise Wrong("the receipt's place in the log is not written as it should be")
        vkey = VKey(text.partition("\n")[0], check_log.LOG, key.x)
        head = check_log.read_head(text, vkey, self._witnesses)
        leaf = check_log.leaf(bytes.fromhex(receipt["entry"]))
        path = check_log.read_hashes(receipt["inclusion"])
        if check_log.root_by_path(receipt["index"], head.size, leaf, path) != head.root:
            raise Wrong("the entry is not at that place of the county's log")
        grown = check_log.read_hashes(receipt["consistency"])
        check_log.check_growth(self._before(head, receipt), head, grown)
        self._heads[head.origin, head.size] = head
        self._shown = receipt["seq"]
        self._last_cosigned_by = len(head.witnessed)
        if head.witnessed:
            self._witnessed, self._cosigned = self._witnessed + 1, receipt["seq"]

    def _before(self, head: Head, receipt: dict[str, Any]) -> Head:
        """The tree head that a receipt's proof must begin at: of an earlier receipt, or the empty tree."""
        since = receipt["since"]
        known = {origin for origin, _ in self._heads}
        if known and head.origin not in known and not self._may_change(receipt["seq"]):
            raise Wrong(f"a receipt of another log ({head.origin[:60]}) than the one before")
        if since == 0 and head.origin not in known:
            return Head(head.origin, 0, check_log.root_of([]), {})
        if (head.origin, since) not in self._heads:
            raise Wrong(f"the log of {head.size} goes on from one of {since} that no receipt here shows")
        return self._heads[head.origin, since]

    def _may_change(self, seq: int) -> bool:
        """Whether the chain says that another county was joined since, or that another log was begun."""
        return seq in self._replaced or any(self._shown < joined <= seq for joined in self._joined)

    def held(self, device: str, seq: int) -> str:
        """The hash of an entry in this file; raises Wrong."""
        if device != self._device or not 1 <= seq < len(self._hashes):
            raise Wrong(f"entry {seq} of {device} is not in this file")
        return self._hashes[seq]

    def said(self, seq: int) -> tuple[str, str]:
        """Verdict and serial number that a slip upon an entry must tell; raises Wrong where it has none."""
        if seq not in self._said:
            raise Wrong(f"entry {seq} carries no verdict, so it has no slip")
        return self._said[seq]

    @property
    def key(self) -> Key:
        """The device's key; raises Wrong before the first entry."""
        if self._key is None:
            raise Wrong("the file is empty")
        return self._key

    @property
    def device(self) -> str:
        """The id of the device, empty before the first entry."""
        return self._device

    @property
    def receipted(self) -> int:
        """The last entry with a receipt, 0 before the first."""
        return self._receipted

    @property
    def entries(self) -> int:
        """How many entries there were up to here."""
        return len(self._hashes) - 1

    def finish(self) -> Found:
        """What was found; raises Wrong where nothing was, or too few witnesses."""
        if self._last_cosigned_by < self.need:
            raise Wrong(
                f"{self._last_cosigned_by} of the witnesses have cosigned the log as the last receipt"
                f" shows it, {self.need} must have"
            )
        return Found(
            device=self._device,
            kid=self.key.kid,
            entries=self.entries,
            head=self._hashes[-1],
            verdicts=dict(self._verdicts),
            receipts=self._receipts,
            receipted=self._receipted,
            counties=self._names,
            logs=dict(sorted(self._heads)),
            witnessed=self._witnessed,
            cosigned=self._cosigned,
            after=self._after,
        )


def slip_of(kind: str, body: dict[str, Any]) -> tuple[str, str] | None:
    """Verdict and serial number of the scale in a body, of a complaint the verdict of its weighing."""
    scale, judged = body.get("scale"), body.get("weighing") if kind == "complaint" else body
    verdict = judged.get("verdict") if isinstance(judged, dict) else None
    serial = scale.get("serial") if isinstance(scale, dict) else ""
    return (verdict, serial if isinstance(serial, str) else "") if isinstance(verdict, str) else None


def check(
    file: BinaryIO,
    device_kid: str | None = None,
    county_kid: str | None = None,
    witnesses: Sequence[VKey] = (),
    need: int = 0,
) -> Found:
    """What the export holds; raises Wrong with the number of the line."""
    return check_lines(file, Checker(device_kid, county_kid, witnesses, need))


def check_lines(file: BinaryIO, checker: Checker) -> Found:
    at = 0
    for at, text in lines(file):
        with naming(f"line {at}"):
            checker.take(text)
    with naming(f"line {at}"):
        return checker.finish()


def witness_keys(texts: Sequence[str], parser: argparse.ArgumentParser) -> list[VKey]:
    """The keys of witnesses as they were given; leaves with 2 where one is none."""
    try:
        keys = [check_log.read_vkey(each) for each in texts]
    except Wrong as wrong:
        parser.error(str(wrong))
    for key in keys:
        if key.type != check_log.WITNESS:
            parser.error(f"{key.name}: the key of a log, not of a witness")
    return keys


def in_words(name: str, found: Found, options: argparse.Namespace) -> list[str]:
    """What a good file holds, for people."""
    compare_device = "" if options.device_kid else " (compare it)"
    compare_county = "" if options.county_kid else " (compare it)"
    return [
        f"GOOD     {name}",
        f"device   {found.device}, key {found.kid}{compare_device}",
        *([f"after    {found.after}"] if found.after else []),
        f"entries  {found.entries}, head {found.head}",
        *(f"         {count} x {verdict}" for verdict, count in sorted(found.verdicts.items())),
        *(f"county   {name}, key {kid}{compare_county}" for kid, name in found.counties.items()),
        f"receipts {found.receipts}, up to entry {found.receipted} of {found.entries}"
        if found.receipts
        else "receipts none: nobody but the device vouches for this ledger yet",
        *(f"log      {origin}, {size} entries" for origin, size in found.logs.items()),
        *(
            [f"witness  {found.witnessed} receipts cosigned, up to entry {found.cosigned}"]
            * bool(options.witness)
        ),
    ]


def pins(parser: argparse.ArgumentParser) -> None:
    """The options by which an outsider says what he knows from elsewhere."""
    parser.add_argument("--device-kid", help="thumbprint that the device is known by")
    parser.add_argument("--county-kid", help="thumbprint that the county is known by")
    parser.add_argument("--witness", action="append", default=[], help="key of a witness (vkey); repeat")
    parser.add_argument("--need", type=int, default=0, help="so many must have cosigned the log shown last")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an exported Steelyard ledger.")
    parser.add_argument("file", help="ledger.ndjson")
    pins(parser)
    options = parser.parse_args(joined(arguments))
    witnesses = witness_keys(options.witness, parser)

    def look() -> list[str]:
        checker = Checker(options.device_kid, options.county_kid, witnesses, options.need)
        with opened(options.file) as file, naming(options.file):
            return in_words(options.file, check_lines(file, checker), options)

    return told(look)


if __name__ == "__main__":
    sys.exit(main())
