"""Options of a driver, from the configuration or the command line into a checked struct.

Rules this file obeys:

* An unknown key is refused and the nearest known one named; a wrong value is refused with its limits.
* Texts are understood as numbers (``--option rate_hz=80``); infinities and NaN are not.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from typing import TypeVar, get_args, get_type_hints

import msgspec

from hardware.loadcell.contract import BadOption

T = TypeVar("T", bound=msgspec.Struct)

_WHERE = re.compile(r"(?P<why>.*?)(?: - at `\$\.(?P<key>\w+)\S*`)?")


def take(kind: type[T], options: Mapping[str, object], driver: str) -> T:
    """The options as ``kind``, whose fields carry defaults and limits; raises BadOption."""
    known = kind.__struct_fields__
    for key in options:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise BadOption(f"{driver}: no option {key!r}; {hint}known: {', '.join(known)}")
    try:
        taken = msgspec.convert(dict(options), kind, strict=False)
    except msgspec.ValidationError as error:
        match = _WHERE.fullmatch(str(error))
        at = match["key"] if match else None
        why = match["why"] if match else str(error)
        choices = get_args(get_type_hints(kind).get(at or "")) if why.startswith("Invalid enum") else ()
        if choices:
            why = f"is none of {', '.join(map(str, choices))}"
        given = f" (given: {options[at]!r})" if at and at in options else ""
        raise BadOption(f"{driver}: option {at}: {why}{given}" if at else f"{driver}: {why}") from None
    for key in known:
        value = getattr(taken, key)
        if isinstance(value, float) and not math.isfinite(value):
            raise BadOption(f"{driver}: option {key} is {value}: a finite number is needed")
    return taken
