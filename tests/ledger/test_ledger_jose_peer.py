"""Every JWS that we make is read by a library of others too, which tells it from a forged one."""

from __future__ import annotations

import msgspec
import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey

from firmware_app.ledger.county.contract import ENROL_TYP
from firmware_app.ledger.county.receipt import LOGGED_TYP
from firmware_app.ledger.county.receipt import TYP as RECEIPT_TYP
from firmware_app.ledger.county.statements import CLOSURE_TYP, COUNTY_KEY_TYP
from firmware_app.ledger.entry import TYP as ENTRY_TYP
from firmware_app.ledger.jose import verified
from firmware_app.ledger.signing.signer import SoftwareKey, seal

PAYLOAD = '{"device":"KIOSK-7","note":"藏语 བོད་སྐད"}'.encode()


@pytest.mark.parametrize("typ", [ENTRY_TYP, RECEIPT_TYP, LOGGED_TYP, ENROL_TYP, COUNTY_KEY_TYP, CLOSURE_TYP])
def test_a_peer_reads_what_we_make_and_refuses_what_we_refuse(typ):
    key = SoftwareKey.generate()
    text = seal(key, typ, PAYLOAD)
    peer = OKPKey.import_key(msgspec.to_builtins(key.public_jwk))
    stranger = OKPKey.import_key(msgspec.to_builtins(SoftwareKey.generate().public_jwk))

    read = jws.deserialize_compact(text, peer, algorithms=["Ed25519"])

    assert bytes(read.payload) == PAYLOAD == verified(text, typ, key.public_jwk)
    assert read.headers() == {"alg": "Ed25519", "kid": key.kid, "typ": typ}
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(text, stranger, algorithms=["Ed25519"])
