"""The keys that are pressed while a load lies: those by which published cheats were switched on.

Rules this file obeys:

* Only keys of published cases, each with its source; which of them a scale has is seen on the spot.
* A key may change a price, and a tare key what is shown of an empty platter; the weight of a load it may not.
"""

from __future__ import annotations

import msgspec

SOURCE = "market inspections 2014 to 2024 (Qingdao 2014, Jianye, Gaochun 2024, Xinhua 2024, Yiyang 2024)"
"""Public press and notices of market supervision; the record cites it."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to press under load. ``id``: names its words, as ``fact_value.<id>``.

    ``opens``: pressed on the empty platter first, ids of words too; empty for a plain key.
    """

    id: str
    opens: str = ""


KEYS = (
    # Qingdao 2014: M1 to M6 chose the factor; Gaochun 2024: M4, M5 and M6.
    *(Key(id=f"key_m{number}") for number in range(1, 7)),
    # Price keys that added 10, 20 and 30 per cent.
    Key(id="key_1"),
    Key(id="key_3"),
    Key(id="key_5"),
    # Jianye: three buttons at the side added 50, 100 and 120 g.
    Key(id="key_side"),
    # Tare held together with 2, then the price keys.
    Key(id="key_price", opens="key_tare_2"),
    # 3 and tare until two beeps, then M4, M5 and M6.
    Key(id="key_m456", opens="key_3_tare"),
)
