"""What lies over every screen: the warning before going home, a refusal, and the dark."""

from __future__ import annotations

from kivy.graphics import Color, Rectangle
from kivy.input.motionevent import MotionEvent

from kiosk import theme
from kiosk.layout import Box
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.say import Say
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import Button, Kind, plate
from kiosk.widgets.frames import Banner
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line


class Cover(Piece):
    """Takes every touch that falls on it while it is shown."""

    covers = True

    def on_touch_down(self, touch: MotionEvent) -> bool:
        if not self.shown:
            return False
        super().on_touch_down(touch)
        return True


class IdleWarning(Cover):
    """Asks whether somebody is there and counts down; the first touch anywhere only wakes."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self.title = Line(m, (44, 34, Size.TITLE), theme.INK, bold=True, halign="center", balance=True)
        self.text = Line(m, (Size.TITLE, Size.LEAD), theme.INK, halign="center")
        # Drawn as the key it looks like; the touch that wakes is taken before it gets here.
        self.stay = Button(m, "idle.stay", lambda: None, kind=Kind.GO, sizes=(Size.TITLE, Size.LEAD))
        for piece in (self.title, self.text, self.stay):
            self.add_widget(piece)
        self._sheet = Box(0, 0, 0, 0)
        self._said: tuple[object, ...] = ()
        self.show_if(False)

    def show(self, seconds: int, say: Say) -> None:
        self.show_if(seconds > 0)
        said = (seconds, say.lang)
        if seconds <= 0 or said == self._said:
            return
        self._said = said
        self.title.say(say("idle.title"), say.lang)
        self.text.say(say("idle.warning", count=str(seconds)), say.lang)
        self.stay.say(say("button.stay"), say.lang)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        self._sheet = box.middle(px(560), px(320))
        inside = self._sheet.inset(px(28), px(24))
        stay, inside = inside.cut_bottom(px(92), px(8))
        self.stay.place(stay)
        title, text = inside.cut_top(inside.h * 0.58, px(6))
        put(self.title, title)
        put(self.text, text)
        self.title.fit()
        self.text.fit()

    def draw(self) -> None:
        Color(*theme.SHADE)
        Rectangle(pos=self.pos, size=self.size)
        plate(self._sheet, theme.PAPER, theme.PAPER, self.m.px(18), 1)


class Refusal(Piece):
    """What the appliance did not take, over the top of the content."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self.banner = Banner(m)
        self.add_widget(self.banner)
        self.show_if(False)

    def show(self, words: str, language: str, tone: Tone = Tone.BAD) -> None:
        self.show_if(bool(words))
        if words:
            self.banner.say(words, tone, language)

    def arrange(self, box: Box) -> None:
        self.banner.place(box)


class Dark(Cover):
    """An almost black screen; a dim finger shows where to wake it."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self.show_if(False)

    def draw(self) -> None:
        Color(*theme.BLACK)
        Rectangle(pos=self.pos, size=self.size)
        dim = theme.NIGHT_RAISED
        icons.hand(Pen(self.box.middle(self.m.px(90), self.m.px(90)), dim), dim, theme.BLACK)
