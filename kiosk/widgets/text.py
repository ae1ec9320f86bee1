"""Lines of words: the text room's label with the sizes of the theme.

A line with several sizes takes the first in which its words fit; one that fits in none says so
(``overflow``), it is never cut off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kiosk.text.label import TextLabel
from kiosk.theme import Colour, Metrics

_TIBETAN = re.compile("[\u0f00-\u0fff]")


class Line(TextLabel):
    """Words in the first of ``sizes`` (design pixels) that fits."""

    def __init__(
        self,
        m: Metrics,
        sizes: int | tuple[int, ...],
        color: Colour,
        *,
        bold: bool = False,
        halign: str = "left",
        valign: str = "middle",
        max_lines: int = 0,
        balance: bool = False,
    ) -> None:
        self._sizes = [m.px(size) for size in ((sizes,) if isinstance(sizes, int) else sizes)]
        self._fitted: tuple[object, ...] = ()
        super().__init__(
            size_hint=(None, None),
            font_size=self._sizes[0],
            color=color,
            bold=bold,
            halign=halign,
            valign=valign,
            max_lines=max_lines,
            balance=balance,
        )

    def say(self, text: str, language: str) -> None:
        """Shows ``text``; place the label first, the size depends on its room."""
        self.text = text
        # Figures and names in another script do not need the height of Tibetan stacks.
        self.language = language if language != "bo" or _TIBETAN.search(text) else "zh"
        self.fit()

    def fit(self) -> None:
        """Chooses the size again where words or room have changed."""
        asked = (self.text, self.language, tuple(self.size))
        if asked == self._fitted:
            return
        self._fitted = asked
        for size in self._sizes:
            self.font_size = size
            self.layout_now()
            if not self.overflow:
                return


def fit_alike(lines: Sequence[Line]) -> None:
    """Gives lines of the same rank one size: the first in which all of them fit."""
    smallest = min((line.font_size for line in lines if line.text), default=0)
    if not smallest:
        return
    for line in lines:
        line.font_size = smallest
        line.layout_now()
