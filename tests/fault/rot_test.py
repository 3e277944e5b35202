#!/usr/bin/env python3
"""A disk that returns other bytes than it was given, with no time or size changed: found where the bytes are used.

  rot_test.py FTRUN LIBRARY [COUNT]

LIBRARY is inject_errors.c, built. In a finished run one bit is flipped in every sealed file, and the note that the file is
intact is made to vouch for it, as it does where only the disk knows; what was made from that file is taken away, so that
the next start reads it. COUNT (1) bits a file are drawn by FT_FAULT_SEED (1). Each time: the start ends with exit code 1
and one message that names the file, and the start after that sets it aside, makes it again and ends with the digests of
the undisturbed run; or nothing of the file is used, the digests are those, and `ftrun verify` names it.

Then the same below the program: one read of a file gives another bit, on one rank and on the second of two, in every file
that a stage reads; and the step log, and the best checkpoint, in a run whose result it is."""
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

RUN_FILE = """\
run: {seed: 1}
models:
  base: {preset: tiny}
problems:
  train: {dataset: arithmetic, split: train, limit: 40}
  test: {dataset: arithmetic, split: test, limit: 3}
  valid: {dataset: arithmetic, split: valid, limit: 10}
training: {lanes: 2, tokens_per_lane: 300, max_length: 128, learning_rate: 1e-3, save_every: 2steps, keep: 3}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 4steps}
  answers: {recipe: sample, model: solver, problems: test, per_problem: 4, max_new_tokens: 24}
  verifier: {recipe: verifier_sft, model: solver, attempts: answers, reference_is_right: true, length: 2steps}
  ranking: {recipe: rerank, attempts: answers, verifier: verifier, bootstrap: 10}
  report: {recipe: report, of: [answers, ranking], bootstrap: 10}
"""
STAGES = ["solver", "answers", "answers.verdicts", "verifier", "ranking", "report"]
# Files that a later stage, or the end of the run, reads whole.
USED = {"config.json", "word_vocabulary.json", "attempts-00000.jsonl", "problems-00000.jsonl", "verdicts-00000.jsonl", "scores-00000.jsonl", "report.txt"}


class Rotten(TinyRun):
    def __init__(self, ftrun, base, name):
        super().__init__(ftrun, base, name)
        self.file.write_text(RUN_FILE)

    @classmethod
    def copy_of(cls, run, name):
        copy = cls(run.ftrun, run.home.parent, name)
        shutil.copytree(run.folder, copy.folder, symlinks=True)
        return copy

    def start(self, *overrides, ranks=1, **environment):
        command = self.command(*overrides, ranks=ranks)
        if "FT_INJECT" in environment:
            at = command.index(self.ftrun)
            command[at:at] = ["env", f"LD_PRELOAD={environment.pop('LIBRARY')}"]
        return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, timeout=300)

    def results(self):
        found = {}
        for manifest in self.folder.glob("stages/*/output-*/manifest.json"):
            if ".damaged-" in str(manifest):
                continue
            body = json.loads(manifest.read_text())["body"]
            stage = manifest.parent.parent.name
            found[stage] = body.get("weights_digest", "")
            for name in ("attempts-00000.jsonl", "verdicts-00000.jsonl", "scores-00000.jsonl"):
                if (manifest.parent / name).exists():
                    found[stage] += (manifest.parent / name).read_text()
            if (manifest.parent / "report.json").exists():
                text = (manifest.parent / "report.json").read_bytes()
                try:
                    found[stage] = json.dumps(json.loads(text)["results"])
                except (ValueError, KeyError):  # the flipped bit lies here, and nobody has read it
                    found[stage] = repr(text)
        return found

    def output(self, stage):
        (folder,) = self.folder.glob(f"stages/{stage}-*/output-*")
        return folder

    def vouch(self):
        """The notes say of every output what its files are now."""
        for stage in STAGES:
            for output in self.folder.glob(f"stages/{stage}-*/output-*"):
                note = output.parent / f"intact-{output.name}.json"
                content = json.loads(note.read_text())
                for entry in content["files"]:
                    info = (output / entry["name"]).stat()
                    entry |= {"size": info.st_size, "inode": info.st_ino, "modified": info.st_mtime_ns, "changed": info.st_ctime_ns}
                note.write_text(json.dumps(content))

    def forget_after(self, stage):
        """What was made from a stage is to be made again; of the last one nothing is."""
        for later in STAGES[STAGES.index(stage) + 1:]:
            for folder in self.folder.glob(f"stages/{later}-*"):
                shutil.rmtree(folder)


