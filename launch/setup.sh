#!/usr/bin/env bash
# Installs what ftrun needs to build and run: Debian packages, and libtorch into .deps/. Says what it does, does nothing
# twice, and needs no root where all packages are there.
#
#   launch/setup.sh            what the build and the run need
#   launch/setup.sh --tests    also what the tests need
#
# Other distributions: install the equivalents of `packages` below by hand; the libtorch part works on any Linux with
# Python 3 and pip. Every step says what is missing when it cannot go on.
set -euo pipefail
cd "$(dirname "$0")/.."

torch_version=2.13.0
packages=(g++ cmake ninja-build pkg-config ccache mold git ca-certificates python3 python3-pip
  libopenmpi-dev openmpi-bin libhdf5-dev libyaml-cpp-dev libfmt-dev libspdlog-dev nlohmann-json3-dev libpcre2-dev
  libicu-dev libxxhash-dev libcli11-dev libssl-dev zlib1g-dev
  libcalcium-dev libantic-dev libflint-arb-dev libflint-dev)  # the last line: computer algebra for the grader (ftrun-cas)
test_packages=(doctest-dev librapidcheck-dev python3-numpy python3-h5py-serial openssh-client procps)
[ "${1:-}" = "--tests" ] && packages+=("${test_packages[@]}")

say() { printf 'setup: %s\n' "$*"; }

missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing ${missing[*]}"
    as_root=""
    if [ "$(id -u)" != 0 ]; then
      command -v sudo >/dev/null || { say "not root and no sudo: ask an administrator to run: apt-get install ${missing[*]}"; exit 1; }
      as_root=sudo
    fi
    log=$(mktemp)
    if ! { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive \
             apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
      tail -20 "$log"
      say "apt-get failed; its whole output is in $log"
      exit 1
    fi
    rm -f "$log"
  fi
else
  say "no dpkg here: not Debian. Install the equivalents of: ${packages[*]}"
fi

lib=.deps/libtorch
stamp=$lib/ftrun-$torch_version-1
if [ ! -e "$stamp" ]; then
  say "fetching libtorch $torch_version (one wheel of 530 MB, of which include/ and the CPU libraries are kept)"
  rm -rf .deps/wheels .deps/libtorch.new
  mkdir -p .deps/wheels .deps/libtorch.new
  case "$(uname -m)" in
    x86_64) arch=x86_64 ;;
    aarch64) arch=aarch64 ;;
    *) say "libtorch's wheel exists for x86_64 and aarch64 only"; exit 1 ;;
  esac
  fetch() {
    python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 \
      --platform manylinux_2_28_$arch --platform manylinux_2_27_$arch --platform manylinux_2_25_$arch --platform manylinux_2_17_$arch --platform manylinux2014_$arch \
      -d .deps/wheels "$@"
  }
  fetch torch==$torch_version
  # libtorch_cpu names CUDA's runtime and CUPTI as needed libraries, GPU or not; these two small wheels satisfy it.
  fetch nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85
  python3 - <<'PY'
import glob, os, re, zipfile
target = ".deps/libtorch.new"
skipped = re.compile(r"torch/lib/lib(torch_cuda|torch_python|torch_nvshmem|c10_cuda|torch_cuda_linalg)")
for wheel in glob.glob(".deps/wheels/*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            name = info.filename
            if name.startswith(("torch/include/", "torch/lib/")) and not skipped.match(name):
                path = os.path.join(target, name[len("torch/"):])
            elif re.search(r"/lib(cudart|cupti)\.so\.13$", name):
                path = os.path.join(target, "lib", os.path.basename(name))
            else:
                continue
            if name.endswith("/"):
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(info) as source, open(path, "wb") as out:
                while chunk := source.read(1 << 22):
                    out.write(chunk)
PY
  rm -rf .deps/wheels "$lib"
  mv .deps/libtorch.new "$lib"
  touch "$stamp"
fi
say "ready (libtorch $torch_version in $lib)"
