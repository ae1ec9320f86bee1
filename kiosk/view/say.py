"""Words in one language, for views that compose what a screen says."""

from __future__ import annotations

import msgspec

from kiosk.language.catalogue import Language


class Say(msgspec.Struct, frozen=True):
    """Looks keys up in ``words`` for the language ``lang``; figures are passed as ready text."""

    words: Language
    lang: str

    def __call__(self, key: str, **params: str) -> str:
        return self.words.translate(key, self.lang, **params)

    def code(self, family: str, code: str, **params: str) -> str:
        """The words of a code, or the family's ``other`` with the code in it."""
        return self.words.say_code(family, code, self.lang, **params)
