#!/usr/bin/env bash
# From a fresh clone to the report: installs what is missing, builds, and runs the main job on the embedded problems with
# two ranks. The second time it only continues what is not done.
#
#   launch/quickstart.sh [key=value ...]
set -euo pipefail
cd "$(dirname "$0")/.."
launch/setup.sh
cmake --preset release -DFT_TESTS=OFF
cmake --build --preset release
as_root=()
[ "$(id -u)" = 0 ] && as_root=(--allow-run-as-root)
mpirun "${as_root[@]}" --oversubscribe --bind-to none -np 2 build/release/bin/ftrun recipes/multitask.yaml "$@"
