"""What went to the county and what came from it: one line a file, what wants looking at first."""

from __future__ import annotations

from kivy.graphics import Color, Rectangle

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.county import MOST_FILES, CountyView, county
from kiosk.widgets.base import put
from kiosk.widgets.buttons import plate
from kiosk.widgets.frames import TONE_MARKS, Banner
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line, fit_alike

ROW = 40


class CountyScreen(ScreenPiece):
    """Delivery above, the files below it on a sheet."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.title = Line(m, (Size.TITLE, Size.LEAD, Size.BODY), theme.INK, bold=True)
        self.delivery = Line(m, (Size.LEAD, Size.BODY, Size.SMALL, 15), theme.INK, balance=True)
        self.problem = Banner(m, (Size.BODY, Size.SMALL, 15))
        self.files_title = Line(m, (Size.BODY, Size.SMALL), theme.INK, bold=True)
        self.none = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.QUIET, valign="top")
        self.names = [
            Line(m, (Size.BODY, Size.SMALL, 15, 13), theme.INK, bold=True) for _ in range(MOST_FILES)
        ]
        self.words = [Line(m, (Size.BODY, Size.SMALL, 15, 13), theme.INK) for _ in range(MOST_FILES)]
        self.more = Line(m, (Size.SMALL, 15), theme.QUIET)
        self._view: CountyView | None = None
        self._marks: list[Box] = []
        self._sheet = Box(0, 0, 0, 0)
        for piece in (
            self.title,
            self.delivery,
            self.problem,
            self.files_title,
            self.none,
            *self.names,
            *self.words,
            self.more,
        ):
            self.add_widget(piece)

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = county(scene.state, scene.say)
        if not self.changed(view, scene.language):
            return
        self._view = view
        language = scene.language
        self.title.say(view.title, language)
        self.delivery.say(view.delivery, language)
        self.problem.say(view.problem, Tone.WAIT, language)
        self.files_title.say(view.files_title, language)
        self.none.say(view.none, language)
        for number, (name, words) in enumerate(zip(self.names, self.words, strict=True)):
            shown = number < len(view.files)
            name.say(view.files[number].name if shown else "", language)
            words.say(view.files[number].words if shown else "", language)
        self.more.say(view.more, language)
        self.arrange(self.box)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        head, rest = box.inset(px(12), px(8)).cut_top(px(48), px(4))
        put(self.title, head)
        delivery, rest = rest.cut_top(px(34), px(6))
        put(self.delivery, delivery)
        if self._view is not None and self._view.problem:
            problem, rest = rest.cut_top(px(52), px(8))
            self.problem.place(problem)
        self._sheet = rest
        title, rows = rest.inset(px(14), px(8)).cut_top(px(30), px(4))
        put(self.files_title, title)
        put(self.none, rows)
        more, rows = rows.cut_bottom(px(24))
        put(self.more, more)
        height = min(px(ROW), rows.h / MOST_FILES)
        self._marks = []
        for number, (name, words) in enumerate(zip(self.names, self.words, strict=True)):
            row = Box(rows.x, rows.top - height * (number + 1), rows.w, height)
            mark, line = row.cut_left(height, px(8))
            self._marks.append(mark.middle(height * 0.6, height * 0.6))
            left, right = line.cut_left(line.w * 0.38, px(8))
            put(name, left)
            put(words, right)
        for label in (self.title, self.delivery, self.files_title, self.none, self.more):
            label.fit()
        fit_alike(self.names)
        fit_alike(self.words)

    def draw(self) -> None:
        Color(*theme.PAPER)
        Rectangle(pos=self.pos, size=self.size)
        plate(self._sheet.inset(self.m.px(1)), theme.WHITE, theme.LINE, self.m.px(12), 1.2)
        files = () if self._view is None else self._view.files
        for box, file in zip(self._marks, files, strict=False):
            # Yellow alone could not be seen on white.
            ink = theme.GOOD if file.tone is Tone.GOOD else theme.INK
            TONE_MARKS[file.tone](Pen(box, ink), ink, theme.WHITE)
