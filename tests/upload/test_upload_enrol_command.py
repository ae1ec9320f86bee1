"""`steelyard enrol` at the terminal: what it says of a wrong token and of a county that is down."""

import pytest
from typer.testing import CliRunner

from firmware_app.cli.main import app

TOKEN = "3xUJq0b8fV1nTz5hKcW2rYpL9sDmAeGo"


def enrol(data, token=TOKEN, county="http://127.0.0.1:9"):
    line = ["enrol", "--county", county, "--token", token, "--data", str(data), "--device", "T-1"]
    return CliRunner().invoke(app, line)


@pytest.mark.parametrize(
    "token", ["", "short", "x" * 129, "two words of 20 chars", "token: " + TOKEN, "汉" * 20]
)
def test_a_malformed_token_is_wrong_use_and_says_what_one_looks_like(tmp_path, token):
    result = enrol(tmp_path / "data", token)

    assert result.exit_code == 2
    assert "16 to 128 letters" in result.output and "gateway token" in result.output
    assert not (tmp_path / "data").exists()


def test_a_county_that_is_down_is_no_refusal(tmp_path):
    result = enrol(tmp_path / "data")

    assert result.exit_code == 3
    assert "cannot be reached (no network)" in result.output and "the token stays good" in result.output


def test_an_address_that_is_none_is_wrong_use(tmp_path):
    result = enrol(tmp_path / "data", county="county.example")

    assert result.exit_code == 2
    assert "give https://name" in result.output
