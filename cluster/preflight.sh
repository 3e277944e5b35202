#!/usr/bin/env bash
# Looks at every node of a Slurm allocation before the run starts there, and names the bad ones.
#
#   cluster/preflight.sh FTRUN RUN_FOLDER      from a job script, or by hand on one machine without Slurm
#
# Checked on each node: the program starts and is the same one (version, bytes of program, library and recipes); the run
# folder is the same and can be written; enough space there (FTRUN_MIN_FREE_MB, 2000 by default), in /dev/shm and in
# TMPDIR; the clock. What it finds goes to stderr, a line a node.
#
# Exit code 0: all good. 76: some nodes are bad; their names are on stdout, joined by commas. 2: every node finds the
# same thing wrong, so no other node would help.
set -uo pipefail
export LC_ALL=C

# On one node. Prints: node|digest of the program|processor|what is wrong, joined by "; "
look() {
  local ftrun=$1 folder=$2 token=$3 clock=$4 min_mb=$5 wrong=() version="" digest=none free drift root
  if [ ! -x "$ftrun" ]; then
    wrong+=("no program at $ftrun")
  elif ! version=$("$ftrun" --version 2>&1); then
    wrong+=("$ftrun does not start: $(head -1 <<<"$version")")
  else
    root=$(dirname "$(dirname "$ftrun")")
    digest="$version $(cat "$ftrun" "$root"/lib/libftrun.so "$root"/lib/ftrun/*.so 2>/dev/null | sha256sum | cut -c1-12)"
  fi
  if [ "$(cat "$folder/.preflight" 2>/dev/null)" != "$token" ]; then
    wrong+=("the run folder $folder is not the one that the first node sees (no shared file system?)")
  elif ! { : >"$folder/.preflight-$(hostname)" && rm "$folder/.preflight-$(hostname)"; } 2>/dev/null; then
    wrong+=("cannot write into the run folder $folder")
  else
    free=$(df -Pm "$folder" | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$min_mb" ] || wrong+=("only $free MB free in $folder, $min_mb wanted (FTRUN_MIN_FREE_MB)")
  fi
  free=$(df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 {print $4}')
  [ "${free:-0}" -ge 64 ] || wrong+=("only ${free:-0} MB free in /dev/shm, where ranks of a node meet: 64 wanted")
  free=$(df -Pm "${TMPDIR:-/tmp}" 2>/dev/null | awk 'NR == 2 {print $4}')
  [ "${free:-0}" -ge 16 ] || wrong+=("only ${free:-0} MB free in ${TMPDIR:-/tmp}, which MPI needs: 16 wanted")
  drift=$(($(date +%s) - clock))
  [ "${drift#-}" -le 120 ] || wrong+=("the clock is $drift s off")
  printf '%s|%s|%s|%s\n' "$(hostname)" "$digest" "$(awk -F': ' '/^model name/ {print $2; exit}' /proc/cpuinfo)" \
    "$(printf '%s; ' ${wrong[@]+"${wrong[@]}"} | sed 's/; $//')"
}

if [ "${1:-}" = --look ]; then
  shift
  look "$@"
  exit 0
fi

ftrun=$1 folder=$2
say() { printf 'preflight: %s\n' "$*" >&2; }
if ! mkdir -p "$folder" || ! token="$(hostname) $$ $(date +%s%N)" || ! echo "$token" >"$folder/.preflight"; then
  say "cannot write into the run folder $folder on $(hostname)"
  exit 2
fi
trap 'rm -f "$folder/.preflight"' EXIT
question=(--look "$ftrun" "$folder" "$token" "$(date +%s)" "${FTRUN_MIN_FREE_MB:-2000}")
nodes=("$(hostname)")
if [ -n "${SLURM_JOB_ID:-}" ]; then
  mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
  # The text of this script travels with the command: a node that does not see it can still say what else is wrong.
  answers=$(timeout "${FTRUN_PREFLIGHT_SECONDS:-90}" srun --overlap --mpi=none --nodes="${#nodes[@]}" --ntasks="${#nodes[@]}" \
    --ntasks-per-node=1 --kill-on-bad-exit=0 --input=none bash -c "$(cat "${BASH_SOURCE[0]}")" preflight "${question[@]}")
else
  answers=$(look "${question[@]:1}")
fi

first=$(hostname)
digest=$(awk -F'|' -v n="$first" '$1 == n {print $2}' <<<"$answers")
bad=() reasons=()
for node in "${nodes[@]}"; do
  line=$(awk -F'|' -v n="$node" '$1 == n' <<<"$answers")
  IFS='|' read -r _ other _ why <<<"$line"
  if [ -z "$line" ]; then
    why="does not answer"
  elif [ -z "$why" ] && [ -n "$digest" ] && [ "$other" != "$digest" ]; then
    why="another program: '$other' here, '$digest' on $first"
  fi
  [ -n "$why" ] || continue
  say "$node: $why"
  bad+=("$node")
  reasons+=("$why")
done
if [ "$(cut -d'|' -f3 <<<"$answers" | sort -u | wc -l)" -gt 1 ]; then
  say "processors differ ($(cut -d'|' -f3 <<<"$answers" | sort -u | paste -sd, -)): results may differ in the last bits from those of one kind"
fi
if [ ${#bad[@]} -eq 0 ]; then
  say "${#nodes[@]} node(s) are fine"
elif [ ${#bad[@]} -eq ${#nodes[@]} ] && [ "$(printf '%s\n' "${reasons[@]}" | sort -u | wc -l)" -eq 1 ]; then
  exit 2
else
  (IFS=,; echo "${bad[*]}")
  exit 76
fi
