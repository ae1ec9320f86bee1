"""Tables of scales: every wrong cell told, nothing guessed, an export that is imported changes nothing."""

import csv
import io
import string
from datetime import date, datetime
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.registry.columns import COLUMNS, FORMULA_FOUND
from firmware_app.registry.dump import BEFORE, dump, save
from firmware_app.registry.registry import BadRegistry, Registry, Scale, Stall, load_registry, parse_registry
from firmware_app.registry.sheets import FORMULA, read_rows, write_rows
from firmware_app.registry.table import MOST_ROWS, NoTable, change, rows_of

EMPTY = Registry()
HEADER = ("摊位号", "出厂编号", "测量范围", "准确度等级", "检定分度值e")
GOOD = ("3", "A1", "100g~15kg", "III", "5g")


def imported(*rows, old=EMPTY, header=HEADER, replace=False):
    return change([header, *rows], old, replace=replace)


def told(found):
    return [(each.row, each.column, each.remedy) for each in found.troubles]


def test_a_row_of_the_national_ledger_makes_a_scale_on_its_stall():
    found = imported(GOOD)
    assert not found.troubles and found.added == ("A1",)
    (scale,) = found.registry.scales
    assert (scale.id, scale.serial, scale.stall) == ("A1", "A1", "3")
    assert (scale.min_g, scale.max_g, scale.e_g, scale.d_g) == (100, 15000, 5, 5)
    assert found.registry.stalls == (Stall(code="3"),)


@pytest.mark.parametrize(
    ("header", "cell", "key", "value"),
    [
        ("器具名称", "电子计价秤", "name", "电子计价秤"),
        ("计量器具名称", "电子秤", "name", "电子秤"),
        ("型号/规格", "ACS-15", "model", "ACS-15"),
        ("规格型号*", "ACS-15", "model", "ACS-15"),
        ("制造厂", "某厂", "maker", "某厂"),
        ("安装地点", "一区", "place", "一区"),
        ("安装/使用地点（必填）", "一区", "place", "一区"),
        ("产 地", "甘肃", "origin", "甘肃"),
        ("用途", "贸易结算", "purpose", "贸易结算"),
        ("送检方式", "现场检定", "sending", "现场检定"),
        ("支承点数", 6, "supports", 6),
        ("支承点数", 6.0, "supports", 6),
        ("计价", "否", "price_computing", False),
        ("计价", False, "price_computing", False),
        ("计价", "Ｙ", "price_computing", True),
        ("检定有效期至", "2027年5月1日", "verification_due", date(2027, 5, 1)),
        ("检定有效期至", "2027/5/1", "verification_due", date(2027, 5, 1)),
        ("检定有效期至", datetime(2027, 5, 1), "verification_due", date(2027, 5, 1)),
        ("检定有效期至", 20270501, "verification_due", date(2027, 5, 1)),
        ("检定有效期至", "2027-05-01 00:00:00", "verification_due", date(2027, 5, 1)),
        ("实际分度值", "d=2g", "d_g", D(2)),
        ("实际分度值", "5斤", None, "legal"),
        ("通信单位", "千克", "lead_unit", "kg"),
        ("生产厂家", 20180101, "maker", "20180101"),
        ("数量", "1台", None, None),
        ("铅封号", "=-@'", "seal", "=-@'"),
    ],
)
def test_cells_are_read_as_people_and_spreadsheets_write_them(header, cell, key, value):
    found = imported((*GOOD, cell), header=(*HEADER, header))
    if value == "legal":
        assert "no legal unit: read as 2.5\u00a0kg" in found.notes[0].remedy
    else:
        assert not found.troubles
        if key:
            assert getattr(found.registry.scales[0], key) == value


@pytest.mark.parametrize(
    ("text", "accuracy_class"),
    [("III", "III"), ("Ⅲ", "III"), ("Ⅲ级", "III"), ("中准确度级", "III"), ("3级", "III"), ("(iii)", "III"),
     ("IV", "IIII"), ("IIII", "IIII"), ("普通", "IIII"), ("Ⅳ", "IIII"), ("高", "II"), ("特种准确度级", "I")],
)  # fmt: skip
def test_classes_are_read_as_they_are_written(text, accuracy_class):
    found = imported(("3", "A1", "50g~3kg" if accuracy_class != "IIII" else "50g~5kg", text, "0.5g"))
    assert found.registry.scales[0].accuracy_class == accuracy_class


