"""The USB stick: one sentence, what follows from it, how far it is, and two keys."""

from __future__ import annotations

from functools import partial

from kivy.graphics import Color, Rectangle

from firmware_app.service import messages
from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.stick import stick
from kiosk.widgets import page_icons
from kiosk.widgets.base import put
from kiosk.widgets.buttons import Button, Kind, plate
from kiosk.widgets.frames import Banner
from kiosk.widgets.text import Line, fit_alike

Task = messages.StickTask
MOST_LINES = 5


class StickScreen(ScreenPiece):
    """Above what is so, below the two keys: there, and back."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.title = Line(m, (Size.TITLE, Size.LEAD, Size.BODY), theme.INK, bold=True)
        self.banner = Banner(m, (Size.TITLE, Size.LEAD, Size.BODY))
        self.lines = [
            Line(m, (Size.LEAD, Size.BODY, Size.SMALL, 15), theme.INK, valign="top", balance=True)
            for _ in range(MOST_LINES)
        ]
        sizes = (Size.LEAD, Size.BODY, Size.SMALL)
        self.keys = {
            task: Button(
                m, f"stick.{task.value}", partial(self._carry, task), kind=Kind.ACTION, icon=icon, sizes=sizes
            )
            for task, icon in ((Task.WRITE, page_icons.onto_stick), (Task.READ, page_icons.from_stick))
        }
        for piece in (self.title, self.banner, *self.lines, *self.keys.values()):
            self.add_widget(piece)
        self._attempt = ""
        self._share: float | None = None
        self._count = 1
        self._bar = Box(0, 0, 0, 0)

    def begin(self) -> None:
        self._attempt = ""

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = stick(scene.state, self._attempt, scene.say)
        if not self.changed(view, scene.language, scene.open_):
            return
        language = scene.language
        self._share, self._count = view.share, len(view.lines)
        self.title.say(view.title, language)
        self.banner.say(view.banner, view.tone, language)
        for number, line in enumerate(self.lines):
            line.say(view.lines[number] if number < len(view.lines) else "", language)
        for task, words in ((Task.WRITE, view.write), (Task.READ, view.read)):
            self.keys[task].say(words, language)
            self.keys[task].enable(view.open and scene.open_)
        self.arrange(self.box)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        head, rest = box.inset(px(12), px(8)).cut_top(px(48), px(4))
        put(self.title, head)
        banner, rest = rest.cut_top(px(84), px(10))
        self.banner.place(banner)
        keys, words = rest.cut_bottom(px(112), px(10))
        for key, place in zip(self.keys.values(), keys.columns(2, px(10)), strict=True):
            key.place(place)
        bar, below = words.cut_top(px(26), px(10))
        self._bar = bar
        if self._share is not None:
            words = below
        for line, row in zip(self.lines, words.rows(max(1, self._count), px(2)), strict=False):
            put(line, row)
        self.title.fit()
        for line in self.lines:
            line.fit()
        fit_alike(self.lines[: self._count])

    def draw(self) -> None:
        Color(*theme.PAPER)
        Rectangle(pos=self.pos, size=self.size)
        if self._share is not None:
            radius = self.m.px(8)
            plate(self._bar, theme.WHITE, theme.INK, radius)
            done = Box(self._bar.x, self._bar.y, self._bar.w * min(1.0, self._share), self._bar.h)
            if done.w > 2 * radius:
                plate(done, theme.ACTION, theme.ACTION, radius)

    def _carry(self, task: messages.StickTask) -> None:
        self._attempt = self.actions.carry(task)
