"""Who of the county's own people may ask: tokens with a role, an end and a name.

A token is 256 bits of the system's randomness. Nobody can guess it, so its SHA-256 is enough at rest: a slow
hash is for what people think up, and it would make every request slow. There is no token until a command on
the county's machine makes one, and no way to make one over the network.

Rules this file obeys:

* Only the hash is kept; the text is shown once, to whoever ran the command.
* What was created, revoked and done is in the audit, by name, and never the token.
* A name is used once: what the audit says of it stays about one person.
"""

from __future__ import annotations

import enum
import re
import secrets
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import insert, select, update

from county_gateway import tables
from county_gateway.database import Lock, take
from county_gateway.errors import BadAccess, NotAllowed, NotLoggedIn
from county_gateway.store import Store, Writer
from firmware_app.ledger.jose import sha256_hex

PREFIX = "steelyard_"
"""By which a scanner for lost secrets knows one (as GitHub's do)."""
BYTES = 32
MAX_TOKEN = 128
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
MAX_DAYS = 400
COMMAND = "command"
"""Who does what is done on the county's own machine."""
MAX_WHAT = 600


class Role(enum.StrEnum):
    """What a token is good for."""

    READER = "reader"
    """Lists and plots."""
    OFFICER = "officer"
    """Also complaints, the audit, and saying that an alarm was seen."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is kept."""

    name: str
    role: Role
    made_at: str
    expires_at: str
    revoked_at: str | None
    used_on: str | None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the audit: ``who`` did what, to what."""

    id: int
    at: str
    who: str
    did: str
    what: str


class Somebody(msgspec.Struct, frozen=True):
    """Who asks."""

    name: str
    role: Role

    def must_be(self, role: Role) -> None:
        """Raises NotAllowed where the token is not good for that."""
        if role is Role.OFFICER and self.role is not Role.OFFICER:
            raise NotAllowed(f"{self.name} may read; this is for officers")


def create(store: Writer, name: str, role: Role, now: datetime, valid: timedelta) -> str:
    """A new token, shown this once; raises BadAccess where the name or time will not do."""
    if not _NAME.fullmatch(name) or name == COMMAND:
        raise BadAccess(f"{name[:64]!r}: a name has 1 to 64 letters, digits, dots, dashes, underlines, @")
    if not timedelta(0) < valid <= timedelta(days=MAX_DAYS):
        raise BadAccess(f"a token is good for 1 to {MAX_DAYS} days")
    # In one order, so that no name is given twice.
    take(store.connection, Lock.ENROL)
    table = tables.access
    if store.connection.execute(select(table.c.name).where(table.c.name == name)).first() is not None:
        raise BadAccess(
            f"{name} was used before: give another name, so that the audit stays about one person"
        )
    token = PREFIX + secrets.token_urlsafe(BYTES)
    store.connection.execute(
        insert(table).values(
            name=name,
            hash=sha256_hex(token),
            role=role.value,
            made_at=now.isoformat(timespec="seconds"),
            expires_at=(now + valid).isoformat(timespec="seconds"),
            revoked_at=None,
            used_on=None,
        )
    )
    note(store, now, COMMAND, "access_created", f"{name} as {role.value}")
    return token


def revoke(store: Writer, name: str, now: datetime) -> None:
    """Ends a token at once; raises BadAccess where there is none of that name."""
    table = tables.access
    changed = store.connection.execute(
        update(table)
        .where(table.c.name == name, table.c.revoked_at.is_(None))
        .values(revoked_at=now.isoformat(timespec="seconds"))
    )
    if not changed.rowcount:
        raise BadAccess(f"{name[:64]}: no token of that name is good")
    note(store, now, COMMAND, "access_revoked", name)


def known(store: Store) -> list[Access]:
    """Every token there ever was, by name."""
    with store.reading() as reader:
        rows = reader.connection.execute(select(tables.access).order_by(tables.access.c.name)).all()
    return [
        Access(
            name=row.name,
            role=Role(row.role),
            made_at=row.made_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            used_on=row.used_on,
        )
        for row in rows
    ]


def who(store: Store, token: str, now: datetime) -> Somebody:
    """Whose token it is; raises NotLoggedIn, in the same words whatever is wrong with it."""
    if len(token) > MAX_TOKEN or not _TOKEN.fullmatch(token):
        raise NotLoggedIn("give a token that is good: Authorization: Bearer TOKEN")
    table, hashed = tables.access, sha256_hex(token)
    with store.reading() as reader:
        row = reader.connection.execute(select(table).where(table.c.hash == hashed)).one_or_none()
    if row is None or row.revoked_at is not None or datetime.fromisoformat(row.expires_at) <= now:
        raise NotLoggedIn("give a token that is good: Authorization: Bearer TOKEN")
    if row.used_on != (day := now.date().isoformat()):
        with store.writing() as writer:
            writer.connection.execute(update(table).where(table.c.hash == hashed).values(used_on=day))
    return Somebody(row.name, Role(row.role))


def note(store: Writer, now: datetime, name: str, did: str, what: str) -> None:
    """Adds a line to the audit."""
    take(store.connection, Lock.ORDER)
    store.connection.execute(
        insert(tables.audit).values(
            at=now.isoformat(timespec="seconds"), who=name, did=did, what=what[:MAX_WHAT]
        )
    )


def audit(store: Store, *, before: int | None, limit: int) -> list[Done]:
    """Lines of the audit, the latest first; at most ``limit`` with a number below ``before``."""
    table = tables.audit.c
    query = select(tables.audit).order_by(table.id.desc()).limit(limit)
    if before is not None:
        query = query.where(table.id < before)
    with store.reading() as reader:
        return [Done(**row._mapping) for row in reader.connection.execute(query)]
