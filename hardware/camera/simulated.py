"""A camera that is not there: a nameplate on a bench before it, a cable that can be pulled, spoilt pictures.

Rules this file obeys:

* It draws its own pictures and starts no program: nothing of the drivers for real cameras is in it.
* What it sends goes through the same entrance as any camera's, so a spoilt picture is refused there.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import zmq
from PIL import Image, ImageDraw

from hardware.bench import Bench
from hardware.camera.contract import MAX_BYTES, BadOption, CameraUnavailable, NoPhoto, Photo, Trouble
from hardware.camera.images import photo
from hardware.scale.strict import convert

SIDES = (1280, 720)
PLATE = "Max 15 kg  Min 100 g  e = 5 g"
MAX_SCENE = 200
SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "": lambda jpeg: jpeg,
    "torn": lambda jpeg: jpeg[: len(jpeg) // 2],
    "noise": lambda jpeg: bytes(len(jpeg)),
    "endless": lambda jpeg: jpeg + bytes(MAX_BYTES),
}
"""What may happen to a picture on its way, by name."""


class SimulatedCameraOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of this driver. ``bench``: path of a control socket, none where it is empty."""

    bench: Annotated[str, msgspec.Meta(max_length=100)] = ""
    patience_s: Annotated[float, msgspec.Meta(ge=0.05, le=20, description="seconds")] = 10.0


class SimulatedCamera:
    """A camera with a bench: ``scene`` (a text on the plate), ``plugged``, ``stuck``, ``spoilt`` (torn,
    noise, endless, or empty)."""

    def __init__(self, bench: str = "", patience_s: float = 10.0) -> None:
        """Raises CameraUnavailable where the bench socket cannot be made."""
        self._patience_s = patience_s
        self._scene, self._spoilt, self._plugged = PLATE, "", True
        self._flowing = threading.Event()
        self._flowing.set()
        self._taken = 0
        keys = {"scene": self._put, "plugged": self._plug, "stuck": self._stick, "spoilt": self._spoil}
        try:
            self._bench = Bench(Path(bench), keys) if bench else None
        except zmq.ZMQError as error:
            raise CameraUnavailable(
                f"camera 'simulated': the bench socket {bench} cannot be made: {error}"
            ) from error

    def take(self) -> Photo:
        if not self._flowing.wait(self._patience_s):
            raise NoPhoto(Trouble.SILENT, f"no photo within {self._patience_s:g} s: check the camera's cable")
        if not self._plugged:
            raise NoPhoto(Trouble.NO_CAMERA, "no camera is plugged in")
        self._taken += 1
        picture = Image.new("RGB", SIDES, (196, 198, 190))
        draw = ImageDraw.Draw(picture)
        draw.rectangle((140, 160, 1140, 560), fill=(236, 236, 228), outline=(40, 40, 40), width=6)
        draw.text((200, 300), self._scene, fill=(20, 20, 20), font_size=48)
        # No two photos of a real camera are the same bytes.
        draw.text((20, 680), f"simulated, photo {self._taken}", fill=(90, 90, 90), font_size=20)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=85)
        return photo(SPOILT[self._spoilt](out.getvalue()))

    def close(self) -> None:
        """Takes the bench away; may be called twice."""
        bench, self._bench = self._bench, None
        if bench is not None:
            bench.close()

    def _put(self, scene: object) -> None:
        if not isinstance(scene, str) or not 0 < len(scene) <= MAX_SCENE:
            raise ValueError(f"scene: {scene!r} is no text of 1 to {MAX_SCENE} characters")
        self._scene = scene

    def _plug(self, plugged: object) -> None:
        self._plugged = _truth("plugged", plugged)

    def _stick(self, stuck: object) -> None:
        (self._flowing.clear if _truth("stuck", stuck) else self._flowing.set)()

    def _spoil(self, spoilt: object) -> None:
        if not isinstance(spoilt, str) or spoilt not in SPOILT:
            raise ValueError(f"spoilt: {spoilt!r} is none of {', '.join(filter(None, SPOILT))}, or empty")
        self._spoilt = spoilt


def open_simulated(options: Mapping[str, Any]) -> SimulatedCamera:
    """A camera that draws (see SimulatedCameraOptions); raises BadOption, CameraUnavailable."""
    taken = _options(options)
    return SimulatedCamera(taken.bench, taken.patience_s)


def check_simulated(options: Mapping[str, Any]) -> None:
    """Raises BadOption where the driver would; opens nothing."""
    _options(options)


def _options(options: Mapping[str, Any]) -> SimulatedCameraOptions:
    return convert(options, SimulatedCameraOptions, "camera 'simulated'", BadOption)


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: {value!r} is neither true nor false")
    return value
