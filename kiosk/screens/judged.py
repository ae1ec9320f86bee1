"""The verdict on three faces: the verdict itself, all figures, and the slip in full size."""

from __future__ import annotations

import enum
from typing import Protocol

from kivy.graphics import Color, Rectangle

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.screens.slip_card import SlipCard, SlipFace
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.printing import PrintKey, print_key
from kiosk.view.verdict import LOADS_A_PAGE, Row, VerdictView, judged
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import IconButton, plate
from kiosk.widgets.corridor import Corridor
from kiosk.widgets.frames import TONE_COLOURS, LegalFrame
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line, fit_alike


class Banded(Protocol):
    """What a band says; ``verdict`` names the mark that is drawn."""

    @property
    def verdict(self) -> str: ...

    @property
    def tone(self) -> Tone: ...

    @property
    def word(self) -> str: ...

    @property
    def hint(self) -> str: ...


class Face(enum.StrEnum):
    VERDICT = "verdict"
    FIGURES = "figures"
    SLIP = "slip"


class VerdictBand(Piece):
    """The verdict by shape, word and colour."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self.word = Line(m, (46, 40, 36, 32, 28, Size.LEAD), theme.WHITE, bold=True)
        self.hint = Line(m, (22, Size.BODY, Size.SMALL, 15), theme.WHITE, valign="top", balance=True)
        self.add_widget(self.word)
        self.add_widget(self.hint)
        self._verdict, self._tone = "cannot_judge", Tone.MUTE
        self._mark = Box(0, 0, 0, 0)

    def show(self, view: Banded, language: str) -> None:
        self._verdict, self._tone = str(view.verdict), view.tone
        ink = TONE_COLOURS[view.tone][1]
        self.word.color = self.hint.color = ink
        self.word.say(view.word, language)
        self.hint.say(view.hint, language)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        mark, words = box.inset(px(14), px(6)).cut_left(px(96), px(14))
        self._mark = mark.middle(px(96), px(96))
        hint, word = words.cut_bottom(min(px(60), words.h * 0.55))
        put(self.word, word)
        put(self.hint, hint)
        self.word.fit()
        self.hint.fit()

    def draw(self) -> None:
        ground, ink = TONE_COLOURS[self._tone]
        plate(self.box, ground, ground, self.m.px(12), 1)
        icons.OF_VERDICT.get(self._verdict, icons.inspector)(Pen(self._mark, ink), ink, ground)


class NextStep(Piece):
    """What to do next, behind an arrow."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self.words = Line(
            m, (26, Size.LEAD, 22, Size.BODY, Size.SMALL, 15), theme.INK, bold=True, balance=True
        )
        self.add_widget(self.words)
        self._arrow = Box(0, 0, 0, 0)

    def show(self, words: str, language: str) -> None:
        self.show_if(bool(words))
        self.words.say(words, language)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        arrow, words = box.inset(px(12), px(6)).cut_left(px(30), px(10))
        self._arrow = arrow.middle(px(30), px(30))
        put(self.words, words)
        self.words.fit()

    def draw(self) -> None:
        plate(self.box.inset(self.m.px(1)), theme.WHITE, theme.ACTION, self.m.px(12), self.m.px(1.4))
        icons.arrow(Pen(self._arrow, theme.ACTION), theme.ACTION, theme.WHITE)


