#!/usr/bin/env bash
# Installs what ftrun needs to build and run: Debian packages, and libtorch into .deps/. Says what it does, does nothing
# twice, and needs no root where all packages are there.
#
#   launch/setup.sh            what the build and the run need
#   launch/setup.sh --tests    also what the tests need
#   launch/setup.sh --cuda     also what computing on NVIDIA GPUs needs: libtorch's CUDA part and NVIDIA's libraries, into
#                              .deps/libtorch_cuda (2.4 GB to fetch, 3.2 GB on the disk). The driver, CUDA's toolkit
#                              (nvcc's headers) and nccl.h are the machine's own.
#
# Other distributions: install the equivalents of `packages` below by hand; the libtorch part works on any Linux with
# Python 3 and pip. Every step says what is missing when it cannot go on.
set -euo pipefail
cd "$(dirname "$0")/.."

torch_version=2.13.0
packages=(g++ cmake ninja-build pkg-config ccache mold git ca-certificates python3 python3-pip
  libopenmpi-dev openmpi-bin libhdf5-dev libyaml-cpp-dev libfmt-dev libspdlog-dev nlohmann-json3-dev libpcre2-dev
  libicu-dev libxxhash-dev libcli11-dev libssl-dev zlib1g-dev libzstd-dev libsnappy-dev
  libcalcium-dev libantic-dev libflint-arb-dev libflint-dev)  # the last line: computer algebra for the grader (ftrun-cas)
test_packages=(doctest-dev librapidcheck-dev clang-format python3-numpy python3-h5py-serial openssh-client procps
  slurm-wlm slurm-client munge iproute2)  # the last line: a Slurm of three nodes on this machine (tests/cluster)
with_cuda=no
for option in "$@"; do
  case "$option" in
    --tests) packages+=("${test_packages[@]}") ;;
    --cuda) with_cuda=yes ;;
    *) printf 'setup: unknown option %s; there are --tests and --cuda\n' "$option"; exit 2 ;;
  esac
done

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

case "$(uname -m)" in
  x86_64) arch=x86_64 ;;
  aarch64) arch=aarch64 ;;
  *) say "libtorch's wheel exists for x86_64 and aarch64 only"; exit 1 ;;
esac
fetch() {
  python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 \
    --platform manylinux_2_28_$arch --platform manylinux_2_27_$arch --platform manylinux_2_25_$arch --platform manylinux_2_24_$arch --platform manylinux_2_18_$arch --platform manylinux_2_17_$arch --platform manylinux2014_$arch \
    -d .deps/wheels "$@"
}

lib=.deps/libtorch
stamp=$lib/ftrun-$torch_version-1
if [ ! -e "$stamp" ]; then
  say "fetching libtorch $torch_version (one wheel of 530 MB, of which include/ and the CPU libraries are kept)"
  rm -rf .deps/wheels .deps/libtorch.new
  mkdir -p .deps/wheels .deps/libtorch.new
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

# The wheels' own layout: libtorch_cuda.so finds NVIDIA's libraries by its RPATH, $ORIGIN/../../nvidia.
cuda_lib=.deps/libtorch_cuda
cuda_stamp=$cuda_lib/ftrun-$torch_version-1
if [ "$with_cuda" = yes ] && [ ! -e "$cuda_stamp" ]; then
  free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
  [ "$free" -ge 7 ] || { say "--cuda needs 7 GB of free disk for a while, there are $free GB"; exit 1; }
  say "fetching libtorch's CUDA part and NVIDIA's libraries (2.4 GB)"
  rm -rf .deps/wheels .deps/libtorch_cuda.new
  mkdir -p .deps/wheels .deps/libtorch_cuda.new
  # The versions that torch $torch_version pins.
  fetch torch==$torch_version nvidia-cublas==13.1.1.3 nvidia-cuda-nvrtc==13.0.88 nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85 \
    nvidia-cudnn-cu13==9.20.0.48 nvidia-cufft==12.0.0.61 nvidia-cufile==1.15.1.6 nvidia-curand==10.4.0.35 nvidia-cusolver==12.0.4.66 \
    nvidia-cusparse==12.6.3.3 nvidia-cusparselt-cu13==0.8.1 nvidia-nccl-cu13==2.29.7 nvidia-nvjitlink==13.5.37 nvidia-nvshmem-cu13==3.4.5 \
    nvidia-nvtx==13.0.85
  python3 - <<'PY'
import glob, os, re, zipfile
target = ".deps/libtorch_cuda.new"
wanted = re.compile(r"torch/lib/lib(torch_cuda|torch_nvshmem|c10_cuda|torch_cuda_linalg|caffe2_nvrtc)[^/]*\.so|nvidia/.*/lib/[^/]*\.so[.0-9]*$")
for wheel in glob.glob(".deps/wheels/*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not wanted.match(name):
                continue
            path = os.path.join(target, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(name) as source, open(path, "wb") as out:
                while chunk := source.read(1 << 22):
                    out.write(chunk)
PY
  rm -rf .deps/wheels "$cuda_lib"
  mv .deps/libtorch_cuda.new "$cuda_lib"
  touch "$cuda_stamp"
  say "libtorch's CUDA part is in $cuda_lib"
fi
say "ready (libtorch $torch_version in $lib)"
