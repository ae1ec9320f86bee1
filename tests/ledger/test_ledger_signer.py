"""A private key is kept so that nobody else reads it, and never half."""

from __future__ import annotations

import os
import stat

import pytest

from firmware_app.ledger.errors import KeyFileError
from firmware_app.ledger.signing.signer import create_key, open_key, write_private


def test_a_key_is_made_once_and_opened_again(tmp_path):
    made = create_key(tmp_path / "device.key")
    opened = open_key(tmp_path / "device.key")

    assert opened.kid == made.kid
    assert opened.sign(b"x") == made.sign(b"x")
    assert stat.S_IMODE((tmp_path / "device.key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["device.key"]


def test_a_key_is_never_overwritten(tmp_path):
    made = create_key(tmp_path / "device.key")

    with pytest.raises(KeyFileError, match="never overwritten"):
        create_key(tmp_path / "device.key")
    assert open_key(tmp_path / "device.key").kid == made.kid
    assert [file.name for file in tmp_path.iterdir()] == ["device.key"]


def test_file_and_directory_are_synced_before_the_key_is_used(tmp_path, mocker):
    synced = mocker.spy(os, "fsync")
    linked = mocker.spy(os, "link")

    create_key(tmp_path / "device.key")

    assert synced.call_count == 2
    assert linked.call_count == 1


def test_a_failed_sync_leaves_no_key(tmp_path, mocker):
    mocker.patch("os.fsync", side_effect=OSError(5, "Input/output error"))

    with pytest.raises(KeyFileError):
        create_key(tmp_path / "device.key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_that_others_may_reach_is_refused(tmp_path, mode):
    create_key(tmp_path / "device.key")
    (tmp_path / "device.key").chmod(mode)

    with pytest.raises(KeyFileError, match="chmod 600"):
        open_key(tmp_path / "device.key")


def test_a_link_to_a_key_is_refused(tmp_path):
    create_key(tmp_path / "device.key")
    (tmp_path / "link").symlink_to(tmp_path / "device.key")

    with pytest.raises(KeyFileError):
        open_key(tmp_path / "link")


@pytest.mark.parametrize(
    "document",
    [b"", b"{}", b"\xff", b'{"crv":"Ed25519","d":"AA","kty":"OKP","x":"AA"}', b"x" * 10_000],
)
def test_a_damaged_key_is_refused(tmp_path, document):
    write_private(tmp_path / "device.key", document)

    with pytest.raises(KeyFileError, match="not a private Ed25519 key"):
        open_key(tmp_path / "device.key")


def test_a_key_with_a_foreign_public_part_is_refused(tmp_path):
    create_key(tmp_path / "a.key")
    other = create_key(tmp_path / "b.key").public_jwk.x
    mixed = (tmp_path / "a.key").read_text()
    own = open_key(tmp_path / "a.key").public_jwk.x
    write_private(tmp_path / "mixed.key", mixed.replace(own, other).encode())

    with pytest.raises(KeyFileError, match="does not belong"):
        open_key(tmp_path / "mixed.key")


def test_a_missing_key_is_said_in_words(tmp_path):
    with pytest.raises(KeyFileError, match="no key file"):
        open_key(tmp_path / "device.key")
