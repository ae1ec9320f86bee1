"""Packs say where every row comes from, prove themselves and refuse what they do not know."""

from datetime import date
from decimal import Decimal as D

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.rules.base import Row
from firmware_app.rules.checklist_rows import Concerned
from firmware_app.rules.checklists import check_items, duties
from firmware_app.rules.mpe import Instrument
from firmware_app.rules.pack import (
    BUILTIN,
    BadPack,
    NoPackInForce,
    builtin_packs,
    load_pack,
    pack_in_force,
    pack_of,
)
from firmware_app.rules.prepackage_rows import PrepackagePack
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.rows import Confidence, NawiPack, WeightsPack, weakest
from firmware_app.rules.unit_rows import UnitsPack
from firmware_app.rules.weights import NotDefined, weight_mpe

FILES = sorted(BUILTIN.glob("*.toml"))
NAWI = (BUILTIN / "jjg539-2016.toml").read_bytes()
WEIGHTS = (BUILTIN / "jjg99-2022.toml").read_bytes()
RETAIL = (BUILTIN / "retail-2020.toml").read_bytes()
PACKAGES = (BUILTIN / "prepackages-2023.toml").read_bytes()
CODES = (BUILTIN / "gb32100-2015.toml").read_bytes()
DUTIES = (BUILTIN / "order94-2025.toml").read_bytes()
UNITS = (BUILTIN / "legal-units-1991.toml").read_bytes()


def rows_of(struct):
    for field in struct.__struct_fields__:
        value = getattr(struct, field)
        for entry in value if isinstance(value, tuple) else (value,):
            if isinstance(entry, Row):
                yield entry
            elif isinstance(entry, msgspec.Struct):
                yield from rows_of(entry)


@pytest.mark.parametrize("pack", builtin_packs(), ids=lambda pack: pack.id)
def test_every_row_names_source_clause_and_confidence(pack):
    rows = list(rows_of(pack))
    assert pack.adoption in rows and len(rows) >= 3
    for row in rows:
        assert row.source.strip() and row.clause.strip()
        assert isinstance(row.confidence, Confidence)


def test_only_the_law_on_units_was_read_in_its_primary_text():
    # Whoever reads another text changes row and test.
    read = {
        (pack.id, row.clause)
        for pack in builtin_packs()
        for row in rows_of(pack)
        if row.confidence is Confidence.CONFIRMED
    }
    assert read == {
        ("legal-units-1991", "计量法 art. 3; State Council order of 1984"),
        ("legal-units-1991", "计量法 art. 3; 计量法实施细则 art. 40"),
        ("jjg539-2016-appearance", "计量法 art. 3"),
    }


