"""Run as a program: labels and the language they speak, in a window of their own; prints facts as JSON."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any


def facts() -> dict[str, Any]:
    from kivy.clock import Clock
    from kivy.core.window import Window

    from kiosk.language.catalogue import Language
    from kiosk.language.observable import Speaker
    from kiosk.language.words import Words
    from kiosk.text.digits import DigitLabel
    from kiosk.text.drawing import Drawer
    from kiosk.text.fonts import find_fonts
    from kiosk.text.label import TextLabel

    assert Window is not None
    found: dict[str, Any] = {}
    drawer = Drawer(find_fonts(), kept=8)
    speaker = Speaker(words=Language.shipped(strict=True))

    words = Words(speaker, "put_weights.title", params={"mass": "1\u00a0kg"}, drawer=drawer, size=(400, 80))
    said = []
    for language in ("zh", "bo", "en"):
        speaker.language = language
        words.layout_now()
        said.append([words.text, words.language, words.lines])
    found["said"] = said
    words.params = {"mass": "2\u00a0kg"}
    found["other parameter"] = words.text
    words.key = "button.back"
    found["other key"] = words.text
    words.key = ""
    words.layout_now()
    found["no key"] = [words.text, words.minimum_height, words.overflow]

    # A label that nobody holds any more must go, and the speaker must not stumble over it.
    gone = [Words(speaker, "button.next", drawer=drawer, size=(100, 40)) for _ in range(20)]
    left = [weakref.ref(label) for label in gone]
    label = None
    del gone, label
    Clock.tick()
    gc.collect()
    found["left behind"] = sum(ref() is not None for ref in left)
    speaker.language = "zh"

    # Layout happens once for many changes, and not at all for a move or a colour.
    calls = 0
    plain = drawer.line_width

    def counted(*args: Any) -> int:
        nonlocal calls
        calls += 1
        return plain(*args)

    drawer.line_width = counted  # type: ignore[method-assign]
    label = TextLabel(drawer=drawer, size=(200, 80))
    Clock.tick()
    calls = 0
    for text in ("一", "一二", "请检查白色插头"):
        label.text = text
    found["before the frame"] = calls
    Clock.tick()
    found["after the frame"] = [calls > 0, label.lines]
    calls = 0
    label.pos, label.color, label.halign = (50, 60), (1, 0, 0, 1), "right"
    Clock.tick()
    found["moved"] = calls
    label.width = 100
    Clock.tick()
    found["narrower"] = [calls > 0, label.lines]

    for number in range(40):
        label.text = f"第 {number} 次"
        label.layout_now()
    found["kept"] = len(drawer._pieces)

    digits = DigitLabel(drawer=drawer, size=(300, 90))
    refused = []
    for text in ("1,5 kg", "abc", "1" * 13, "١"):
        try:
            digits.text = text
        except ValueError as error:
            refused.append(str(error)[-40:])
    found["digits refused"] = refused
    return found


if __name__ == "__main__":
    print(json.dumps(facts()))
