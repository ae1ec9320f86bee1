"""What the county publishes for its appliances, kept whole and signed when it is given out.

Rules this file obeys:

* A version is the second of its publishing, or one more than the last: it rises also where the database was
  restored from an older copy.
* What is published stays; of a name the highest version counts. The same bytes again are the same version.
* The key that signs now signs: a device that joined yesterday knows no older one.
* Who fetches has shown a device's key, that the county trusts, over its own last receipt.
* What an appliance would refuse is refused here as far as it can be known without the appliance's program:
  the full check is `steelyard downlink check`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, tuple_, update

from county_gateway import access, tables
from county_gateway.database import Lock, take
from county_gateway.desk.fill import REGISTRY as BY_REGISTRY
from county_gateway.desk.tables import scales
from county_gateway.errors import BadAsk, BadDownlink, NothingThere, UnknownDevice
from county_gateway.store import Reader, Writer
from firmware_app.ledger.county.downlink import (
    INSPECTORS,
    MAX_CONTENT,
    MOST_NAMES,
    NAME_PATTERN,
    REGISTRY,
    RULES,
    Ask,
    Offered,
    Offers,
    Statement,
    claimed_ask,
    read_ask,
)
from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey

_NAME = re.compile(NAME_PATTERN, re.ASCII)
_SECRET = re.compile(r"pin|hash|passw|secret|argon", re.IGNORECASE)
MAX_TEXT = 120


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A published file. ``device``: the one that it is for, empty for all."""

    name: str
    device: str
    version: int
    sha256: str
    published_at: str
    content: bytes

    def statement(self, county: str) -> Statement:
        """The county's word on it, to be signed with the key that signs when it is given out."""
        return Statement(
            county=county,
            device=self.device,
            name=self.name,
            version=self.version,
            size=len(self.content),
            sha256=self.sha256,
            at=self.published_at,
        )


def publish(store: Writer, name: str, content: bytes, now: datetime, *, device: str = "") -> int:
    """Publishes a file and gives its version; the same bytes again change nothing.

    ``device``: the one that it is for, where it is not for all. Raises BadDownlink, UnknownDevice.
    """
    if not _NAME.fullmatch(name):
        raise BadDownlink(f"{name[:60]!r}: publish registry, weights, inspectors or rules-NAME")
    if not 1 <= len(content) <= MAX_CONTENT:
        raise BadDownlink(f"{name}: {len(content)} bytes; 1 to {MAX_CONTENT} are carried")
    if device and not store.chains(device):
        raise UnknownDevice(f"{device} has not joined this county")
    parsed = {} if name.startswith(RULES) else _toml(name, content)
    if name == INSPECTORS:
        _refuse_secrets(parsed, name)
    take(store.connection, Lock.ORDER)
    table, sha256 = tables.downlinks, hashlib.sha256(content).hexdigest()
    last = _latest(store.connection, name, device)
    if last is not None and last.sha256 == sha256:
        return int(last.version)
    names = store.connection.execute(select(func.count(table.c.name.distinct()))).scalar_one()
    if last is None and names >= MOST_NAMES:
        raise BadDownlink(f"{MOST_NAMES} names are published already, and an appliance takes no more")
    version = max(int(now.timestamp()), 1 if last is None else last.version + 1)
    at = now.isoformat(timespec="seconds")
    values = {"name": name, "device": device, "version": version, "sha256": sha256}
    store.connection.execute(insert(table).values(**values, published_at=at, content=content))
    if name == REGISTRY:
        _take_over(store.connection, parsed, now.date().isoformat(), device)
    whose = f" for {device}" if device else ""
    access.note(store, now, access.COMMAND, "published", f"{name}{whose} version {version}, SHA-256 {sha256}")
    return version


