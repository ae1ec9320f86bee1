"""What runs beside what: a file's tests on one worker, whole appliances and machines one after another.

A whole appliance is half a dozen processes that promise to miss each other within seconds. Two of them, or
one beside an emulated machine, starve each other on two cores; then a test tells of the load and not of the
appliance. They begin first, so that the many short files fill the other worker meanwhile.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
WHOLE = (TESTS / "system", TESTS / "promises" / "test_promises_vm.py")


def _is_whole(file: Path) -> bool:
    return any(file.is_relative_to(path) for path in WHOLE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups for ``--dist loadgroup``, the whole appliances first."""
    items.sort(key=lambda item: not _is_whole(item.path))
    for item in items:
        group = "whole" if _is_whole(item.path) else str(item.path.relative_to(TESTS))
        item.add_marker(pytest.mark.xdist_group(group))
