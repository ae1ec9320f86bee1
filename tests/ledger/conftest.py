"""What the ledger's tests share: a clock that is told the time, keys, ledgers in temporary directories."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_app.ledger.chain import EMPTY
from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.county.receipt import Receipt, make_receipt
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey

ROOT = Path(__file__).resolve().parents[2]
SOFTWARE = "ab" * 32
DEVICE = "KIOSK-7"


class TestClock:
    """Goes on by one second at each look."""

    __test__ = False
    boot = "5f0c9a52-0000-4000-8000-000000000001"

    def __init__(self) -> None:
        self.looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return datetime(2026, 3, 1, 8, 0, tzinfo=UTC) + timedelta(seconds=self.looks)

    def quality(self) -> str:
        return "synchronised"

    def uptime_ns(self) -> int:
        return self.looks * 1_000_000_000


def stamp(second: int = 0) -> Stamp:
    return Stamp(
        at=f"2026-03-01T08:00:{second:02d}+08:00",
        clock=ClockQuality.SYNCHRONISED,
        boot="boot-1",
        uptime_ns=second,
    )


def chain_of(signer: SoftwareKey, count: int, device: str = DEVICE) -> list[str]:
    """The texts of a good chain: genesis and count - 1 checks."""
    texts: list[str] = []
    prev = EMPTY.hash
    for seq in range(1, count + 1):
        body = {"jwk": signer.public_jwk} if seq == 1 else {"visit": f"v{seq}", "verdict": "conforms"}
        kind = "genesis" if seq == 1 else "self_check"
        entry = make_entry(
            signer,
            device=device,
            seq=seq,
            prev=prev,
            stamp=stamp(seq),
            software=SOFTWARE,
            kind=kind,
            body=body,
        )
        texts.append(entry.jws)
        prev = entry.hash
    return texts


def receipt_for(ledger, upon: int, county_key: SoftwareKey, **changes: object) -> str:
    """The county's receipt upon an entry of the ledger, with what a test wants to be wrong about it."""
    fields = {
        "device": ledger.device,
        "seq": upon,
        "entry": ledger.entry(min(upon, ledger.head.seq)).hash,
        "at": "2026-03-01T09:00:00+08:00",
        "county": "天祝县",
    }
    return make_receipt(county_key, Receipt(**{**fields, **changes}))


@pytest.fixture(scope="session")
def county_key() -> SoftwareKey:
    return SoftwareKey.generate()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def ledger(data: Path, clock: TestClock):
    with open_ledger(data, clock=clock, software=SOFTWARE, device=DEVICE) as opened:
        yield opened


@pytest.fixture
def enrolled(ledger, data: Path, county_key: SoftwareKey):
    """A ledger that has joined a county: two entries."""
    county = County(county="天祝县", url="https://county.example", jwk=county_key.public_jwk)
    join_county(data, ledger, county)
    return ledger


@pytest.fixture(scope="session")
def checker():
    """tools/check_ledger.py, loaded by its path: it is no module of ours."""
    # As a script finds what lies beside it.
    if str(ROOT / "tools") not in sys.path:
        sys.path.append(str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location("check_ledger", ROOT / "tools" / "check_ledger.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_ledger"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def good_chain():
    return chain_of


@pytest.fixture
def give_receipt():
    return receipt_for


@pytest.fixture
def moment():
    return stamp
