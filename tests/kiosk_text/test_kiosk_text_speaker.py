"""Labels speak the language in use, follow it, and go when nobody needs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kiosk_text_offscreen import run_child

pytestmark = pytest.mark.screen


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    child = Path(__file__).parent / "kiosk_text_speaking.py"
    return json.loads(run_child([str(child)], tmp_path_factory.mktemp("speaking")))


def test_words_follow_the_language(facts: dict[str, Any]) -> None:
    assert facts["said"] == [
        ["请把 1\u00a0kg 放在您的秤上", "zh", ["请把 1\u00a0kg 放在您的秤上"]],
        ["1\u00a0kg ཁྱེད་ཀྱི་རྒྱ་མར་འཇོག་རོགས།", "bo", ["1\u00a0kg ཁྱེད་ཀྱི་རྒྱ་མར་འཇོག་རོགས།"]],
        ["Put 1\u00a0kg on your scale", "en", ["Put 1\u00a0kg on your scale"]],
    ]


def test_words_follow_key_and_parameters(facts: dict[str, Any]) -> None:
    assert facts["other parameter"] == "Put 2\u00a0kg on your scale"
    assert facts["other key"] == "Back"
    assert facts["no key"] == ["", 0, False]


def test_a_label_that_nobody_holds_is_gone(facts: dict[str, Any]) -> None:
    assert facts["left behind"] == 0


def test_many_changes_are_laid_out_once_and_a_move_never(facts: dict[str, Any]) -> None:
    assert facts["before the frame"] == 0
    assert facts["after the frame"] == [True, ["请检查白色插头"]]
    assert facts["moved"] == 0
    assert facts["narrower"] == [True, ["请检查白色", "插头"]]


def test_textures_kept_are_bounded(facts: dict[str, Any]) -> None:
    assert facts["kept"] <= 8


def test_only_figures_are_live_digits(facts: dict[str, Any]) -> None:
    assert facts["digits refused"] == ["is not a figure of at most 12 characters"] * 4
