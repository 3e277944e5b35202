#!/usr/bin/env bash
# How fast is ftrun here? One table: training, sampling, scoring, all-reduce, the stall of a checkpoint, start, memory, each beside
# a limit that is measured on the spot. About ten minutes on two cores; nothing else should run meanwhile.
#
#   tests/bench/run.sh                     on every core, one rank each
#   tests/bench/run.sh --ranks 1 --repeats 1 --only sampling,scoring
#   tests/bench/run.sh --peers VENV        transformers from a Python environment with torch and transformers, on the same work
#
# Needs SmolLM2-135M (launch/fetch_model.sh smollm2) and GSM8K (FT_DATA). --build: a configured build folder; what is missing is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
export FT_DATA="${FT_DATA:-$PWD/../shared/data}"
exec python3 tests/bench/table.py "$@"
