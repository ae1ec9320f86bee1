"""The number pad and its field: big keys for cold hands, the figure in the legal frame.

The pad keeps nothing but its ``Pad``; a key that can do nothing changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk import theme
from kiosk.layout import Box
from kiosk.text.digits import DigitLabel
from kiosk.theme import Metrics, Size
from kiosk.view.pad import MASSES, Pad
from kiosk.widgets import icons
from kiosk.widgets.base import Piece, put
from kiosk.widgets.buttons import Button, IconButton, Kind
from kiosk.widgets.frames import legal_frame

SIGNS = {"point": ".", "minus": "−"}
ROWS = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"))


class Field(Piece):
    """What has been typed; a figure stands with its unit."""

    SIZES = (Size.FIGURE, Size.KEY, Size.TITLE, Size.LEAD)

    def __init__(self, m: Metrics) -> None:
        super().__init__(m)
        self.digits = DigitLabel(
            text="",
            unit="kg",
            font_size=m.px(Size.FIGURE),
            color=theme.INK,
            halign="right",
            placeholder="–",
            size_hint=(None, None),
        )
        self.add_widget(self.digits)

    def show(self, pad: Pad, unit: str | None = None) -> None:
        """``unit``: what is written behind the figure where it is no unit of mass."""
        self.digits.unit = unit if unit is not None else pad.unit.value if pad.unit else ""
        # A dash for nothing typed would look like a minus where one can be typed.
        self.digits.placeholder = "" if pad.signed else "–"
        self.digits.text = pad.text
        self.digits.color = theme.INK if pad.text else theme.QUIET
        self._fit()

    def arrange(self, box: Box) -> None:
        put(self.digits, box.inset(self.m.px(16), self.m.px(6)))
        self._fit()

    def _fit(self) -> None:
        """The largest size at which all that was typed stands inside the frame."""
        for size in self.SIZES:
            self.digits.font_size = self.m.px(size)
            low_enough = self.digits.minimum_height <= self.digits.height
            if low_enough and self.digits.natural_width() <= self.digits.width:
                return

    def draw(self) -> None:
        legal_frame(self.m, self.box)


class NumberPad(Piece):
    """Four columns of keys. ``changed`` is told every change, ``entered`` the figure at OK."""

    def __init__(self, m: Metrics, changed: Callable[[Pad], None], entered: Callable[[Pad], None]) -> None:
        super().__init__(m)
        self.pad = Pad()
        self._changed = changed
        self._entered = entered
        self._keys: dict[str, Button] = {}
        for key in "1234567890":
            self._keys[key] = self._key(f"pad.{key}", key, Kind.PLAIN)
        self._keys["minus"] = self._key("pad.minus", "minus", Kind.PLAIN, Size.FIGURE)
        self._keys["point"] = self._key("pad.dot", "point", Kind.PLAIN, Size.FIGURE)
        self._keys["kg"] = self._key("pad.kg", "kg", Kind.PLAIN, Size.TITLE)
        self._keys["g"] = self._key("pad.g", "g", Kind.PLAIN, Size.TITLE)
        self.ok = Button(m, "pad.ok", self._enter, kind=Kind.GO, icon=icons.check, icon_above=True)
        self.delete = IconButton(m, "pad.delete", lambda: self._press("delete"), icons.delete)
        self.add_widget(self.ok)
        self.add_widget(self.delete)
        self._open = True
        self._figure = self._masses = self._signed = False

    def _key(self, automation_id: str, key: str, kind: Kind, size: int = Size.KEY) -> Button:
        button = Button(self.m, automation_id, lambda: self._press(key), kind=kind, sizes=size)
        self.add_widget(button)
        return button

    def show(self, pad: Pad, language: str, ok: str, *, open_: bool, masses: bool = True) -> None:
        """``open_``: OK is taken now; digits always are, they reach nobody. ``masses``: the unit is chosen
        between kg and g, where a figure is typed."""
        figure = pad.unit is not None
        masses, signed = masses and figure, pad.signed and figure
        self.pad = pad
        if (figure, masses, signed) != (self._figure, self._masses, self._signed):
            self._figure, self._masses, self._signed = figure, masses, signed
            self.arrange(self.box)
        self._open = open_
        for key, button in self._keys.items():
            button.say(SIGNS.get(key, key), language)
        self._keys["point"].show_if(figure)
        self._keys["minus"].show_if(signed)
        for unit in MASSES:
            self._keys[unit.value].show_if(masses)
            self._keys[unit.value].turn(Kind.ACTION if pad.unit is unit else Kind.PLAIN)
        self.ok.say(ok, language)
        self._light()

    def _light(self) -> None:
        self.ok.enable(self._open and self.pad.complete)
        self.delete.enable(bool(self.pad.text))

    def _press(self, key: str) -> None:
        pad = self.pad.press(key)
        if pad != self.pad:
            self.pad = pad
            for unit in MASSES:
                self._keys[unit.value].turn(Kind.ACTION if pad.unit is unit else Kind.PLAIN)
            self._light()
            self._changed(pad)

    def _enter(self) -> None:
        if self._open and self.pad.complete:
            self._entered(self.pad)

    def arrange(self, box: Box) -> None:
        columns = box.columns(4)
        rows = [column.rows(4) for column in columns]
        for line, keys in enumerate(ROWS):
            for column, key in enumerate(keys):
                self._keys[key].place(rows[column][line])
        last = rows[0][3]
        if self._figure:
            self._keys["0"].place(Box(last.x, last.y, last.w * (1 if self._signed else 2), last.h))
            self._keys["minus"].place(rows[1][3])
            self._keys["point"].place(rows[2][3])
        else:
            self._keys["0"].place(Box(last.x, last.y, last.w * 3, last.h))
        below = rows[3][3]
        if self._masses:
            self._keys["kg"].place(rows[3][1])
            self._keys["g"].place(rows[3][2])
            self.ok.place(below)
        else:
            self.ok.place(Box(below.x, below.y, below.w, below.h * 3))
        self.delete.place(rows[3][0])
