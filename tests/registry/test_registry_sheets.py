"""Files of spreadsheets, good and hostile: bounded, never evaluated, refused in words."""

import contextlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.errors import SteelyardError
from firmware_app.registry.registry import Registry, load_registry
from firmware_app.registry.sheets import MAX_FILE, read_rows, write_rows
from firmware_app.registry.table import NoTable, change, rows_of

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
HEADER = ["摊位号", "出厂编号", "测量范围", "准确度等级", "检定分度值e"]
GOOD = ["3", "A1", "100g~15kg", "III", "5g"]
CSV = "\r\n".join(",".join(row) for row in (HEADER, GOOD)) + "\r\n"


def book(*rows, **more):
    made = Workbook()
    for row in rows:
        made.active.append(row)
    for name, value in more.items():
        made.active[name] = value
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def repacked(data, **parts):
    """The workbook with some parts put in place of its own; a name's slashes are written __."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {part.filename for part in old.infolist()} - set(parts):
            new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def imported(data, name="x.csv"):
    return change(read_rows(data, name), Registry())


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(),
        CSV.encode("utf-8-sig"),
        CSV.encode("gb18030"),
        CSV.encode("utf-16"),
        CSV.replace(",", ";").encode(),
        CSV.replace(",", "\t").encode("utf-16"),
        CSV.replace("\r\n", "\n").encode(),
        CSV.replace("\r\n", "\r").encode(),
        ("台账,,,\r\n" + CSV).encode(),
        CSV.replace("5g", '"5g"').encode(),
        book(HEADER, GOOD),
        book(["台账"], [], HEADER, GOOD),
        repacked(book(HEADER, GOOD), **{"xl/comments9.xml": b"<?xml version='1.0'?><!-- a remark --><x/>"}),
    ],
    ids=range(13),
)
def test_tables_come_as_every_spreadsheet_writes_them(data):
    found = imported(data)
    assert not found.troubles and found.added == ("A1",)


def test_a_formula_is_neither_evaluated_nor_believed():
    found = imported(book(HEADER, GOOD, E2='=HYPERLINK("http://x","5g")'), "x.xlsx")
    assert [(each.row, each.column) for each in found.troubles] == [(2, "检定分度值e")]
    assert "paste as values" in found.troubles[0].remedy
    csv_found = imported(CSV.replace("5g", "=5+0").encode())
    assert csv_found.troubles[0].found == "=5+0"


def bomb():
    inside = (
        b"<?xml version='1.0'?><worksheet><sheetData>" + b"<row/>" * (12 << 20) + b"</sheetData></worksheet>"
    )
    return repacked(book(HEADER), **{"xl/worksheets/sheet1.xml": inside})


LAUGHS = b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><x>&b;</x>"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"x" * (MAX_FILE + 1), "more than 8 MiB"),
        (bomb(), "unpacks to more than"),
        (repacked(book(HEADER), **{"xl/workbook.xml": LAUGHS}), "no part of a plain workbook"),
        (
            repacked(book(HEADER), **{"xl/workbook.xml": LAUGHS.decode().encode("utf-16")}),
            "no part of a plain",
        ),
        (repacked(book(HEADER), **{"xl/workbook.xml": b"<x/>"}), "not a workbook|without a sheet"),
        (repacked(book(HEADER), **{"xl/worksheets/sheet1.xml": b"<worksheet"}), "not a workbook|no header"),
        (book(HEADER, GOOD)[:700], "damaged or encrypted"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged or encrypted"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 1000, "old or encrypted workbook"),
        (b"", "no header"),
        (b"\x00\x01\x02", "neither a workbook nor text"),
        (b"\xff\xfe\x00", "neither UTF-8 nor GB 18030"),
        (b"\x80\xff\xff\xff", "neither UTF-8 nor GB 18030"),
        (b"%PDF-1.7 hello", "no header"),
        (('"' + "x" * 200_000).encode(), "line 1: field larger|no header"),
    ],
    ids=range(15),
)
def test_hostile_files_are_refused_in_words(data, words):
    with pytest.raises(NoTable, match=words):
        imported(data, "x")


def test_a_sheet_that_claims_a_million_rows_is_bounded():
    sheet = (
        b"<?xml version='1.0'?><worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
        b"<dimension ref='A1:XFD1048576'/><sheetData><row r='1048576'><c r='XFD1048576' t='str'><v>x</v></c>"
        b"</row></sheetData></worksheet>"
    )
    with pytest.raises(NoTable, match=r"no header|more than 5000"):
        imported(repacked(book(HEADER), **{"xl/worksheets/sheet1.xml": sheet}), "x.xlsx")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_be_read_or_refused(data):
    with contextlib.suppress(SteelyardError):
        imported(data, "x")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=4))
def test_a_workbook_with_wrong_bytes_is_read_or_refused(place, put):
    data = bytearray(WORKBOOK)
    place %= len(data)
    data[place : place + len(put)] = put
    with contextlib.suppress(SteelyardError):
        imported(bytes(data), "x.xlsx")


WORKBOOK = book(HEADER, GOOD)


def test_another_kind_of_file_is_not_written():
    with pytest.raises(NoTable, match=r"\.xlsx or \.csv"):
        write_rows(rows_of(Registry()), Path("x.pdf"))


# ------------------------------------------------------------------------------------------- by hand


@pytest.fixture
def appliance(tmp_path):
    shutil.copy(DEMO / "registry.toml", tmp_path / "registry.toml")
    (tmp_path / "steelyard.toml").write_text(
        'registry = "registry.toml"\nweights = "weights.toml"\n[device]\nid = "D-1"\n'
        '[pan]\ndriver = "simulated"\ncalibration = "c.toml"\n'
    )
    return tmp_path


def run(appliance, *arguments):
    config = ["--config", str(appliance / "steelyard.toml")]
    return CliRunner().invoke(app, ["registry", *map(str, arguments), *config])


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_exported_and_imported_nothing_changes(appliance, name):
    before = (appliance / "registry.toml").read_bytes()
    assert run(appliance, "export", appliance / name).exit_code == 0
    result = run(appliance, "import", appliance / name, "--replace", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0 and not told["written"] and len(told["unchanged"]) == 2
    assert (appliance / "registry.toml").read_bytes() == before


def test_nothing_is_imported_while_a_row_is_wrong_unless_asked_for(appliance):
    table = appliance / "t.csv"
    table.write_text(CSV + "4,A2,15kg,III,5g\r\n")
    before = load_registry(appliance / "registry.toml")
    refused = run(appliance, "import", table)
    assert refused.exit_code == 1 and load_registry(appliance / "registry.toml") == before
    assert "最小秤量" in refused.output and "nothing was imported" in refused.output
    trial = run(appliance, "import", table, "--good-rows", "--dry-run", "--json")
    assert not json.loads(trial.stdout)["written"]
    assert load_registry(appliance / "registry.toml") == before
    taken = run(appliance, "import", table, "--good-rows", "--json")
    told = json.loads(taken.stdout)
    assert taken.exit_code == 1 and told["written"] and told["added"] == ["A1"]
    assert [scale.id for scale in load_registry(appliance / "registry.toml").scales][-1] == "A1"
    assert (appliance / "registry.toml.before").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "nothing"], 1, "no stall, scale or label"),
        (["import", "none.xlsx"], 3, "No such file"),
        (["export", "x.doc"], 2, ".xlsx or .csv"),
        (["labels", "x.pdf", "--stall", "nothing"], 2, "no stall 'nothing'"),
    ],
)
def test_wrong_use_is_told_in_words(appliance, monkeypatch, arguments, code, words):
    monkeypatch.chdir(appliance)
    result = run(appliance, *arguments)
    assert result.exit_code == code, result.output
    assert words in " ".join(result.output.split())


def test_a_header_without_rows_imports_nothing(appliance):
    (appliance / "t.csv").write_text(",".join(HEADER))
    result = run(appliance, "import", appliance / "t.csv", "--replace")
    assert result.exit_code == 1 and "no row below the header" in result.output
    assert load_registry(appliance / "registry.toml").scales


def test_the_list_and_one_stall_are_shown(appliance):
    rows = [json.loads(line) for line in run(appliance, "list", "--json").stdout.splitlines()]
    assert [row["测量范围"] for row in rows] == ["100g~15kg", "200g~30kg"]
    assert json.loads(run(appliance, "show", "steelyard:stall:7", "--json").stdout)["计价"] == "否"
    assert "DEMO-S-0012" in run(appliance, "show", "12").output and run(appliance, "list").exit_code == 0
