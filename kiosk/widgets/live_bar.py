"""The live bar: weight, why it is not stable, time, network, unsent count; always in view, never touched."""

from __future__ import annotations

from kivy.graphics import Color, Rectangle
from msgspec.structs import replace

from kiosk import theme
from kiosk.layout import Box
from kiosk.text.digits import DigitLabel
from kiosk.theme import Metrics, Size
from kiosk.view.bar import BarView, Tone
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import plate
from kiosk.widgets.frames import TONE_COLOURS, TONE_MARKS, legal_frame
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line

HEIGHT = 60
_ON_NIGHT = {
    Tone.GOOD: theme.NIGHT_QUIET,
    Tone.WAIT: theme.DOUBT,
    Tone.BAD: theme.DOUBT,
    Tone.MUTE: theme.NIGHT_QUIET,
}


class LiveBar(Piece):
    """Left the legal frame with the pan; right time, clock, network, delivery and the simulation mark."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self._view: BarView | None = None
        self._shown: tuple[BarView, str] | None = None
        self.weight = DigitLabel(
            text="", unit="kg", font_size=m.px(34), color=theme.INK, halign="right", size_hint=(None, None)
        )
        small = (Size.SMALL, 15)
        self.note = Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, bold=True)
        self.time = Line(m, 22, theme.WHITE, bold=True)
        self.clock = Line(m, small, theme.NIGHT_QUIET)
        self.network = Line(m, small, theme.NIGHT_QUIET)
        self.unsent = Line(m, small, theme.NIGHT_QUIET)
        # Smaller where a name stands below it.
        self.simulated = Line(m, (*small, 13, 12), theme.INK, bold=True, halign="center", balance=True)
        self.person = Line(m, (Size.BODY, Size.SMALL, 15, 13, 12), theme.WHITE, bold=True)
        for label in (
            self.weight,
            self.note,
            self.time,
            self.clock,
            self.network,
            self.unsent,
            self.simulated,
            self.person,
        ):
            self.add_widget(label)
        self._legal = self._mark = self._clock_icon = self._network_icon = self._plate = Box(0, 0, 0, 0)
        self._marks = self._key = Box(0, 0, 0, 0)

    def show(self, view: BarView, language: str) -> None:
        # Ten times a second only the figure moves: that must not lay out and paint the rest again.
        self.weight.text = view.pan.figure
        rest = replace(view, pan=replace(view.pan, figure=""))
        if (rest, language) == self._shown:
            return
        self._shown = (rest, language)
        self._view = view
        self.note.say(view.pan.note, language)
        self.time.say(view.time, language)
        self.clock.say(view.clock, language)
        self.clock.color = _ON_NIGHT[view.clock_tone]
        self.network.say(view.network, language)
        self.network.color = _ON_NIGHT[view.network_tone]
        self.unsent.say(view.unsent, language)
        self.unsent.color = _ON_NIGHT[view.unsent_tone]
        self.simulated.say(view.simulated, language)
        self.person.say(view.person, language)
        self._arrange_marks()
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        self._legal, rest = box.inset(px(4)).cut_left(px(346), px(10))
        inside = self._legal.inset(px(8), px(5))
        weight, inside = inside.cut_left(px(182), px(10))
        put(self.weight, weight)
        mark, note = inside.cut_left(px(30), px(8))
        self._mark = mark.middle(px(30), px(30))
        put(self.note, note)
        self._marks, _ = rest.cut_right(px(112), px(10))
        self._arrange_marks()
        # Two lines of Tibetan need the whole height of the bar.
        rest = Box(rest.x, box.y, rest.w - px(122), box.h)
        left, right = rest.cut_left(rest.w * 0.53, px(6))
        self._clock_icon, clock = left.cut_left(px(26), px(6))
        upper, lower = clock.rows(2)
        put(self.time, upper)
        put(self.clock, lower)
        self._network_icon, county = right.cut_left(px(26), px(6))
        upper, lower = county.rows(2)
        put(self.network, upper)
        put(self.unsent, lower)
        for label in (self.note, self.time, self.clock, self.network, self.unsent, self.simulated):
            label.fit()

    def _arrange_marks(self) -> None:
        """The place at the right is the simulation's, the person's, or both share it."""
        px, view = self.m.px, self._view
        # Shared, they have the whole height of the bar.
        upper, lower = Box(self._marks.x, self.y, self._marks.w, self.height).cut_top(px(34))
        both = view is not None and bool(view.simulated) and bool(view.person)
        self._plate = upper if both else self._marks
        put(self.simulated, self._plate.inset(px(4), px(1)))
        name = lower if both else self._marks
        self._key, name = name.cut_left(px(26), px(4))
        put(self.person, name)
        self.simulated.fit()
        self.person.fit()

    def draw(self) -> None:
        view = self._view
        Color(*theme.NIGHT)
        Rectangle(pos=self.pos, size=self.size)
        legal_frame(self.m, self._legal)
        if view is None:
            return
        side = self.m.px(26)
        ground, ink = TONE_COLOURS[view.pan.tone]
        if view.pan.tone is Tone.WAIT:
            # The amber triangle carries its own ink mark on white.
            ground, ink = theme.INK, theme.DOUBT
        TONE_MARKS[view.pan.tone](Pen(self._mark, ground), ground, ink)
        if view.time:
            tone = _ON_NIGHT[view.clock_tone]
            icons.clock(Pen(self._clock_icon.middle(side, side), tone), tone, theme.NIGHT)
            tone = _ON_NIGHT[view.network_tone]
            draw = icons.network if view.network_tone is Tone.GOOD else icons.no_network
            draw(Pen(self._network_icon.middle(side, side), tone), tone, theme.NIGHT)
        if view.person:
            side = self.m.px(24)
            icons.key(Pen(self._key.middle(side, side), theme.WHITE), theme.WHITE, theme.NIGHT)
        if view.simulated:
            plate(self._plate, theme.SIMULATION, theme.SIMULATION, self.m.px(6), 1.0)
