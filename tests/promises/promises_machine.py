"""A machine of its own for the proof: a kernel, the parts of the core in memory, and one disk for the record.

Rules this file obeys:

* QEMU emulates the processor (TCG), so that no right of the host is needed.
* The machine boots once, with the interpreter and the appliance's modules in memory, and is photographed
  before it knows of any disk. Each later start wakes that picture: it finds its disk, recovers the file
  system and works, without the half minute of a boot in which nothing is written.
* Nothing of the picture has been read from a disk: the driver of the disks is loaded after it wakes.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUEST = ROOT / "tests" / "promises" / "promises_guest.py"
KERNEL = ROOT / ".venv" / "vm"
"""Where `provisioning/install.sh tests` lays the kernel and its modules."""
AT_BOOT, AT_WAKING = ("virtio_pci", "ext4"), ("virtio_blk",)
DISK_MIB = 64
MEMORY_MIB = 512
BOOT_S = 600.0
"""An emulated machine on a busy host takes its time to start."""

INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
for module in /boot/*.ko; do /bin/busybox insmod $module; done
export HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={path}
{python} {guest} /disk/home /dev/vdb 2>&1
/bin/busybox poweroff -f
"""
WAKE = """#!/bin/busybox sh
for module in /waking/*.ko; do /bin/busybox insmod $module; done
until [ -b /dev/vda ] && [ -b /dev/vdb ]; do :; done
/bin/busybox mount -t ext4 /dev/vda /disk
"""


class NotHere(Exception):
    """Something that the machine is made of is not installed; the message says what."""


def missing() -> str:
    """What is not installed, empty where a machine can be started."""
    tools = ("qemu-system-x86_64", "mkfs.ext4", "cpio", "modprobe", "busybox", "ldd")
    absent = [tool for tool in tools if not shutil.which(tool)]
    if absent:
        return f"{', '.join(absent)}: run provisioning/install.sh tests"
    if not any(KERNEL.glob("boot/vmlinuz-*")):
        return f"no kernel in {KERNEL}: run provisioning/install.sh tests"
    return ""


class Machine:
    """The machine with its disk. ``facts``: a file whose bytes it finds as its second disk."""

    def __init__(self, directory: Path) -> None:
        why = missing()
        if why:
            raise NotHere(why)
        self._directory = directory
        self._kernel = next(KERNEL.glob("boot/vmlinuz-*"))
        self._start, self._picture = directory / "start.cpio", directory / "picture"
        self._disk, self.facts = directory / "disk.img", directory / "facts.img"
        self._door = directory / "door"
        self.facts.write_bytes(bytes(512))
        self._make_start()
        self._make_disk()
        self._photograph()

    @contextmanager
    def awake(self, order: str) -> Iterator[Running]:
        """The machine from its waking until its power is cut. ``order``: the line it is given."""
        with self._running("-incoming", f"exec:cat {self._picture}") as running:
            with Monitor(self._door) as monitor:
                # What is said to its line while the picture is being read would be lost.
                monitor.wait("query-status", "running", failed="internal-error")
            running.tell(order)
            yield running

    def _photograph(self) -> None:
        with self._running() as running:
            running.until("READY", BOOT_S)
            with Monitor(self._door) as monitor:
                monitor.ask("migrate", uri=f"exec:cat > {self._picture}")
                monitor.wait("query-migrate", "completed", failed="failed")

    @contextmanager
    def _running(self, *more: str) -> Iterator[Running]:
        line = [
            "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", str(MEMORY_MIB), "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-no-reboot", "-nodefaults", "-kernel", str(self._kernel),
            "-initrd", str(self._start), "-append", "console=ttyS0 quiet panic=-1",
            "-drive", f"file={self._disk},if=virtio,format=raw,cache=writeback",
            "-drive", f"file={self.facts},if=virtio,format=raw,readonly=on",
            "-qmp", f"unix:{self._door},server=on,wait=off", *more,
        ]  # fmt: skip
        with (self._directory / "qemu.log").open("ab") as log:
            process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        try:
            yield Running(process)
        finally:
            process.kill()
            process.communicate()
            self._door.unlink(missing_ok=True)

    def _make_disk(self) -> None:
        with self._disk.open("wb") as disk:
            disk.truncate(DISK_MIB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self._disk)], check=True)

    def _make_start(self) -> None:
        """The file system in memory that the kernel unpacks: the interpreter, our modules, a shell."""
        root = self._directory / "start"
        for name in ("bin", "proc", "dev", "disk", "tmp", "boot", "waking"):
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox") or "/bin/busybox", root / "bin" / "busybox")
        for directory, names in (("boot", AT_BOOT), ("waking", AT_WAKING)):
            for number, module in enumerate(self._modules(names)):
                shutil.copy(module, root / directory / f"{number:02}-{module.name}")
        for file in needed():
            lay(file, root)
        init = INIT.format(
            path=f"{ROOT}:{sysconfig.get_path('purelib')}", python=Path(sys.executable).resolve(), guest=GUEST
        )
        for name, text in (("init", init), ("wake", WAKE)):
            (root / name).write_text(text, encoding="ascii")
            (root / name).chmod(0o755)
        names = "\n".join(str(file.relative_to(root)) for file in [root, *sorted(root.rglob("*"))])
        packing = ["cpio", "-o", "-H", "newc", "--quiet"]
        with self._start.open("wb") as archive:
            subprocess.run(packing, input=names.encode(), stdout=archive, cwd=root, check=True)
        shutil.rmtree(root)

    def _modules(self, names: tuple[str, ...]) -> list[Path]:
        """The kernel's modules in the order in which they can be loaded."""
        release = self._kernel.name.removeprefix("vmlinuz-")
        ordered: dict[Path, None] = {}
        for name in names:
            shown = ["modprobe", "-d", str(KERNEL), "-S", release, "--show-depends", name]
            said = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
            ordered |= {
                Path(line.split()[1]): None for line in said.splitlines() if line.startswith("insmod")
            }
        return list(ordered)


