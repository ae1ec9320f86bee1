"""The desk of the law: which packs judge, and how one more comes among them.

Rules this file obeys:

* A pack is used only after the record names it: id, version, hash, publisher, how it came and by whom. What
  lies on the shelf and is not named is proven by a pinned publisher's signature, named, and then used.
* What the record once named is believed by its hash, whoever is pinned today: old records need it.
* A pack that the record names and that is not there to be read is missed: nothing is judged until it is put
  back, since another text would judge in its place unseen.
* Whatever is refused changes nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from firmware_app import settings_file
from firmware_app.ledger.county.note import VerifierKey
from firmware_app.ledger.errors import BadFormat, LedgerError, StoreFailed
from firmware_app.ledger.reader import LedgerReader
from firmware_app.ledger.store import Ledger
from firmware_app.registry.person import Person
from firmware_app.rules.base import RulesError
from firmware_app.rules.rows import Pack
from firmware_app.rules.shelf import (
    BadShelf,
    Offered,
    Standing,
    offered,
    opened,
    put,
    refuse_conflict,
    standing,
    sweep,
    take_back,
    with_builtin,
)
from firmware_app.service.door import Commands
from firmware_app.service.messages import Refused, Reply
from firmware_app.service.messages.law import AddLawPack, LawPackAdded

ADDED, UNREADABLE = "law_pack_added", "law_pack_unreadable"
"""Kinds of the entries."""
MISSING = "law_missing"
WORDS = (
    "a law pack that this appliance has judged by is not on its shelf, or is damaged; nothing is judged: "
    "add it again with steelyard law add"
)
"""For programs and logs; people read the kiosk's own words."""
AT_THE_DOOR, FOUND = "added through the running program", "found on the shelf"
FROM_COUNTY = "brought down from the county"
MAX_WHY = 300

Note = Callable[[str, Mapping[str, str]], None]
"""Tells the trail of parameters the law packs there are, and how that came; raises StoreFailed."""


