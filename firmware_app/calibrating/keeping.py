"""The points of a session on disk as they come: nothing is lost when the power goes.

Rules this file obeys:

* The file has the form that ``table`` reads: what was taken by hand or by a session is one kind of file.
* A point counts once it is on the disk (fsync); what a kill left half-written is cut off at the next start.
* A file belongs to one plan of loads: it is continued only by the same plan.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from firmware_app import durable
from firmware_app.calibrating.points import Point, Refused
from firmware_app.calibrating.session import Step
from firmware_app.calibrating.table import parse_points

HEADING = "grams,counts,u,load_u,direction,time,temperature_c,pieces"
PLAN = "# plan: "


class PointsFile:
    """Keeps the points of one plan; ``points`` are those there already."""

    def __init__(self, path: Path, steps: Sequence[Step]) -> None:
        """Opens or begins the file; raises Refused for one of another plan, BadPoints, or OSError."""
        self.path = path
        self.points: tuple[Point, ...] = ()
        head = f"{PLAN}{_fingerprint(steps)}\n{HEADING}\n".encode()
        if path.exists():
            self.points = self._continue(head)
        else:
            self._write(head)

    def add(self, point: Point) -> None:
        """Keeps one more point; returns once it is on the disk."""
        self._write(_line(point).encode())
        self.points = (*self.points, point)

    def drop_last(self) -> None:
        """Takes the last point back."""
        data = self.path.read_bytes().rstrip(b"\n")
        self._cut(len(data) - len(data.rpartition(b"\n")[2]))
        self.points = self.points[:-1]

    def _continue(self, head: bytes) -> tuple[Point, ...]:
        found = self.path.read_bytes()
        # A block that never reached the disk reads as zeros: what stands behind it was not kept either.
        data = found.partition(b"\0")[0]
        if head.startswith(data):
            # A kill within the very first write; nothing was taken yet.
            self._cut(0)
            self._write(head)
            return ()
        whole = data[: data.rfind(b"\n") + 1]
        if not whole.startswith(head):
            raise Refused(
                f"{self.path}: belongs to other loads or weights; give --keep another file, or remove it"
            )
        if whole != found:
            self._cut(len(whole))
        return parse_points(whole, self.path.name)[0].points if whole != head else ()

    def _cut(self, length: int) -> None:
        with self.path.open("r+b") as file:
            file.truncate(length)
            os.fsync(file.fileno())

    def _write(self, data: bytes) -> None:
        durable.append(self.path, data, 0o640)


def _line(point: Point) -> str:
    warm = "" if point.temperature_c is None else f"{point.temperature_c:.2f}"
    return (
        f"{point.load_g:.6f},{point.counts:.3f},{point.counts_u or 0.0:.3f},{point.load_u_g:.6f},"
        f"{point.direction},{point.at_s or 0.0:.3f},{warm},{' '.join(point.pieces)}\n"
    )


def _fingerprint(steps: Sequence[Step]) -> str:
    text = ";".join(
        f"{step.load_g}:{step.direction}:{' '.join(piece.id for piece in step.pieces)}" for step in steps
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
