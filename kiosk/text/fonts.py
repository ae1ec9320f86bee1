"""The font files that draw each script, and the one that has to be cut out of a collection first.

Rules this file obeys:

* No Kivy: it hands out paths.
* The fonts are Debian's; nothing is shipped. The message of a missing one names the package to install.
* Kivy can only open face 0 of a collection, and face 0 of Noto Sans CJK draws Japanese forms. The Simplified
  Chinese face is copied out once into the cache, whole or not at all, and again when the package changes.
"""

from __future__ import annotations

import enum
import os
import struct
import tempfile
from pathlib import Path

import msgspec


class Face(enum.StrEnum):
    """Which design draws a character."""

    HAN = "han"
    """Noto Sans CJK SC: ideographs, their punctuation, and all Latin letters, digits and symbols."""
    LATIN = "latin"
    """Noto Sans: signs that are an em wide in HAN and should not be, such as ±, and accented letters."""
    TIBETAN = "tibetan"
    """Noto Serif Tibetan; has no digit and no Latin letter."""


ASCENT = {Face.HAN: 0.92, Face.LATIN: 0.92, Face.TIBETAN: 1.2}
"""Room above the baseline in ems: what the ink of all words takes (a test measures it)."""
DESCENT = {Face.HAN: 0.28, Face.LATIN: 0.28, Face.TIBETAN: 0.8}
"""Room below the baseline in ems, likewise."""
PITCH = {Face.HAN: 1.25, Face.LATIN: 1.25, Face.TIBETAN: 1.7}
"""From one baseline to the next in ems. The Tibetan font claims 2.8; its vowels and stacks rarely meet."""


class FontError(Exception):
    """Root of what the fonts raise; the message says what is missing and what to do."""


class FontMissing(FontError):
    """A font file is not on this machine."""


class FontBroken(FontError):
    """A font file is there but is not what it should be."""


SC_NAME = "Noto Sans CJK SC"
_FOLDER = Path("/usr/share/fonts")
_SOURCES = {
    (Face.HAN, False): ("opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk"),
    (Face.HAN, True): ("opentype/noto/NotoSansCJK-Bold.ttc", "fonts-noto-cjk"),
    (Face.LATIN, False): ("truetype/noto/NotoSans-Regular.ttf", "fonts-noto-core"),
    (Face.LATIN, True): ("truetype/noto/NotoSans-Bold.ttf", "fonts-noto-core"),
    (Face.TIBETAN, False): ("truetype/noto/NotoSerifTibetan-Regular.ttf", "fonts-noto-core"),
    (Face.TIBETAN, True): ("truetype/noto/NotoSerifTibetan-Bold.ttf", "fonts-noto-core"),
}


class Fonts(msgspec.Struct, frozen=True):
    """Paths of the six files that the screens need: three faces, regular and bold."""

    files: dict[tuple[Face, bool], str]

    def path(self, face: Face, bold: bool) -> str:
        """The file of a face and weight."""
        return self.files[face, bold]


def find_fonts(folder: Path = _FOLDER, cache: Path | None = None) -> Fonts:
    """The fonts of this machine, the Chinese face taken out of its collection where that is not yet done.

    Takes half a second a weight the first time. Raises FontMissing, FontBroken, or OSError where the cache
    cannot be written.
    """
    files: dict[tuple[Face, bool], str] = {}
    for key, (relative, package) in _SOURCES.items():
        source = folder / relative
        if not source.is_file():
            raise FontMissing(f"font {source} is missing: install the package {package}")
        files[key] = str(sc_face(source, cache or default_cache()) if key[0] is Face.HAN else source)
    return Fonts(files)


def default_cache() -> Path:
    """``$XDG_CACHE_HOME/steelyard/fonts``, or the same below ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steelyard" / "fonts"


def sc_face(collection: Path, cache: Path) -> Path:
    """A file that holds only the Simplified Chinese face of ``collection``; made on the first call.

    Its name carries size and time of the collection, so that an upgraded package gives a new file. Written
    beside, synced, then renamed: a power cut leaves either no file or a whole one.
    """
    stat = collection.stat()
    target = cache / f"{collection.stem}-SC-{stat.st_size}-{stat.st_mtime_ns}.otf"
    if not _is_whole(target):
        cache.mkdir(parents=True, exist_ok=True)
        _extract(collection, target)
        for old in cache.glob(f"{collection.stem}-SC-*.otf"):
            if old != target:
                old.unlink(missing_ok=True)
    return target


def _extract(collection: Path, target: Path) -> None:
    # Only needed once in the life of an installation, and slow to import.
    from fontTools.ttLib import TTCollection, TTLibError

    try:
        with TTCollection(str(collection), lazy=True) as faces:
            face = next((face for face in faces if face["name"].getDebugName(1) == SC_NAME), None)
            if face is None:
                face = next((face for face in faces if face["name"].getDebugName(16) == SC_NAME), None)
            if face is None:
                raise FontBroken(f"{collection} has no face {SC_NAME}: reinstall fonts-noto-cjk")
            # The same bytes each time, not the hour of the extraction.
            face.recalcTimestamp = False
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".sc-", delete=False) as file:
                try:
                    face.save(file)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).replace(target)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
    # fontTools says of a damaged header with an assertion, of a damaged table with struct.error.
    except (TTLibError, AssertionError, struct.error) as error:
        raise FontBroken(f"{collection} cannot be read ({error}): reinstall fonts-noto-cjk") from error


def _is_whole(path: Path) -> bool:
    """Whether every table that the font's directory names lies inside the file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            tag, count = struct.unpack(">4sH6x", file.read(12))
            tables = [struct.unpack(">4s4xII", file.read(16)) for _ in range(count)]
    except (FileNotFoundError, struct.error):
        return False
    return tag == b"OTTO" and count > 0 and all(offset + length <= size for _, offset, length in tables)
