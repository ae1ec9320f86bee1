"""Files that come down from the county: proven, checked whole, named in the record, and then used.

::

    DATA/downlink/NAME-VERSION    as the county published it

The registry and the weights count from the next start on, which the core makes itself once nobody has used it
for a while; a law pack counts at once, and so does that an inspector is one no more.

Rules this file obeys:

* Nothing counts that a key of the county, by the device's own chain, has not signed for this device; nothing
  older follows something newer.
* A file is on disk before the record names it, and is used only once the record does: old hash and new.
* What this program could not use is refused in words, once in the record, and what was used before goes on.
* A file that the record names and that is damaged or gone is not used: the one before it is, and the county
  is asked for it again.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec

from firmware_app import durable
from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.downlink import (
    INSPECTORS,
    MAX_CONTENT,
    MOST_NAMES,
    REGISTRY,
    RULES,
    STATEMENT_TYP,
    WEIGHTS,
    Statement,
    check_content,
    read_statement,
)
from firmware_app.ledger.entry import Entry
from firmware_app.ledger.errors import BadFormat, LedgerError, StoreFailed
from firmware_app.ledger.jose import PublicJwk, unverified
from firmware_app.ledger.reader import LedgerReader
from firmware_app.ledger.store import Ledger
from firmware_app.registry.inspectors import parse_inspectors
from firmware_app.registry.registry import parse_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import Pack, WeightsPack
from firmware_app.service.config import Loaded
from firmware_app.service.door import Commands
from firmware_app.service.messages import Ok, Refused, Reply
from firmware_app.service.messages.county import (
    ASIDE,
    AskDownlink,
    DownlinkAsk,
    FileState,
    HeldFile,
    TakeDownlink,
)
from firmware_app.standards.sets import parse_weights

TAKEN, REFUSED = "downlink_taken", "downlink_refused"
"""Kinds of the entries."""
DIRECTORY = "downlink"
AT_START = (REGISTRY, WEIGHTS)
QUIET_NS = 600 * 10**9
"""So long nobody has had a visit open when the core starts anew: nobody stands before the screen."""
MAX_WHY = 300
_GAP = b"\n\n"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``downlink_taken``. ``old``: SHA-256 of the file of that name before, None if there was none;
    ``county``: thumbprint of the key that signed ``statement``, the county's word on it."""

    name: str
    version: int
    sha256: str
    old: str | None
    county: str
    statement: str


class _Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``downlink_refused``: what the county signed and this appliance could not use, and why."""

    name: str
    version: int
    sha256: str
    why: str


class CannotUse(SteelyardError):
    """The county's file cannot be used here; the message says why."""


class Needs(msgspec.Struct, frozen=True):
    """What a file must fit. ``packs``: those that judge; ``control``: id of the weight for the daily check,
    empty where none is configured."""

    packs: tuple[Pack, ...]
    today: date
    control: str = ""


def taken(ledger: LedgerReader) -> dict[str, list[Taken]]:
    """What the record says was taken, by name, the latest last; raises LedgerError, BadFormat."""
    found: dict[str, list[Taken]] = {}
    for entry in ledger.of_kind(TAKEN, 0):
        try:
            told = msgspec.convert(entry.payload.body, Taken)
        except msgspec.ValidationError as error:
            raise BadFormat(f"{TAKEN} in entry {entry.seq}: {error}") from error
        found.setdefault(told.name, []).append(told)
    return found


def in_use(loaded: Loaded, ledger: LedgerReader, needs: Callable[[], Needs]) -> Loaded:
    """The configuration with the county's registry and weights in the place of the file's, where they came.

    Of each the latest that is whole and fits; raises LedgerError, BadFormat.
    """
    named = taken(ledger)
    for name in AT_START:
        for told in reversed(named.get(name, [])):
            path = _path(loaded.data_dir, told)
            content = _kept(path)
            if content is not None and hashlib.sha256(content).hexdigest() == told.sha256:
                try:
                    fit(name, content, needs())
                except SteelyardError:
                    continue
                config = msgspec.structs.replace(loaded.config, **{name: str(path)})
                loaded = msgspec.structs.replace(loaded, config=config)
                break
    return loaded


