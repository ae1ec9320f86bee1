"""Another way to draw text: HarfBuzz for the places, fontTools for the outlines, numpy for the ink.

Nothing here is shared with the appliance's way (SDL_ttf and FreeType), so what both agree on is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import uharfbuzz as hb
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw

FINE = 8
"""Sub-pixels a pixel, each way."""


@dataclass(frozen=True)
class Placed:
    """A glyph at a place in font units; ``top`` and ``bottom`` are the reach of its ink."""

    name: str
    x: float
    y: float
    top: float
    bottom: float


@lru_cache(maxsize=8)
def _font(path: str, number: int) -> tuple[TTFont, hb.Font]:
    return TTFont(path, fontNumber=number, lazy=True), hb.Font(hb.Face(hb.Blob.from_file_path(path), number))


def shape(text: str, path: str, script: str, number: int = 0) -> tuple[list[Placed], float]:
    """The glyphs of ``text`` as HarfBuzz places them, and the advance, in font units."""
    font, shaper = _font(path, number)
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.script, buffer.direction = script, "ltr"
    hb.shape(shaper, buffer)
    placed, pen = [], 0.0
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        reach = shaper.get_glyph_extents(info.codepoint)
        y = position.y_offset
        top, bottom = (y + reach.y_bearing, y + reach.y_bearing + reach.height) if reach else (y, y)
        name = font.getGlyphName(info.codepoint)
        placed.append(Placed(name, pen + position.x_offset, y, top, bottom))
        pen += position.x_advance
    return placed, pen


def ink(
    text: str,
    path: str,
    script: str,
    px: int,
    size: tuple[int, int],
    origin: tuple[int, int],
    number: int = 0,
) -> np.ndarray:
    """Coverage (0 … 1, row 0 on top) of ``text`` at ``px`` to the em, its baseline starting at ``origin``."""
    font, _ = _font(path, number)
    glyphs = font.getGlyphSet()
    scale = px / font["head"].unitsPerEm * FINE
    width, height = size[0] * FINE, size[1] * FINE
    total = np.zeros((height, width), np.int16)
    for glyph in shape(text, path, script, number)[0]:
        pen = DecomposingRecordingPen(glyphs)
        glyphs[glyph.name].draw(pen)
        winding = np.zeros((height, width), np.int16)
        for contour in _contours(pen.value):
            points = [
                (origin[0] * FINE + (x + glyph.x) * scale, origin[1] * FINE - (y + glyph.y) * scale)
                for x, y in contour
            ]
            area = sum(
                a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True)
            )
            mask = Image.new("1", (width, height))
            ImageDraw.Draw(mask).polygon(points, fill=1)
            winding += np.asarray(mask, np.int16) * (1 if area > 0 else -1)
        total |= (winding != 0).astype(np.int16)
    return total.reshape(size[1], FINE, size[0], FINE).mean(axis=(1, 3))


def _contours(commands: list) -> list[list[tuple[float, float]]]:
    """Polygons of a recorded outline, curves cut into short straight pieces."""
    contours: list[list[tuple[float, float]]] = []
    steps = [step / 8 for step in range(1, 9)]
    for name, points in commands:
        if name == "moveTo":
            contours.append([points[0]])
        elif name == "lineTo":
            contours[-1].append(points[0])
        elif name == "curveTo":
            (ax, ay), ((bx, by), (cx, cy), (dx, dy)) = contours[-1][-1], points
            for t in steps:
                s = 1 - t
                k = (s**3, 3 * s * s * t, 3 * s * t * t, t**3)
                contours[-1].append(
                    (
                        k[0] * ax + k[1] * bx + k[2] * cx + k[3] * dx,
                        k[0] * ay + k[1] * by + k[2] * cy + k[3] * dy,
                    )
                )
        elif name == "qCurveTo":
            *controls, end = points
            for index, (cx, cy) in enumerate(controls):
                last = index == len(controls) - 1
                follow = (
                    end if last else ((cx + controls[index + 1][0]) / 2, (cy + controls[index + 1][1]) / 2)
                )
                ax, ay = contours[-1][-1]
                for t in steps:
                    s = 1 - t
                    contours[-1].append(
                        (
                            s * s * ax + 2 * s * t * cx + t * t * follow[0],
                            s * s * ay + 2 * s * t * cy + t * t * follow[1],
                        )
                    )
    return contours
