"""`steelyard judge retail`: whether goods sold by weight are short beyond what is permitted."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

import typer

from firmware_app.cli.common import in_words, print_json
from firmware_app.cli.judge.common import (
    AsJson,
    On,
    Rows,
    day_of,
    exit_code,
    law_rows,
    show,
    unit_notes,
    written,
)
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.quantity import BadAmount, grams, show_mass, trimmed
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.retail import Damages, RetailAnswer, Sale, damages, excluded_answer, judge_retail
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.retail_table import BETTER_SCALE, Excluded, bands_for, method_row
from firmware_app.rules.rows import Pack
from firmware_app.uncertainty.decision import Verdict

MOST_OF_SETTLED = 2
"""An actual mass beyond so many times the settled one is asked about."""
_PRICE = re.compile(r"[¥￥]?\s*(\d{1,9}(?:\.\d{1,4})?)\s*(?:yuan|元)?\s*(?:/\s*(.+))?")


@in_words
def judge_sale(
    *,
    band: Annotated[
        str | None,
        typer.Option(help="low, mid, high, top, gold or silver; or the goods, such as fruit or 水果."),
    ] = None,
    price: Annotated[
        str | None, typer.Option(help="Yuan per kg, such as 12; or with its unit: 6元/斤, 1.2元/100g.")
    ] = None,
    settled: Annotated[str, typer.Option(help="Mass that was paid for, such as 2kg.")],
    actual: Annotated[
        str, typer.Option(help="Mass found; by method 1 that of the weights that show the same.")
    ],
    u: Annotated[
        str | None, typer.Option("--u", help="Standard uncertainty of the actual mass, such as 0.5g.")
    ] = None,
    method: Annotated[
        int, typer.Option(help="1 same scale with weights, 2 better scale, 3 equal scale.")
    ] = BETTER_SCALE,
    recheck: Annotated[
        str | None, typer.Option(help="What the seller's scale showed for the goods again (method 1).")
    ] = None,
    on: On = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Permitted deviation of goods sold by weight, and whether the customer got too little.

    Goods and price may both be given; where they lead to different bands both are shown. Exit code 1 where
    the goods are short. The figures on damages are information.
    """
    day = day_of(on)
    packs = packs_of(data)
    pack = pack_in_force(RetailPack, day, packs)
    sale = Sale(
        settled_g=grams(settled),
        actual_g=grams(actual),
        standard_g=None if u is None else grams(u),
        recheck_g=None if recheck is None else grams(recheck),
    )
    per_kg = None if price is None else price_per_kg(price)
    try:
        answer = judge_retail(pack, bands_for(pack, band, per_kg), sale, method)
    except Excluded as excluded:
        answer = excluded_answer(pack, excluded.row, sale, method)
    short = answer.verdict is Verdict.DOES_NOT_CONFORM and per_kg is not None
    award = damages(pack, per_kg, sale) if short and per_kg is not None else None
    notes = (*unit_notes(packs, day, settled, actual, u, recheck), *_more_notes(packs, day, price, sale))
    if as_json:
        facts = {**written(answer), "notes": notes}
        print_json(facts if award is None else {**facts, "information": written(award)})
    else:
        show(_rows(pack, answer, award) + [("note", note) for note in notes])
    raise typer.Exit(exit_code(answer.verdict))


def price_per_kg(text: str) -> Decimal:
    """The price in yuan per kg; a bare number is one, another unit is converted; raises BadAmount."""
    number, unit = _price_parts(text)
    if unit is None:
        return Decimal(number)
    mass = grams(unit)
    if mass <= 0:
        raise BadAmount(f"{text!r} is a price per nothing: give yuan per kg, such as 12")
    return Decimal(number) * 1000 / mass


def _price_parts(text: str) -> tuple[str, str | None]:
    """The number, and the mass that it is the price of where one is named."""
    match = _PRICE.fullmatch(text.strip()) if len(text) <= 40 else None
    if match is None:
        raise BadAmount(f"{text[:40]!r} is not a price: give yuan per kg, such as 12, or 6元/斤")
    number, unit = match.groups()
    return number, unit if unit is None or unit[0].isdigit() else f"1{unit}"


def _more_notes(packs: tuple[Pack, ...], day: date, price: str | None, sale: Sale) -> tuple[str, ...]:
    """What else a careful reader would ask about."""
    found = []
    number, unit = _price_parts(price) if price is not None else ("", None)
    if unit is not None and unit_notes(packs, day, unit):
        per_kg = f"{trimmed(price_per_kg(price or ''))} yuan/kg"
        found.append(f"{number} yuan/{unit} is {per_kg}; no price may be given in a market unit")
    if sale.actual_g > MOST_OF_SETTLED * sale.settled_g:
        found.append("the actual mass is more than twice what was settled: is it the right figure?")
    return tuple(found)


def _rows(pack: RetailPack, answer: RetailAnswer, award: Damages | None) -> Rows:
    rows = [
        ("settled", show_mass(answer.settled_g)),
        ("actual", show_mass(answer.actual_g)),
        ("settled − actual", show_mass(answer.error_g)),
    ]
    if answer.limit_g is not None:
        rows.append((f"permitted, band {answer.band}, method {answer.method}", show_mass(answer.limit_g)))
    rows += [("verdict", answer.verdict.value), ("", answer.reason)]
    for each in answer.alternatives:
        limit = "none" if each.limit_g is None else show_mass(each.limit_g)
        rows.append((f"by band {each.band}", f"{each.verdict.value}, permitted {limit}"))
    for number in answer.remaining:
        row = method_row(pack, number)
        rows.append(("remaining way", f"method {number}, {row.name}: {row.needs}"))
    if award is not None:
        words = f"refund {award.refund_yuan} yuan; in case of fraud {award.damages_yuan} yuan"
        rows.append(("information", f"{words} ({award.clause})"))
    return rows + law_rows(answer.clause, answer.pack, answer.version, answer.sha256, answer.confidence.value)
