"""Judges a recorded fair weighing again, by the rule of its version and the pack that it cites.

Rules this file obeys:

* One function a version of the procedure: a rule that has judged is never changed, a new one is put beside.
* The case is read back from the body and judged by the lines that judged it first.
* A record that lacks what is needed is refused, never guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from firmware_app.procedures.fair_weighing.case import Case, Weighing
from firmware_app.procedures.fair_weighing.judging import find
from firmware_app.procedures.fair_weighing.law import Packs
from firmware_app.procedures.fair_weighing.state import Bag, Settled, What
from firmware_app.procedures.prompts import Source
from firmware_app.procedures.rejudged import CannotRejudge, Correction, Rejudged, RejudgedLoad
from firmware_app.quantity import Grams, plain
from firmware_app.rules.base import RulesError
from firmware_app.rules.pack import pack_of
from firmware_app.rules.prepackage_rows import PrepackagePack
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.rows import Pack


def rejudge_version_1(
    body: Mapping[str, Any], correction: Correction, packs: tuple[Pack, ...] | None
) -> Rejudged:
    """The verdict of a fair weighing of version 1; raises CannotRejudge."""
    try:
        return _rejudge(body, correction, packs)
    except RulesError as error:
        raise CannotRejudge(str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError, AssertionError) as error:
        raise CannotRejudge(f"no fair weighing of version 1 as it was written: {error!r}") from error


def _rejudge(body: Mapping[str, Any], correction: Correction, packs: tuple[Pack, ...] | None) -> Rejudged:
    what, law = What(body["what"]), body["law"]
    cited: tuple[str, str] | None = (law["pack"], law["sha256"]) if law["pack"] else None
    goods = what is What.GOODS
    found = find(
        Packs(
            pack_of(RetailPack, *cited, packs) if cited and goods else None,
            pack_of(PrepackagePack, *cited, packs) if cited and not goods else None,
        ),
        case_in(body, correction),
    )
    load = RejudgedLoad(
        number=1,
        load_g=_plain(found.net_g),
        error_g=_plain(found.error_g),
        expanded_g=_plain(found.known_g),
        limit_g=_plain(found.limit_g),
        verdict=found.verdict,
        reason=found.reason,
    )
    return Rejudged(verdict=found.verdict, loads=(load,), reason=found.reason)


def case_in(body: Mapping[str, Any], correction: Correction) -> Case:
    """The case in a body, with what is known otherwise by now."""
    stand = {each["what"]: each for each in body["weighings"] if not each["dropped"]}
    goods = tuple(_weighing(stand[name]) for name in ("goods", "again") if name in stand)
    bag = stand.get("bag")
    doubt = max(
        (correction.pan_doubt(_load(stand[name])) for name in stand if name != "bag"), default=Decimal(0)
    )
    if bag is not None:
        doubt += correction.pan_doubt(_load(bag))
    settled, told, pan = body["settled"], body["goods"], body["pan"]
    return Case(
        what=What(body["what"]),
        settled=Settled(
            source=Source(settled["source"]),
            value_g=Decimal(settled["settled_g"]),
            low_g=Decimal(settled["low_g"]),
            high_g=Decimal(settled["high_g"]),
        ),
        kind=told["kind"],
        price=_decimal(told["price"]),
        counts_band=told["counts_band"],
        bag=Bag(body["bag"]["how"]),
        bag_weighed=None if bag is None else _weighing(bag),
        bag_typed_g=_decimal(body["bag"]["typed_g"]) or Decimal(0),
        bag_half_g=_decimal(body["bag"]["half_g"]) or Decimal(0),
        goods=goods if body["at_rest"] else (),
        unfit=pan["not_ready"] or correction.pan_lock,
        doubt_g=doubt,
    )


def _weighing(written: Mapping[str, Any]) -> Weighing:
    empty, loaded = written["pan_empty"], written["pan_loaded"]
    return Weighing(
        Decimal(loaded["mass_g"]) - Decimal(empty["mass_g"]), (float(empty["u_g"]), float(loaded["u_g"]))
    )


def _load(written: Mapping[str, Any]) -> Grams:
    return max(Decimal(written["pan_loaded"]["mass_g"]), Decimal(0))


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _plain(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
