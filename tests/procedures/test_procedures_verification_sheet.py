"""The record sheet: one page of A4, fonts embedded, every figure on it, the same bytes each time."""

import hashlib
import io
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pypdf
import pypdfium2
import pytest
from examiner import LARGE, SMALL, Bench, Examiner, registry_of, weights
from typer.testing import CliRunner

from firmware_app import qr
from firmware_app.cli.main import app
from firmware_app.ledger.clock import Stamp
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.home import open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.ledger.slip.claim import make_slip
from firmware_app.procedures.events import FigureTyped, Picked
from firmware_app.procedures.verification.sheet import layout, page, rows, words

KEY = SoftwareKey(b"\x07" * 32)
AT = Stamp(at="2026-11-23T10:15:00.000+08:00", clock="synchronised", boot="boot", uptime_ns=1)
A4 = (595.28, 841.89)
"""Points."""
RESOLUTION = 6
"""Pixels a point when a sheet is drawn to be looked at."""


def entry_of(body, kind="verification"):
    return make_entry(
        KEY, device="tz-01", seq=41, prev="0" * 64, stamp=AT, software="a" * 64, kind=kind, body=body
    )


def body_of(examiner: Examiner):
    examiner.run()
    return examiner.visit.outcome.body


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    return re.sub(r"\s", "", document[0].get_textpage().get_text_range())


@pytest.fixture(scope="module")
def honest():
    return entry_of(body_of(Examiner()))


@pytest.fixture(scope="module")
def sheet(honest) -> bytes:
    return page.record_sheet(honest, f"https://county.example/slip#{make_slip(KEY, honest)}")


def fullest() -> Examiner:
    """All there can be: three ranges, twelve supports, every code of 2027, goods for weights, all twice."""

    def answer(examiner, asked):
        state = examiner.visit.state
        if asked.key == "verif_scale" and len(state.ranges) < 2:
            most, e = (("3", "1"), ("6", "2"))[len(state.ranges)]
            examiner.tell(Picked("range"))
            examiner.tell(FigureTyped(most, "kg"))
            examiner.tell(FigureTyped(e, "g"))
            return True
        if asked.key == "verif_scale" and state.supports == 4:
            examiner.tell(Picked("supports"))
            examiner.tell(FigureTyped("12", ""))
            return True
        if asked.key == "verif_failed" and len(state.tries) < 110:
            examiner.tell(Picked("once_more"))
            return True
        return False

    few = LARGE.replace('{ nominal = "10 kg" }, ', "")
    long = "甘肃省天祝藏族自治县华藏寺镇衡器有限责任公司第二分厂"
    registry = registry_of(
        min_g=D(20), maker=long, model="ACS-15-JZ-电子计价秤-防作弊型", seal="TZ-2026-000123"
    )
    return Examiner(
        Bench("worn", e_g=1),
        answer=answer,
        registry=registry,
        weights=weights(few, SMALL),
        on=date(2027, 2, 1),
    )


# ------------------------------------------------------------------------------------------------- the page


def test_it_is_one_page_of_a4(sheet) -> None:
    (only,) = pypdf.PdfReader(io.BytesIO(sheet)).pages
    assert (float(only.mediabox.width), float(only.mediabox.height)) == pytest.approx(A4, abs=0.1)


def test_every_font_is_embedded_as_a_subset(sheet) -> None:
    (only,) = pypdf.PdfReader(io.BytesIO(sheet)).pages
    fonts = [font.get_object() for font in only["/Resources"]["/Font"].values()]
    assert len(fonts) == 2
    for font in fonts:
        (drawn,) = (each.get_object() for each in font["/DescendantFonts"])
        descriptor = drawn["/FontDescriptor"].get_object()
        assert "/FontFile3" in descriptor or "/FontFile2" in descriptor
        assert re.match(r"/[A-Z]{6}\+NotoSansCJKSC", font["/BaseFont"])
    assert len(sheet) < 400_000, "the whole font would be megabytes"


def test_the_words_of_a_certificate_are_not_on_it(sheet) -> None:
    text = text_of(sheet)
    assert "现场核查记录" in text and "不代替检定" in text
    assert not [word for word in ("检定合格", "合格", "检定证书", "校准证书") if word in text]


