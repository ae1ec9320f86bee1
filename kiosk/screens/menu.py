"""What somebody who has signed in may do: one key each, large enough for a cold hand."""

from __future__ import annotations

from functools import partial

from firmware_app.service import messages
from kiosk import theme
from kiosk.layout import Box
from kiosk.screens.scene import Actions, Scene, ScreenPiece
from kiosk.theme import Metrics, Size
from kiosk.view.bar import Tone
from kiosk.view.home import notice
from kiosk.view.sign_in import MOST_ENTRIES, menu
from kiosk.widgets import icons, page_icons
from kiosk.widgets.base import put
from kiosk.widgets.buttons import Button, Kind
from kiosk.widgets.frames import Banner
from kiosk.widgets.text import Line

COLUMNS = 2
OF_ENTRY: dict[str, icons.Icon] = {
    "verification": icons.inspector,
    "challenge": icons.hand,
    "control_check": icons.load_pan,
    "pan": icons.loaded_pan,
    "county": icons.network,
    "stick": page_icons.stick,
}
"""A kind that came later has the arrow of something to begin."""


class MenuScreen(ScreenPiece):
    """The name above, the keys below in two columns."""

    def __init__(self, m: Metrics, actions: Actions) -> None:
        super().__init__(m, actions)
        self.who = Line(m, (Size.TITLE, Size.LEAD, Size.BODY), theme.INK, bold=True)
        self.notice = Banner(m, (Size.BODY, Size.SMALL, 15))
        self.keys: dict[str, Button] = {}
        self._rows = 1
        self._kinds: dict[str, messages.VisitKind | None] = {}
        self.add_widget(self.who)
        self.add_widget(self.notice)

    def _key(self, name: str) -> Button:
        """Built once a name: what may be done follows from the program, not from the day."""
        if name not in self.keys:
            key = Button(
                self.m,
                f"menu.{name}",
                partial(self._open, name),
                kind=Kind.ACTION,
                icon=OF_ENTRY.get(name, icons.arrow),
                sizes=(Size.LEAD, Size.BODY, Size.SMALL),
            )
            self.keys[name] = key
            self.add_widget(key)
        return self.keys[name]

    def show(self, scene: Scene) -> None:
        assert scene.state is not None
        view = menu(scene.state, scene.say)
        trouble = notice(scene.state, scene.say)
        if not self.changed(view, trouble, scene.language, scene.open_):
            return
        self.who.say(view.who, scene.language)
        self.notice.say(trouble, Tone.WAIT, scene.language)
        self._kinds = {entry.name: entry.kind for entry in view.entries}
        self._rows = -(-len(view.entries) // COLUMNS)
        for entry in view.entries:
            key = self._key(entry.name)
            key.say(entry.title, scene.language)
            key.enable(scene.open_ or entry.kind is None)
        for name, key in self.keys.items():
            key.show_if(name in self._kinds)
        self.arrange(self.box)

    def arrange(self, box: Box) -> None:
        px = self.m.px
        head, keys = box.inset(px(12), px(6)).cut_top(px(60), px(6))
        who, rest = head.cut_left(head.w * 0.5, px(8))
        put(self.who, who)
        self.notice.place(rest)
        self.who.fit()
        height = min(px(120), keys.h / max(self._rows, MOST_ENTRIES // COLUMNS - 1))
        rows = [Box(keys.x, keys.top - height * (n + 1), keys.w, height) for n in range(self._rows)]
        places = [place for row in rows for place in row.columns(COLUMNS, px(10))]
        for name, place in zip(self._kinds, places, strict=False):
            self.keys[name].place(place.inset(0, px(4)))

    def _open(self, name: str) -> None:
        kind = self._kinds.get(name)
        if kind is not None:
            self.actions.start(kind)
            return
        asides = {"county": self.actions.open_county, "stick": self.actions.open_stick}
        asides.get(name, self.actions.open_pan_card)()
