"""The whole appliance: four visits at the touchscreen, from the load cell to the county."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
STEELYARD = [sys.executable, "-m", "firmware_app.cli.main"]

pytestmark = [pytest.mark.screen, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One run of the demonstration as its user starts it: (directory, the JSON lines)."""
    out = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [*STEELYARD, "demo", "--headless", "--out", str(out), "--json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return out, [json.loads(line) for line in done.stdout.splitlines()]


def test_each_visit_ends_with_its_verdict_and_the_countys_receipt(demo):
    _, visits = demo

    assert [visit["verdict"] for visit in visits] == [
        "conforms",
        "does_not_conform",
        "does_not_conform",
        "conforms",
    ]
    assert all(visit["receipt"] for visit in visits)


def test_every_entry_is_in_the_export_and_an_independent_checker_accepts_it(demo):
    out, visits = demo

    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_ledger.py", out / "ledger.ndjson"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{visits[-1]['entry']}" in done.stdout


def test_the_county_holds_every_verdict(demo):
    out, visits = demo

    page = (out / "county.html").read_text(encoding="utf-8")
    entries = json.loads((out / "county.json").read_text(encoding="utf-8"))

    held = {entry["seq"]: entry["verdict"] for entry in entries["items"]}
    assert {visit["entry"]: visit["verdict"] for visit in visits}.items() <= held.items()
    assert "DEMO-0001" in page


def test_every_screen_passed_is_pictured_in_three_languages(demo):
    out, _ = demo

    names = {file.stem.split("-", 1)[1] for file in (out / "screens").glob("*.png")}
    for language in ("zh", "bo", "en"):
        assert {f"home-{language}", f"stall-{language}", f"scale-{language}", f"verdict-{language}"} <= names
    assert {"unplugged-zh", "replugged-zh"} <= names


def test_the_slip_that_the_first_visitor_wanted_came_out_of_the_printer(demo):
    out, visits = demo

    (printed,) = (out / "printed").glob("slip-*.png")
    with Image.open(printed) as paper, Image.open(out / f"slip-{visits[0]['entry']}.png") as drawn:
        assert paper.tobytes() == drawn.tobytes()


def test_there_is_a_slip_for_every_verdict(demo):
    out, visits = demo

    for visit in visits:
        assert (out / f"slip-{visit['entry']}.png").stat().st_size > 1000
        text = (out / f"slip-{visit['entry']}.txt").read_text(encoding="utf-8")
        key = out / "device.jwk.json"
        done = subprocess.run(
            [*STEELYARD, "slip", "verify", text.splitlines()[-1], "--key", str(key)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
