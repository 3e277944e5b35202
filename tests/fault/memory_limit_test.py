#!/usr/bin/env python3
"""However little memory a run gets, it ends with exit code 0 or 1, says why, hangs nowhere, and nothing is lost.

  memory_limit_test.py FTRUN [STEP_MB] [FROM_MB TO_MB]

The limit is that of the address space (`ulimit -v`), where every allocation of every library fails in its turn. Without
FROM and TO the range is found: from where the loader cannot map the libraries (exit code 127, its own) to where the run
just ends; in steps of STEP_MB (30). Each limit is tried with background and blocking saves on one rank, every third on two
ranks as well. Every other start goes on in the folder of the one before, and at the end an unlimited start must come to the weights and attempts of a run that was never limited."""
import pathlib
import resource
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import main_of  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

PATIENCE = 120  # seconds; a start takes two
MB = 1000 * 1024  # of `ulimit -v 580000`


def start(command, limit):
    """Exit code (None: it hung) and output of one start under a limit in MB, and the seconds it took."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               start_new_session=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit * MB, limit * MB)))
    try:
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output, time.monotonic() - began
    except subprocess.TimeoutExpired:
        subprocess.run(["kill", "-9", "--", f"-{process.pid}"], check=False)
        output, _ = process.communicate()
        return None, output, time.monotonic() - began


def start_ranks(run, limit, overrides):
    """On two ranks: mpirun itself is not limited."""
    *launch, program, file, folder = run.command(ranks=2)
    shell = f'ulimit -v {limit * 1000}; exec "$0" "$@"'
    command = [*launch, "bash", "-c", shell, program, file, folder, *overrides]
    return start(command, 1000 * 1000)


def is_ours(code, output):
    """Not a death of the loader, which maps the libraries before the program begins."""
    return code != 127 and "error while loading shared libraries" not in output


def first_limit(low, high, holds):
    """The least limit in MB, to the MB, from which on it holds."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def judge(what, code, output, took, wrong, ranks=False):
    """Under mpirun MPI's own start may be what finds no memory: then the words are MPI's."""
    said = [line for line in output.splitlines() if line.startswith("ftrun: ") or ranks and ("memory" in line or "ERROR" in line)]
    if code not in (0, 1):
        wrong.append(f"{what}: {'hung' if code is None else f'exit code {code}'}\n{output[-1500:]}")
    elif code == 1 and not said:
        wrong.append(f"{what}: exit code 1 without a word\n{output[-1500:]}")
    return f"{what}: {code} in {took:.1f} s  {said[-1][:150] if said else ''}"


def main(base):
    ftrun, *numbers = sys.argv[1:]
    step = int(numbers[0]) if numbers else 30
    began, wrong, codes = time.monotonic(), [], []
    expected = TinyRun(ftrun, base, "quiet").to_end()
    if len(numbers) == 3:
        low, high = int(numbers[1]), int(numbers[2])
    else:
        low = first_limit(100, 2000, lambda mb: is_ours(*start([ftrun, "--version"], mb)[:2]))
        probe = TinyRun(ftrun, base, "probe")

        def ends(mb):
            shutil.rmtree(probe.folder, ignore_errors=True)
            return start(probe.command(), mb)[0] == 0
        high = first_limit(low, 2000, ends)
        print(f"it starts from {low} MB on, and ends from {high} MB on", flush=True)
        high += 2 * step
    runs = {save: TinyRun(ftrun, base, save) for save in ("background", "blocking", "ranks")}
    for number, limit in enumerate(range(low - step, high + 1, step)):
        for save in ("background", "blocking"):
            if number % 2:  # every other start anew, the others on what the one before has left
                shutil.rmtree(runs[save].folder, ignore_errors=True)
            code, output, took = start(runs[save].command(f"training.save={save}"), limit)
            if is_ours(code, output):
                print(judge(f"{limit} MB, {save}", code, output, took, wrong), flush=True)
                codes.append(code)
            else:
                print(f"{limit} MB, {save}: the loader cannot map the program", flush=True)
        if number % 3 == 1:
            code, output, took = start_ranks(runs["ranks"], limit, ["training.save=background"])
            if is_ours(code, output):
                print(judge(f"{limit} MB, two ranks", code, output, took, wrong, ranks=True), flush=True)
                codes.append(code)
    for name, run in runs.items():
        assert run.to_end() == expected, f"{name}: other weights or attempts than those of the run without limits"
    assert not wrong, "\n".join(wrong)
    assert codes.count(1) >= 2 and codes.count(0) >= 2, f"the limits were not around the border: {codes}"
    print(f"{len(codes)} starts: {codes.count(1)} without enough memory, {codes.count(0)} to the end; none hung or crashed; "
          f"the runs ended equal; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main_of(main, "ftrun-memory-")
