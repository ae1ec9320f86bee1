"""A record made by a pack from outside is judged again by that very pack, whatever came after it."""

from __future__ import annotations

import json
from decimal import Decimal as D

import msgspec
import pytest
from person import Person, context, honest

from firmware_app.procedures.prompts import Judged, Way
from firmware_app.procedures.rejudged import CannotRejudge
from firmware_app.procedures.rejudging import rejudge
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.rules.pack import builtin_packs, pack_in_force
from firmware_app.rules.rows import NawiPack, Stage


def stricter(version: str, factor: str) -> NawiPack:
    """The pack in force with other limits in service, as a later version of it."""
    base = pack_in_force(NawiPack, context().on)
    stages = tuple(
        msgspec.structs.replace(row, factor=D(factor)) if row.stage is Stage.IN_SERVICE else row
        for row in base.stages
    )
    return msgspec.structs.replace(base, version=version, stages=stages, sha256=version * 64)


def test_a_record_is_judged_again_by_the_pack_that_judged_it():
    third, fourth = stricter("3", "3"), stricter("4", "1")
    then = (*builtin_packs(), third)
    now = (*then, fourth)
    person = Person(SelfCheck.start(context(packs=then)), honest, Way.WEIGHTS)
    person.until(Judged, ticks=3000)
    body = json.loads(msgspec.json.encode(person.visit.outcome.body))
    assert (body["law"]["version"], body["law"]["sha256"]) == ("3", "3" * 64)

    again = rejudge(body, packs=now)

    assert again.verdict == body["verdict"]
    limits = {(load["load_g"], load["limit_g"]) for load in body["loads"]}
    assert {(load.load_g, load.limit_g) for load in again.loads} == limits
    assert pack_in_force(NawiPack, context().on, now) is fourth, "today another one judges"
    with pytest.raises(CannotRejudge, match="load it to judge again"):
        rejudge(body)
