"""Keys in hardware: a TPM as swtpm plays it, and the ATECC608 behind a stand-in for its library."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from firmware_app.ledger.errors import (
    BadFormat,
    BadSignature,
    SignerFailed,
    SignerUnavailable,
    WrongKey,
)
from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import open_ledger, read_ledger
from firmware_app.ledger.jose import (
    P256_ORDER,
    Header,
    PublicJwk,
    b64url_decode,
    b64url_encode,
    unverified,
    verified,
)
from firmware_app.ledger.signing.atecc608 import AteccSigner
from firmware_app.ledger.signing.signer import SoftwareKey, seal
from firmware_app.ledger.signing.signers import Counting, check_options, open_signer
from firmware_app.ledger.slip.claim import verify_slip
from firmware_app.service import messages
from firmware_app.service.config import load
from firmware_app.service.core import Core

TYP = "test+jws"
BODY = {"verdict": "conforms", "scale": {"serial": "TZ-1"}}


class Chip:
    """CryptoAuthLib over a chip in software. ``fails``: calls that answer with an error."""

    def __init__(self, *, locked: bool = True, fails: tuple[str, ...] = ()) -> None:
        self.AtcaReference = lambda value: SimpleNamespace(value=value)
        self.key: ec.EllipticCurvePrivateKey | None = None
        self.locked, self.fails, self.counted = locked, fails, 0
        self.wired = SimpleNamespace(cfg=SimpleNamespace(atcai2c=SimpleNamespace(bus=0, address=0)))

    def cfg_ateccx08a_i2c_default(self):
        return self.wired

    def atcab_init(self, cfg) -> int:
        return 0xF0 if "init" in self.fails else 0

    def atcab_release(self) -> int:
        return 0

    def atcab_is_locked(self, zone: int, answer) -> int:
        answer.value = self.locked
        return 0

    def atcab_genkey(self, slot: int, point: bytearray) -> int:
        self.key = ec.generate_private_key(ec.SECP256R1())
        return self.atcab_get_pubkey(slot, point)

    def atcab_get_pubkey(self, slot: int, point: bytearray) -> int:
        if self.key is None:
            return 0xF4
        numbers = self.key.public_key().public_numbers()
        point[:] = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        return 0

    def atcab_sign(self, slot: int, digest: bytes, made: bytearray) -> int:
        if "sign" in self.fails:
            return 0xF4
        r, s = decode_dss_signature(self.key.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
        # A chip gives the high or the low s as it happens; here always the high one.
        made[:] = r.to_bytes(32, "big") + max(s, P256_ORDER - s).to_bytes(32, "big")
        return 0

    def atcab_counter_read(self, index: int, value) -> int:
        value.value = self.counted
        return 0

    def atcab_counter_increment(self, index: int, value) -> int:
        self.counted += 1
        return 0


@pytest.fixture(scope="module")
def swtpm(tmp_path_factory):
    """A TPM in software: its TCTI, and ``restart`` as a power cut would do."""
    pytest.importorskip("tpm2_pytss")
    if shutil.which("swtpm") is None:
        pytest.skip("swtpm is not installed")
    state = tmp_path_factory.mktemp("tpm")
    port = _two_free_ports()
    line = [
        "swtpm",
        "socket",
        "--tpm2",
        "--tpmstate",
        f"dir={state}",
        "--flags",
        "not-need-init,startup-clear",
    ]
    for name, number in (("--server", port), ("--ctrl", port + 1)):
        line += [name, f"type=tcp,port={number},bindaddr=127.0.0.1"]
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        for old in running:
            old.kill()
            old.wait()
        running[:] = [subprocess.Popen(line)]
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port + 1)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("swtpm does not come up")

    start()
    yield SimpleNamespace(tcti=f"swtpm:host=127.0.0.1,port={port}", restart=start)
    for old in running:
        old.kill()
        old.wait()


def _two_free_ports() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@pytest.fixture(params=["tpm", "atecc608"])
def signer(request):
    if request.param == "atecc608":
        yield AteccSigner(library=Chip())
        return
    made = open_signer("tpm", {"tcti": request.getfixturevalue("swtpm").tcti}, create=True)
    yield made
    made.close()


# ------------------------------------------------------------------------------------------ the contract


def test_a_hardware_key_signs_entries_slips_and_what_the_checker_reads(
    signer, data, clock, tmp_path, checker
):
    with open_ledger(data, clock=clock, software="00", device="KIOSK-7", signer=signer) as ledger:
        entry = ledger.append("self_check", BODY, visit="v1")
        slip = ledger.slip_text(entry.seq)
        write_export(ledger, tmp_path / "out.ndjson")
        ledger.verify()
        assert unverified(entry.jws, "steelyard-entry+jws")[0].alg == "ES256"
        assert verify_slip(slip, ledger.key).stands_for(entry.hash)
    with (tmp_path / "out.ndjson").open("rb") as file:
        found = checker.check(file, device_kid=signer.kid)
    assert (found.entries, found.kid) == (2, signer.kid)


def test_every_signature_has_the_lower_s_and_the_other_one_is_refused(signer):
    for number in range(12):
        text = seal(signer, TYP, b'{"n":%d}' % number)
        head, _, last = text.rpartition(".")
        raw = b64url_decode(last)
        r, s = raw[:32], int.from_bytes(raw[32:], "big")
        assert s <= P256_ORDER // 2
        other = b64url_encode(r + (P256_ORDER - s).to_bytes(32, "big"))
        with pytest.raises(BadSignature, match="lower s"):
            verified(f"{head}.{other}", TYP, signer.public_jwk)


def test_the_algorithm_is_bound_to_the_key(signer):
    software = SoftwareKey.generate()
    for key, alg in ((signer, "Ed25519"), (software, "ES256")):
        signed = f"{Header(alg, key.kid, TYP).encoded()}.{b64url_encode(b'{}')}"
        text = f"{signed}.{b64url_encode(key.sign(signed.encode()))}"
        with pytest.raises(BadFormat, match=f"this key signs with {key.alg}"):
            verified(text, TYP, key.public_jwk)
    with pytest.raises(WrongKey):
        verified(seal(signer, TYP, b"{}"), TYP, software.public_jwk)


def test_a_counter_only_goes_up(signer):
    assert isinstance(signer, Counting) and not isinstance(SoftwareKey.generate(), Counting)
    before = signer.counter()
    signer.count()
    signer.count()
    assert signer.counter() == before + 2


def test_a_ledger_goes_with_its_hardware_and_no_other(signer, data, clock):
    open_ledger(data, clock=clock, software="00", signer=signer).close()

    with pytest.raises(WrongKey):
        open_ledger(data, clock=clock, software="00", signer=AteccSigner(library=Chip()))


# ----------------------------------------------------------------------------------------------- the TPM


def test_a_key_in_a_tpm_is_found_again_after_a_power_cut(swtpm):
    first = open_signer("tpm", {"tcti": swtpm.tcti}, create=True)
    kid, counted = first.kid, first.counter()
    first.count()
    first.close()
    swtpm.restart()

    again = open_signer("tpm", {"tcti": swtpm.tcti}, create=False)

    assert (again.kid, again.counter()) == (kid, counted + 1)
    again.close()


def test_making_a_key_cut_off_before_it_is_put_leaves_none_and_is_done_again(tmp_path, swtpm, monkeypatch):
    from tpm2_pytss import ESAPI, ESYS_TR, TPM2_HANDLE

    from firmware_app.ledger.signing.tpm import KEY_HANDLE

    with ESAPI(swtpm.tcti) as tpm:
        if tpm.get_capability(1, KEY_HANDLE, 1)[1].data.handles.count:
            tpm.evict_control(ESYS_TR.OWNER, tpm.tr_from_tpmpublic(TPM2_HANDLE(KEY_HANDLE)), KEY_HANDLE)
    with monkeypatch.context() as cut:
        cut.setattr(ESAPI, "evict_control", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            open_signer("tpm", {"tcti": swtpm.tcti}, create=True)
    swtpm.restart()
    with pytest.raises(SignerUnavailable, match="belongs to another machine"):
        open_signer("tpm", {"tcti": swtpm.tcti}, create=False)

    made = open_signer("tpm", {"tcti": swtpm.tcti}, create=True)

    assert verified(seal(made, TYP, b"{}"), TYP, made.public_jwk) == b"{}"
    made.close()


def test_where_no_tpm_answers_it_is_said():
    pytest.importorskip("tpm2_pytss")
    with pytest.raises(SignerUnavailable, match="no TPM answers"):
        open_signer("tpm", {"tcti": f"swtpm:host=127.0.0.1,port={_two_free_ports()}"}, create=True)


@pytest.fixture
def appliance(tmp_path, swtpm):
    """An appliance whose key and counter are in the TPM, as its configuration says."""
    demo = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
    root = Path(tempfile.mkdtemp(prefix="sy"))
    (root / "run").mkdir()
    (root / "steelyard.toml").write_text(
        f"""
        registry = "{demo / "registry.toml"}"
        weights = "{demo / "weights.toml"}"
        [device]
        id = "T-1"
        data_dir = "data"
        run_dir = "run"
        signer = "tpm"
        signer_options = {{ tcti = "{swtpm.tcti}" }}
        [pan]
        driver = "simulated"
        calibration = "{demo / "pan.toml"}"
        """,
        encoding="utf-8",
    )
    yield root
    shutil.rmtree(root)


def test_a_disk_put_back_beside_its_tpm_judges_nothing_without_any_network(appliance, swtpm):
    def start() -> messages.Reply:
        core = Core(load(appliance / "steelyard.toml"))
        try:
            return core._obey(messages.StartVisit("v", messages.VisitKind.SELF_CHECK), time.monotonic_ns())
        finally:
            core.close()

    assert start() == messages.Ok()
    assert not (appliance / "data" / "device.key").exists()
    shutil.copytree(appliance / "data", appliance / "older")
    assert start() == messages.Ok()
    swtpm.restart()
    assert start() == messages.Ok(), "a power cut accuses nobody"
    shutil.rmtree(appliance / "data")
    shutil.move(appliance / "older", appliance / "data")

    assert start().code == "history_broken"
    with read_ledger(appliance / "data") as ledger:
        ledger.verify()
        assert ledger.last_of(("history_broken",)).payload.body["why"] == "counter"


# ------------------------------------------------------------------------------------------- the ATECC608


def test_a_chip_is_addressed_with_seven_bits():
    chip = Chip()
    AteccSigner(library=chip, bus=1, address=0x60)
    assert (chip.wired.cfg.atcai2c.bus, chip.wired.cfg.atcai2c.address) == (1, 0xC0)


@pytest.mark.parametrize(
    ("chip", "create", "raised", "words"),
    [
        (Chip(fails=("init",)), True, SignerUnavailable, "no ATECC608 answers"),
        (Chip(locked=False), True, SignerUnavailable, "cannot be undone"),
        (Chip(), False, SignerUnavailable, "belongs to another machine"),
    ],
)
def test_a_chip_that_cannot_hold_the_key_is_refused_with_words(chip, create, raised, words):
    with pytest.raises(raised, match=words):
        AteccSigner(library=chip, create=create)
    assert chip.key is None, "no key was made"


def test_a_key_is_never_made_over_another_one():
    chip = Chip()
    first = AteccSigner(library=chip).kid
    assert AteccSigner(library=chip, create=True).kid == first


def test_a_chip_that_fails_while_signing_says_so():
    with pytest.raises(SignerFailed, match="does not sign"):
        seal(AteccSigner(library=Chip(fails=("sign",))), TYP, b"{}")


# --------------------------------------------------------------------------------------------- the choice


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("file", {"tcti": "x"}, "no option 'tcti'"),
        ("tpm", {"port": 1}, "known: tcti"),
        ("tpm", {"tcti": 7}, "a TSS TCTI"),
        ("atecc608", {"bus": "1"}, "number of the I2C bus"),
        ("atecc608", {"slot": True}, "0 to 15"),
    ],
)
def test_options_are_looked_at_without_hardware(kind, options, words):
    with pytest.raises(ValueError, match=words):
        check_options(kind, options)


@pytest.mark.parametrize(
    "changes",
    [
        {"crv": "Ed25519"},
        {"kty": "OKP"},
        {"y": ""},
        {"y": "AAAA"},
        {"x": b64url_encode(bytes(32)), "y": b64url_encode(bytes(32))},
    ],
)
def test_what_is_no_point_of_the_curve_is_no_key(signer, changes):
    good = {"crv": "P-256", "kty": "EC", "x": signer.public_jwk.x, "y": signer.public_jwk.y}
    assert PublicJwk(**good).kid == signer.kid
    with pytest.raises(ValueError):
        PublicJwk(**{**good, **changes})
