"""The questions before the first load: the stall, the scale, the way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from firmware_app.service import messages
from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.choose import CARDS_A_PAGE, CardView, WayView, scales, scanner_fitted, stall, ways
from kiosk.view.pad import Pad
from kiosk.widgets import icons
from kiosk.widgets.base import Tappable, put
from kiosk.widgets.buttons import IconButton, plate
from kiosk.widgets.frames import Banner
from kiosk.widgets.number_pad import Field, NumberPad
from kiosk.widgets.pen import Pen
from kiosk.widgets.text import Line, fit_alike

p = messages.prompts
PAD_WIDTH = 372


class AskStallScreen(ScreenPiece):
    """A field, a hint and the number pad."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.title = Line(m, (40, 34, Size.TITLE), theme.INK, bold=True, valign="top")
        self.hint = Line(m, (Size.LEAD, Size.BODY), theme.QUIET, valign="top")
        self.problem = Banner(m)
        self.field = Field(m)
        self.pad = NumberPad(m, lambda _: actions.refresh(), self._entered)
        for piece in (self.title, self.hint, self.problem, self.field, self.pad):
            self.add_widget(piece)

    def begin(self) -> None:
        self.pad.pad = Pad()

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = stall(scene.prompt, scanner_fitted(scene.state), scene.say)
        if not self.changed(view, scene.language, scene.open_, self.pad.pad):
            return
        self.title.say(view.title, scene.language)
        self.problem.say(view.problem, Tone.WAIT, scene.language)
        self.hint.say("" if view.problem else view.hint, scene.language)
        self.field.show(self.pad.pad)
        self.pad.show(self.pad.pad, scene.language, scene.say("button.ok"), open_=scene.open_)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        pad, left = box.inset(px(6)).cut_right(px(PAD_WIDTH), px(12))
        self.pad.place(pad)
        left = left.inset(px(8), px(8))
        title, rest = left.cut_top(px(100), px(8))
        field, rest = rest.cut_top(px(92), px(12))
        put(self.title, title)
        self.field.place(field)
        put(self.hint, rest)
        self.problem.place(rest.cut_top(px(120))[0])
        self.title.fit()
        self.hint.fit()

    def _entered(self, pad: Pad) -> None:
        self.actions.answer(messages.events.StallTyped(pad.text))


class ScaleCardPiece(Tappable):
    """A scale as a card that is tapped whole: its name, then every field of the register."""

    FIELDS = 9

    def __init__(self, m: Metrics, automation_id: str, on_tap: Callable[[], None]) -> None:
        super().__init__(m, automation_id, on_tap)
        self.heading = Line(m, (Size.TITLE, Size.LEAD, Size.BODY), theme.WHITE, bold=True)
        self.labels = [Line(m, (Size.SMALL, 15), theme.QUIET) for _ in range(self.FIELDS)]
        self.values = [
            Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, bold=True, halign="right")
            for _ in range(self.FIELDS)
        ]
        for label in (self.heading, *self.labels, *self.values):
            self.add_widget(label)
        self._head = Box(0, 0, 0, 0)

    def show(self, view: CardView, language: str) -> None:
        self.heading.say(view.heading, language)
        for label, value, (name, words) in zip(self.labels, self.values, view.rows, strict=True):
            label.say(name, language)
            value.say(words, language)
        fit_alike(self.labels)
        fit_alike(self.values)
        self.stale()

    def arrange(self, box: Box) -> None:
        px = self.m.px
        self._head, rest = box.inset(px(2)).cut_top(px(56))
        put(self.heading, self._head.inset(px(14), 0))
        self.heading.fit()
        body = rest.inset(px(14), px(6))
        wide = box.w > px(560)
        rows = [row for column in body.columns(2, px(28)) for row in column.rows(5)] if wide else body.rows(9)
        for label, value, row in zip(self.labels, self.values, rows, strict=False):
            name, words = row.cut_left(row.w * (0.46 if wide else 0.5), px(6))
            put(label, name)
            put(value, words)
            label.fit()
            value.fit()
        fit_alike(self.labels)
        fit_alike(self.values)

    def draw(self) -> None:
        edge = theme.ACTION_DOWN if self.held else theme.ACTION
        plate(self.box.inset(self.m.px(1)), edge, edge, self.m.px(12), 2)
        body = Box(self.x, self.y, self.width, self.height - self.m.px(58)).inset(self.m.px(4))
        ground = theme.ACTION_PALE if self.held else theme.WHITE
        plate(body, ground, ground, self.m.px(8), 1)


