"""The outcome of a procedure that has no screens of its own, on three faces: result, all lines, the slip."""

from __future__ import annotations

from firmware_app.service import messages
from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.judged import Face, FacedScreen, Marks, NextStep, VerdictBand
from kiosk.screens.page import Beside, Facts
from kiosk.screens.scene import Actions, Scene
from kiosk.screens.slip_card import SlipCard, SlipFace
from kiosk.theme import Metrics, Size
from kiosk.view.page import LINES_A_PAGE, OutcomeView, outcome
from kiosk.view.printing import PrintKey, print_key
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import IconButton
from kiosk.widgets.frames import legal_frame
from kiosk.widgets.text import Line, fit_alike

MOST_FACTS = 4
"""Figures beside the verdict; all of them stand on the next face."""
SIDE = 258


class ResultFace(Piece):
    """The band, what to do next, the first figures; at the right the code of the slip."""

    def __init__(self, m: Metrics, screen: OutcomeScreen) -> None:
        super().__init__(m)
        self.band = VerdictBand(m)
        self.next_step = NextStep(m)
        self.facts = Facts(m, MOST_FACTS)
        self.caution = Line(m, (Size.SMALL, 15, 14, 13), theme.BAD, bold=True)
        self.document = Line(m, (Size.SMALL, 15, 14), theme.INK, bold=True)
        self.beside = Beside(m, lambda option: screen.actions.answer(messages.events.Picked(option)))
        self.slip = SlipCard(m, screen.actions, lambda: screen.turn(Face.SLIP))
        for piece in (
            self.band,
            self.next_step,
            self.facts,
            self.caution,
            self.document,
            self.beside,
            self.slip,
        ):
            self.add_widget(piece)
        self._view: OutcomeView | None = None

    def show(self, view: OutcomeView, key: PrintKey | None, scene: Scene) -> None:
        language = scene.language
        self._view = view
        self.arrange(self.box)
        self.band.show(view, language)
        self.next_step.show(view.next_step, language)
        self.facts.show(view.facts[:MOST_FACTS], language)
        self.caution.say(view.caution, language)
        self.document.say(scene.say("page.document") if view.document else "", language)
        self.beside.show(view.beside, language, open_=scene.open_)
        self.slip.show(view, key, scene)

    def arrange(self, box: Box) -> None:
        px, view = self.m.px, self._view
        if view is None:
            return
        right, left = box.inset(px(8)).cut_right(px(SIDE), px(8))
        band, left = left.cut_top(px(118), px(6))
        self.band.place(band)
        if view.next_step:
            step, left = left.cut_top(px(92), px(6))
            self.next_step.place(step)
        for line, shown in ((self.document, view.document), (self.caution, view.caution)):
            if shown:
                row, left = left.cut_bottom(px(30), px(2))
                put(line, row)
        self.facts.place(left.cut_top(Facts.height_of(self.m, min(MOST_FACTS, len(view.facts))))[0])
        if view.beside:
            beside, right = right.cut_bottom(self.m.target[1], px(6))
            self.beside.place(beside)
        self.slip.place(right)
        for label in (self.caution, self.document):
            label.fit()


class LinesFace(Piece):
    """Every line of the outcome with its figures and its mark."""

    def __init__(self, m: Metrics, screen: OutcomeScreen) -> None:
        super().__init__(m)
        sizes = (Size.BODY, Size.SMALL, 15, 14, 13, 12)
        self.labels = [Line(m, sizes, theme.INK, bold=True) for _ in range(LINES_A_PAGE)]
        self.figures = [Line(m, (Size.SMALL, 15, 14, 13), theme.INK) for _ in range(LINES_A_PAGE)]
        self.words = [Line(m, sizes, theme.INK, halign="right") for _ in range(LINES_A_PAGE)]
        self.marks = Marks(m)
        self.law = Line(m, (15, 14, 13, 12), theme.INK)
        self.check_only = Line(m, (15, 14, 13), theme.QUIET)
        self.count = Line(m, Size.LEAD, theme.INK, bold=True, halign="center")
        self.previous = IconButton(m, "page.previous", lambda: screen.page(-1), icons.back)
        self.next = IconButton(m, "page.next", lambda: screen.page(1), icons.forward)
        for piece in (
            *self.labels,
            *self.figures,
            *self.words,
            self.marks,
            self.law,
            self.check_only,
            self.count,
            self.previous,
            self.next,
        ):
            self.add_widget(piece)
        self._frame = Box(0, 0, 0, 0)
        self._paged = False

    def show(self, view: OutcomeView, language: str) -> None:
        lines = view.lines
        self._paged = view.pages > 1
        self.arrange(self.box)
        for i in range(LINES_A_PAGE):
            line = lines[i] if i < len(lines) else None
            self.labels[i].say(line.label if line else "", language)
            self.figures[i].say(line.figures if line else "", language)
            self.words[i].say(line.word if line else "", language)
        for column in (self.labels, self.figures, self.words):
            fit_alike(column)
        self.marks.show([line.verdict for line in lines])
        self.law.say(view.law, language)
        self.check_only.say(view.check_only, language)
        self.count.say(f"{view.page + 1} / {view.pages}" if view.pages > 1 else "", language)
        for key, possible in ((self.previous, view.page > 0), (self.next, view.page < view.pages - 1)):
            key.show_if(view.pages > 1)
            key.enable(possible)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        foot, table = box.inset(px(8)).cut_bottom(self.m.target[1], px(6))
        if self._paged:
            left, foot = foot.cut_left(px(90), px(6))
            right, foot = foot.cut_right(px(90), px(6))
            count, foot = foot.cut_right(px(64), px(6))
            self.previous.place(left)
            self.next.place(right)
            put(self.count, count)
        check_only, law = foot.cut_bottom(px(24), px(2))
        put(self.law, law)
        put(self.check_only, check_only)
        self._frame = table
        marks = []
        for i, row in enumerate(table.inset(px(14), px(10)).rows(LINES_A_PAGE)):
            label, rest = row.cut_left(row.w * 0.42, px(8))
            end, figures = rest.cut_right(rest.w * 0.36, px(8))
            mark, word = end.cut_left(px(24), px(4))
            marks.append(mark.middle(px(22), px(22)))
            put(self.labels[i], label)
            put(self.figures[i], figures)
            put(self.words[i], word)
        self.marks.place_marks(table, marks)
        for label in (*self.labels, *self.figures, *self.words, self.law, self.check_only, self.count):
            label.fit()

    def draw(self) -> None:
        legal_frame(self.m, self._frame)


class OutcomeScreen(FacedScreen):
    """The outcome of any procedure."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.result = ResultFace(m, self)
        self.lines = LinesFace(m, self)
        self.slip = SlipFace(m, lambda: self.turn(Face.VERDICT))
        self.faces = {Face.VERDICT: self.result, Face.FIGURES: self.lines, Face.SLIP: self.slip}

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = outcome(scene.prompt, self.at, scene.say)
        key = print_key(scene.state.printer, scene.prompt.entry, scene.say)
        if not self.changed(view, key, scene.language, scene.open_, self.face):
            return
        self.at = view.page
        face = self.turned()
        if face is self.result:
            self.result.show(view, key, scene)
        elif face is self.lines:
            self.lines.show(view, scene.language)
        else:
            self.slip.show(view, scene.language)
