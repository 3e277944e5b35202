#!/usr/bin/env bash
# Set-up, build, all tests: what continuous integration runs and what a contributor runs before a commit.
#
#   tests/run.sh            everything
#   tests/run.sh -L unit    only these (arguments go to ctest)
set -euo pipefail
cd "$(dirname "$0")/.."
launch/setup.sh --tests
# Real data and a real model, where they can be had; tests that need them say that they were skipped where not.
export FT_DATA="${FT_DATA:-$PWD/../shared/data}"
launch/fetch_model.sh smollm2 || echo "tests: SmolLM2-135M could not be fetched; its tests will be skipped"
cmake --preset ci
cmake --build --preset ci
# Tests of several processes count for two cores (PROCESSORS), so the fast ones do not wait for each other in vain.
ctest --preset ci -j2 "$@"
