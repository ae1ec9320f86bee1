"""Writes a page a profile to docs/protocols/ and the index of its README: `python -m hardware.scale.pages`.

Rules this file obeys:

* Everything on a page comes from the profile file; nothing is told twice by hand.
* The output depends on the profiles only, so that a test can say when a page is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from hardware.scale.checks import CHECKS
from hardware.scale.profile import Profile, Shelf, load_profile
from hardware.scale.schema import (
    Asking,
    CheckRange,
    Column,
    Facts,
    Framing,
    Meaning,
    ProfileFile,
    Shape,
    Vector,
)

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "protocols"
BEGIN, END = "<!-- drawn: profiles -->", "<!-- end -->"
_CONFIDENCE = {
    "captured": "frames of a real device were captured",
    "manual": "examples of a maker's manual or of its documentation, no capture: the operator is asked twice",
    "code": "only somebody's code: the operator is asked twice",
    "unconfirmed": "**no frame of a real device confirms it: the operator is asked twice**",
}
_LONGEST_HEX = 120


def page_of(profile: Profile) -> str:
    """The Markdown page of one profile."""
    return "\n".join(_page(profile.file)) + "\n"


def index_of(profiles: Iterable[Profile]) -> str:
    """The table of the README: a row a profile."""
    rows = ["| profile | what sends it | confidence | asked |", "|---|---|---|---|"]
    for profile in profiles:
        file = profile.file
        asked = "yes" if file.polled else "no"
        rows.append(f"| [{file.id}]({file.id}.md) | {_cell(file.title)} | {file.confidence} | {asked} |")
    return "\n".join(rows)


def drawn(readme: str, index: str) -> str:
    """The README with a new index between its marks; raises ValueError where the marks are missing."""
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README lacks {BEGIN} … {END}")
    return f"{head}{BEGIN}\n{index}\n{END}{tail}"


def pages(shelf: Shelf, readme: str) -> Mapping[str, str]:
    """File name → text of every page, the README included."""
    profiles = [shelf.profile(name) for name in shelf.ids]
    made = {f"{profile.file.id}.md": page_of(profile) for profile in profiles}
    return {**made, "README.md": drawn(readme, index_of(profiles))}


def _page(file: ProfileFile) -> Iterator[str]:
    yield f"<!-- Written by `python -m hardware.scale.pages` from hardware/scale/profiles/{file.id}.toml. -->"
    yield f"# {file.id}"
    yield ""
    yield file.title
    yield ""
    yield f"* Confidence: {file.confidence}; {_CONFIDENCE[file.confidence]}. Version {file.version}."
    yield f"* Line: {_line(file)}."
    yield f"* {'The scale answers when it is asked' if file.polled else 'The scale sends by itself'}."
    yield f"* Frames: {_framing(file.framing)}."
    if file.check is not None:
        yield f"* Check: {_check(file.check)}."
    yield ""
    for note in file.notes:
        yield f"> {note}"
        yield ">"
    for shape in file.shape:
        yield from _shape(shape)
    if file.poll is not None:
        yield from _asking(file.poll)
    if file.command:
        yield from ("", "## Commands", "", "Never sent unless a person chooses so.", "")
        yield from ("| bytes | does | changes the scale |", "|---|---|---|")
        for command in file.command:
            changes = "**yes**" if command.changes_scale else "no"
            yield f"| `{command.send}` | {_cell(command.does)} | {changes} |"
    yield from ("", "## Vectors", "", "| bytes | means | source |", "|---|---|---|")
    for vector in file.vector:
        yield f"| `{_short(vector.hex)}` | {_cell(_means(vector))} | {_cell(vector.source)} |"
    yield from ("", "## Sources", "")
    yield from (f"* {source}" for source in file.sources)


def _line(file: ProfileFile) -> str:
    if file.transport == "hid":
        return "USB, as a human interface device of usage page 8Dh"
    words = f"{', '.join(map(str, file.line.baud_rates))} baud; {', '.join(file.line.settings)}"
    return f"Modbus RTU, {words}" if file.transport == "modbus" else words


def _asking(asking: Asking) -> Iterator[str]:
    steps = ", then ".join(f"`{step}`" for step in asking.ask)
    after = f" (the next when `{asking.proceed}` has come back)" if asking.proceed else ""
    yield from ("", "## Asking", "")
    yield f"Once a person chose so: {steps}{after}, every {asking.every_ms} ms."


def _shape(shape: Shape) -> Iterator[str]:
    yield from ("", f"## Shape: {shape.name}", "")
    if shape.framing is not None:
        yield f"Cut in its own way: {_framing(shape.framing)}."
        if shape.check is not None:
            yield f"Check: {_check(shape.check)}."
        yield ""
    facts = _facts(shape.facts)
    if facts:
        yield f"Every such frame says: {facts}."
        yield ""
    yield from ("| bytes | column | meaning |", "|---|---|---|")
    for column in shape.column:
        yield f"| {_place(column)} | {_cell(column.name)} | {_cell(_meaning(column))} |"


def _framing(framing: Framing) -> str:
    starts = " or ".join(f"`{start}`" for start in framing.start)
    words = {
        "length": f"{framing.length} bytes from {starts} on",
        "end": f"from {starts} to `{framing.end}`, {framing.longest} bytes at most",
        "terminator": f"lines that end with `{framing.end}`, {framing.longest} bytes at most",
        "gap": f"what comes between two silences of {framing.gap_ms} ms, {framing.longest} bytes at most",
        "counted": f"from {starts} on, {framing.longest} bytes at most",
    }[framing.kind]
    if framing.count is not None:
        count = framing.count
        words += f"; bytes {count.first} to {count.to} ({count.order} end first) count all but {count.more}"
    if framing.in_phase > 1:
        words += f"; believed when {framing.in_phase} follow each other"
    return words


def _check(check: CheckRange) -> str:
    words = f"{CHECKS[check.kind].words} over bytes {check.first} to {check.to}"
    return words + (", may be left out" if check.optional else "")


def _place(column: Column) -> str:
    if column.width is not None:
        return f"next {column.width}"
    if column.until is not None:
        return f"up to `{_visible(column.until)}`"
    return str(column.begin) if column.to is None else f"{column.begin} to {column.last}"


def _meaning(column: Column) -> str:
    match column.meaning:
        case Meaning.FIXED:
            words = "always " + " or ".join(f"`{_visible(text)}`" for text in column.equals)
        case Meaning.MAP | Meaning.WORDS:
            words = _table(column.map or column.words)
        case Meaning.BITS:
            words = "; ".join(f"bit {place}: {_numbers(table)}" for place, table in column.bits.items())
        case Meaning.UNIT:
            words = "unit" + (f"; blank: {_facts(column.blank) or 'allowed'}" if column.blank else "")
        case Meaning.WEIGHT | Meaning.TARE | Meaning.NUMBER:
            words = "; ".join([*_number(column), *([_table(column.words)] if column.words else [])])
        case Meaning.ANYTHING:
            letters = column.alphabet
            words = "without meaning here" + (f", of `{_visible(letters)}`" if letters else "")
        case _:
            words = column.meaning.value
    return words if column.keep is None else f"{words}; its bytes are kept as `{column.keep}`"


def _numbers(table: Mapping[str, Facts]) -> str:
    return ", ".join(f"{number} {_facts(facts) or 'allowed'}" for number, facts in table.items())


def _number(column: Column) -> Iterator[str]:
    form = "" if column.form is None else column.form.value
    meaning = "a number, not kept" if column.meaning is Meaning.NUMBER else f"**{column.meaning.value}**"
    yield f"{meaning}, {form}" + ("" if column.decimals is None else f", {column.decimals} decimals")
    if column.signed:
        yield "with its sign"
    if column.solid:
        yield "no blank in it"
    if column.flush:
        yield "no blank behind it"


def _table(table: Mapping[str, Facts]) -> str:
    return ", ".join(f"`{_visible(text)}` {_facts(facts) or 'allowed'}" for text, facts in table.items())


def _facts(facts: Facts) -> str:
    stated = {name: value for name, value in msgspec.structs.asdict(facts).items() if value is not None}
    stated |= stated.pop("extra", {})
    return " and ".join(_fact(name, value) for name, value in stated.items())


def _fact(name: str, value: object) -> str:
    if isinstance(value, bool):
        return name.replace("_", " ") if value else f"not {name.replace('_', ' ')}"
    return f"{name} {value}"


def _means(vector: Vector) -> str:
    if vector.refused:
        return "refused"
    parts = [] if vector.value is None else [f"**{vector.value}**"]
    parts += [vector.unit] if vector.unit else []
    parts += [vector.kind.value] if vector.kind.value != "unknown" else []
    parts += [] if vector.stable is None else ["stable" if vector.stable else "in motion"]
    parts += [word for word in ("overload", "underload") if getattr(vector, word)]
    parts += [] if vector.zero is None else ["zero" if vector.zero else "not zero"]
    parts += [f"tare {vector.tare}"] if vector.tare else []
    parts += [f"auxiliary {vector.auxiliary}"] if vector.auxiliary else []
    parts += [f"error: {vector.error}"] if vector.error else []
    parts += [f"answer: {vector.answer}"] if vector.answer else []
    parts += [f"{name}: {text}" for name, text in sorted((vector.extra or {}).items())]
    return " ".join(parts) or "no weight"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_HEX else text[: _LONGEST_HEX - 3] + " …"


def _visible(text: str) -> str:
    named = {"\r": "<CR>", "\n": "<LF>", "`": "<60>", " ": "␣"}
    # In a table of Markdown a blank at the edge of code is lost: it is written as an open box.
    return "".join(named.get(c) or (c if "!" <= c <= "~" else f"<{ord(c):02X}>") for c in text)


def _cell(text: str) -> str:
    """Text for a cell: a bar would end the cell, and an angle bracket outside of code begin a tag."""
    inside = text.replace("|", "\\|").split("`")
    return "`".join(part if n % 2 else part.replace("<", "&lt;") for n, part in enumerate(inside))


def main() -> int:
    """Writes the pages; returns 0."""
    shelf = Shelf(load_profile(path) for path in sorted((Path(__file__).parent / "profiles").glob("*.toml")))
    made = pages(shelf, (PAGES / "README.md").read_text(encoding="utf-8"))
    for old in PAGES.glob("*.md"):
        if old.name not in made and old.read_text(encoding="utf-8").startswith("<!-- Written by"):
            old.unlink()
    for name, text in made.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
