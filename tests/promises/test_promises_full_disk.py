"""A disk that is really full: judging stops with words, also from a start on, and goes on with space back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("promises_full_disk.py")
NAMESPACE = ["unshare", "--mount", "--map-root-user"]
NOT_SAVED = ["NotSaved", "disk_full"]


def mounts() -> bool:
    """Whether this machine lets us mount a disk of our own."""
    try:
        tried = [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(tried, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="module")
def seen() -> dict[str, object]:
    if not mounts():
        pytest.skip("no mount namespace may be made here")
    done = subprocess.run([*NAMESPACE, sys.executable, str(SCRIPT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_visit_on_a_disk_that_fills_up_ends_with_words_and_no_verdict(seen):
    assert seen["first"] == "Judged"
    assert seen["full"] == NOT_SAVED


def test_with_a_full_disk_the_appliance_starts_goes_on_with_the_visit_and_says_why_it_cannot_save(seen):
    assert seen["bytes free"] == 0
    assert seen["started full"] == "AskStall"
    assert seen["resumed, full"] == NOT_SAVED
    assert seen["v3, full"] == NOT_SAVED
    assert seen["home again"] == "home"


def test_work_goes_on_when_space_is_back_and_nothing_saved_is_harmed(seen):
    assert seen["space is back"] == "Judged"
    assert seen["writable again"] == "Judged"
    assert seen["verdicts"] == 3


def test_on_a_read_only_disk_the_core_says_so_and_does_not_start(seen):
    code, words = seen["started read-only"]

    assert code == "read_only"
    assert "read-only" in words
