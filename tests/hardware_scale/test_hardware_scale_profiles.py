"""Profiles: what makes one load, what refuses it, and the vectors of the shelf."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.scale.contract import Check, ProfileError
from hardware.scale.profile import (
    ASKED_TWICE,
    SHELF,
    Profile,
    Shelf,
    builtin_profiles,
    load_profile,
    read_profile,
)
from hardware.scale.schema import Shape

FILES = sorted(SHELF.glob("*.toml"))
SOUND = (SHELF / "yaohua-tf0.toml").read_text(encoding="utf-8")
FIRST_FIVE = {"yaohua-tf0", "and-st-gs", "mt-sics", "toledo-continuous", "cas-22"}


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    shelf = builtin_profiles()
    assert isinstance(shelf, Shelf)
    return shelf


def test_the_shelf_holds_the_first_five(shelf: Shelf) -> None:
    assert {info.id for info in shelf.list()} >= FIRST_FIVE


def test_an_unknown_id_names_the_nearest(shelf: Shelf) -> None:
    with pytest.raises(ProfileError, match="did you mean 'yaohua-tf0'"):
        shelf.decoder("yaohua-tf")


NO_WEIGHT = {"dingsong-ds822"}
"""Recognised frames of which no weight is made: what their fields mean is not known."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_house_style_of_every_profile(path: Path) -> None:
    """Every profile has sources, a vector that is refused, one with a value, and one for what has none."""
    file = load_profile(path).file
    assert path.read_text(encoding="utf-8").startswith("# ")
    assert file.sources
    assert any(vector.refused or vector.check is Check.BAD for vector in file.vector)
    assert any(vector.value is not None for vector in file.vector) != (file.id in NO_WEIGHT)
    speechless = not any(_without_number(shape) for shape in file.shape)
    assert speechless or any(vector.value is None and not vector.refused for vector in file.vector)
    if file.polled:
        assert file.command or file.id in {"dibal-98"}


