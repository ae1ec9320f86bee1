"""The independent checkers in doubting hands: whatever is handed over, they answer in words and a code."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.ledger.chain import EMPTY
from firmware_app.ledger.entry import TYP
from firmware_app.ledger.jose import sha256_hex
from firmware_app.ledger.signing.signer import SoftwareKey, seal

TOOLS = Path(__file__).resolve().parents[2] / "tools"
if str(TOOLS) not in sys.path:
    sys.path.append(str(TOOLS))

import check_bundle  # noqa: E402
import check_bytes  # noqa: E402
import check_challenge  # noqa: E402
import check_law  # noqa: E402
import check_ledger  # noqa: E402
import check_log  # noqa: E402
import check_slip  # noqa: E402

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""A key of somebody else's log (c2sp.org/signed-note)."""
GIGABYTE = 1 << 30

ASKED = {
    "ledger": lambda file: check_ledger.main([file]),
    "slip": lambda file: check_slip.main([file, "STEELYARD2:0"]),
    "bundle": lambda file: check_bundle.main([file]),
    "bundle after a ledger": lambda file: check_bundle.main([file, "--ledger", file]),
    "receipts": lambda file: check_bundle.main([file, "--receipts", file]),
    "shelf": lambda file: check_bundle.main(["--shelf", file, "--ledger", file]),
    "downlink": lambda file: check_bundle.main(["--downlink", file, "--ledger", file]),
    "law": lambda file: check_law.main([file, "--publisher", VKEY]),
    "log": lambda file: check_log.main([file, "--log", VKEY]),
    "ledger of a log": lambda file: check_log.main([str(Path(file).parent), "--log", VKEY, "--ledger", file]),
    "older checkpoint": lambda file: check_log.main([str(Path(file).parent), "--log", VKEY, "--older", file]),
    "challenge": lambda file: check_challenge.main([file]),
}

RUBBISH = {
    "empty": b"",
    "a line feed": b"\n",
    "zeros": bytes(5000),
    "noise": bytes(range(256)) * 40,
    "text": "天祝县, not a record\n".encode(),
    "html": b"<!DOCTYPE html>\n<title>Log in</title>\n",
    "json": b'{"claim": "a.b.c", "text": "\\ud800"}\n',
    "deep json": b"[" * 60_000 + b"\n",
    "three parts": b"a.b.c\n",
    "parts of nothing": b"..\n",
    "one line of 100 kB": b"A" * 100_000 + b"\n",
    "a byte order mark": b"\xef\xbb\xbf{}\n",
    "escapes": b"\x1b[2J\x1b]0;owned\x07\n",
}


@pytest.fixture(params=ASKED)
def asked(request, capsys):
    """Hands a file to a checker; gives the exit code and what was said."""

    def ask(file: object) -> tuple[int, str]:
        code = ASKED[request.param](str(file))
        said = "".join(capsys.readouterr())
        assert said.strip(), "it says why"
        assert all(letter == "\n" or letter.isprintable() for letter in said), "it steers no terminal"
        return code, said

    ask.name = request.param
    return ask


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_refused_in_words(asked, tmp_path, name):
    file = tmp_path / "given"
    file.write_bytes(RUBBISH[name])

    code, said = asked(file)

    if asked.name == "challenge" and name == "empty":
        assert (code, said) == (0, "0 challenges, 0 wrong\n")
    else:
        assert code in (1, 2)


def test_a_line_of_a_gigabyte_is_refused_without_being_read(asked, tmp_path):
    file = tmp_path / "given"
    with file.open("wb") as made:
        made.truncate(GIGABYTE)

    assert asked(file)[0] in (1, 2)


def test_a_folder_or_nothing_is_no_file(asked, tmp_path):
    for file in (tmp_path / "none", tmp_path / "folder", tmp_path / "\udcff"):
        if file.name == "folder":
            file.mkdir()
        assert asked(file)[0] in (1, 2)


