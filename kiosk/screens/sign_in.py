"""Signing in at the glass: working number, then PIN, on the number pad.

Rules this file obeys:

* The PIN is shown as dots, kept nowhere but in the pad, and forgotten as soon as it is sent or left.
"""

from __future__ import annotations

from kivy.graphics import Color, Ellipse

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.choose import PAD_WIDTH
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.pad import MAX_CODE, Pad
from kiosk.view.sign_in import LEAST_NUMBER, LEAST_PIN, Asked, sign_in
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import plate
from kiosk.widgets.frames import Banner
from kiosk.widgets.number_pad import Field, NumberPad
from kiosk.widgets.text import Line


def plain_frame(m: Metrics, box: Box) -> None:
    """No legal frame: what is typed here is no measurement."""
    plate(box.inset(m.px(2)), theme.WHITE, theme.ACTION, m.px(8))


class NumberField(Field):
    """The working number as it is typed."""

    def draw(self) -> None:
        plain_frame(self.m, self.box)


class Dots(Piece):
    """One dot a digit: how many were typed, and not which."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self._count = 0

    def show(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self.stale()

    def draw(self) -> None:
        plain_frame(self.m, self.box)
        side, step = self.m.px(16), min(self.m.px(30), (self.width - self.m.px(24)) / MAX_CODE)
        Color(*theme.INK)
        for number in range(self._count):
            x = self.x + self.m.px(16) + number * step
            Ellipse(pos=(x, self.center_y - side / 2), size=(side, side))


class SignInScreen(ScreenPiece):
    """A question, what was typed, and the number pad."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.title = Line(m, (40, 34, Size.TITLE, Size.LEAD), theme.INK, bold=True, valign="top")
        self.hint = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.QUIET, valign="top")
        self.problem = Banner(m)
        self.field = NumberField(m)
        self.dots = Dots(m)
        self.pad = NumberPad(m, lambda _: actions.refresh(), self._entered)
        self.asked = Asked.NUMBER
        self._number = ""
        self._attempt = ""
        for piece in (self.title, self.hint, self.problem, self.field, self.dots, self.pad):
            self.add_widget(piece)

    def begin(self) -> None:
        self.asked, self._number, self._attempt = Asked.NUMBER, "", ""
        self.pad.pad = Pad()

    def back(self) -> bool:
        """One step back; False where there is none."""
        if self.asked is Asked.NUMBER:
            return False
        self._ask_number()
        self.actions.refresh()
        return True

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = sign_in(scene.state, self._attempt, self.asked, scene.say)
        if not self.changed(view, scene.language, scene.open_, self.pad.pad, self.asked):
            return
        typed = len(self.pad.pad.text)
        self.title.say(view.title, scene.language)
        self.problem.say(view.problem, view.tone, scene.language)
        self.hint.say("" if view.problem else view.hint, scene.language)
        self.field.show_if(self.asked is Asked.NUMBER)
        self.dots.show_if(self.asked is Asked.PIN)
        if self.asked is Asked.NUMBER:
            self.field.show(self.pad.pad)
        else:
            self.dots.show(typed)
        enough = typed >= (LEAST_NUMBER if self.asked is Asked.NUMBER else LEAST_PIN)
        open_ = scene.open_ and view.open and enough
        self.pad.show(self.pad.pad, scene.language, scene.say("button.ok"), open_=open_)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        pad, left = box.inset(px(6)).cut_right(px(PAD_WIDTH), px(12))
        self.pad.place(pad)
        left = left.inset(px(8), px(8))
        title, rest = left.cut_top(px(100), px(8))
        field, rest = rest.cut_top(px(92), px(12))
        put(self.title, title)
        self.field.place(field)
        self.dots.place(field)
        put(self.hint, rest)
        self.problem.place(rest.cut_top(px(150))[0])
        self.title.fit()
        self.hint.fit()

    def _ask_number(self) -> None:
        self.asked = Asked.NUMBER
        self.pad.pad = Pad(self._number)

    def _entered(self, pad: Pad) -> None:
        if self.asked is Asked.NUMBER:
            self._number, self.asked = pad.text, Asked.PIN
            self.pad.pad = Pad()
            self.actions.refresh()
            return
        # Sent or not, the PIN is gone; a wrong one may have been a wrong number.
        self._ask_number()
        self._attempt = self.actions.give_pin(self._number, pad.text)
