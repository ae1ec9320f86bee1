"""The supervisor: what ends is started again, what is left is ended, nothing is left behind."""

import sys
import time

from firmware_app.cli.supervisor import Supervisor

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


def wait_until(true, timeout_s=10.0):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_a_killed_process_is_started_again(tmp_path):
    said = []
    with Supervisor(tmp_path, said.append) as supervisor:
        supervisor.add("sleeper", SLEEPS)
        first = supervisor.pid("sleeper")

        supervisor.kill("sleeper")

        assert wait_until(lambda: supervisor.pid("sleeper") not in (None, first))
        assert supervisor.starts("sleeper") == 2
    assert "sleeper ended with -9" in said[0]


def test_a_process_that_ends_at_once_is_started_at_growing_distances(tmp_path):
    with Supervisor(tmp_path, lambda _words: None) as supervisor:
        supervisor.add("brief", [sys.executable, "-c", ""])

        time.sleep(2.0)

        assert 2 <= supervisor.starts("brief") <= 4


def test_leaving_ends_every_process(tmp_path):
    with Supervisor(tmp_path, lambda _words: None) as supervisor:
        supervisor.add("one", SLEEPS)
        supervisor.add("two", SLEEPS)
        children = [child.process for child in supervisor._children.values()]

    assert all(child.poll() is not None for child in children)


def test_output_goes_to_a_log_of_its_own(tmp_path):
    with Supervisor(tmp_path, lambda _words: None) as supervisor:
        supervisor.add("speaker", [sys.executable, "-c", "print('here')"])

        assert wait_until(lambda: (tmp_path / "speaker.log").read_text() != "")
    assert "here" in (tmp_path / "speaker.log").read_text()
