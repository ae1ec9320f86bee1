"""What is really drawn: labels off screen against HarfBuzz and the fonts' own outlines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kiosk_text_offscreen import draw, run_child
from kiosk_text_outlines import ink

from kiosk.text.fonts import ASCENT, DESCENT, PITCH, Face, Fonts, find_fonts

pytestmark = pytest.mark.screen

STACKS = ("བསྒྲུབས་", "སྐྱེས་", "ཕྱིང་", "ཨོཾ་", "ཏིང་འཛིན་")
GLYPHS = ("直", "骨")
"""Drawn otherwise in Japan than in China."""
CJK = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
JAPANESE, CHINESE = 0, 2
PX = 96
SIZE = (420, 240)

JOBS: dict[str, dict[str, Any]] = {
    **{
        f"{drawer} {stack}": {
            **{"text": stack, "language": "bo", "font_size": PX, "size": SIZE, "valign": "bottom"},
            "drawer": drawer,
        }
        for stack in STACKS
        for drawer in ("right", "latin")
    },
    **{
        glyph: {"text": glyph, "language": "zh", "font_size": PX, "size": SIZE, "valign": "bottom"}
        for glyph in GLYPHS
    },
    "mixed": {"text": "བོད་ 1", "language": "bo", "font_size": PX, "size": (500, 240), "valign": "bottom"},
    "alone": {"text": "1", "language": "bo", "font_size": PX, "size": (500, 240), "valign": "bottom"},
    "digits": {"kind": "digits", "text": "1.005", "unit": "kg", "font_size": 60, "size": (320, 90)},
    "digits then": {
        **{"kind": "digits", "text": "1.005", "unit": "kg", "font_size": 60, "size": (320, 90)},
        "then": {"text": "−888.8"},
    },
    "moved": {
        **{"text": "请放 1 kg 砝码", "font_size": 30, "size": (300, 60)},
        "then": {"color": (1, 0, 0, 1), "pos": (0, 0), "halign": "right"},
    },
    "fits": {"text": "请检查白色插头。", "font_size": 20, "size": (100, 60)},
    "too high": {"text": "请检查白色插头。请检查白色插头。", "font_size": 20, "size": (100, 60)},
    "too wide": {"text": "1.005 kg", "font_size": 40, "size": (60, 200)},
    "too many": {"text": "请检查白色插头。", "font_size": 20, "size": (100, 90), "max_lines": 1},
    "empty": {"text": "", "size": (10, 10)},
    "digits too wide": {"kind": "digits", "text": "1000.005", "font_size": 60, "size": (120, 90)},
}


class Drawn:
    def __init__(self, pictures: list[np.ndarray], facts: list[dict[str, Any]]) -> None:
        self.pictures = dict(zip(JOBS, pictures, strict=True))
        self.facts = dict(zip(JOBS, facts, strict=True))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return Drawn(*draw(list(JOBS.values()), tmp_path_factory.mktemp("pixels")))


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    return find_fonts()


@pytest.fixture(scope="module")
def reference(fonts: Fonts) -> Callable[..., np.ndarray]:
    def drawn_by_outlines(text: str, script: str) -> np.ndarray:
        baseline = SIZE[1] - round(DESCENT[Face.TIBETAN] * PX)
        return ink(text, fonts.path(Face.TIBETAN, False), script, PX, SIZE, (0, baseline))

    return drawn_by_outlines


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Shared ink over all ink, at the best of the small shifts that rounding to pixels may cause."""
    best = 0.0
    for dx in range(-2, 3):
        for dy in range(-2, 3):
            shifted = np.roll(other, (dy, dx), (0, 1))
            best = max(best, np.minimum(one, shifted).sum() / np.maximum(one, shifted).sum())
    return float(best)


def is_shaped_as_tibetan(picture: np.ndarray, stack: str, reference: Callable[..., np.ndarray]) -> bool:
    tibetan, latin = (likeness(picture, reference(stack, script)) for script in ("Tibt", "Latn"))
    return tibetan > 0.9 and tibetan - latin > 0.02


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_drawn_as_harfbuzz_shapes_tibetan(
    drawn: Drawn, stack: str, reference: Callable[..., np.ndarray]
) -> None:
    assert is_shaped_as_tibetan(drawn.pictures[f"right {stack}"], stack, reference)


