"""Cameras by a program that puts one JPEG on its standard output: rpicam-still, libcamera-still, ffmpeg.

Rules this file obeys:

* The program is one that the system's maker keeps (Raspberry Pi OS: rpicam-apps; USB cameras: ffmpeg with
  Video4Linux). It is started by its absolute path, without a shell, in a process group of its own.
* It has so many seconds and so many bytes; then the whole group is killed, and there is no photo.

Source: rpicam-apps, ``rpicam-still --help`` (options -n, -t, -o, -e, --width, --height, -q, --rotation);
ffmpeg, "Video4Linux2" in ffmpeg-devices.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import IO, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hardware.camera.contract import MAX_BYTES, BadOption, NoPhoto, Photo, Trouble
from hardware.camera.images import photo
from hardware.scale.strict import convert

STILL_PROGRAMS = ("rpicam-still", "libcamera-still")
"""The name since Raspberry Pi OS 12 of early 2024, and the one before; the same options."""
GROWN_FRAMES = 10
"""Frames that a USB camera needs to find its exposure; a third of a second."""
WORDS = 160
"""Characters of what the program said last that are worth telling."""
CHUNK = 1 << 16

Side = Annotated[int, Meta(ge=320, le=4608, description="pixels")]
Patience = Annotated[float, Meta(ge=0.5, le=20, description="seconds a photo may take")]


class StillOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of driver ``still``: a camera module on the ribbon cable, or whatever libcamera knows.

    ``settle_ms``: for exposure and focus. ``program``: absolute path, else the first that is installed.
    """

    width: Side = 1920
    height: Side = 1080
    quality: Annotated[int, Meta(ge=40, le=95)] = 85
    settle_ms: Annotated[int, Meta(ge=1, le=10_000)] = 1500
    rotation: Literal[0, 180] = 0
    patience_s: Patience = 10.0
    program: Annotated[str, Meta(pattern=r"^(/[^\x00]{1,254})?$")] = ""


class V4l2Options(msgspec.Struct, frozen=True, kw_only=True):
    """Options of driver ``v4l2``: a USB camera, best named by ``/dev/v4l/by-id/…``."""

    device: Annotated[str, Meta(pattern=r"^/dev/(video[0-9]{1,3}|v4l/by-(id|path)/[A-Za-z0-9._:-]{1,200})$")]
    width: Side = 1280
    height: Side = 720
    patience_s: Patience = 10.0
    program: Annotated[str, Meta(pattern=r"^(/[^\x00]{1,254})?$")] = ""


class CommandCamera:
    """A camera behind a program. ``programs``: those that do, the first that is installed is run."""

    def __init__(self, programs: Sequence[str], arguments: Sequence[str], patience_s: float) -> None:
        self._programs = tuple(programs)
        self._arguments = tuple(arguments)
        self._patience_s = patience_s

    def take(self) -> Photo:
        found = next(filter(None, map(shutil.which, self._programs)), None)
        if found is None:
            raise NoPhoto(Trouble.MISSING, f"{' or '.join(self._programs)} is not installed")
        with tempfile.TemporaryFile() as said:
            try:
                process = subprocess.Popen(
                    [found, *self._arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    start_new_session=True,
                )
            except OSError as error:
                raise NoPhoto(Trouble.MISSING, f"{found} cannot be started: {error.strerror}") from error
            try:
                data = self._output(process, time.monotonic() + self._patience_s)
            finally:
                _end(process)
            if process.returncode:
                raise NoPhoto(Trouble.NO_CAMERA, f"{found} took no photo: {_last_words(said)}")
        return photo(data)

    def close(self) -> None:
        """Nothing is held between two photos."""

    def _output(self, process: subprocess.Popen[bytes], end: float) -> bytes:
        """All that the program puts out until it ends; raises NoPhoto where it takes or says too much."""
        assert process.stdout is not None
        taken = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, end - time.monotonic())):
                chunk = os.read(process.stdout.fileno(), CHUNK)
                if not chunk:
                    break
                taken += chunk
                if len(taken) > MAX_BYTES:
                    raise NoPhoto(Trouble.TOO_LARGE, f"more than {MAX_BYTES} bytes came from the camera")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, end - time.monotonic()))
        if process.returncode is None:
            raise NoPhoto(Trouble.SILENT, f"no photo within {self._patience_s:g} s: check the camera's cable")
        return bytes(taken)


def open_still(options: Mapping[str, Any]) -> CommandCamera:
    """A camera that libcamera knows (see StillOptions); raises BadOption."""
    taken = _still(options)
    arguments = ["-n", "-t", str(taken.settle_ms), "-e", "jpg", "-q", str(taken.quality)]
    arguments += ["--width", str(taken.width), "--height", str(taken.height)]
    arguments += ["--rotation", str(taken.rotation), "-o", "-"]
    return CommandCamera([taken.program] if taken.program else STILL_PROGRAMS, arguments, taken.patience_s)


def open_v4l2(options: Mapping[str, Any]) -> CommandCamera:
    """A USB camera (see V4l2Options); raises BadOption."""
    taken = _v4l2(options)
    arguments = ["-nostdin", "-hide_banner", "-loglevel", "error"]
    arguments += ["-f", "v4l2", "-video_size", f"{taken.width}x{taken.height}", "-i", taken.device]
    arguments += ["-vf", rf"select=gte(n\,{GROWN_FRAMES})", "-frames:v", "1"]
    arguments += ["-c:v", "mjpeg", "-q:v", "3", "-f", "image2pipe", "-"]
    return CommandCamera([taken.program or "ffmpeg"], arguments, taken.patience_s)


def check_still(options: Mapping[str, Any]) -> None:
    """Raises BadOption where the driver would; opens nothing."""
    _still(options)


def check_v4l2(options: Mapping[str, Any]) -> None:
    """Raises BadOption where the driver would; opens nothing."""
    _v4l2(options)


def _still(options: Mapping[str, Any]) -> StillOptions:
    taken = convert(options, StillOptions, "camera 'still'", BadOption)
    if taken.settle_ms / 1000 >= taken.patience_s:
        raise BadOption("camera 'still': settle_ms: must be shorter than patience_s")
    return taken


def _v4l2(options: Mapping[str, Any]) -> V4l2Options:
    return convert(options, V4l2Options, "camera 'v4l2'", BadOption)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills whatever of the program still runs, and waits for the program itself."""
    with contextlib.suppress(ProcessLookupError):
        # The group outlives its leader: a helper that holds the camera must not keep it.
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _last_words(said: IO[bytes]) -> str:
    """The last line that the program wrote to its standard error, bounded, without what a terminal obeys."""
    said.seek(max(0, said.seek(0, os.SEEK_END) - CHUNK))
    lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    last = lines[-1] if lines else "it did not say why"
    return "".join(each if each.isprintable() else "?" for each in last[:WORDS])
