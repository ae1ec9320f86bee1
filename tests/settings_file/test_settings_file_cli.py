"""What a settings file is refused for reaches the person whole."""

import pytest
import typer

from firmware_app.cli.common import WRONG_USE, in_words
from firmware_app.registry.registry import parse_registry


@pytest.mark.parametrize("shown", ["each under its own [[stall]]", 'stall = {"code": "[/x]"}'])
def test_brackets_of_the_message_are_shown(shown, capsys):
    with pytest.raises(typer.Exit) as left:
        in_words(parse_registry)(b"[stall]\ncode = '[/x]'")

    assert left.value.exit_code == WRONG_USE
    assert shown in " ".join(capsys.readouterr().err.split())
