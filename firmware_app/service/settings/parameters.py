"""The legally relevant parameters in the trail: what each is, and what it was before it was changed.

Rules this file obeys:

* Whoever changed a file, the next start (and for confirmations the next visit) says so in the chain: the
  name, the old value, the new one and where it stands (OIML D 31:2023 6.2.3.4, 6.2.3.6). The entry has the
  time.
* What is known is what the chain says, so that a copy of the disk tells the same.
* A value that is long (a registry, a set of weights) is its SHA-256; a law pack is its hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from firmware_app import settings_file
from firmware_app.ledger.reader import LedgerReader
from firmware_app.ledger.store import Ledger
from firmware_app.registry.confirmations import NAME as CONFIRMATIONS
from firmware_app.registry.person import Person
from firmware_app.rules.pack import builtin_packs
from firmware_app.rules.rows import Pack
from firmware_app.service.config import Loaded

KIND = "parameters_changed"
MOST_CHANGES = 500
"""Of one entry: an entry has at most 64 KiB."""
MAX_VALUE = 120


class Changed(msgspec.Struct, frozen=True):
    """One parameter; ``old`` None where it is new, ``new`` None where it is gone."""

    parameter: str
    old: str | None
    new: str | None


class Changes(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of ``parameters_changed``. ``source``: how the change came in; ``by``: who made it, if known."""

    source: str
    changes: tuple[Changed, ...]
    by: Person | None = None


def parameters(loaded: Loaded, packs: tuple[Pack, ...] | None = None) -> dict[str, str]:
    """Every legally relevant parameter of an appliance by name; raises OSError.

    ``packs``: the law packs that count, None for those delivered with the program.
    """
    config = loaded.config
    values = dict(_flat("", msgspec.to_builtins(config)))
    for name, file in (("registry", config.registry), ("weights", config.weights)):
        values[f"{name}.sha256"] = settings_file.sha256(loaded.resolve(file).read_bytes())
    # Of one name and version the pack delivered with the program counts: it comes first, and so is told last.
    for pack in reversed(builtin_packs() if packs is None else packs):
        values[f"law.{pack.id}.{pack.version}"] = pack.sha256
    return values


def confirmed(data_dir: Path) -> dict[str, str]:
    """What operators have confirmed of protocols, as one parameter; raises OSError."""
    path = data_dir / CONFIRMATIONS
    return {"confirmations.sha256": settings_file.sha256(path.read_bytes())} if path.exists() else {}


def known(ledger: LedgerReader) -> dict[str, str]:
    """What the chain says they are; raises as `LedgerReader.entry`, and BadFormat."""
    values: dict[str, str] = {}
    for entry in ledger.of_kind(KIND, 0):
        for change in msgspec.convert(entry.payload.body, Changes).changes:
            if change.new is None:
                values.pop(change.parameter, None)
            else:
                values[change.parameter] = change.new
    return values


class ParameterTrail:
    """Keeps the chain's word on the parameters up to date."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known = known(ledger)

    def note(self, source: str, values: Mapping[str, str], *, among: str = "") -> None:
        """Records what differs, among the parameters whose names begin so; raises StoreFailed."""
        changes = [
            Changed(name, self._known.get(name), values.get(name))
            for name in sorted(self._known.keys() | values.keys())
            if name.startswith(among) and self._known.get(name) != values.get(name)
        ]
        for first in range(0, len(changes), MOST_CHANGES):
            told = tuple(changes[first : first + MOST_CHANGES])
            self._ledger.append(KIND, Changes(source, told))
            for change in told:
                if change.new is None:
                    self._known.pop(change.parameter, None)
                else:
                    self._known[change.parameter] = change.new

    def change(self, name: str, value: object, by: Person) -> None:
        """Records what somebody changes, before it counts; raises StoreFailed."""
        new = dict(_flat(name, msgspec.to_builtins(value)))[name]
        told = Changed(name, self._known.get(name), new)
        self._ledger.append(KIND, Changes("settings", (told,), by))
        self._known[name] = new


def _flat(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), member)
        return
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    yield prefix, text if len(text) <= MAX_VALUE else f"sha256:{settings_file.sha256(text.encode())}"
