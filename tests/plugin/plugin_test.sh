#!/usr/bin/env bash
# Builds the user's plugin in its own project, runs it in a run of two stages, and shows that foreign libraries are refused.
#   plugin_test.sh FTRUN FTRUN_DIR
set -euo pipefail
ftrun=$1 ftrun_dir=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake -S "$here" -B "$work/build" -Dftrun_DIR="$ftrun_dir" -DCMAKE_BUILD_TYPE=Debug >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/build" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

run_file() {  # PLUGIN RECIPE
  cat <<YAML
run: {folder: $work/run}
plugins: [$1]
models: {base: {preset: tiny}}
problems: {test: {dataset: arithmetic, split: test, limit: 4}}
stages:
  answers: {recipe: sample, model: base, problems: test, per_problem: 3, max_new_tokens: 16}
  counts: {recipe: $2, attempts: answers}
YAML
}
run_file "$work/build/libcount_answers.so" count_answers >"$work/run.yaml"
"$ftrun" "$work/run.yaml"
counted=$(awk -F'\t' '{n += $2} END {print n}' "$work"/run/stages/counts-*/output-*/counts.tsv)
[ "$counted" = 16 ] || { echo "counted $counted attempts instead of 4 x (3 + 1 greedy)"; exit 1; }

g++ -shared -fPIC -o "$work/libforeign.so" "$here/foreign.cpp"
run_file "$work/libforeign.so" foreign >"$work/foreign.yaml"
if "$ftrun" "$work/foreign.yaml" 2>"$work/refused"; then echo "a plugin of another interface was accepted"; exit 1; else code=$?; fi
[ $code = 2 ] || { echo "exit code $code instead of 2"; cat "$work/refused"; exit 1; }
grep -q "foreign.yaml:2:.*recipe interface 999" "$work/refused" || { echo "unclear refusal:"; cat "$work/refused"; exit 1; }
echo "plugin built, run and counted; foreign one refused: $(cat "$work/refused")"
