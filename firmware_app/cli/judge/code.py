"""`steelyard judge code`: whether a unified social credit code can be right."""

from __future__ import annotations

from typing import Annotated

import typer

from firmware_app.cli.common import DONE, NO, in_words, print_json
from firmware_app.cli.judge.common import AsJson, On, day_of, law_rows, show, written
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.rules.code_rows import CodePack
from firmware_app.rules.codes import CodeAnswer, check_code
from firmware_app.rules.pack import pack_in_force


@in_words
def judge_code(
    *,
    code: Annotated[str, typer.Argument(help="The 18 characters of 统一社会信用代码.")],
    on: On = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Check character of a unified social credit code; the organisation code inside is answered apart.

    Exit code 1 where the code cannot be right. The inner check is recalled only and refuses nothing.
    """
    answer = check_code(pack_in_force(CodePack, day_of(on), packs_of(data)), code)
    if as_json:
        print_json(written(answer))
    else:
        _show(answer)
    raise typer.Exit(DONE if answer.valid else NO)


def _show(answer: CodeAnswer) -> None:
    inner = {None: "not readable", True: "agrees", False: f"should be {answer.organisation_expected}"}
    show(
        [
            ("code", answer.code),
            ("check character", "right" if answer.valid else answer.reason),
            ("organisation code inside", inner[answer.organisation_valid]),
            ("", f"{answer.organisation_clause}; {answer.organisation_confidence.value}"),
            *law_rows(answer.clause, answer.pack, answer.version, answer.sha256, answer.confidence.value),
        ]
    )