def test_the_hash_is_that_of_the_file(tmp_path):
    import hashlib

    for path, pack in zip(FILES, builtin_packs(), strict=True):
        assert pack.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("data", "old", "new", "words"),
    [
        (NAWI, b'mpe_e = "0.5"', b'mpe_e = "0.6"', "the vector wants"),
        (NAWI, b'up_to_e = "500"', b'up_to_e = "499"', "the vector wants"),
        (NAWI, b'factor = "2"', b'factor = "1"', "the vector wants"),
        (NAWI, b"n_max = 10000\n", b"n_max = 1000\n", "the vector wants"),
        (NAWI, b'mpe_e = "0.5"', b'mpe_e = "nan"', r"steps 1 \(.*\): mpe_e = \"nan\": give a number"),
        (NAWI, b"[adoption]", b"colour = 'blue'\n[adoption]", "unknown key 'colour'; known: id, version"),
        (NAWI, b"mpe_e =", b"mpee =", r"steps 1 \(.*\): unknown key 'mpee'; did you mean 'mpe_e'"),
        (
            NAWI,
            b'confidence = "secondary"',
            b'confidence = "certain"',
            "give one of confirmed, secondary, unconf",
        ),
        (NAWI, b'clause = "OIML R 76-1:2006 Table 6"', b'clause = ""', r"\d+: a row names its clause"),
        (NAWI, b'kind = "nawi"', b'kind = "moon"', 'kind = "moon": give one of .*nawi, .*weights'),
        (NAWI, b'kind = "nawi"', b'kind = "nawi"\nsha256 = "00"', "hash"),
        (NAWI, b"effective = 2017-05-30", b"effective = 'soon'", "date"),
        (NAWI, b"[[vectors]]", b"[[not_vectors]]", "not_vectors"),
        (WEIGHTS, b'M1 = "50"', b'M1 = "51"', "the vector wants"),
        (WEIGHTS, b'M1 = "50"', b'M9 = "50"', "M9"),
        (
            RETAIL,
            b'deviation_g = "20"\nclause',
            b'deviation_g = "21"\nclause',
            "band low, 1000 g: the rows give 21 g",
        ),
        (RETAIL, b'up_to_g = "25000"', b'up_to_g = "30000"', "the vector wants None"),
        (RETAIL, b'up_to_g = "2000"', b'up_to_g = "900"', "bounds must rise"),
        (RETAIL, b'band = "silver"\ngoods', b'band = "tin"\ngoods', "must be named"),
        (RETAIL, b"contrary = true", b"contrary = false", "2 conditions are applied"),
        (PACKAGES, b'percent = "9"', b'percent = "8"', "the vector wants 4.5"),
        (PACKAGES, b'percent = "9"', b'percent = "9"\nmass_g = "5"', "either a percentage or a mass"),
        (PACKAGES, b'step_g = "1"', b'step_g = "0.1"', "the vector wants 38"),
        (PACKAGES, b'factor = "0.234"', b'factor = "0.234"\nlot_to = 9', "last row must be open"),
        (CODES, b"weights = [1, 3, ", b"weights = [3, 1, ", "the vector wants"),
        (CODES, b"modulus = 11", b"modulus = 12", "a sign for every remainder"),
        (DUTIES, b'item = "register"', b'item = "disputes"', "a name of its own"),
        (UNITS, b'grams = "500"\nclause', b'grams = "600"\nclause', "500 g on entry"),
        (UNITS, b'names = ["\xe4\xb8\xa4"]', b'names = ["kg"]', "on entry|the vector wants"),
        (WEIGHTS, b'"M3"]', b'"M3"', "TOML|Unclosed|array"),
    ],
)
def test_a_pack_that_was_altered_does_not_load(data, old, new, words):
    assert old in data
    with pytest.raises(BadPack, match=words):
        load_pack(data.replace(old, new))


def test_bytes_beyond_measure_are_no_pack():
    with pytest.raises(BadPack, match="recursion"):
        load_pack(WEIGHTS + b"\n[deep]\nx = " + b"[" * 5000)
    with pytest.raises(BadPack, match="more than 1048576 bytes"):
        load_pack(WEIGHTS + b"#" * (1 << 20))


def test_a_pack_without_vectors_does_not_load():
    head = WEIGHTS[: WEIGHTS.index(b"[[vectors]]")]
    with pytest.raises(BadPack, match="proves nothing"):
        load_pack(b"vectors = []\n" + head)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_anything_but_a_bad_pack(data):
    with pytest.raises(BadPack):
        load_pack(data)


@pytest.mark.parametrize(
    ("kind", "on", "found"),
    [
        (NawiPack, date(2017, 5, 29), None),
        (NawiPack, date(2017, 5, 30), "jjg539-2016"),
        (NawiPack, date(2030, 1, 1), "jjg539-2016"),
        (WeightsPack, date(2023, 6, 6), None),
        (WeightsPack, date(2023, 6, 7), "jjg99-2022"),
        (RetailPack, date(2020, 10, 22), None),
        (RetailPack, date(2020, 10, 23), "retail-2020"),
        (PrepackagePack, date(2023, 5, 31), None),
        (PrepackagePack, date(2023, 6, 1), "prepackages-2023"),
        (UnitsPack, date(1990, 12, 31), None),
        (UnitsPack, date(1991, 1, 1), "legal-units-1991"),
    ],
)
def test_which_pack_is_in_force(kind, on, found):
    if found is None:
        with pytest.raises(NoPackInForce, match="date"):
            pack_in_force(kind, on)
    else:
        assert pack_in_force(kind, on).id == found


