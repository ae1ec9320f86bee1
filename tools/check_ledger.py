#!/usr/bin/env python3
"""Checks an exported Steelyard ledger (``ledger.ndjson``) without any Steelyard code.

Needs Python 3.11 or later, check_log.py beside it, and the package ``cryptography``. The format is in
docs/record-format.md.

    python check_ledger.py ledger.ndjson
    python check_ledger.py ledger.ndjson --device-kid KID --county-kid KID --witness VKEY

Exit 0: every line is as it was signed. Exit 1: says which line is wrong and why. Exit 2: wrong use.

What it cannot know by itself: whether the key in the file is the device's (compare the thumbprint with
the one on the appliance, or give --device-kid), and whether newer entries were cut off after the last
receipt (compare the head with the county's).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

import check_log
from check_log import Head, VKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

ENTRY, RECEIPT = "steelyard-entry+jws", "steelyard-receipt+jws"
ENTRY_FIELDS = ["device", "seq", "prev", "at", "clock", "boot", "uptime_ns", "software", "kind", "body"]
RECEIPT_FIELDS = ["device", "seq", "entry", "at", "county"]
LOGGED = "steelyard-receipt2+jws"
LOGGED_FIELDS = [*RECEIPT_FIELDS, "index", "inclusion", "checkpoint", "since", "consistency"]
CLOCKS = ("synchronised", "battery", "unsynchronised")
COUNTY_KEY, CLOSURE = "steelyard-county-key+jws", "steelyard-closure+jws"
DOWNLINK = "steelyard-downlink+jws"
DOWNLINK_FIELDS = ["county", "device", "name", "version", "size", "sha256", "at"]
MAX_LINE = 64 * 1024
MEMBERS = {"OKP": ["crv", "kty", "x"], "EC": ["crv", "kty", "x", "y"]}
ALGS = {("OKP", "Ed25519"): "Ed25519", ("EC", "P-256"): "ES256"}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HASH = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Wrong(Exception):
    """A line is not what it should be."""


class Key(NamedTuple):
    """A public key, its thumbprint (RFC 7638), and the one algorithm that it signs with."""

    kid: str
    alg: str
    x: bytes
    y: bytes

    def verify(self, signature: bytes, signed: bytes) -> None:
        """Raises Wrong; of the two ES256 signatures that fit, only the one with the lower s is read."""
        x, y = (int.from_bytes(each, "big") for each in (self.x, self.y))
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            if self.alg == "Ed25519":
                Ed25519PublicKey.from_public_bytes(self.x).verify(signature, signed)
            elif s > P256_ORDER // 2:
                raise Wrong("the signature has not the lower s")
            else:
                key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
                key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
        except InvalidSignature:
            raise Wrong("the signature does not fit the bytes") from None


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
    after: str
    """Where this chain takes the place of a broken appliance's: the end of that one."""


def encode(data: bytes) -> str:
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


def no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Wrong("a JSON member occurs twice")
    return members


def refuse_constant(name: str) -> NoReturn:
    raise Wrong(f"{name} is no JSON")


