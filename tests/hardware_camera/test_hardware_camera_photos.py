"""Cameras: one whole photo within bounds of time and size, or the reason why there is none."""

import io
import os
import signal
import stat
import time
from pathlib import Path

import pytest
from PIL import Image

from hardware.bench import BenchError, ask
from hardware.camera import command, simulated
from hardware.camera.contract import MAX_BYTES, BadOption, CameraUnavailable, NoPhoto, Trouble
from hardware.camera.images import photo

# rpicam-still --help: no preview, milliseconds, encoding, quality, size, turned, to standard output
STILL = ["-n", "-t", "1", "-e", "jpg", "-q", "85", "--width", "800", "--height", "1080"]
STILL += ["--rotation", "180", "-o", "-"]


def jpeg(width=640, height=480) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def program(tmp_path):
    """Writes a program that stands in for the camera's, and gives its path; ``photo.jpg`` lies beside it."""
    (tmp_path / "photo.jpg").write_bytes(jpeg())

    def write(body: str) -> str:
        file = tmp_path / "still"
        file.write_text(f"#!/bin/sh\ncd {tmp_path}\n{body}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return str(file)

    return write


def still(program: str, **options):
    return command.open_still({"program": program, "settle_ms": 1, "patience_s": 0.5, **options})


def test_a_photo_is_what_the_program_put_out(program, tmp_path) -> None:
    taken = still(program('printf "%s\\n" "$@" > arguments; cat photo.jpg'), width=800, rotation=180).take()
    assert (taken.jpeg, taken.width, taken.height) == ((tmp_path / "photo.jpg").read_bytes(), 640, 480)
    said = (tmp_path / "arguments").read_text().split()
    assert said == STILL


@pytest.mark.parametrize(
    ("body", "trouble", "words"),
    [
        (
            "echo 'ERROR: *** no cameras available ***' >&2; exit 255",
            Trouble.NO_CAMERA,
            "no cameras available",
        ),
        ("exit 1", Trouble.NO_CAMERA, "did not say why"),
        ("printf '\\033[2Jbad\\n' >&2; exit 1", Trouble.NO_CAMERA, "?[2Jbad"),
        ("kill -9 $$", Trouble.NO_CAMERA, "took no photo"),
        ("exit 0", Trouble.NOT_A_PHOTO, "no whole JPEG"),
        ("echo hello", Trouble.NOT_A_PHOTO, "no whole JPEG"),
        ("head -c 9000 photo.jpg", Trouble.NOT_A_PHOTO, "no whole JPEG"),
        ("cat photo.jpg; sleep 30", Trouble.SILENT, "within 0.5 s"),
        ("sleep 30", Trouble.SILENT, "within 0.5 s"),
        ("exec 1>&-; sleep 30", Trouble.SILENT, "within 0.5 s"),
        ("cat /dev/zero", Trouble.TOO_LARGE, str(MAX_BYTES)),
    ],
)
def test_a_camera_that_fails_says_how_and_never_takes_longer_than_its_patience(
    program, body, trouble, words
) -> None:
    camera, began = still(program(body)), time.monotonic()
    with pytest.raises(NoPhoto) as failed:
        camera.take()
    assert failed.value.trouble is trouble and words in str(failed.value)
    assert time.monotonic() - began < 3


def test_nothing_of_the_program_lives_on(program, tmp_path) -> None:
    # given a program whose helper holds the camera and the pipe
    with pytest.raises(NoPhoto):
        still(program("sleep 30 & echo $! > helper; wait")).take()
    helper = int((tmp_path / "helper").read_text())
    end = time.monotonic() + 2
    while time.monotonic() < end and Path(f"/proc/{helper}").exists() and _state(helper) != "Z":
        time.sleep(0.01)
    assert not Path(f"/proc/{helper}").exists() or _state(helper) == "Z"


def _state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_program_that_is_not_installed_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for camera, name in ((command.open_still({}), "rpicam-still or libcamera-still"), (_usb(), "ffmpeg")):
        with pytest.raises(NoPhoto, match=f"{name} is not installed") as failed:
            camera.take()
        assert failed.value.trouble is Trouble.MISSING


def test_the_older_name_is_found_too(monkeypatch, program, tmp_path) -> None:
    Path(program("cat photo.jpg")).rename(tmp_path / "libcamera-still")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    assert command.open_still({}).take().width == 640


def _usb(**options):
    return command.open_v4l2({"device": "/dev/video0", **options})


def test_a_usb_camera_is_asked_for_one_frame_of_its_device(program, tmp_path) -> None:
    _usb(program=program('printf "%s\\n" "$@" > arguments; cat photo.jpg')).take()
    said = (tmp_path / "arguments").read_text().split("\n")
    assert said[said.index("-i") + 1] == "/dev/video0" and said[said.index("-frames:v") + 1] == "1"


@pytest.mark.parametrize(
    ("check", "options"),
    [
        (command.check_still, {"widht": 800}),
        (command.check_still, {"width": 100}),
        (command.check_still, {"program": "rpicam-still"}),
        (command.check_still, {"settle_ms": 9000, "patience_s": 9}),
        (command.check_still, {"rotation": 90}),
        (command.check_v4l2, {}),
        (command.check_v4l2, {"device": "/etc/passwd"}),
        (command.check_v4l2, {"device": "/dev/v4l/by-id/../../sda"}),
        (simulated.check_simulated, {"patience_s": 100}),
    ],
)
def test_a_wrong_option_is_refused(check, options) -> None:
    with pytest.raises(BadOption, match="camera '"):
        check(options)


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"", Trouble.NOT_A_PHOTO),
        (b"\xff\xd8" + b"\x00" * 50 + b"\xff\xd9", Trouble.NOT_A_PHOTO),
        (jpeg()[:-400], Trouble.NOT_A_PHOTO),
        (jpeg() + bytes(MAX_BYTES), Trouble.TOO_LARGE),
        (jpeg(8200, 16), Trouble.TOO_LARGE),
    ],
)
def test_half_a_photo_is_none(data, trouble) -> None:
    with pytest.raises(NoPhoto) as failed:
        photo(data)
    assert failed.value.trouble is trouble


