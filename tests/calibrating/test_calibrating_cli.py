"""`steelyard calibrate` as a program and a person see it, and what the record says afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from calibrating_data import Cell, real
from typer.testing import CliRunner, Result

from firmware_app.calibrating.record import CHANGED, differs, known, values
from firmware_app.cli.main import app
from firmware_app.ledger.home import open_ledger, read_ledger
from firmware_app.service.clock import SystemClock
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.weighing.calibration import Calibration
from hardware.bench import ask

DEMO = Path(__file__).resolve().parents[2] / "firmware_app" / "cli" / "demo" / "data"


def calibrate(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["calibrate", *arguments], input=typed)


@pytest.fixture
def points(tmp_path: Path) -> Path:
    """A calibration up and down, as a file."""
    path = tmp_path / "points.csv"
    rows = [f"{p.load_g:.0f},{p.counts:.1f},{p.counts_u},{p.direction}" for p in Cell(1).points(5)]
    path.write_text("grams,counts,u,direction\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def appliance(points: Path) -> Iterator[Path]:
    """A configuration whose pan is not calibrated yet, in a short directory."""
    root = Path(tempfile.mkdtemp(dir="/tmp", prefix="cal"))
    (root / "steelyard.toml").write_text(
        f"""
        registry = "{DEMO / "registry.toml"}"
        weights = "{DEMO / "weights.toml"}"
        [device]
        id = "T-1"
        data_dir = "data"
        run_dir = "."
        [pan]
        driver = "simulated"
        calibration = "pan.toml"
        """
    )
    yield root
    shutil.rmtree(root, ignore_errors=True)


def test_points_for_programs(points: Path) -> None:
    result = calibrate("--points", str(points), "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 0, result.output
    assert told["order"] == 2 and told["refused"] is False
    assert told["counts_per_gram"] == pytest.approx(300, rel=1e-3)
    assert len(told["residuals"]) == 11 and told["outliers"] == []
    assert told["uncertainty"][0]["load_g"] == 0
    assert told["hysteresis_from"] == "measured" and told["reduced_chi_square"] > 0


def test_points_for_people_with_picture_and_file(points: Path, tmp_path: Path) -> None:
    picture, out = tmp_path / "r.png", tmp_path / "pan.toml"

    result = calibrate(
        "--points",
        str(points),
        "--plot",
        str(picture),
        "--out",
        str(out),
        "--max",
        "15kg",
        "--interval",
        "5g",
    )

    assert result.exit_code == 0, result.output
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    assert "order 2: a lower one leaves more than chance does" in result.stdout
    assert "hysteresis" in result.stdout and "⅓ MPE" in result.stdout
    kept = Calibration.load(out)
    assert (kept.capacity_g, kept.resolution_g) == (15_000, 5)
    assert kept.curve is not None and kept.curve.order == 2 and len(kept.points) == 11
    assert Calibration.parse(kept.dump()) == kept


def test_a_mistake_is_named_with_its_row_and_the_rest_still_calibrates(points: Path) -> None:
    points.write_text(points.read_text().replace("9000,", "900,", 1))

    told = json.loads(calibrate("--points", str(points), "--json").stdout)
    words = calibrate("--points", str(points)).stdout

    (outlier,) = told["outliers"]
    assert outlier["row"] == 5 and {"kind": "factor_ten", "figure": "9000"} in outlier["should_be"]
    assert "row 5: 900 g" in words and "look at row 5" in words


def test_several_cells_of_one_file(tmp_path: Path) -> None:
    file = str(real("calibration_values_gmF.csv"))

    every = json.loads(calibrate("--points", file, "--json").stdout)
    one = calibrate("--points", file, "--column", "degraw", "--out", str(tmp_path / "d.toml"))
    unsaid = calibrate("--points", file, "--out", str(tmp_path / "e.toml"))

    assert [cell["column"] for cell in every["cells"]] == ["tal220", "degraw", "CZL635"]
    assert all(3 in [outlier["row"] for outlier in cell["outliers"]] for cell in every["cells"])
    assert one.exit_code == 0 and (tmp_path / "d.toml").exists()
    assert unsaid.exit_code == 2 and not (tmp_path / "e.toml").exists()


def test_refused_data_write_nothing_and_leave_with_one(tmp_path: Path) -> None:
    file, out = tmp_path / "p.csv", tmp_path / "pan.toml"
    file.write_text("grams,counts\n0,100\n10,200\n20,300\n30,400\n")

    result = calibrate("--points", str(file), "--out", str(out), "--plot", str(tmp_path / "r.png"))

    assert result.exit_code == 1
    assert "under 1 % of the converter's range" in result.stdout and "no calibration" in result.stdout
    assert not out.exists() and not (tmp_path / "r.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--points", "none.csv"], 3, "No such file"),
        (["--points", "bad.csv"], 2, "row 2: load 'x' is no figure"),
        (["--points", "bad.csv", "--driver", "spi"], 2, "not both"),
        (["--points", "good.csv", "--column", "b"], 2, "there are counts"),
        (["--points", "good.csv", "--max", "15"], 2, "--max"),
        (["--points", "good.csv", "--interval", "-1g"], 2, "above zero"),
        (["--driver", "simulated"], 2, "--weights FILE"),
        (["--driver", "simulated", "--weights", str(DEMO / "weights.toml")], 2, "--max 15kg"),
        (["--points", "good.csv", "--config", "none.toml"], 2, "none.toml"),
        (["--points", "good.csv", "--cell-intervals", "3000"], 2, "give --max too"),
        (
            ["--driver", "nonsense", "--max", "9kg", "--weights", str(DEMO / "weights.toml")],
            2,
            "no part 'nonsense'",
        ),
    ],
)
def test_wrong_use_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "bad.csv").write_text("grams,counts\nx,2\n")
    (tmp_path / "good.csv").write_text("grams,counts\n0,2\n500,500000\n1000,1000000\n")
    monkeypatch.chdir(tmp_path)

    result = calibrate(*arguments)

    assert result.exit_code == code, result.output
    assert words in result.stderr.replace("\n", " ")


# ------------------------------------------------------------------------------------------ the record


def of_kind(root: Path, kind: str) -> list[dict[str, object]]:
    with read_ledger(root / "data") as ledger:
        return [entry.payload.body for entry in ledger.of_kind(kind, 0)]


def install(root: Path, points: Path, name: str) -> Result:
    return calibrate(
        *("--points", str(points), "--config", str(root / "steelyard.toml"), "--out", str(root / "pan.toml")),
        *("--id", name, "--max", "15kg", "--interval", "5g"),
    )


def test_the_appliances_calibration_goes_on_record_with_old_and_new_values(
    appliance: Path, points: Path
) -> None:
    assert install(appliance, points, "first").exit_code == 0
    points.write_text(points.read_text().replace("9000,", "900,", 1))
    second = install(appliance, points, "second")

    assert second.exit_code == 0 and "recorded as entry 3" in second.stderr
    one, two = of_kind(appliance, "calibration")
    assert one["old"] is None
    assert two["old"] == one["new"] and two["new"]["id"] == "second"  # type: ignore[index]
    assert two["new"]["order"] == 2 and len(two["new"]["sha256"]) == 64  # type: ignore[index]
    assert any(finding["code"] == "set_aside" for finding in two["findings"])  # type: ignore[union-attr]


def test_what_no_calibration_tells_is_carried_over(appliance: Path, points: Path) -> None:
    assert install(appliance, points, "first").exit_code == 0
    file = appliance / "pan.toml"
    told = file.read_text().replace('gravity = ""', 'gravity = "9.794 m/s²"', 1)
    file.write_text(told)
    before = Calibration.load(file)
    cell = msgspec.structs.replace(before.cell, creep=1.5e-4)
    msgspec.structs.replace(before, cell=cell).save(file)

    assert install(appliance, points, "second").exit_code == 0

    after = Calibration.load(file)
    assert (after.id, after.gravity, after.cell) == ("second", "9.794 m/s²", cell)


def test_where_the_core_owns_the_record_it_notes_the_change_at_its_next_start(
    appliance: Path, points: Path
) -> None:
    assert install(appliance, points, "first").exit_code == 0
    core = Core(load(appliance / "steelyard.toml"))
    points.write_text(points.read_text().replace("84", "85", 1))
    meanwhile = install(appliance, points, "second")
    core.close()
    assert meanwhile.exit_code == 0 and "restart it" in meanwhile.stderr

    Core(load(appliance / "steelyard.toml")).close()
    Core(load(appliance / "steelyard.toml")).close()

    (change,) = of_kind(appliance, CHANGED)
    assert (change["old"]["id"], change["new"]["id"]) == ("first", "second")  # type: ignore[index]
    starts = of_kind(appliance, "start")
    assert [start["calibration"] for start in starts] == ["first", "second", "second"]


def test_a_figure_changed_by_hand_is_noted_too(appliance: Path, points: Path) -> None:
    assert install(appliance, points, "first").exit_code == 0
    file = appliance / "pan.toml"
    file.write_text(file.read_text().replace("repeatability_g = ", "repeatability_g = 9", 1))

    Core(load(appliance / "steelyard.toml")).close()

    (change,) = of_kind(appliance, CHANGED)
    assert change["new"]["id"] == change["old"]["id"] == "first"  # type: ignore[index]
    assert change["new"]["repeatability_g"] > 90 > change["old"]["repeatability_g"]  # type: ignore[index, operator]


def test_a_record_of_an_older_program_knows_the_id_only(appliance: Path, points: Path) -> None:
    assert install(appliance, points, "new").exit_code == 0
    shutil.rmtree(appliance / "data")
    with open_ledger(
        appliance / "data", clock=SystemClock("Asia/Shanghai"), software="x", device="T-1"
    ) as ledger:
        ledger.append("start", {"calibration": "old"})
        told = known(ledger)

    assert told == {"id": "old"}
    assert differs(told, values(Calibration.load(appliance / "pan.toml"), "0" * 64))
    assert not differs(None, values(Calibration.load(appliance / "pan.toml"), "0" * 64))


# ------------------------------------------------------------------------------------------ live


@pytest.mark.slow
def test_guided_over_a_live_simulated_pan_killed_and_resumed(appliance: Path) -> None:
    """The program as a process of its own; a hand puts on what it asks for; a kill loses nothing."""
    bench = appliance / "bench.ipc"
    line = [sys.executable, "-m", "firmware_app.cli.main", "calibrate", "--driver", "simulated", "--json"]
    line += ["--option", f"bench={bench}", "--weights", str(DEMO / "weights.toml"), "--max", "4kg"]
    line += ["--loads", "2", "--keep", str(appliance / "points.csv")]

    def session(most: int) -> tuple[str, int]:
        process = subprocess.Popen(line, stdin=-1, stdout=-1, stderr=-1, text=True)
        assert process.stdin and process.stderr and process.stdout
        out: list[str] = []
        reader = threading.Thread(target=lambda: out.append(process.stdout.read()))  # type: ignore[union-attr]
        reader.start()
        said = ""
        while most and (character := process.stderr.read(1)):
            said += character
            if not said.endswith("leave) "):
                continue
            most -= 1
            asked = said.rsplit("  ", 1)[-1] if "take everything" not in said else ""
            kilograms = 0.0 if not asked.startswith(("put on", "change to")) else _kilograms(asked)
            ask(bench, load_g=kilograms * 1000)
            process.stdin.write("\n")
            process.stdin.flush()
            said = ""
        if process.poll() is None and most == 0:
            process.kill()
        process.wait(30)
        reader.join(30)
        return "".join(out), process.returncode

    _, code = session(3)
    assert code != 0
    before = (appliance / "points.csv").read_text().count("\n")
    assert before >= 4

    told, code = session(99)

    assert code == 0
    assert json.loads(told)["counts_per_gram"] == pytest.approx(300, rel=1e-3)


def _kilograms(asked: str) -> float:
    figure, unit = asked.replace("\u00a0", " ").split(":")[0].split()[2:4]
    return float(figure) * (1.0 if unit == "kg" else 1e-3)
