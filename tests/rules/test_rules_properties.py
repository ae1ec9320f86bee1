"""What holds of every pack and every row, whatever figures it has."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal as D

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.rules.base import Confidence, Dated, OutsideTable, Row
from firmware_app.rules.code_rows import CodePack
from firmware_app.rules.mpe import Instrument, mpe
from firmware_app.rules.pack import (
    BUILTIN,
    BadPack,
    NoPackInForce,
    builtin_packs,
    load_pack,
    pack_in_force,
    pack_of,
)
from firmware_app.rules.plan import Examined, Item, planned_items
from firmware_app.rules.prepackage_rows import PrepackagePack
from firmware_app.rules.prepackages import tolerable
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.retail_table import permitted_deviation
from firmware_app.rules.rows import NawiPack, Stage, WeightsPack
from firmware_app.rules.unit_rows import UnitsPack
from firmware_app.uncertainty.decision import Verdict, simple

ON = date(2026, 11, 23)
FILES = sorted(BUILTIN.glob("*.toml"))
NAWI = pack_in_force(NawiPack, ON)
KINDS = [NawiPack, WeightsPack, RetailPack, PrepackagePack, CodePack, UnitsPack]

SCALES = st.sampled_from(
    [
        Instrument(accuracy_class=name, max_g=D(max_g), e_g=D(e_g), price_computing=True)
        for name, max_g, e_g in (
            ("III", "15000", "5"),
            ("III", "30000", "10"),
            ("III", "6000", "2"),
            ("III", "3000", "1"),
            ("III", "200", "0.1"),
            ("II", "15000", "1"),
            ("II", "3000", "0.1"),
            ("II", "1000", "0.01"),
            ("IIII", "5000", "5"),
            ("IIII", "100000", "100"),
            ("I", "300", "0.001"),
        )
    ]
)


def rows_of(struct):
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        for entry in value if isinstance(value, tuple) else (value,):
            if isinstance(entry, Row):
                yield entry
            elif isinstance(entry, msgspec.Struct):
                yield from rows_of(entry)


# ---------------------------------------------------------------------------------------------- every row


@pytest.mark.parametrize("pack", builtin_packs(), ids=lambda pack: f"{pack.id}-{pack.version}")
def test_every_row_of_every_pack_has_clause_source_and_confidence(pack):
    rows = list(rows_of(pack))
    assert len(rows) >= 3
    for row in rows:
        assert row.clause.strip() and row.source.strip() and isinstance(row.confidence, Confidence)
        # What was recalled only is never called better than that.
        if row.source.lower().startswith("recalled"):
            assert row.confidence is Confidence.UNCONFIRMED


def test_no_pack_names_another_text_than_itself_twice():
    named = [(pack.id, pack.version) for pack in builtin_packs()]
    assert len(set(named)) == len(named)


# ------------------------------------------------------------------------------------------------- vectors


def perturbed(path):
    """The file with one figure of one vector changed, for every vector."""
    text = path.read_text("utf-8")
    cut = re.search(r"^\[\[(?:plan_)?vectors\]\]", text, re.M).start()
    wanted = r"^(limit_g|deviation_g|tolerable_g|mpe_mg|grams|valid|item|concerned|loads_g|limits_g) = (.*)$"
    for match in re.finditer(wanted, text[cut:], re.M):
        name, value = match.groups()
        other = {"true": "false", "false": "true"}.get(value)
        if other is None and name == "item":
            other = '"price_computing"' if value == '"appearance"' else '"nonsense"'
        elif other is None and name == "concerned":
            other = '"trader"' if value != '"trader"' else '"scale"'
        elif other is None and value.startswith("["):
            other = re.sub(r'"([\d.]+)"', lambda figure: f'"{D(figure[1]) + 1}"', value, count=1)
        elif other is None:
            other = f'"{D(value.strip(chr(34))) + D("0.001")}"'
        start = cut + match.start(2)
        yield name, text[:start] + other + text[start + len(value) :]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_vector_that_is_changed_refuses_the_pack(path):
    changed = list(perturbed(path))
    assert len(changed) >= 3
    every = 1 + len(changed) // 30
    assert [name for name, text in changed[::every] if not refused(text)] == []


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_vector_that_is_changed_refuses_the_pack(path):
    assert [name for name, text in perturbed(path) if not refused(text)] == []


def refused(text):
    try:
        load_pack(text.encode())
    except BadPack:
        return True
    return False


HELD_BY_OTHER_ROWS = {
    # No load reaches beyond these, or the next row gives the same: no answer changes by them.
    ("steps", "up_to_e", "100000"),
    ("steps", "up_to_e", "10000"),
    ("steps", "up_to_e", "1000"),
    ("classes", "e_from_g", "0.001"),
    ("classes", "e_to_g", "2"),
    ("classes", "e_to_g", "0.05"),
}


def test_every_limit_and_class_of_the_pack_in_force_is_held_by_a_vector():
    """A slip of the pen in a table of R 76 does not load, wherever in it it was made."""
    text = (BUILTIN / "jjg539-2016.v2.toml").read_text("utf-8")
    body = text[: text.index("[[vectors]]")]
    sections = ("classes", "steps", "stages", "zero_setting", "eccentricity", "discrimination")
    tried, taken = 0, []
    for match in re.finditer(r'^(\w+) = "?(\d+(?:\.\d+)?)"?$', body, re.M):
        section = re.findall(r"^\[+([\w.]+)\]+", body[: match.start()], re.M)[-1:]
        if not section or section[0] not in sections:
            continue
        name, value = match.groups()
        if (section[0], name, value) in HELD_BY_OTHER_ROWS:
            continue
        step = D("0.1") * D(value) if "." in value else D(1)
        changed = text[: match.start(2)] + str(D(value) + step) + text[match.end(2) :]
        tried += 1
        if not refused(changed):
            taken.append(f"{section[0]}.{name} = {value}")
    assert taken == [] and tried > 30


# ------------------------------------------------------------------------------------------------- limits


@settings(deadline=None)
@given(SCALES, st.data(), st.sampled_from(Stage))
def test_limits_are_monotone(scale, data, stage):
    top = int(scale.max_g * 1000)
    less, more = sorted(data.draw(st.tuples(st.integers(0, top), st.integers(0, top))))
    low, high = (mpe(NAWI, scale, D(load) / 1000, stage, ON) for load in (less, more))
    assert 0 < low.limit_g <= high.limit_g and low.limit_initial_g <= high.limit_initial_g


@settings(deadline=None)
@given(SCALES, st.data(), st.sampled_from(Stage))
def test_limits_are_inclusive_and_symmetric(scale, data, stage):
    load = D(data.draw(st.integers(0, int(scale.max_g * 1000)))) / 1000
    limit = mpe(NAWI, scale, load, stage, ON).limit_g
    beyond = limit + scale.e_g / 1000
    for sign in (1, -1):
        assert simple(sign * limit, limit) is Verdict.CONFORMS
        assert simple(sign * beyond, limit) is Verdict.DOES_NOT_CONFORM


@settings(deadline=None)
@given(SCALES, st.sampled_from(Stage), st.sampled_from([1, 3, 4, 5, 8]))
def test_a_plan_stays_within_the_scale_and_says_what_each_load_rests_on(scale, stage, supports):
    tested = Examined(instrument=scale, supports=supports)
    items = planned_items(NAWI, tested, stage, ON)
    assert items[0].item is Item.APPEARANCE and items[0].stop
    assert len({item.item for item in items}) == len(items)
    for item in items:
        loads = [load.load_g for load in item.loads]
        assert loads == sorted(loads) and all(0 <= load <= scale.max_g for load in loads)
        assert item.weighings >= 1 and item.positions >= 1
        for load in item.loads:
            assert load.limit_g >= load.limit_initial_g > 0 or item.item is Item.DISCRIMINATION
            assert load.clause and load.load_g % scale.e_g == 0


@settings(deadline=None)
@given(
    st.sampled_from(["low", "mid", "high", "top", "gold", "silver"]), st.integers(1, 30_000_000), st.data()
)
def test_permitted_deviations_are_monotone_and_end(band, mg, data):
    pack = pack_in_force(RetailPack, ON)
    less = data.draw(st.integers(1, mg))
    try:
        high = permitted_deviation(pack, band, D(mg) / 1000).deviation_g
    except OutsideTable:
        return
    assert 0 < permitted_deviation(pack, band, D(less) / 1000).deviation_g <= high


@settings(deadline=None)
@given(st.integers(1, 50_000_000), st.data())
def test_tolerable_deficiencies_are_monotone_before_rounding(mg, data):
    pack = pack_in_force(PrepackagePack, ON)
    less = data.draw(st.integers(1, mg))
    assert 0 < tolerable(pack, D(less) / 1000).exact_g <= tolerable(pack, D(mg) / 1000).exact_g


# -------------------------------------------------------------------------------------------- in force


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.dates(date(1950, 1, 1), date(2100, 12, 31)))
def test_no_pack_no_law(kind, on):
    """Before its first day no pack counts, and nothing stands in for it."""
    begins = min(pack.effective for pack in builtin_packs() if isinstance(pack, kind))
    if on < begins:
        with pytest.raises(NoPackInForce, match=str(begins)):
            pack_in_force(kind, on)
    else:
        assert pack_in_force(kind, on).covers(on)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(1, 900), st.integers(1, 12)), min_size=1, max_size=8)
)
def test_of_many_packs_the_latest_that_covers_the_day_counts(spans):
    first = date(2030, 1, 1)
    base = pack_in_force(WeightsPack, ON)
    shelf = tuple(
        msgspec.structs.replace(
            base,
            id=f"weights-{number}",
            version=str(version),
            effective=first + timedelta(days=begin),
            expires=first + timedelta(days=begin + length),
            sha256=f"{number:064}",
        )
        for number, (begin, length, version) in enumerate(spans)
    )
    for day in range(0, 1800, 97):
        on = first + timedelta(days=day)
        covering = [pack for pack in shelf if pack.covers(on)]
        if not covering:
            with pytest.raises(NoPackInForce):
                pack_in_force(WeightsPack, on, shelf)
            continue
        found = pack_in_force(WeightsPack, on, shelf)
        assert found in covering and all(found.succession >= each.succession for each in covering)
    # Superseded or not: a record finds its own.
    for pack in shelf:
        assert pack_of(WeightsPack, pack.id, pack.sha256, shelf) is pack


def test_a_superseded_version_stays_for_its_records():
    first = [pack for pack in builtin_packs() if (pack.id, pack.version) == ("jjg539-2016", "1")]
    assert len(first) == 1 and NAWI.version == "2"
    assert pack_of(NawiPack, "jjg539-2016", first[0].sha256) is first[0]
    load = D(2505)
    scale = Instrument(accuracy_class="III", max_g=D(15000), e_g=D(5))
    old, new = (mpe(pack, scale, load, Stage.IN_SERVICE, ON).limit_g for pack in (first[0], NAWI))
    assert old == new == 10
    with pytest.raises(OutsideTable, match="does not say how a scale is tested"):
        planned_items(first[0], Examined(instrument=scale), Stage.IN_SERVICE, ON)


def test_dated_packs_refuse_days_that_contradict_themselves():
    base = pack_in_force(WeightsPack, ON)
    assert isinstance(base, Dated)
    with pytest.raises(ValueError, match="expires"):
        msgspec.structs.replace(base, expires=base.effective)
