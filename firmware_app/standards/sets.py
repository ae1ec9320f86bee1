"""Reference weights in the drawer: sets, their certificates and the mass they stand for.

Rules this file obeys:

* A weight whose certificate is missing, not yet valid or out of date stands for nothing, and says why.
* Uncertainties of several weights are summed arithmetically: they share a laboratory (EURAMET cg-18 7.1.2).
* A weight without a certified value has its nominal value and u = δm/√3 of its class (EURAMET cg-18 7.1.2).
"""

from __future__ import annotations

import difflib
import math
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from firmware_app.errors import SteelyardError
from firmware_app.quantity import BadAmount, Estimate, Grams, grams, show_mass
from firmware_app.rules.rows import RulesError, WeightsPack
from firmware_app.rules.weights import weight_mpe

MAX_FILE = 1 << 20
MAX_PIECES = 64
COVERAGE = 2
"""Coverage factor of U on a certificate of a weight (OIML R 111-1:2004: k = 2)."""


class StandardsError(SteelyardError):
    """Root of what this room raises; the message says what, where and what to do."""


class BadWeights(StandardsError):
    """The file of weights cannot be used; the message names the set and the piece."""


class NotUsable(StandardsError):
    """A weight must not be used on that day; the message says why."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One weight with its certificate. ``mass_g``/``u_g``: conventional mass and u where certified.

    ``tolerance_g``: ±δm of its class. ``standard_g``: u of its mass, from the certificate or δm/√3.
    """

    id: str
    set_id: str
    weight_class: str
    nominal_g: Grams
    mass_g: Grams
    tolerance_g: Grams
    standard_g: float
    certified: bool
    certificate: str
    valid_from: date | None
    valid_to: date

    def unusable(self, on: date) -> str:
        """Code of why it must not be used on that day, empty where it may: ``expired``, ``not_yet_valid``."""
        if self.valid_from is not None and on < self.valid_from:
            return "not_yet_valid"
        return "expired" if on > self.valid_to else ""


class WeightSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set as it lies in the drawer, its pieces in the order of the file."""

    id: str
    name: str
    pieces: tuple[Piece, ...]


def reference_mass(pieces: tuple[Piece, ...], on: date) -> Estimate:
    """The mass of the pieces together in grams; raises NotUsable for a piece out of date.

    u = Σ uᵢ, not in quadrature (EURAMET cg-18 7.1.2).
    """
    if not pieces:
        raise NotUsable("no weight was put on")
    for piece in pieces:
        if why := piece.unusable(on):
            raise NotUsable(
                f"weight {piece.id} of {show_mass(piece.nominal_g)} must not be used on {on}: {why} "
                f"(certificate {piece.certificate}, valid to {piece.valid_to})"
            )
    return Estimate(
        float(sum((piece.mass_g for piece in pieces), Decimal(0))),
        math.fsum(piece.standard_g for piece in pieces),
    )


# ------------------------------------------------------------------------------------------------ file


class _FilePiece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nominal: str
    id: str = ""
    count: int = 1
    conventional_mass: str = ""
    expanded_uncertainty: str = ""


class _FileSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"weight_class": "class"}):
    id: str
    weight_class: str
    certificate: str
    valid_to: date
    pieces: tuple[_FilePiece, ...]
    name: str = ""
    valid_from: date | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"sets": "set"}):
    sets: tuple[_FileSet, ...] = ()


def load_weights(path: Path, pack: WeightsPack) -> tuple[WeightSet, ...]:
    """The sets in a TOML file; raises BadWeights, and OSError where the file cannot be read."""
    data = path.read_bytes()
    if len(data) > MAX_FILE:
        raise BadWeights(f"{path.name}: {len(data)} bytes; a file of weights has at most {MAX_FILE}")
    return parse_weights(data, pack, path.name)


def parse_weights(data: bytes, pack: WeightsPack, name: str = "weights") -> tuple[WeightSet, ...]:
    """The sets in the bytes of a TOML file, each piece checked against the classes of the pack."""
    try:
        file = msgspec.toml.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadWeights(f"{name}: {error}{_near(str(error))}") from error
    sets = tuple(_checked_set(entry, pack, f"{name}: set {entry.id or '?'}") for entry in file.sets)
    ids = [weight_set.id for weight_set in sets]
    pieces = [piece.id for weight_set in sets for piece in weight_set.pieces]
    for what, seen in (("set", ids), ("piece", pieces)):
        if doubled := sorted({entry for entry in seen if seen.count(entry) > 1}):
            raise BadWeights(f"{name}: {what} {doubled[0]} is listed twice: give each its own id")
    if len(pieces) > MAX_PIECES:
        raise BadWeights(f"{name}: {len(pieces)} weights; a drawer holds at most {MAX_PIECES}")
    return sets


def _checked_set(entry: _FileSet, pack: WeightsPack, where: str) -> WeightSet:
    for field, text in (("id", entry.id), ("certificate", entry.certificate)):
        if not text.strip() or len(text) > 80:
            raise BadWeights(f"{where}: {field} must have 1 to 80 characters")
    if entry.valid_from is not None and entry.valid_from > entry.valid_to:
        raise BadWeights(f"{where}: valid_from {entry.valid_from} is after valid_to {entry.valid_to}")
    if not entry.pieces:
        raise BadWeights(f"{where}: no pieces")
    pieces: list[Piece] = []
    for number, item in enumerate(entry.pieces, 1):
        pieces += _checked_pieces(entry, item, pack, f"{where}: piece {number} ({item.nominal})")
    return WeightSet(id=entry.id, name=entry.name, pieces=tuple(pieces))


def _checked_pieces(entry: _FileSet, item: _FilePiece, pack: WeightsPack, where: str) -> list[Piece]:
    nominal = _mass(item.nominal, f"{where}: nominal")
    try:
        tolerance = weight_mpe(pack, entry.weight_class, nominal).mpe_g
    except RulesError as error:
        raise BadWeights(f"{where}: {error}") from error
    if not 1 <= item.count <= MAX_PIECES:
        raise BadWeights(f"{where}: count must be 1 to {MAX_PIECES}")
    certified = bool(item.conventional_mass or item.expanded_uncertainty)
    mass, standard = nominal, float(tolerance) / math.sqrt(3)
    if certified:
        if not (item.conventional_mass and item.expanded_uncertainty):
            raise BadWeights(f"{where}: conventional_mass and expanded_uncertainty come together")
        if item.count != 1:
            raise BadWeights(f"{where}: a certified mass belongs to one weight: count must be 1")
        mass = _mass(item.conventional_mass, f"{where}: conventional_mass")
        expanded = _mass(item.expanded_uncertainty, f"{where}: expanded_uncertainty")
        standard = float(expanded) / COVERAGE
        if abs(mass - nominal) > tolerance:
            raise BadWeights(
                f"{where}: {mass} g is further from {nominal} g than class {entry.weight_class} allows "
                f"({tolerance} g): the weight must not be used as that class"
            )
    stem = item.id or f"{entry.id}-{item.nominal.replace(' ', '')}"
    return [
        Piece(
            id=stem if item.count == 1 else f"{stem}-{copy}",
            set_id=entry.id,
            weight_class=entry.weight_class,
            nominal_g=nominal,
            mass_g=mass,
            tolerance_g=tolerance,
            standard_g=standard,
            certified=certified,
            certificate=entry.certificate,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
        )
        for copy in range(1, item.count + 1)
    ]


def _mass(text: str, where: str) -> Grams:
    try:
        value = grams(text)
    except BadAmount as error:
        raise BadWeights(f"{where}: {error}") from error
    if value <= 0:
        raise BadWeights(f"{where}: must be above zero")
    return value


def _near(message: str) -> str:
    """The nearest known field, where the decoder complains of an unknown one."""
    parts = message.split("`")
    if "unknown field" not in message or len(parts) < 2:
        return ""
    known = [
        field.encode_name
        for struct in (_File, _FileSet, _FilePiece)
        for field in msgspec.structs.fields(struct)
    ]
    near = difflib.get_close_matches(parts[1], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
