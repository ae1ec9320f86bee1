#!/usr/bin/env python3
"""Takes one mechanism of the evidence after the other out of a copy of this tree; its test has to notice.

    python tools/take_out.py                        # all of tests/mechanisms.toml; some minutes
    python tools/take_out.py chain-prev slip-seal   # some of them
    python tools/take_out.py --list
    python tools/take_out.py --page                 # writes the table of docs/proofs.md, and no more

Exit 0: each was noticed. Exit 1: one was not, or could not be asked. Exit 2: wrong use, or a table that does
not fit the tree any more. Rules this file obeys:

* The tree itself is never touched; every removal happens in a copy under a temporary directory.
* A test is asked only after it has passed in the copy as it stands.
* Noticed means that the test's own assertion failed or the program refused: a name that is missing, a module
  that does not load or a fixture that breaks is an accident of the removal and shows nothing.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import enum
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
TABLE, PAGE = Path("tests/mechanisms.toml"), Path("docs/proofs.md")
TABLE_HEAD = "| taken out | of | and then this does not hold | noticed by |\n|---|---|---|---|\n"
COPIED = ("county_gateway", "firmware_app", "hardware", "kiosk", "tests", "tools", "docs", "provisioning")
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".hypothesis", "*.part")
ACCIDENTS = (
    *("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError"),
    *("IndentationError", "AttributeError: module", "TypeError: cannot unpack"),
)
RAN = ("0", "1")
"""What pytest leaves with where every test that was named was there and ran."""
LONGEST_S = 180
"""For one test; all of them are seconds."""
INSIDE = "--inside"
LOADED = (
    *("hypothesis", "hypothesis.strategies", "xdist", "pytest_mock", "pytest_timeout", "anyio", "msgspec"),
    *("cryptography.x509", "cryptography.hazmat.primitives.asymmetric.ed25519", "apsw", "requests", "typer"),
    *("litestar", "litestar.testing", "litestar.plugins.jinja", "sqlalchemy", "psycopg", "alembic.command"),
    *("uvicorn", "numpy", "scipy.special", "GTC", "PIL.Image", "segno", "rich.console"),
)
"""Libraries that tests of the evidence load; what is not installed is not loaded."""
FIELDS = {"name", "area", "promise", "file", "text", "left", "test", "also"}


class TableWrong(Exception):
    """The table does not say what it must, or does not fit the tree."""


class Cut(NamedTuple):
    """``text`` stands once in ``file`` and gives way to ``left``."""

    file: str
    text: str
    left: str


class Mechanism(NamedTuple):
    """What is taken out, the promise that rests on it, and the test that has to notice."""

    name: str
    area: str
    promise: str
    cuts: tuple[Cut, ...]
    test: str


class Outcome(enum.StrEnum):
    """What came of asking."""

    NOTICED = "noticed"
    UNNOTICED = "NOT NOTICED"
    ACCIDENT = "an accident, no proof"
    SKIPPED = "skipped here"
    NOT_PASSING = "does not pass as it is"


class Answer(NamedTuple):
    """``words``: the first line of what the test said."""

    outcome: Outcome
    words: str
    seconds: float = 0.0


# ---------------------------------------------------------------------------------------------- the table


def read_table(path: Path) -> tuple[Mechanism, ...]:
    """The mechanisms in a table; raises TableWrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TableWrong(f"{path}: {error}") from error
    found = tuple(_mechanism(each) for each in document.get("mechanism", []))
    names = [each.name for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableWrong(f"{path}: twice: {', '.join(twice)}")
    return found


def _mechanism(row: dict[str, Any]) -> Mechanism:
    name = row.get("name", "one without a name")
    missing = FIELDS - {"left", "also"} - set(row)
    if missing or set(row) - FIELDS:
        raise TableWrong(f"{name}: missing {sorted(missing)}, unknown {sorted(set(row) - FIELDS)}")
    cuts = [row, *row.get("also", [])]
    return Mechanism(
        name=name,
        area=row["area"],
        promise=row["promise"],
        cuts=tuple(Cut(each["file"], each["text"], each.get("left", "")) for each in cuts),
        test=row["test"],
    )


def check(root: Path, mechanism: Mechanism) -> None:
    """Raises TableWrong where a text is gone, the rest would not compile, or the test is not there."""
    for cut in mechanism.cuts:
        path = root / cut.file
        content = path.read_text(encoding="utf-8") if path.is_file() else ""
        times = content.count(cut.text)
        if times != 1 or not cut.text.strip():
            raise TableWrong(
                f"{mechanism.name}: its text stands {times} times in {cut.file}, not once. Where the"
                f" mechanism was moved or rewritten, give {TABLE} the lines that do it now; where it was"
                " given up, take the promise out of docs as well"
            )
        if path.suffix == ".py":
            try:
                compile(content.replace(cut.text, cut.left), cut.file, "exec")
            except SyntaxError as error:
                raise TableWrong(f"{mechanism.name}: without it {cut.file} is no Python: {error}") from error
    file, _, test = mechanism.test.partition("::")
    path = root / file
    if not path.is_file() or test.partition("[")[0] not in _tests_in(path):
        raise TableWrong(f"{mechanism.name}: there is no test {mechanism.test}")


@functools.cache
def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


# --------------------------------------------------------------------------------------------- the copies


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A copy of the tree, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="take-out-") as directory:
        copy = Path(directory) / "tree"
        copy.mkdir()
        for name in COPIED:
            if (root / name).is_dir():
                shutil.copytree(root / name, copy / name, ignore=NOT_COPIED)
        for path in root.iterdir():
            if path.is_file():
                shutil.copy2(path, copy / path.name)
        yield copy


