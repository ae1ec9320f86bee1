"""The outcome of the daily check of the pan, with its chart."""

from __future__ import annotations

from kivy.graphics import Color, Rectangle

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.judged import NextStep
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.control import control
from kiosk.widgets.base import put
from kiosk.widgets.frames import Banner, LegalFrame
from kiosk.widgets.plot import Plot
from kiosk.widgets.text import Line


class ControlScreen(ScreenPiece):
    """The outcome, why, what to do next, and the last checks between their limits."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.banner = Banner(m, (Size.TITLE, Size.LEAD, Size.BODY))
        self.reason = Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, balance=True)
        self.next_step = NextStep(m)
        self.frame = LegalFrame(m)
        self.figures = Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, bold=True)
        self.entry = Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, bold=True, halign="right")
        self.plot = Plot(m)
        self.basis = Line(m, (Size.SMALL, 15, 14), theme.INK)
        self.legend = Line(m, (Size.SMALL, 15, 14), theme.INK, halign="right")
        for piece in (
            self.banner,
            self.reason,
            self.next_step,
            self.frame,
            self.figures,
            self.entry,
            self.plot,
            self.basis,
            self.legend,
        ):
            self.add_widget(piece)
        self._has_next = False

    def show(self, scene: Scene) -> None:
        view = control(scene.prompt, scene.say)
        if not self.changed(view, scene.language):
            return
        if bool(view.next_step) is not self._has_next:
            self._has_next = bool(view.next_step)
            self.arrange(self.box)
        language = scene.language
        self.banner.say(view.word, view.tone, language)
        self.reason.say(view.reason, language)
        self.next_step.show(view.next_step, language)
        self.figures.say(view.figures, language)
        self.entry.say(view.entry, language)
        self.plot.show(view.chart, language)
        self.basis.say(view.basis, language)
        self.legend.say(view.legend, language)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        inside = box.inset(px(8))
        head, inside = inside.cut_top(px(64), px(4))
        banner, reason = head.cut_left(head.w * 0.58, px(10))
        self.banner.place(banner)
        put(self.reason, reason)
        if self._has_next:
            step, inside = inside.cut_top(px(60), px(6))
            self.next_step.place(step)
        self.frame.place(inside)
        inside = inside.inset(px(14), px(8))
        figures, inside = inside.cut_top(px(30), px(2))
        entry, figures = figures.cut_right(px(130), px(8))
        put(self.figures, figures)
        put(self.entry, entry)
        foot, inside = inside.cut_bottom(px(34), px(2))
        legend, basis = foot.cut_right(foot.w * 0.42, px(8))
        put(self.legend, legend)
        put(self.basis, basis)
        # The figure of a tick at the right edge is as wide as that of any other.
        self.plot.place(inside.cut_right(px(40))[1])
        for label in (self.reason, self.figures, self.entry, self.basis, self.legend):
            label.fit()

    def draw(self) -> None:
        Color(*theme.PAPER)
        Rectangle(pos=self.pos, size=self.size)
