"""The words of the screens: one table a language, looked up by key.

Rules this file obeys:

* No Kivy: words can be read, tested and printed without a window.
* A sentence is written out whole in each language; nothing is put together from halves.
* Parameters are named and plain (``{mass}``): a table can name a value, not reach into it.
* Strict (tests): a missing key raises. On the appliance a person reads the English words instead, and the
  log says which are missing.
"""

from __future__ import annotations

import logging
import string
import tomllib
from collections.abc import Mapping
from importlib.resources import files

import msgspec

LANGUAGES = ("zh", "bo", "en")
FALLBACK = "en"
NAMES = {"zh": "中文", "bo": "བོད་ཡིག", "en": "English"}
"""What each language calls itself."""

_log = logging.getLogger(__name__)


class LanguageError(Exception):
    """Root of what this room raises."""


class BadCatalogue(LanguageError):
    """A table of words breaks the rules; the message names language and key."""


class MissingWords(LanguageError):
    """A key has no words, or its words ask for a parameter that was not given."""


class Entry(msgspec.Struct, frozen=True):
    """The words of one key. ``one``: the form for a ``count`` of 1 where the language has one."""

    other: str
    one: str = ""

    @property
    def params(self) -> frozenset[str]:
        """Names of the parameters."""
        return _params(self.other) | _params(self.one)


class Language:
    """All words in all languages.

    >>> Language.shipped().translate("put_weights.title", "en", mass="1 kg")
    'Put 1 kg on your scale'
    """

    def __init__(self, tables: Mapping[str, Mapping[str, Entry]], *, strict: bool = False) -> None:
        self._tables = tables
        self._strict = strict
        self._said: set[tuple[str, str]] = set()

    @classmethod
    def shipped(cls, *, strict: bool = False) -> Language:
        """The tables beside this file; raises BadCatalogue."""
        return cls({lang: shipped_table(lang) for lang in LANGUAGES}, strict=strict)

    def keys(self, lang: str = FALLBACK) -> frozenset[str]:
        """Every key that has words in ``lang``."""
        return frozenset(self._tables[lang])

    def has(self, key: str, lang: str = FALLBACK) -> bool:
        """Whether ``key`` has words in ``lang``."""
        return key in self._tables[lang]

    def params(self, key: str, lang: str = FALLBACK) -> frozenset[str]:
        """Names of the parameters of ``key``; raises MissingWords."""
        return self._entry(key, lang).params

    def translate(self, key: str, lang: str, **params: object) -> str:
        """The words of ``key`` in ``lang`` with ``params`` put in; raises MissingWords when strict."""
        entry = self._entry(key, lang)
        words = entry.one if entry.one and str(params.get("count")) == "1" else entry.other
        missing = _params(words) - params.keys()
        if missing:
            self._miss(key, lang, f"needs {', '.join(sorted(missing))}")
            params = {**params, **dict.fromkeys(missing, "…")}
        return words.format_map(params)

    def say_code(self, family: str, code: str, lang: str, **params: object) -> str:
        """The words of ``family.code``; of ``family.other`` (which is given ``code``) for one not known."""
        key = f"{family}.{code}"
        if any(key in table for table in self._tables.values()):
            return self.translate(key, lang, **params)
        return self.translate(f"{family}.other", lang, **{**params, "code": code})

    def _entry(self, key: str, lang: str) -> Entry:
        entry = self._tables[lang].get(key)
        if entry is None:
            self._miss(key, lang, "has no words")
            entry = self._tables[FALLBACK].get(key) or Entry(key.replace("{", "{{").replace("}", "}}"))
        return entry

    def _miss(self, key: str, lang: str, what: str) -> None:
        if self._strict:
            raise MissingWords(f"{lang}: {key} {what}")
        if (lang, key) not in self._said:
            self._said.add((lang, key))
            _log.warning("%s: %s %s", lang, key, what)


def shipped_table(lang: str) -> dict[str, Entry]:
    """The words of one language: its own file beside this one and one a procedure; raises BadCatalogue."""
    here = files("kiosk.language")
    table = parse((here / f"{lang}.toml").read_text("utf-8"), lang)
    for file in sorted((here / lang).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            more = parse(file.read_text("utf-8"), f"{lang}/{file.name}")
            for key in table.keys() & more.keys():
                raise BadCatalogue(f"{lang}/{file.name}: {key} has words already")
            table |= more
    return table


def parse(source: str, lang: str) -> dict[str, Entry]:
    """The table in ``source`` (TOML: a section a screen, a line an element) by dotted key.

    A line is a text, or ``{ one = "…", other = "…" }`` with ``{count}`` in it. Raises BadCatalogue.
    """
    try:
        data = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        # tomllib lets both through: a number of over 4300 digits, brackets nested by the thousand.
        raise BadCatalogue(f"{lang}: {error}") from error
    table: dict[str, Entry] = {}
    for section, elements in data.items():
        if not isinstance(elements, dict):
            raise BadCatalogue(f"{lang}: {section} stands outside any section")
        for element, value in elements.items():
            table[f"{section}.{element}"] = _entry(value, f"{lang}: {section}.{element}")
    return table


def _entry(value: object, where: str) -> Entry:
    try:
        entry = Entry(other=value) if isinstance(value, str) else msgspec.convert(value, Entry)
        names = entry.params
    except (msgspec.ValidationError, ValueError) as error:
        raise BadCatalogue(f"{where}: {error}") from error
    if not entry.other.strip():
        raise BadCatalogue(f"{where} is empty")
    if entry.one and "count" not in names:
        raise BadCatalogue(f"{where} has a form for one but no {{count}}")
    return entry


def _params(words: str) -> frozenset[str]:
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(words):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"{{{name}}} is not a plain name")
        names.add(name)
    return frozenset(names)