class DownlinkDesk:
    """Answers the uploader. ``busy``: whether a visit is open; ``needs``: see Needs; ``add_law``: puts a pack
    and its signature on the shelf; ``revoke``: lets a working number sign in no more, by that key's word."""

    def __init__(
        self,
        ledger: Ledger,
        loaded: Loaded,
        *,
        needs: Callable[[], Needs],
        busy: Callable[[], bool],
        add_law: Callable[[bytes, bytes], Reply],
        revoke: Callable[[str, str], None],
    ) -> None:
        """Raises LedgerError, BadFormat."""
        self._ledger = ledger
        self._data_dir, self._run_dir = loaded.data_dir, loaded.run_dir
        self._device = loaded.config.device.id
        self._needs, self._busy = needs, busy
        self._add_law, self._revoke = add_law, revoke
        self._taken = {name: told[-1] for name, told in taken(ledger).items()}
        self._came = {
            str(entry.payload.body.get("name")): entry.payload.at for entry in ledger.of_kind(TAKEN, 0)
        }
        self._refused = {
            (told.name, told.version): told for told in map(_refusal, ledger.of_kind(REFUSED, 0))
        }
        self._waiting: set[str] = set()
        self._damaged: set[str] = set()
        self._held()
        self._state = self._files()
        self._busy_ns: int | None = None

    def commands(self) -> Commands:
        """What this desk is asked to do."""
        return {
            AskDownlink: lambda _asked, _now_ns: self._in_words(self._ask),
            TakeDownlink: lambda asked, _now_ns: self._in_words(lambda: self._take(asked)),
        }

    def state(self) -> tuple[FileState, ...]:
        """What came down, by name, for a screen and for health."""
        return self._state

    def _files(self) -> tuple[FileState, ...]:
        refused: dict[str, _Refused] = {}
        for told in self._refused.values():
            newest = max(self._version(told.name), refused[told.name].version if told.name in refused else 0)
            if told.version > newest:
                refused[told.name] = told
        names = sorted(self._taken.keys() | refused.keys())[:MOST_NAMES]
        return tuple(
            FileState(
                name=name,
                version=self._version(name),
                at=self._came.get(name, ""),
                waits=name in self._waiting,
                damaged=name in self._damaged,
                refused=refused[name].version if name in refused else 0,
                why=refused[name].why if name in refused else "",
            )
            for name in names
        )

    def _version(self, name: str) -> int:
        return self._taken[name].version if name in self._taken else 0

    def wants_start(self, now_ns: int) -> bool:
        """Whether something new waits for a start, and nobody has used the appliance for a while."""
        if self._busy_ns is None or self._busy():
            self._busy_ns = now_ns
        return bool(self._waiting) and now_ns - self._busy_ns >= QUIET_NS

    def _ask(self) -> Reply:
        if self._busy():
            return Refused("busy", "a visit is open: files from the county wait")
        county = self._ledger.county
        if county is None:
            return Refused("not_enrolled", "this appliance has not joined a county")
        return DownlinkAsk(
            ask=self._ledger.ask_county(county.jwk.kid), held=self._held(), keys=self._ledger.county_keys()
        )

    def _held(self) -> tuple[HeldFile, ...]:
        """What lies here whole; what is damaged is asked for again."""
        whole = []
        self._damaged.clear()
        for name, told in sorted(self._taken.items())[:MOST_NAMES]:
            content = _kept(_path(self._data_dir, told))
            if content is not None and hashlib.sha256(content).hexdigest() == told.sha256:
                whole.append(HeldFile(name, told.version, told.sha256))
            else:
                self._damaged.add(name)
        return tuple(whole)

    def _take(self, asked: TakeDownlink) -> Reply:
        if self._busy():
            return Refused("busy", "a visit is open: files from the county wait")
        content = _aside(self._run_dir / ASIDE.format(asked.name))
        statement, key = self._proven(asked, content)
        held = self._taken.get(asked.name)
        if held is not None and statement.version < held.version:
            raise CannotUse(
                f"{asked.name}: version {statement.version} is older than {held.version}, which is used here"
            )
        if held is not None and statement.version == held.version and statement.sha256 != held.sha256:
            raise CannotUse(f"{asked.name}: the county signed two files as version {held.version}")
        try:
            self._use(content, statement, key, asked.statement)
        except StoreFailed:
            raise
        except SteelyardError as error:
            self._note_refused(statement, str(error))
            raise CannotUse(f"{asked.name} version {statement.version}: {error}") from error
        return Ok()

    def _proven(self, asked: TakeDownlink, content: bytes) -> tuple[Statement, PublicJwk]:
        kid = unverified(asked.statement, STATEMENT_TYP)[0].kid
        key = next((each for each in self._ledger.county_keys() if each.kid == kid), None)
        if key is None:
            raise CannotUse(f"{asked.name}: signed by key {kid[:43]}, and no such key is this county's")
        statement = read_statement(asked.statement, key)
        if statement.name != asked.name:
            raise CannotUse(f"{asked.name}: the county speaks of {statement.name}")
        if statement.device not in ("", self._device):
            raise CannotUse(f"{asked.name}: the county gave it to {statement.device}")
        check_content(statement, content)
        return statement, key

    def _use(self, content: bytes, statement: Statement, key: PublicJwk, said: str) -> None:
        """Checks, keeps and names the file; what counts at once counts then. ``said``: what was signed."""
        name = statement.name
        fit(name, content, self._needs())
        if name.startswith(RULES):
            reply = self._add_law(*_pack_and_note(content))
            if isinstance(reply, Refused):
                raise CannotUse(reply.words)
        if name == INSPECTORS:
            # Before the list is named: cut in between, it is offered again.
            for number in parse_inspectors(content).revoked:
                self._revoke(number, key.kid)
        before = self._taken.get(name)
        told = Taken(
            name=name,
            version=statement.version,
            sha256=statement.sha256,
            old=None if before is None else before.sha256,
            county=key.kid,
            statement=said,
        )
        path = _path(self._data_dir, told)
        durable.make_directory(path.parent, 0o750)
        durable.write(path, content, 0o640)
        self._damaged.discard(name)
        if before is None or before.version != told.version:
            entry = self._ledger.append(TAKEN, told)
            self._taken[name], self._came[name] = told, entry.payload.at
        if name in AT_START:
            self._waiting.add(name)

    def _note_refused(self, statement: Statement, why: str) -> None:
        """Once for each version: the county's own signature is on it, so nobody else can fill the record."""
        key = (statement.name, statement.version)
        if key not in self._refused:
            told = _Refused(
                name=statement.name, version=statement.version, sha256=statement.sha256, why=why[:MAX_WHY]
            )
            self._ledger.append(REFUSED, told)
            self._refused[key] = told

    def _in_words(self, answer: Callable[[], Reply]) -> Reply:
        try:
            return self._refusing(answer)
        finally:
            self._state = self._files()

    def _refusing(self, answer: Callable[[], Reply]) -> Reply:
        try:
            return answer()
        except StoreFailed as error:
            return Refused(error.code, str(error))
        except (CannotUse, LedgerError) as error:
            return Refused("bad_downlink", str(error))
        except OSError as error:
            return Refused("io_error", f"{error.filename or self._data_dir}: {error.strerror or error}")


