"""A label that is told a key instead of a text."""

from __future__ import annotations

from typing import Any

from kivy.properties import DictProperty, StringProperty

from kiosk.language.observable import Speaker
from kiosk.text.label import TextLabel


class Words(TextLabel):
    """Says ``key`` with ``params`` in the language in use, and again whenever one of the three changes.

    >>> Words(speaker, "put_weights.title", params={"mass": "1\\u00a0kg"}, font_size="28sp")

    An empty ``key`` says nothing.
    """

    key = StringProperty("")
    params = DictProperty({})

    def __init__(self, speaker: Speaker, key: str = "", **kwargs: Any) -> None:
        self._speaker = speaker
        super().__init__(key=key, **kwargs)
        speaker.bind(language=self.say_again)
        self.bind(key=self.say_again, params=self.say_again)
        self.say_again()

    def say_again(self, *_: Any) -> None:
        """Puts the words of the moment into ``text``."""
        self.language = self._speaker.language
        self.text = self._speaker.say(self.key, **self.params) if self.key else ""