class VerdictFace(Piece):
    """The band, the corridor with the law it is drawn from, what to do next, and the code of the slip."""

    def __init__(self, m: Metrics, screen: JudgedScreen) -> None:
        super().__init__(m)
        self.band = VerdictBand(m)
        self.next_step = NextStep(m)
        self.frame = LegalFrame(m)
        self.corridor = Corridor(m)
        self.law = Line(m, (Size.SMALL, 15), theme.INK)
        self.caution = Line(m, (Size.SMALL, 15), theme.BAD, bold=True)
        self.slip = SlipCard(m, screen.actions, lambda: screen.turn(Face.SLIP))
        for piece in (
            self.slip,
            self.band,
            self.next_step,
            self.frame,
            self.corridor,
            self.law,
            self.caution,
        ):
            self.add_widget(piece)
        self._rows = (False, False)

    def show(self, view: VerdictView, key: PrintKey | None, scene: Scene) -> None:
        language = scene.language
        rows = (bool(view.next_step), bool(view.caution))
        if rows != self._rows:
            self._rows = rows
            self.arrange(self.box)
        self.band.show(view, language)
        self.next_step.show(view.next_step, language)
        self.corridor.show(view.corridor, (view.band_initial, view.band_service), language)
        self.law.say(view.law, language)
        self.caution.say(view.caution, language)
        self.slip.show(view, key, scene)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        has_next, has_caution = self._rows
        right, left = box.inset(px(8)).cut_right(px(258), px(8))
        band, frame = left.cut_top(px(122), px(6))
        self.band.place(band)
        self.frame.place(frame)
        inside = frame.inset(px(12), px(8))
        if has_caution:
            caution, inside = inside.cut_bottom(px(30))
            put(self.caution, caution)
        law, plot = inside.cut_bottom(px(40))
        put(self.law, law)
        self.corridor.place(plot)
        if has_next:
            step, right = right.cut_top(px(106), px(6))
            self.next_step.place(step)
        self.slip.place(right)
        for label in (self.law, self.caution):
            label.fit()


