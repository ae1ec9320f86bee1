"""What a screen is given, and what it may do."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from firmware_app.service import messages
from kiosk.link import Condition
from kiosk.theme import Metrics
from kiosk.view.say import Say
from kiosk.widgets.base import Piece


class Scene(msgspec.Struct, frozen=True):
    """All that a screen depends on. ``open_``: the core answers and no command is on its way."""

    state: messages.State | None
    condition: Condition
    say: Say
    open_: bool

    @property
    def language(self) -> str:
        return self.say.lang

    @property
    def prompt(self) -> Any:
        """The prompt of the visit; a screen is shown only for its own kind of prompt."""
        assert self.state is not None and self.state.visit is not None
        return self.state.visit.prompt


class Actions(Protocol):
    """What a touch may bring about."""

    def start(self, kind: messages.VisitKind) -> None:
        """Opens a visit."""

    def answer(self, answer: messages.Answer) -> None:
        """Answers the prompt that is shown."""

    def close(self) -> None:
        """Leaves the verdict."""

    def print_slip(self, entry: int) -> None:
        """Prints the slip of an entry."""

    def cancel_slip(self, entry: int) -> None:
        """Takes back the slip of an entry that waits for the printer."""

    def open_sign_in(self) -> None:
        """Asks who is there."""

    def give_pin(self, number: str, pin: str) -> str:
        """Has the PIN looked at: to sign in, or to vouch where that is asked for. The id of the attempt."""

    def open_pan_card(self) -> None:
        """Shows what there is to know about this pan."""

    def open_county(self) -> None:
        """Shows what went to the county and what came from it."""

    def open_stick(self) -> None:
        """Shows what may be done with a USB stick."""

    def carry(self, task: messages.StickTask) -> str:
        """Has the record or what the county gave carried by the stick that is in. The id of the attempt."""

    def refresh(self) -> None:
        """Something on the screen itself changed."""


class ScreenPiece(Piece):
    """One screen. ``begin`` comes before the first ``show`` of every new step."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m)
        self.actions = actions
        self._shown: tuple[Any, ...] = ()

    def begin(self) -> None:
        """Forgets what was typed or turned on an earlier step."""

    def show(self, scene: Scene) -> None:
        """Shows the scene; called often, so it does nothing where nothing changed."""
        raise NotImplementedError

    def changed(self, *what: Any) -> bool:
        """Whether ``what`` differs from the last time."""
        if what == self._shown:
            return False
        self._shown = what
        return True