def test_every_figure_of_the_record_is_on_it_uncut(honest, sheet) -> None:
    text, body = text_of(sheet), honest.payload.body
    for name in layout.POINT_ITEMS:
        for row in rows.point_rows(body, name):
            assert re.sub(r"\s", "", "".join(row)) in text, row
    for row in (*rows.price_rows(body), *rows.discrimination_rows(body)):
        assert re.sub(r"\s", "", "".join(row)) in text, row
    for who in (body["by"], body["checker"]):
        assert who["name"] in text and who["number"] in text
    assert honest.hash in text and "第41条" in text
    for piece in body["weights"]:
        assert piece["certificate"] in text and piece["valid_to"] in text


def test_a_row_is_the_arithmetic_of_its_point() -> None:
    step = {
        "step": "up2",
        "direction": "up",
        "load_g": "1000",
        "indication_g": "1000",
        "added_g": "1.5",
        "p_g": "1001.0",
        "error_g": "1.0",
        "zero_g": "0.5",
        "corrected_g": "0.5",
        "limit_g": "5.0",
        "limit_initial_g": "2.5",
        "conclusion": "conforms",
    }
    body = {"ranges": [{"e_g": "5"}], "items": [{"item": "weighing", "steps": [step]}]}
    (row,) = rows.point_rows(body, "weighing")
    assert row == ("↑ 2", "1000", "1000", "1.5", "1001.0", "+1.0", "+0.5", "+0.5", "5/2.5", "√")


def test_the_code_in_the_corner_is_that_of_the_slip(honest, sheet) -> None:
    text = f"https://county.example/slip#{make_slip(KEY, honest)}"
    modules = qr.modules(text, "m")
    drawn = pypdfium2.PdfDocument(sheet)[0].render(scale=RESOLUTION).to_pil().convert("L")
    per_mm = RESOLUTION * 72 / 25.4
    side = layout.QR_MM / len(modules)
    for y, line in enumerate(modules):
        for x, dark in enumerate(line):
            at = (layout.RIGHT - layout.QR_MM + (x + 0.5) * side, layout.TOP + (y + 0.5) * side)
            assert (drawn.getpixel((int(at[0] * per_mm), int(at[1] * per_mm))) < 128) == bool(dark)


def test_the_fullest_examination_fits_one_page_of_type_that_can_be_read() -> None:
    examiner = fullest()
    body = body_of(examiner)
    entry = entry_of(body)
    sheet = page.record_sheet(entry, f"https://county.example/slip#{make_slip(KEY, entry)}")
    text = text_of(sheet)
    assert "支承12" in text and "替代" in text
    for name in layout.POINT_ITEMS:
        for row in rows.point_rows(body, name):
            assert re.sub(r"\s", "", "".join(row)) in text, row


def test_a_scale_that_does_not_even_indicate_has_a_sheet_too() -> None:
    text = text_of(page.record_sheet(entry_of(body_of(Examiner(Bench("multiplier"))))))
    assert "不符合：有项目不符合，建议送检" in text and "无示值" in text


def test_an_examination_that_was_hardly_begun_has_a_sheet() -> None:
    examiner = Examiner(weights=())
    text = text_of(page.record_sheet(entry_of(body_of(examiner))))
    assert "砝码不足" in text and "需复核" in text


def test_every_code_of_a_record_has_its_words() -> None:
    from firmware_app.procedures.verification.items import Item, LeftOut
    from firmware_app.rules.checklists import check_items
    from firmware_app.rules.mpe import Instrument
    from firmware_app.rules.rows import Stage
    from firmware_app.uncertainty.decision import Verdict

    scale = Instrument(accuracy_class="III", max_g=D(15000), e_g=D(5), price_computing=True)
    looks = {look.item for on in (date(2026, 11, 1), date(2027, 2, 1)) for look in check_items(on, scale)}
    assert looks <= set(words.LOOKS)
    assert set(Item) <= set(words.ITEMS) and set(LeftOut) <= set(words.WHY_NOT)
    assert set(Stage) <= set(words.STAGES) and set(Verdict) <= set(words.WHOLE)