class Marks(Piece):
    """The mark of the verdict before each word of the table."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self._verdicts: list[str] = []
        self._boxes: list[Box] = []

    def show(self, verdicts: list[str]) -> None:
        self._verdicts = verdicts
        self.stale()

    def place_marks(self, box: Box, boxes: list[Box]) -> None:
        self._boxes = boxes
        self.place(box)

    def draw(self) -> None:
        for verdict, box in zip(self._verdicts, self._boxes, strict=False):
            if not verdict:
                continue
            tone = {"conforms": Tone.GOOD, "does_not_conform": Tone.BAD, "undecided": Tone.WAIT}.get(
                verdict, Tone.MUTE
            )
            ground, ink = TONE_COLOURS[tone]
            if tone is Tone.WAIT:
                ground, ink = theme.INK, theme.DOUBT
            icons.OF_VERDICT[verdict](Pen(box, ground), ground, ink)


class FiguresFace(Piece):
    """Every load with its figures, both limits, and the law that was used."""

    SHARES = (0.12, 0.14, 0.11, 0.11, 0.27, 0.25)

    def __init__(self, m: Metrics, screen: JudgedScreen) -> None:
        super().__init__(m)
        self.frame = LegalFrame(m)
        self.scale = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.INK, bold=True)
        self.heads = [
            Line(m, (Size.SMALL, 15, 14), theme.QUIET, halign="right" if i < 5 else "left") for i in range(6)
        ]
        self.cells = [
            [
                Line(
                    m,
                    (Size.BODY, Size.SMALL, 15),
                    theme.INK,
                    bold=i in (0, 2),
                    halign="right" if i < 5 else "left",
                )
                for i in range(6)
            ]
            for _ in range(LOADS_A_PAGE)
        ]
        self.law = Line(m, (Size.SMALL, 15), theme.INK)
        self.caution = Line(m, (Size.SMALL, 15), theme.BAD, bold=True)
        self.check_only = Line(m, (Size.SMALL, 15), theme.QUIET)
        self.entry = Line(m, (Size.BODY, Size.SMALL), theme.INK, bold=True, halign="right")
        self.previous = IconButton(m, "page.previous", lambda: screen.page(-1), icons.back)
        self.next = IconButton(m, "page.next", lambda: screen.page(1), icons.forward)
        self.marks = Marks(m)
        flat = [cell for row in self.cells for cell in row]
        for piece in (self.frame, self.scale, *self.heads, *flat, self.law, self.caution, self.check_only):
            self.add_widget(piece)
        for piece in (self.marks, self.entry, self.previous, self.next):
            self.add_widget(piece)
        self._paged = False

    def show(self, view: VerdictView, language: str) -> None:
        self._paged = view.pages > 1
        self.arrange(self.box)
        self.scale.say(view.scale, language)
        for head, words in zip(self.heads, view.heads, strict=True):
            head.say(words, language)
        for i, cells in enumerate(self.cells):
            texts = _texts(view.rows[i]) if i < len(view.rows) else ("",) * 6
            for cell, text in zip(cells, texts, strict=True):
                cell.say(text, language)
        for column in zip(*self.cells, strict=True):
            fit_alike(column)
        fit_alike(self.heads)
        self.marks.show([row.verdict.value for row in view.rows])
        self.law.say(view.law, language)
        self.caution.say(view.caution, language)
        self.check_only.say(view.check_only, language)
        self.entry.say(view.entry, language)
        self.previous.show_if(self._paged)
        self.next.show_if(self._paged)
        self.previous.enable(view.page > 0)
        self.next.enable(view.page < view.pages - 1)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        inside = box.inset(px(10), px(8))
        foot, table = inside.cut_bottom(px(94), px(4))
        if self._paged:
            keys, foot = foot.cut_right(px(176), px(8))
            for key, half in zip((self.previous, self.next), keys.columns(2), strict=True):
                key.place(half)
        law, foot = foot.cut_top(px(24))
        put(self.law, law)
        for label, row in zip((self.caution, self.check_only), foot.rows(2), strict=True):
            put(label, row)
        self.frame.place(table)
        inside = table.inset(px(16), px(10))
        head, inside = inside.cut_top(px(36))
        entry, scale = head.cut_right(px(170), px(8))
        put(self.scale, scale)
        put(self.entry, entry)
        heads, body = inside.cut_top(px(60), px(2))
        marks = []
        columns = self._columns(heads)
        columns[5] = columns[5].cut_left(px(22), px(6))[1]
        for label, cell in zip(self.heads, columns, strict=True):
            put(label, cell)
        for i, row in enumerate(body.rows(LOADS_A_PAGE)):
            columns = self._columns(row)
            mark, word = columns[5].cut_left(px(22), px(6))
            marks.append(mark.middle(px(22), px(22)))
            columns[5] = word
            for label, cell in zip(self.cells[i], columns, strict=True):
                put(label, cell)
                label.fit()
        self.marks.place_marks(table, marks)
        for label in (self.scale, self.entry, self.law, self.caution, self.check_only, *self.heads):
            label.fit()

    def _columns(self, row: Box) -> list[Box]:
        gap, x = self.m.px(8), row.x
        room = row.w - gap * (len(self.SHARES) - 1)
        boxes = []
        for share in self.SHARES:
            boxes.append(Box(x, row.y, room * share, row.h))
            x += room * share + gap
        return boxes


def _texts(row: Row) -> tuple[str, ...]:
    return (row.load, row.indication, row.error, row.doubt, row.limits, row.word)


class FacedScreen(ScreenPiece):
    """A screen that shows one of its faces; the rail turns them. ``at``: the page of a face of several."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.face = Face.VERDICT
        self.at = 0
        self.faces: dict[Face, Piece] = {}

    def begin(self) -> None:
        self.face, self.at = Face.VERDICT, 0

    def turn(self, face: Face) -> None:
        self.face = face
        self.actions.refresh()

    def page(self, by: int) -> None:
        self.at += by
        self.actions.refresh()

    def turned(self) -> Piece:
        """The face that is to be shown, in its place."""
        face = self.faces[self.face]
        if face not in self.children:
            self.clear_widgets()
            self.add_widget(face)
        face.place(self.box)
        return face

    def arrange(self, box: Box) -> None:
        for face in self.children:
            face.place(box)

    def draw(self) -> None:
        Color(*theme.PAPER)
        Rectangle(pos=self.pos, size=self.size)


class JudgedScreen(FacedScreen):
    """The verdict of a self-check."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.verdict = VerdictFace(m, self)
        self.figures = FiguresFace(m, self)
        self.slip = SlipFace(m, lambda: self.turn(Face.VERDICT))
        self.faces = {Face.VERDICT: self.verdict, Face.FIGURES: self.figures, Face.SLIP: self.slip}

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = judged(scene.prompt, self.at, scene.say)
        key = print_key(scene.state.printer, scene.prompt.entry, scene.say)
        if not self.changed(view, key, scene.language, scene.open_, self.face):
            return
        self.at = view.page
        face = self.turned()
        if face is self.verdict:
            self.verdict.show(view, key, scene)
        elif face is self.figures:
            self.figures.show(view, scene.language)
        else:
            self.slip.show(view, scene.language)
