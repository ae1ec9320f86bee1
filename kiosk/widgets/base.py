"""What every widget of the kiosk is: placed by a Box, drawn once a change, tapped by one finger.

Rules this file obeys:

* Nothing is drawn in a frame in which nothing changed.
* A tap is a down and an up on the same widget; a widget that is not shown or not enabled takes none.
* Every tappable widget has an automation id; a script can press nothing that a finger could not.
"""

from __future__ import annotations

from collections.abc import Callable

from kivy.clock import Clock
from kivy.input.motionevent import MotionEvent
from kivy.uix.widget import Widget

from kiosk.layout import Box
from kiosk.theme import Metrics


class Piece(Widget):
    """A placed and drawn widget. ``m`` are the pixels of this window."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(size_hint=(None, None))
        self.m = m
        self._trigger = Clock.create_trigger(self._repaint, -1)

    def apply_class_lang_rules(self, *_: object, **__: object) -> None:
        """None of Kivy's own style is taken, not even for a class that happens to have a name of Kivy's."""

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.width, self.height)

    @property
    def shown(self) -> bool:
        return bool(self.opacity)

    def show_if(self, shown: bool) -> None:
        """Hides without leaving the tree; what is hidden takes no touch."""
        self.opacity = 1.0 if shown else 0.0

    def place(self, box: Box) -> None:
        """Puts the widget there and its children inside it."""
        self.pos = (round(box.x), round(box.y))
        self.size = (round(box.w), round(box.h))
        self.arrange(self.box)
        self.stale()

    def arrange(self, box: Box) -> None:
        """Places the children; nothing to do where there are none."""

    def draw(self) -> None:
        """Paints into the canvas behind the children; nothing where the widget is its children."""

    def stale(self) -> None:
        """Asks for one repaint before the next frame."""
        self._trigger()

    def _repaint(self, _dt: float) -> None:
        self.canvas.before.clear()
        with self.canvas.before:
            self.draw()

    def on_touch_down(self, touch: MotionEvent) -> bool:
        return bool(super().on_touch_down(touch)) if self.shown else False


class Tappable(Piece):
    """Does ``on_tap`` when tapped while enabled. ``held`` is true under the finger; ``taps`` counts."""

    def __init__(self, m: Metrics, automation_id: str, on_tap: Callable[[], None]) -> None:
        super().__init__(m)
        self.automation_id = automation_id
        self.enabled = True
        self.held = False
        self.taps = 0
        self._on_tap = on_tap

    def enable(self, enabled: bool) -> None:
        if enabled != self.enabled:
            self.enabled = enabled
            self.stale()

    @property
    def tappable(self) -> bool:
        return self.shown and self.enabled

    def on_touch_down(self, touch: MotionEvent) -> bool:
        if not self.tappable or not self.collide_point(*touch.pos):
            return False
        touch.grab(self)
        self._hold(True)
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        if touch.grab_current is not self:
            return False
        self._hold(bool(self.collide_point(*touch.pos)))
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        was_held = self.held
        self._hold(False)
        if was_held and self.tappable and self.collide_point(*touch.pos):
            self.taps += 1
            self._on_tap()
        return True

    def _hold(self, held: bool) -> None:
        if held != self.held:
            self.held = held
            self.stale()


def put(label: Widget, box: Box) -> None:
    """Places a label of the text room."""
    label.pos = (round(box.x), round(box.y))
    label.size = (round(box.w), round(box.h))
