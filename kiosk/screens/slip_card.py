"""The slip beside a verdict: its code, the number of the record, the key that prints it; and in full size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene
from kiosk.theme import Metrics, Size
from kiosk.view.printing import Press, PrintKey
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import Button
from kiosk.widgets.frames import Card
from kiosk.widgets.pictures import QrCode
from kiosk.widgets.text import Line


class WithSlip(Protocol):
    """What is said beside the code of a slip."""

    @property
    def slip(self) -> str: ...

    @property
    def slip_words(self) -> str: ...

    @property
    def slip_larger(self) -> str: ...

    @property
    def entry(self) -> str: ...

    @property
    def check_only(self) -> str: ...


class SlipCard(Piece):
    """The code on a white sheet with the record's number, and below it the key that prints, if there is one.

    Nothing but the number where the outcome has no slip.
    """

    def __init__(self, m: Metrics, actions: Actions, enlarge: Callable[[], None]) -> None:
        super().__init__(m)
        self.card = Card(m)
        self.qr = QrCode(m, "judged.slip", enlarge)
        self.words = Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, halign="center")
        self.entry = Line(m, (Size.BODY, Size.SMALL, 15), theme.INK, bold=True, halign="center")
        self.print = PrintPiece(m, actions)
        for piece in (self.print, self.card, self.qr, self.words, self.entry):
            self.add_widget(piece)
        self._has_printer = False

    def show(self, view: WithSlip, key: PrintKey | None, scene: Scene) -> None:
        key = key if view.slip else None
        self._has_printer = key is not None
        self.arrange(self.box)
        self.card.show_if(bool(view.slip))
        self.qr.show_if(bool(view.slip))
        if view.slip:
            self.qr.show(view.slip)
        words = view.slip_words if self.qr.readable else view.slip_larger
        self.words.say(words if view.slip else "", scene.language)
        self.entry.say(view.entry, scene.language)
        self.print.show(key, scene.prompt.entry, scene)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        if self._has_printer:
            key, box = box.cut_bottom(max(px(84), self.m.target[1]), px(8))
            self.print.place(key)
        self.card.place(box)
        # What is left beside a next step is just high enough for the usual code at four pixels a module.
        inside = box.inset(px(8), px(2))
        entry, inside = inside.cut_bottom(px(30))
        words, inside = inside.cut_bottom(px(30))
        put(self.entry, entry)
        put(self.words, words)
        self.qr.place(inside)
        self.entry.fit()
        self.words.fit()


class PrintPiece(Piece):
    """The key that prints the slip, says why it cannot, or takes it back."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m)
        self._actions = actions
        self._press, self._entry = Press.NOTHING, 0
        self.key = Button(
            m, "judged.print", self._tapped, icon=icons.printer, sizes=(Size.LEAD, Size.BODY, Size.SMALL, 15)
        )
        self.add_widget(self.key)

    def show(self, key: PrintKey | None, entry: int, scene: Scene) -> None:
        self.show_if(key is not None)
        if key is None:
            return
        self._press, self._entry = key.press, entry
        self.key.say(key.words, scene.language)
        self.key.enable(key.press is not Press.NOTHING and scene.open_)

    def arrange(self, box: Box) -> None:
        self.key.place(box)

    def _tapped(self) -> None:
        if self._press is Press.PRINT:
            self._actions.print_slip(self._entry)
        elif self._press is Press.CANCEL:
            self._actions.cancel_slip(self._entry)


class SlipFace(Piece):
    """The code of the slip as large as the screen allows."""

    def __init__(self, m: Metrics, close: Callable[[], None]) -> None:
        super().__init__(m)
        self.words = Line(m, (Size.TITLE, Size.LEAD), theme.INK, bold=True)
        self.entry = Line(m, (Size.TITLE, Size.LEAD), theme.INK)
        self.check_only = Line(m, (Size.BODY, Size.SMALL), theme.QUIET)
        self.qr = QrCode(m, "judged.slip_large", close)
        for piece in (self.words, self.entry, self.check_only, self.qr):
            self.add_widget(piece)

    def show(self, view: WithSlip, language: str) -> None:
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
