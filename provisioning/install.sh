#!/usr/bin/env bash
# Installs what is missing, says what and why, asks nothing. Safe to run again.
#   provisioning/install.sh         what the appliance needs
#   provisioning/install.sh tests   what only the tests need besides: the county's database server and proxy
# Needs: Debian 12+ or Raspberry Pi OS 64-bit (Bookworm or later), root or sudo for missing system packages.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'steelyard: %s\n' "$*"; }

# package | how to tell that it is there | why
needs() {
  cat <<'LIST'
fonts-noto-cjk|test -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc|Chinese on the screen and on the slip
fonts-noto-core|test -e /usr/share/fonts/truetype/noto/NotoSerifTibetan-Regular.ttf|Tibetan and Latin on the screen
libegl1|ldconfig -p | grep -q libEGL.so.1|the screen is drawn through EGL
libgl1|ldconfig -p | grep -q libGL.so.1|Kivy's drawing library is linked against it
libgles2|ldconfig -p | grep -q libGLESv2.so.2|the screen is drawn through OpenGL ES
libgl1-mesa-dri|ls /usr/lib/*/dri/swrast_dri.so /usr/lib/*/dri/kms_swrast_dri.so 2>/dev/null | grep -q .|drawing where no graphics chip is
libmtdev1|ldconfig -p | grep -q libmtdev.so.1|the touchscreen
LIST
}

tests_need() {
  cat <<'LIST'
nginx-light|command -v nginx|the tests put it before several gateways of the county
postgresql|ls /usr/lib/postgresql/*/bin/initdb|the tests run the county's end upon a PostgreSQL of their own
LIST
  if [ "$(dpkg --print-architecture)" = amd64 ]; then
    cat <<'LIST'
qemu-system-x86|command -v qemu-system-x86_64|the tests cut the power of an emulated machine
busybox-static|test -x /bin/busybox|starts that machine
cpio|command -v cpio|packs what starts it
kmod|command -v modprobe|finds the modules of its kernel
e2fsprogs|command -v mkfs.ext4|makes its disk
LIST
  fi
}

missing=()
while IFS='|' read -r package rest; do
  why=${rest##*|}
  test_command=${rest%|*}
  if ! bash -c "PATH=\$PATH:/sbin:/usr/sbin; $test_command" >/dev/null 2>&1; then
    say "missing: $package ($why)"
    missing+=("$package")
  fi
done < <(if [ "${1-}" = tests ]; then tests_need; else needs; fi)

python=
for candidate in python3.11 python3.13 python3.12 python3; do
  if command -v "$candidate" >/dev/null &&
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  say "missing: python3 3.11 to 3.13 (the program itself)"
  missing+=(python3)
  python=python3
fi
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  say "missing: python3-venv (keeps our libraries apart from the system's)"
  missing+=(python3-venv)
fi

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; else
    say "cannot install: become root and run: apt-get install ${missing[*]}"
    exit 3
  fi
  say "installing ${missing[*]} with apt-get"
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# The kernel of the emulated machine: laid beside the environment, never installed.
lay_kernel() {
  [ "$(dpkg --print-architecture)" = amd64 ] || return 0
  ls .venv/vm/boot/vmlinuz-* >/dev/null 2>&1 && return 0
  say "laying a kernel for the emulated machine into .venv/vm"
  local package there
  package=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ {print $2; exit}')
  there=$(mktemp -d)
  chmod 755 "$there"
  (cd "$there" && apt-get download -qq "$package" && dpkg-deb -x "$package"_*.deb laid)
  depmod -b "$there/laid" "${package#linux-image-}"
  mkdir -p .venv/vm
  cp -r "$there/laid/." .venv/vm/
  rm -rf "$there"
}

if [ "${1-}" = tests ]; then
  PATH=$PATH:/sbin:/usr/sbin lay_kernel
  exit
fi

if [ ! -x .venv/bin/python ]; then
  say "making .venv with $($python --version)"
  "$python" -m venv .venv
fi
extras=gateway,dev
if grep -qs 'Raspberry Pi' /proc/device-tree/model; then extras=$extras,pi; fi
say "installing the Python libraries of pyproject.toml into .venv (a few minutes the first time)"
.venv/bin/pip install --quiet --disable-pip-version-check --editable ".[$extras]"
touch .venv/ready
say "ready"
