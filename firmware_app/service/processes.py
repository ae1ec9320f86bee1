"""The four processes as command lines: what systemd starts and what `steelyard run` starts."""

from __future__ import annotations

import sys

from firmware_app.service.config import Loaded, Option, Pan
from firmware_app.service.messages import PAN

NAMES = ("sampler", "core", "uploader", "kiosk")


def command_line(process: str, loaded: Loaded) -> list[str] | None:
    """The command line of one process; None where the configuration has no use for it."""
    return {"sampler": _sampler, "core": _core, "uploader": _uploader, "kiosk": _kiosk}[process](loaded)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _sampler(loaded: Loaded) -> list[str]:
    pan = loaded.config.pan
    line = ["--driver", pan.driver, "--name", PAN, "--run-dir", str(loaded.run_dir)]
    for key, value in pan_options(pan).items():
        line += ["--option", f"{key}={value}"]
    return _python("hardware.loadcell.sampler", *line)


def pan_options(pan: Pan) -> dict[str, Option]:
    """The options that the driver of the pan is given."""
    # A recording brings its own rate, and its driver refuses to be told another.
    rate: dict[str, Option] = {} if pan.driver == "replay" else {"rate_hz": pan.rate_hz}
    return {**rate, **pan.options}


def _core(loaded: Loaded) -> list[str]:
    return _python("firmware_app.service", "--config", str(loaded.path))


def _uploader(loaded: Loaded) -> list[str] | None:
    county = loaded.config.county
    if county is None:
        return None
    pinned = ["--ca", str(loaded.resolve(county.ca))] if county.ca else []
    stick, sticks = loaded.config.stick, []
    if stick is not None:
        sticks = ["--sticks", str(loaded.resolve(stick.directory))]
        sticks += ["--simulated-sticks"] if stick.simulated else []
    line = ["--run-dir", str(loaded.run_dir), "--county", county.url, *pinned, *sticks]
    return _python("firmware_app.upload", *line)


def _kiosk(loaded: Loaded) -> list[str]:
    screen = loaded.config.screen
    line = ["--run-dir", str(loaded.run_dir), "--language", screen.language, "--size", screen.size]
    line += ["--idle-s", str(screen.idle_s)]
    if screen.fullscreen:
        line.append("--fullscreen")
    return _python("kiosk", *line)