class ChooseScaleScreen(ScreenPiece):
    """The scales of the stall, two cards a page."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.title = Line(m, (34, Size.TITLE, Size.LEAD), theme.INK, bold=True)
        self.stall = Line(m, (Size.LEAD, Size.BODY, Size.SMALL), theme.QUIET, halign="right")
        self.count = Line(m, Size.LEAD, theme.INK, bold=True, halign="center")
        self.none = Banner(m, (Size.TITLE, Size.LEAD))
        self.previous = IconButton(m, "page.previous", lambda: self._turn(-1), icons.back)
        self.next = IconButton(m, "page.next", lambda: self._turn(1), icons.forward)
        self.cards = [ScaleCardPiece(m, f"scale.{i}", partial(self._choose, i)) for i in range(CARDS_A_PAGE)]
        for piece in (self.title, self.stall, self.count, self.none, self.previous, self.next, *self.cards):
            self.add_widget(piece)
        self._page = 0
        self._ids: tuple[str, ...] = ()
        self._layout = (0, 1)

    def begin(self) -> None:
        self._page = 0

    def show(self, scene: Scene) -> None:
        view = scales(scene.prompt, self._page, scene.say)
        if not self.changed(view, scene.language, scene.open_):
            return
        self._page = view.page
        self._ids = tuple(card.id for card in view.cards)
        self._layout = (len(view.cards), view.pages)
        self.arrange(self.box)
        self.title.say(view.title, scene.language)
        self.stall.say(view.stall, scene.language)
        self.count.say(view.page_words, scene.language)
        self.none.say(view.none, Tone.WAIT, scene.language)
        for i, piece in enumerate(self.cards):
            piece.show_if(i < len(view.cards))
            piece.enable(i < len(view.cards) and scene.open_)
            piece.automation_id = f"scale.{view.first + i}"
            if i < len(view.cards):
                piece.show(view.cards[i], scene.language)
        for piece, possible in ((self.previous, view.page > 0), (self.next, view.page < view.pages - 1)):
            piece.show_if(view.pages > 1)
            piece.enable(possible)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        cards, pages = self._layout
        inside = box.inset(px(12), px(10))
        head, body = inside.cut_top(px(50), px(6))
        self.none.place(body.cut_top(px(130))[0])
        title, stall = head.cut_left(head.w * 0.46, px(10))
        put(self.title, title)
        if pages > 1:
            count, stall = stall.cut_right(px(80), px(10))
            put(self.count, count)
            left, body = body.cut_left(px(84), px(8))
            right, body = body.cut_right(px(84), px(8))
            self.previous.place(left)
            self.next.place(right)
        put(self.stall, stall)
        boxes = body.columns(max(1, cards), px(12))
        for card, column in zip(self.cards, boxes, strict=False):
            card.place(column)
        for label in (self.title, self.stall, self.count):
            label.fit()

    def _turn(self, by: int) -> None:
        self._page += by
        self.actions.refresh()

    def _choose(self, place: int) -> None:
        if place < len(self._ids):
            self.actions.answer(messages.events.ScaleChosen(self._ids[place]))


class WayCard(Tappable):
    """A way of loading as a picture with its name; one that is not possible says why and cannot be tapped."""

    def __init__(self, m: Metrics, way: messages.prompts.Way, on_tap: Callable[[], None]) -> None:
        super().__init__(m, f"way.{way.value}", on_tap)
        self._icon = icons.weights if way is p.Way.WEIGHTS else icons.goods
        self._possible = True
        self.title = Line(
            m,
            (Size.TITLE, Size.LEAD, Size.BODY),
            theme.INK,
            bold=True,
            halign="center",
            valign="bottom",
            balance=True,
        )
        self.text = Line(
            m, (Size.LEAD, Size.BODY, Size.SMALL), theme.QUIET, halign="center", valign="top", balance=True
        )
        self.add_widget(self.title)
        self.add_widget(self.text)
        self._picture = Box(0, 0, 0, 0)

    def show(self, view: WayView, language: str, *, open_: bool) -> None:
        self._possible = view.possible
        self.enable(view.possible and open_)
        self.title.color = theme.INK if view.possible else theme.QUIET
        self.text.color = theme.QUIET if view.possible else theme.BAD
        self.title.say(view.title, language)
        self.text.say(view.text, language)
        self.stale()

    def arrange(self, box: Box) -> None:
        inside = box.inset(self.m.px(14), self.m.px(14))
        picture, words = inside.cut_top(inside.h * 0.48, self.m.px(4))
        self._picture = picture.inset(0, self.m.px(6)).square()
        title, text = words.cut_top(words.h * 0.5, self.m.px(6))
        put(self.title, title)
        put(self.text, text)
        self.title.fit()
        self.text.fit()

    def draw(self) -> None:
        box = self.box.inset(self.m.px(2))
        if self._possible:
            plate(
                box,
                theme.ACTION_PALE if self.held else theme.WHITE,
                theme.ACTION,
                self.m.px(16),
                self.m.px(2),
            )
            self._icon(Pen(self._picture, theme.ACTION), theme.ACTION, theme.WHITE)
        else:
            plate(box, theme.PAPER, theme.LINE, self.m.px(16), self.m.px(1.4))
            icons.stop(
                Pen(self._picture.middle(self.m.px(80), self.m.px(80)), theme.LINE), theme.LINE, theme.PAPER
            )


class ChooseWayScreen(ScreenPiece):
    """Two big pictures."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.title = Line(m, (34, Size.TITLE, Size.LEAD), theme.INK, bold=True)
        self.add_widget(self.title)
        self.cards = {way: WayCard(m, way, partial(self._choose, way)) for way in p.Way}
        for card in self.cards.values():
            self.add_widget(card)

    def show(self, scene: Scene) -> None:
        view = ways(scene.prompt, scene.say)
        if not self.changed(view, scene.language, scene.open_):
            return
        self.title.say(view.title, scene.language)
        offered = {way.way: way for way in view.ways}
        for way, card in self.cards.items():
            card.show_if(way in offered)
            card.enable(False)
            if way in offered:
                card.show(offered[way], scene.language, open_=scene.open_)
        fit_alike([card.title for card in self.cards.values()])
        fit_alike([card.text for card in self.cards.values()])

    def arrange(self, box: Box) -> None:
        title, body = box.inset(self.m.px(12), self.m.px(10)).cut_top(self.m.px(50), self.m.px(6))
        put(self.title, title)
        self.title.fit()
        for card, column in zip(self.cards.values(), body.columns(2, self.m.px(12)), strict=True):
            card.place(column)

    def _choose(self, way: messages.prompts.Way) -> None:
        self.actions.answer(messages.events.WayChosen(way))
