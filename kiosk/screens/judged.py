"""The verdict on three faces: the verdict itself, all figures, and the slip in full size."""

from __future__ import annotations

import enum

from kivy.graphics import Color, Rectangle

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.verdict import LOADS_A_PAGE, Row, VerdictView, judged
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import IconButton, plate
from kiosk.widgets.corridor import Corridor
from kiosk.widgets.frames import TONE_COLOURS, Card, LegalFrame
from kiosk.widgets.pen import Pen
from kiosk.widgets.pictures import QrCode
from kiosk.widgets.text import Line


class Face(enum.StrEnum):
    VERDICT = "verdict"
    FIGURES = "figures"
    SLIP = "slip"


class VerdictBand(Piece):
    """The verdict by shape, word and colour."""

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self.word = Line(m, (46, 40, 34, Size.TITLE, Size.LEAD), theme.WHITE, bold=True, valign="middle")
        self.hint = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.WHITE)
        self.add_widget(self.word)
        self.add_widget(self.hint)
        self._verdict, self._tone = "cannot_judge", Tone.MUTE
        self._mark = Box(0, 0, 0, 0)

    def show(self, view: VerdictView, language: str) -> None:
        self._verdict, self._tone = view.verdict.value, view.tone
        ink = TONE_COLOURS[view.tone][1]
        self.word.color = self.hint.color = ink
        self.word.say(view.word, language)
        self.hint.say(view.hint, language)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        mark, words = box.inset(px(14), px(8)).cut_left(px(92), px(16))
        self._mark = mark.middle(px(88), px(88))
        word, hint = words.cut_top(words.h * 0.62)
        put(self.word, word)
        put(self.hint, hint)
        self.word.fit()
        self.hint.fit()

    def draw(self) -> None:
        ground, ink = TONE_COLOURS[self._tone]
        plate(self.box, ground, ground, self.m.px(12), 1)
        icons.OF_VERDICT[self._verdict](Pen(self._mark, ink), ink, ground)


class VerdictFace(Piece):
    """The band, the corridor, what to do next, and the code of the slip."""

    def __init__(self, m: Metrics, screen: JudgedScreen) -> None:
        super().__init__(m)
        self.band = VerdictBand(m)
        self.frame = LegalFrame(m)
        self.title = Line(m, (Size.BODY, Size.SMALL), theme.INK, bold=True)
        self.corridor = Corridor(m)
        self.card = Card(m)
        self.next_title = Line(m, Size.SMALL, theme.QUIET)
        self.next_step = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.INK, bold=True, valign="top")
        self.qr = QrCode(m, "judged.slip", lambda: screen.turn(Face.SLIP))
        self.slip_words = Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, halign="center", balance=True)
        self.entry = Line(m, (Size.BODY, Size.SMALL), theme.INK, bold=True, halign="center")
        for piece in (
            self.band,
            self.frame,
            self.title,
            self.corridor,
            self.card,
            self.next_title,
            self.next_step,
            self.qr,
            self.slip_words,
            self.entry,
        ):
            self.add_widget(piece)
        self._next = False

    def show(self, view: VerdictView, language: str) -> None:
        if bool(view.next_step) is not self._next:
            self._next = bool(view.next_step)
            self.arrange(self.box)
        self.band.show(view, language)
        self.title.say(view.corridor_title, language)
        self.corridor.show(view.corridor, (view.band_initial, view.band_service), language)
        self.next_title.say(view.next_title if view.next_step else "", language)
        self.next_step.say(view.next_step, language)
        self.qr.show(view.slip)
        self.slip_words.say(view.slip_words, language)
        self.entry.say(view.entry, language)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        band, rest = box.inset(px(10), px(8)).cut_top(px(112), px(8))
        self.band.place(band)
        right, left = rest.cut_right(px(264), px(8))
        self.frame.place(left)
        inside = left.inset(px(12), px(9))
        title, plot = inside.cut_top(px(26), px(2))
        put(self.title, title)
        self.corridor.place(plot)
        self.card.place(right)
        inside = right.inset(px(12), px(8))
        if self._next:
            head, inside = inside.cut_top(px(24))
            step, inside = inside.cut_top(px(70), px(4))
            put(self.next_title, head)
            put(self.next_step, step)
        entry, inside = inside.cut_bottom(px(26))
        words, inside = inside.cut_bottom(px(26))
        put(self.entry, entry)
        put(self.slip_words, words)
        self.qr.place(inside)
        for label in (self.title, self.next_title, self.next_step, self.entry, self.slip_words):
            label.fit()


