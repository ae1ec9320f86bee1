"""The kiosk as a process of its own beside a core that is a test double, one of each for a file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kiosk_core import FakeCore, Kiosk, short_dir


@pytest.fixture(scope="module")
def core() -> Iterator[FakeCore]:
    core = FakeCore(short_dir())
    core.start()
    yield core
    core.kill()


@pytest.fixture(scope="module")
def kiosk(core: FakeCore) -> Iterator[Kiosk]:
    kiosk = Kiosk(core.run_dir, "--language", "en")
    yield kiosk
    kiosk.close()