def parse(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=no_twice, parse_constant=refuse_constant)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Wrong("not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise Wrong("not a JSON object")
    return value


def public_key(jwk: Any) -> Key:
    if not isinstance(jwk, dict) or not all(isinstance(member, str) for member in jwk.values()):
        raise Wrong("no public key")
    kind = (jwk.get("kty", ""), jwk.get("crv", ""))
    if kind not in ALGS or sorted(jwk) != MEMBERS[kind[0]]:
        raise Wrong("no public key (a JWK of Ed25519 with crv, kty, x, or of P-256 with y besides)")
    x, y = decode(jwk["x"]), decode(jwk.get("y", ""))
    if len(x) != 32 or len(y) != (32 if kind[0] == "EC" else 0):
        raise Wrong("the public key has not 32 bytes a coordinate")
    if y:
        try:
            point = EllipticCurvePublicNumbers(
                int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1()
            )
            point.public_key()
        except ValueError:
            raise Wrong("the public key is no point of P-256") from None
    named = json.dumps({name: jwk[name] for name in MEMBERS[kind[0]]}, separators=(",", ":"))
    return Key(encode(hashlib.sha256(named.encode()).digest()), ALGS[kind], x, y)


class Line(NamedTuple):
    """A JWS taken apart; nothing of it is believed before `signed_by`."""

    signed: bytes
    signature: bytes
    alg: str
    kid: str
    typ: str
    payload: bytes

    def signed_by(self, key: Key) -> None:
        if self.kid != key.kid:
            raise Wrong(f"signed by key {self.kid}, not by {key.kid}")
        if self.alg != key.alg:
            raise Wrong(f"alg {self.alg}: this key signs with {key.alg}")
        key.verify(self.signature, self.signed)


def take_apart(text: str) -> Line:
    parts = text.split(".")
    if len(parts) != 3:
        raise Wrong("not a compact JWS: three parts, divided by dots")
    header = parse(decode(parts[0]))
    if list(header) != ["alg", "kid", "typ"] or not all(isinstance(v, str) for v in header.values()):
        raise Wrong("the protected header is not alg, kid, typ")
    if header["alg"] not in ALGS.values():
        raise Wrong(f"alg {header['alg']!r} is neither Ed25519 nor ES256")
    signature = decode(parts[2])
    if len(signature) != 64:
        raise Wrong("the signature has not 64 bytes")
    signed = f"{parts[0]}.{parts[1]}".encode()
    return Line(signed, signature, header["alg"], header["kid"], header["typ"], decode(parts[1]))


def number(value: Any, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value < 2**63


class Checker:
    """Takes one line after another."""

    def __init__(
        self, device_kid: str | None, county_kid: str | None, witnesses: Sequence[VKey] = ()
    ) -> None:
        self._witnesses = witnesses
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

    def take(self, text: str) -> None:
        line = take_apart(text)
        if line.typ == ENTRY:
            if self._receipts:
                raise Wrong("an entry after the first receipt")
            self._entry(line, text)
        elif line.typ in (RECEIPT, LOGGED):
            self._receipt(line)
        else:
            raise Wrong(f"typ {line.typ!r} does not belong here")

    def _entry(self, line: Line, text: str) -> None:
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
            self._next_county_key(payload["body"])
        elif payload["kind"] == "county_log_alarm" and payload["body"].get("cause") == "replaced":
            self._replaced.add(payload["body"].get("receipt"))
        elif payload["kind"] == "continues":
            self._continue(payload["body"])
        elif payload["kind"] == "downlink_taken":
            self._downlink(payload["body"])
        verdict = payload["body"].get("verdict")
        if isinstance(verdict, str):
            self._verdicts[verdict] += 1

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

    def _next_county_key(self, body: dict[str, Any]) -> None:
        stated = self._stated(body.get("statement"), COUNTY_KEY, ["county", "jwk", "at"])
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
        stated = self._stated(body.get("statement"), DOWNLINK, DOWNLINK_FIELDS)
        name, for_us = stated["name"], stated["device"] in ("", self._device)
        version, old = self._files.get(name, (0, None))
        said = {"name": name, "version": stated["version"], "sha256": stated["sha256"], "old": old}
        if not (for_us and number(stated["version"], version + 1)) or not said.items() <= body.items():
            raise Wrong(f"the file {name} is not what the county stated, or older than the one before it")
        self._files[name] = (stated["version"], stated["sha256"])

    def _receipt(self, line: Line) -> None:
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
        try:
            vkey = VKey(text.partition("\n")[0], check_log.LOG, key.x)
            head = check_log.read_head(text, vkey, self._witnesses)
            leaf = check_log.leaf(bytes.fromhex(receipt["entry"]))
            path = check_log.read_hashes(receipt["inclusion"])
            if check_log.root_by_path(receipt["index"], head.size, leaf, path) != head.root:
                raise Wrong("the entry is not at that place of the county's log")
            grown = check_log.read_hashes(receipt["consistency"])
            check_log.check_growth(self._before(head, receipt), head, grown)
        except check_log.Wrong as wrong:
            raise Wrong(str(wrong)) from None
        self._heads[head.origin, head.size] = head
        self._shown = receipt["seq"]
        self._witnessed += bool(head.witnessed)

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

    @property
    def key(self) -> Key:
        """The device's key; raises Wrong before the first entry."""
        if self._key is None:
            raise Wrong("the file is empty")
        return self._key

    def finish(self) -> Found:
        return Found(
            device=self._device,
            kid=self.key.kid,
            entries=len(self._hashes) - 1,
            head=self._hashes[-1],
            verdicts=dict(self._verdicts),
            receipts=self._receipts,
            receipted=self._receipted,
            counties=self._names,
            logs=dict(sorted(self._heads)),
            witnessed=self._witnessed,
            after=self._after,
        )


def check_time(value: Any) -> None:
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise Wrong("at is not a time of RFC 3339")
    try:
        datetime.strptime(value[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise Wrong("at is not a time of RFC 3339") from None


def check(
    file: BinaryIO,
    device_kid: str | None = None,
    county_kid: str | None = None,
    witnesses: Sequence[VKey] = (),
) -> Found:
    """What the export holds; raises Wrong with the number of the line."""
    return check_lines(file, Checker(device_kid, county_kid, witnesses))


def check_lines(file: BinaryIO, checker: Checker) -> Found:
    count = 0
    try:
        while raw := file.readline(MAX_LINE + 2):
            count += 1
            if not raw.endswith(b"\n"):
                raise Wrong("too long, or cut off: it does not end with a line feed")
            try:
                text = raw[:-1].decode("ascii")
            except UnicodeDecodeError:
                raise Wrong("holds bytes that are not ASCII") from None
            checker.take(text)
        return checker.finish()
    except Wrong as wrong:
        raise Wrong(f"line {count}: {wrong}") from None


def printable(text: str) -> str:
    """The text without control characters: what the file says must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an exported Steelyard ledger.")
    parser.add_argument("file", help="ledger.ndjson")
    parser.add_argument("--device-kid", help="thumbprint that the device is known by")
    parser.add_argument("--county-kid", help="thumbprint that the county is known by")
    parser.add_argument("--witness", action="append", default=[], help="key of a witness (vkey); repeat")
    parser.add_argument("--slip", action="append", default=[], help="text of a slip's QR code; repeat")
    options = parser.parse_args(arguments)
    try:
        with Path(options.file).open("rb") as file:
            witnesses = [check_log.read_vkey(each) for each in options.witness]
            found = check(file, options.device_kid, options.county_kid, witnesses)
    except check_log.Wrong as wrong:
        parser.error(str(wrong))
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 2
    except Wrong as wrong:
        print(printable(f"REFUSED  {options.file}: {wrong}"))
        return 1
    compare_device = "" if options.device_kid else " (compare it)"
    compare_county = "" if options.county_kid else " (compare it)"
    lines = [
        f"GOOD     {options.file}",
        f"device   {found.device}, key {found.kid}{compare_device}",
        *([f"after    {found.after}"] if found.after else []),
        f"entries  {found.entries}, head {found.head}",
        *(f"         {count} x {verdict}" for verdict, count in sorted(found.verdicts.items())),
        *(f"county   {name}, key {kid}{compare_county}" for kid, name in found.counties.items()),
        f"receipts {found.receipts}, up to entry {found.receipted} of {found.entries}"
        if found.receipts
        else "receipts none: nobody but the device vouches for this ledger yet",
        *(f"log      {origin}, {size} entries" for origin, size in found.logs.items()),
        *([f"witness  {found.witnessed} receipts cosigned"] if options.witness else []),
    ]
    print(*map(printable, lines), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