def _without_number(shape: Shape) -> bool:
    """Whether a frame of this shape may be one without a weight."""
    facts = [shape.facts]
    for column in shape.column:
        facts += [*column.map.values(), *column.words.values()]
        facts += [each for table in column.bits.values() for each in table.values()]
    return any(each.overload or each.underload or each.out_of_range or each.error for each in facts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_no_capture_confirms_asks_twice(path: Path) -> None:
    info = load_profile(path).info
    assert info.asked_twice == info.title.endswith(ASKED_TWICE) == (info.confidence != "captured")


def test_the_shelf_reads_a_profile_when_it_is_asked_for() -> None:
    shelf = builtin_profiles()
    assert isinstance(shelf, Shelf)
    shelf.decoder("cas-22")
    assert list(shelf._profiles) == ["cas-22"]
    assert shelf.ids == sorted(path.stem for path in FILES)


def _vectors() -> list[tuple[str, str]]:
    return [(path.stem, vector.hex) for path in FILES for vector in load_profile(path).file.vector]


@pytest.mark.parametrize(("profile_id", "text"), _vectors())
def test_every_vector_decodes_byte_by_byte_too(shelf: Shelf, profile_id: str, text: str) -> None:
    raw = bytes.fromhex(text)
    whole, single = shelf.decoder(profile_id), shelf.decoder(profile_id)
    due = whole.feed(raw) + whole.finish()
    got = [each for byte in raw for each in single.feed(bytes([byte]))] + single.finish()
    assert got == due


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('value = "1560"', 'value = "1561"', "vector 1"),
        ('value = "20.00"', 'value = "20.0"', "vector 3"),
        ('raw_text = "001560"', 'raw_text = "1560"', "vector 1"),
        (
            'check = "ok"\n\n[[vector]]\nhex = "02 2B 30 30 31 36',
            'stable = true\n[[vector]]\nhex = "02 2B 30 30 31 36',
            "vector 1",
        ),
        ("polled = false", "poled = false", "unknown key 'poled'; did you mean 'polled'"),
        ('form = "digits"', 'forms = "digits"', "column 3: unknown key 'forms'; did you mean 'form'"),
        ("decimals = 2", "decimal = 2", "map '2': unknown key 'decimal'; did you mean 'decimals'"),
        ('kind = "xor-hex"', 'kind = "xor-hx"', "did you mean 'xor-hex'"),
        ('start = ["02"]', "start = []", "needs 'start'"),
        ("length = 12", "length = 13", "ends at 12"),
        ("length = 12", "length = 12\nlongest = 20", "no use for 'longest'"),
        ("from = 3, to = 8", "from = 3, to = 7", "the next byte to be told of is 8"),
        ("from = 10, to = 11", "from = 10, to = 10", "the next byte"),
        ("from = 2\nto = 9", "from = 2\nto = 10", "covers columns in front of its own"),
        ('"+" = {}', '"++" = {}', "is not 1 bytes wide"),
        ('confidence = "captured"', 'confidence = "sure"', "confidence"),
        ('settings = ["8N1"]', 'settings = ["9N1"]', "settings"),
        ("refused = true", "refused = false", "must be one frame; 0 came out"),
        ('id = "yaohua-tf0"', 'id = "Yaohua"', "id"),
        ("id =", "id", "not TOML"),
        ("polled = false", "polled = " + "9" * 5000, "not TOML"),
        ("polled = false", "polled = " + "[" * 5000, "not TOML"),
        ('value = "1560"', 'value = "1560 kg"', "value"),
        ('value = "20.00"', 'value = "20.00"\ntare = "none"', "tare"),
    ],
)
def test_a_profile_that_is_wrong_does_not_load(old: str, new: str, complaint: str) -> None:
    assert old in SOUND
    with pytest.raises(ProfileError) as refusal:
        read_profile(SOUND.replace(old, new, 1))
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("bizerba-bcp", "width = 15", "from = 1, to = 15", "either 'width' or 'until'"),
        ("bizerba-bcp", 'until = "|"', 'until = "|", width = 3', "either 'width' or 'until'"),
        ("bizerba-bcp", "longest = 120", "longest = 300", "longest"),
        ("massa-100", "count = {", "in_phase = 9, count = {", "in_phase"),
        ("massa-100", 'kind = "counted"', 'kind = "length"', "needs 'length'"),
        ("massa-100", 'order = "little"', 'order = "middle"', "order"),
        ("massa-100", "from = 6, to = -3", "from = 6, to = -2", "vector 2"),
        ("massa-100", "from = 6, to = -3", "from = 6, to = 19", "covers columns in front of its own"),
        ("massa-100", '"integer-little" }', '"integer-middle" }', "form"),
        (
            "cas-pd2",
            'framing = { kind = "length", start = ["06 01 02"], length = 16 }',
            "",
            "ends at 16",
        ),
        (
            "qz-a-frame",
            "column = [",
            'check = { kind = "bcc", from = 1, to = 2 }\ncolumn = [',
            "a framing of its own",
        ),
        ("acs-p215", ", decimals = 3", "", "needs 'decimals', or a column that states it"),
        ("acs-p215", 'equals = ["\\r "]', 'equals = ["\\r "], solid = true', "has no use for 'solid'"),
        ("dibal-98", 'alphabet = "0123456789"', 'alphabet = "０"', "a character that is no byte"),
        ("ohaus-3000", 'meaning = "unit"', 'meaning = "unit", equals = ["kg"]', "has no use for 'equals'"),
        ("ohaus-3000", 'kind = "terminator", end = "0D 0A"', 'kind = "gap"', "needs 'gap_ms'"),
        ("cas-22", 'keep = "lamp"', 'keep = "Lamp byte"', "keep"),
        ("cas-22", 'lamp = "C5"', 'lamp = "C4"', "vector 1"),
        (
            "tscale-con3",
            'extra = { status = "1" }',
            "extra = { " + ", ".join(f'x{n} = "1"' for n in range(8)) + " }",
            "keeps 9 facts of its own: 8 at most",
        ),
        ("toledo-8217", 'meaning = "weight"', 'meaning = "words"', "needs 'words'"),
    ],
)
def test_a_profile_of_the_newer_kinds_that_is_wrong_does_not_load(
    name: str, old: str, new: str, complaint: str
) -> None:
    text = (SHELF / f"{name}.toml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ProfileError) as refusal:
        read_profile(text.replace(old, new, 1))
    assert complaint in str(refusal.value)


GAP = """
id = "quiet"
version = "1"
title = "made for a test: neither start nor end, silence separates"
confidence = "code"
sources = ["test"]
polled = false
line = { baud_rates = [9600], settings = ["8N1"] }
framing = { kind = "gap", gap_ms = 5, longest = 12 }
[[shape]]
name = "weight"
column = [
  { name = "digits", until = "k", meaning = "weight", form = "decimal" },
  { name = "unit", width = 2, meaning = "unit" },
]
[[vector]]
hex = "31 2E 35 6B 67"
source = "test"
value = "1.5"
unit = "kg"
"""


def test_a_profile_may_cut_by_silence() -> None:
    """Given two frames with nothing between but 5 ms, when the time passes, then both are read."""
    decoder = read_profile(GAP).decoder()
    got = decoder.feed(b"1.5kg", 0) + decoder.feed(b"2.5", 5_000_000) + decoder.feed(b"kg", 6_000_000)
    got += decoder.feed(b"", 11_000_000)
    assert [(str(one.value), one.at, one.last_ns) for one in got] == [("1.5", 0, 0), ("2.5", 5, 6_000_000)]


def test_a_vector_that_must_be_refused_and_is_not_stops_the_profile() -> None:
    more = '\n[[vector]]\nhex = "02 2B 30 30 31 35 36 30 30 31 39 03"\nsource = "test"\nrefused = true\n'
    with pytest.raises(ProfileError, match="must be refused"):
        read_profile(SOUND + more)


def test_a_profile_is_named_after_its_id(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(SOUND, encoding="utf-8")
    with pytest.raises(ProfileError, match=r"name the file yaohua-tf0\.toml"):
        load_profile(path)


def test_no_profile_stands_on_a_shelf_twice() -> None:
    profile: Profile = read_profile(SOUND)
    with pytest.raises(ProfileError, match="twice"):
        Shelf([profile, profile])


# The numbers nobody may read as weights.

BALANCE = """
id = "and-standard"
version = "1"
title = "A&D balances, standard format"
confidence = "manual"
sources = ["A&D GX-300 manual p.46"]
polled = false
[line]
baud_rates = [2400]
settings = ["7E1"]
[framing]
kind = "end"
start = ["53 54 2C", "4F 4C 2C"]
end = "0D 0A"
longest = 24
[[shape]]
name = "weight"
column = [
  { name = "header", from = 1, to = 2, meaning = "map", map = { "ST" = {}, "OL" = { out_of_range = true } } },
  { name = "comma", from = 3, meaning = "fixed", equals = [","] },
  { name = "digits", from = 4, to = 12, meaning = "weight", form = "decimal" },
  { name = "unit", from = 13, to = 15, meaning = "map", map = { "  g" = { unit = "g" }, "+19" = {} } },
  { name = "CR LF", from = 16, to = 17, meaning = "fixed", equals = ["\\r\\n"] },
]
[[vector]]
hex = "53 54 2C 2B 30 30 30 30 31 2E 32 37 20 20 67 0D 0A"
source = "manual: ST,+00001.27  g"
value = "1.27"
unit = "g"
[[vector]]
hex = "4F 4C 2C 2B 39 39 39 39 39 39 39 45 2B 31 39 0D 0A"
source = "manual: OL,+9999999E+19"
overload = true
"""


@pytest.mark.parametrize(
    ("line", "overload"),
    [(b"OL,+9999999E+19\r\n", True), (b"OL,-9999999E+19\r\n", False)],
)
def test_ten_to_the_nineteenth_is_an_overload_and_no_number(line: bytes, overload: bool) -> None:
    decoder = read_profile(BALANCE).decoder()
    (got,) = decoder.feed(line)
    assert (got.value, got.raw_text, got.tare) == (None, "", None)
    assert (got.overload, got.underload) == (overload, not overload)


def test_an_exponent_without_the_overload_header_is_no_frame() -> None:
    decoder = read_profile(BALANCE).decoder()
    assert decoder.feed(b"ST,+9999999E+19\r\n") + decoder.finish() == []


@pytest.mark.parametrize(
    "digits", [b"    ~~~~", b"--------", b"1 2.3456", b"  1.2.3 ", b"        ", b" 1,2.3  "]
)
@pytest.mark.parametrize("head", [b"ST", b"US"])
def test_what_is_no_number_is_no_frame(shelf: Shelf, head: bytes, digits: bytes) -> None:
    decoder = shelf.decoder("cas-22")
    assert decoder.feed(head + b",GS,\x00\xc5," + digits + b" kg\r\n") + decoder.finish() == []


def test_a_decimal_comma_is_a_point(shelf: Shelf) -> None:
    (got,) = shelf.decoder("and-st-gs").feed(b"ST,GS,+  1,250kg\r\n")
    assert (str(got.value), got.raw_text) == ("1.250", "+  1,250")
