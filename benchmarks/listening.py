"""The lead beside pyserial's bare reading and beside the packages of PyPI that decode the same protocols.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install -e '.[benchmarks]'
    /tmp/peers/bin/python benchmarks/listening.py [stream|share|ask|hostile]

Rules this file obeys:

* Peers are installed from PyPI and run unmodified; one that cannot be run is named with its own words.
* Everyone reads the same bytes from a pty, written by another process; nobody is asked faster than he asks.
"""

from __future__ import annotations

import importlib.metadata
import multiprocessing
import os
import sys
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import serial  # noqa: E402
from listening_peers import PEERS, Peer  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from firmware_app.procedures.settle import follow, lead_policy  # noqa: E402
from firmware_app.service.lead.listener import Lead  # noqa: E402
from hardware.scale.contract import Indication  # noqa: E402
from hardware.scale.port import SerialOptions, SerialPort  # noqa: E402
from hardware.scale.profile import builtin_profiles  # noqa: E402
from hardware.scale.stream import Stream  # noqa: E402

SHELF = builtin_profiles()
FORK = multiprocessing.get_context("fork")
STREAM_CPU_S = 0.5
ASK_S = 3.0
SHARE_S = 20.0
PATIENCE_S = 1.0
HANGS_S = 8.0
RATE_HZ = 25
STREAMS = ("toledo-continuous", "yaohua-tf0", "and-st-gs", "mt-sics", "massa-100")


class Script(NamedTuple):
    """What a scale at the other end says: at once, or to one question after the other with a delay each."""

    answers: Sequence[tuple[float, bytes]]
    greedy: bool = False


# ------------------------------------------------------------------------------------- the other end


def _speak(near: int, far: int, script: Script) -> None:
    # Where the listener is ended, nobody holds the other end any more, and this process ends as well.
    os.close(far)
    place = 0
    while True:
        if not script.greedy and not _asked(near):
            return
        delay, data = script.answers[min(place, len(script.answers) - 1)]
        place += 1
        time.sleep(delay)
        while data:
            data = data[os.write(near, data) :]


def _asked(near: int) -> bool:
    """Waits for a question; False once the listener is gone."""
    try:
        return bool(os.read(near, 256))
    except OSError:
        return False


@contextmanager
def scale(script: Script) -> Iterator[str]:
    """A pty with a scale in a process of its own behind it; gives the path."""
    near, far = os.openpty()
    tty.setraw(far)
    other = FORK.Process(target=_speak, args=(near, far, script))
    other.start()
    try:
        yield os.ttyname(far)
    finally:
        other.kill()
        other.join()
        os.close(near)
        os.close(far)


# ------------------------------------------------------------------------------------------ streaming


def bytes_a_second(read: Callable[[], int]) -> float:
    """Bytes a second of this process's own time: neighbours on the machine take none of it."""
    read()
    begin, got = time.process_time(), 0
    while (passed := time.process_time() - begin) < STREAM_CPU_S:
        got += read()
    return got / passed


def frame_of(profile: str) -> bytes:
    """The first frame among a profile's vectors that has a value."""
    shelf: Any = SHELF
    return next(bytes.fromhex(v.hex) for v in shelf.profile(profile).file.vector if v.value is not None)


