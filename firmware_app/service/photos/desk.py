"""The camera's desk: takes a photo where a procedure asks for one, and keeps it beside the ledger.

Rules this file obeys:

* The core never waits for a camera: a thread takes and writes, the turn asks whether it is done.
* A photo is on the disk, named by its SHA-256, before anybody is told of it.
* Each wish gets one answer, also where the driver never returns; what comes later belongs to nobody.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from firmware_app import durable, parts
from firmware_app.procedures.events import PhotoFailed, PhotoTaken
from firmware_app.procedures.page import Page, Shot
from firmware_app.service.config import Camera as CameraConfig
from firmware_app.service.messages import VisitState
from hardware.camera.contract import Camera, CameraUnavailable, NoPhoto

FOLDER = "photos"
"""In the data directory, beside the ledger."""
LEAST_FREE_BYTES = 200 << 20
"""Room that is left to the ledger, as the health page wants it: a photo is never worth an entry."""
GIVEN_UP_NS = 30_000_000_000
"""Longer than any driver may take by its contract (its patience is 20 s at most)."""
SILENT, BUSY, DISK_FULL, NOT_KEPT, NO_CAMERA = "silent", "busy", "disk_full", "not_kept", "no_camera"


class Clock(Protocol):
    """Tells the time of the market, and how far it is to be believed."""

    def now(self) -> datetime: ...

    def quality(self) -> str: ...


class _Wish:
    """One photo that was asked for. ``came``: the file's hash and size, or why there is none."""

    def __init__(self, of: tuple[str, int], since_ns: int) -> None:
        self.of = of
        self.since_ns = since_ns
        self.came: tuple[str, int] | str | None = None


class PhotoDesk:
    """Serves the photos of the visit that is open. ``camera``: None where none can be opened."""

    def __init__(self, camera: Camera | None, driver: str, data_dir: Path, clock: Clock) -> None:
        self._camera = camera
        self.driver = driver
        """Name of the driver, empty where no camera is configured."""
        self._folder = data_dir / FOLDER
        self._clock = clock
        self._wish: _Wish | None = None
        self._thread: threading.Thread | None = None

    def turn(self, visit: VisitState | None, now_ns: int) -> Iterator[PhotoTaken | PhotoFailed]:
        """Begins the photo that is asked for, and yields what has come of it, once."""
        prompt = None if visit is None else visit.prompt
        if visit is None or not isinstance(prompt, Page) or not isinstance(prompt.wants, Shot):
            self._wish = None
            return
        of = (visit.visit, visit.step)
        if self._wish is None or self._wish.of != of:
            self._wish = _Wish(of, now_ns)
            self._begin(self._wish)
        came = self._wish.came
        if came is None and now_ns - self._wish.since_ns > GIVEN_UP_NS:
            came = SILENT
        if came is None:
            return
        self._wish.came = None
        self._wish.since_ns = now_ns
        if isinstance(came, str):
            yield PhotoFailed(came)
            return
        at = self._clock.now().isoformat(timespec="seconds")
        yield PhotoTaken(sha256=came[0], size=came[1], at=at, clock=self._clock.quality())

    def close(self) -> None:
        if self._camera is not None:
            self._camera.close()

    def _begin(self, wish: _Wish) -> None:
        if self._camera is None:
            wish.came = NO_CAMERA
        elif self._thread is not None and self._thread.is_alive():
            # The photo before was given up and its driver has not come back yet.
            wish.came = BUSY
        else:
            self._thread = threading.Thread(
                target=self._take, args=(self._camera, wish), name="camera", daemon=True
            )
            self._thread.start()

    def _take(self, camera: Camera, wish: _Wish) -> None:
        try:
            jpeg = camera.take().jpeg
            sha256 = hashlib.sha256(jpeg).hexdigest()
            durable.make_directory(self._folder, 0o700)
            if shutil.disk_usage(self._folder).free < LEAST_FREE_BYTES:
                wish.came = DISK_FULL
                return
            durable.write(self._folder / f"{sha256}.jpg", jpeg, 0o600)
        except NoPhoto as error:
            wish.came = error.trouble.value
        except OSError:
            wish.came = NOT_KEPT
        else:
            wish.came = sha256, len(jpeg)


def photo_desk(wanted: CameraConfig | None, data_dir: Path, clock: Clock) -> PhotoDesk:
    """The desk for what is configured; raises UnknownPart, and BadOption of the camera.

    One that cannot be opened is a camera without photos: the examination goes on without them.
    """
    if wanted is None:
        return PhotoDesk(None, "", data_dir, clock)
    try:
        camera = parts.factory("steelyard.camera", wanted.driver)(wanted.options)
    except CameraUnavailable:
        camera = None
    return PhotoDesk(camera, wanted.driver, data_dir, clock)