@pytest.mark.parametrize(
    ("row", "column", "remedy"),
    [
        (("", "A1", "100g~15kg", "III", "5g"), "摊位号", "on which stall"),
        (("3", "", "100g~15kg", "III", "5g"), "器具编号", "出厂编号"),
        (("3", "A1", "", "III", "5g"), "最大秤量", "测量范围"),
        (("3", "A1", "15kg", "III", "5g"), "最小秤量", "nameplate"),
        (("3", "A1", "100g~15kg", "", "5g"), "准确度等级", "nameplate"),
        (("3", "A1", "100g~15kg", "V", "5g"), "准确度等级", "III (中)"),
        (("3", "A1", "100g~15kg", "III", ""), "检定分度值e", "nameplate"),
        (("3", "A1", "100g~15kg", "III", "5"), "检定分度值e", "number and a unit"),
        (("3", "A1", "100g~15kg", "III", "-5g"), "检定分度值e", "above zero"),
        (("3", "A1", "100g~15kg", "III", FORMULA_FOUND), "检定分度值e", "a formula"),
        (("3", "A1", "100g~15kg", "III", "500g"), "", "wanted is d ≤ e ≤ min < max"),
        (("3", 1234567890123456.0, "100g~15kg", "III", "5g"), "出厂编号", "lost digits"),
        (("3", float("nan"), "100g~15kg", "III", "5g"), "出厂编号", "lost digits"),
        (("3", "A\n1", "100g~15kg", "III", "5g"), "出厂编号", "line breaks"),
        (("3", "A\x1b[31m", "100g~15kg", "III", "5g"), "出厂编号", "control characters"),
        (("3", "9" * 121, "100g~15kg", "III", "5g"), "出厂编号", "at most 120"),
    ],
)
def test_what_is_wrong_is_told_with_row_column_and_remedy(row, column, remedy):
    found = imported((*GOOD[:1], "A0", *GOOD[2:]), row)
    ((number, told_column, told_remedy),) = told(found)
    assert (number, told_column) == (3, column)
    assert remedy in told_remedy
    assert [scale.id for scale in found.registry.scales] == ["A0"], "the good row alone"
    assert all(char.isprintable() for each in found.troubles for char in each.found)


def test_every_mistake_of_a_row_is_told_at_once():
    found = imported(("3", "A1", "soon", "V", "5"))
    assert {column for _, column, _ in told(found)} == {"测量范围", "准确度等级", "检定分度值e"}


def test_a_quantity_of_several_asks_for_a_row_each():
    found = imported((*GOOD, 3), header=(*HEADER, "数量"))
    assert "one row for each scale" in told(found)[0][2]


def test_the_same_scale_or_text_twice_is_told():
    assert "an earlier row" in told(imported(GOOD, GOOD))[0][2]
    header = (*HEADER, "器具二维码")
    rows = ((*GOOD, "http://x/1"), ("4", "A2", *GOOD[2:], "HTTP://X/1"))
    assert "it means scale A1 already" in told(imported(*rows, header=header))[0][2]
    old = Registry((Stall(code="7", qr="A1"),))
    assert "it means stall 7 already" in told(imported(GOOD, old=old))[0][2]
    assert not imported(GOOD, old=old, replace=True).troubles


def test_range_and_own_columns_must_agree():
    header = (*HEADER, "最大秤量")
    assert "the range says 15 kg" in imported((*GOOD, "30kg"), header=header).troubles[0].found
    assert not imported((*GOOD, "15000g"), header=header).troubles


def test_titles_above_the_header_and_empty_rows_are_passed_over():
    found = change([("台账",), (), (None, None), ("备注", *HEADER), (), ("x", *GOOD), ("",) * 6], EMPTY)
    assert (found.rows, found.added, found.ignored) == (1, ("A1",), ("备注",))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no header"),
        ([("a", "b", "c")] * 30, "no header"),
        ([(*HEADER, "等级")], "two columns are 准确度等级"),
        ([HEADER, *[(None,)] * (MOST_ROWS + 20)], "more than 5000 rows"),
    ],
)
def test_what_is_no_table_is_refused(rows, words):
    with pytest.raises(NoTable, match=words):
        change(rows, EMPTY)


OLD = Registry(
    (Stall(code="3", name="肉", qr="http://x/3"), Stall(code="4")),
    (
        Scale(
            id="A1", stall="3", serial="A1", accuracy_class="III", max_g=D(6000), min_g=D(40), e_g=D(2),
            seal="S", supports=6,
        ),
        Scale(id="B", stall="4", accuracy_class="III", max_g=D(6000), min_g=D(40), e_g=D(2)),
    ),
)  # fmt: skip


