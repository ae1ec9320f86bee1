"""The generic page: left what is asked and why, right what answers it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from firmware_app.service import messages
from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.choose import PAD_WIDTH
from kiosk.screens.loads import LiveFigure
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.pad import Pad, Unit, filled
from kiosk.view.page import (
    BULLET,
    FACTS_BESIDE,
    MOST_OPTIONS,
    Ask,
    FactView,
    OptionView,
    PageView,
    page,
    takes_mass,
)
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import Button, IconButton, Kind
from kiosk.widgets.frames import Banner, StepDots, legal_frame
from kiosk.widgets.hold import HoldButton
from kiosk.widgets.number_pad import Field, NumberPad
from kiosk.widgets.page_icons import draw_picture
from kiosk.widgets.pen import Pen
from kiosk.widgets.pictures import WeightsPicture
from kiosk.widgets.text import Line, fit_alike

e = messages.events
MOST_DOTS = 12
"""Steps that still are dots; more are told as a number only."""
MOST_BESIDE = 3
SHORT = 10
"""Characters of a figure that leaves room for a long name."""
PAD_ROWS = 4
PICTURE = 96
"""Height in pixels of the design below which a picture tells nobody anything."""


class Facts(Piece):
    """Figures in the legal frame, a line each."""

    def __init__(self, m: Metrics, most: int) -> None:
        super().__init__(m)
        sizes = (Size.BODY, Size.SMALL, 15, 14, 13, 12)
        self.labels = [Line(m, sizes, theme.QUIET) for _ in range(most)]
        self.values = [Line(m, sizes, theme.INK, bold=True, halign="right") for _ in range(most)]
        for line in (*self.labels, *self.values):
            self.add_widget(line)
        self._count = 0
        self._share = 0.5
        self._bullets: list[bool] = []

    @staticmethod
    def height_of(m: Metrics, count: int) -> float:
        return m.px(27 * count + 14) if count else 0.0

    def show(self, facts: tuple[FactView, ...], language: str) -> None:
        self._count = min(len(facts), len(self.labels))
        self._share = 0.66 if all(len(fact.value) <= SHORT for fact in facts) else 0.52
        self._bullets = [fact.label == BULLET for fact in facts[: self._count]]
        self.arrange(self.box)
        for i, (label, value) in enumerate(zip(self.labels, self.values, strict=True)):
            label.say(facts[i].label if i < len(facts) else "", language)
            value.say(facts[i].value if i < len(facts) else "", language)
        fit_alike(self.labels)
        fit_alike(self.values)
        self.stale()

    def arrange(self, box: Box) -> None:
        if not self._count:
            return
        rows = box.inset(self.m.px(14), self.m.px(7)).rows(self._count)
        for label, value, row, bullet in zip(self.labels, self.values, rows, self._bullets, strict=False):
            width = self.m.px(14) if bullet else row.w * self._share
            name, figure = row.cut_left(width, self.m.px(6))
            value.halign = "left" if bullet else "right"
            put(label, name)
            put(value, figure)
            label.fit()
            value.fit()

    def draw(self) -> None:
        if self._count:
            legal_frame(self.m, self.box)


class Options(Piece):
    """Up to four keys above each other; of more, three and a row that turns them over."""

    def __init__(self, m: Metrics, chosen: Callable[[str], None], turn: Callable[[int], None]) -> None:
        super().__init__(m)
        self.keys = [
            Button(
                m,
                f"option.{i}",
                partial(self._tapped, i),
                kind=Kind.ACTION,
                sizes=(Size.TITLE, Size.LEAD, Size.BODY, Size.SMALL, 15),
                margin=4,
            )
            for i in range(MOST_OPTIONS)
        ]
        self.previous = IconButton(m, "page.previous", partial(turn, -1), icons.back)
        self.next = IconButton(m, "page.next", partial(turn, 1), icons.forward)
        self.count = Line(m, Size.LEAD, theme.INK, bold=True, halign="center")
        for piece in (*self.keys, self.previous, self.next, self.count):
            self.add_widget(piece)
        self._chosen = chosen
        self._ids: tuple[str, ...] = ()
        self._paged = False

    def show(self, view: PageView, language: str, *, open_: bool) -> None:
        self._ids = tuple(option.id for option in view.options)
        self._paged = view.pages > 1
        self.arrange(self.box)
        for i, key in enumerate(self.keys):
            option = view.options[i] if i < len(view.options) else None
            key.show_if(option is not None)
            key.enable(option is not None and not option.why_not and open_)
            if option is not None:
                key.automation_id = f"option.{option.id}"
                key.say(_words(option), language)
        for key, possible in ((self.previous, view.page > 0), (self.next, view.page < view.pages - 1)):
            key.show_if(self._paged)
            key.enable(possible)
        self.count.say(f"{view.page + 1} / {view.pages}" if self._paged else "", language)

    def arrange(self, box: Box) -> None:
        if self._paged:
            foot, box = box.cut_bottom(self.m.target[1], self.m.px(4))
            left, rest = foot.cut_left(self.m.px(120))
            right, middle = rest.cut_right(self.m.px(120))
            self.previous.place(left)
            self.next.place(right)
            put(self.count, middle)
        rows = max(1, len(self._ids)) if not self._paged else MOST_OPTIONS - 1
        for key, row in zip(self.keys, box.rows(rows), strict=False):
            key.place(row)

    def _tapped(self, place: int) -> None:
        if place < len(self._ids):
            self._chosen(self._ids[place])


class Beside(Piece):
    """The quieter choices of a page, beside each other."""

    def __init__(self, m: Metrics, chosen: Callable[[str], None]) -> None:
        super().__init__(m)
        self.keys = [
            Button(m, f"beside.{i}", partial(self._tapped, i), sizes=(Size.BODY, Size.SMALL, 15, 14, 13))
            for i in range(MOST_BESIDE)
        ]
        for key in self.keys:
            self.add_widget(key)
        self._chosen = chosen
        self._ids: tuple[str, ...] = ()

    def show(self, options: tuple[OptionView, ...], language: str, *, open_: bool) -> None:
        self._ids = tuple(option.id for option in options)
        self.arrange(self.box)
        for i, key in enumerate(self.keys):
            option = options[i] if i < len(options) else None
            key.show_if(option is not None)
            key.enable(option is not None and not option.why_not and open_)
            if option is not None:
                key.automation_id = f"option.{option.id}"
                key.say(_words(option), language)

    def arrange(self, box: Box) -> None:
        shown = max(1, min(MOST_BESIDE, len(self._ids)))
        for key, column in zip(self.keys, box.columns(shown), strict=False):
            key.place(column)

    def _tapped(self, place: int) -> None:
        if place < len(self._ids):
            self._chosen(self._ids[place])


def _words(option: OptionView) -> str:
    return f"{option.words}\n{option.why_not}" if option.why_not else option.words


class PageScreen(ScreenPiece):
    """One question of any procedure."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.dots = StepDots(m)
        self.step = Line(m, (Size.BODY, Size.SMALL, 15), theme.QUIET, bold=True, halign="right")
        self.title = Line(
            m,
            (34, Size.TITLE, 27, Size.LEAD, 22, Size.BODY, Size.SMALL),
            theme.INK,
            bold=True,
            valign="top",
            balance=True,
        )
        self.text = Line(m, (22, Size.BODY, Size.SMALL, 15, 14), theme.INK, valign="top")
        self.problem = Banner(m, (Size.BODY, Size.SMALL, 15))
        self.weights = WeightsPicture(m)
        self.pieces = Line(m, (Size.BODY, Size.SMALL, 15, 14, 13), theme.INK, bold=True)
        self.facts = Facts(m, FACTS_BESIDE)
        self.law = Line(m, (14, 13, 12, 11), theme.QUIET)
        self.beside = Beside(m, self._picked)
        self.field = Field(m)
        self.pad = NumberPad(m, lambda _: actions.refresh(), self._entered)
        self.options = Options(m, self._picked, self._turn)
        self.confirm = Button(
            m,
            "page.confirm",
            lambda: actions.answer(e.Confirmed()),
            kind=Kind.GO,
            icon=icons.check,
            icon_above=True,
            sizes=(Size.TITLE, Size.LEAD, Size.BODY, Size.SMALL),
        )
        self.hold = HoldButton(m, "page.hold", lambda: actions.answer(e.Confirmed()))
        self.pan = LiveFigure(m)
        for piece in (
            self.dots,
            self.step,
            self.title,
            self.text,
            self.problem,
            self.weights,
            self.pieces,
            self.facts,
            self.law,
            self.beside,
            self.field,
            self.pad,
            self.options,
            self.confirm,
            self.hold,
            self.pan,
        ):
            self.add_widget(piece)
        self._view: PageView | None = None
        self._at = 0
        self._scanned_ns = 0
        self._picture = Box(0, 0, 0, 0)

    def begin(self) -> None:
        self._at = 0
        self._view = None
        self.pad.pad = Pad()

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = page(scene.prompt, self._at, scene.state, scene.say)
        self._type_in(view, scene)
        if not self.changed(view, scene.language, scene.open_, self.pad.pad):
            return
        self._view, self._at = view, view.page
        self.arrange(self.box)
        language = scene.language
        many = view.count > MOST_DOTS
        self.dots.show(0 if many else view.number, 0 if many else view.count)
        self.step.say(view.step, language)
        self.title.say(view.title, language)
        self.text.say("" if view.problem else view.text, language)
        self.problem.say(view.problem, Tone.WAIT, language)
        drawn = bool(self.weights.height)
        self.weights.show(view.pieces if drawn else (), language)
        self.pieces.say("" if drawn else view.pieces_words, language)
        self.facts.show(view.facts, language)
        self.law.say(view.law, language)
        self.beside.show(view.beside, language, open_=scene.open_)
        for ask, pieces in self._answers().items():
            for piece in pieces:
                piece.show_if(ask is view.ask)
        self._show_answer(view, scene)
        self.stale()

    def _answers(self) -> dict[Ask, tuple[Piece, ...]]:
        return {
            Ask.KEYS: (self.field, self.pad),
            Ask.OPTIONS: (self.options,),
            Ask.CONFIRM: (self.confirm,),
            Ask.HOLD: (self.hold,),
            Ask.PAN: (self.pan,),
            Ask.NOTHING: (),
        }

    def _show_answer(self, view: PageView, scene: Scene) -> None:
        language, open_ = scene.language, scene.open_
        match view.ask:
            case Ask.KEYS:
                unit = dict(view.unit_words).get(self.pad.pad.unit or Unit.NONE)
                self.field.show(self.pad.pad, unit)
                ok = scene.say("button.ok")
                self.pad.show(self.pad.pad, language, ok, open_=open_, masses=takes_mass(view))
            case Ask.OPTIONS:
                self.options.show(view, language, open_=open_)
            case Ask.CONFIRM:
                self.confirm.say(view.confirm, language)
                self.confirm.enable(open_)
            case Ask.HOLD:
                self.hold.say(view.confirm, scene.say("page.hold"), language)
                self.hold.enable(open_)
            case Ask.PAN:
                assert view.pan is not None
                self.pan.show(view.pan.figure, view.pan.unit, view.pan.note, view.pan.tone, language)

    def _type_in(self, view: PageView, scene: Scene) -> None:
        """The unit that is proposed, and the figure of a label that was scanned at this question."""
        if view.ask is not Ask.KEYS:
            return
        wanted = view.units[0] if view.units else None
        if self._view is None and (self.pad.pad.unit, self.pad.pad.signed) != (wanted, view.signed):
            self.pad.pad = Pad(unit=wanted, signed=view.signed)
        assert scene.state is not None
        scan = scene.state.scan
        if scan is not None and scan.at_ns != self._scanned_ns and scan.unit in view.units:
            self._scanned_ns = scan.at_ns
            self.pad.pad = filled(scan.figure, scan.unit) or self.pad.pad

    def arrange(self, box: Box) -> None:
        px, view = self.m.px, self._view
        if view is None:
            return
        right, left = box.inset(px(6)).cut_right(px(PAD_WIDTH), px(12))
        drawn = bool(view.pieces) or bool(view.picture)
        above = drawn and view.ask in (Ask.CONFIRM, Ask.HOLD)
        left = left.inset(px(6), px(2))
        if view.step:
            head, left = left.cut_top(px(30), px(2))
            dots, step = head.cut_left(head.w * (0 if view.count > MOST_DOTS else 0.68), px(6))
            self.dots.place(dots)
            put(self.step, step)
        if view.law:
            law, left = left.cut_bottom(px(32), px(2))
            put(self.law, law)
        if view.beside:
            left, right = self._place_beside(box, left, right)
        self._place_answer(right, half=above)
        if view.ask is Ask.KEYS:
            field, left = left.cut_bottom(px(70), px(6))
            self.field.place(field)
        facts, left = left.cut_bottom(Facts.height_of(self.m, len(view.facts)), px(6))
        self.facts.place(facts)
        title, left = left.cut_top(min(px(84), left.h * 0.45), px(4))
        put(self.title, title)
        picture = right.cut_top(right.h * 0.5)[0].inset(px(8)) if above else Box(0, 0, 0, 0)
        if drawn and not above and left.h >= px(PICTURE + 60):
            picture, left = left.cut_bottom(max(px(PICTURE), left.h - px(120)), px(4))
        if view.pieces and not picture.h:
            pieces, left = left.cut_bottom(px(26), px(2))
            put(self.pieces, pieces)
        put(self.text, left)
        self.problem.place(left.cut_top(min(left.h, px(92)))[0])
        self.weights.place(picture if view.pieces else Box(0, 0, 0, 0))
        self._picture = picture if not view.pieces else Box(0, 0, 0, 0)
        for label in (self.step, self.title, self.text, self.pieces, self.law):
            label.fit()

    def _place_beside(self, box: Box, left: Box, right: Box) -> tuple[Box, Box]:
        """The quieter choices: below the number pad, whose keys then have just 15 mm, or at the left."""
        assert self._view is not None
        if self._view.ask is Ask.KEYS:
            rows = Box(right.x, box.y, right.w, box.h).rows(PAD_ROWS + 1)
            self.beside.place(rows[PAD_ROWS])
            return left, Box(right.x, rows[PAD_ROWS - 1].y, right.w, box.top - rows[PAD_ROWS - 1].y)
        beside, left = left.cut_bottom(self.m.target[1], self.m.px(6))
        self.beside.place(beside)
        return left, right

    def _place_answer(self, right: Box, *, half: bool) -> None:
        """``half``: a picture stands above the one key."""
        px = self.m.px
        self.pad.place(right)
        self.options.place(right)
        key = right.cut_bottom(right.h * (0.5 if half else 1.0))[0].inset(px(4))
        self.confirm.place(key)
        self.hold.place(key)
        self.pan.place(right.middle(right.w, px(200)))

    def draw(self) -> None:
        if self._view is not None and self._picture.h:
            draw_picture(Pen(self._picture.inset(0, self.m.px(2)), theme.INK), self._view.picture)

    def _turn(self, by: int) -> None:
        self._at += by
        self.actions.refresh()

    def _picked(self, option: str) -> None:
        self.actions.answer(e.Picked(option))

    def _entered(self, pad: Pad) -> None:
        if pad.unit is None:
            self.actions.answer(e.CodeGiven(pad.text))
        else:
            self.actions.answer(e.FigureTyped(pad.text, pad.unit.value, pad.label))
