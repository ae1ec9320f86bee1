"""A full on-site examination of a simulated 15 kg/5 g scale in the terminal: answers, keys, loads, minutes.

The appliance is the real one (core and sampler as processes, the pan simulated); the inspector is this
program, which reads what `steelyard visit verification --json` tells and types what a person would. The scale
under test is a model of `hardware.scale.simulated`, which knows nothing of the visit. Minutes are simulated:
what a person needs for each thing is stated below and is our own estimate.

    python benchmarks/verification.py --model honest --out /tmp/examination
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from firmware_app.cli.demo.people import register
from firmware_app.service import config, processes
from hardware import bench
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.models import Position
from hardware.scale.simulated.physics import MarketScale

READ_S, KEY_S, PLACE_S, PIECE_S, SMALL_S, SETTLE_S = 2.0, 0.7, 6.0, 2.0, 4.0, 2.0
"""Seconds to read a page, press a key, clear and load the scale, handle a weight, add a small one, settle."""
STEELYARD = [sys.executable, "-m", "firmware_app.cli.main"]
SMALL_G = Decimal("0.5")
WEIGHTS = """
[[set]]
id = "M1-LARGE"
class = "M1"
certificate = "SIMULATED-1"
valid_to = 2027-10-31
pieces = [{ nominal = "10 kg" }, { nominal = "5 kg" }, { nominal = "2 kg", count = 2 }, { nominal = "1 kg" },
  { nominal = "500 g" }, { nominal = "200 g", count = 2 }, { nominal = "100 g" }, { nominal = "50 g" }]
[[set]]
id = "M1-SMALL"
class = "M1"
certificate = "SIMULATED-2"
valid_to = 2027-10-31
pieces = [{ nominal = "5 g" }, { nominal = "2 g", count = 2 }, { nominal = "1 g" }, { nominal = "500 mg" },
  { nominal = "200 mg", count = 2 }, { nominal = "100 mg" }]
