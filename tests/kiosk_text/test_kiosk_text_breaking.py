"""Line ends: a table of sentences from the screens, and properties over texts mixed at random."""

from __future__ import annotations

import re
import unicodedata

import pytest
import uharfbuzz as hb
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.text.breaking import break_lines, graphemes, opportunities
from kiosk.text.fonts import Face, find_fonts

NEVER_FIRST = set("。，、；：！？）》」』】％%,.;:!?)]}…·་།༎༔")
NEVER_LAST = set("（《「『【([{¥￥±≤≥")
TIBETAN_LETTER = re.compile("[\u0f40-\u0fbc]")


def columns(text: str) -> float:
    """Ideographs two columns, marks none, the rest one."""
    return sum(
        0 if unicodedata.category(char).startswith("M") else 2 if ord(char) >= 0x2E80 else 1 for char in text
    )


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        # Chinese: stops and closing marks stay with what they close, opening ones with what they open.
        ("请检查插头。", 10, ["请检查插", "头。"]),
        ("误差（允许）内", 6, ["误差", "（允", "许）内"]),
        ("他说“符合”了", 6, ["他说", "“符合”", "了"]),
        ("正在保存……", 9, ["正在保", "存……"]),
        # A number keeps its unit, its sign and its relation, whatever stands between them.
        ("误差是±20 g以内", 8, ["误差是", "±20 g以", "内"]),
        ("误差是±20\u00a0g以内", 8, ["误差是", "±20\u00a0g以", "内"]),
        ("Put 1.005 kg on it", 8, ["Put", "1.005 kg", "on it"]),
        ("error −5 g here", 9, ["error", "−5 g here"]),
        ("error -5 g here", 9, ["error", "-5 g here"]),
        ("limit ≤ 10 g now", 9, ["limit", "≤ 10 g", "now"]),
        ("Max 6 kg e = 2 g", 8, ["Max 6 kg", "e = 2 g"]),
        ("about 10 % more", 8, ["about", "10 %", "more"]),
        ("lead of 3 m only", 7, ["lead of", "3 m", "only"]),
        ("take 2 × 1 kg now", 9, ["take", "2 × 1 kg", "now"]),
        ("price 12.50 元/kg is", 12, ["price", "12.50 元/kg", "is"]),
        ("共5分钟完成", 6, ["共", "5分钟", "完成"]),
        ("请等 5 分钟再来", 8, ["请等", "5 分钟再", "来"]),
        ("第 3 次核查", 4, ["第 3 次", "核查"]),
        ("¥ 12.50 paid", 5, ["¥ 12.50", "paid"]),
        # Tibetan: after the tsheg, after the shad, never before either.
        ("ཁྱེད་ཀྱི་རྒྱ་མ།", 4, ["ཁྱེད་", "ཀྱི་རྒྱ་", "མ།"]),
        ("འདང་། ལྟོས།", 5, ["འདང་།", "ལྟོས།"]),
        ("ཡིན། །", 4, ["ཡིན། །"]),
        ("བརྟན་པོ། 1.5 kg ཡིན།", 6, ["བརྟན་པོ།", "1.5 kg", "ཡིན།"]),
        ("དུས\u0f0cཚོད་ལྟོས།", 3, ["དུས\u0f0cཚོད་", "ལྟོས།"]),
        # Latin: at spaces and after the hyphen of a compound, not in names and numbers.
        ("a self-check", 7, ["a self-", "check"]),
        ("don’t stop", 5, ["don’t", "stop"]),
        ('say "well done" now', 6, ["say", '"well', 'done"', "now"]),
        ("JJG 539-2016", 7, ["JJG", "539-2016"]),
        ("U(k=2) = 1 g", 7, ["U(k=2)", "= 1 g"]),
        # Line ends of the text are kept; nothing to break is never cut.
        ("one\ntwo three", 20, ["one", "two three"]),
        ("a\n\nb", 9, ["a", "", "b"]),
        ("", 9, [""]),
        ("unbreakable", 4, ["unbreakable"]),
        ("zero\u200bspace", 5, ["zero", "space"]),
        ("trailing   ", 99, ["trailing"]),
    ],
)
def test_sentences(text: str, width: float, lines: list[str]) -> None:
    assert break_lines(text, width, columns) == lines


def test_balance_evens_the_lines_without_adding_one() -> None:
    text = "请把同样的货物放在我们的秤盘上吧"
    greedy = break_lines(text, 24, columns)
    assert [columns(line) for line in greedy] == [24, 8]
    balanced = break_lines(text, 24, columns, balance=True)
    assert [columns(line) for line in balanced] == [16, 16]


# ------------------------------------------------------------------------------------------ properties

