"""Clauses for readers of Chinese: numbers as they are, titles where they are known, nothing made up."""

import re

import pytest

from firmware_app.procedures.law import Law
from firmware_app.rules.clauses import TITLES, in_chinese
from firmware_app.rules.pack import builtin_packs


def clauses(value):
    """Every clause of a pack, wherever it stands in it."""
    if hasattr(value, "clause"):
        yield value.clause
    for name in getattr(value, "__struct_fields__", ()):
        yield from clauses(getattr(value, name))
    if isinstance(value, (tuple, list)):
        for each in value:
            yield from clauses(each)


EVERY = sorted({clause for pack in builtin_packs() for clause in clauses(pack)})


@pytest.mark.parametrize(
    ("clause", "chinese"),
    [
        ("OIML R 76-1:2006 Table 6", "OIML R 76-1:2006 表 6"),
        ("OIML R 76-1:2006 A.4.4.3: small weights of about 0.1 e", "OIML R 76-1:2006 A.4.4.3 闪变点"),
        (
            "OIML R 76-1:2006 3.8, A.4.8.2 (digital indication, extra load in d)",
            "OIML R 76-1:2006 3.8、A.4.8.2",
        ),
        ("JJG 539-2016 clause 6 (general technical requirements)", "JJG 539-2016 第 6 条 通用技术要求"),
        ("JJG 539-2016, eccentric load (clause number not read)", "JJG 539-2016 偏载（条号未核对）"),
        # The gloss has no Chinese name that anybody has read: the text and the doubt stay, the gloss goes.
        (
            "JJG 539-2016, finding out whether zero is tracked (clause number not read)",
            "JJG 539-2016（条号未核对）",
        ),
        ("Order 66 (2004), art. 6 (2) 高准确度核称法", "第 66 号令（2004） 第 6 条（2） 高准确度核称法"),
        ("Order 66 (2004), arts. 2 and 5", "第 66 号令（2004） 第 2、5 条"),
        ("SAMR Order 94 (2024) (article not read)", "第 94 号令（2024）（条号未核对）"),
        ("Order 70 (2023), annex 3, note", "第 70 号令（2023） 附件 3 注"),
        ("计量法 art. 3", "计量法 第 3 条"),
        (
            "OIML R 76-1:2006 Table 6; JJG 1204-2025 电子计价秤 (price-computing scales, Max up to 100 kg); "
            "its limits are not in this pack",
            "OIML R 76-1:2006 表 6；JJG 1204-2025 电子计价秤；其限值未收录",
        ),
        ("something that nobody knows", "something that nobody knows"),
        ("", ""),
    ],
)
def test_a_clause_as_chinese_texts_are_cited(clause, chinese):
    assert in_chinese(clause) == chinese


def test_there_are_clauses_to_try():
    assert len(EVERY) > 50


@pytest.mark.parametrize("clause", EVERY)
def test_no_text_no_number_and_no_doubt_of_a_pack_is_lost(clause):
    shown = in_chinese(clause)
    texts = r"(?:JJG|JJF|GB) [0-9]+(?:\.[0-9]+)?-[0-9]{4}|OIML R [0-9-]+:[0-9]{4}"
    for text in re.findall(texts, clause):
        assert text in shown
    head = clause.split(":", 2)[0] if not clause.startswith("OIML") else clause
    for number in re.findall(r"(?:Table|annex|clause|art\.) ([0-9]+)", head):
        assert re.search(rf"\b{number}\b", shown)
    assert ("（条号未核对）" in shown) == bool(re.search(r"(number|clause|article|seal) not read\)", clause))


@pytest.mark.parametrize("clause", EVERY)
def test_no_english_sentence_is_left_of_what_the_appliance_judges_scales_by(clause):
    if clause.startswith(("JJG", "JJF", "OIML", "Order", "SAMR")):
        left = re.sub(r"JJG|JJF|OIML R|\b[A-Z]\.[0-9]", "", in_chinese(clause).split("；")[0])
        assert not re.search(r"[A-Za-z]{2}", left)


def test_a_title_stands_before_any_that_it_holds():
    words = list(TITLES)
    for place, longer in enumerate(words):
        assert not any(shorter in longer for shorter in words[:place])


@pytest.mark.parametrize(("language", "shown"), [("en", "Table 6"), ("zh", "表 6"), ("bo", "表 6")])
def test_a_screen_has_it_in_its_language(language, shown):
    law = Law("jjg539-2016", "2", "", "OIML R 76-1:2006 Table 6", "confirmed")
    assert law.clause_in(language) == f"OIML R 76-1:2006 {shown}"
