"""A whole machine whose power is cut: a kernel, a file system of its own, and the parts of the core at work.

    python tests/promises/promises_vm.py COUNT [SEED]

QEMU emulates the processor (TCG), so that no right of the host is needed. The machine boots the kernel of
`provisioning/install.sh tests` with a tiny start of its own, sees this checkout read-only over 9p, and keeps
its record on an ext4 disk. Cutting the power is killing QEMU: what the machine had not given to its disk is
gone. What it had given stays; a disk that lies about its cache is the matter of `test_promises_power.py`.
"""

from __future__ import annotations

import json
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KERNEL = ROOT / ".venv" / "vm"
"""Where `provisioning/install.sh tests` lays the kernel and its modules."""
MODULES = ("virtio_pci", "virtio_blk", "ext4", "9p", "9pnet_virtio")
DISK_MIB = 64
MEMORY_MIB = 700
BOOT_S = 300
"""An emulated machine on a busy host takes its time to start."""
WORK_S = 8.0
"""A machine is cut within so long of its start to work; it saves several entries a second."""
EARLY = 0.3
"""Share of the cuts that come while the machine boots, recovers its file system or examines the record."""

INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
for module in /modules/*; do /bin/busybox insmod $module; done
/bin/busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=262144 host /host
/bin/busybox mount -t tmpfs run /host/run
/bin/busybox mount -t ext4 /dev/vda /host/mnt
/bin/busybox mount -t proc proc /host/proc
/bin/busybox mount --bind /dev /host/dev
echo BOOTED
/bin/busybox chroot /host /bin/sh /mnt/life 2>&1
/bin/busybox poweroff -f
"""


class NotHere(Exception):
    """Something that the machine is made of is not installed; the message says what."""


def missing() -> str:
    """What is not installed, empty where a machine can be started."""
    tools = [
        tool for tool in ("qemu-system-x86_64", "mkfs.ext4", "cpio", "modprobe") if not shutil.which(tool)
    ]
    if tools:
        return f"{', '.join(tools)}: run provisioning/install.sh tests"
    return (
        ""
        if any(KERNEL.glob("boot/vmlinuz-*"))
        else f"no kernel in {KERNEL}: run provisioning/install.sh tests"
    )


class Machine:
    """One machine with its disk; started anew after each cut."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kernel = next(KERNEL.glob("boot/vmlinuz-*"))
        self._release = self._kernel.name.removeprefix("vmlinuz-")
        self._start = directory / "start.cpio"
        self._disk = directory / "disk.img"
        self._make_start()
        self._make_disk()

    def _make_start(self) -> None:
        root = self._directory / "start"
        for name in ("bin", "proc", "dev", "host", "modules"):
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox") or "/bin/busybox", root / "bin" / "busybox")
        for number, module in enumerate(self._modules()):
            shutil.copy(module, root / "modules" / f"{number:02}-{module.name}")
        (root / "init").write_text(INIT, encoding="ascii")
        (root / "init").chmod(0o755)
        names = "\n".join(str(file.relative_to(root)) for file in [root, *sorted(root.rglob("*"))])
        with self._start.open("wb") as archive:
            subprocess.run(
                ["cpio", "-o", "-H", "newc", "--quiet"],
                input=names.encode(),
                stdout=archive,
                cwd=root,
                check=True,
            )

    def _modules(self) -> list[Path]:
        """The modules in the order in which they can be loaded."""
        ordered: dict[Path, None] = {}
        for name in MODULES:
            said = subprocess.run(
                ["modprobe", "-d", str(KERNEL), "-S", self._release, "--show-depends", name],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            ordered |= {
                Path(line.split()[1]): None for line in said.splitlines() if line.startswith("insmod")
            }
        return list(ordered)

    def _make_disk(self) -> None:
        root = self._directory / "disk"
        root.mkdir()
        life = f"export HOME=/run TMPDIR=/run PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={ROOT}\ncd {ROOT}\n" + (
            ".venv/bin/python tests/promises/promises_guest.py /mnt/home /dev/vdb $(cat /proc/cmdline |"
            " sed 's/.*run=//;s/ .*//')\n"
        )
        (root / "life").write_text(life, encoding="ascii")
        (root / "home").mkdir()
        with self._disk.open("wb") as disk:
            disk.truncate(DISK_MIB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-d", str(root), str(self._disk)], check=True)

    def lead(self, run: int, facts: Path, cut_after_s: float, *, early: bool) -> list[str]:
        """Starts the machine and cuts it: so long after its boot, or after it began to work; its lines."""
        line = [
            "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", str(MEMORY_MIB), "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-no-reboot", "-kernel", str(self._kernel),
            "-initrd", str(self._start), "-append", f"console=ttyS0 quiet panic=-1 run={run}",
            "-drive", f"file={self._disk},if=virtio,format=raw,cache=writeback",
            "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
            "-drive", f"file={facts},if=virtio,format=raw,readonly=on",
        ]  # fmt: skip
        machine = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert machine.stdout is not None
        heard, rest = [], b""
        cut = time.monotonic() + BOOT_S
        sign = "BOOTED" if early else "WORKING"
        try:
            while (left := cut - time.monotonic()) > 0:
                if not select.select([machine.stdout], [], [], left)[0]:
                    continue
                data = machine.stdout.read1(65536)
                if not data:
                    break
                *lines, rest = (rest + data).split(b"\n")
                heard += [text.decode(errors="replace").strip() for text in lines]
                if sign and sign in heard:
                    sign, cut = "", time.monotonic() + cut_after_s
        finally:
            machine.kill()
            machine.wait()
        assert not sign, f"run {run}: the machine did not come up:\n" + "\n".join(heard[-20:])
        return heard


def main(count: int, seed: int) -> str:
    why = missing()
    if why:
        raise NotHere(why)
    chance = random.Random(seed)
    began, told, cut_early = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory(prefix="vm", dir="/var/tmp") as directory:
        machine = Machine(Path(directory))
        facts = Path(directory) / "facts.img"
        for run in range(count + 1):
            text = "\n".join(told).encode() + b"\n"
            facts.write_bytes(text + b"\n" * (-len(text) % 512))
            last = run == count
            early = not last and run > 0 and chance.random() < EARLY
            cut_early += early
            after = 3.0 if last else chance.uniform(0.0, WORK_S)
            heard = machine.lead(run, facts, after, early=early)
            broken = [line for line in heard if "Traceback" in line or "Broken" in line or "Error" in line]
            assert not broken, f"run {run}: {broken}\n" + "\n".join(heard[-30:])
            print(f"{run}: {len(heard)} lines, {len(told)} facts", file=sys.stderr, flush=True)
            told += [
                line.removeprefix("FACT ")
                for line in heard
                if line.startswith("FACT ") and line.endswith("]")
            ]
    entries = [json.loads(line) for line in told]
    saved = sum(1 for entry in entries if entry[0] == "Saved")
    seconds = time.monotonic() - began
    return (
        f"{count} cuts of a machine in {seconds:.0f} s (seed {seed}), {cut_early} of them while it started or"
        f" recovered: {saved} entries told as saved, none lost, none doubled, every chain verified"
    )


if __name__ == "__main__":
    print(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
