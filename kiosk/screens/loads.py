"""The screens of one load: on the scale under test, and on the appliance's own pan."""

from __future__ import annotations

from firmware_app.service import messages
from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.choose import PAD_WIDTH
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.text.digits import DigitLabel
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.loads import LeadView, Stage, clear_pan, put_control_weight, weigh_goods
from kiosk.view.loads import put as put_view
from kiosk.view.pad import Pad, Unit, filled
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import Button, Kind, plate
from kiosk.widgets.frames import TONE_COLOURS, TONE_MARKS, Banner, StepDots, legal_frame
from kiosk.widgets.number_pad import Field, NumberPad
from kiosk.widgets.pen import Pen
from kiosk.widgets.pictures import WeightsPicture
from kiosk.widgets.text import Line

p = messages.prompts


class LiveFigure(Piece):
    """A live figure in the legal frame, with the words and the mark of how far it may be believed."""

    def __init__(self, m: Metrics, size: int = Size.FIGURE) -> None:
        super().__init__(m)
        self.digits = DigitLabel(
            text="", unit="kg", font_size=m.px(size), color=theme.INK, halign="center", size_hint=(None, None)
        )
        self.note = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.INK, bold=True)
        self.add_widget(self.digits)
        self.add_widget(self.note)
        self._tone = Tone.MUTE
        self._frame = self._mark = Box(0, 0, 0, 0)

    def show(self, figure: str, unit: str, note: str, tone: Tone, language: str) -> None:
        self.digits.unit = unit
        self.digits.text = figure
        self.note.say(note, language)
        if tone is not self._tone:
            self._tone = tone
            self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        note, self._frame = box.cut_bottom(px(44), px(4))
        put(self.digits, self._frame.inset(px(12), px(6)))
        mark, words = note.cut_left(px(34), px(8))
        self._mark = mark.middle(px(32), px(32))
        put(self.note, words)
        self.note.fit()

    def draw(self) -> None:
        legal_frame(self.m, self._frame)
        ground, ink = TONE_COLOURS[self._tone]
        if self._tone is Tone.WAIT:
            ground, ink = theme.INK, theme.DOUBT
        TONE_MARKS[self._tone](Pen(self._mark, ground), ground, ink)


class FromLead(Piece):
    """The scale's own figure over the lead, and one big key that takes it."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m)
        self.figure = LiveFigure(m)
        self.take = Button(
            m,
            "answer.load_is_on",
            lambda: actions.answer(messages.events.LoadIsOn()),
            kind=Kind.GO,
            icon=icons.check,
            icon_above=True,
            sizes=(Size.TITLE, Size.LEAD, Size.BODY),
        )
        self.type_instead = Button(
            m, "answer.type_instead", lambda: actions.answer(messages.events.TypeInstead()), kind=Kind.PLAIN
        )
        for piece in (self.figure, self.take, self.type_instead):
            self.add_widget(piece)

    def show(self, lead: LeadView, scene: Scene) -> None:
        self.figure.show(lead.figure, lead.unit, lead.note, lead.tone, scene.language)
        self.take.say(scene.say("button.it_is_on"), scene.language)
        self.take.enable(scene.open_)
        self.type_instead.say(scene.say("button.type_instead"), scene.language)
        self.type_instead.enable(scene.open_)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        figure, rest = box.cut_top(px(144), px(10))
        below, take = rest.cut_bottom(self.m.target[1], px(8))
        self.figure.place(figure)
        self.take.place(take)
        self.type_instead.place(below)


class PutScreen(ScreenPiece):
    """Put a load on the scale under test: what, how much, and its figure typed or taken from the lead."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.dots = StepDots(m)
        self.load = Line(m, (Size.BODY, Size.SMALL), theme.QUIET, bold=True, halign="right")
        self.title = Line(
            m, (34, Size.TITLE, Size.LEAD, Size.BODY), theme.INK, bold=True, valign="top", balance=True
        )
        self.text = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.INK, valign="top")
        self.weights = WeightsPicture(m)
        self.question = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.INK, valign="bottom")
        self.problem = Banner(m, (Size.BODY, Size.SMALL))
        self.field = Field(m)
        self.pad = NumberPad(m, lambda _: actions.refresh(), self._entered)
        self.lead = FromLead(m, actions)
        for piece in (
            self.dots,
            self.load,
            self.title,
            self.text,
            self.weights,
            self.question,
            self.problem,
            self.field,
            self.pad,
            self.lead,
        ):
            self.add_widget(piece)
        self._visit = ""
        self._scanned_ns = 0
        self._goods = False
        self._by_lead = False
        self._picture = Box(0, 0, 0, 0)

    def begin(self) -> None:
        # The unit that this scale shows is asked once a visit, not once a load.
        self.pad.pad = Pad(unit=self.pad.pad.unit or Unit.KG)

    def show(self, scene: Scene) -> None:
        assert scene.state is not None and scene.state.visit is not None
        if scene.state.visit.visit != self._visit:
            self._visit = scene.state.visit.visit
            self.pad.pad = Pad(unit=Unit.KG)
        self._take_label(scene.state.scan)
        view = put_view(scene.prompt, scene.state.lead, scene.say)
        if not self.changed(view, scene.language, scene.open_, self.pad.pad):
            return
        goods, by_lead = not view.pieces, view.lead is not None
        if (goods, by_lead) != (self._goods, self._by_lead):
            self._goods, self._by_lead = goods, by_lead
            self.arrange(self.box)
        language = scene.language
        self.dots.show(view.number, view.count)
        self.load.say(view.load, language)
        self.title.say(view.title, language)
        self.text.say(view.text, language)
        self.weights.show(view.pieces, language)
        self.problem.say(view.problem, Tone.WAIT, language)
        self.question.say("" if view.problem else view.question, language)
        self.field.show_if(not by_lead)
        self.pad.show_if(not by_lead)
        self.lead.show_if(by_lead)
        if view.lead is not None:
            self.lead.show(view.lead, scene)
        else:
            self.field.show(self.pad.pad)
            self.pad.show(self.pad.pad, language, scene.say("button.ok"), open_=scene.open_)
        self.stale()

    def _take_label(self, scan: messages.SeenScan | None) -> None:
        """Fills the figure of a scanned label in, once; the person compares it and touches OK."""
        if scan is None or scan.at_ns == self._scanned_ns:
            return
        self._scanned_ns = scan.at_ns
        self.pad.pad = filled(scan.figure, scan.unit) or self.pad.pad

    def arrange(self, box: Box) -> None:
        px = self.m.px
        right, left = box.inset(px(6)).cut_right(px(PAD_WIDTH), px(12))
        self.pad.place(right)
        self.lead.place(right)
        left = left.inset(px(6), px(4))
        head, left = left.cut_top(px(36), px(2))
        dots, load = head.cut_left(head.w * 0.38, px(6))
        self.dots.place(dots)
        put(self.load, load)
        if self._by_lead:
            below, left = left.cut_bottom(px(112), px(6))
        else:
            field, left = left.cut_bottom(px(82), px(8))
            self.field.place(field)
            below, left = left.cut_bottom(px(84), px(6))
        put(self.question, below)
        self.problem.place(below)
        if self._goods:
            text, left = left.cut_bottom(px(76), px(2))
            put(self.text, text)
            picture, title = left.cut_right(px(100), px(6))
            self._picture = picture.inset(0, px(2)).square()
            put(self.title, title)
        else:
            title, left = left.cut_top(px(84), px(4))
            put(self.title, title)
            put(self.text, Box(left.x, left.y, left.w, 0))
            self.weights.place(left.inset(0, px(2)).middle(left.w, px(150)))
        for label in (self.load, self.title, self.text, self.question):
            label.fit()

    def draw(self) -> None:
        if self._goods:
            # The scale under test is ink, the appliance's own pan is blue.
            icons.loaded_pan(Pen(self._picture, theme.INK), theme.INK, theme.PAPER)

    def _entered(self, pad: Pad) -> None:
        assert pad.unit is not None
        self.actions.answer(messages.events.FigureTyped(pad.text, pad.unit.value, pad.label))


