#!/bin/bash
# How jobs end, as their user sees it: exit code, number of messages, time, and nobody left behind.
#   failures_test.sh PROGRAM MPIEXEC
program=$1
mpiexec=$2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

# check SECONDS EXIT_CODE MESSAGES PATTERN HOW: runs 3 ranks; MESSAGES lines of ours, all of which match PATTERN.
check() {
  local seconds=$1 code=$2 messages=$3 pattern=$4 how=$5 start=$SECONDS
  timeout 40 "$mpiexec" --allow-run-as-root --oversubscribe --bind-to none -np 3 "$program" "$how" >"$log" 2>&1
  local rc=$? took=$((SECONDS - start)) said matching
  said=$(grep -c '^ftrun: ' "$log")
  matching=$(grep -c "^ftrun: $pattern" "$log")
  local label="$how (FTRUN_SHARED_MEMORY=${FTRUN_SHARED_MEMORY:-on})"
  if [ $rc != "$code" ] || [ "$said" != "$messages" ] || [ "$matching" != "$messages" ] || [ $took -gt "$seconds" ]; then
    echo "FAILED: $label: exit code $rc (expected $code), $said messages, $matching like '$pattern' (expected $messages), $took s"
    cat "$log"
    failed=1
  else
    echo "ok: $label: exit code $rc, $took s"
  fi
  if pgrep -f "^$program $how" >/dev/null; then
    echo "FAILED: $label: ranks are left behind"
    failed=1
  fi
}

check 10 0 0 '' 'done'
check 10 2 1 'run.yaml:3:5: unknown key' 'mistake everywhere'
check 10 75 1 'stopped by signal' 'stop everywhere'
check 10 1 1 'rank 0 of 3 on .*: fault 0' 'different everywhere'
check 10 137 0 '' 'kill one'
check 10 3 0 '' 'exit one'
check 10 1 1 'rank 1 of 3 on .*: disk full' 'throw on one'
check 10 1 1 'rank 1 of 3 on .*: disk full' 'throw beside work'
check 10 2 1 'rank 1 of 3 on .*: model file is torn' 'abort on one'
check 15 1 1 'rank . of 3 on .*: all at once' 'abort on all'

# Over messages, as between hosts, nobody sees that another rank has failed.
export FTRUN_SHARED_MEMORY=off
check 10 2 1 'run.yaml:3:5: unknown key' 'mistake everywhere'
check 10 137 0 '' 'kill one'
check 10 3 0 '' 'exit one'
check 10 1 1 'rank 1 of 3 on .*: disk full' 'throw on one'
check 10 2 1 'rank 1 of 3 on .*: model file is torn' 'abort on one'

# Started by hand: no MPI, the same codes.
unset FTRUN_SHARED_MEMORY
"$program" 'mistake everywhere' 2>"$log"
rc=$?
if [ $rc != 2 ] || [ "$(cat "$log")" != "ftrun: run.yaml:3:5: unknown key 'learing_rate'" ]; then
  echo "FAILED: alone: exit code $rc"
  cat "$log"
  failed=1
fi
exit $failed
