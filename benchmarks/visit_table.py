"""What ten thousand visits come to, as people read it: counts, bounds of rates, a table in Markdown."""

from __future__ import annotations

from collections import Counter

from scipy.stats import beta
from visit_scales import CHEATS, HONEST, OUT_OF_ORDER

WAYS = {
    "plain": "plain",
    "weights": "self-check, weights",
    "goods": "self-check, goods",
    "lead": "self-check, goods, over the lead",
    "challenge": "challenge",
}
NAMES = {
    "honest": "honest, half of them at the edge",
    "worn": "worn",
    "carried": "carried from the coast",
    "multiplier": "+10 % on everything",
    "plu_multiplier": "factor by key, on or hidden",
    "nominal_honest": "true with weights, +10 % else",
    "offset": "+10 e from 100 e up",
    "remote_jump": "+20 e by remote control",
    "delayed_drop": "−5 % after 1.5 s",
    "base_number": "+10 e after the first load",
    "tare_forgotten": "a dish that is never tared",
}
MARKET = (*HONEST, *OUT_OF_ORDER, *CHEATS)
WITHOUT_INTENT = (*HONEST, *OUT_OF_ORDER)
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def upper(found: int, of: int, confidence: float = 0.95) -> float:
    """One-sided upper bound of a rate (Clopper and Pearson)."""
    return 1.0 if found >= of else float(beta.ppf(confidence, found + 1, of - found))


def rate(found: int, of: int) -> str:
    """How many, and the bound of their rate, as people read it."""
    most = upper(found, of)
    if most >= 0.1:
        return f"{_whole(found)}, {most:.2f}"
    digits, power = f"{most:.1e}".split("e-")
    return f"{_whole(found)}, {digits}·10⁻{str(int(power)).translate(SUPERSCRIPT)}"


def _whole(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def table(results: dict[tuple[str, str], Counter[str]]) -> str:
    """The figures as Markdown."""
    head = ("scale", "checked by", "visits", "conforms", "undecided", "does not conform")
    lines = [
        "| " + " | ".join((*head, "wronged, at most", "missed, at most", "seen")) + " |",
        "|---|---|" + "---:|" * 7,
    ]
    before = ""
    for (model, way), counts in results.items():
        of = counts["visits"]
        if not of:
            continue
        verdicts = [_whole(counts[name]) for name in ("conforms", "undecided", "does_not_conform")]
        innocent = model in WITHOUT_INTENT
        cells = [
            "" if model == before else NAMES.get(model, model),
            WAYS[way],
            _whole(of),
            *verdicts,
            rate(counts["wronged"], of) if innocent else "",
            "" if innocent else rate(counts["missed"], of),
            "" if innocent else _whole(counts["seen"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
        before = model
    return "\n".join(lines)


def remarks(results: dict[tuple[str, str], Counter[str]]) -> str:
    """What the table has no column for."""
    lines = []
    for way, name in WAYS.items():
        by_model = {model: counts for (model, way_), counts in results.items() if way_ == way}
        total = sum(by_model.values(), Counter[str]())
        innocent = sum((by_model[model] for model in WITHOUT_INTENT if model in by_model), Counter[str]())
        if not total["visits"]:
            continue
        lines.append(
            f"{name}: {total['cpu_ms'] / total['visits']:.1f} ms a visit, "
            f"cannot judge {total['cannot_judge']}, "
            f"wronged of {_whole(innocent['visits'])}: {rate(innocent['wronged'], innocent['visits'])}"
        )
        for model, counts in by_model.items():
            said = {key: n for key, n in counts.items() if n and key.startswith(("as_", "changed"))}
            lines += [f"  {model}: {said}"] if said else []
    return "\n".join(lines)
