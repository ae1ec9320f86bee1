"""The loader of files that people write: what it reads, and what it refuses in which words."""

import contextlib
import datetime
import enum
import json
import tomllib
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from firmware_app import settings_file
from firmware_app.errors import SteelyardError
from firmware_app.settings_file import BadSettings, Key, Mass, Read


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    x: Annotated[float, Meta(ge=-1, le=1, description="m")] = 0.0


class Circle(msgspec.Struct, frozen=True, tag_field="kind", tag="circle"):
    radius: float


class Square(msgspec.Struct, frozen=True, tag_field="kind", tag="square"):
    side: float


class Span(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    first: int
    last: int

    def __post_init__(self):
        if self.last < self.first:
            raise ValueError("to is before from")


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=9)]
    points: Annotated[tuple[Point, ...], Key("point")] = ()
    grid: list[list[int]] = []
    named: dict[str, Point] = {}
    shares: dict[str, Decimal] = {}
    options: dict[str, str | int | float | bool] = {}
    corner: Point | None = None
    span: Span | None = None
    shape: Circle | Square | None = None
    shapes: Annotated[tuple[Circle | Square, ...], Meta(max_length=2)] = ()
    colour: Colour | None = None
    weight_class: Annotated[Literal["", "M1", "M2"], Key("class"), Read(str.strip)] = ""
    weight_g: Annotated[Mass, Key("weight")] | None = None
    on: date | None = None
    copies: Annotated[int, Meta(ge=1)] = 1
    bold: bool = False