def flip(path, at, bit):
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def said(done):
    return [line for line in done.stderr.splitlines() if line.startswith("ftrun: ")]


def found_and_mended(run, done, name, expected, what):
    """After a start that met the damage."""
    lines = said(done)
    check(done.returncode == 1, f"{what}: exit code {done.returncode}", done.stderr)
    check(len(lines) == 1 and name in lines[0] and "damaged" in lines[0] and "the next start looks at every byte" in lines[0],
          f"{what}: not named in one message", done.stderr)
    check(not list(run.folder.glob("stages/*/intact-*")), f"{what}: a note vouches on", done.stderr)
    again = run.start()
    check(again.returncode == 0 and run.results() == expected, f"{what}: the next start ends with {again.returncode}, or other digests", again.stderr)
    return again


def every_sealed_file(whole, expected, rng, count):
    cases = 0
    for stage in STAGES:
        for path in sorted(p for p in whole.output(stage).rglob("*") if p.is_file()):
            for number in range(count):
                at, bit = rng.randrange(path.stat().st_size), rng.randrange(8)
                what = f"bit {bit} of byte {at} of {stage}/{path.name}"
                run = Rotten.copy_of(whole, "rot")
                run.vouch()
                run.forget_after(stage)
                flip(run.output(stage) / path.name, at, bit)
                run.vouch()
                done = run.start()
                if done.returncode == 0 and path.name == "manifest.json":
                    check("is damaged and will be made again" in done.stderr and "manifest" in done.stderr, f"{what}: not told", done.stderr)
                    check(run.results() == expected, f"{what}: other digests", done.stderr)
                elif done.returncode == 0:
                    check(path.name not in USED, f"{what}: used without a word", done.stderr)
                    others = {name: result for name, result in expected.items() if not name.startswith(stage + "-")}
                    check(others.items() <= run.results().items(), f"{what}: other digests", done.stderr)
                    verified = subprocess.run([run.ftrun, "verify", str(run.folder)], capture_output=True, text=True)
                    check(verified.returncode == 1 and f"{path.name} is damaged" in verified.stdout, f"{what}: not found by verify", verified.stdout)
                else:
                    again = found_and_mended(run, done, path.name, expected, what)
                    check(f"{path.name} is damaged" in again.stderr and "it is kept as" in again.stderr, f"{what}: not set aside", again.stderr)
                shutil.rmtree(run.home)
                cases += 1
    print(f"{cases} flipped bits under notes that vouch: found where they are used, set aside, made again", flush=True)


def single_reads(whole, expected, library):
    """One read gives another bit; the disk is sound."""
    cases = [("solver", "rank-0000.h5", 1), ("solver", "word_vocabulary.json", 0), ("solver", "config.json", 1), ("answers", "attempts-00000.jsonl", 1),
             ("answers", "problems-00000.jsonl", 0), ("answers.verdicts", "verdicts-00000.jsonl", 0), ("ranking", "scores-00000.jsonl", 0)]
    for stage, name, rank in cases:
        run = Rotten.copy_of(whole, "read")
        run.vouch()
        run.forget_after(stage)
        path = str((run.output(stage) / name).relative_to(run.folder))
        number = 1
        if name.endswith(".h5"):  # the values come last
            logged = Rotten.copy_of(run, "log")
            logged.vouch()
            logged.start(ranks=2, LIBRARY=library, FT_INJECT="9 read 1 0 once nothing", FT_INJECT_ROOT=str(logged.folder), FT_INJECT_LOG=str(logged.home / "calls"))
            number = (logged.home / f"calls.{rank}").read_text().splitlines().count(f"read\t{path}")
            check(number > 0, f"rank {rank} does not read {path}")
            shutil.rmtree(logged.home)
        done = run.start(ranks=2, LIBRARY=library, FT_INJECT=f"{rank} read {number} 0 once {path}", FT_INJECT_ROOT=str(run.folder))
        again = found_and_mended(run, done, name, expected, f"one read of {stage}/{name} on rank {rank} of 2")
        check(".damaged-" not in again.stderr, f"{stage}/{name}: set aside though it is sound", again.stderr)
        shutil.rmtree(run.home)
    print(f"{len(cases)} single reads that gave another bit, on either rank of two: found, nothing set aside that is sound", flush=True)


