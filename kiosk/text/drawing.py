"""Runs as textures, made once and kept for as long as they are in use.

Rules this file obeys:

* A texture is white on nothing; colour is put on while drawing, so that a change of colour makes no texture.
* What is kept is bounded; nothing is made anew that is still kept.
* Every run lies on the same baseline, whatever the heights that its font claims.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from typing import Any

import msgspec
from kivy.core.text import Label as CoreLabel

from kiosk.text.fonts import ASCENT, DESCENT, PITCH, Face, Fonts, find_fonts
from kiosk.text.runs import Run, runs

KEPT = 600
"""Textures kept; the six screens in three languages need about half."""


class Piece(msgspec.Struct, frozen=True):
    """A run drawn: ``width`` is its advance; the baseline is ``above`` pixels under the texture's top."""

    texture: Any
    width: int
    height: int
    above: int


class Drawer:
    """Measures and draws single lines in the fonts of this machine."""

    def __init__(self, fonts: Fonts, kept: int = KEPT) -> None:
        self._fonts = fonts
        self._kept = kept
        self._pieces: OrderedDict[tuple[Run, int, bool], tuple[Piece, CoreLabel]] = OrderedDict()
        self._measure = functools.lru_cache(maxsize=8192)(self._run_width)
        self.made = 0
        """Textures made so far (what a test of redrawing looks at)."""

    def line_width(self, text: str, language: str, px: int, bold: bool) -> int:
        """Pixels that a single line takes."""
        return sum(self._measure(run, px, bold) for run in runs(text, language))

    def pieces(self, text: str, language: str, px: int, bold: bool) -> list[Piece]:
        """The textures of a single line, from left to right."""
        return [self._piece(run, px, bold) for run in runs(text, language)]

    def heights(self, text: str, language: str, px: int) -> tuple[float, float, float]:
        """Pixels above and below the baseline that ``text`` needs, and from one baseline to the next."""
        faces = {run.face for run in runs(text, language)} or {Face.HAN}
        if language == "bo":
            # A line of digits is as high as its neighbours.
            faces.add(Face.TIBETAN)
        above, below, pitch = (px * max(room[face] for face in faces) for room in (ASCENT, DESCENT, PITCH))
        return above, below, pitch

    def _piece(self, run: Run, px: int, bold: bool) -> Piece:
        key = (run, px, bold)
        kept = self._pieces.get(key)
        if kept is not None:
            self._pieces.move_to_end(key)
            return kept[0]
        label = self._label(run, px, bold)
        label.refresh()
        advance = self._measure(run, px, bold)
        piece = Piece(label.texture, advance, label.texture.height, label.get_ascent())
        # The label is kept with its texture because it is what redraws it when the GL context is lost.
        self._pieces[key] = piece, label
        self.made += 1
        if len(self._pieces) > self._kept:
            self._pieces.popitem(last=False)
        return piece

    def _run_width(self, run: Run, px: int, bold: bool) -> int:
        return int(self._label(run, px, bold).get_extents(run.text)[0])

    def _label(self, run: Run, px: int, bold: bool) -> CoreLabel:
        return CoreLabel(
            text=run.text,
            font_name=self._fonts.path(run.face, bold),
            font_size=px,
            font_script_name=run.script,
            font_direction="ltr",
            # Hinting moves Tibetan marks by up to a pixel. With the light one the extents of a text depend on
            # what was measured before it, and the last letters may be cut off.
            font_hinting=None if run.face is Face.TIBETAN else "normal",
        )


@functools.cache
def shared_drawer() -> Drawer:
    """The one Drawer of the process: its textures belong to the one window. Raises FontError, OSError."""
    return Drawer(find_fonts())
