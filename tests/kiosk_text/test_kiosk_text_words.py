"""The three tables of words: whole, alike, drawable, and never claiming what only the authority may say."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
import uharfbuzz as hb
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.ledger.clock import ClockQuality
from firmware_app.procedures.prompts import Problem, Source, Way
from firmware_app.rules.rows import Confidence
from firmware_app.uncertainty.decision import Verdict
from firmware_app.upload.outcome import Trouble
from firmware_app.weighing.reading import WhyNot
from hardware.loadcell.contract import Fault
from kiosk.language.catalogue import (
    LANGUAGES,
    NAMES,
    BadCatalogue,
    Entry,
    Language,
    MissingWords,
    parse,
    shipped_table,
)
from kiosk.language.figures import clock_time, in_unit, mass
from kiosk.language.pseudo import lengthened
from kiosk.text.breaking import break_lines, graphemes, opportunities
from kiosk.text.fonts import ASCENT, DESCENT, Face, FontBroken, FontMissing, find_fonts, sc_face
from kiosk.text.runs import runs

ROOT = Path(__file__).parents[2]
TABLES = {lang: shipped_table(lang) for lang in LANGUAGES}
TEXTS = [
    (lang, key, words)
    for lang, table in TABLES.items()
    for key, entry in table.items()
    for words in (entry.other, entry.one)
    if words
]


@pytest.fixture(scope="module")
def language() -> Language:
    return Language.shipped(strict=True)


# -------------------------------------------------------------------------------------------- whole


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_the_same_keys_and_parameters(lang: str) -> None:
    assert TABLES[lang].keys() == TABLES["en"].keys()
    different = [key for key, entry in TABLES[lang].items() if entry.params != TABLES["en"][key].params]
    assert not different


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("fault", Fault),
        ("fault_remedy", Fault),
        ("why_not", WhyNot),
        ("problem", Problem),
        ("way", Way),
        ("way_hint", Way),
        ("source", Source),
        ("verdict", Verdict),
        ("verdict_short", Verdict),
        ("verdict_hint", Verdict),
        ("next_step", ("more_loads", "change_point", "send_for_verification")),
        ("reason", ("reference_not_capable", "weights_not_usable", "no_rules", "beyond_max", "scale_data")),
        ("way_why_not", ("no_weights", "weights_expired", "weights_unfit", "no_rules", "scale_data")),
        ("way_why_not", ("no_pan", "pan_fault", "pan_unfit", "pan_too_small")),
        ("reason", ("pan_unfit", "changed_after_settling")),
        ("part_problem", ("unfit",)),
        ("not_saved_reason", ("disk_full", "read_only", "io_error", "busy", "damaged")),
        ("county_problem", Trouble),
        ("confidence", Confidence),
        ("clock", ClockQuality),
        ("part_name", ("sampler", "core", "uploader", "county", "kiosk")),
    ],
)
def test_every_code_has_words_and_so_has_an_unknown_one(
    language: Language, family: str, codes: tuple[str, ...]
) -> None:
    for lang in LANGUAGES:
        for code in codes:
            assert language.has(f"{family}.{code}", lang)
            assert language.say_code(family, code, lang) == TABLES[lang][f"{family}.{code}"].other
        assert language.say_code(family, "never_heard_of", lang)


def test_every_key_that_a_view_says_has_words() -> None:
    views = "".join(path.read_text("utf-8") for path in (ROOT / "kiosk" / "view").glob("*.py"))
    said = set(re.findall(r'\bsay\(\s*"([a-z_.]+)"', views))
    assert said, "the views say nothing: has the way of saying changed?"
    assert not said - TABLES["en"].keys()
    families = set(re.findall(r'\bsay\.code\(\s*"([a-z_]+)"', views))
    assert not {family for family in families if f"{family}.other" not in TABLES["en"]}


def test_an_unknown_code_is_named_where_it_helps(language: Language) -> None:
    assert language.say_code("not_saved_reason", "e42", "en") == "Reason: e42."


def test_faults_are_words_and_remedies_never_a_figure() -> None:
    for lang, key, words in TEXTS:
        if key.startswith(("fault.", "fault_remedy.", "interrupted.")):
            assert not any(char.isdigit() for char in words), (lang, key)


def test_each_language_is_called_by_its_own_name_in_all() -> None:
    for lang in LANGUAGES:
        assert {code: TABLES[lang][f"language.{code}"].other for code in LANGUAGES} == NAMES


def test_verdicts_are_those_agreed(language: Language) -> None:
    assert [language.translate(f"verdict.{verdict}", "zh") for verdict in Verdict] == [
        "符合",
        "不符合（建议送检）",
        "需复核",
        "无法判定",
    ]


# ------------------------------------------------------------------------------------------ wording

FORBIDDEN = re.compile(
    r"检定合格|合格|证书|检定印|公章|certif|approved|legally verified|ལག་འཁྱེར|དཔང་ཡིག", re.IGNORECASE
)
SEAL = re.compile(r"铅封|印章|\bseal|དམ་རྟགས|ཐེལ་ཙེ", re.IGNORECASE)
LOCAL_UNITS = re.compile(r"斤|两(?![个次])|རྒྱ་མ་གང")


def test_nothing_claims_to_be_a_verification_or_a_certificate() -> None:
    assert not [text for text in TEXTS if FORBIDDEN.search(text[2])]


def test_a_seal_is_only_named_as_a_field_of_the_card() -> None:
    named = {key for _, key, words in TEXTS if SEAL.search(words)}
    assert named == {"scale_card.seal", "reminder.seal_missing", "fact_value.verif_seal"}


def test_only_legal_units_are_named() -> None:
    assert not [text for text in TEXTS if text[0] == "zh" and LOCAL_UNITS.search(text[2])]


def test_sentences_are_short() -> None:
    limit = {"zh": 24, "en": 64, "bo": 72}
    for lang, key, words in TEXTS:
        for sentence in re.split(r"[。？！.?!]\s*|།\s*", re.sub(r"\{[a-z_]+\}", "0", words)):
            assert len(sentence) <= limit[lang], (lang, key, sentence)


def test_chinese_uses_chinese_marks() -> None:
    assert not [text for text in TEXTS if text[0] == "zh" and re.search(r"[一-鿿] ?[,.:;?!()]", text[2])]


# --------------------------------------------------------------------------------- Tibetan spelling


@pytest.mark.parametrize(("key", "words"), [(key, words) for lang, key, words in TEXTS if lang == "bo"])
def test_tibetan_is_written_by_the_rules(key: str, words: str) -> None:
    assert unicodedata.normalize("NFC", words) == words
    # A tsheg stands before a shad only after ང, and always there.
    assert not re.search("(?<!ང)་།", words), words
    assert not re.search("ང།", words), words
    # After ག and ཀ the shad is left out.
    assert not re.search("[གཀ]།", words), words
    # No tsheg twice, none at the end, none before a space unless a figure or name follows it.
    assert not re.search("་་|་$|་ (?![{0-9A-Za-z±])", words), words
    # Marks follow a letter.
    assert not re.search("(^|[་། ])[ཱ-྄ྐ-ྼ]", words), words


def test_the_tibetan_table_says_that_it_awaits_a_native_reader() -> None:
    from importlib.resources import files

    assert (
        "Awaiting review" in (files("kiosk.language") / "bo.toml").read_text("utf-8").split("[language]")[0]
    )


# --------------------------------------------------------------------------------------- drawable


@pytest.mark.parametrize("bold", [False, True])
def test_every_character_has_a_glyph_in_the_font_that_draws_it(bold: bool) -> None:
    fonts = find_fonts()
    known = {face: TTFont(fonts.path(face, bold), lazy=True).getBestCmap() for face in Face}
    lacking = {
        (run.face, char)
        for lang, _, words in TEXTS
        for run in runs(words, lang)
        for char in run.text
        if ord(char) not in known[run.face]
    }
    assert not lacking


@pytest.mark.parametrize("bold", [False, True])
def test_no_stack_reaches_out_of_its_line(bold: bool) -> None:
    """Ink of every text lies in the room that its face has above and below the baseline."""
    fonts = find_fonts()
    shapers = {face: hb.Font(hb.Face(hb.Blob.from_file_path(fonts.path(face, bold)))) for face in Face}
    out = []
    for lang, key, words in TEXTS:
        for run in runs(words, lang):
            shaper = shapers[run.face]
            buffer = hb.Buffer()
            buffer.add_str(run.text)
            buffer.script, buffer.direction = run.script, "ltr"
            hb.shape(shaper, buffer)
            for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
                reach = shaper.get_glyph_extents(info.codepoint)
                top = (position.y_offset + reach.y_bearing) / shaper.face.upem
                bottom = (position.y_offset + reach.y_bearing + reach.height) / shaper.face.upem
                if top > ASCENT[run.face] or -bottom > DESCENT[run.face]:
                    out.append((lang, key, run.text, round(top, 3), round(bottom, 3)))
    assert not out


def test_a_stretched_language_is_longer_keeps_its_parameters_and_its_places_to_break() -> None:
    for lang, table in TABLES.items():
        longer = lengthened(table, lang)
        for key, entry in longer.items():
            assert entry.params == table[key].params
            assert len(entry.other) >= 1.3 * len(table[key].other) - 12
            for line in break_lines(entry.other, 12, len):
                assert len(line) <= 12 or not opportunities(line)


# ------------------------------------------------------------------------------------------- runs


def test_runs_take_figures_from_one_face_and_tell_tibetan_its_script() -> None:
    found = [(run.text, run.face, run.script) for run in runs("རྒྱ་མ་ 1.005\u00a0kg ཡིན། ±5", "bo")]
    assert found == [
        ("རྒྱ་མ་ ", Face.TIBETAN, "Tibt"),
        ("1.005\u00a0kg ", Face.HAN, "Latn"),
        ("ཡིན། ", Face.TIBETAN, "Tibt"),
        ("±", Face.LATIN, "Latn"),
        ("5", Face.HAN, "Latn"),
    ]


def test_runs_lose_nothing_that_is_seen() -> None:
    for lang, _, words in TEXTS:
        assert "".join(run.text for run in runs(words, lang)) == words
    assert runs("a\u200bb\u2060c", "en")[0].text == "abc"
    assert runs("5\u202fg", "en")[0].text == "5\u00a0g"


@given(
    st.text(st.sampled_from("直，“”…±≤−5kg. \u00a0\u0301བསྒྲུབས་།ཨོཾ\x00\u200b\t"), max_size=30),
    st.sampled_from(LANGUAGES),
)
def test_no_grapheme_is_cut_between_runs(text: str, lang: str) -> None:
    found = runs(text, lang)
    seen = "".join(run.text for run in found)
    assert seen == re.sub("[\x00\u200b]", "", text).replace("\t", " ")
    borders, at = set(), 0
    for run in found:
        borders.add(at)
        at += len(run.text)
    # A mark of one script on a letter of another is no text of either.
    strange = re.search("[^ཀ-ྼ][ཱ-྄ྐ-ྼ]|[ༀ-࿿]\u0301", " " + seen)
    assert strange or borders <= set(graphemes(seen))
    assert all((run.script == "Tibt") == (run.face is Face.TIBETAN) for run in found)


def test_quotes_are_wide_in_chinese_only() -> None:
    assert [run.face for run in runs("“a”", "zh")] == [Face.HAN] * 3
    assert [run.face for run in runs("“a”", "en")] == [Face.LATIN, Face.HAN, Face.LATIN]


def test_a_missing_font_names_its_package(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="install the package fonts-noto-cjk"):
        find_fonts(folder=tmp_path)


def test_a_collection_that_is_none_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.ttc").write_bytes(b"ttcf" + bytes(8))
    with pytest.raises(FontBroken, match="reinstall fonts-noto-cjk"):
        sc_face(tmp_path / "broken.ttc", tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("bold", [False, True])
def test_digits_and_minus_are_all_equally_wide(bold: bool) -> None:
    font = TTFont(find_fonts().path(Face.HAN, bold), lazy=True)
    cmap, widths = font.getBestCmap(), font["hmtx"]
    assert len({widths[cmap[ord(char)]][0] for char in "0123456789\u2212+"}) == 1


# -------------------------------------------------------------------------------------- the lookup


def test_parameters_are_put_in_and_one_has_its_own_form() -> None:
    words = Language(
        {
            lang: parse('[a]\nb = {one = "{count} second", other = "{count} seconds"}', lang)
            for lang in LANGUAGES
        },
        strict=True,
    )
    assert [words.translate("a.b", "en", count=count) for count in ("1", "2", "0")] == [
        "1 second",
        "2 seconds",
        "0 seconds",
    ]


def test_what_is_missing_raises_when_strict(language: Language) -> None:
    with pytest.raises(MissingWords, match=r"en: no\.such has no words"):
        language.translate("no.such", "en")
    with pytest.raises(MissingWords, match="needs mass"):
        language.translate("put_weights.title", "bo")


def test_what_is_missing_is_english_on_the_appliance_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    english = {"a.b": Entry("Put {mass}")}
    words = Language({"en": english, "zh": {}, "bo": {}})
    assert words.translate("a.b", "bo", mass="1 kg") == "Put 1 kg"
    assert words.translate("a.b", "bo") == "Put …"
    assert words.translate("a.{c}", "zh") == "a.{c}"
    words.translate("a.b", "bo", mass="1 kg")
    assert len(caplog.records) == 2
    assert words.say_code("a", "b", "zh", mass="x") == "Put x"


@pytest.mark.parametrize(
    "source",
    [
        'b = "outside"',
        '[a]\nb = ""',
        "[a]\nb = 5",
        '[a]\nb = "{x.y}"',
        '[a]\nb = "{0}"',
        '[a]\nb = "{x!r}"',
        '[a]\nb = "{x:>9}"',
        '[a]\nb = "{x"',
        '[a]\nb = {one = "x", other = "y"}',
        '[a]\nb = {one = "x"}',
        "[a",
        '[a]\nb = "x"\nb = "y"',
        "[a]\nb = " + "1" * 5000,
        "[a]\nb = " + "[" * 100_000,
        "[a]\nb = " + "{ c = " * 5000,
        "[a]\nb." + "c." * 2000 + "d = 'x'",
        "[a]\nb = 2026-02-30",
    ],
    ids=lambda source: source[:20],
)
def test_a_bad_table_is_refused(source: str) -> None:
    with pytest.raises(BadCatalogue, match=r"^en:"):
        parse(source, "en")


# ----------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("grams", "signed", "shown"),
    [
        ("1005", False, "1.005\u00a0kg"),
        ("1000.0", False, "1\u00a0kg"),
        ("999.5", False, "999.5\u00a0g"),
        ("0", False, "0\u00a0g"),
        ("0.00", True, "0\u00a0g"),
        ("-0.0", True, "0\u00a0g"),
        ("5", True, "+5\u00a0g"),
        ("-5.50", True, "\u22125.5\u00a0g"),
        ("-2500", False, "\u22122.5\u00a0kg"),
        ("100", False, "100\u00a0g"),
        ("1E+3", False, "1\u00a0kg"),
    ],
)
def test_masses(grams: str, signed: bool, shown: str) -> None:
    assert mass(grams, signed=signed) == shown


def test_figures_in_a_unit() -> None:
    assert in_unit("1005", "kg", places=3) == "1.005"
    assert in_unit("1000", "kg", places=3) == "1.000"
    assert in_unit("-0.4", "kg", places=3) == "0.000"
    assert in_unit("-0.6", "kg", places=3) == "\u22120.001"
    assert in_unit("12.30", "g") == "12.3"


@pytest.mark.parametrize("bad", ["", "x", "NaN", "Infinity", "1,5", "1.0 g"])
def test_no_figure_is_made_of_nonsense(bad: str) -> None:
    with pytest.raises(ValueError, match="number"):
        mass(bad)


def test_only_legal_units_are_shown() -> None:
    with pytest.raises(ValueError, match="only g and kg"):
        in_unit("500", "斤")


def test_clock_time() -> None:
    assert clock_time("2026-11-23T05:03:31+08:00") == "05:03"
