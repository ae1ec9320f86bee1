"""Delivers entries to a county for ever and prints each checkpoint that a receipt brought: to be killed."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from conftest import Device

from county_gateway.county import County, Settings
from county_gateway.log.receipts import Seen
from firmware_app.ledger.county.receipt import read_receipt, seen_log

name, data_dir, database = sys.argv[1:4]
county = County(Settings(data_dir=Path(data_dir), database=database))
device = Device(name)
county.enrol(device.request(county.give_token(timedelta(hours=1))))
seen = Seen()
while True:
    device.check()
    jws = county.accept(f"{device.lines[-2]}\n{device.lines[-1]}\n".encode(), seen).receipt
    head = seen_log(read_receipt(jws, county._signer.public_jwk), county._signer.public_jwk).head
    seen = Seen(head.size, head.origin)
    sys.stdout.write(head.text().replace("\n", " ") + "\n")
    sys.stdout.flush()
