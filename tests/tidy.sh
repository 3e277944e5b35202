#!/usr/bin/env bash
# clang-tidy with the list in .clang-tidy over product code: what was changed since main, the files that are named, or all of them.
# A file that includes torch takes half a minute, all of them more than an hour on two cores, so this is for people and not for CI.
#
#   tests/tidy.sh                                  # changed since origin/main, with what is not committed
#   tests/tidy.sh framework/store/*.cpp
#   tests/tidy.sh --all
#
# Needs a configured build folder with compile_commands.json: build/ci, or the one that BUILD names.
set -euo pipefail
cd "$(dirname "$0")/.."
build="${BUILD:-build/ci}"
[ -e "$build/compile_commands.json" ] || { echo "no $build/compile_commands.json: cmake --preset ci first" >&2; exit 2; }
rooms=(framework parallel recipes launch datasets)
case "${1:-}" in
  --all) mapfile -t files < <(git ls-files "${rooms[@]}" | grep '\.cpp$') ;;
  "") mapfile -t files < <({ git diff --name-only origin/main 2>/dev/null || git diff --name-only HEAD; } | grep -E "^($(IFS='|'; echo "${rooms[*]}"))/.*\.cpp$" || true) ;;
  *) files=("$@") ;;
esac
known=()
for file in "${files[@]}"; do
  if grep -qF "/$file\"" "$build/compile_commands.json"; then known+=("$file"); else echo "not built here, left out: $file"; fi
done
[ "${#known[@]}" -gt 0 ] || { echo "nothing to look at"; exit 0; }
arguments=(-Wno-unknown-warning-option -Wno-unused-const-variable -Wno-mismatched-tags -Wno-ignored-optimization-argument)
# Before version 15, clang has no std::source_location, and it disagrees with fmt 9 about consteval.
version=$(clang-tidy --version | grep -oE 'version [0-9]+' | grep -oE '[0-9]+' | head -1)
[ "$version" -ge 15 ] || arguments+=(-isystem "$PWD/tests/compat" -DFMT_CONSTEVAL=)
# Another compiler's precompiled headers are nothing to clang: the headers behind them are read as they are.
commands="$(mktemp -d)"
trap 'rm -rf "$commands"' EXIT
sed -E 's/-Winvalid-pch//g; s/-include [^ ]*cmake_pch\.hxx//g' "$build/compile_commands.json" > "$commands/compile_commands.json"
printf '%s\0' "${known[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p "$commands" "${arguments[@]/#/--extra-arg-before=}"
