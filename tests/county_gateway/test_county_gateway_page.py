"""The county's page of a slip: the claim goes into the body of one request, and both kinds are understood."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "county_gateway" / "static" / "slip.js"
STAGE = """
const seen = { asked: [], text: {}, rows: [] };
const element = (id) => ({
  set className(value) { seen.text[id + ".class"] = value; },
  set textContent(value) { seen.text[id] = value; seen.rows.push(value); },
  replaceChildren() {}, append() {},
});
globalThis.document = { getElementById: element, createElement: () => element("row") };
globalThis.location = { hash: process.argv[2] };
globalThis.addEventListener = () => {};
globalThis.fetch = async (url, options) => {
  seen.asked.push([url, options.method, JSON.parse(options.body)]);
  return { ok: true, status: 200, json: async () => JSON.parse(process.argv[3]) };
};
(0, eval)(require("fs").readFileSync(process.argv[1], "utf8"));
setTimeout(() => console.log(JSON.stringify(seen)), 20);
"""

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def shown(claim: str, answer: dict) -> dict:
    done = subprocess.run(
        ["node", "-e", STAGE, str(SCRIPT), claim, json.dumps(answer)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("claim", "text"),
    [("0123456789" * 33, "STEELYARD2:" + "0123456789" * 33), ("eyJh.eyJk.c2ln", "STEELYARD1:eyJh.eyJk.c2ln")],
)
def test_both_kinds_of_slip_are_sent_in_the_body_and_nowhere_else(claim, text):
    seen = shown(f"#{claim}", {"state": "forged"})

    assert seen["asked"] == [["/v1/slips", "POST", {"text": text}]]
    assert "Forged" in seen["text"]["state"]


def test_a_slip_of_a_clock_that_was_not_set_says_so():
    slip = {
        "device": "TZ-0001",
        "seq": 41,
        "entry": "ab" * 16,
        "verdict": "conforms",
        "at": "2026-03-01T08:00:00+08:00",
        "scale": "TZ-1",
        "clock": "unsynchronised",
    }

    rows = shown("#123", {"state": "genuine", "slip": slip})["rows"]

    assert "2026-03-01T08:00:00+08:00(时间未校对 clock not set)" in rows
    assert "符合 conforms" in rows and "TZ-1" in rows


def test_nothing_is_asked_without_a_claim():
    seen = shown("", {})
    assert seen["asked"] == [] and "Not a slip" in seen["text"]["state"]