def parsed(text):
    return settings_file.parse(f"title = 'x'\n{text}".encode(), Drawing, "drawing.toml")


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("[[point]]\nname = 'a'\nx = 1", "points", (Point(name="a", x=1.0),)),
        ("point = [{name = 'a'}, {name = 'b'}]", "points", (Point(name="a"), Point(name="b"))),
        ("grid = [[1, 2], [], [3]]", "grid", [[1, 2], [], [3]]),
        ("[named.a]\nname = 'a'\n[named.b]\nname = 'b'", "named", {n: Point(name=n) for n in "ab"}),
        ("shares = {a = '0.10', b = 2}", "shares", {"a": Decimal("0.10"), "b": Decimal(2)}),
        ("options = {a = 'b', c = 1, d = 0.5, e = true}", "options", {"a": "b", "c": 1, "d": 0.5, "e": True}),
        ("corner = {name = 'c'}", "corner", Point(name="c")),
        ("span = {from = 1, to = 2}", "span", Span(1, 2)),
        ("shape = {kind = 'square', side = 2}", "shape", Square(2.0)),
        ("shapes = [{kind = 'circle', radius = 2}]", "shapes", (Circle(2.0),)),
        ("colour = 'red'", "colour", Colour.RED),
        ("class = ' M1 '", "weight_class", "M1"),
        ("weight = '1.5 kg'", "weight_g", Decimal(1500)),
        ("on = 2026-11-23", "on", date(2026, 11, 23)),
        ("bold = true", "bold", True),
    ],
)
def test_what_may_stand_in_a_file(text, field, value):
    read = parsed(text)

    assert getattr(read, field) == value
    untouched = set(read.__struct_fields__) - {field, "title"}
    assert all(getattr(read, each) == getattr(parsed(""), each) for each in untouched)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # unknown keys, at every depth
        ("colur = 1", "unknown key 'colur'; did you mean 'colour'? known: title, point, grid,"),
        ("zzzzz = 1", "unknown key 'zzzzz'; known: title, point, grid,"),
        ("points = []", "unknown key 'points'; did you mean 'point'?"),
        (
            "[corner]\nname = 'c'\nnaem = 'd'",
            "corner: unknown key 'naem'; did you mean 'name'? known: name, x",
        ),
        (
            "[[point]]\nname = 'a'\n[[point]]\nname = 'b'\ny = 1",
            "point 2 (b): unknown key 'y'; known: name, x",
        ),
        ("named.a = {nam = 'a'}", "named.a: unknown key 'nam'; did you mean 'name'?"),
        ("span = {first = 1, to = 2}", "span: unknown key 'first'; known: from, to"),
        ("shape = {kind = 'circle', side = 2}", "shape: unknown key 'side'; known: radius"),
        ("shapes = [{kind = 'circle', side = 2}]", "shapes 1: unknown key 'side'"),
        # missing keys
        ("[corner]\nx = 0", "corner.name is missing: give text in quotes"),
        ("[[point]]\nx = 0", "point 1: name is missing: give text in quotes"),
        ("span = {from = 1}", "span.to is missing: give a whole number"),
        ("shape = {side = 2}", "shape.kind is missing: give one of circle, square"),
        # wrong values, with what is wanted instead
        ("corner = {name = 'c', x = 2}", "corner.x = 2: give a number, -1 … 1 (m)"),
        ("[[point]]\nname = 'a'\nx = 'left'", 'point 1 (a): x = "left": give a number, -1 … 1 (m)'),
        ("corner = {name = 'c', x = nan}", "corner.x = NaN: give a number, -1 … 1 (m)"),
        ("options = {a = inf}", "options.a = Infinity: give text in quotes or a whole number or a number or"),
        ("options = {a = []}", "options.a = []: give text in quotes or"),
        ("shares = {a = 'NaN'}", 'shares.a = "NaN": give a number'),
        ("shares = {a = 'snan'}", 'shares.a = "snan": give a number'),
        ("shares = {a = 'half'}", 'shares.a = "half": give a number'),
        ("grid = [[1], [2, 'x']]", 'grid 2 2 = "x": give a whole number'),
        ("grid = [1]", "grid 1 = 1: give a list"),
        ("copies = 0", "copies = 0: give a whole number, at least 1"),
        ("copies = true", "copies = true: give a whole number"),
        ("bold = 1", "bold = 1: give true or false"),
        ("colour = 'green'", 'colour = "green": give one of red, blue'),
        ("class = 'M9'", 'class = "M9": give one of M1, M2'),
        ("class = 1", "class = 1: give one of M1, M2"),
        ("shape = {kind = 'cube'}", 'shape.kind = "cube": give one of circle, square'),
        ("shape = {kind = ['circle']}", 'shape.kind = ["circle"]: give one of circle, square'),
        ("shapes = [{kind = 'circle', radius = 'r'}]", 'shapes 1: radius = "r": give a number'),
        ("weight = 5", "weight = 5: give text in quotes (a mass with its unit, such as 15 kg)"),
        ("weight = '5'", "weight: '5' is not a mass: give a number and a unit"),
        ("weight = '0 g'", "weight: '0 g' must be above zero"),
        ("on = 'soon'", 'on = "soon": give a date such as 2027-10-31'),
        ("on = '2026-11-23'", "give a date such as"),
        ("on = 2026-11-23T00:00:00", "on = 2026-11-23 00:00:00: give a date such as"),
        # wrong shapes
        ("[point]\nname = 'a'", "give a list of tables, each under its own [[point]]"),
        ("point = [1]", "point 1 = 1: give a table"),
        ("corner = 'c'", 'corner = "c": give a table'),
        ("named = [1]", "named = [1]: give a table"),
        ("shape = 1", "shape = 1: give a table"),
        (
            "shapes = [" + "{kind = 'circle', radius = 1}," * 3 + "]",
            "give a list of tables, at most 2 entries",
        ),
        # what no single key can say
        ("span = {from = 2, to = 1}", "span: to is before from"),
        # a long value is not repeated in full
        (f"colour = '{'x' * 99}'", f'colour = "{"x" * 59}…: give one of red, blue'),
    ],
)
def test_what_is_refused_and_in_which_words(text, words):
    with pytest.raises(BadSettings) as refused:
        parsed(text)

    assert str(refused.value).startswith("drawing.toml: ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"title\n", "not a TOML file: .*line 1"),
        (b"title = '\xff'", "not UTF-8 text: .*0xff"),
        (b"title = 'x'\non = 2026-02-30", "not a TOML file: Invalid date"),
        (b"title = " + b"1" * 5000, "not a TOML file: .*4300 digits"),
        (b"grid = " + b"[" * 100_000, "not a TOML file: .*recursion"),
        (b"", "title is missing: give text in quotes, 1 … 9 characters"),
        (b"title = ''", 'title = "": give text in quotes, 1 … 9 characters'),
        (b"title = 'x'#" + b"x" * 10_000, "more than 10000 bytes"),
    ],
    ids=lambda text: str(text[:20]),
)
def test_bytes_that_are_no_such_file(data, words):
    with pytest.raises(BadSettings, match=f"^f: {words}"):
        settings_file.parse(data, Drawing, "f", most=10_000 if b"#" in data else settings_file.MAX_BYTES)