class FiguresFace(Piece):
    """Every load with its figures, both limits, and the law that was used."""

    SHARES = (0.15, 0.17, 0.15, 0.14, 0.19, 0.20)

    def __init__(self, m: Metrics, screen: JudgedScreen) -> None:
        super().__init__(m)
        self.frame = LegalFrame(m)
        self.scale = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.INK, bold=True)
        self.heads = [
            Line(m, (Size.SMALL, 15), theme.QUIET, halign="right" if i < 5 else "left", balance=True)
            for i in range(6)
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
        flat = [cell for row in self.cells for cell in row]
        for piece in (self.frame, self.scale, *self.heads, *flat, self.law, self.caution, self.check_only):
            self.add_widget(piece)
        for piece in (self.entry, self.previous, self.next):
            self.add_widget(piece)
        self._rows: tuple[Row, ...] = ()
        self._marks: list[Box] = []
        self._paged = False

    def show(self, view: VerdictView, language: str) -> None:
        self._rows = view.rows
        self._paged = view.pages > 1
        self.arrange(self.box)
        self.scale.say(view.scale, language)
        for head, words in zip(self.heads, view.heads, strict=True):
            head.say(words, language)
        for i, cells in enumerate(self.cells):
            texts = _texts(view.rows[i]) if i < len(view.rows) else ("",) * 6
            for cell, text in zip(cells, texts, strict=True):
                cell.say(text, language)
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
        foot, table = inside.cut_bottom(px(86), px(6))
        if self._paged:
            keys, foot = foot.cut_right(px(176), px(8))
            for key, half in zip((self.previous, self.next), keys.columns(2), strict=True):
                key.place(half)
        for label, row in zip((self.law, self.caution, self.check_only), foot.rows(3), strict=True):
            put(label, row)
        self.frame.place(table)
        inside = table.inset(px(16), px(10))
        head, inside = inside.cut_top(px(34))
        entry, scale = head.cut_right(px(170), px(8))
        put(self.scale, scale)
        put(self.entry, entry)
        heads, body = inside.cut_top(px(40), px(2))
        self._marks = []
        for label, cell in zip(self.heads, self._columns(heads), strict=True):
            put(label, cell)
        for i, row in enumerate(body.rows(LOADS_A_PAGE)):
            columns = self._columns(row)
            mark, word = columns[5].cut_left(px(24), px(6))
            self._marks.append(mark.middle(px(20), px(20)))
            columns[5] = word
            for label, cell in zip(self.cells[i], columns, strict=True):
                put(label, cell)
                label.fit()
        for label in (self.scale, self.entry, self.law, self.caution, self.check_only, *self.heads):
            label.fit()

    def _columns(self, row: Box) -> list[Box]:
        gap, x = self.m.px(10), row.x
        room = row.w - gap * (len(self.SHARES) - 1)
        boxes = []
        for share in self.SHARES:
            boxes.append(Box(x, row.y, room * share, row.h))
            x += room * share + gap
        return boxes

    def draw(self) -> None:
        for row, mark in zip(self._rows, self._marks, strict=False):
            tone = {"conforms": Tone.GOOD, "does_not_conform": Tone.BAD, "undecided": Tone.WAIT}.get(
                row.verdict.value, Tone.MUTE
            )
            ground, ink = TONE_COLOURS[tone]
            icons.OF_VERDICT[row.verdict.value](Pen(mark, ground), ground, ink)


def _texts(row: Row) -> tuple[str, ...]:
    return (row.load, row.indication, row.error, row.doubt, row.limits, row.word)


class SlipFace(Piece):
    """The code of the slip as large as the screen allows."""

    def __init__(self, m: Metrics, screen: JudgedScreen) -> None:
        super().__init__(m)
        self.words = Line(m, (Size.TITLE, Size.LEAD), theme.INK, bold=True)
        self.entry = Line(m, (Size.TITLE, Size.LEAD), theme.INK)
        self.check_only = Line(m, (Size.BODY, Size.SMALL), theme.QUIET)
        self.qr = QrCode(m, "judged.slip_large", lambda: screen.turn(Face.VERDICT))
        for piece in (self.words, self.entry, self.check_only, self.qr):
            self.add_widget(piece)

    def show(self, view: VerdictView, language: str) -> None:
        self.words.say(view.slip_words, language)
        self.entry.say(view.entry, language)
        self.check_only.say(view.check_only, language)
        self.qr.show(view.slip)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        inside = box.inset(px(8))
        code, words = inside.cut_left(inside.h, px(20))
        self.qr.place(code)
        top, rest = words.cut_top(words.h * 0.4, px(8))
        put(self.words, top)
        entry, rest = rest.cut_top(px(60), px(8))
        put(self.entry, entry)
        put(self.check_only, rest)
        for label in (self.words, self.entry, self.check_only):
            label.fit()


class JudgedScreen(ScreenPiece):
    """Shows one face; the rail turns them."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.face = Face.VERDICT
        self._page = 0
        self.faces: dict[Face, VerdictFace | FiguresFace | SlipFace] = {
            Face.VERDICT: VerdictFace(m, self),
            Face.FIGURES: FiguresFace(m, self),
            Face.SLIP: SlipFace(m, self),
        }

    def begin(self) -> None:
        self.face, self._page = Face.VERDICT, 0

    def turn(self, face: Face) -> None:
        self.face = face
        self.actions.refresh()

    def page(self, by: int) -> None:
        self._page += by
        self.actions.refresh()

    def show(self, scene: Scene) -> None:
        view = judged(scene.prompt, self._page, scene.say)
        if not self.changed(view, scene.language, self.face):
            return
        self._page = view.page
        face = self.faces[self.face]
        if face not in self.children:
            self.clear_widgets()
            self.add_widget(face)
        face.place(self.box)
        face.show(view, scene.language)

    def arrange(self, box: Box) -> None:
        for face in self.children:
            face.place(box)

    def draw(self) -> None:
        Color(*theme.PAPER)
        Rectangle(pos=self.pos, size=self.size)
