#!/usr/bin/env python3
"""Draws the order of every cheating challenge in an exported ledger again, without any Steelyard code.

Needs Python 3.11 or later, and check_bytes.py beside it. The rule is in docs/cheating.md. First let
check_ledger.py look at the file: this program takes its signatures for granted.

    python check_challenge.py ledger.ndjson

For every challenge it says whether the head drawn from is the entry that the record names, how many entries
came between, and whether the order that was followed is the one that follows from that head.
Exit 0: all of them are. Exit 1: says which is not, and why. Exit 2: wrong use, or no file.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from typing import Any

from check_bytes import Wrong as BadBytes
from check_bytes import decode, lines, number, opened, parse, told

DOMAIN, VERSION = b"steelyard cheating challenge", 1
WEIGHT_LOADS = 2
ENTRY = "steelyard-entry+jws"


class Wrong(Exception):
    """A challenge does not follow from its head."""


def words(seq: int, head: str, scale: str) -> Iterator[int]:
    """The words drawn from a head for a scale."""
    seed = DOMAIN + bytes([VERSION]) + bytes.fromhex(head) + seq.to_bytes(8, "big")
    seed += hashlib.sha256(scale.encode()).digest()
    number = 0
    while True:
        yield int.from_bytes(hashlib.sha256(seed + number.to_bytes(8, "big")).digest()[:8], "big")
        number += 1


def shuffled(cards: list[Any], drawn: Iterator[int]) -> list[Any]:
    """From the last place down, each card changes places with one at or before it."""
    deck = list(cards)
    for place in range(len(deck) - 1, 0, -1):
        bound = place + 1
        word = next(drawn)
        while word >= 2**64 - 2**64 % bound:
            word = next(drawn)
        deck[place], deck[word % bound] = deck[word % bound], deck[place]
    return deck


def order(draw: dict[str, Any]) -> list[dict[str, Any]]:
    """What must have been asked for, load by load, for a deck."""
    drawn = words(draw["seq"], draw["head"], draw["scale"])
    goods, weights = draw["goods_g"], draw["weights_g"]
    kept = shuffled(list(range(len(weights))), drawn)[:WEIGHT_LOADS]
    cards = shuffled([*(("goods", i) for i in range(len(goods))), *(("weights", i) for i in kept)], drawn)
    places = shuffled([place for place, (way, _) in enumerate(cards) if way == "goods"], drawn)
    last, heavy = max(places), len(goods) // 2
    keys_at = next(place for place in places if cards[place][1] >= heavy and place != last)
    others = [place for place in places if place != keys_at]
    hold_at = next(place for place in others if cards[place][1] >= heavy)
    power_at = next(place for place in others if place > keys_at)
    repeat_at = next(place for place in others if place != power_at)
    keys = shuffled(draw["keys"], drawn)
    asked = []
    for place, (way, index) in enumerate(cards):
        load = {"way": way, "asked_g": goods[index] if way == "goods" else [weights[index]], "again": ""}
        asked.append({**load, "hold": place == hold_at, "keys": keys if place == keys_at else []})
        for at, again in ((power_at, "power"), (repeat_at, "repeat")):
            if place == at:
                asked.append({**load, "again": again, "hold": False, "keys": []})
    return asked


def check(body: dict[str, Any], seq: int, hashes: dict[int, str]) -> str:
    """What can be said of one challenge; raises Wrong."""
    draw = body["draw"]
    if draw["version"] != VERSION:
        raise Wrong(f"drawn by rule {draw['version']}, which this program does not know")
    if not draw["seq"] < seq or hashes.get(draw["seq"]) != draw["head"]:
        raise Wrong(f"entry {draw['seq']} is not the head that it says it was drawn from")
    if draw["scale"] != body["scale"]["id"]:
        raise Wrong("drawn for another scale")
    followed = [
        {key: trial[key] for key in ("way", "asked_g", "again", "hold", "keys")} for trial in body["trials"]
    ]
    if followed != order(draw):
        raise Wrong("the order is not the one that follows from its head")
    between = seq - draw["seq"] - 1
    return f"drawn from entry {draw['seq']}, {between} entries between; {len(followed)} loads in drawn order"


def challenges(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The challenges in a body: the body itself, or one inside a verification."""
    if body.get("procedure") == "challenge":
        yield body
    for value in body.values():
        if isinstance(value, dict):
            yield from challenges(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from challenges(item)


def look_at(file: str) -> tuple[list[str], int]:
    """What can be said of each challenge in a file, and how many are wrong; raises Wrong, NoFile."""
    hashes: dict[int, str] = {}
    said, wrong = [], 0
    with opened(file) as record:
        for at, line in lines(record):
            header, payload, *_ = (*line.split("."), "")
            try:
                if parse(decode(header)).get("typ") != ENTRY:
                    continue
                entry = parse(decode(payload))
            except BadBytes as error:
                raise BadBytes(f"line {at}: {error}: let check_ledger.py look at it") from None
            seq: Any = entry.get("seq")
            body = entry.get("body")
            if not number(seq, 1) or not isinstance(body, dict):
                raise BadBytes(f"line {at} is no line of a ledger: let check_ledger.py look at it")
            hashes[seq] = hashlib.sha256(line.encode()).hexdigest()
            for each in challenges(body):
                try:
                    said.append(f"entry {seq}: {check(each, seq, hashes)}")
                except (
                    Wrong,
                    KeyError,
                    IndexError,
                    TypeError,
                    ValueError,
                    StopIteration,
                    OverflowError,
                ) as error:
                    wrong += 1
                    said.append(f"entry {seq}: WRONG: {error}")
    return said, wrong


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1 or given[0].startswith("-"):
        print(__doc__)
        return 0 if "--help" in given else 2
    wrong = 0

    def look() -> list[str]:
        nonlocal wrong
        said, wrong = look_at(given[0])
        return [*said, f"{len(said)} challenges, {wrong} wrong"]

    return told(look) or (1 if wrong else 0)


if __name__ == "__main__":
    sys.exit(main())
