"""A county on the test client, and devices with ledgers of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from litestar.testing import TestClient

from county_gateway import access
from county_gateway.access import Role
from county_gateway.app import create_app
from county_gateway.county import County, Settings
from county_gateway.database import open_database
from county_gateway.local_postgres import NoPostgres, local_postgres
from firmware_app.ledger.chain import EMPTY
from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.county.contract import ENTRIES_TYPE, EnrolRequest, enrol_proof
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.signing.signer import SoftwareKey


class Device:
    """A device that can sign whatever a test wants it to."""

    def __init__(self, name: str = "KIOSK-7", key: SoftwareKey | None = None) -> None:
        self.name = name
        self.key = key or SoftwareKey.generate()
        self.lines: list[str] = []
        self.hashes = [EMPTY.hash]
        self.append("genesis", {"jwk": self.key.public_jwk})

    def sign(self, seq: int, prev: str, kind: str, body: object, device: str | None = None) -> str:
        stamp = Stamp(
            at=f"2026-03-01T{8 + seq // 60:02d}:{seq % 60:02d}:00+08:00",
            clock=ClockQuality.SYNCHRONISED,
            boot="b",
            uptime_ns=seq,
        )
        entry = make_entry(
            self.key,
            device=device or self.name,
            seq=seq,
            prev=prev,
            stamp=stamp,
            software="00",
            kind=kind,
            body=body,
        )
        self.last_hash = entry.hash
        return entry.jws

    def append(self, kind: str, body: object) -> str:
        line = self.sign(len(self.hashes), self.hashes[-1], kind, body)
        self.hashes.append(self.last_hash)
        self.lines.append(line)
        return line

    def check(self, verdict: str = "conforms") -> str:
        return self.append("self_check", {"verdict": verdict, "scale": {"serial": "TZ-1"}})

    def request(self, token: str, **changes: object) -> EnrolRequest:
        fields = {
            "token": token,
            "device": self.name,
            "jwk": self.key.public_jwk,
            "proof": enrol_proof(self.key, self.name, token),
        }
        return EnrolRequest(**{**fields, **changes})


class Bench:
    """The county's doors as a device or a browser finds them."""

    def __init__(self, client: TestClient, county: County, clock: Clock) -> None:
        self.client = client
        self.county = county
        self.clock = clock

    def token(self, hours: int = 1) -> str:
        return self.county.give_token(timedelta(hours=hours))

    def access(self, name: str, role: Role = Role.READER, days: int = 30) -> str:
        with self.county.store.writing() as store:
            return access.create(store, name, role, self.clock(), timedelta(days=days))

    def enrol(self, request: EnrolRequest):
        return self.client.post(
            "/v1/enrol", content=msgspec.json.encode(request), headers={"Content-Type": "application/json"}
        )

    def joined(self, *names: str) -> list[Device]:
        devices = [Device(name) for name in names]
        for device in devices:
            assert self.enrol(device.request(self.token())).status_code == 200
        return devices

    def post(self, lines, *, content_type: str = ENTRIES_TYPE, headers=()):
        body = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
        named = {"Content-Type": content_type, **dict(headers)}
        return self.client.post("/v1/entries", content=body, headers=named)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture(scope="session")
def postgres():
    """A server for the session (of one worker), with an up-to-date database to begin others as."""
    try:
        with local_postgres(durable=False) as server:
            server.ready = server.create()
            open_database(server.ready).dispose()
            yield server
    except NoPostgres as error:
        pytest.skip(str(error))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """An empty database of the county: a file, or the address of one on the server."""
    if request.param == "sqlite":
        yield tmp_path / "county" / "county.db"
        return
    server = request.getfixturevalue("postgres")
    url = server.create(like=server.ready)
    yield url
    server.drop(url)


@pytest.fixture
def settings(tmp_path, database) -> Settings:
    return Settings(data_dir=tmp_path / "county", database=database, county="天祝县", now=Clock())


@pytest.fixture
def bench(settings):
    app = create_app(settings)
    county = County(settings)
    with TestClient(app) as client:
        bench = Bench(client, county, settings.now)
        bench.county_settings = settings
        # The county's own people: who tests without a token takes it out again.
        client.headers["Authorization"] = f"Bearer {bench.access('desk', Role.OFFICER)}"
        yield bench
    county.close()


@pytest.fixture
def device(bench) -> Device:
    return bench.joined("KIOSK-7")[0]


@pytest.fixture
def new_device():
    return Device
