"""Every way a sequence can be broken has its own name, and the number where it broke."""

from __future__ import annotations

import pytest

from firmware_app.ledger.chain import EMPTY, Chain, begin, verify
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.errors import (
    BadEntry,
    BadGenesis,
    Fork,
    Gap,
    Repeated,
    WrongDevice,
    WrongPrev,
    WrongSigner,
)
from firmware_app.ledger.signing.signer import SoftwareKey

KEY = SoftwareKey(bytes(range(32)))
OTHER = SoftwareKey(bytes(range(1, 33)))


@pytest.fixture
def texts(good_chain):
    return good_chain(KEY, 5)


def made(moment, *, signer=KEY, seq=3, prev="0" * 64, device="KIOSK-7", kind="self_check", body=None):
    return make_entry(
        signer, device=device, seq=seq, prev=prev, stamp=moment(9), software="00", kind=kind, body=body or {}
    )


def test_a_good_sequence_ends_at_its_head(texts):
    chain = verify(texts)

    assert (chain.device, chain.head.seq, chain.key) == ("KIOSK-7", 5, KEY.public_jwk)


def test_nothing_is_no_chain():
    assert verify([]) is None


def test_a_known_device_is_recognised_by_its_key(texts):
    assert verify(texts, kid=KEY.kid).head.seq == 5
    with pytest.raises(WrongSigner):
        verify(texts, kid=OTHER.kid)


def test_a_broken_sequence_says_how_and_where(texts, good_chain, moment):
    hash_2 = verify(texts[:2]).head.hash
    elsewhere = good_chain(OTHER, 5)
    cases = [
        (Gap, 4, [*texts[:2], texts[3]]),
        (Repeated, 2, [*texts[:3], texts[1]]),
        (Repeated, 3, [*texts[:3], texts[2]]),
        (Fork, 3, [*texts[:3], made(moment, prev=hash_2).jws]),
        (WrongPrev, 3, [*texts[:2], made(moment, prev="ab" * 32).jws]),
        (WrongSigner, 3, [*texts[:2], elsewhere[2]]),
        (WrongDevice, 3, [*texts[:2], made(moment, prev=hash_2, device="KIOSK-8").jws]),
        (BadEntry, 3, [*texts[:2], "nonsense"]),
        (BadEntry, 3, [*texts[:2], texts[2][:-4] + "AAAA"]),
        (BadGenesis, 1, texts[1:]),
        (BadGenesis, 1, ["nonsense"]),
        (Repeated, 1, [texts[0], texts[0]]),
    ]
    for cause, seq, broken in cases:
        with pytest.raises(cause) as caught:
            verify(broken)
        assert type(caught.value) is cause, (cause, seq)
        assert caught.value.seq == seq


def test_a_gap_says_what_should_have_come(texts):
    chain, _ = begin(texts[0])

    with pytest.raises(Gap) as caught:
        chain.follow(texts[3])
    assert caught.value.expected == 2


def test_a_genesis_with_another_key_than_the_known_one_is_refused(moment):
    chain = Chain("KIOSK-7", KEY.public_jwk, EMPTY)
    lying = made(moment, seq=1, kind="genesis", body={"jwk": OTHER.public_jwk})

    with pytest.raises(BadGenesis):
        chain.follow(lying.jws)


def test_a_first_entry_that_is_no_genesis_is_refused(moment):
    with pytest.raises(BadGenesis):
        Chain("KIOSK-7", KEY.public_jwk, EMPTY).follow(made(moment, seq=1).jws)


def test_following_changes_nothing_that_was(texts):
    chain, _ = begin(texts[0])
    chain.follow(texts[1])

    assert chain.head.seq == 1