def test_the_newer_of_two_packs_counts_and_an_expired_one_does_not():
    old = load_pack(
        WEIGHTS.replace(b"effective = 2023-06-07", b"effective = 2023-06-07\nexpires = 2030-01-01")
    )
    new = load_pack(
        WEIGHTS.replace(b"effective = 2023-06-07", b"effective = 2029-06-01").replace(b'"1"', b'"2"', 1)
    )
    shelf = (old, new)
    assert pack_in_force(WeightsPack, date(2029, 5, 31), shelf) is old
    assert pack_in_force(WeightsPack, date(2029, 6, 1), shelf) is new
    with pytest.raises(NoPackInForce):
        pack_in_force(WeightsPack, date(2030, 1, 1), (old,))


def test_an_answer_is_as_sure_as_its_weakest_row():
    assert weakest(Confidence.CONFIRMED, Confidence.SECONDARY) is Confidence.SECONDARY
    assert weakest(Confidence.UNCONFIRMED, Confidence.CONFIRMED) is Confidence.UNCONFIRMED


A4 = [
    ("M1", "1000", "50"),
    ("F2", "20000", "300"),
    ("M2-3", "50000", "16000"),
    ("F1", "100", "0.5"),
    ("M3", "0.5", None),
    ("M1", "0.005", "0.20"),
]


@pytest.mark.parametrize(("weight_class", "nominal_g", "mg"), A4)
def test_a4_weights_of_the_published_table(weight_class, nominal_g, mg):
    pack = pack_in_force(WeightsPack, date(2026, 1, 1))
    if mg is None:
        with pytest.raises(NotDefined, match="not defined in class M3"):
            weight_mpe(pack, weight_class, D(nominal_g))
        return
    answer = weight_mpe(pack, weight_class, D(nominal_g))
    assert (answer.mpe_mg, answer.mpe_g) == (D(mg), D(mg) / 1000)
    assert answer.pack == "jjg99-2022" and answer.clause


@pytest.mark.parametrize(
    ("weight_class", "nominal_g"), [("M1", "1500"), ("M1", "0"), ("X", "1000"), ("M1-2", "20000")]
)
def test_nothing_is_extrapolated(weight_class, nominal_g):
    with pytest.raises(NotDefined):
        weight_mpe(pack_in_force(WeightsPack, date(2026, 1, 1)), weight_class, D(nominal_g))


def test_the_table_is_whole():
    pack = pack_in_force(WeightsPack, date(2026, 1, 1))
    nominals = [row.nominal_g for row in pack.rows]
    assert nominals == sorted(nominals, reverse=True) and len(set(nominals)) == 30
    # Filled cells by class from 5000 kg down to 1 mg, counted in the published table.
    filled = {name: sum(name in row.mpe_mg for row in pack.rows) for name in pack.weight_classes}
    whole = {"E1": 24, "E2": 28, "F1": 30, "F2": 30, "M1": 30, "M1-2": 7, "M2": 24, "M2-3": 7, "M3": 21}
    assert filled == whole
    for finer, coarser in (
        ("E1", "E2"),
        ("E2", "F1"),
        ("F1", "F2"),
        ("F2", "M1"),
        ("M1", "M2"),
        ("M2", "M3"),
    ):
        for row in pack.rows:
            if finer in row.mpe_mg and coarser in row.mpe_mg:
                assert row.mpe_mg[finer] < row.mpe_mg[coarser]


PRICE = Instrument(accuracy_class="III", max_g=D(15000), e_g=D(5), price_computing=True)
OTHER = Instrument(accuracy_class="III", max_g=D(15000), e_g=D(5))
LARGE = Instrument(accuracy_class="III", max_g=D(150000), e_g=D(50), price_computing=True)


