"""The labels of the stalls: every code on the rendered sheet is read again, and leads to its stall."""

import shutil
from decimal import Decimal as D
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.registry import label_sheet
from firmware_app.registry.label_sheet import (
    HAN,
    LABEL_MM,
    BadLabels,
    Label,
    label_sheets,
    scale_labels,
    stall_labels,
)
from firmware_app.registry.labels import find_label
from firmware_app.registry.registry import Registry, Scale, Stall

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
DPI = 150
"""Of the cheapest office printer in draft; a phone sees more."""

pytestmark = pytest.mark.skipif(not HAN[0].is_file(), reason="the fonts of fonts-noto-cjk are not installed")


def market(count=10):
    stalls = tuple(
        Stall(code=f"{n}", name=f"蔬菜水果 {n} 号", qr="https://example.org/s/2" if n == 2 else "")
        for n in range(1, count)
    )
    stalls += (
        Stall(code="A区-108", name="天祝藏族自治县华藏寺镇祝贡路综合市场牛羊肉干货调料水产批发 108 号"),
    )
    scale = Scale(
        id="TZ-2024-0012", stall="1", serial="2024-0012", accuracy_class="III",
        max_g=D(15000), min_g=D(100), e_g=D(5),
    )  # fmt: skip
    return Registry(stalls, (scale,))


def pages(pdf):
    document = pypdfium2.PdfDocument(pdf)
    return [document[n].render(scale=DPI / 72).to_pil() for n in range(len(document))]


def codes(image):
    return {each.text for each in zxingcpp.read_barcodes(image)}


def test_every_code_of_the_sheets_is_read_and_leads_to_its_stall():
    registry = market()
    labels = stall_labels(registry)
    sheets = pages(label_sheets(labels))
    assert len(sheets) == 2
    read = set().union(*(codes(sheet) for sheet in sheets))
    assert read == {label.code for label in labels}
    assert {find_label(registry, text).stall for text in read} == {stall.code for stall in registry.stalls}


def test_a_label_of_a_scale_leads_to_the_scale():
    registry = market()
    (sheet,) = pages(label_sheets(scale_labels(registry)))
    (text,) = codes(sheet)
    assert find_label(registry, text).scale == "TZ-2024-0012"


def test_labels_of_some_stalls_only_in_the_order_asked_for():
    assert [label.large for label in stall_labels(market(), ("7", "２"))] == ["7", "2"]
    with pytest.raises(BadLabels, match="no stall '99'"):
        stall_labels(market(), ("99",))
    assert scale_labels(market(), ("2",)) == ()


def test_nothing_is_printed_across_a_cut_and_tibetan_is_drawn():
    long = Label("x" * 300, "长" * 60, ("很" * 120,) * 4, "提示")
    tibetan = Label("a", "1", ("སྟོང་འཁོར་གཡག་ཤ། 7",), "")
    bare = Label("a", "1", (), "")
    (sheet,) = pages(label_sheets([long, long, tibetan, bare, long, long]))
    width, height = (round(size / 25.4 * DPI) for size in LABEL_MM)
    middle, grey = sheet.width // 2, sheet.convert("L")
    # One column of pixels along the cut between the labels: paper and the crosses, no ink of a label.
    assert sum(grey.getpixel((middle, y)) < 100 for y in range(grey.height)) < 10
    assert codes(sheet) == {"x" * 300, "a"}
    row = (grey.height - 4 * height) // 2 + height
    named, plain = (
        sum(grey.crop((left, row, left + width // 2, row + height)).histogram()[:100])
        for left in (middle - width // 2, middle + width // 2)
    )
    assert named > 1.2 * plain


def test_the_same_registry_gives_the_same_file_with_its_fonts_as_subsets():
    labels = stall_labels(market(2))
    data = label_sheets(labels)
    assert data == label_sheets(labels)
    assert len(data) < 100_000 and b"NotoSansCJK" in data


def test_what_cannot_be_printed_is_refused(monkeypatch):
    with pytest.raises(BadLabels, match="0 labels"):
        label_sheets([])
    with pytest.raises(BadLabels, match="do not fit a QR code"):
        label_sheets([Label("x" * 5000, "1", (), "")])
    monkeypatch.setattr(label_sheet, "HAN", (Path("/none.ttc"),) * 2)
    with pytest.raises(BadLabels, match="fonts-noto-cjk"):
        label_sheets([Label("x", "1", (), "")])


def test_the_command_writes_the_sheets(tmp_path):
    shutil.copy(DEMO / "registry.toml", tmp_path / "registry.toml")
    config = tmp_path / "steelyard.toml"
    config.write_text(
        'registry = "registry.toml"\nweights = "w"\n[device]\nid = "D"\n'
        '[pan]\ndriver = "x"\ncalibration = "c"\n'
    )
    out = tmp_path / "labels.pdf"
    result = CliRunner().invoke(app, ["registry", "labels", str(out), "--config", str(config)])
    assert result.exit_code == 0, result.output
    assert "2 labels on 1 sheet of A4" in result.output
    assert codes(pages(out.read_bytes())[0]) == {
        "https://example.org/steelyard/stall/12",
        "steelyard:stall:7",
    }