@contextmanager
def without(copy: Path, mechanism: Mechanism) -> Iterator[None]:
    """The copy while the mechanism is out of it."""
    kept = {copy / cut.file: (copy / cut.file).read_bytes() for cut in mechanism.cuts}
    try:
        for cut in mechanism.cuts:
            path = copy / cut.file
            path.write_text(path.read_text("utf-8").replace(cut.text, cut.left), encoding="utf-8")
            _forget_compiled(path)
        yield
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
            _forget_compiled(path)


def _forget_compiled(path: Path) -> None:
    """A compiled copy is told from its source by size and second, which two removals may share."""
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


class NoAnswer(Exception):
    """The tests did not come to their end."""


class Result(enum.Enum):
    """What came of a test that did not pass, as pytest's report names it."""

    FAILED = "failure"
    BROKEN = "error"
    SKIPPED = "skipped"


class Case(NamedTuple):
    """One test by its id, and what came of it: None where it passed."""

    test: str
    result: Result | None
    words: str


class Runner:
    """Runs tests of a copy, each time in a fresh process that has loaded no module of ours.

    Loading pytest and the libraries takes longer than most tests: a parent that has them loaded is forked.
    """

    def __init__(self, copy: Path) -> None:
        self._copy = copy
        self._report = copy.parent / "report.xml"
        environment = {**os.environ, "PYTHONPATH": str(copy), "OPENBLAS_NUM_THREADS": "1"}
        # Tests of another process must not steer these.
        for name in [each for each in environment if each.startswith("PYTEST_")]:
            del environment[name]
        self._parent = subprocess.Popen(
            [sys.executable, __file__, INSIDE, str(copy.parent / "said")],
            cwd=copy,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def close(self) -> None:
        """Ends the parent and whatever its children left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._parent.pid, signal.SIGKILL)
        self._parent.communicate()

    def ask(self, tests: Sequence[str], *, compiled: bool, longest_s: int = LONGEST_S) -> list[Case]:
        """What the tests say; ``compiled``: keeps compiled copies. Raises NoAnswer."""
        assert self._parent.stdin is not None and self._parent.stdout is not None
        self._report.unlink(missing_ok=True)
        options = [f"--junitxml={self._report}", *([] if compiled else ["-x"])]
        self._parent.stdin.write(json.dumps([compiled, [*options, *tests]]) + "\n")
        self._parent.stdin.flush()
        if not select.select([self._parent.stdout], [], [], longest_s)[0]:
            raise NoAnswer(f"no answer within {longest_s} s")
        code = self._parent.stdout.readline().strip()
        if code not in RAN or not self._report.is_file():
            raise NoAnswer(_last_line((self._copy.parent / "said").read_text("utf-8", "replace")))
        return _cases(self._report)


def inside(said: str) -> int:
    """The parent: loads what is not ours, then runs pytest in a child for each line of its input."""
    # The folder of this program holds checkers of the tree, not of the copy.
    del sys.path[0]
    for name in LOADED:
        with contextlib.suppress(ImportError):
            __import__(name)
    import pytest

    for line in sys.stdin:
        compiled, arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            sys.dont_write_bytecode = not compiled
            if not compiled:
                os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            os._exit(int(pytest.main(arguments)))
        with contextlib.suppress(BrokenPipeError):
            # Whoever asked may have been stopped; then the input ends as well.
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return 0


def _cases(report: Path) -> list[Case]:
    # Written by pytest itself a moment ago, in a directory of our own.
    return [_case(each) for each in ElementTree.parse(report).iter("testcase")]  # noqa: S314


def _case(told: ElementTree.Element) -> Case:
    name = f"{told.get('classname', '').replace('.', '/')}.py::{told.get('name')}"
    for kind in Result:
        found = told.find(kind.value)
        if found is not None:
            return Case(name, kind, (found.get("message") or "").strip().split("\n", 1)[0])
    return Case(name, None, "")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "pytest said nothing"


# ---------------------------------------------------------------------------------------------- the proof


def judged(cases: Sequence[Case]) -> tuple[Outcome, str]:
    """What tests said of a tree from which a mechanism is missing."""
    for result in (Result.FAILED, Result.BROKEN):
        found = next((each for each in cases if each.result is result), None)
        if found is not None:
            accident = result is Result.BROKEN or found.words.startswith(ACCIDENTS)
            return Outcome.ACCIDENT if accident else Outcome.NOTICED, found.words
    passed = any(each.result is None for each in cases)
    return Outcome.UNNOTICED if passed else Outcome.SKIPPED, ""


def take_out(runner: Runner, copy: Path, mechanism: Mechanism) -> Answer:
    """What the mechanism's test says without it; the test passes with it."""
    began = time.monotonic()
    with without(copy, mechanism):
        try:
            outcome, words = judged(runner.ask([mechanism.test], compiled=False))
        except NoAnswer as error:
            outcome, words = Outcome.ACCIDENT, str(error)
    return Answer(outcome, words, time.monotonic() - began)


def cannot_be_asked(runner: Runner, mechanisms: Sequence[Mechanism]) -> dict[str, Answer]:
    """The tests that fail or are skipped in the copy as it stands, each with why."""
    tests = sorted({each.test for each in mechanisms})
    try:
        cases = runner.ask(tests, compiled=True, longest_s=LONGEST_S + 20 * len(tests))
    except NoAnswer as error:
        return {test: Answer(Outcome.NOT_PASSING, str(error)) for test in tests}
    cannot: dict[str, Answer] = {}
    for test in tests:
        own = [each for each in cases if each.test == test or each.test.startswith(f"{test}[")]
        wrong = next((each for each in own if each.result in (Result.FAILED, Result.BROKEN)), None)
        if wrong is not None:
            cannot[test] = Answer(Outcome.NOT_PASSING, wrong.words)
        elif not any(each.result is None for each in own):
            cannot[test] = Answer(Outcome.SKIPPED, own[0].words if own else "it did not run")
    return cannot


def prove(root: Path, mechanisms: Sequence[Mechanism]) -> Iterator[tuple[Mechanism, Answer]]:
    """Each mechanism with what came of taking it out; raises TableWrong before anything is copied."""
    for each in mechanisms:
        check(root, each)
    with copied(root) as copy, contextlib.closing(Runner(copy)) as runner:
        cannot = cannot_be_asked(runner, mechanisms)
        for each in mechanisms:
            yield each, cannot.get(each.test) or take_out(runner, copy, each)


def table_of(mechanisms: Sequence[Mechanism]) -> str:
    """The table of docs/proofs.md."""
    rows = []
    for each in mechanisms:
        test = each.test.partition("::")[2].partition("[")[0]
        files = ", ".join(dict.fromkeys(f"`{cut.file}`" for cut in each.cuts))
        rows.append(f"| `{each.name}` | {files} | {each.promise} | `{test}` |\n")
    return TABLE_HEAD + "".join(rows)


def page_with(page: str, table: str) -> str:
    """The page with its table in the place of the one it has; raises TableWrong where it has none."""
    before, head, rest = page.partition(TABLE_HEAD)
    if not head:
        raise TableWrong(f"{PAGE}: has no table of mechanisms")
    rows = rest.splitlines(keepends=True)
    end = next((at for at, row in enumerate(rows) if not row.startswith("|")), len(rows))
    return before + table + "".join(rows[end:])


def main(arguments: list[str] | None = None) -> int:
    if sys.argv[1:2] == [INSIDE]:
        return inside(sys.argv[2])
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("names", nargs="*", help="mechanisms by name; all where none is named")
    parser.add_argument("--list", action="store_true", help="name them and do nothing")
    parser.add_argument(
        "--page", action="store_true", help="write the table of docs/proofs.md and do nothing"
    )
    options = parser.parse_args(arguments)
    try:
        every = read_table(ROOT / TABLE)
        unknown = sorted(set(options.names) - {each.name for each in every})
        if unknown:
            raise TableWrong(f"no such mechanism: {', '.join(unknown)}; --list names them")
        chosen = [each for each in every if not options.names or each.name in options.names]
        if options.page:
            page = (ROOT / PAGE).read_text(encoding="utf-8")
            (ROOT / PAGE).write_text(page_with(page, table_of(every)), encoding="utf-8")
            return 0
        if options.list:
            print(*(f"{each.name:28} {each.promise}" for each in chosen), sep="\n")
            return 0
        return _told(chosen)
    except TableWrong as wrong:
        print(wrong, file=sys.stderr)
        return 2


def _told(chosen: Sequence[Mechanism]) -> int:
    noticed = 0
    for mechanism, answer in prove(ROOT, chosen):
        noticed += answer.outcome is Outcome.NOTICED
        print(
            f"{mechanism.name:28} {answer.outcome:12} {answer.seconds:5.1f} s  {answer.words[:90]}",
            flush=True,
        )
    print(f"{len(chosen)} taken out, {noticed} noticed")
    return 0 if noticed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
