"""Encoders of the simulator against decoders of the shelf, for any weight a scale can show.

The two share no code; what they agree on is the protocol.
"""

from __future__ import annotations

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.scale import simulated
from hardware.scale.contract import Indication
from hardware.scale.profile import builtin_profiles
from hardware.scale.simulated.display import GRAMS, Display
from hardware.scale.simulated.encoders import ENCODERS, VARIANTS, Encoder

SHELF = builtin_profiles()
SHELVED = {info.id for info in SHELF.list()}
SHAPES: dict[str, Encoder] = {
    **ENCODERS,
    **{
        f"{profile}/{name}": encode for profile, shapes in VARIANTS.items() for name, encode in shapes.items()
    },
}
INTERVALS = [Decimal(text) for text in ("0.001", "0.002", "0.005", "0.01", "0.02")]
WHOLE_ONLY = frozenset({"fairbanks-6011"})
IN_COUNTS = frozenset({"modbus-rtu", "flintec-modbus"})
"""Transmitters that send counts, the point being in another register."""
NO_WEIGHT = frozenset({"dingsong-ds822"})
"""Frames that are recognised, and of which no weight is made."""
IN_ROW = 4
"""Some framers believe a frame only when others follow in phase."""


def test_every_protocol_of_the_shelf_is_simulated() -> None:
    assert set(ENCODERS) == SHELVED


def decoded(profile: str, frame: bytes) -> list[Indication]:
    decoder = SHELF.decoder(profile)
    return decoder.feed(frame * IN_ROW) + decoder.finish()


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_what_is_encoded_is_decoded(shape: str) -> None:
    """Given any weight, stable or not, gross or net, when a frame is sent, then that weight is read.

    Some protocols call every weight net, which it is without a tare.
    """
    profile = shape.split("/", maxsplit=1)[0]
    whole = profile in WHOLE_ONLY
    seen = 0

    @settings(max_examples=60)
    @given(
        st.integers(-20, 3009),
        st.sampled_from([Decimal(10)] if whole else INTERVALS),
        st.booleans(),
        st.sampled_from([Decimal(0), Decimal(40)]),
    )
    def trip(steps: int, interval: Decimal, stable: bool, tare: Decimal) -> None:
        nonlocal seen
        shown = Display(
            value=steps * interval,
            unit="lb" if whole else "kg",
            stable=stable,
            kind="net" if tare else "gross",
            tare=tare * interval,
            interval=interval,
        )
        assert shown.value is not None
        for one in decoded(profile, SHAPES[shape](shown)):
            if profile in NO_WEIGHT:
                assert one.value is None
                assert one.error
                seen += 1
            if one.value is None:
                continue
            value = one.value.scaleb(-shown.decimals) if profile in IN_COUNTS else one.value
            assert value * GRAMS[one.unit or shown.unit] == shown.value * GRAMS[shown.unit]
            assert one.stable in (None, stable)
            assert one.kind.value in ("unknown", shown.kind, "unknown" if tare else "net")
            assert (
                one.tare is None or one.tare * GRAMS[one.unit or shown.unit] == shown.tare * GRAMS[shown.unit]
            )
            seen += 1

    trip()
    assert seen > 0, "nothing was read at all"


def test_the_simulator_shares_no_code_with_the_reader() -> None:
    """Given every module of the simulator, then of this project it imports itself and the bench only."""
    folder = Path(simulated.__file__).parent
    allowed = ("hardware.scale.simulated", "hardware.bench")
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file.name}: relative import"
                names = [node.module or ""]
            ours = [name for name in names if name.split(".")[0] in ("hardware", "firmware_app", "kiosk")]
            assert all(name.startswith(allowed) for name in ours), f"{file.name} imports {ours}"