@pytest.mark.parametrize(
    ("on", "scale", "texts"),
    [
        (date(2017, 5, 29), PRICE, set()),
        (date(2026, 1, 7), PRICE, {"jjg539-2016-appearance"}),
        (date(2026, 1, 8), PRICE, {"jjg539-2016-appearance", "jjf2184-2025"}),
        (date(2027, 1, 7), PRICE, {"jjg539-2016-appearance", "jjf2184-2025"}),
        (date(2027, 1, 8), PRICE, {"jjg539-2016-appearance", "jjg1204-2025"}),
        (date(2027, 1, 8), OTHER, {"jjg539-2016-appearance"}),
        (date(2027, 1, 8), LARGE, {"jjg539-2016-appearance"}),
    ],
)
def test_check_items_of_several_texts_hold_side_by_side(on, scale, texts):
    items = check_items(on, scale)
    assert {item.pack for item in items} == texts
    assert len({item.item for item in items}) == len(items)


def test_the_three_codes_the_seal_the_software_and_the_self_lock_are_looked_at_from_2027_01_08():
    # Source: fact sheet 9, three codes and one seal, software identity and self-lock.
    found = {item.item: item.pack for item in check_items(date(2027, 1, 8), PRICE)}
    for item in ("production_code", "repair_code", "verification_code", "seal", "software_identity"):
        assert found[item] == "jjg1204-2025"
    assert found["self_lock"] == "jjg1204-2025"


def test_duties_are_reminded_of_from_the_first_day_of_the_order():
    assert duties(date(2025, 2, 28)) == ()
    both = duties(date(2025, 3, 1))
    assert {item.concerned for item in both} == {Concerned.ORGANISER, Concerned.TRADER}
    assert {item.item for item in duties(date(2026, 11, 23), Concerned.TRADER)} == {
        "verified",
        "no_device",
        "show_weighing",
    }


def test_an_old_record_finds_its_own_pack():
    old = load_pack(
        WEIGHTS.replace(b"effective = 2023-06-07", b"effective = 2023-06-07\nexpires = 2024-01-01")
    )
    shelf = (old, *builtin_packs())
    assert pack_of(WeightsPack, "jjg99-2022", old.sha256, shelf) is old
    with pytest.raises(NoPackInForce, match="load it to judge again"):
        pack_of(WeightsPack, "jjg99-2022", old.sha256)
    with pytest.raises(NoPackInForce):
        pack_of(NawiPack, "jjg99-2022", old.sha256, shelf)


VALUES = [
    '"0"',
    '"-1"',
    '"1E+12"',
    "0",
    "-5",
    "999999999",
    '""',
    "[]",
    "{}",
    "true",
    '"NaN"',
    '["0", "1"]',
    '"1"',
]
SMALL = [path for path in FILES if path.stat().st_size < 12_000]


@settings(deadline=None)
@given(
    st.sampled_from(SMALL), st.lists(st.tuples(st.integers(0), st.sampled_from([*VALUES, None])), max_size=3)
)
def test_a_pack_with_odd_lines_loads_whole_or_is_refused_in_words(path, odd):
    lines = path.read_text("utf-8").splitlines()
    for place, value in odd:
        number = place % len(lines)
        if value is None:
            lines[number] = ""
        elif " = " in lines[number]:
            lines[number] = f"{lines[number].split(' = ')[0]} = {value}"
    try:
        assert load_pack("\n".join(lines).encode(), path.name).vectors
    except BadPack as refused:
        assert str(refused).startswith(path.name)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'platform = "rolling"', b'platform = "many_supports"', "eccentric loads: one for each"),
        (
            b'divisor = "2"\nclause',
            b'divisor = "2"\nrepeatability_e = "0.4"\nclause',
            "substitution: one row",
        ),
        (b'step_yuan = "0.01"', b'step_yuan = "0"', "above zero"),
        (b'[reference]\ndivisor = "3"', b'[reference]\ndivisor = "0"', "above zero"),
        (b"months = 12", b"months = 0", "1 to 120 months"),
        (b"times = 20", b"times = 0", "above zero"),
        (b'item = "discrimination"\nstages', b'item = "weighing"\nstages', "no item 'discrimination'"),
    ],
)
def test_rows_that_nobody_could_reckon_with_are_refused(old, new, words):
    data = (BUILTIN / "jjg539-2016.v2.toml").read_bytes()
    assert old in data
    with pytest.raises(BadPack, match=words):
        load_pack(data.replace(old, new, 1))
