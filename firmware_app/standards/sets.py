"""Reference weights in the drawer: sets, their certificates and the mass they stand for.

Rules this file obeys:

* A weight whose certificate is missing, not yet valid or out of date stands for nothing, and says why.
* Uncertainties of several weights are summed arithmetically: they share a laboratory (EURAMET cg-18 7.1.2).
* A weight without a certified value has its nominal value and u = δm/√3 of its class (EURAMET cg-18 7.1.2).
"""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app import settings_file
from firmware_app.errors import SteelyardError
from firmware_app.quantity import Estimate, Grams, grams, show_mass
from firmware_app.rules.rows import RulesError, WeightsPack
from firmware_app.rules.weights import weight_mpe
from firmware_app.settings_file import Key, Mass, Read, mass

MAX_FILE = 1 << 20
MAX_PIECES = 64
COVERAGE = 2
"""Coverage factor of U on a certificate of a weight that names none (OIML R 111-1:2004: k = 2)."""


class StandardsError(SteelyardError):
    """Root of what this room raises; the message says what, where and what to do."""


class BadWeights(StandardsError):
    """The file of weights cannot be used; the message names the set and the piece."""


class NotUsable(StandardsError):
    """A weight must not be used on that day; the message says why."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One weight with its certificate. ``mass_g``/``u_g``: conventional mass and u where certified.

    ``tolerance_g``: ±δm of its class. ``standard_g``: u of its mass, from the certificate (U over its k) or
    δm/√3. ``issued_by``: who signed the certificate. ``withdrawn``: it was recalled under this certificate.
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
    issued_by: str = ""
    coverage_factor: float = COVERAGE
    withdrawn: bool = False

    def unusable(self, on: date) -> str:
        """Code of why it must not be used on that day: ``withdrawn``, ``not_yet_valid``, ``expired``.

        Empty where it may.
        """
        if self.withdrawn:
            return "withdrawn"
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


def _nominal(text: str) -> str:
    """The text as it stands, once it means a mass: ids are made of it."""
    mass(text)
    return text


Named = Annotated[str, Meta(pattern=r"\S", min_length=1, max_length=80)]
Factor = Annotated[float, Meta(ge=1, le=4, description="coverage factor k of U")]


def _check_dates(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and first > last:
        raise ValueError(f"valid_from {first} is after valid_to {last}")


class _FilePiece(msgspec.Struct, frozen=True):
    nominal: Annotated[str, Read(_nominal), Meta(description="a mass with its unit, such as 1 kg")]
    id: Annotated[str, Meta(max_length=80)] = ""
    count: Annotated[int, Meta(ge=1, le=MAX_PIECES)] = 1
    conventional_mass: Mass | None = None
    expanded_uncertainty: Mass | None = None
    coverage_factor: Factor | None = None
    certificate: Annotated[str, Meta(max_length=80)] = ""
    issued_by: Annotated[str, Meta(max_length=80)] = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if bool(self.certificate) != (self.valid_to is not None):
            raise ValueError("a certificate of its own has a valid_to of its own: give both or neither")
        if (self.valid_from or self.issued_by) and not self.certificate:
            raise ValueError("valid_from and issued_by of a weight belong to a certificate of its own")
        _check_dates(self.valid_from, self.valid_to)
        if self.coverage_factor is not None and self.expanded_uncertainty is None:
            raise ValueError("a coverage factor belongs to an expanded_uncertainty")
        if (self.conventional_mass is None) != (self.expanded_uncertainty is None):
            raise ValueError("conventional_mass and expanded_uncertainty come together")
        if self.conventional_mass is not None and self.count != 1:
            raise ValueError("a certified mass belongs to one weight: count must be 1")


class _FileSet(msgspec.Struct, frozen=True):
    id: Named
    weight_class: Annotated[str, Key("class")]
    certificate: Named
    valid_to: date
    pieces: Annotated[tuple[_FilePiece, ...], Meta(max_length=MAX_PIECES)]
    name: str = ""
    issued_by: Annotated[str, Meta(max_length=80)] = ""
    valid_from: date | None = None
    coverage_factor: Factor = float(COVERAGE)

    def __post_init__(self) -> None:
        _check_dates(self.valid_from, self.valid_to)
        if not self.pieces:
            raise ValueError("no pieces")


class _File(msgspec.Struct, frozen=True):
    sets: Annotated[tuple[_FileSet, ...], Key("set"), Meta(max_length=MAX_PIECES)] = ()


def load_weights(path: Path, pack: WeightsPack) -> tuple[WeightSet, ...]:
    """The sets in a TOML file; raises BadWeights, and OSError where the file cannot be read."""
    return parse_weights(settings_file.read(path, MAX_FILE), pack, path.name)


def parse_weights(data: bytes, pack: WeightsPack, name: str = "weights") -> tuple[WeightSet, ...]:
    """The sets in the bytes of a TOML file, each piece checked against the classes of the pack."""
    sets = []
    for entry in settings_file.parse(data, _File, name, BadWeights, MAX_FILE).sets:
        pieces = [piece for item in entry.pieces for piece in _pieces(entry, item, pack, name)]
        sets.append(WeightSet(id=entry.id, name=entry.name, pieces=tuple(pieces)))
    ids = [piece.id for weight_set in sets for piece in weight_set.pieces]
    if len(ids) > MAX_PIECES:
        raise BadWeights(f"{name}: {len(ids)} weights; a drawer holds at most {MAX_PIECES}")
    for what, seen in (("set", [weight_set.id for weight_set in sets]), ("piece", ids)):
        if doubled := sorted({entry for entry in seen if seen.count(entry) > 1}):
            raise BadWeights(f"{name}: {what} {doubled[0]} is listed twice: give each its own id")
    return tuple(sets)


def _pieces(entry: _FileSet, item: _FilePiece, pack: WeightsPack, name: str) -> list[Piece]:
    where = f"{name}: set {entry.id}: piece {item.nominal}"
    nominal = grams(item.nominal)
    certified = item.conventional_mass or nominal
    try:
        tolerance = weight_mpe(pack, entry.weight_class, nominal).mpe_g
    except RulesError as error:
        raise BadWeights(f"{where}: {error}") from error
    if abs(certified - nominal) > tolerance:
        raise BadWeights(
            f"{where}: {certified} g is further from {nominal} g than class "
            f"{entry.weight_class} allows ({tolerance} g): the weight must not be used as that class"
        )
    expanded = item.expanded_uncertainty
    factor = item.coverage_factor or entry.coverage_factor
    stem = item.id or f"{entry.id}-{item.nominal.replace(' ', '')}"
    own = bool(item.certificate)
    return [
        Piece(
            id=stem if item.count == 1 else f"{stem}-{copy}",
            set_id=entry.id,
            weight_class=entry.weight_class,
            nominal_g=nominal,
            mass_g=certified,
            tolerance_g=tolerance,
            standard_g=float(tolerance) / math.sqrt(3) if expanded is None else float(expanded) / factor,
            certified=expanded is not None,
            certificate=item.certificate or entry.certificate,
            valid_from=item.valid_from if own else entry.valid_from,
            valid_to=item.valid_to or entry.valid_to,
            issued_by=item.issued_by if own else entry.issued_by,
            coverage_factor=factor,
        )
        for copy in range(1, item.count + 1)
    ]
