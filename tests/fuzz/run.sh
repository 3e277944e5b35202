#!/usr/bin/env bash
# Fuzzes the grader and the readers of files, by hand: libFuzzer for SECONDS each (where clang is there), then random
# bytes and mutated answers, then mutated files.
#
#   tests/fuzz/run.sh [SECONDS] [BYTES] [MUTATIONS] [FILES]         default: 600 10000000 100000 100000
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600} bytes=${2:-10000000} mutations=${3:-100000} files=${4:-100000}
data=${FT_DATA:-../shared/data}/grader
out=build/fuzz
mkdir -p "$out/corpus"
grader_sources=(tests/fuzz/grade_fuzz.cpp framework/problem/attempt.cpp framework/base/error.cpp framework/base/units.cpp)
for source in framework/grade/*.cpp; do
  case $source in */cas_*) ;; *) grader_sources+=("$source") ;; esac  # the helper process is tested elsewhere
done
sources=("${grader_sources[@]}")
flags=(-std=c++20 -O1 -g1 -I. -DFMT_HEADER_ONLY)
checks=address,undefined
reader_sources=(tests/fuzz/records_fuzz.cpp framework/base/error.cpp framework/base/reading.cpp framework/base/utf8.cpp
  framework/records/*.cpp)
# build COMPILER NAME FLAGS...: of the list `sources`
build() {
  local compiler=$1 name=$2
  shift 2
  mkdir -p "$out/$name.o"
  for source in "${sources[@]}"; do
    $(command -v ccache) "$compiler" "${flags[@]}" "$@" -fno-sanitize-recover=undefined -c "$source" \
      -o "$out/$name.o/${source//\//_}.o"
  done
  "$compiler" "$@" "$out/$name.o"/*.o ${libraries:-} -o "$out/$name"
}
clang=$(command -v clang++-14 || command -v clang++ || true)
if [ -n "$clang" ] && [ "$seconds" -gt 0 ]; then
  # Before version 15, clang has no std::source_location, and it disagrees with fmt 9 about consteval.
  compat=()
  [ "$("$clang" -dumpversion | cut -d. -f1)" -ge 15 ] || compat=(-isystem tests/compat)
  build "$clang" grade_fuzz -fsanitize=fuzzer,$checks -DFMT_CONSTEVAL= "${compat[@]}"
  python3 - "$data" "$out/corpus" <<'PY'
import json, pathlib, sys
folder, corpus = map(pathlib.Path, sys.argv[1:])
for i, line in enumerate((folder / "vectors.jsonl").open()):
    pair = json.loads(line)
    (corpus / f"seed{i}").write_text(pair["gold"] + "\n" + pair["pred"])
PY
  nice -n 19 "$out/grade_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=600 -print_final_stats=1 \
    -verbosity=0 -artifact_prefix="$out/" "$out/corpus"
  sources=("${reader_sources[@]}") libraries="-lz -lzstd -lsnappy"
  build "$clang" records_fuzz -fsanitize=fuzzer,$checks -DFMT_CONSTEVAL= "${compat[@]}"
  mkdir -p "$out/files"
  cp tests/golden/parquet/*.parquet "$out/files"
  nice -n 19 "$out/records_fuzz" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=30000 -print_final_stats=1 \
    -verbosity=0 -artifact_prefix="$out/" "$out/files"
else
  echo "no clang: libFuzzer is left out"
fi
sources=("${grader_sources[@]}") libraries=
build "${CXX:-g++}" grade_storm -DFT_STORM -fsanitize=$checks
nice -n 19 "$out/grade_storm" "$bytes" "$mutations" "$data/math_train_answers.jsonl" "$data/vectors.jsonl"
sources=("${reader_sources[@]}") libraries="-lz -lzstd -lsnappy"
build "${CXX:-g++}" records_storm -DFT_STORM -fsanitize=$checks
nice -n 19 "$out/records_storm" "$files" tests/golden/parquet/*.parquet