class Added(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of ``law_pack_added``. ``source``: how it came; ``by``: who was signed in, if anybody."""

    pack: str
    version: str
    sha256: str
    publisher: str
    source: str
    by: dict[str, str] | None = None


class Unreadable(msgspec.Struct, frozen=True):
    """Body of ``law_pack_unreadable``: a file of the shelf that counts for nothing, and why."""

    file: str
    why: str


def named(ledger: LedgerReader) -> dict[str, Added]:
    """The packs that the record names, by hash; raises as `LedgerReader.entry`, and BadFormat."""
    found = {}
    for entry in ledger.of_kind(ADDED, 0):
        try:
            body = msgspec.convert(entry.payload.body, Added)
        except msgspec.ValidationError as error:
            raise BadFormat(f"{ADDED} in entry {entry.seq}: {error}") from error
        found[body.sha256] = body
    return found


def shelf_packs(data_dir: Path, ledger: LedgerReader) -> tuple[Pack, ...]:
    """All packs that the appliance judges by, for programs that only look; raises LedgerError, OSError."""
    known = named(ledger)
    added = []
    for each in standing(data_dir):
        with contextlib.suppress(BadShelf):
            pack = opened(each)
            if pack.sha256 in known:
                added.append(pack)
    return with_builtin(tuple(added))


def law_parameters(packs: tuple[Pack, ...]) -> dict[str, str]:
    """The packs as parameters of the appliance: name and hash."""
    return {f"law.{pack.id}.{pack.version}": pack.sha256 for pack in reversed(packs)}


class LawDesk:
    """``who``: who is signed in; ``note``: see Note."""

    def __init__(
        self,
        ledger: Ledger,
        data_dir: Path,
        publishers: tuple[VerifierKey, ...],
        who: Callable[[], Person | None] = lambda: None,
        note: Note = lambda _source, _packs: None,
    ) -> None:
        """Raises LedgerError, OSError."""
        self._ledger = ledger
        self._data_dir = data_dir
        self._publishers = publishers
        self._who = who
        self._note = note
        self._named = named(ledger)
        self._added: dict[str, Pack] = {}
        for each in standing(data_dir):
            if self._trusted(each):
                with contextlib.suppress(BadShelf):
                    pack = opened(each)
                    self._added[pack.sha256] = pack

    def start(self) -> None:
        """Takes up what was put on the shelf while no program ran, and says what cannot be read.

        Raises OSError.
        """
        sweep(self._data_dir)
        for each in standing(self._data_dir):
            self._take(each)

    @property
    def packs(self) -> tuple[Pack, ...]:
        """Every pack that counts, those delivered with the program first."""
        return with_builtin(tuple(self._added.values()))

    @property
    def counted(self) -> tuple[int, int]:
        """How many packs count, and how many of them came after the program."""
        return len(self.packs), len(self._added)

    @property
    def missing(self) -> tuple[Added, ...]:
        """What the record names and nobody can read."""
        there = {pack.sha256 for pack in self.packs}
        return tuple(each for each in self._named.values() if each.sha256 not in there)

    @property
    def code(self) -> str:
        """Why nothing may be judged, empty where every pack is there."""
        return MISSING if self.missing else ""

    def commands(self) -> Commands:
        """What this desk is asked to do."""
        return {AddLawPack: lambda asked, _now_ns: self.add(asked.pack, asked.signature)}

    def add(self, data: bytes, signature: bytes) -> Reply:
        """Puts a pack on the shelf, names it in the record, and then uses it; refused, nothing changes."""
        who = self._who()
        return self._add(data, signature, AT_THE_DOOR, None if who is None else msgspec.to_builtins(who))

    def add_from_county(self, data: bytes, signature: bytes) -> Reply:
        """The same with a pack that the county has published: nobody at the appliance has brought it."""
        return self._add(data, signature, FROM_COUNTY, None)

    def _add(self, data: bytes, signature: bytes, source: str, by: dict[str, str] | None) -> Reply:
        try:
            offer = offered(data, signature, self._publishers)
            there = refuse_conflict(offer.pack, self.packs)
            if not there:
                self._refuse_conflict_with_named(offer.pack)
                self._keep(offer, source, by)
        except RulesError as error:
            return Refused("bad_pack", str(error))
        except StoreFailed as error:
            return Refused(error.code, str(error))
        except OSError as error:
            return Refused("io_error", f"{error.filename or self._data_dir}: {error.strerror or error}")
        pack = offer.pack
        return LawPackAdded(pack.id, pack.version, pack.sha256, offer.publisher, new=not there)

    def _keep(self, offer: Offered, source: str, by: dict[str, str] | None) -> None:
        """Shelf first, record second, use third: cut in between, the next start goes on where it stopped."""
        fresh = put(self._data_dir, offer)
        try:
            self._use(offer, source, by)
        except StoreFailed:
            if fresh and offer.pack.sha256 not in self._named:
                # Where even that fails, the pack counts from the next start on, and the record says so then.
                with contextlib.suppress(OSError):
                    take_back(self._data_dir, offer)
            raise

    def _refuse_conflict_with_named(self, pack: Pack) -> None:
        """What is missed may only be put back as it was."""
        for each in self._named.values():
            if (each.pack, each.version) == (pack.id, pack.version) and each.sha256 != pack.sha256:
                raise BadShelf(
                    f"pack {pack.id} version {pack.version} was here with other bytes ({each.sha256[:12]}…)"
                )

    def _take(self, each: Standing) -> None:
        """Uses a file of the shelf that a pinned publisher vouches for, where the record names it not yet."""
        try:
            pack = opened(each) if self._trusted(each) else None
            if pack is not None:
                self._added[pack.sha256] = pack
                return
            offer = offered(each.data, each.signature, self._publishers)
            opened(each)
            if not refuse_conflict(offer.pack, self.packs):
                self._refuse_conflict_with_named(offer.pack)
                self._use(offer, FOUND, None)
        except StoreFailed:
            # Not named, so not used; the next start tries again.
            return
        except (RulesError, LedgerError) as error:
            with contextlib.suppress(StoreFailed):
                self._tell_unreadable(each.file_name, str(error))

    def _trusted(self, each: Standing) -> bool:
        return settings_file.sha256(each.data) in self._named

    def _use(self, offer: Offered, source: str, by: dict[str, str] | None) -> None:
        pack = offer.pack
        if pack.sha256 not in self._named:
            told = Added(pack.id, pack.version, pack.sha256, offer.publisher, source, by)
            self._ledger.append(ADDED, told)
            self._named[pack.sha256] = told
        self._added[pack.sha256] = pack
        # The chain names the pack already; a trail that cannot be written now is written at the next start.
        with contextlib.suppress(StoreFailed):
            self._note(source, law_parameters(self.packs))

    def _tell_unreadable(self, file_name: str, why: str) -> None:
        told = Unreadable(file_name[:120], why[:MAX_WHY])
        last = self._ledger.last_of((UNREADABLE,))
        # Told once, not at every start.
        if last is None or last.payload.body != msgspec.to_builtins(told):
            self._ledger.append(UNREADABLE, told)
