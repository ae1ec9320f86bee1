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
from firmware_app.rules.base import Dated, RulesError
from firmware_app.rules.bounds import out_of_bounds
from firmware_app.rules.mpe import Instrument
from firmware_app.rules.plan_rows import Scope
from firmware_app.rules.proofs import contradictions
from firmware_app.rules.rows import Pack

P = TypeVar("P", bound=Dated)

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
    if strange := next(out_of_bounds(pack), ""):
        raise BadPack(f"{name}: {strange}")
    try:
        wrong = next(contradictions(pack), "")
    except (ArithmeticError, LookupError, RuntimeError, ValueError) as error:
        # A divisor of zero, a row that is needed and not there: rows that nobody can reckon with.
        raise BadPack(f"{name}: its rows cannot be evaluated: {type(error).__name__}: {error}") from error
    if wrong:
        raise BadPack(f"{name}: {wrong}")
    return pack


@cache
def builtin_packs() -> tuple[Pack, ...]:
    """The packs delivered with the program, in order of their file names; raises BadPack."""
    return tuple(load_pack(path.read_bytes(), path.name) for path in sorted(BUILTIN.glob("*.toml")))


def pack_in_force(
    kind: type[P], on: date, packs: tuple[Pack, ...] | None = None, instrument: Instrument | None = None
) -> P:
    """The pack of that kind that covers the day, the latest where several do; raises NoPackInForce.

    ``instrument``: the scale that is judged. A pack about some scales only counts for those, and for them
    before every pack about all scales.
    """
    covering = packs_in_force(kind, on, packs, instrument)
    if not covering:
        raise NoPackInForce(_none_on(kind, on, builtin_packs() if packs is None else packs))
    return max(covering, key=lambda pack: (_scope(pack) is not None, pack.succession))


def packs_in_force(
    kind: type[P], on: date, packs: tuple[Pack, ...] | None = None, instrument: Instrument | None = None
) -> tuple[P, ...]:
    """Every pack of that kind that covers the day and the scale, each in its latest version only.

    Check items of several texts hold side by side.
    """
    shelf = builtin_packs() if packs is None else packs
    latest: dict[str, P] = {}
    for pack in shelf:
        if not isinstance(pack, kind) or not pack.covers(on):
            continue
        known = latest.get(pack.id)
        if known is None or pack.succession > known.succession:
            latest[pack.id] = pack
    return tuple(pack for pack in latest.values() if _concerns(pack, instrument))


def _none_on(kind: type[Dated], on: date, shelf: tuple[Pack, ...]) -> str:
    known = sorted(pack.effective for pack in shelf if isinstance(pack, kind))
    begins = f"the first one here begins on {known[0]}" if known else "there is none here"
    matter = kind.__struct_config__.tag
    return (
        f"no law pack on {matter} is in force on {on}, {begins}: "
        "check the date, or add the pack of that time (steelyard law add)"
    )


def _scope(pack: Dated) -> Scope | None:
    scope = getattr(pack, "scope", None)
    return scope if isinstance(scope, Scope) else None


def _concerns(pack: Dated, instrument: Instrument | None) -> bool:
    scope = _scope(pack)
    if scope is None:
        return True
    return instrument is not None and scope.takes(instrument.max_g, instrument.price_computing)


def pack_of(kind: type[P], name: str, sha256: str, packs: tuple[Pack, ...] | None = None) -> P:
    """The very pack that a record cites, by id and hash; raises NoPackInForce.

    An old record is judged again by its own pack, whatever is in force today.
    """
    for pack in builtin_packs() if packs is None else packs:
        if isinstance(pack, kind) and (pack.id, pack.sha256) == (name, sha256):
            return pack
    raise NoPackInForce(
        f"pack {name} with hash {sha256[:12]}… is not on this appliance: load it to judge again"
    )