"""
CONFIG = """
registry = "registry.toml"
weights = "weights.toml"
[device]
id = "EXAM-1"
data_dir = "data"
run_dir = "run"
[pan]
driver = "simulated"
calibration = "pan.toml"
rate_hz = 80
[pan.options]
bench = "{root}/run/bench-pan.ipc"
"""
DEMO = Path(__file__).parents[1] / "firmware_app" / "cli" / "demo" / "data"


class Inspector:
    """Reads a page, does what it asks for at the scale and gives the line to type."""

    def __init__(self, model: str, pan: Path) -> None:
        self.scale = MarketScale(Plate(max_g=Decimal(15000), e_g=Decimal(5)), model)
        self.pan = pan
        self.now_s = 1.0
        self.seconds = 0.0
        self.load = self.sold = 0.0
        self.counted: Counter[str] = Counter()
        self.said: list[tuple[str, str]] = []

    def answer(self, told: dict) -> str | None:
        """The line for a prompt, None where an instrument goes on by itself."""
        prompt = told["prompt"]
        self.seconds += READ_S
        text = self._answer(prompt)
        if text is not None:
            self.counted["answers"] += 1
            self.counted["keys"] += len(text) + 1
            self.seconds += KEY_S * (len(text) + 1)
            self.said.append((prompt.get("key", prompt["type"]), text))
        return text

    def _answer(self, prompt: dict) -> str | None:
        kinds = {"ask_stall": "12", "choose_scale": "1", "ask_witness": "1002"}
        if prompt["type"] in kinds:
            return kinds[prompt["type"]]
        if prompt["type"] != "page":
            return None
        key = prompt["key"]
        fixed = {
            "verif_scale": "right",
            "verif_stage": "in_service",
            "verif_temperature": "12.5",
            "verif_humidity": "38",
            "verif_look_all": "all_hold",
            "verif_ready": "",
            "verif_failed": "go_on",
            "verif_stopped": "end",
            "verif_review": "sign",
        }
        if key in fixed:
            return fixed[key]
        if key.startswith("challenge_"):
            return getattr(self, "on_" + key.removeprefix("challenge_"))(prompt)
        if key == "verif_tracking":
            return self.track(prompt)
        if key == "verif_added":
            return self.change_point()
        if key == "verif_discrimination":
            return self.discriminate(prompt)
        if key == "verif_amount":
            exact = Decimal(fact(prompt, "verif_price")) * self.shown() / 1000
            return str(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))
        return f"{self.place(prompt)} g"

    # ------------------------------------------------------------------------------------------ at the scale

    def shown(self) -> Decimal:
        return self.scale.at(self.now_s).grams

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.seconds += seconds

    def put(self, load: float, place: str = "", pieces: int = 1) -> Decimal:
        self.scale.put(0.0, self.now_s)
        self.wait(PLACE_S + PIECE_S * pieces)
        where = Position(place) if place in list(Position) else Position.CENTRE
        self.scale.put(load, self.now_s, where)
        self.wait(SETTLE_S)
        self.load = load
        self.counted["loads"] += 1
        return self.shown()

    def add(self, load: float) -> Decimal:
        self.scale.put(load, self.now_s)
        self.wait(SMALL_S)
        return self.shown()

    def place(self, prompt: dict) -> Decimal:
        pieces = [float(piece) for piece in prompt["pieces_g"]]
        tared = "verif_tare" in [each["label"] for each in prompt["facts"]]
        if self.scale.at(self.now_s).tare_g or tared:
            self.put(0.0, pieces=0)
            self.scale.press("zero", self.now_s)
            self.wait(1.0)
        if not tared:
            place = fact(prompt, "verif_place").removeprefix("verif_")
            return self.put(sum(pieces), place, len(pieces))
        box = self.box(float(fact(prompt, "verif_tare")))
        self.scale.press("tare", self.now_s)
        self.wait(1.0)
        self.load = box + sum(pieces)
        self.wait(PIECE_S * len(pieces))
        return self.add(self.load)

    def box(self, about: float) -> float:
        """A box that the simulated tare (a whole number of e) takes well: a real one is finer."""
        for tenths in range(0, 100, 5):
            box = about - 60 - tenths / 10
            shown = self.peek(box)
            if {self.peek(box - 2), self.peek(box + 2)} == {shown}:
                break
        self.put(box)
        return box

    def peek(self, load: float) -> Decimal:
        """What would be shown; takes no time of anybody."""
        self.scale.put(load, self.now_s)
        self.now_s += SETTLE_S
        return self.shown()

    def change_point(self) -> str:
        first, count = self.shown(), 0
        while self.shown() <= first and count < 12:
            count += 1
            self.add(self.load + count * float(SMALL_G))
        self.counted["small weights"] += count
        return str(count)

    def track(self, prompt: dict) -> str:
        """Small things one after another on the scale at zero, until it leaves it."""
        self.put(0.0, pieces=0)
        self.scale.press("zero", self.now_s)
        self.wait(1.0)
        for count in range(1, int(fact(prompt, "verif_times")) + 1):
            self.counted["small weights"] += 1
            if self.add(count * float(fact(prompt, "verif_each"))):
                return "left_zero"
        return "stayed_at_zero"

    def discriminate(self, prompt: dict) -> str:
        first = self.put(sum(float(piece) for piece in prompt["pieces_g"]))
        load = self.load
        while self.add(load) == first:
            load += float(SMALL_G)
        over = self.shown()
        return "yes" if self.add(load + float(fact(prompt, "verif_extra"))) >= over + 5 else "no"

    # ---------------------------------------------------------------------------------------- the challenge

    def on_ready(self, _prompt: dict) -> str:
        return ""

    def on_goods(self, prompt: dict) -> str:
        low, high = (float(each["value"]) for each in prompt["facts"])
        self.sold = round(low + (0.313, 0.571, 0.787)[prompt["number"] % 3] * (high - low), 1)
        return f"{self.put(self.sold)} g"

    def on_repeat(self, _prompt: dict) -> str:
        return f"{self.put(self.sold)} g"

    on_powered = on_repeat

    def on_weights(self, prompt: dict) -> str:
        return f"{self.put(float(prompt['facts'][0]['value']))} g"

    def on_power(self, _prompt: dict) -> str:
        self.put(0.0, pieces=0)
        self.scale.switch_on(self.now_s)
        self.wait(5.0)
        return ""

    def on_hold(self, prompt: dict) -> str | None:
        if prompt.get("problem"):
            self.wait(1.0)
        self.wait(11.0)
        time.sleep(11.0)  # the appliance looks at its own clock: the load must really lie so long
        return "same"

    def on_key(self, _prompt: dict) -> str:
        return "same"

    on_sequence = on_key

    def on_changed(self, _prompt: dict) -> str:
        return f"{self.shown()} g"

    def on_clear_pan(self, _prompt: dict) -> None:
        bench.ask(self.pan, load_g=0.0)

    def on_weigh(self, _prompt: dict) -> None:
        self.wait(PLACE_S)
        bench.ask(self.pan, load_g=self.sold)
        self.counted["loads"] += 1


def fact(prompt: dict, label: str) -> str:
    """The value of a fact of a page, empty where it has none."""
    return next((each["value"] for each in prompt["facts"] if each["label"] == label), "")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", default="honest")
    options.add_argument("--out", type=Path, default=Path("examination"))
    chosen = options.parse_args()
    root = Path(tempfile.mkdtemp(prefix="sv", dir="/tmp"))
    for name in ("data", "run"):
        (root / name).mkdir(mode=0o700)
    for name in ("registry.toml", "pan.toml"):
        shutil.copy(DEMO / name, root)
    (root / "weights.toml").write_text(WEIGHTS, encoding="utf-8")
    (root / "steelyard.toml").write_text(CONFIG.format(root=root), encoding="utf-8")
    loaded = config.load(root / "steelyard.toml")
    lines = [processes.command_line(name, loaded) for name in ("sampler", "core")]
    running = [subprocess.Popen(line) for line in lines if line is not None]
    try:
        people = {each.number: each for each in register(root / "run", root / "data")}
        (root / "pins").write_text(f"{people['1001'].pin}\n{people['1002'].pin}\n", encoding="ascii")
        inspector = Inspector(chosen.model, root / "run" / "bench-pan.ipc")
        outcome = play(root, inspector)
        chosen.out.mkdir(parents=True, exist_ok=True)
        sheet = chosen.out / f"verification-{outcome['entry']}.pdf"
        sheet_line = [
            "record-sheet",
            str(outcome["entry"]),
            "--data",
            str(root / "data"),
            "--out",
            str(sheet),
        ]
        subprocess.run([*STEELYARD, *sheet_line], check=True)
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(10)
        shutil.rmtree(root, ignore_errors=True)
    print(f"verdict {outcome['verdict']}, entry {outcome['entry']}, sheet {sheet}")
    print(", ".join(f"{what} {count}" for what, count in sorted(inspector.counted.items())))
    print(f"simulated time {inspector.seconds / 60:.0f} min")


def play(root: Path, inspector: Inspector) -> dict:
    """The visit in the terminal; gives the prompt that it ended with."""
    line = ["visit", "verification", "--run-dir", str(root / "run"), "--as", "1001", "--json"]
    line += ["--pin-file", str(root / "pins"), "--answers", "-"]
    with subprocess.Popen(
        [*STEELYARD, *line], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as visit:
        assert visit.stdin is not None and visit.stdout is not None
        for text in visit.stdout:
            told = json.loads(text)
            if told["wants"] == "end":
                return told["prompt"]
            answer = inspector.answer(told)
            if answer is not None:
                visit.stdin.write(answer + "\n")
                visit.stdin.flush()
    raise SystemExit("the visit ended before its outcome")


if __name__ == "__main__":
    main()
