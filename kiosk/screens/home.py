"""Three doors, and a quiet fourth in the rail."""

from __future__ import annotations

from kivy.graphics import Color, SmoothLine

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.home import Door, home
from kiosk.widgets import icons
from kiosk.widgets.base import Tappable, put
from kiosk.widgets.buttons import Button, plate
from kiosk.widgets.frames import Banner
from kiosk.widgets.icons import OF_DOOR
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line, fit_alike

NO_DOOR = Door("", "", "", None)


def enter(door: Door, actions: Actions) -> None:
    """Goes through a door."""
    if door.kind is not None:
        actions.start(door.kind)
    elif door.sign_in:
        actions.open_sign_in()


class DoorCard(Tappable):
    """A door: picture, name and what is behind it. One not built is an outline that cannot be tapped."""

    def __init__(self, m: Metrics, name: str, actions: Actions) -> None:
        super().__init__(m, f"door.{name}", self._open)
        self._actions = actions
        self._icon = OF_DOOR[name]
        self._door = NO_DOOR
        self.title = Line(
            m,
            (34, Size.TITLE, Size.LEAD, Size.BODY),
            theme.WHITE,
            bold=True,
            halign="center",
            valign="bottom",
            balance=True,
        )
        self.text = Line(
            m, (Size.LEAD, Size.BODY, Size.SMALL), theme.WHITE, halign="center", valign="top", balance=True
        )
        self.add_widget(self.title)
        self.add_widget(self.text)
        self._picture = Box(0, 0, 0, 0)

    def show(self, door: Door, language: str, *, open_: bool) -> None:
        self._door = door
        self.enable(door.opens and open_)
        built = door.opens
        self.title.color = theme.WHITE if built else theme.INK
        self.text.color = theme.WHITE if built else theme.QUIET
        self.title.say(door.title, language)
        self.text.say(door.text, language)
        self.stale()

    def arrange(self, box: Box) -> None:
        inside = box.inset(self.m.px(14), self.m.px(16))
        picture, words = inside.cut_top(inside.h * 0.46, self.m.px(6))
        self._picture = picture.middle(self.m.px(138), self.m.px(138))
        title, text = words.cut_top(words.h * 0.48, self.m.px(8))
        put(self.title, title)
        put(self.text, text)
        self.title.fit()
        self.text.fit()

    def draw(self) -> None:
        box, radius = self.box.inset(self.m.px(1)), self.m.px(16)
        if not self._door.opens:
            Color(*theme.LINE)
            outline = box.inset(self.m.px(2))
            SmoothLine(
                rounded_rectangle=(outline.x, outline.y, outline.w, outline.h, radius), width=self.m.px(1.4)
            )
            self._icon(Pen(self._picture, theme.LINE), theme.LINE, theme.PAPER)
            return
        ground = theme.ACTION_DOWN if self.held else theme.ACTION
        plate(box, ground, ground, radius)
        self._icon(Pen(self._picture, theme.WHITE), theme.WHITE, ground)

    def _open(self) -> None:
        enter(self._door, self._actions)


class KeeperDoor(Tappable):
    """The quiet door in the rail: raised where it leads to something, flat where it does not."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, "door.keeper", self._open)
        self._actions = actions
        self._door = NO_DOOR
        self.title = Line(
            m, (Size.BODY, Size.SMALL, 15), theme.NIGHT_QUIET, bold=True, halign="center", balance=True
        )
        self.text = Line(
            m, (Size.SMALL, 15, 13), theme.NIGHT_QUIET, halign="center", valign="top", balance=True
        )
        self.add_widget(self.title)
        self.add_widget(self.text)
        self._picture = Box(0, 0, 0, 0)

    def show(self, door: Door, language: str, *, open_: bool) -> None:
        if door.opens is not self._door.opens:
            self.stale()
        self._door = door
        self.enable(door.opens and open_)
        self.title.say(door.title, language)
        self.text.say(door.text, language)

    def arrange(self, box: Box) -> None:
        inside = box.inset(self.m.px(4), self.m.px(10))
        picture, words = inside.cut_top(self.m.px(46), self.m.px(2))
        self._picture = picture.square()
        title, text = words.cut_top(self.m.px(34))
        put(self.title, title)
        put(self.text, text)
        self.title.fit()
        self.text.fit()

    def draw(self) -> None:
        ground = theme.NIGHT
        if self._door.opens:
            ground = theme.ACTION if self.held else theme.NIGHT_RAISED
            plate(self.box.inset(self.m.px(3)), ground, ground, self.m.px(8))
        OF_DOOR["keeper"](Pen(self._picture, theme.NIGHT_QUIET), theme.NIGHT_QUIET, ground)

    def _open(self) -> None:
        enter(self._door, self._actions)


class HomeScreen(ScreenPiece):
    """The three doors side by side under the name of the appliance."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.title = Line(m, (Size.TITLE, Size.LEAD), theme.INK, bold=True)
        self.doors = [DoorCard(m, name, actions) for name in ("self_check", "fair", "inspector")]
        self.notice = Banner(m, (Size.BODY, Size.SMALL, 15))
        self.pan = Button(
            m, "door.pan", actions.open_pan_card, icon=icons.loaded_pan, sizes=(Size.SMALL, 15, 14)
        )
        self.add_widget(self.title)
        self.add_widget(self.notice)
        self.add_widget(self.pan)
        for door in self.doors:
            self.add_widget(door)

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = home(scene.state, scene.say)
        if not self.changed(view, scene.language, scene.open_):
            return
        self.title.say("" if view.notice else view.title, scene.language)
        self.notice.say(view.notice, Tone.WAIT, scene.language)
        self.pan.say(scene.say("home.pan"), scene.language)
        for card, door in zip(self.doors, view.doors, strict=True):
            card.show(door, scene.language, open_=scene.open_)
        fit_alike([card.title for card in self.doors])
        fit_alike([card.text for card in self.doors])

    def arrange(self, box: Box) -> None:
        height = max(self.m.px(84), self.m.target[1])
        head, doors = box.inset(self.m.px(12), self.m.px(6)).cut_top(height, self.m.px(6))
        pan, title = head.cut_right(self.m.px(172), self.m.px(10))
        self.pan.place(pan)
        put(self.title, title)
        self.notice.place(title)
        self.title.fit()
        for card, column in zip(self.doors, doors.columns(3, self.m.px(10)), strict=True):
            card.place(column)
