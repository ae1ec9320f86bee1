"""Every command and every group of commands says how it is used, with an example that is a real one."""

import re
import shlex

import pytest
import typer

from firmware_app.cli.main import app

ROOT = typer.main.get_command(app)


def walk(command, path=("steelyard",)):
    yield path, command
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from walk(child, (*path, name))


EVERY = dict(walk(ROOT))


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_the_help_has_an_example_of_this_very_command(path):
    command = EVERY[path]
    text = f"{command.help or ''}\n{command.epilog or ''}"

    examples = re.findall(r"Example: (.+)", text)
    assert examples, f"{' '.join(path)} --help has no example"
    for example in examples:
        words = shlex.split(example)
        # A variable may stand in front of a command, as in a shell.
        words = words[words.index("steelyard") :]
        assert tuple(words[: len(path)]) == path


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_the_example_names_options_that_there_are(path):
    command = EVERY[path]
    text = f"{command.help or ''}\n{command.epilog or ''}"

    for example in re.findall(r"Example: (.+)", text):
        words = shlex.split(example)
        words = words[words.index("steelyard") + 1 :]
        found = ROOT
        while words and words[0] in getattr(found, "commands", {}):
            found = found.commands[words.pop(0)]
        if found.context_settings.get("ignore_unknown_options"):
            continue  # handed on to a program of its own
        known = {option for each in found.params for option in (*each.opts, *each.secondary_opts)}
        assert {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)} <= known | {"--help"}
