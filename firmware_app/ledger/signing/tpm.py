"""The key in a TPM 2.0: made there, never leaves it; and the counter there that nothing turns back.

Rules this file obeys:

* The key is P-256 and signs ES256: hardly a TPM on the market knows Ed25519.
* Making the key may be cut off anywhere: until it is put at its persistent handle there is none, and
  that is one command of the TPM; then it is found there again.
* The library is loaded by whoever asks for this signer, so no other appliance needs it.

The counter is an NV index of type counter: it only goes up, also over a clear of the TPM, where it begins
at the highest value that any counter there ever had (TPM 2.0 Library, Part 3, 31.8 TPM2_NV_Increment).
"""

from __future__ import annotations

import hashlib
import secrets
from types import ModuleType
from typing import Any

from firmware_app.ledger.errors import SignerFailed, SignerUnavailable
from firmware_app.ledger.jose import ES256, PublicJwk, b64url_encode, lower_s

TCTI = "device:/dev/tpmrm0"
KEY_HANDLE = 0x81010053
"""Persistent, in the owner's range 0x81000000 … 0x817fffff (TCG Registry of Reserved Handles 2.3.1)."""
COUNTER_INDEX = 0x01800053
"""NV index in the owner's range 0x01800000 … 0x01bfffff (the same, 2.2)."""
COUNTER_BYTES = 8
_TEMPLATE = "ecc256:ecdsa-sha256:null"
_KEY = "userwithauth|sign|fixedtpm|fixedparent|sensitivedataorigin|noda"
_INSTALL = "python3-dev libtss2-dev pkg-config gcc must be there first; then: pip install 'steelyard[tpm]'"


class TpmSigner:
    """The device's key in the TPM behind ``tcti`` (a TSS TCTI string); made there where there is none yet.

    Raises SignerUnavailable where there is no TPM or no library, SignerFailed where the TPM refuses.
    """

    alg = ES256

    def __init__(self, tcti: str = TCTI, *, create: bool = True) -> None:
        self._tss = _library()
        try:
            self._tpm = self._tss.ESAPI(tcti)
        except (self._tss.TSS2_Exception, RuntimeError) as error:
            raise SignerUnavailable(
                f"no TPM answers at {tcti}: is it fitted, its overlay in config.txt, and this user in the"
                f" group tss? ({error})"
            ) from error
        try:
            self._key = self._find(KEY_HANDLE) or self._make(create)
            self.public_jwk = self._public()
        except self._tss.TSS2_Exception as error:
            self._tpm.close()
            raise SignerFailed(f"the TPM at {tcti} gives no key: {error}") from error
        except BaseException:
            self._tpm.close()
            raise
        self.kid = self.public_jwk.kid

    def close(self) -> None:
        """Lets the TPM go."""
        self._tpm.close()

    def sign(self, message: bytes) -> bytes:
        tss = self._tss
        scheme = tss.TPMT_SIG_SCHEME(scheme=tss.TPM2_ALG.ECDSA)
        scheme.details.any.hashAlg = tss.TPM2_ALG.SHA256
        ticket = tss.TPMT_TK_HASHCHECK(tag=tss.TPM2_ST.HASHCHECK, hierarchy=tss.TPM2_RH.OWNER)
        try:
            made = self._tpm.sign(self._key, hashlib.sha256(message).digest(), scheme, ticket)
        except tss.TSS2_Exception as error:
            raise SignerFailed(f"the TPM does not sign: {error}") from error
        point = made.signature.ecdsa
        r, s = (int.from_bytes(bytes(part), "big") for part in (point.signatureR, point.signatureS))
        return lower_s(r, s)

    def counter(self) -> int | None:
        """The counter as it stands, 0 before it was first moved; raises SignerFailed."""
        try:
            index = self._find(COUNTER_INDEX)
            if index is None:
                return 0
            if not self._tpm.nv_read_public(index)[0].nvPublic.attributes & self._tss.TPMA_NV.WRITTEN:
                return 0
            return int.from_bytes(bytes(self._tpm.nv_read(index, COUNTER_BYTES)), "big")
        except self._tss.TSS2_Exception as error:
            raise SignerFailed(f"the TPM's counter cannot be read: {error}") from error

    def count(self) -> None:
        """Moves the counter on by one; raises SignerFailed."""
        tss = self._tss
        try:
            index = self._find(COUNTER_INDEX)
            if index is None:
                public = tss.TPMS_NV_PUBLIC(
                    nvIndex=COUNTER_INDEX,
                    nameAlg=tss.TPM2_ALG.SHA256,
                    attributes=tss.TPMA_NV.parse("authread|authwrite|ownerread|ownerwrite|noda|nt=0x1"),
                    dataSize=COUNTER_BYTES,
                )
                index = self._tpm.nv_define_space(None, tss.TPM2B_NV_PUBLIC(nvPublic=public))
            self._tpm.nv_increment(index)
        except tss.TSS2_Exception as error:
            raise SignerFailed(f"the TPM's counter does not move: {error}") from error

    def _find(self, handle: int) -> Any:
        """The object at a persistent handle or NV index, None where there is none."""
        _, found = self._tpm.get_capability(self._tss.TPM2_CAP.HANDLES, handle, 1)
        handles = found.data.handles
        # The TPM answers with the next handle there is, which may be another one.
        if handles.count == 0 or int(handles[0]) != handle:
            return None
        return self._tpm.tr_from_tpmpublic(handle)

    def _make(self, create: bool) -> Any:
        if not create:
            raise SignerUnavailable(
                "this TPM holds no key of a Steelyard appliance; the disk belongs to another machine, or the"
                " TPM was cleared: see docs/deployment.md, Replacing a device's key"
            )
        tss = self._tss
        template = tss.TPM2B_PUBLIC.parse(_TEMPLATE, objectAttributes=_KEY)
        # The same template gives the same key for ever; a machine that is set up anew must not sign its new
        # history with the key of the old one.
        template.publicArea.unique.ecc.x = secrets.token_bytes(32)
        key, *_ = self._tpm.create_primary(None, template)
        try:
            return self._tpm.evict_control(tss.ESYS_TR.OWNER, key, KEY_HANDLE)
        finally:
            self._tpm.flush_context(key)

    def _public(self) -> PublicJwk:
        area = self._tpm.read_public(self._key)[0].publicArea
        if area.type != self._tss.TPM2_ALG.ECC:
            raise SignerFailed(f"at handle {KEY_HANDLE:#x} lies another kind of key")
        x, y = (bytes(part).rjust(32, b"\0") for part in (area.unique.ecc.x, area.unique.ecc.y))
        return PublicJwk(crv="P-256", kty="EC", x=b64url_encode(x), y=b64url_encode(y))


def _library() -> ModuleType:
    try:
        import tpm2_pytss
    except (ImportError, OSError) as error:
        raise SignerUnavailable(f"tpm2-pytss is not installed: {_INSTALL}") from error
    library: ModuleType = tpm2_pytss
    return library