def test_a_png_is_no_photo() -> None:
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "PNG")
    with pytest.raises(NoPhoto, match="no whole JPEG"):
        photo(out.getvalue())


def test_the_camera_on_the_bench_has_moods(tmp_path) -> None:
    bench = tmp_path / "b.ipc"
    camera = simulated.open_simulated({"bench": str(bench), "patience_s": 0.1})
    first, second = camera.take(), camera.take()
    assert (first.width, first.height) == simulated.SIDES and first.jpeg != second.jpeg
    for wish, trouble in (
        ({"plugged": False}, Trouble.NO_CAMERA),
        ({"plugged": True, "stuck": True}, Trouble.SILENT),
        ({"stuck": False, "spoilt": "torn"}, Trouble.NOT_A_PHOTO),
        ({"spoilt": "noise"}, Trouble.NOT_A_PHOTO),
        ({"spoilt": "endless"}, Trouble.TOO_LARGE),
    ):
        ask(bench, **wish)
        with pytest.raises(NoPhoto) as failed:
            camera.take()
        assert failed.value.trouble is trouble
    ask(bench, spoilt="", scene="Max 6 kg")
    assert camera.take().jpeg != first.jpeg
    for nonsense in ({"scene": 7}, {"spoilt": "burnt"}, {"plugged": "no"}):
        with pytest.raises(BenchError):
            ask(bench, **nonsense)
    camera.close()
    camera.close()


def test_a_bench_that_cannot_be_made_is_said() -> None:
    with pytest.raises(CameraUnavailable, match="cannot be made"):
        simulated.open_simulated({"bench": "/nowhere/b.ipc"})


def test_the_signal_of_the_end_is_the_one_that_cannot_be_ignored(program) -> None:
    began = time.monotonic()
    with pytest.raises(NoPhoto):
        still(program(f"trap '' {signal.SIGTERM.value} {signal.SIGHUP.value}; sleep 30")).take()
    assert time.monotonic() - began < 3
