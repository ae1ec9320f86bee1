"""A scripted person: eyes on the screen, a finger on the glass, hands that put loads on pans.

The finger goes through the kiosk's own touch input; nothing is called behind it. The hands move the
simulated parts over their benches.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, TypeVar

import zmq

from firmware_app.cli.demo.stage import DemoFailed, Stage
from firmware_app.service import messages

P = TypeVar("P")

PATIENCE_S = 30.0


class Visitor:
    """Does one thing after another and waits for the screen as a person would."""

    def __init__(self, stage: Stage, shots: Path) -> None:
        self._stage = stage
        self._shots = shots
        self._shot = 0
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._robot: zmq.Socket[bytes] = context.socket(zmq.REQ)
        self._robot.setsockopt(zmq.LINGER, 0)
        self._robot.setsockopt(zmq.REQ_RELAXED, 1)
        self._robot.setsockopt(zmq.REQ_CORRELATE, 1)
        self._robot.connect(f"ipc://{stage.robot}")
        self._news: zmq.Socket[bytes] = context.socket(zmq.SUB)
        self._news.setsockopt(zmq.LINGER, 0)
        self._news.setsockopt(zmq.SUBSCRIBE, b"")
        self._news.setsockopt(zmq.CONFLATE, 1)
        self._news.connect(messages.endpoint(stage.run_dir, messages.STATE_SOCKET))

    # eyes

    def state(self) -> messages.State:
        """What the core says now."""
        if not self._news.poll(int(PATIENCE_S * 1000)):
            raise DemoFailed("the core says nothing")
        return messages.decode_state(self._news.recv())

    def wait_for(self, *prompts: type[P]) -> P:
        """The prompt, once it is one of these kinds; raises DemoFailed."""
        prompt: P = self.wait_until(
            lambda prompt: isinstance(prompt, prompts), str([p.__name__ for p in prompts])
        )
        return prompt

    def wait_until(self, seen: Any, what: str) -> Any:
        """The prompt of which ``seen`` is true."""
        end = time.monotonic() + PATIENCE_S
        last: object = None
        while time.monotonic() < end:
            visit = self.state().visit
            last = visit.prompt if visit else None
            if visit is not None and seen(last):
                self._until_shown([visit.visit, visit.step])
                return last
        raise DemoFailed(f"waited for {what}, the appliance shows {last}")

    def wait_home(self) -> None:
        """Until no visit is open."""
        end = time.monotonic() + PATIENCE_S
        while self.state().visit is not None:
            if time.monotonic() > end:
                raise DemoFailed("the appliance does not come home")
        self._until_shown([])

    def _until_shown(self, step: list[Any]) -> None:
        """Until the screen, too, has come to a step or beyond: a touch before would answer an older one."""
        end = time.monotonic() + PATIENCE_S
        while not _reached(shown := self.screen()["visit"], step):
            if time.monotonic() > end:
                raise DemoFailed(f"the screen stays at {shown}, the core is at {step}")

    def wait_received(self, entry: int) -> bool:
        """Whether the county's receipt for the entry arrives in time."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if self.state().county.received >= entry:
                return True
        return False

    def wait_printed(self, entry: int) -> None:
        """Until the printer says that the slip of the entry is out; raises DemoFailed."""
        end = time.monotonic() + PATIENCE_S
        jobs: tuple[messages.SlipJob, ...] = ()
        while not any(job.entry == entry and job.phase == "printed" for job in jobs):
            if time.monotonic() > end:
                raise DemoFailed(f"the slip of entry {entry} does not come out: {jobs}")
            printer = self.state().printer
            jobs = () if printer is None else printer.jobs
        self._ask(do="wait_idle")

    def shot(self, name: str) -> Path:
        """A picture of the whole screen, numbered in the order of the visits."""
        self._shot += 1
        file = self._shots / f"{self._shot:02d}-{name}.png"
        self._ask(do="screenshot", file=str(file))
        return file

    def screen(self) -> dict[str, Any]:
        """What is on the glass: name of the screen, texts, what can be touched, what does not fit."""
        return self._ask(do="screen")

    # finger

    def tap(self, widget: str) -> None:
        """Touches a widget once it is there to be touched; raises DemoFailed."""
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = self._robot_says(do="tap", id=widget)
            if answer["ok"]:
                return
            if time.monotonic() > end:
                raise DemoFailed(f"cannot touch {widget}: {answer['why']}")
            self._ask(do="wait_idle")

    def leave(self) -> None:
        """Comes home from wherever a visit stands."""
        if self.state().visit is not None:
            self.tap("nav.cancel")
        self.wait_home()

    def type(self, digits: str) -> None:
        """Types on the number pad and confirms."""
        for digit in digits:
            self.tap(f"pad.{'dot' if digit == '.' else digit}")
        self.tap("pad.ok")

    def _ask(self, **wish: object) -> dict[str, Any]:
        answer = self._robot_says(**wish)
        if not answer["ok"]:
            raise DemoFailed(f"the screen does not {wish['do']}: {answer['why']}")
        return answer

    def _robot_says(self, **wish: object) -> dict[str, Any]:
        self._robot.send(json.dumps(wish).encode())
        if not self._robot.poll(int(2 * PATIENCE_S * 1000)):
            raise DemoFailed(f"the kiosk does not answer (log: {self._stage.log_dir / 'kiosk.log'})")
        answer: dict[str, Any] = json.loads(self._robot.recv())
        return answer

    def close(self) -> None:
        self._robot.close()
        self._news.close()


def _reached(shown: list[Any], step: list[Any]) -> bool:
    return shown == step or (bool(shown and step) and shown[0] == step[0] and shown[1] > step[1])