def offers(store: Reader, device: str) -> Offers:
    """What there is for a device: of each name the highest version, its own before the one for all."""
    table = tables.downlinks.c
    highest = (
        select(table.name, table.device, func.max(table.version))
        .where(table.device.in_(("", device)))
        .group_by(table.name, table.device)
    )
    rows = store.connection.execute(
        select(table.name, table.version, table.sha256, func.length(table.content).label("size"))
        .where(tuple_(table.name, table.device, table.version).in_(highest))
        .order_by(table.name, table.device)
    )
    offered = {
        row.name: Offered(name=row.name, version=row.version, size=row.size, sha256=row.sha256)
        for row in rows
    }
    return Offers(list(offered.values()))


def file(store: Reader, name: str, device: str) -> File:
    """The file of that name for a device; raises NothingThere."""
    row = _latest(store.connection, name, device) or _latest(store.connection, name, "")
    if row is None:
        raise NothingThere("nothing of that name was published")
    return File(**{**row._mapping, "content": bytes(row.content)})


def check_ask(store: Reader, jws: str) -> Ask:
    """The ask of a device that may fetch; raises BadAsk, UnknownDevice, Revoked, Replaced."""
    try:
        kid, claimed = claimed_ask(jws)
    except BadFormat as error:
        raise BadAsk("show the device's own ask: Authorization: Steelyard JWS") from error
    held = store.held(claimed.device, kid)
    if held is None:
        raise UnknownDevice(f"{claimed.device} has not joined this county")
    try:
        ask = read_ask(jws, held.chain.key)
    except (BadFormat, BadSignature, WrongKey) as error:
        raise BadAsk("the ask is not signed by the key of this device") from error
    held.must_take()
    if ask.device != held.chain.device or all(key.kid != ask.county for key in store.county_keys()):
        raise BadAsk("the ask is for another county")
    if ask.seq < held.chain.head.seq:
        raise BadAsk(f"the ask is stale: entry {held.chain.head.seq} is here, it names {ask.seq}")
    return ask


def _latest(connection: Connection, name: str, device: str) -> Any | None:
    table = tables.downlinks
    query = select(table).where(table.c.name == name, table.c.device == device)
    return connection.execute(query.order_by(table.c.version.desc()).limit(1)).one_or_none()


def _toml(name: str, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadDownlink(f"{name}: not TOML in UTF-8: {error}") from error


def _refuse_secrets(value: object, where: str) -> None:
    """An inspector's PIN has a million values: its hash, on every card in the county, would be the PIN."""
    if isinstance(value, dict):
        for key, member in value.items():
            if _SECRET.search(key) or (isinstance(member, str) and member.startswith("$")):
                raise BadDownlink(f"{where}: {key}: the list of inspectors carries no PIN and no hash of one")
            _refuse_secrets(member, f"{where}: {key}")
    elif isinstance(value, list):
        for member in value:
            _refuse_secrets(member, where)


def _take_over(connection: Connection, registry: dict[str, Any], day: str, device: str) -> None:
    """The registry is the county's word on when a verification is due; who left it is not due by it."""
    word = f"{BY_REGISTRY}:{device}" if device else BY_REGISTRY
    connection.execute(
        update(scales).where(scales.c.due_from == word).values(due="", due_from="", due_said=day)
    )
    listed = registry.get("scale")
    for scale in listed if isinstance(listed, list) else []:
        name = _text(scale.get("id")) if isinstance(scale, dict) else ""
        if not name:
            continue
        card = {key: _text(scale.get(key)) for key in ("stall", "serial", "maker", "model")}
        # What it leaves out, an entry may have said.
        values = {key: text for key, text in card.items() if text}
        values |= {"due": _day(scale.get("verification_due")), "due_from": word, "due_said": day}
        changed = connection.execute(update(scales).where(scales.c.scale == name).values(**values))
        if not changed.rowcount:
            connection.execute(
                insert(scales).values(**{**card, **values}, scale=name, last_day="", last_verdict="")
            )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) and value.isprintable() and len(value) <= MAX_TEXT else ""


def _day(value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        return date.fromisoformat(_text(value)).isoformat()
    except ValueError:
        return ""
