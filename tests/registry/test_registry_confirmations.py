"""Confirmed protocols: kept whole, found by model, refused when broken."""

from __future__ import annotations

import os
import threading
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from firmware_app.registry.confirmations import (
    MOST,
    NAME,
    BadConfirmations,
    add_confirmation,
    confirmation_for,
    load_confirmations,
    with_confirmed_lead,
)
from firmware_app.registry.registry import Scale
from hardware.scale.confirm import Confirmation, Shown

SHOWN = Shown(text="1.560 kg", value="1.560", unit=None, raw="02 2B")


def confirmed(**fields: object) -> Confirmation:
    known: dict[str, object] = {
        "maker": "上海耀华",
        "model": "XK3190-A9",
        "profile": "yaohua-tf0",
        "version": "1",
        "baud": 4800,
        "line": "8N1",
        "unit": "kg",
        "at": "2026-11-23T06:00:00+00:00",
        "shown": (SHOWN,),
    }
    return Confirmation(**{**known, **fields})


def scale(**fields: object) -> Scale:
    known: dict[str, object] = {
        "id": "S1",
        "stall": "12",
        "maker": "上海耀华",
        "model": "XK3190-A9",
        "serial": "1",
        "accuracy_class": "III",
        "max_g": Decimal(30000),
        "min_g": Decimal(200),
        "e_g": Decimal(10),
        "d_g": Decimal(10),
        "price_computing": False,
    }
    return Scale(**{**known, **fields})


def test_a_confirmation_is_kept_and_read_back(tmp_path: Path) -> None:
    assert load_confirmations(tmp_path) == ()
    add_confirmation(tmp_path, confirmed())
    add_confirmation(tmp_path, confirmed(model="DS3"))
    assert [each.model for each in load_confirmations(tmp_path)] == ["XK3190-A9", "DS3"]
    assert [each.name for each in tmp_path.iterdir()] == [NAME]


def test_the_newest_of_the_model_holds_and_the_older_stays() -> None:
    known = (confirmed(), confirmed(profile="yaohua-eq-reversed"), confirmed(model="DS3"))
    assert confirmation_for(scale(), known) is known[1]
    assert confirmation_for(scale(maker="上海耀華"), known) is None
    assert confirmation_for(scale(model=""), (confirmed(model=""),)) is None


@pytest.mark.parametrize("model", ["xk3190-a9", " ＸＫ３１９０－Ａ９ "])
def test_a_model_is_compared_as_people_write_it(model: str) -> None:
    assert confirmation_for(scale(model=model), (confirmed(),)) is not None


def test_the_confirmed_protocol_serves_where_the_registry_gives_none() -> None:
    read = with_confirmed_lead(scale(), confirmed())
    assert (read.profile, read.lead_unit) == ("yaohua-tf0", "kg")
    assert with_confirmed_lead(scale(profile="cas-22"), confirmed()).profile == "cas-22"
    assert with_confirmed_lead(scale(lead_unit="g"), confirmed()).lead_unit == "g"
    assert with_confirmed_lead(scale(), None) == scale()


def test_a_display_in_jin_confirms_no_unit_of_the_record() -> None:
    assert with_confirmed_lead(scale(), confirmed(unit="斤")).lead_unit == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b'[{"maker":"x"}]',
        msgspec.json.encode([confirmed()]).replace(b"8N1", b"9X9"),
        msgspec.json.encode([confirmed()]).replace(b"4800", b"1"),
        msgspec.json.encode([confirmed()]).replace(b"XK3190-A9", b"x" * 500),
    ],
)
def test_a_broken_file_is_refused_and_never_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    with pytest.raises(BadConfirmations, match=NAME):
        load_confirmations(tmp_path)
    with pytest.raises(BadConfirmations):
        add_confirmation(tmp_path, confirmed())
    assert path.read_bytes() == content


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(msgspec.json.encode([confirmed(model=f"m{number}") for number in range(MOST)]))
    add_confirmation(tmp_path, confirmed(model="new"))
    known = load_confirmations(tmp_path)
    assert (len(known), known[0].model, known[-1].model) == (MOST, "m1", "new")


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    def write(number: int) -> None:
        add_confirmation(tmp_path, confirmed(model=f"m{number}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.model for each in load_confirmations(tmp_path)} == {f"m{number}" for number in range(12)}


def test_a_disk_that_fails_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_confirmation(tmp_path, confirmed())
    before = (tmp_path / NAME).read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        add_confirmation(tmp_path, confirmed(model="DS3"))
    assert (tmp_path / NAME).read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [NAME]