def test_keys_nested_beyond_all_measure_are_refused():
    with pytest.raises(BadSettings):
        parsed(f"options.{'a.' * 2_000}a = 1")


def test_the_caller_chooses_what_is_raised():
    class BadDrawing(SteelyardError):
        pass

    for data in (b"title = 1", b"title", b"\xff", b"#" * 20):
        with pytest.raises(BadDrawing, match=r"^here: "):
            settings_file.parse(data, Drawing, "here", BadDrawing, most=10)


def test_a_file_is_read_no_further_than_one_byte_too_many(tmp_path):
    path = tmp_path / "f.toml"
    path.write_bytes(b"#" * 100)

    assert len(settings_file.read(path, most=10)) == 11
    assert len(settings_file.read(path)) == 100
    with pytest.raises(FileNotFoundError):
        settings_file.read(tmp_path / "none.toml")


def test_the_unit_of_a_key_is_known():
    assert settings_file.described(Point, "x") == "m"
    assert settings_file.described(Point, "name") == ""
    assert settings_file.described(Drawing, "weight") == "a mass with its unit, such as 15 kg"


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_read_or_be_refused(data):
    with contextlib.suppress(BadSettings):
        settings_file.parse(data, Drawing, "f")


# --- Given any tree at all, what msgspec alone accepts is accepted, as the same facts, and nothing else.


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    a: Annotated[int, Meta(ge=0)]
    b: str | bool = True


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    a: tuple[Leaf, ...] = ()
    b: dict[str, Leaf] = {}
    c: Leaf | None = None
    d: list[dict[str, tuple[float, ...]]] = []


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value) if isinstance(value, str | bool) else str(value)


KEYS = st.sampled_from("abcde")
LEAVES = st.integers(-1, 3) | st.booleans() | st.just("x") | st.just(0.5) | st.just(date(2026, 1, 1))
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
LIKELY_LEAF = st.fixed_dictionaries({"a": st.integers(-1, 9)}, optional={"b": LEAVES, "e": LEAVES})
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "a": st.lists(LIKELY_LEAF, max_size=2),
        "b": st.dictionaries(KEYS, LIKELY_LEAF, max_size=2),
        "c": LIKELY_LEAF | ANYTHING,
        "d": st.lists(st.dictionaries(KEYS, st.lists(LEAVES, max_size=2), max_size=2), max_size=2),
    },
)


@given(LIKELY | st.dictionaries(KEYS, ANYTHING, max_size=4))
def test_what_msgspec_accepts_is_accepted_and_nothing_else(tree):
    text = "\n".join(f"{key} = {toml(value)}" for key, value in tree.items())
    assert tomllib.loads(text) == tree
    try:
        wanted = msgspec.convert(tree, Tree, builtin_types=(datetime.date,))
    except msgspec.ValidationError:
        with pytest.raises(BadSettings):
            settings_file.parse(text.encode(), Tree, "f")
    else:
        assert settings_file.parse(text.encode(), Tree, "f") == wanted
