"""TLS to the county: whose word counts, and what a certificate's dates mean to a machine that lost the time.

Rules this file obeys:

* A chain that ends in a pinned authority is the only one that counts where one is pinned: no other is loaded.
* Signatures and the name of the host are checked always. Only dates are read with the clock's quality:

  - synchronised: as RFC 5280 6.1.3 has it, by OpenSSL, for every certificate of the chain;
  - else the machine may believe itself in 1970. The present is then *not before* the last moment that is
    known for good (the county's last signed receipt, the last entry stamped by a synchronised clock). A
    certificate is refused only where it cannot be valid at any moment from then on: where it had run out
    before. This looks at the county's own certificate; those between it and the authority are not dated then.

* What an old certificate could win that way is bounded: receipts are signed by the county's own key, which
  the chain pins.
"""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path
from typing import Any

import certifi
import msgspec
from cryptography import x509

from firmware_app.errors import SteelyardError
from firmware_app.upload.line import LineAdapter

MAX_CA_FILE = 256 * 1024
NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h, which the module ssl does not name."""


class BadCountyCa(SteelyardError):
    """The file of the pinned authority cannot be used."""


class Present(msgspec.Struct, frozen=True):
    """What is known of the time. ``believed``: the machine's clock is synchronised; ``not_before``: the last
    moment known for good, None where there was none."""

    believed: bool = True
    not_before: datetime | None = None


class CountyContext(ssl.SSLContext):
    """A client's context that dates the county's certificate by what is known of the time."""

    present: Present = Present()

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """The socket after its handshake; raises ssl.SSLCertVerificationError as OpenSSL would."""
        flags = int(self.verify_flags) & ~NO_CHECK_TIME
        self.verify_flags = ssl.VerifyFlags(flags if self.present.believed else flags | NO_CHECK_TIME)
        wrapped = super().wrap_socket(*args, **options)
        if not self.present.believed:
            try:
                _check_dates(wrapped.getpeercert(binary_form=True), self.present.not_before)
            except BaseException:
                wrapped.close()
                raise
        return wrapped


def county_context(ca: Path | None = None) -> CountyContext:
    """The context of a client. ``ca``: PEM of the only authorities that count; raises BadCountyCa."""
    context = CountyContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A county may pin the authority that signs its gateways, which is not always its root.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if ca is None:
        context.load_verify_locations(certifi.where())
        return context
    try:
        with ca.open("rb") as file:
            pem = file.read(MAX_CA_FILE + 1)
        if len(pem) > MAX_CA_FILE:
            raise BadCountyCa(f"{ca}: more than {MAX_CA_FILE} bytes; give the county's certificate in PEM")
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
        raise BadCountyCa(f"{ca}: no certificate in PEM ({error})") from error
    except OSError as error:
        raise BadCountyCa(f"{ca}: cannot be read: {error.strerror}") from error
    if not context.get_ca_certs(binary_form=True):
        raise BadCountyCa(f"{ca}: holds no certificate of an authority")
    return context


class CountyAdapter(LineAdapter):
    """Lets requests use this context and no other trust: its own bundle is never loaded into it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._context)

    def cert_verify(self, conn: Any, *_given: Any) -> None:
        conn.cert_reqs, conn.ca_certs, conn.ca_cert_dir = "CERT_REQUIRED", None, None


_STRANGER = "its certificate is of no authority that counts here: pin the county's own (ca)"
_WORDS = {
    "certificate has expired": "its certificate has expired (or the clock here is wrong)",
    "certificate is not yet valid": "its certificate is not valid yet (or the clock here is wrong)",
    "unable to get local issuer certificate": _STRANGER,
    "self-signed certificate": _STRANGER,
    "mismatch": "its certificate is for another name than the address has",
}
"""By what OpenSSL says (crypto/x509/x509_txt.c) and the module ssl of names."""


def why_not_believed(error: BaseException) -> str:
    """In words for people why TLS to the county failed, from the exception that requests raises."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            said = cause.verify_message if cause.args[1:] else str(cause)
            return next((words for sign, words in _WORDS.items() if sign in said), f"its certificate: {said}")
        cause = cause.__cause__ or cause.__context__
    return "whoever answers there does not speak TLS as a county does"


def _check_dates(der: bytes | None, not_before: datetime | None) -> None:
    if der is None:
        raise ssl.SSLCertVerificationError("the county showed no certificate")
    until = x509.load_der_x509_certificate(der).not_valid_after_utc
    if not_before is not None and until < not_before:
        raise ssl.SSLCertVerificationError(
            f"certificate has expired: {until:%Y-%m-%d}, before {not_before:%Y-%m-%d}"
        )