@pytest.mark.parametrize("stack", STACKS)
def test_a_label_that_does_not_tell_the_script_is_found_out(
    drawn: Drawn, stack: str, reference: Callable[..., np.ndarray]
) -> None:
    """The control: the widths say nothing, only the picture does."""
    widths = [drawn.facts[f"{drawer} {stack}"]["text_width"] for drawer in ("right", "latin")]
    assert abs(widths[0] - widths[1]) <= 2
    assert not is_shaped_as_tibetan(drawn.pictures[f"latin {stack}"], stack, reference)


@pytest.mark.parametrize("glyph", GLYPHS)
def test_an_ideograph_has_its_chinese_form(drawn: Drawn, glyph: str) -> None:
    baseline = SIZE[1] - round(DESCENT[Face.HAN] * PX)
    chinese, japanese = (
        likeness(drawn.pictures[glyph], ink(glyph, CJK, "Hani", PX, SIZE, (0, baseline), face))
        for face in (CHINESE, JAPANESE)
    )
    assert chinese > 0.85
    assert chinese - japanese > 0.1


def lowest_row(picture: np.ndarray) -> int:
    return int(np.flatnonzero(picture.max(axis=1) > 0.5)[-1])


def test_digits_stand_on_the_tibetan_baseline(drawn: Drawn) -> None:
    mixed, alone = drawn.pictures["mixed"], drawn.pictures["alone"]
    width = int(drawn.facts["mixed"]["text_width"])
    one = mixed[:, width - 50 : width + 4]
    assert lowest_row(one) == lowest_row(alone) == SIZE[1] - round(DESCENT[Face.TIBETAN] * PX) - 1


def test_live_digits_change_without_a_new_texture_and_without_moving_the_unit(drawn: Drawn) -> None:
    assert drawn.facts["digits then"]["made_then"] == 0
    before, after = drawn.pictures["digits"], drawn.pictures["digits then"]
    assert before.any() and not np.array_equal(before, after)
    assert np.array_equal(before[:, -40:], after[:, -40:])


def test_colour_and_place_make_no_texture(drawn: Drawn) -> None:
    assert drawn.facts["moved"]["made_then"] == 0
    ink_columns = np.flatnonzero(drawn.pictures["moved"].max(axis=0) > 0.5)
    assert ink_columns[-1] >= 300 - 5


@pytest.mark.parametrize(
    ("job", "overflow"),
    [
        ("fits", False),
        ("too high", True),
        ("too wide", True),
        ("too many", True),
        ("empty", False),
        ("digits", False),
        ("digits too wide", True),
    ],
)
def test_what_does_not_fit_is_said(drawn: Drawn, job: str, overflow: bool) -> None:
    assert drawn.facts[job]["overflow"] is overflow


def test_lines_and_height_are_stated(drawn: Drawn) -> None:
    facts = drawn.facts["fits"]
    assert facts["lines"] == ["请检查白色", "插头。"]
    assert facts["minimum_height"] == round(20 * (PITCH[Face.HAN] + ASCENT[Face.HAN] + DESCENT[Face.HAN]))
    assert drawn.facts["empty"]["minimum_height"] == 0


def test_the_cache_survives_a_half_written_file(tmp_path: Path) -> None:
    """Given a cached face cut short by a power cut, when the fonts are found, then it is made anew."""
    first = Path(find_fonts(cache=tmp_path).path(Face.HAN, False))
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2])
    again = Path(find_fonts(cache=tmp_path).path(Face.HAN, False))
    assert again == first and again.read_bytes() == whole
    assert {path.suffix for path in tmp_path.iterdir()} == {".otf"}


@pytest.mark.parametrize("px", [13, 14, 15, 16, 17, 20, 24, 36])
def test_no_letter_is_cut_off_at_the_end_of_a_text(tmp_path, px):
    assert run_child([str(Path(__file__).parent / "kiosk_text_ink.py"), str(px)], tmp_path) == ""
