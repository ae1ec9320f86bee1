"""The identity of the legally relevant software: one hash over its modules and packs (OIML D 31 6.2.1).

``python -m firmware_app.service.identity > /etc/steelyard/software.sha256`` is the record of an installation.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]

LEGALLY_RELEVANT = (
    "hardware/loadcell",
    "hardware/scale",
    "firmware_app",
)
"""The parts whose change is a change of the instrument; the screen and the delivery are not among them."""

NOT_RELEVANT = ("firmware_app/cli", "firmware_app/upload")


@cache
def software_hash() -> str:
    """The identity of the program that runs: as `measured_software` found it when it was first asked."""
    return measured_software()


def measured_software() -> str:
    """SHA-256 over path and content of every legally relevant module and pack on the disk, in order of path.

    Raises OSError.
    """
    digest = hashlib.sha256()
    for path in sorted(_relevant_files()):
        name = path.relative_to(_ROOT).as_posix()
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _relevant_files() -> list[Path]:
    files: list[Path] = []
    for part in LEGALLY_RELEVANT:
        for pattern in ("*.py", "*.toml"):
            files += (_ROOT / part).rglob(pattern)
    return [path for path in files if not any(path.is_relative_to(_ROOT / part) for part in NOT_RELEVANT)]


if __name__ == "__main__":
    sys.stdout.write(measured_software() + "\n")
