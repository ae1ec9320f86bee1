"""One record has one text: the framing refuses everything else."""

from __future__ import annotations

import base64
import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.ledger import jose
from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey
from firmware_app.ledger.jose import (
    PublicJwk,
    b64url_decode,
    b64url_encode,
    read_public_jwk,
    unverified,
    verified,
)
from firmware_app.ledger.signing.signer import SoftwareKey, seal

TYP = "test+jws"
KEY = SoftwareKey(bytes(range(32)))
GOOD = seal(KEY, TYP, b'{"a":1}')
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def with_header(text: str) -> str:
    """GOOD under another header, truly signed."""
    signed = f"{b64url_encode(text.encode())}.{GOOD.split('.')[1]}"
    return f"{signed}.{b64url_encode(KEY.sign(signed.encode()))}"


def test_the_thumbprint_is_that_of_rfc_8037_appendix_a_3():
    key = PublicJwk(crv="Ed25519", kty="OKP", x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")

    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_signature_is_that_of_rfc_8037_appendix_a_4():
    key = SoftwareKey(b64url_decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"

    assert b64url_encode(key.sign(signed)) == (
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )


def test_what_was_sealed_is_read_back():
    assert verified(GOOD, TYP, KEY.public_jwk) == b'{"a":1}'


@given(st.binary(max_size=200))
def test_base64url_has_one_form_for_all_bytes(data):
    text = b64url_encode(data)

    assert b64url_decode(text) == data
    assert "=" not in text


@given(st.text(alphabet=ALPHABET + "=+/. \n", max_size=12))
def test_base64url_that_is_read_is_written_the_same(text):
    try:
        data = b64url_decode(text)
    except BadFormat:
        return
    assert b64url_encode(data) == text


@pytest.mark.parametrize(
    "text", ["A", "QQ==", "QR", "Q Q", "QQ\n", "Q+", "Q/", "é", "QUE=", "=" * 4, "\ud800"]
)
def test_other_forms_of_base64url_are_refused(text):
    with pytest.raises(BadFormat):
        b64url_decode(text)


@pytest.mark.parametrize("before", ["", "QUJD"])
def test_every_ending_is_read_in_its_one_form_and_no_other(before):
    """Groups of one to four characters, against what decoding and encoding again would say."""
    known = ALPHABET + "+/=\n"
    for ending in (
        *known,
        *product(known, known),
        *product("Q-", known, known),
        *product("Q", "-", known, known),
    ):
        text = before + "".join("".join(each) for each in ending)
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            expected = data if b64url_encode(data) == text else None
        except ValueError:
            expected = None
        try:
            found = b64url_decode(text)
        except BadFormat:
            found = None
        assert found == expected, text


def test_stray_bits_in_the_last_character_of_a_signature_are_refused():
    head, last = GOOD[:-1], GOOD[-1]
    others = [letter for letter in ALPHABET if letter != last]

    for letter in others:
        with pytest.raises((BadFormat, BadSignature)):
            verified(head + letter, TYP, KEY.public_jwk)


HEADER = {"alg": "Ed25519", "kid": KEY.kid, "typ": TYP}


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("none", {**HEADER, "alg": "none"}),
        ("deprecated EdDSA", {**HEADER, "alg": "EdDSA"}),
        ("symmetric", {**HEADER, "alg": "HS256"}),
        ("another typ", {**HEADER, "typ": "other+jws"}),
        ("a member more", {**HEADER, "crit": ["b64"]}),
        ("a key inside", {**HEADER, "jwk": {"kty": "OKP"}}),
        ("a member less", {"alg": "Ed25519", "kid": KEY.kid}),
        ("another order", {"kid": KEY.kid, "alg": "Ed25519", "typ": TYP}),
        ("no text", {**HEADER, "kid": 7}),
        ("a list", ["Ed25519"]),
    ],
)
def test_another_header_is_refused_though_truly_signed(name, header):
    with pytest.raises(BadFormat):
        verified(with_header(json.dumps(header, separators=(",", ":"))), TYP, KEY.public_jwk)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(HEADER),
        json.dumps(HEADER, separators=(",", ":"))[:-1] + ',"typ":"test+jws"}',
        json.dumps(HEADER, separators=(",", ":")) + " ",
        json.dumps(HEADER, separators=(",", ":")).replace("alg", "\\u0061lg"),
    ],
)
def test_another_way_to_write_the_same_header_is_refused(text):
    with pytest.raises(BadFormat):
        verified(with_header(text), TYP, KEY.public_jwk)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b", GOOD + ".", GOOD + "A", "." + GOOD, GOOD[:-2], "\ud800.a.b"]
)
def test_what_is_not_three_parts_is_refused(text):
    with pytest.raises((BadFormat, BadSignature)):
        verified(text, TYP, KEY.public_jwk)


def test_another_key_is_told_from_a_bad_signature():
    other = SoftwareKey.generate()
    forged = seal(other, TYP, b'{"a":1}')
    header, payload, _ = GOOD.split(".")

    with pytest.raises(WrongKey):
        verified(forged, TYP, KEY.public_jwk)
    with pytest.raises(BadSignature):
        verified(f"{header}.{payload}.{forged.split('.')[2]}", TYP, KEY.public_jwk)


def test_an_endless_text_is_refused_before_it_is_decoded():
    with pytest.raises(BadFormat, match="at most"):
        unverified("A" * (jose.MAX_JWS + 1), TYP)


def test_a_signer_with_a_faulty_element_is_found_out_at_once():
    class Faulty(SoftwareKey):
        def sign(self, message: bytes) -> bytes:
            return bytes(64)

    with pytest.raises(BadSignature):
        seal(Faulty(bytes(32)), TYP, b"{}")


@pytest.mark.parametrize(
    "document",
    [
        b"{}",
        b'{"crv":"Ed25519","kty":"OKP","x":"AA"}',
        b'{"crv":"X25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
        b'{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AA"}',
        b'{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"}',
        b"not json",
    ],
)
def test_what_is_no_public_key_is_refused(document):
    with pytest.raises(BadFormat):
        read_public_jwk(document)
