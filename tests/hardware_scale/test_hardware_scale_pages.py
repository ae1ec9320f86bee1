"""The pages of docs/protocols are what the profiles say."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hardware.scale.contract import ProfileError
from hardware.scale.pages import BEGIN, END, PAGES, drawn, page_of, pages
from hardware.scale.profile import SHELF, Shelf, builtin_profiles, read_profile

FILES = sorted(SHELF.glob("*.toml"))
BOOKS = builtin_profiles()
assert isinstance(BOOKS, Shelf)
WRITTEN = pages(BOOKS, (PAGES / "README.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_page_is_up_to_date(name: str) -> None:
    page = PAGES / name
    assert page.is_file(), "run python -m hardware.scale.pages"
    assert page.read_text(encoding="utf-8") == WRITTEN[name], "run python -m hardware.scale.pages"


def test_there_is_no_page_without_a_profile() -> None:
    assert {page.name for page in PAGES.glob("*.md")} == set(WRITTEN)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_page_tells_every_column_vector_and_source(path: Path) -> None:
    page, file = page_of(BOOKS.profile(path.stem)), BOOKS.profile(path.stem).file
    assert page.count("## Shape: ") == len(file.shape)
    for shape in file.shape:
        assert all(column.name in page for column in shape.column)
    assert all(vector.hex[:60] in page for vector in file.vector)
    assert all(source in page for source in file.sources)


def test_the_worked_example_of_the_readme_is_the_profile_that_came_of_it() -> None:
    """Given the example of the README, when its two mistakes are put right, then it is the profile."""
    readme = (PAGES / "README.md").read_text(encoding="utf-8")
    text = readme.partition("```toml\n")[2].partition("```")[0]
    shown = tomllib.loads(text.replace('"gros"', '"gross"'))
    whole = tomllib.loads((SHELF / "brecknell-wi110.toml").read_text(encoding="utf-8"))
    shown["shape"][0]["column"].insert(3, {"name": "blank", "from": 9, "meaning": "fixed", "equals": [" "]})
    assert shown["vector"] == whole["vector"][:1]
    assert {**shown, "vector": whole["vector"]} == whole


def test_the_worked_example_still_goes_as_it_is_told() -> None:
    """Given the example as it stands, when its two mistakes are mended, then each was named and it reads."""
    text = (PAGES / "README.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    with pytest.raises(ProfileError, match=r"Invalid enum value 'gros' - at `\$.vector\[0\].kind`"):
        read_profile(example)
    example = example.replace('kind = "gros"', 'kind = "gross"')
    told = "column 'unit' begins at 10; the next byte to be told of is 9"
    assert told in text
    with pytest.raises(ProfileError, match=told):
        read_profile(example)
    unit = '  { name = "unit"'
    blank = '  { name = "blank behind", from = 9, meaning = "fixed", equals = [" "] },\n'
    decoder = read_profile(example.replace(unit, blank + unit)).decoder()
    got = decoder.feed(b" G+13233 lb\r\n")
    assert [(str(one.value), one.unit, one.kind, one.stable) for one in got] == [
        ("13233", "lb", "gross", None)
    ]


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        drawn(f"{BEGIN} only", "table")
    assert drawn(f"a {BEGIN}old{END} b", "new") == f"a {BEGIN}\nnew\n{END} b"