numbers = st.from_regex(r"[0-9]{1,4}([.,][0-9]{1,3})?", fullmatch=True)
gaps = st.sampled_from(["", " ", "\u00a0", "\u202f"])
quantities = st.builds(
    lambda relation, sign, number, gap, unit: f"{relation}{sign}{number}{gap}{unit}",
    st.sampled_from(["", "= ", "≤ ", "≥\u00a0", "U = "]),
    st.sampled_from(["", "±", "−", "+", "± ", "¥"]),
    numbers,
    gaps,
    st.sampled_from(
        ["g", "kg", "mg", "m", "s", "%", "％", "°C", "V", "克", "公斤", "千克", "元/kg", "元", "分钟", "次"]
    ),
)
han = st.text("请检查白色插头放在秤上显示骨直", min_size=1, max_size=6)
tibetan = st.lists(
    st.sampled_from(["ཁྱེད་", "ཀྱི་", "རྒྱ་", "བསྒྲུབས་", "ཨོཾ་", "འཛིན་", "ལྟོས།", "རོགས། ", "འདང་། །", "མ"]),
    min_size=1,
    max_size=5,
).map("".join)
latin = st.from_regex(r"[A-Za-z]{1,9}([’'-][a-z]{1,4})?", fullmatch=True)
marks = st.sampled_from(
    [*"。，、；：！？）》」（《「…—·,.;:!?()[]/%\"'“”’", " ", "  ", "\u00a0", "\n", "\u200b"]
)
clusters = st.sampled_from(
    ["e\u0301", "n\u0303\u0323", "👨\u200d👩\u200d👧", "👍🏽", "🇨🇳", "ཀྵྨྲྱ", "\u0f68\u0f7c\u0f7e", "木\ufe00"]
)
mixed = st.lists(st.one_of(han, tibetan, latin, marks, clusters, quantities, numbers), max_size=14).map(
    "".join
)
anything = st.one_of(mixed, st.text(max_size=60))
widths = st.integers(0, 40)


def joined(text: str) -> str:
    return re.sub("[ \t\u2002\u2003\u2009\u3000\u200b\n\r\u0085\u2028\u2029]", "", text)


@given(anything, widths, st.booleans())
def test_nothing_is_lost_or_added(text: str, width: int, balance: bool) -> None:
    lines = break_lines(text, width, columns, balance=balance)
    assert joined("".join(lines)) == joined(text)


@given(anything, widths)
def test_a_line_is_too_wide_only_where_it_cannot_be_broken(text: str, width: int) -> None:
    for line in break_lines(text, width, columns):
        assert columns(line) <= width or not opportunities(line)


@given(mixed, widths, st.booleans())
def test_no_line_starts_or_ends_with_what_must_not(text: str, width: int, balance: bool) -> None:
    for paragraph in text.split("\n"):
        lines = break_lines(paragraph, width, columns, balance=balance)
        for line in lines[1:]:
            assert line[:1] not in NEVER_FIRST, lines
        for line in lines[:-1]:
            assert line[-1:] not in NEVER_LAST, lines


@given(mixed, widths)
def test_a_tibetan_syllable_is_never_cut(text: str, width: int) -> None:
    for paragraph in text.split("\n"):
        at = opportunities(paragraph)
        for index in at:
            before, after = paragraph[index - 1], paragraph[index]
            assert not (TIBETAN_LETTER.match(before) and TIBETAN_LETTER.match(after)), paragraph
            assert after not in "་།"


@given(
    quantities,
    st.one_of(han, tibetan.map(lambda text: text + "་"), latin.map(lambda text: text + " ")),
    widths,
)
def test_a_quantity_stays_whole(quantity: str, before: str, width: int) -> None:
    for text in (f"{before}{quantity} 白色", f"{before}{quantity}，请", f"{before}（{quantity}）", quantity):
        assert any(quantity in line for line in break_lines(text, width, columns)), break_lines(
            text, 0, columns
        )


@pytest.fixture(scope="module")
def harfbuzz_font() -> hb.Font:
    return hb.Font(hb.Face(hb.Blob.from_file_path(find_fonts().path(Face.TIBETAN, False))))


# The scripts of the appliance: UAX #29 has exceptions for others (Thai, Hangul jamo) that are not ours.
ours = st.one_of(
    mixed,
    st.text(
        st.one_of(
            st.characters(min_codepoint=0x20, max_codepoint=0x36F, exclude_categories=["Cn", "Cc"]),
            st.characters(min_codepoint=0xF00, max_codepoint=0xFFF, exclude_categories=["Cn"]),
            st.characters(min_codepoint=0x2000, max_codepoint=0x303F, exclude_categories=["Cn", "Cf"]),
            st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        ),
        max_size=40,
    ),
)


@given(ours.filter(lambda text: text.strip() != ""))
@settings(max_examples=150)
def test_no_break_inside_what_harfbuzz_calls_a_grapheme(harfbuzz_font: hb.Font, text: str) -> None:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "ltr"
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_GRAPHEMES
    # Before shaping, clusters are set from Unicode alone; ligatures of the font would merge further.
    hb.shape(harfbuzz_font, buffer, {"liga": False, "clig": False, "ccmp": False})
    borders = {info.cluster for info in buffer.glyph_infos}
    assert set(opportunities(text)) <= borders | {len(text)}


@given(st.text(max_size=60))
def test_graphemes_begin_with_no_mark(text: str) -> None:
    starts = graphemes(text)
    assert starts == sorted(set(starts))
    assert not text or starts[0] == 0
    for start in starts[1:]:
        mark = unicodedata.category(text[start]) in ("Mn", "Me", "Mc")
        assert not mark or text[start - 1] in "\n\r\u2028\u2029"


@given(mixed, widths)
def test_balance_keeps_the_number_of_lines_and_widens_none(text: str, width: int) -> None:
    greedy = break_lines(text, width, columns)
    even = break_lines(text, width, columns, balance=True)
    assert len(even) == len(greedy)
    assert max(map(columns, even)) <= max(map(columns, greedy))


@pytest.mark.parametrize("width", range(4, 40))
def test_the_name_of_a_key_is_never_parted(width: int) -> None:
    lines = break_lines("请输入摊位号，再按“确定”。", width, columns)
    assert any("“确定”" in line for line in lines)
