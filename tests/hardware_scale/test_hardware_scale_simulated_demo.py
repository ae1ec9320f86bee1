"""The demonstration on a chosen model of market scale: its command line, and one visit to the end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_app.cli.demo.models import UnknownModel, scale_model, scale_models
from hardware.scale.simulated.models import MODELS

DEMO = [sys.executable, "-m", "firmware_app.cli.main", "demo"]


def test_the_demonstration_knows_every_model_with_its_sentence_and_its_hands() -> None:
    known = scale_models()
    assert {name: model.tells for name, model in known.items()} == {
        name: model.tells for name, model in MODELS.items()
    }
    assert {name: model.hands for name, model in known.items()} == {
        name: dict(model.hands) for name, model in MODELS.items()
    }


def test_a_misspelt_model_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownModel, match="did you mean nominal_honest"):
        scale_model("nominal_honst")


def test_the_command_line_lists_the_models_for_people_and_for_programs() -> None:
    people = subprocess.run([*DEMO, "--list-models"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in people.splitlines()] == list(MODELS)
    programs = subprocess.run([*DEMO, "--list-models", "--json"], capture_output=True, text=True, check=True)
    assert [json.loads(line)["name"] for line in programs.stdout.splitlines()] == list(MODELS)


def test_a_wrong_model_is_wrong_use() -> None:
    done = subprocess.run([*DEMO, "--headless", "--scale", "x"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "no model" in done.stderr


@pytest.mark.slow
@pytest.mark.screen
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("model", "verdict"), [("carried", "conforms"), ("plu_multiplier", "does_not_conform")]
)
def test_a_visit_with_goods_on_a_chosen_model(model: str, verdict: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--headless", "--scale", model, "--out", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (visit,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert visit["visit"].startswith(f"{model}: ")
    assert (visit["verdict"], visit["receipt"]) == (verdict, True)