def streaming() -> Table:
    table = Table("profile", "decoder, MB/s", "frames/s", "port + decoder, MB/s", "pyserial, MB/s", "ratio")
    for profile in STREAMS:
        frame = frame_of(profile)
        joined = frame * (4096 // len(frame))
        decoder = SHELF.decoder(profile)
        frames = 0

        def decode(joined: bytes = joined, decoder: Any = decoder) -> int:
            nonlocal frames
            frames += sum(one.value is not None for one in decoder.feed(joined))
            return len(joined)

        alone = bytes_a_second(decode)
        assert frames, profile
        script = Script([(0.0, joined)], greedy=True)
        with scale(script) as path, SerialPort(SerialOptions(port=path)) as port:
            stream = Stream(SHELF.decoder(profile))

            def heard(port: SerialPort = port, stream: Stream = stream) -> int:
                data = port.read(0.1)
                stream.heard(data, time.monotonic_ns())
                return len(data)

            whole = bytes_a_second(heard)
        with scale(script) as path, serial.Serial(path, 9600, timeout=0.1) as bare:
            limit = bytes_a_second(lambda bare=bare: len(bare.read(max(1, min(bare.in_waiting, 4096)))))
        table.add_row(
            profile,
            f"{alone / 1e6:.2f}",
            f"{alone / len(frame):,.0f}",
            f"{whole / 1e6:.2f}",
            f"{limit / 1e6:.1f}",
            f"1 : {limit / whole:.0f}",
        )
    return table


# ------------------------------------------------------------------------------- the share at 25 a second


def _ticking(near: int, frame: bytes) -> None:
    due = time.monotonic()
    while True:
        os.write(near, frame)
        due += 1 / RATE_HZ
        time.sleep(max(0.0, due - time.monotonic()))


def share() -> Table:
    """CPU of this process while a scale sends 25 frames a second, as the core listens."""
    table = Table("profile", "port, thread, stream, decoder, settling: % of a core", "indications")
    for profile in ("toledo-continuous", "and-st-gs"):
        near, far = os.openpty()
        tty.setraw(far)
        other = FORK.Process(target=_ticking, args=(near, frame_of(profile)), daemon=True)
        other.start()
        lead = Lead(SerialPort(SerialOptions(port=os.ttyname(far))), SHELF)
        lead.use(profile)
        window, seen, busy, begin = None, 0, time.process_time(), time.monotonic()
        while time.monotonic() - begin < SHARE_S:
            time.sleep(0.05)
            for one in lead.take(time.monotonic_ns()):
                seen += 1
                policy = lead_policy(one.stable)
                if policy is not None and one.value is not None:
                    window = follow(window, one.value, one.last_ns, policy, Decimal("0.005"))
        used = (time.process_time() - busy) / SHARE_S
        other.kill()
        other.join()
        lead.close()
        os.close(near)
        os.close(far)
        table.add_row(profile, f"{100 * used:.2f}", f"{seen}")
    return table


# --------------------------------------------------------------------------------------- being asked


def ask_us(port: SerialPort, stream: Stream, question: bytes) -> Indication | None:
    """One question and the indication it brings; None when the time was over without one."""
    port.write(question)
    until = time.monotonic() + PATIENCE_S
    while (left := until - time.monotonic()) > 0:
        found = stream.heard(port.read(left), time.monotonic_ns())
        if found:
            return found[-1]
    return None


def asks_a_second(ask: Callable[[], object]) -> float:
    """By the tenth part of the asks that were quickest: the others waited for neighbours on the machine."""
    assert ask() is not None
    took: list[float] = []
    until = time.perf_counter() + ASK_S
    while (begin := time.perf_counter()) < until or len(took) < 3:
        assert ask() is not None
        took.append(time.perf_counter() - begin)
    return 1 / sorted(took)[len(took) // 10]


def asking() -> Table:
    table = Table("package", "protocol", "us, asks/s", "peer, asks/s", "bare pyserial, asks/s", "us : peer")
    for peer in PEERS:
        why = peer.missing()
        if why:
            table.add_row(peer.package, peer.profile, "–", why, "–", "–")
            continue
        script = Script([(0.0, peer.answer)])
        with scale(Script([(0.0, peer.ours)])) as path, SerialPort(SerialOptions(port=path)) as port:
            stream = Stream(SHELF.decoder(peer.profile))
            us = asks_a_second(
                lambda port=port, stream=stream, peer=peer: ask_us(port, stream, peer.question)
            )
        with scale(script) as path, serial.Serial(path, 9600, timeout=0.5) as bare:

            def limit(bare: serial.Serial = bare, peer: Peer = peer) -> bytes | None:
                bare.write(peer.question)
                return bare.read(len(peer.answer)) or None

            most = asks_a_second(limit)
        with scale(script) as path, peer.opened(path) as ask:
            theirs = asks_a_second(ask)
        table.add_row(
            f"{peer.package} {importlib.metadata.version(peer.package)}",
            peer.profile,
            f"{us:,.0f}",
            f"{theirs:,.0f}",
            f"{most:,.0f}",
            f"{us / theirs:.1f}",
        )
    return table


# ----------------------------------------------------------------------------------------- being lied to


def cases(good: bytes, overload: bytes) -> dict[str, Sequence[tuple[float, bytes]]]:
    """What a line does to a frame of 1234.56 (or 1.234): each with what is answered to every question."""
    first = min(place for place, byte in enumerate(good) if 0x31 <= byte <= 0x39)
    other = good.replace(b"4", b"9", 1)
    return {
        "head lost": [(0.0, good[first + 1 :])],
        "one digit lost": [(0.0, good[: first + 1] + good[first + 2 :])],
        "torn in the digits": [(0.0, good[: first + 3])],
        "torn, the next one behind": [(0.0, good[: first + 1] + good)],
        "two without an end between": [(0.0, good.rstrip(b"\r\n") + other)],
        "one bit of a digit wrong": [
            (0.0, good[: first + 1] + bytes([good[first + 1] ^ 0x40]) + good[first + 2 :])
        ],
        "overload": [(0.0, overload)],
        "digits without end": [(0.0, b"1" * 100_000)],
        "late: the answer to the question before": [(1.6, good), (0.0, other)],
    }


def _told(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def outcome(ask: Callable[[], object], asks: int, due: Sequence[Decimal]) -> str:
    """What came of the last question: the right value, another one, or nothing."""
    words, begin = "", time.perf_counter()
    for _ in range(asks):
        begin = time.perf_counter()
        try:
            value = _told(ask())
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is what is looked at
            words = f"refused ({type(error).__name__})"
        else:
            words = "nothing" if value is None else "right" if value in due else f"WRONG: {str(value)[:12]}"
    took = time.perf_counter() - begin
    return words if took < 1.5 else f"{words}, after {took:.1f} s"


def _in_child(run: Callable[[], str]) -> str:
    """``run`` in a process that is ended when it hangs."""
    near, far = FORK.Pipe()

    def child() -> None:
        far.send(run())

    process = FORK.Process(target=child)
    process.start()
    told = near.recv() if near.poll(HANGS_S) else f"HANGS (over {HANGS_S:.0f} s)"
    process.kill()
    process.join()
    return told


def hostile() -> Table:
    table = Table("package", "what comes", "us", "peer", show_lines=False)
    for peer in PEERS:
        if peer.missing():
            continue
        ours = cases(peer.ours, peer.our_overload)
        for name, answers in cases(peer.answer, peer.overload).items():
            late = len(answers) > 1
            # Of two frames without an end between, either was sent.
            due = (peer.late,) if late else (peer.value, peer.late) if "two" in name else (peer.value,)

            def us(said: Any = ours[name], peer: Peer = peer, late: bool = late, due: Any = due) -> str:
                with scale(Script(said)) as path, SerialPort(SerialOptions(port=path)) as port:
                    stream = Stream(SHELF.decoder(peer.profile))

                    def ask() -> Decimal | None:
                        one = ask_us(port, stream, peer.question)
                        return None if one is None else one.value

                    return outcome(ask, 2 if late else 1, due)

            def them(peer: Peer = peer, answers: Any = answers, late: bool = late, due: Any = due) -> str:
                with scale(Script(answers)) as path, peer.opened(path) as ask:
                    return outcome(ask, 2 if late else 1, due)

            table.add_row(peer.package, name, _in_child(us), _in_child(them))
    return table


TABLES = {"stream": streaming, "share": share, "ask": asking, "hostile": hostile}


def main() -> None:
    console = Console(width=150)
    for name in sys.argv[1:] or TABLES:
        console.print(TABLES[name]())


if __name__ == "__main__":
    main()
