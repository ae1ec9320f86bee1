"""Screens that ask nothing: interrupted, the core silent, saving, not saved. Huge, and in words."""

from __future__ import annotations

from collections.abc import Callable

from kivy.graphics import Color, Rectangle

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.trouble import Picture, TroubleView, interrupted, no_core, not_saved, saving
from kiosk.widgets import icons
from kiosk.widgets.base import put
from kiosk.widgets.frames import Banner
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line

ViewMaker = Callable[[Scene], TroubleView]


def interrupted_view(scene: Scene) -> TroubleView:
    assert scene.state is not None
    return interrupted(scene.prompt, scene.state.pan, scene.say)


def no_core_view(scene: Scene) -> TroubleView:
    return no_core(scene.condition, scene.say)


def saving_view(scene: Scene) -> TroubleView:
    return saving(scene.say)


def not_saved_view(scene: Scene) -> TroubleView:
    return not_saved(scene.prompt, scene.say)


class TroubleScreen(ScreenPiece):
    """A banner, a picture, what is wrong, what to do, and what happens then."""

    def __init__(self, m: Metrics, actions: Actions, make: ViewMaker) -> None:
        super().__init__(m, actions)
        self._make = make
        self.banner = Banner(m, (34, Size.TITLE, Size.LEAD, Size.BODY))
        self.what = Line(
            m, (40, 36, Size.TITLE, Size.LEAD), theme.INK, bold=True, valign="bottom", balance=True
        )
        self.remedy = Line(m, (34, Size.TITLE, Size.LEAD, Size.BODY), theme.INK, valign="top", balance=True)
        self.goes_on = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.QUIET)
        for piece in (self.banner, self.what, self.remedy, self.goes_on):
            self.add_widget(piece)
        self._view: TroubleView | None = None
        self._picture = Box(0, 0, 0, 0)

    def show(self, scene: Scene) -> None:
        view = self._make(scene)
        if not self.changed(view, scene.language):
            return
        relayout = self._view is None or bool(self._view.banner) != bool(view.banner)
        self._view = view
        if relayout:
            self.arrange(self.box)
        self.banner.say(view.banner, view.tone, scene.language)
        self.what.say(view.what, scene.language)
        self.remedy.say(view.remedy, scene.language)
        self.goes_on.say(view.goes_on, scene.language)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        inside = box.inset(px(14), px(14))
        if self._view is not None and self._view.banner:
            banner, inside = inside.cut_top(px(88), px(10))
            self.banner.place(banner)
        picture, words = inside.inset(px(6), 0).cut_left(px(176), px(28))
        self._picture = picture.middle(px(164), px(164))
        foot, words = words.cut_bottom(px(48))
        put(self.goes_on, foot)
        what, remedy = words.cut_top(words.h * 0.52, px(6))
        put(self.what, what)
        put(self.remedy, remedy)
        for label in (self.what, self.remedy, self.goes_on):
            label.fit()

    def draw(self) -> None:
        if self._view is None:
            return
        ink = theme.BAD if self._view.tone is Tone.BAD else theme.ACTION
        Color(*theme.PAPER)
        Rectangle(pos=self.pos, size=self.size)
        picture: Picture = self._view.picture
        icons.OF_PICTURE[picture.value](Pen(self._picture, ink), ink, theme.PAPER)
