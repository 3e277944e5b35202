#!/usr/bin/env bash
# Builds the user's plugin in its own project, runs it in a run of two stages, and shows that foreign libraries are refused;
# then installs ftrun elsewhere and does the same with what was installed.
#   plugin_test.sh FTRUN FTRUN_DIR
set -euo pipefail
ftrun=$1 ftrun_dir=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build_plugin() {  # FTRUN_DIR BUILD
  cmake -G Ninja -S "$here" -B "$2" -Dftrun_DIR="$1" -DCMAKE_BUILD_TYPE=Debug >"$work/log" 2>&1 && cmake --build "$2" >>"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
}

run_file() {  # PLUGIN RECIPE [FOLDER]
  cat <<YAML
run: {folder: $work/${3:-run}}
plugins: [$1]
models: {base: {preset: tiny}}
problems: {test: {dataset: arithmetic, split: test, limit: 4}}
stages:
  answers: {recipe: sample, model: base, problems: test, per_problem: 3, max_new_tokens: 16}
  counts: {recipe: $2, attempts: answers}
YAML
}
count() {  # FTRUN FTRUN_DIR NAME
  build_plugin "$2" "$work/build-$3"
  ninja -C "$work/build-$3" -t deps >"$work/read"
  grep -q recipe/stage_context.h "$work/read" || { echo "what the plugin includes was not found:"; cat "$work/read"; exit 1; }
  if grep -E '/(ATen|c10|torch)/' "$work/read"; then echo "a plugin that counts answers reads headers of libtorch"; exit 1; fi
  run_file "$work/build-$3/libcount_answers.so" count_answers "$3" >"$work/$3.yaml"
  "$1" "$work/$3.yaml"
  counted=$(awk -F'\t' '{n += $2} END {print n}' "$work/$3"/stages/counts-*/output-*/counts.tsv)
  [ "$counted" = 16 ] || { echo "counted $counted attempts instead of 4 x (3 + 1 greedy)"; exit 1; }
}
count "$ftrun" "$ftrun_dir" run

g++ -shared -fPIC -o "$work/libforeign.so" "$here/foreign.cpp"
run_file "$work/libforeign.so" foreign >"$work/foreign.yaml"
if "$ftrun" "$work/foreign.yaml" 2>"$work/refused"; then echo "a plugin of another interface was accepted"; exit 1; else code=$?; fi
[ $code = 2 ] || { echo "exit code $code instead of 2"; cat "$work/refused"; exit 1; }
grep -q "foreign.yaml:2:.*recipe interface 999" "$work/refused" || { echo "unclear refusal:"; cat "$work/refused"; exit 1; }
echo "plugin built, run and counted; foreign one refused: $(cat "$work/refused")"

cmake --install "$ftrun_dir" --prefix "$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
installed="$work/prefix/bin/ftrun"
[ "$("$installed" --version)" = "$("$ftrun" --version)" ] || { echo "the installed ftrun does not start"; exit 1; }
"$installed" explain top_p | grep -q "recipe sample" || { echo "the installed ftrun does not find its recipes"; exit 1; }
# Nothing of the build tree may be needed: the program, its recipes and the plugin name their libraries by the prefix.
for library in "$installed" "$work"/prefix/lib/ftrun/*.so; do
  if ldd "$library" | grep "not found" || ldd "$library" | grep -q "$ftrun_dir/lib"; then
    echo "$library does not stand by itself:"; ldd "$library"; exit 1
  fi
done
count "$installed" "$work/prefix/lib/cmake/ftrun" installed
echo "installed, found its recipes, and ran a plugin built against what was installed"