def test_a_pipe_is_read_and_one_without_a_writer_is_not_waited_for(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(check_bytes, "PIPE_S", 0.05)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert asked(pipe)[0] in (1, 2)

    monkeypatch.setattr(check_bytes, "PIPE_S", 10.0)
    if asked.name in ("ledger", "slip", "bundle", "law"):
        writing = threading.Thread(target=lambda: pipe.write_bytes(b"nothing of the kind\n"), daemon=True)
        writing.start()
        assert asked(pipe)[0] == 1
        writing.join(10)


@pytest.mark.parametrize("tool", ["ledger", "slip", "bundle", "law", "log", "challenge"])
def test_the_commands_end_without_a_trace_also_where_nobody_reads_and_no_chinese_is_known(tool, tmp_path):
    """As a stranger runs them: elsewhere, on a bare terminal, into a pipe that closes."""
    file = tmp_path / "天祝.ndjson"
    file.write_bytes(RUBBISH["noise"])
    more = {"slip": ["9"], "law": ["--publisher", VKEY], "log": ["--log", VKEY]}.get(tool, [])
    line = [sys.executable, "-I", str(TOOLS / f"check_{tool}.py"), str(file), *more]
    bare = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    # -I leaves the tool's own folder out of the path: it is what a stranger copied, side by side.
    line = [each for each in line if each != "-I"]

    done = subprocess.run(line, capture_output=True, cwd="/", env=bare, timeout=60)

    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        cut = subprocess.run(line, stdout=closed, stderr=subprocess.PIPE, cwd="/", env=bare, timeout=60)
    assert b"Traceback" not in cut.stderr and b"Exception" not in cut.stderr


def test_a_thumbprint_may_begin_with_a_dash(tmp_path, capsys):
    """One in 64 does, and argparse takes it for an option."""
    file = tmp_path / "given"
    file.write_bytes(b"")
    for main in (check_ledger.main, check_bundle.main):
        assert main([str(file), "--device-kid", "-" * 43, "--county-kid", "-x"]) == 1
    assert check_slip.main([str(file), "9", "--device-kid", "-x"]) == 1
    capsys.readouterr()


@pytest.mark.parametrize("tool", sorted(path.name for path in TOOLS.glob("check_*.py")))
def test_no_checker_imports_anything_of_ours(tool):
    source = (TOOLS / tool).read_text(encoding="utf-8")

    for ours in ("firmware_app", "county_gateway", "hardware", "kiosk"):
        assert f"import {ours}" not in source and f"from {ours}" not in source


@pytest.mark.parametrize(
    "arguments",
    [
        (check_ledger, ["x", "--witness", "none"]),
        (check_ledger, ["x", "--witness", VKEY]),
        (check_ledger, ["x", "--slip", "STEELYARD2:0"]),
        (check_ledger, []),
        (check_slip, ["x"]),
        (check_bundle, []),
        (check_bundle, ["--shelf", "x"]),
        (check_bundle, ["--receipts", "x", "--ledger", "y"]),
        (check_law, ["x", "--publisher", "none"]),
        (check_log, ["x", "--log", VKEY, "--entry", "0"]),
        (check_log, ["x", "--log", VKEY, "--witness", VKEY]),
    ],
)
def test_wrong_use_leaves_with_two(arguments, capsys):
    tool, words = arguments
    with pytest.raises(SystemExit) as left:
        tool.main(words)
    assert left.value.code == 2
    assert capsys.readouterr().err


# ------------------------------------------------------------------------- hostile, and truly signed

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KINDS = {
    "enrolment": ("county", "url", "jwk"),
    "county_key": ("statement",),
    "continues": ("closure",),
    "county_log_alarm": ("cause", "receipt"),
    "downlink_taken": ("name", "version", "sha256", "old", "statement"),
    "delivery_shelved": ("seq", "entry"),
    "delivery_read": ("seq", "entry"),
    "self_check": ("verdict", "scale", "weighing"),
    "complaint": ("verdict", "scale", "weighing"),
}
KEY = SoftwareKey.generate()


@st.composite
def histories(draw):
    """A ledger whose device signs what it likes."""
    texts, prev = [], EMPTY.hash
    for seq in range(1, draw(st.integers(2, 4)) + 1):
        kind = "genesis" if seq == 1 else draw(st.sampled_from(sorted(KINDS)))
        body = {"jwk": KEY.public_jwk} if seq == 1 else {name: draw(ANYTHING) for name in KINDS[kind]}
        texts.append(signed(seq, prev, kind, body))
        prev = sha256_hex(texts[-1])
    return texts


def signed(seq: int, prev: str, kind: str, body: object) -> str:
    """An entry as a hostile device seals it: nothing of ours looks at what it says."""
    payload = {
        "device": "KIOSK-7", "seq": seq, "prev": prev, "at": f"2026-03-01T08:00:0{seq}+08:00",
        "clock": "synchronised", "boot": "b", "uptime_ns": seq, "software": "00", "kind": kind,
        "body": msgspec.to_builtins(body),
    }  # fmt: skip
    return seal(KEY, TYP, json.dumps(payload).encode())


@settings(deadline=None, max_examples=200, database=None)
@given(texts=histories())
def test_whatever_a_device_signs_the_checkers_say_good_or_wrong_and_nothing_else(texts):
    content = "".join(f"{text}\n" for text in texts).encode()
    try:
        found = check_ledger.check(io.BytesIO(content))
    except check_bytes.Wrong:
        return
    assert found.entries == len(texts)
