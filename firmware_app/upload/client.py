"""HTTP to the county: one request, one outcome, everything bounded.

Rules this file obeys:

* Nothing raises for what a network, a proxy or a county may do; it becomes an `Outcome`.
* An answer counts only with the county's content type and format: a log-in page answers 200 too.
* No redirect is followed; size and duration of an answer are bounded, also against a drip.
* A batch is packed only for a county that has said that it takes it so (RFC 7694).
* Nothing that is sent or answered is logged or put into words: tokens travel here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.contract import (
    ENTRIES_TYPE,
    Accepted,
    CountyAlive,
    Enrolled,
    EnrolRequest,
    Rejection,
)
from firmware_app.ledger.county.downlink import MAX_CONTENT, MAX_STATEMENT, SCHEME, STATEMENT_HEADER, Offers
from firmware_app.ledger.county.receipt import LOG_HEADER, NO_LOG
from firmware_app.ledger.shelf import OnShelf, ShelfRequest
from firmware_app.upload.line import CODING, LineAdapter, Outgoing, packed, timed_out
from firmware_app.upload.outcome import (
    Delivered,
    EntryRefused,
    Failed,
    Fetched,
    Missing,
    NothingNew,
    Outcome,
    Reached,
    ShelfTaken,
    Trouble,
)
from firmware_app.upload.tls import CountyAdapter, Present, county_context, why_not_believed

T = TypeVar("T")
log = logging.getLogger("steelyard.upload")

CONNECT_S, READ_S, WHOLE_S = 5.0, 15.0, 30.0
MAX_ANSWER = 160 * 1024
"""Room for a receipt with its proof and for one entry that the county shows (at most 64 KiB)."""
FILE_S = 300.0
"""For a file of 4 MiB over a line of 14 kB/s; a usual one has some 100 kB."""
PIECE, MAX_TAG = 1 << 16, 200
HTTP_OK, HTTP_NOT_MODIFIED, HTTP_WRONG_TYPE = 200, 304, 415
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BadCountyUrl(SteelyardError):
    """The county's address is not one that a record may be sent to."""


class EnrolmentRefused(SteelyardError):
    """The county did not let the device join."""


class CountyOutOfReach(SteelyardError):
    """No answer of a county came: nothing is decided, and the same token may be shown again."""


class Answer(msgspec.Struct, frozen=True):
    """What came back, bounded. ``json``: whether it says to be JSON."""

    status: int
    json: bool
    body: bytes
    retry_after_s: float
    tag: str = ""
    statement: str = ""
    takes: str = ""
    """The codings that requests may come in, as the answer says."""


def county_url(text: str) -> str:
    """The county's address without a slash at its end; raises BadCountyUrl.

    Plain http is for this machine only: over a network the county's key would be anybody's.
    """
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or url.username:
        raise BadCountyUrl(f"{text!r} is no address of a county: give https://name or https://name/path")
    if url.scheme == "http" and url.hostname not in LOOPBACK:
        raise BadCountyUrl(f"{text!r}: over a network only https can be trusted")
    return text.rstrip("/")


