"""The language in use, as something widgets can watch.

Rules this file obeys:

* Whoever watches binds a method of its own: Kivy holds those weakly, so a widget that is gone is not kept
  alive by the language. ``fbind`` and closures would keep it, and are not used for this.
"""

from __future__ import annotations

from typing import Any

from kivy.event import EventDispatcher
from kivy.properties import OptionProperty

from kiosk.language.catalogue import LANGUAGES, Language


class Speaker(EventDispatcher):
    """Says keys in the language in use; setting ``language`` makes every watcher say its words again.

    >>> speaker = Speaker(language="bo")
    >>> speaker.bind(language=label.say_again)
    """

    language = OptionProperty("zh", options=LANGUAGES)

    def __init__(self, words: Language | None = None, **kwargs: Any) -> None:
        self._words = words or Language.shipped()
        super().__init__(**kwargs)

    def say(self, key: str, **params: object) -> str:
        """The words of ``key`` in the language in use."""
        return self._words.translate(key, self.language, **params)

    def say_code(self, family: str, code: str, **params: object) -> str:
        """The words of ``family.code``, or those of ``family.other`` for a code that has none."""
        return self._words.say_code(family, code, self.language, **params)
