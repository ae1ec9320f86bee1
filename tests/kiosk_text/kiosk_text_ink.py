"""Draws texts alone and with room behind them; prints those that lose ink at their end.

Run in a process of its own for each size: what a font measures may depend on what it measured before.
"""

from __future__ import annotations

import sys

from kivy.core.window import Window
from PIL import Image

from kiosk.text.drawing import shared_drawer
from kiosk.text.runs import Run, runs

TEXTS = (
    "OIML R 76-1:2006 Table 6; OIML R 76-1:2006 3.5.2;",
    "3.5.2; 0123456789 3.5.2, 6.2.2 (2.2) .2 .7",
    "jjg539-2016, 1",
    "Send the scale for verification.",
    "使用中允差 ±10 g",
    "扫码取核查单",
)


def right_edge(run: Run, px: int, bold: bool) -> int:
    """The column behind the last ink of a run."""
    texture = shared_drawer()._piece(run, px, bold).texture
    picture = Image.frombytes("RGBA", texture.size, texture.pixels).getchannel("A")
    box = picture.getbbox()
    return box[2] if box else 0


def main() -> None:
    assert Window is not None
    px = int(sys.argv[1])
    for text in TEXTS:
        for run in runs(text, "zh"):
            for bold in (False, True):
                roomy = Run(run.text + "   ", run.face, run.script)
                alone, whole = right_edge(run, px, bold), right_edge(roomy, px, bold)
                if alone < whole:
                    print(f"{px} px: {run.text!r} loses {whole - alone} columns")


main()