def test_what_the_table_has_no_column_for_stays_as_it_was():
    found = imported(GOOD, old=OLD)
    first = found.registry.scales[0]
    assert (first.max_g, first.e_g, first.seal, first.supports) == (15000, 5, "S", 6)
    assert found.registry.stalls == OLD.stalls and found.registry.scales[1] == OLD.scales[1]
    assert (found.changed, found.added, found.removed) == (("A1",), (), ())


def test_a_whole_table_takes_away_what_is_not_in_it():
    found = imported(GOOD, old=OLD, replace=True)
    assert found.removed == ("B",)
    assert [stall.code for stall in found.registry.stalls] == ["3"]


def test_a_table_of_a_few_columns_changes_these_alone():
    found = change([("摊位号", "器具编号", "铅封号"), ("4", "B", "S-9")], OLD)
    assert not found.troubles
    assert found.registry.scales[1].seal == "S-9" and found.registry.scales[1].max_g == 6000


# ------------------------------------------------------------------------------------------------ identity

ODD = st.sampled_from(
    ["=1+1", "+86", "-", "@x", "'", "''=1", "'a", "＝SUM(A1)", "a,b;c", '"q"', "#", "[red]", "是", "0012"]
)
WORDS = st.one_of(st.text(string.ascii_letters + "0123456789摊位一二三 ,;\"'=+-@[]", max_size=20), ODD).map(
    str.strip
)


@st.composite
def registries(draw):
    codes = draw(st.lists(st.integers(1, 999), min_size=1, max_size=4, unique=True))
    stalls = tuple(Stall(code=f"S{code}", name=draw(WORDS)) for code in codes)
    scales = []
    for number in range(draw(st.integers(0, 5))):
        e = draw(st.sampled_from([D("0.5"), D(1), D(5), D(10)]))
        texts = {
            key: draw(WORDS)
            for key in ("maker", "model", "serial", "seal", "name", "item", "kind", "origin", "place",
                        "district", "purpose", "sending", "production_code", "repair_code", "profile")
        }  # fmt: skip
        scales.append(
            Scale(
                id=f"W{number}",
                stall=draw(st.sampled_from(stalls)).code,
                accuracy_class=draw(st.sampled_from(["II", "III", "IIII"])),
                max_g=e * draw(st.integers(200, 3000)),
                min_g=e * 20,
                e_g=e,
                price_computing=draw(st.booleans()),
                verification_due=draw(st.none() | st.dates(date(2000, 1, 1), date(2099, 1, 1))),
                lead_unit=draw(st.sampled_from(["", "g", "kg"])),
                supports=draw(st.integers(1, 8)),
                usual_g=draw(st.none() | st.just(D(750))),
                qr=f"http://x/{number}" if draw(st.booleans()) else "",
                **texts,
            )
        )
    order = [stall.code for stall in stalls]
    return Registry(stalls, tuple(sorted(scales, key=lambda scale: order.index(scale.stall))))


@settings(max_examples=25, deadline=None)
@given(registries(), st.sampled_from(["x.csv", "x.xlsx"]))
def test_an_export_that_is_imported_is_the_same_registry(registry, name):
    data = write_rows(rows_of(registry), Path(name))
    found = change(read_rows(data, name), EMPTY, replace=True)
    assert told(found) == [] and found.notes == ()
    assert found.registry == registry
    again = change(read_rows(data, name), registry)
    assert again.registry == registry and not (again.added or again.changed or again.removed)


@given(registries())
@settings(max_examples=25, deadline=None)
def test_no_cell_of_a_csv_can_be_taken_for_a_formula(registry):
    text = write_rows(rows_of(registry), Path("x.csv")).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(tuple(FORMULA)) for cell in row)


@given(registries())
@settings(max_examples=25, deadline=None)
def test_the_file_of_the_registry_is_read_back_the_same(registry):
    assert parse_registry(dump(registry)) == registry


def test_every_field_of_a_scale_has_its_column():
    keys = {column.key for column in COLUMNS}
    assert set(Scale.__struct_fields__) <= keys


def test_the_file_before_stays_beside_the_new_one(tmp_path):
    path = tmp_path / "registry.toml"
    save(path, OLD)
    first = path.read_bytes()
    save(path, EMPTY)
    assert load_registry(path) == EMPTY and (tmp_path / f"registry.toml{BEFORE}").read_bytes() == first


def test_too_many_scales_for_the_file_are_refused(monkeypatch):
    monkeypatch.setattr("firmware_app.registry.dump.MAX_FILE", 100)
    with pytest.raises(BadRegistry, match="at most 100"):
        dump(OLD)