class Running:
    """A machine under power. ``heard``: the whole lines it has said."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._said_to, self._said_by = process.stdin, process.stdout
        self._rest = b""
        self.heard: list[str] = []

    def tell(self, line: str) -> None:
        self._said_to.write(line.encode() + b"\n")
        self._said_to.flush()

    def listen(self, seconds: float) -> bool:
        """Hears whatever it says within that time; False once it says nothing ever again."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self._hear(left):
                return False
        return True

    def until(self, sign: str, seconds: float) -> float:
        """Hears until it says ``sign``; the seconds that took."""
        began = time.monotonic()
        while sign not in self.heard:
            left = began + seconds - time.monotonic()
            well = left > 0 and self._hear(left)
            assert well, f"the machine never said {sign}:\n" + "\n".join(self.heard[-20:])
        return time.monotonic() - began

    def _hear(self, seconds: float) -> bool:
        if not select.select([self._said_by], [], [], seconds)[0]:
            return True
        data = self._said_by.read1(65536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.heard += [text.decode(errors="replace").strip() for text in lines]
        return bool(data)


class Monitor:
    """QEMU's own door (QEMU Machine Protocol): a question, its answer."""

    def __init__(self, door: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + BOOT_S
        while self._socket.connect_ex(str(door)):
            assert time.monotonic() < end, "QEMU does not start"
            time.sleep(0.02)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Monitor:
        self._lines.readline()
        self.ask("qmp_capabilities")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._lines.close()
        self._socket.close()

    def wait(self, question: str, state: str, failed: str) -> None:
        """Asks until it is in that state."""
        end = time.monotonic() + BOOT_S
        while (found := self.ask(question)["status"]) != state:
            assert found != failed, f"{question}: {found}"
            assert time.monotonic() < end, f"{question}: still {found}"
            time.sleep(0.05)

    def ask(self, command: str, **arguments: str) -> dict[str, str]:
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        for line in self._lines:
            said = json.loads(line)
            assert "error" not in said, f"{command}: {said}"
            if "return" in said:
                return said["return"]
        raise AssertionError(f"{command}: QEMU has gone")


def needed() -> list[Path]:
    """What the guest's program opens, found by its leading a life here: modules, libraries and data."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, str(GUEST), home, "--needs"], capture_output=True, text=True, check=True
        )
    files = {Path(line) for line in done.stdout.splitlines()}
    files |= {each for each in files_below(ROOT / "firmware_app") if each.suffix != ".pyc"}
    binaries = [file for file in files if file.open("rb").read(4) == b"\x7fELF"]
    linked = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False).stdout
    files |= {
        Path(word) for line in linked.splitlines() for word in line.split()[:3] if word.startswith("/")
        and not word.endswith(":")
    }  # fmt: skip
    return sorted(files)


def lay(file: Path, root: Path) -> None:
    """Puts a file below ``root`` under the name it has here; of several names all but its own only point."""
    real, name = file.resolve(), Path(os.path.normpath(file))
    for each in {real, name}:
        (root / each.relative_to("/")).parent.mkdir(parents=True, exist_ok=True)
    if not (place := root / real.relative_to("/")).exists():
        shutil.copy2(real, place)
    if not (pointer := root / name.relative_to("/")).is_symlink() and name != real:
        pointer.symlink_to(real)


def files_below(directory: Path) -> Iterator[Path]:
    return (file for file in directory.rglob("*") if file.is_file())
