"""The command itself: with a display it opens the kiosk, without one it plays the visits."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.cli.demo.by_hand import play_by_hand
from firmware_app.cli.demo.models import ScaleModel, scale_model, scale_models
from firmware_app.cli.demo.slip import draw_slips
from firmware_app.cli.demo.stage import Stage, display_there
from firmware_app.cli.demo.visits import PLAYS, Done, Play, on_model
from firmware_app.errors import SteelyardError
from hardware.bench import BenchError

STYLE = "/static/county.css"


@in_words
def demo(
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="Draw off screen and play the visits.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where screenshots, slips and records go.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a visit.")] = False,
    language: Annotated[str, typer.Option(help="First language of the screen: zh, bo or en.")] = "zh",
    size: Annotated[str, typer.Option(help="Size of the screen.")] = "800x480",
    scale: Annotated[
        str | None,
        typer.Option(help="Model of the market scale; off screen, one visit with goods on that model."),
    ] = None,
    list_models: Annotated[
        bool, typer.Option("--list-models", help="Name the models of market scales, and leave.")
    ] = False,
) -> None:
    """Shows the whole appliance on simulated parts.

    With a display the kiosk opens and you put loads on from this terminal. Without one (or with
    --headless) it draws off screen and a scripted visitor uses the same touchscreen.

    Example: steelyard demo --headless --out demo-out --json

    Example: steelyard demo --scale plu_multiplier
    """
    if list_models:
        _name_the_models(as_json=as_json)
        return
    model = None if scale is None else scale_model(scale)
    if headless or not display_there():
        _play(out or Path("demo-out"), language, size, model, as_json=as_json)
        return
    name = "honest" if model is None else model.name
    with Stage(console.print, headless=False, language=language, size=size, model=name) as stage:
        stage.open()
        play_by_hand(stage, model)


def _name_the_models(*, as_json: bool) -> None:
    models = scale_models()
    width = max(map(len, models))
    for model in models.values():
        if as_json:
            print_json(model)
        else:
            typer.echo(f"{model.name:<{width}}  {model.tells}")


def _play(out: Path, language: str, size: str, model: ScaleModel | None, *, as_json: bool) -> None:
    plays = PLAYS if model is None else (on_model(model),)
    began = time.monotonic()
    out = out.resolve()
    shots = out / "screens"
    shots.mkdir(parents=True, exist_ok=True)
    for old in shots.glob("*.png"):
        old.unlink()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting", total=len(plays) + 2)
        stage = Stage(
            lambda words: progress.update(task, description=words),
            headless=True,
            language=language,
            size=size,
            model="honest",
        )
        with stage:
            try:
                stage.open()
                progress.advance(task)
                done, slips = _all_visits(stage, plays, shots, progress, task, as_json=as_json)
                _collect(stage, out, slips)
            except (SteelyardError, BenchError) as error:
                fail(f"{error}; logs: {out / 'logs'}", DEVICE_FAILED)
            finally:
                stage.keep_logs(out)
        progress.update(task, description="done", completed=len(plays) + 2)
    _tell(out, done, time.monotonic() - began)
    if not all(visit.receipt for visit in done):
        raise typer.Exit(NO)


def _all_visits(
    stage: Stage,
    plays: Sequence[Callable[[Play], Done]],
    shots: Path,
    progress: Progress,
    task: TaskID,
    *,
    as_json: bool,
) -> tuple[list[Done], dict[int, str]]:
    play = Play(stage, shots)
    done: list[Done] = []
    try:
        for visit in plays:
            progress.update(task, description=(visit.__doc__ or "").rstrip("."))
            done.append(visit(play))
            progress.advance(task)
            if as_json:
                print_json(done[-1])
    finally:
        play.close()
    return done, play.slips


def _collect(stage: Stage, out: Path, slips: dict[int, str]) -> None:
    """The record, the slips and the county's view, while the county still runs."""
    token = stage.county_token()
    page, style = _fetch(stage, "/", token), _fetch(stage, STYLE)
    # One file that looks the same without the county: its style goes in.
    link = f'<link rel="stylesheet" href="{STYLE}">'
    (out / "county.html").write_text(page.replace(link, f"<style>{style}</style>"), encoding="utf-8")
    (out / "county.json").write_text(_fetch(stage, "/v1/entries", token), encoding="utf-8")
    stage.collect(out)
    draw_slips(stage.data_dir, out, slips)


def _fetch(stage: Stage, path: str, token: str = "") -> str:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(stage.county_url + path, headers=headers)  # noqa: S310 - our own, http
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        text: str = answer.read().decode()
        return text


def _tell(out: Path, done: list[Done], took_s: float) -> None:
    for visit in done:
        mark = "[green]✓[/]" if visit.receipt else "[red]no receipt[/]"
        console.print(f"{mark} entry {visit.entry}: [bold]{visit.verdict}[/] - {visit.visit}")
    console.print(f"screens, slips, ledger and the county's view: {out} ({took_s:.0f} s)")
    console.print(f"check the record yourself: python tools/check_ledger.py {out / 'ledger.ndjson'}")