def _refusal(entry: Entry) -> _Refused:
    try:
        return msgspec.convert(entry.payload.body, _Refused)
    except msgspec.ValidationError as error:
        raise BadFormat(f"{REFUSED} in entry {entry.seq}: {error}") from error


def fit(name: str, content: bytes, needs: Needs) -> None:
    """Raises SteelyardError where this program could not use the file; a law pack proves itself."""
    if name == REGISTRY:
        parse_registry(content, name)
    elif name == WEIGHTS:
        sets = parse_weights(content, pack_in_force(WeightsPack, needs.today, needs.packs), name)
        ids = {piece.id for each in sets for piece in each.pieces}
        if needs.control and needs.control not in ids:
            raise CannotUse(f"the weight {needs.control} of the daily check is not among them")
    elif name == INSPECTORS:
        parse_inspectors(content, name)


def _pack_and_note(content: bytes) -> tuple[bytes, bytes]:
    """The pack and the publisher's note of a ``.law`` file; the note has a blank line of its own."""
    said, gap, rest = content.partition(_GAP)
    lines, end, pack = rest.partition(_GAP)
    if not gap or not end:
        raise CannotUse("not a publisher's note, a blank line and a pack")
    return pack, said + _GAP + lines + b"\n"


def _path(data_dir: Path, told: Taken) -> Path:
    return data_dir / DIRECTORY / f"{told.name}-{told.version}"


def _kept(path: Path) -> bytes | None:
    try:
        return _read(path)
    except OSError:
        return None


def _aside(path: Path) -> bytes:
    """What the uploader put aside; raises CannotUse, OSError. It is no link, no pipe, and bounded."""
    content = _read(path)
    if len(content) > MAX_CONTENT:
        raise CannotUse(f"more than {MAX_CONTENT} bytes")
    return content


def _read(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path}: no file")
        return file.read(MAX_CONTENT + 1)
