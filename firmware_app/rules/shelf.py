"""The shelf: law packs that came to an appliance after its program, one file each in ``DATA/law/``.

A file ``ID_VERSION.law`` is the publisher's signed note, a blank line, and the pack's own bytes.

Rules this file obeys:

* A pack is put in place whole in one step or not at all (`durable`); none that the record names is ever
  replaced or removed, since old records are judged again by their own pack.
* What lies here is believed by nobody because it lies here: who reads the shelf says which packs count.
* A file that cannot be read takes nothing else with it: it is named, with the reason.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from firmware_app import durable
from firmware_app.ledger.county.note import VerifierKey
from firmware_app.rules.base import RulesError
from firmware_app.rules.bounds import MAX_PACK, MAX_SIGNATURE
from firmware_app.rules.pack import BadPack, builtin_packs, load_pack
from firmware_app.rules.publisher import BadPublisher, published
from firmware_app.rules.rows import Pack

SHELF = "law"
"""In the data directory."""
SUFFIX = ".law"
MAX_PACKS = 500
"""Most packs on a shelf: some ten texts a year for fifty years."""
_GAP = b"\n\n"


class BadShelf(RulesError):
    """A pack cannot be taken, or what lies on the shelf cannot be read; the message says why."""


class Offered(msgspec.Struct, frozen=True):
    """A pack with the publisher's word on it, proven. ``publisher``: whose word it is."""

    pack: Pack
    publisher: str
    data: bytes
    signature: bytes

    @property
    def file_name(self) -> str:
        return f"{self.pack.id}_{self.pack.version}{SUFFIX}"


class Standing(msgspec.Struct, frozen=True):
    """A file of the shelf: its name, and the bytes of pack and signature; ``why`` where it cannot be read."""

    file_name: str
    data: bytes = b""
    signature: bytes = b""
    why: str = ""


def offered(data: bytes, signature: bytes, publishers: tuple[VerifierKey, ...]) -> Offered:
    """A pack and its signature, all proven: size, publisher, shape, vectors; raises BadPack, BadPublisher.

    What nobody pinned vouches for is not even read.
    """
    if len(data) > MAX_PACK:
        raise BadPack(f"pack: {len(data)} bytes, at most {MAX_PACK}: this is not the file that is meant")
    key, said = published(signature, data, publishers)
    pack = load_pack(data)
    if (said.id, said.version) != (pack.id, pack.version):
        raise BadPublisher(
            f"signature: of {said.id} version {said.version}; the pack is {pack.id} version {pack.version}"
        )
    return Offered(pack, key.name, data, signature)


def refuse_conflict(pack: Pack, packs: tuple[Pack, ...]) -> bool:
    """Whether this very pack is there already; raises BadShelf where it contradicts one that is.

    One name and version has one text for ever; one name is about one matter.
    """
    for known in packs:
        if known.id == pack.id and type(known) is not type(pack):
            raise BadShelf(f"pack {pack.id}: that name belongs to rules on another matter: give it another")
        if (known.id, known.version) == (pack.id, pack.version):
            if known.sha256 == pack.sha256:
                return True
            raise BadShelf(
                f"pack {pack.id} version {pack.version} is there with other bytes ({known.sha256[:12]}…): "
                "a changed pack gets a higher version"
            )
    return False


def put(data_dir: Path, offer: Offered) -> bool:
    """Puts a pack on the shelf; when it returns the disk has it. False where it lay there already.

    Raises BadShelf, OSError.
    """
    if not data_dir.is_dir():
        raise BadShelf(f"{data_dir}: no such data directory: start the appliance once, then add the pack")
    directory = data_dir / SHELF
    durable.make_directory(directory, 0o755)
    _give_to_owner(data_dir, directory)
    if sum(1 for _ in directory.glob(f"*{SUFFIX}")) >= MAX_PACKS:
        raise BadShelf(f"{directory}: {MAX_PACKS} packs lie there already")
    whole = offer.signature.rstrip(b"\n") + b"\n\n" + offer.data
    path = directory / offer.file_name
    try:
        durable.write_new(path, whole, 0o644)
    except FileExistsError:
        # Put there before, and the power went before anybody was told; or it was damaged since.
        if read_file(path).data == offer.data:
            return False
        durable.write(path, whole, 0o644)
    _give_to_owner(data_dir, path)
    return True


def _give_to_owner(data_dir: Path, path: Path) -> None:
    """Where root adds a pack, it belongs to whom the data belong to: the core reads and writes there too."""
    if os.geteuid() == 0:
        owner = data_dir.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def take_back(data_dir: Path, offer: Offered) -> None:
    """Takes a pack away that the record could not name, and that nothing was judged by; raises OSError."""
    directory = data_dir / SHELF
    (directory / offer.file_name).unlink(missing_ok=True)
    durable.sync_directory(directory)


def standing(data_dir: Path) -> tuple[Standing, ...]:
    """What lies on the shelf, in order of the names; nothing where there is none. Raises OSError."""
    directory = data_dir / SHELF
    if not directory.is_dir():
        return ()
    return tuple(read_file(path) for path in sorted(directory.glob(f"*{SUFFIX}"))[:MAX_PACKS])


def sweep(data_dir: Path) -> None:
    """Takes away what a power cut left behind of a pack that was being put in place."""
    directory = data_dir / SHELF
    for part in directory.glob(f".*{SUFFIX}.*.part"):
        durable.clear_parts(directory / f"{part.name[1:].partition(SUFFIX)[0]}{SUFFIX}")


def opened(each: Standing) -> Pack:
    """The pack of a file, its shape and vectors proven, its publisher not looked at; raises BadShelf."""
    if each.why:
        raise BadShelf(f"{each.file_name}: {each.why}")
    try:
        pack = load_pack(each.data, each.file_name)
    except BadPack as error:
        raise BadShelf(str(error)) from error
    if each.file_name != f"{pack.id}_{pack.version}{SUFFIX}":
        raise BadShelf(f"{each.file_name}: holds {pack.id} version {pack.version}")
    return pack


def with_builtin(added: tuple[Pack, ...]) -> tuple[Pack, ...]:
    """All packs, those delivered with the program first; none twice."""
    known = {pack.sha256 for pack in builtin_packs()}
    return (*builtin_packs(), *(pack for pack in added if pack.sha256 not in known))


def read_file(path: Path) -> Standing:
    """Pack and signature of one ``.law`` file; nothing of it is proven yet."""
    try:
        with path.open("rb") as file:
            whole = file.read(MAX_PACK + MAX_SIGNATURE + 1)
    except OSError as error:
        return Standing(path.name, why=error.strerror or str(error))
    if len(whole) > MAX_PACK + MAX_SIGNATURE:
        return Standing(path.name, why="too long")
    # The note itself has one blank line, the second one ends it.
    said, gap, rest = whole.partition(_GAP)
    lines, end, data = rest.partition(_GAP)
    if not gap or not end:
        return Standing(path.name, why="not a signed note, a blank line and a pack")
    return Standing(path.name, data, said + _GAP + lines + b"\n")
