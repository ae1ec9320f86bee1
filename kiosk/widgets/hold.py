"""A key that must be held: what cannot be taken back is not done by a touch in passing."""

from __future__ import annotations

from collections.abc import Callable

from kivy.clock import Clock
from kivy.input.motionevent import MotionEvent

from kiosk import theme
from kiosk.layout import Box
from kiosk.theme import Metrics, Size
from kiosk.widgets.base import Tappable, put
from kiosk.widgets.buttons import plate
from kiosk.widgets.text import Line

HOLD_S = 2.0
STEP_S = 0.05


class HoldButton(Tappable):
    """Does ``on_tap`` once it has been held for two seconds; it fills up meanwhile, and empties when left."""

    def __init__(self, m: Metrics, automation_id: str, on_tap: Callable[[], None]) -> None:
        super().__init__(m, automation_id, on_tap)
        self.words = Line(
            m, (Size.TITLE, Size.LEAD, Size.BODY), theme.WHITE, bold=True, halign="center", balance=True
        )
        self.note = Line(m, (Size.BODY, Size.SMALL), theme.WHITE, halign="center")
        self.add_widget(self.words)
        self.add_widget(self.note)
        self._share = 0.0
        self._since = 0.0
        self._filling = Clock.create_trigger(self._fill, STEP_S, interval=True)

    def say(self, words: str, note: str, language: str) -> None:
        self.words.say(words, language)
        self.note.say(note, language)

    def arrange(self, box: Box) -> None:
        note, words = box.inset(self.m.px(12), self.m.px(10)).cut_bottom(self.m.px(44), self.m.px(4))
        put(self.words, words)
        put(self.note, note)
        self.words.fit()
        self.note.fit()

    def draw(self) -> None:
        radius = self.m.px(12)
        ground = theme.BAD if self.enabled else theme.MUTE
        plate(self.box, ground, ground, radius)
        if self._share:
            filled = Box(self.x, self.y, max(2 * radius, self.width * self._share), self.height)
            plate(filled, theme.INK, theme.INK, radius)

    def _hold(self, held: bool) -> None:
        if held == self.held:
            return
        super()._hold(held)
        self._share = 0.0
        if held:
            self._since = Clock.get_time()
            self._filling()
        else:
            self._filling.cancel()

    def _fill(self, _dt: float) -> None:
        self._share = min(1.0, (Clock.get_time() - self._since) / HOLD_S)
        self.stale()
        if self._share == 1.0:
            self._filling.cancel()
            if self.tappable:
                self.taps += 1
                self._on_tap()

    def on_touch_up(self, touch: MotionEvent) -> bool:
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self._hold(False)
        return True
