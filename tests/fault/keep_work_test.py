#!/usr/bin/env python3
"""What stays of a training's checkpoints once its output is sealed: `training.keep_work: all | last | none`.

  keep_work_test.py FTRUN

A longer length goes on from the one that `last` keeps; where `none` is left it begins anew; a start after a kill between seal and
removal removes them, too; the weights are those of an undisturbed run."""
import json
import pathlib
import re
import sys
import tempfile

from tiny_run import TinyRun

BASE = ["training.schedule=constant", "training.save_every=2steps"]


def checkpoints(run):
    return sorted(int(path.name[5:]) for path in run.folder.glob("stages/solver-*/work/checkpoints/step-*"))


def expect(what, holds, *seen):
    if not holds:
        sys.exit(f"{what}: {seen}")
    print(f"ok: {what}", flush=True)


def main():
    with tempfile.TemporaryDirectory() as base:
        made = {}
        for keep, left in (("all", [2, 4, 6]), ("last", [6]), ("none", [])):
            run = made[keep] = TinyRun(sys.argv[1], base, keep)
            outcome = run.to_end(*BASE, f"training.keep_work={keep}", ranks=2)
            expect(f"{keep}: {left} are left", checkpoints(run) == left, checkpoints(run))
            expect(f"{keep}: the same outcome", outcome == made["all"].outcome())
        again = made["all"].to_end(*BASE, "training.keep_work=last")
        expect("removed later, where the stage is done", checkpoints(made["all"]) == [6], checkpoints(made["all"]))
        expect("that redoes nothing", again == made["last"].outcome() and made["all"].log().count("solver' took") == 1)
        for keep, goes_on in (("last", True), ("none", False)):
            run = made[keep]
            run.to_end(*BASE, f"training.keep_work={keep}", "stages.solver.length=8steps")
            expect(f"a longer length {'goes on' if goes_on else 'begins anew'} after '{keep}'",
                   bool(re.search(r"going on from .*step-00000006", run.log())) == goes_on, run.log()[-2000:])
        weights = {keep: [json.loads(path.read_text())["body"]["weights_digest"]
                          for path in sorted(made[keep].folder.glob("stages/solver-*/output-*/manifest.json"))] for keep in ("last", "none")}
        expect("with the same weights", sorted(weights["last"]) == sorted(weights["none"]) and len(weights["last"]) == 2, weights)


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    main()