class CountyClient:
    """Talks to one county. ``clock``: monotonic seconds; ``ca``: PEM of the only authorities whose
    certificates count, None for those that the library brings. Raises BadCountyUrl, BadCountyCa."""

    def __init__(
        self, url: str, clock: Callable[[], float] = time.monotonic, *, ca: Path | None = None
    ) -> None:
        self._url = county_url(url)
        self._clock = clock
        self._tls = county_context(ca)
        self._session = requests.Session()
        self._session.mount("https://", CountyAdapter(self._tls))
        self._session.mount("http://", LineAdapter())
        # What is not written in the configuration does not steer where the record goes.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = "steelyard"
        self._packs = False
        self._not_believed = ""

    def close(self) -> None:
        self._session.close()

    def know_time(self, present: Present) -> None:
        """By what the county's certificates are dated from the next connection on."""
        self._tls.present = present

    def send(self, lines: tuple[str, ...], log: str = NO_LOG) -> Outcome:
        """Posts a batch of entries. ``log``: what the device has seen of the county's log (`LOG_HEADER`)."""
        body = "".join(line + "\n" for line in lines).encode()
        answer = self._post_batch(body, log)
        if isinstance(answer, Failed):
            return answer
        accepted = _read(answer, Accepted) if answer.status == 200 else None
        if accepted is not None:
            return Delivered(accepted.receipt, accepted.county_keys, accepted.held)
        rejection = _read(answer, Rejection)
        match rejection:
            case Rejection(error="gap", expected=int(expected)) if answer.status == 409:
                return Missing(expected)
            case Rejection(error="fork", held=held) if answer.status == 409:
                return Failed(Trouble.FORK, held=held)
            case Rejection(seq=seq, why=why) if answer.status in (400, 422):
                return EntryRefused(seq or 0, why)
        return _failure(answer, rejection)

    def _post_batch(self, body: bytes, log: str) -> Answer | Failed:
        smaller = packed(body) if self._packs else None
        if smaller is not None:
            told = {LOG_HEADER: log, "Content-Encoding": CODING}
            answer = self._exchange("POST", "/v1/entries", smaller, ENTRIES_TYPE, told)
            if isinstance(answer, Failed) or answer.status != HTTP_WRONG_TYPE:
                return answer
            # It came to somebody who cannot unpack it: no word on what is in it.
            self._packs = False
        answer = self._exchange("POST", "/v1/entries", body, ENTRIES_TYPE, {LOG_HEADER: log})
        if smaller is None and isinstance(answer, Answer) and answer.status == HTTP_OK and answer.json:
            self._packs = CODING in answer.takes
        return answer

    def shelve(self, request: ShelfRequest) -> ShelfTaken | EntryRefused | Failed:
        """Posts one refused entry for the county's shelf."""
        answer = self._exchange("POST", "/v1/shelf", msgspec.json.encode(request), "application/json")
        if isinstance(answer, Failed):
            return answer
        if answer.status == 200:
            taken = _read(answer, OnShelf)
            return ShelfTaken(taken.receipt, taken.read) if taken else Failed(Trouble.CAPTIVE_PORTAL)
        rejection = _read(answer, Rejection)
        if rejection is not None and answer.status in (400, 404, 405, 422):
            return EntryRefused(rejection.seq or 0, rejection.why)
        return _failure(answer, rejection)

    def knock(self) -> Reached | Failed:
        """Sees whether the county is there."""
        answer = self._exchange("GET", "/v1/alive", None, "")
        if isinstance(answer, Failed):
            return answer
        if answer.status == 200:
            return Reached() if _read(answer, CountyAlive) else Failed(Trouble.CAPTIVE_PORTAL)
        return _failure(answer, _read(answer, Rejection))

    def enrol(self, request: EnrolRequest) -> Enrolled:
        """Joins the county; raises EnrolmentRefused with the reason in words, or CountyOutOfReach."""
        answer = self._exchange("POST", "/v1/enrol", msgspec.json.encode(request), "application/json")
        if isinstance(answer, Failed) and answer.trouble is Trouble.CERTIFICATE:
            raise CountyOutOfReach(
                f"{self._url}: {self._not_believed}; nothing was joined, the token stays good"
            )
        if isinstance(answer, Failed):
            raise CountyOutOfReach(
                f"{self._url}: the county cannot be reached ({answer.trouble.replace('_', ' ')}); nothing was"
                " joined: try again later, the token stays good"
            )
        enrolled = _read(answer, Enrolled) if answer.status in (200, 201) else None
        if enrolled is None:
            rejection = _read(answer, Rejection)
            why = f"{rejection.error}: {rejection.why}" if rejection else f"HTTP {answer.status}"
            raise EnrolmentRefused(f"{self._url}: the county refused ({why})")
        return enrolled

    def offers(self, ask: str, tag: str) -> tuple[Offers, str] | NothingNew | Failed:
        """What the county publishes, and the tag of this list. ``tag``: of the list that was had last."""
        headers = {"Authorization": f"{SCHEME} {ask}", **({"If-None-Match": tag} if tag else {})}
        answer = self._exchange("GET", "/v1/downlink", None, "", headers)
        if isinstance(answer, Failed):
            return answer
        if answer.status == HTTP_NOT_MODIFIED:
            return NothingNew()
        offers = _read(answer, Offers) if answer.status == HTTP_OK else None
        return (offers, answer.tag) if offers is not None else _failure(answer, _read(answer, Rejection))

    def fetch(self, ask: str, name: str) -> Fetched | Failed:
        """One published file, bounded, with the county's statement of it; nobody has verified either."""
        headers = {"Authorization": f"{SCHEME} {ask}", "Accept": "application/octet-stream"}
        answer = self._exchange("GET", f"/v1/downlink/{name}", None, "", headers, most=MAX_CONTENT)
        if isinstance(answer, Failed):
            return answer
        if answer.status == HTTP_OK and 0 < len(answer.statement) <= MAX_STATEMENT:
            return Fetched(answer.statement, answer.body)
        return _failure(answer, _read(answer, Rejection))

    def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        content_type: str,
        also: Mapping[str, str] | None = None,
        *,
        most: int = MAX_ANSWER,
    ) -> Answer | Failed:
        end = self._clock() + (WHOLE_S if most == MAX_ANSWER else FILE_S)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(also or {})}
        if content_type:
            headers["Content-Type"] = content_type
        try:
            with self._session.request(
                method,
                self._url + path,
                data=None if body is None else Outgoing(body, end, self._clock),
                headers=headers,
                timeout=(CONNECT_S, READ_S),
                stream=True,
                allow_redirects=False,
            ) as response:
                return self._bounded(response, end, most)
        except requests.exceptions.SSLError as error:
            self._doubt(why_not_believed(error))
            return Failed(Trouble.CERTIFICATE)
        except requests.exceptions.Timeout:
            return Failed(Trouble.TIMEOUT)
        except ReadTimeoutError:
            return Failed(Trouble.TIMEOUT)
        except (requests.exceptions.RequestException, HTTPError) as error:
            return Failed(Trouble.TIMEOUT if timed_out(error) else Trouble.NO_NETWORK)

    def _doubt(self, words: str) -> None:
        if words != self._not_believed:
            log.warning("%s is not believed: %s", self._url, words)
        self._not_believed = words

    def _bounded(self, response: requests.Response, end: float, most: int) -> Answer | Failed:
        read = bytearray()
        # What has come and no more: a piece of a size is waited for until it is whole, however it drips.
        while piece := response.raw.read1(PIECE):
            read += piece
            if len(read) > most:
                return Failed(Trouble.CAPTIVE_PORTAL)
            if self._clock() > end:
                return Failed(Trouble.TIMEOUT)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(
            status=response.status_code,
            json=kind == "application/json",
            body=bytes(read),
            retry_after_s=_seconds(response.headers.get("Retry-After", "")),
            tag=response.headers.get("ETag", "")[:MAX_TAG],
            statement=response.headers.get(STATEMENT_HEADER, "")[: MAX_STATEMENT + 1],
            takes=response.headers.get("Accept-Encoding", "")[:MAX_TAG],
        )


def _read(answer: Answer, kind: type[T]) -> T | None:
    if not answer.json:
        return None
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


_TROUBLES = {
    407: Trouble.PROXY,
    413: Trouble.TOO_LARGE,
    429: Trouble.BUSY,
    503: Trouble.BUSY,
    # RFC 6585 6: only a network that wants a log-in says so, never a county.
    511: Trouble.CAPTIVE_PORTAL,
}
_NOT_ENROLLED = (401, 403, 404)


def _failure(answer: Answer, rejection: Rejection | None) -> Failed:
    trouble = _TROUBLES.get(answer.status)
    if trouble is None and answer.status >= 500:
        trouble = Trouble.SERVER_ERROR
    if trouble is None and (rejection is None or answer.status < 400):
        trouble = Trouble.CAPTIVE_PORTAL
    if trouble is None:
        trouble = Trouble.NOT_ENROLLED if answer.status in _NOT_ENROLLED else Trouble.SERVER_ERROR
    asks = trouble in (Trouble.BUSY, Trouble.SERVER_ERROR)
    return Failed(trouble, answer.retry_after_s if asks else 0.0)


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0.0
