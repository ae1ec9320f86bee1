"""What every camera is: something that takes one photo when asked, or says why it took none.

Rules this file obeys:

* A photo is a whole JPEG of bounded size, decoded once before anybody gets it; half a photo is none.
* Every call ends: a camera that does not answer is a trouble with a name, never a wait without end.
"""

from __future__ import annotations

import enum
from typing import Protocol

import msgspec

MAX_BYTES = 4 << 20
"""Of one photo: a JPEG of 12 megapixels at quality 85 takes about three; ours is asked for smaller."""
MAX_SIDE = 8192
"""Pixels of the longer side: more than any camera module for the Raspberry Pi has."""


class Trouble(enum.StrEnum):
    """Why there is no photo."""

    MISSING = "missing"
    """The program that takes photos is not installed."""
    NO_CAMERA = "no_camera"
    """It ended without a photo: nothing is plugged in, or something else uses it."""
    SILENT = "silent"
    """It took longer than a photo takes."""
    TOO_LARGE = "too_large"
    NOT_A_PHOTO = "not_a_photo"
    """What came is no whole JPEG."""


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """One photo: the JPEG as it came from the camera, its sides in pixels."""

    jpeg: bytes
    width: int
    height: int


class CameraError(Exception):
    """Root of what this part raises; the message says what happened and what to do."""


class BadOption(CameraError):
    """An option is unknown or wrong."""


class CameraUnavailable(CameraError):
    """The driver cannot be opened on this machine."""


class NoPhoto(CameraError):
    """No photo came; ``trouble`` is the code of why."""

    def __init__(self, trouble: Trouble, words: str) -> None:
        super().__init__(words)
        self.trouble = trouble


class Camera(Protocol):
    """Something that takes a photo.

    Made by a factory ``open_x(options) -> Camera`` of the entry point group ``steelyard.camera``, which
    raises BadOption or CameraUnavailable; ``steelyard.camera_options`` names what checks the same options
    without opening anything. A camera may come and go: each call tries anew.
    """

    def take(self) -> Photo:
        """One photo of what is before the lens now, within the patience of its options; raises NoPhoto."""
        ...

    def close(self) -> None: ...
