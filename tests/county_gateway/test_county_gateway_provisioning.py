"""What the county's server is set up with: nginx takes its site, systemd its unit, which is locked down."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from several_gateways import NGINX, SITE

from firmware_app.ledger.county.contract import MAX_BATCH_BYTES

UNIT = SITE.with_name("steelyard-county@.service")
EXPOSURE_LIMIT = 2.0

needs_systemd_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (package systemd)"
)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")
def test_nginx_takes_the_site_as_it_is_shipped(tmp_path):
    key, certificate = tmp_path / "county.key", tmp_path / "county.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=county.example",
         "-days", "2", "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True,
    )  # fmt: skip
    site = SITE.read_text(encoding="utf-8").replace("/etc/ssl/steelyard", str(tmp_path))
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{site}\n}}\n", encoding="utf-8")

    done = subprocess.run(
        [str(NGINX), "-t", "-p", str(tmp_path), "-c", str(conf), "-e", str(tmp_path / "log")],
        capture_output=True, text=True,
    )  # fmt: skip

    # Ports below 1024 may be closed to whoever runs the tests; the syntax is read before.
    assert "syntax is ok" in done.stderr, done.stderr


def test_nginx_bounds_a_body_as_the_gateway_does():
    bound = re.search(r"client_max_body_size (\d+)m;", SITE.read_text(encoding="utf-8"))

    assert bound is not None
    assert int(bound[1]) << 20 == MAX_BATCH_BYTES


@needs_systemd_analyze
def test_the_unit_is_known_to_systemd_and_locked_down(tmp_path):
    unit = tmp_path / "steelyard-county@8765.service"
    unit.write_text(UNIT.read_text().replace("/opt/steelyard/.venv/bin/python", "/bin/true"))

    verified = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(unit)], capture_output=True, text=True
    )

    assert (verified.returncode, verified.stderr.strip()) == (0, "")
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", rated.stdout)
    assert exposure, rated.stderr
    assert float(exposure[1]) <= EXPOSURE_LIMIT
