"""Law packs: reads the dated files, proves each by its own vectors and says which is in force on a day.

Rules this file obeys:

* A pack that breaks its shape, or whose own vectors do not hold, does not load: there is no half a law.
* The hash of a pack is the SHA-256 of its file as it lies on disk.
* The day is handed in; no clock is read here.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from firmware_app import settings_file
from firmware_app.quantity import plain
from firmware_app.rules.mpe import BadInstrument, Instrument, OutsideTable, mpe
from firmware_app.rules.rows import NawiPack, Pack, RulesError, WeightsPack
from firmware_app.rules.weights import NotDefined, weight_mpe

P = TypeVar("P", NawiPack, WeightsPack)

BUILTIN = Path(__file__).parent / "packs"
MAX_BYTES = 1 << 20


class BadPack(RulesError):
    """The file is no pack, or the pack contradicts its own vectors."""


class NoPackInForce(RulesError):
    """No pack covers that day."""


def load_pack(data: bytes, name: str = "pack") -> Pack:
    """The pack in the bytes of a TOML file, proven; raises BadPack. ``name`` is for the message."""
    # mypy knows no type of a union
    read: Pack = settings_file.parse(data, Pack, name, BadPack, MAX_BYTES)  # type: ignore[arg-type]
    if read.sha256:
        raise BadPack(f"{name}: a pack does not state its own hash")
    pack = msgspec.structs.replace(read, sha256=settings_file.sha256(data))
    if not pack.vectors:
        raise BadPack(f"{name}: a pack without vectors proves nothing")
    if isinstance(pack, NawiPack):
        _prove_nawi(pack, name)
    else:
        _prove_weights(pack, name)
    return pack


@cache
def builtin_packs() -> tuple[Pack, ...]:
    """The packs delivered with the program, in order of their file names; raises BadPack."""
    return tuple(load_pack(path.read_bytes(), path.name) for path in sorted(BUILTIN.glob("*.toml")))


def pack_in_force(kind: type[P], on: date, packs: tuple[Pack, ...] | None = None) -> P:
    """The pack of that kind that covers the day, the latest where several do; raises NoPackInForce."""
    shelf = builtin_packs() if packs is None else packs
    covering = [pack for pack in shelf if isinstance(pack, kind) and pack.covers(on)]
    if not covering:
        raise NoPackInForce(
            f"no law pack for {kind.__name__} is in force on {on}: check the appliance's date"
        )
    return max(covering, key=lambda pack: (pack.effective, pack.version))


def _prove_nawi(pack: NawiPack, name: str) -> None:
    for vector in pack.vectors:
        instrument = Instrument(
            accuracy_class=vector.accuracy_class, max_g=vector.max_g, e_g=vector.e_g, price_computing=False
        )
        try:
            given = mpe(pack, instrument, vector.load_g, vector.stage, pack.effective).limit_g
        except (OutsideTable, BadInstrument):
            given = None
        if given != vector.limit_g:
            raise BadPack(
                f"{name}: class {vector.accuracy_class}, e = {plain(vector.e_g)} g, "
                f"load {plain(vector.load_g)} g, {vector.stage.value}: "
                f"the rows give {given}, the vector wants {vector.limit_g}"
            )


def _prove_weights(pack: WeightsPack, name: str) -> None:
    for row in pack.rows:
        if strange := set(row.mpe_mg) - set(pack.weight_classes):
            raise BadPack(f"{name}: {plain(row.nominal_g)} g: unknown weight classes {sorted(strange)}")
    for vector in pack.vectors:
        try:
            given = weight_mpe(pack, vector.weight_class, vector.nominal_g).mpe_mg
        except NotDefined:
            given = None
        if given != vector.mpe_mg:
            raise BadPack(
                f"{name}: {vector.weight_class} {plain(vector.nominal_g)} g: the rows give {given} mg, "
                f"the vector wants {vector.mpe_mg}"
            )
