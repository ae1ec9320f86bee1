"""Signed notes, checkpoints and cosignatures against the vectors of other implementations."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_app.ledger.county.note import (
    COSIGNATURE_TYPE,
    NOTE_TYPE,
    Checkpoint,
    Note,
    NoteSignature,
    VerifierKey,
    cosigned_at,
    cosigned_message,
    log_key,
    open_checkpoint,
    read_checkpoint,
    read_note,
    read_signature,
    read_vkey,
    verified_by,
)
from firmware_app.ledger.errors import BadFormat, BadSignature
from firmware_app.ledger.signing.signer import SoftwareKey

# golang.org/x/mod/sumdb/note note_test.go
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)

# filippo.io/torchwood cmd/litewitness/testdata/multi-cosigs-ed25519.txt: the checkpoint of a Sigsum log and
# the key that signed it.
SIGSUM = "sigsum.org/v1/tree/985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90"
SIGSUM_KEY = bytes.fromhex("52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd")
SIGSUM_NOTE = (
    f"{SIGSUM}\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— {SIGSUM} 7BKT0gOfNZ1J0So9unY3BZtm2YkPIoN"
    "YM/dce0Z2avJDs8dxN6ts9bOSwwrVrbjm6P9K3ZxpK6jJngOG6YvGGzV/lwo=\n"
)

# c2sp.org/tlog-cosignature: the example, whose cosignature tells its time.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWX"
    "EhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def test_a_key_is_known_by_its_name_and_id():
    peter = read_vkey(PETER)

    assert (peter.name, peter.type, peter.id.hex()) == ("PeterNeumann", NOTE_TYPE, "c74f20a3")
    assert str(peter) == PETER
    for cut in range(len(PETER)):
        for bad in (PETER[:cut], PETER[cut + 1 :], PETER[:cut] + chr(ord(PETER[cut]) + 1) + PETER[cut + 1 :]):
            with pytest.raises(BadFormat):
                read_vkey(bad)


@pytest.mark.parametrize(
    "bad",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_key_of_another_length_or_type_is_refused(bad):
    with pytest.raises(BadFormat):
        read_vkey(bad)


def test_a_note_is_signed_as_other_implementations_sign_it():
    peter = read_vkey(PETER)
    private = Ed25519PrivateKey.from_private_bytes(PETER_SEED)

    note = Note(TEXT, (NoteSignature(peter.name, peter.id, private.sign(TEXT.encode())),))

    assert str(note) == f"{TEXT}\n{PETER_LINE}"


def test_a_note_with_a_known_and_an_unknown_signature_is_believed():
    note = read_note(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}")

    assert note.text == TEXT
    assert verified_by(note, read_vkey(PETER)) is not None
    assert verified_by(note, read_vkey(ENOCH)) is not None
    assert verified_by(read_note(f"{TEXT}\n{ENOCH_LINE}"), read_vkey(PETER)) is None


@pytest.mark.parametrize(
    "bad",
    [
        TEXT,
        TEXT + "\n",
        f"{TEXT}\n{PETER_LINE}"[:-1],
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE}\n",
        f"{TEXT}\n{PETER_LINE * 101}",
        f"{TEXT}\n{PETER_LINE.replace('—', '-')}",
        f"{TEXT}\n— PeterNeumann x08g\n",
        f"{TEXT}\n— Peter+Neumann {PETER_LINE.split()[2]}\n",
        f"\n{PETER_LINE}",
    ],
)
def test_what_is_no_note_is_refused(bad):
    with pytest.raises(BadFormat):
        read_note(bad)


def test_a_changed_note_or_signature_is_refused():
    whole = f"{TEXT}\n{PETER_LINE}"
    for at in range(len(whole)):
        for letter in ("A", "B"):
            bad = whole[:at] + letter + whole[at + 1 :]
            if bad == whole:
                continue
            try:
                assert verified_by(read_note(bad), read_vkey(PETER)) is None
            except (BadFormat, BadSignature):
                continue


def test_the_checkpoint_of_another_log_is_read_and_verified():
    key = VerifierKey(SIGSUM, NOTE_TYPE, SIGSUM_KEY)

    head, note = open_checkpoint(SIGSUM_NOTE, key)

    assert (head.origin, head.size, head.root.hex()) == (SIGSUM, 1, "2a" + "00" * 31)
    assert str(note) == SIGSUM_NOTE
    assert head.text() == note.text
    with pytest.raises(BadSignature):
        open_checkpoint(SIGSUM_NOTE.replace("\n1\n", "\n2\n"), key)


def test_the_cosignature_of_the_specification_tells_its_time():
    note = read_note(SOFA)

    assert cosigned_at(note.signatures[1]) == 1679315147
    assert read_checkpoint(note.text).size == 20852163
    assert cosigned_message(note.text, 1679315147) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )


def test_a_cosignature_binds_its_time():
    signer = SoftwareKey.generate()
    text = Checkpoint("log", 3, bytes(32)).text()
    public = Ed25519PrivateKey.from_private_bytes(signer._seed).public_key().public_bytes_raw()
    key = VerifierKey("w", COSIGNATURE_TYPE, public)
    value = (99).to_bytes(8, "big") + signer.sign(cosigned_message(text, 99))

    assert verified_by(Note(text, (NoteSignature("w", key.id, value),)), key) is not None
    for bad in ((98).to_bytes(8, "big") + value[8:], value[:-1], value[:8] + bytes(64), b"\xff" + value[1:]):
        with pytest.raises(BadSignature):
            verified_by(Note(text, (NoteSignature("w", key.id, bad),)), key)


@pytest.mark.parametrize(
    "bad",
    [
        "log\n01\n" + "A" * 43 + "=\n",
        "log\n-1\n" + "A" * 43 + "=\n",
        "log\n1\n" + "A" * 43 + "\n",
        "log\n1\n" + "A" * 43 + "=\nextension\n",
        "log\n1\n" + "A" * 42 + "B=\n",
        "\n1\n" + "A" * 43 + "=\n",
        "log\n9007199254740992\n" + "A" * 43 + "=\n",
        "log\n1\n" + "A" * 43 + "=",
    ],
)
def test_what_is_no_checkpoint_is_refused(bad):
    with pytest.raises(BadFormat):
        read_checkpoint(bad)


def test_a_log_of_another_name_is_another_log():
    signer = SoftwareKey.generate()
    key = log_key("one", signer.public_jwk)
    text = Checkpoint("other", 1, bytes(32)).text()
    note = Note(text, (NoteSignature("one", key.id, signer.sign(text.encode())),))

    with pytest.raises(BadSignature):
        open_checkpoint(str(note), key)


def test_a_signature_line_is_read_and_written_alike():
    assert read_signature(PETER_LINE[:-1]).line() == PETER_LINE
