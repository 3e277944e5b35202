#!/usr/bin/env python3
"""A run folder that is moved or removed while a run works in it.

  moved_test.py FTRUN

On one and two ranks, in training and in sampling: the run ends with 1 and one sentence, makes no second folder of that name,
writes nothing into a folder that another run has made there since, and goes on where the folder lies now, to the digests of the
run that was left alone."""
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

LONG = ["stages.solver.length=4000steps", "training.save_every=10steps"]
MANY = ["stages.answers.per_problem=3000"]
SENTENCE = "was moved or removed while this run worked in it"


def begin(run, until, *overrides, ranks=1):
    process = subprocess.Popen(run.command(*overrides, ranks=ranks), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 120
    while not until() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    return process


def ends(process, what):
    output, _ = process.communicate(timeout=120)
    check(process.returncode == 1, f"{what}: exit code {process.returncode}, not 1\n{output[-2000:]}")
    said = [line for line in output.splitlines() if SENTENCE in line]
    check(len(said) == 1, f"{what}: {len(said)} sentences about the folder, not one\n{output[-2000:]}")


def attempts_begun(run):
    return any(path.stat().st_size > 0 for path in run.folder.glob("stages/answers-*/work/attempts*.jsonl"))


def moved(ftrun, base, name, until_of, overrides, ranks):
    """Moved away, and nobody else there: no folder of the old name comes back."""
    run = TinyRun(ftrun, base, name)
    process = begin(run, lambda: until_of(run), *overrides, ranks=ranks)
    moved_to = run.home / "moved"
    run.folder.rename(moved_to)
    ends(process, name)
    check(not run.folder.exists(), f"{name}: a folder of the old name was made again: {sorted(run.folder.rglob('*'))[:5]}")
    noted = (moved_to / "exit_code").read_text()  # of several ranks another one may fail first, and the launcher then ends rank 0
    check(noted == "1\n" or (ranks > 1 and noted.startswith("not ended: ")), f"{name}: exit_code says {noted!r}, not 1")
    moved_to.rename(run.folder)
    return run


def case_moved_in_training(ftrun, base):
    whole = TinyRun(ftrun, base, "whole").to_end("stages.solver.length=60steps")
    for ranks in (1, 2):
        run = moved(ftrun, base, f"training-{ranks}", lambda run: run.saved_step() > 0, LONG, ranks)
        saved = run.saved_step()
        check(saved > 0, f"{ranks} ranks: the checkpoints are gone")
        check(saved >= 60 or run.to_end("stages.solver.length=60steps", ranks=ranks) == whole, f"{ranks} ranks: other digests")


def case_moved_while_saving(ftrun, base):
    """A checkpoint after each step: it is being written when the folder goes, nearly always."""
    for turn in range(4):
        moved(ftrun, base, f"saving-{turn}", lambda run: run.saved_step() > turn, [LONG[0], "training.save_every=1steps", f"training.save={('background', 'blocking', 'in_place')[turn % 3]}"], 1 + turn // 2)


def case_moved_in_sampling(ftrun, base):
    for ranks in (1, 2):
        run = moved(ftrun, base, f"sampling-{ranks}", attempts_begun, MANY, ranks)
        run.to_end("stages.answers.per_problem=8", ranks=ranks)


def case_removed(ftrun, base):
    run = TinyRun(ftrun, base, "removed")
    process = begin(run, lambda: run.saved_step() > 0, *LONG)
    run.folder.rename(run.home / "going")
    shutil.rmtree(run.home / "going", ignore_errors=True)
    ends(process, "removed")
    check(not run.folder.exists(), "removed: the folder was made again")


def case_taken_by_another(ftrun, base):
    """The second run's folder holds what the second run alone makes."""
    alone = TinyRun(ftrun, base, "alone").to_end("stages.solver.length=20steps")
    run = TinyRun(ftrun, base, "taken")
    first = begin(run, lambda: run.saved_step() > 0, *LONG)
    run.folder.rename(run.home / "moved")
    check(run.to_end("stages.solver.length=20steps") == alone, "the second run's digests are others than alone")
    ends(first, "taken")
    steps = [path for path in run.folder.glob("stages/solver-*/work/checkpoints/step-*") if int(path.name[5:]) > 20]
    check(not steps, f"the first run wrote into the second one's folder: {steps}")


def main(base):
    for case in (case_moved_in_training, case_moved_while_saving, case_moved_in_sampling, case_removed, case_taken_by_another):
        case(sys.argv[1], base)
        print(case.__name__, "holds", flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-moved-", in_memory=True)