def test_an_entry_of_another_kind_has_no_sheet() -> None:
    with pytest.raises(page.BadSheet, match="only verification"):
        page.record_sheet(entry_of({"verdict": "conforms"}, kind="self_check"))


# ---------------------------------------------------------------------------------------------- the command


class Clock:
    boot = "b" * 8

    def now(self):
        return datetime(2026, 11, 23, 2, 15, tzinfo=UTC)

    def quality(self):
        return "synchronised"

    def uptime_ns(self):
        return 1


@pytest.fixture(scope="module")
def data(tmp_path_factory, honest):
    folder = tmp_path_factory.mktemp("data")
    with open_ledger(folder, clock=Clock(), software="s" * 64, device="D-1") as ledger:
        ledger.append("verification", honest.payload.body, visit="v1")
    return folder


def called(*arguments) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["record-sheet", *map(str, arguments)])
    return result.exit_code, result.output


def test_the_command_makes_the_sheet_again_at_any_time(data, tmp_path) -> None:
    first, second = tmp_path / "a.pdf", tmp_path / "b.pdf"
    assert called(2, "--data", data, "--out", first)[0] == 0
    assert called(2, "--data", data, "--out", second, "--json")[0] == 0
    assert first.read_bytes() == second.read_bytes()
    assert "D-1第2条" in text_of(first.read_bytes())


def test_the_command_refuses_what_has_no_sheet(data) -> None:
    assert called(1, "--data", data)[0] == 1
    assert called(9, "--data", data)[0] == 1
    assert called(2, "--data", data, "--slip", "STEELYARD2:123")[0] == 2


def test_without_the_key_there_is_a_sheet_without_a_code(data, tmp_path) -> None:
    (data / "device.key").rename(data / "elsewhere.key")
    try:
        code, said = called(2, "--data", data, "--out", tmp_path / "c.pdf")
    finally:
        (data / "elsewhere.key").rename(data / "device.key")
    assert code == 0 and (tmp_path / "c.pdf").exists(), said


def test_the_command_says_which_photos_lie_there_as_they_were_taken(tmp_path) -> None:
    # given an entry that cites three photos: one lies there, one was changed since, one is gone
    jpegs = [b"one", b"two", b"three"]
    hashes = [hashlib.sha256(each).hexdigest() for each in jpegs]
    cited = [{"of": "", "sha256": each, "bytes": 3, "at": "", "clock": "battery"} for each in hashes]
    with open_ledger(tmp_path, clock=Clock(), software="s", device="D-1") as ledger:
        seq = ledger.append("verification", {**body_of(Examiner()), "camera": "still", "photos": cited}).seq
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / f"{hashes[0]}.jpg").write_bytes(b"one")
    (tmp_path / "photos" / f"{hashes[1]}.jpg").write_bytes(b"tow")
    out = tmp_path / "sheet.pdf"
    assert "photos: 1 of 3 lie in" in called(seq, "--data", tmp_path, "--out", out)[1].replace("\n", " ")
    told = json.loads(called(seq, "--data", tmp_path, "--out", out, "--json")[1])
    assert (told["photos"], told["photos_missing"]) == (3, hashes[1:])


def test_the_sheet_cites_count_and_hashes_of_photos_and_stays_one_page(honest) -> None:
    # given the fullest record there can be, with as many photos as there may be
    body = body_of(fullest())
    hashes = [f"{number:02x}" * 32 for number in range(0xA0, 0xA6)]
    cited = [{"of": "", "sha256": each, "bytes": 1, "at": "", "clock": "battery"} for each in hashes]
    pdf = page.record_sheet(
        entry_of({**body, "camera": "still", "photos": cited, "photos_failed": ["silent"]}), "x" * 300
    )
    text = text_of(pdf)
    assert "照片6张（另有1次未拍成）" in text
    assert all(each[: rows.HASH_SHOWN] in text for each in hashes)
    assert "照片无（本机没有摄像头）" in text_of(page.record_sheet(honest))


def test_a_record_from_before_photos_still_has_its_sheet(honest) -> None:
    body = {**honest.payload.body, "camera": "still"}
    del body["photos_failed"]
    assert rows.photo_words(body) == "未拍"
