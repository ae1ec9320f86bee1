"""A scripted visitor's finger and eye: a JSON socket that uses the same touch screen.

Rules this file obeys:

* A tap is a synthetic touch (down, a frame, up) through Kivy's own input dispatch at a point on the
  glass; no callback is ever called from here.
* What a person could not press (hidden, disabled, covered, off the window) is refused with the reason.
* Opened only with ``--robot``; the socket's folder is the access control.

Requests, one JSON object each, answered by one: ``{"do": "tap", "id": ID}`` (``"seconds"``: how long the
finger stays), ``{"do": "screen"}``, ``{"do": "screenshot", "file": PATH}``, ``{"do": "wait_idle"}``,
``{"do": "quit"}``. Answers hold ``"ok": true`` or ``"ok": false`` with ``"why"``.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels
from kivy.input.motionevent import MotionEvent
from kivy.uix.widget import Widget
from PIL import Image

from kiosk.screens.overlays import Cover
from kiosk.text.digits import DigitLabel
from kiosk.text.label import TextLabel
from kiosk.widgets.base import Tappable

if TYPE_CHECKING:
    from kiosk.app import KioskApp

MAX_REQUEST = 4096
IDLE_FRAMES = 3
PATIENCE_FRAMES = 300

Script = Generator[None, None, dict[str, Any]]
"""Runs a frame at a time; what it returns is the answer."""


class Refused(Exception):
    """The request cannot be done; the message says why."""


class RobotTouch(MotionEvent):
    """A finger on the glass, in window coordinates."""

    def __init__(self, uid: str, x: float, y: float) -> None:
        width, height = Window.size
        super().__init__(
            "robot",
            uid,
            {"sx": x / (width - 1.0), "sy": y / (height - 1.0)},
            is_touch=True,
            type_id="touch",
        )

    def depack(self, args: dict[str, float]) -> None:
        self.sx, self.sy = args["sx"], args["sy"]
        self.profile = ["pos"]
        super().depack(args)


class Robot:
    """Serves one request at a time; steps it once a frame on the screen's own thread."""

    def __init__(self, app: KioskApp, path: Path) -> None:
        self._app = app
        self._touches = 0
        self._script: Script | None = None
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 200)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_REQUEST)
        self._socket.bind(f"ipc://{path}")
        self._event = Clock.schedule_interval(self._step, 0)

    def close(self) -> None:
        self._event.cancel()
        self._socket.close()

    def _step(self, _dt: float) -> None:
        if self._script is None:
            try:
                request = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._script = self._begin(request)
        try:
            next(self._script)
        except StopIteration as done:
            self._answer(done.value)
        except Refused as refused:
            self._answer({"ok": False, "why": str(refused)})

    def _answer(self, answer: dict[str, Any]) -> None:
        self._script = None
        self._socket.send(json.dumps(answer, ensure_ascii=False).encode())
        if answer.get("bye"):
            self._app.stop()

    def _begin(self, request: bytes) -> Script:
        try:
            wish = json.loads(request)
        except ValueError:
            wish = None
        match wish:
            case {"do": "tap", "id": str(automation_id)}:
                script = self._tap(automation_id, min(10.0, float(wish.get("seconds", 0.0))))
            case {"do": "screen"}:
                script = self._screen()
            case {"do": "screenshot", "file": str(file)}:
                script = self._screenshot(Path(file))
            case {"do": "wait_idle"}:
                script = self._wait_idle()
            case {"do": "quit"}:
                script = self._quit()
            case _:
                script = _refuse(f"not understood: {request[:200].decode(errors='replace')}")
        return script

    # --------------------------------------------------------------------------------------- the eye

    def _desk(self) -> Widget:
        assert self._app.desk is not None
        return self._app.desk

    def _visible(self) -> Iterator[Widget]:
        """Every widget that is drawn, in the order in which it is drawn."""

        def walk(widget: Widget) -> Iterator[Widget]:
            if not widget.opacity:
                return
            yield widget
            for child in reversed(widget.children):
                yield from walk(child)

        return walk(self._desk())

    def _covered(self, widget: Widget, visible: list[Widget]) -> bool:
        """Whether something drawn later takes the touch at the middle of ``widget``."""
        later = visible[visible.index(widget) + 1 :]
        return any(isinstance(other, Cover) and other.collide_point(*widget.center) for other in later)

    def _tappable(self, visible: list[Widget]) -> dict[str, Tappable]:
        width, height = Window.size
        return {
            widget.automation_id: widget
            for widget in visible
            if isinstance(widget, Tappable)
            and widget.tappable
            and widget.x >= 0
            and widget.y >= 0
            and widget.right <= width + 0.5
            and widget.top <= height + 0.5
            and not self._covered(widget, visible)
        }

    def _screen(self) -> Script:
        yield
        visible = list(self._visible())
        top = next((w for w in reversed(visible) if isinstance(w, Cover)), None)
        seen = visible if top is None else visible[visible.index(top) :]
        texts = [_text(widget) for widget in seen]
        targets = self._tappable(visible)
        width, height = Window.size
        return {
            "ok": True,
            "screen": self._app.screen.value,
            "language": self._app.language,
            "visit": self._app.shown_step,
            "cover": type(top).__name__ if top is not None else "",
            "texts": [text for text in texts if text],
            "ids": list(targets),
            "boxes": {
                name: [round(w.x), round(w.y), round(w.width), round(w.height)] for name, w in targets.items()
            },
            "overflow": [_text(widget) for widget in visible if getattr(widget, "overflow", False)],
            "outside": [
                _name(widget)
                for widget in visible
                if widget.width
                and widget.height
                and (
                    widget.x < -0.5
                    or widget.y < -0.5
                    or widget.right > width + 0.5
                    or widget.top > height + 0.5
                )
            ],
        }

    def _screenshot(self, file: Path) -> Script:
        taken: list[Image.Image] = []

        def read(*_: Any) -> None:
            # Before the flip, while the picture is still in the back buffer.
            width, height = (round(side) for side in Window.size)
            pixels = glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)
            picture = Image.frombytes("RGB", (width, height), pixels)
            taken.append(picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM))

        yield
        yield
        Window.bind(on_flip=read)
        try:
            Window.canvas.ask_update()
            for _ in range(PATIENCE_FRAMES):
                if taken:
                    break
                yield
        finally:
            Window.unbind(on_flip=read)
        if not taken:
            raise Refused("no frame was drawn")
        try:
            taken[0].save(file, format="PNG")
        except OSError as error:
            raise Refused(f"{file}: {error.strerror or error}") from error
        return {"ok": True, "file": str(file), "size": list(taken[0].size)}

    # ------------------------------------------------------------------------------------ the finger

    def _tap(self, automation_id: str, seconds: float) -> Script:
        visible = list(self._visible())
        cover = next((w for w in reversed(visible) if isinstance(w, Cover)), None)
        target: Tappable | None = None
        if automation_id == "glass" and cover is not None:
            x, y = cover.center
        else:
            target = self._tappable(visible).get(automation_id)
            if target is None:
                raise Refused(self._why_not(automation_id, visible))
            x, y = target.center
        taps = 0 if target is None else target.taps
        self._touches += 1
        touch = RobotTouch(f"robot-{self._touches}", x, y)
        EventLoop.post_dispatch_input("begin", touch)
        until = Clock.get_time() + seconds
        yield
        yield
        while Clock.get_time() < until:
            yield
        EventLoop.post_dispatch_input("end", touch)
        yield
        # A touch on a cover (warning, dark screen) is the cover's, whatever lies under the finger.
        if cover is None and target is not None and target.taps == taps:
            raise Refused(f"{automation_id} was touched, but the screen had just changed under the finger")
        return {"ok": True, "at": [round(x), round(y)]}

    def _why_not(self, automation_id: str, visible: list[Widget]) -> str:
        for widget in visible:
            if isinstance(widget, Tappable) and widget.automation_id == automation_id:
                if not widget.tappable:
                    return f"{automation_id} is shown but cannot be tapped now"
                if self._covered(widget, visible):
                    return f"{automation_id} is covered"
                return f"{automation_id} is not wholly on the window"
        here = ", ".join(self._tappable(visible)) or "nothing"
        return f"no {automation_id} on screen {self._app.screen.value}; to be tapped there: {here}"

    def _wait_idle(self) -> Script:
        """Until no command waits for its reply and three frames have passed since."""
        quiet = 0
        for _ in range(PATIENCE_FRAMES):
            yield
            quiet = 0 if self._app.client.link.busy else quiet + 1
            if quiet >= IDLE_FRAMES:
                return {"ok": True}
        raise Refused("a command still waits for its reply")

    def _quit(self) -> Script:
        yield
        return {"ok": True, "bye": True}


def _text(widget: Widget) -> str:
    if isinstance(widget, DigitLabel):
        return f"{widget.text}\u00a0{widget.unit}".strip() if widget.text else ""
    return str(widget.text) if isinstance(widget, TextLabel) else ""


def _name(widget: Widget) -> str:
    return str(getattr(widget, "automation_id", "") or _text(widget) or type(widget).__name__)


def _refuse(why: str) -> Script:
    raise Refused(why)
    yield
