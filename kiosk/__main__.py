"""``python -m kiosk --run-dir DIR``: the screen of the appliance.

Kivy reads its settings when it is first imported, so they are laid down here, in a folder of the run
directory, before anything of Kivy is touched: one input provider, no red dots, no keys, capped frames.
With ``SDL_VIDEODRIVER=offscreen`` everything is drawn, and nothing is seen.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

LANGUAGES = ("zh", "bo", "en")
MOST_FRAMES = 30
SIDES = range(320, 4097)


def size(text: str) -> tuple[int, int]:
    """``800x480`` as two numbers; raises ArgumentTypeError."""
    match = re.fullmatch(r"(\d{3,4})x(\d{3,4})", text)
    if match is None or any(int(side) not in SIDES for side in match.groups()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 800x480")
    return int(match[1]), int(match[2])


def seconds(text: str) -> float:
    """A positive number of seconds; raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 86400")
    return value


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m kiosk",
        description="The screen of the appliance.",
        epilog="example: python -m kiosk --run-dir /run/steelyard --language zh --fullscreen",
    )
    parser.add_argument("--run-dir", type=Path, required=True, help="where the sockets of the core lie")
    parser.add_argument("--language", choices=LANGUAGES, default="zh", help="language of the home screen")
    parser.add_argument("--size", type=size, default=(800, 480), metavar="WxH", help="pixels (800x480)")
    parser.add_argument("--fullscreen", action="store_true", help="take the whole screen")
    parser.add_argument("--idle-s", type=seconds, default=60.0, help="without a touch until the warning (60)")
    parser.add_argument("--warning-s", type=seconds, default=15.0, help="of the warning (15)")
    parser.add_argument(
        "--dark-s", type=seconds, default=300.0, help="at home until the screen goes dark (300)"
    )
    parser.add_argument("--robot", type=Path, metavar="SOCKET", help="let a script use the touch screen")
    return parser.parse_args(arguments)


def lay_down_settings(home: Path, width: int, height: int, *, fullscreen: bool) -> None:
    """Kivy's settings for an appliance, in a folder of their own; nothing of the user's is read."""
    home.mkdir(parents=True, exist_ok=True)
    os.environ["KIVY_HOME"] = str(home)
    os.environ["KIVY_NO_ARGS"] = "1"
    os.environ["KIVY_NO_FILELOG"] = "1"
    os.environ["KIVY_LOG_MODE"] = "MIXED"
    from kivy.config import Config

    for section, key, value in (
        ("kivy", "exit_on_escape", "0"),
        ("kivy", "pause_on_minimize", "0"),
        ("kivy", "log_level", "warning"),
        ("graphics", "width", str(width)),
        ("graphics", "height", str(height)),
        ("graphics", "maxfps", str(MOST_FRAMES)),
        ("graphics", "multisamples", "0"),
        ("graphics", "resizable", "0"),
        ("graphics", "fullscreen", "auto" if fullscreen else "0"),
        ("graphics", "borderless", "1" if fullscreen else "0"),
        ("graphics", "show_cursor", "0" if fullscreen else "1"),
    ):
        Config.set(section, key, value)
    # One finger must not arrive twice: SDL alone reports touches (and the mouse of a desktop).
    for provider in Config.options("input"):
        Config.remove_option("input", provider)
    Config.set("input", "mouse", "mouse,disable_multitouch")
    for module in Config.options("modules"):
        Config.remove_option("modules", module)


def main(arguments: list[str] | None = None) -> int:
    """0 after a clean end, 2 for wrong use, 3 where the screen cannot be opened."""
    chosen = options(sys.argv[1:] if arguments is None else arguments)
    lay_down_settings(chosen.run_dir / "kivy", *chosen.size, fullscreen=chosen.fullscreen)

    import time

    from kiosk.client import Client
    from kiosk.text import fonts

    try:
        client = Client(chosen.run_dir, time.monotonic())
        fonts.find_fonts()
    except ValueError as error:
        return _say(str(error), 2)
    except fonts.FontError as error:
        return _say(str(error), 3)

    from kiosk.app import KioskApp
    from kiosk.view.idle import Times

    app = KioskApp(client, chosen.language, Times(chosen.idle_s, chosen.warning_s, chosen.dark_s))
    robot = None
    if chosen.robot is not None:
        from kiosk.robot import Robot

        robot = Robot(app, chosen.robot)
    try:
        app.run()
    finally:
        if robot is not None:
            robot.close()
    return 0


def _say(words: str, code: int) -> int:
    sys.stderr.write(f"kiosk: {words}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