def step_log(whole, expected):
    run = Rotten.copy_of(whole, "steps")
    run.vouch()
    run.forget_after("ranking")
    (log,) = run.folder.glob("stages/solver-*/steps.jsonl")
    flip(log, log.read_bytes().index(b'"loss":') + 7, 0)
    done = run.start()
    check(done.returncode == 0 and "1 lines of steps.jsonl are damaged" in done.stderr, "a damaged line of the step log is not told", done.stderr)
    shown = {stage: result for stage, result in run.results().items() if not stage.startswith("report")}  # its curve lacks a point
    check(shown.items() <= expected.items(), "a damaged line of the step log changes results", done.stderr)
    shutil.rmtree(run.home)


# The second of eight steps is the best one: what follows is too fast.
BEST = ["stages.solver.validation=valid", "stages.solver.validate_every=1steps", "stages.solver.result=best", "stages.solver.length=8steps",
        "stages.solver.learning_rate=0.06", "stages.solver.warmup=8steps", "stages.solver.schedule=constant", "training.save_every=1steps", "training.keep=20"]


def best_checkpoint(ftrun, base):
    """The result is a checkpoint of long ago, and it rots before the end: the end says so once, and the next start makes it again."""
    whole = Rotten(ftrun, base, "best")
    done = whole.start(*BEST)
    check(done.returncode == 0, "a run whose result is the best checkpoint fails", done.stderr)
    expected = whole.results()
    training = json.loads((whole.output("solver") / "manifest.json").read_text())["body"]["metadata"]["training"]
    best, last = training["best_step"], training["steps"]
    check(best < last, f"the best step is the last one, {last}: nothing is tried")
    for what, change in [("damaged", lambda p: flip(p / "rank-0000.h5", 5000, 3)), ("without its config", lambda p: (p / "config.json").unlink()),
                         ("gone", shutil.rmtree)]:
        run = Rotten.copy_of(whole, "best-" + what.split()[0])
        shutil.rmtree(run.output("solver"))
        run.forget_after("solver")
        (checkpoint,) = run.folder.glob(f"stages/solver-*/work/checkpoints/step-{best:08}")
        change(checkpoint)
        done = run.start(*BEST)
        if what == "gone":
            check("training goes back to before it" in done.stderr, f"best checkpoint {what}: not told", done.stderr)
        else:
            check(done.returncode == 1 and f"it was the best checkpoint, of step {best}" in done.stderr and "Start the same command again" in done.stderr,
                  f"best checkpoint {what}: exit code {done.returncode}", done.stderr)
            done = run.start(*BEST)
        check(done.returncode == 0 and run.results() == expected, f"best checkpoint {what}: exit code {done.returncode}, or other digests", done.stderr)
        shutil.rmtree(run.home)
    shutil.rmtree(whole.home)
    print("the best checkpoint damaged, in pieces, gone: told, and made again with the same digests", flush=True)


def main(base):
    ftrun, library = sys.argv[1], os.path.abspath(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(int(os.environ.get("FT_FAULT_SEED", "1")))
    began = time.monotonic()
    whole = Rotten(ftrun, base, "whole")
    done = whole.start()
    check(done.returncode == 0, f"the undisturbed run ends with {done.returncode}", done.stderr)
    expected = whole.results()
    check(len(expected) == len(STAGES), f"results of {sorted(expected)} only")
    step_log(whole, expected)
    best_checkpoint(ftrun, base)
    single_reads(whole, expected, library)
    every_sealed_file(whole, expected, rng, count)
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main_of(main, "ftrun-rot-", in_memory=True)