class OwnPanScreen(ScreenPiece):
    """The appliance's own pan: take everything off, put goods or the weight on; it goes on by itself."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.dots = StepDots(m)
        self.load = Line(m, (Size.BODY, Size.SMALL), theme.QUIET, bold=True, halign="right")
        self.title = Line(m, (40, 34, Size.TITLE, Size.LEAD), theme.INK, bold=True)
        self.pan = LiveFigure(m, Size.HUGE)
        self.note = Line(m, (Size.LEAD, Size.BODY), theme.QUIET)
        self.shown_figure = Line(m, (Size.LEAD, Size.BODY), theme.INK, bold=True)
        self.problem = Banner(m)
        for piece in (
            self.dots,
            self.load,
            self.title,
            self.pan,
            self.note,
            self.shown_figure,
            self.problem,
        ):
            self.add_widget(piece)
        self._clearing = True
        self._goods = False
        self._stage = Stage.EMPTY
        self._picture = self._progress = Box(0, 0, 0, 0)

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        prompt = scene.prompt
        self._clearing = isinstance(prompt, p.ClearPan)
        self._goods = isinstance(prompt, p.WeighGoods)
        if isinstance(prompt, p.PutControlWeight):
            view = put_control_weight(prompt, scene.state, scene.say)
        else:
            view = (clear_pan if self._clearing else weigh_goods)(prompt, scene.state, scene.say)
        if not self.changed(view, scene.language):
            return
        language = scene.language
        self._stage = view.stage
        self.dots.show(view.number, view.count)
        self.load.say(view.load, language)
        self.title.say(view.title, language)
        self.pan.show(view.pan.figure, view.pan.unit, view.pan.note, view.pan.tone, language)
        self.problem.say(view.problem, Tone.WAIT, language)
        self.note.say("" if view.problem else view.note, language)
        self.shown_figure.say("" if view.problem else view.shown, language)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        inside = box.inset(px(16), px(10))
        head, rest = inside.cut_top(px(36), px(2))
        dots, load = head.cut_left(head.w * 0.38, px(6))
        self.dots.place(dots)
        put(self.load, load)
        title, rest = rest.cut_top(px(84), px(6))
        put(self.title, title)
        picture, right = rest.cut_left(px(236), px(20))
        self._picture = picture.square()
        figure, right = right.cut_top(px(152), px(6))
        self.pan.place(figure)
        self._progress, right = right.cut_top(px(12), px(6))
        self.problem.place(right)
        shown, note = right.rows(2)
        put(self.shown_figure, shown)
        put(self.note, note)
        for label in (self.load, self.title, self.note, self.shown_figure):
            label.fit()

    def draw(self) -> None:
        if self._clearing:
            icon = icons.clear_pan
        else:
            laden = self._goods and self._stage is not Stage.EMPTY
            icon = icons.loaded_pan if laden else icons.load_pan
        icon(Pen(self._picture, theme.ACTION), theme.ACTION, theme.PAPER)
        if self._clearing:
            return
        # Three bars: on the pan, at rest, taken. The third is the next screen.
        for i, box in enumerate(self._progress.columns(3, self.m.px(8))):
            ground = theme.ACTION if i < self._stage else theme.LINE
            plate(box, ground, ground, box.h / 2, 1.0)
