#!/usr/bin/env python3
"""What becomes of half-done work when something in the run file is changed: plan, run and run.restart say the same, and
it is what happens.

  restart_test.py FTRUN [COUNT]      COUNT changes drawn by FT_FAULT_SEED (1) beside the fixed ones; 0: every one

One run is brought into the state that a kill leaves in all of its stages at once: a training with checkpoints, sampling and
scoring with a part of their lines, a verifier with a checkpoint. Then one key of the run file is changed (each key that
`ftrun explain` knows, to another value of its type), and of each stage it is compared whether

- `ftrun plan` says that it goes on or begins anew,
- the run says so,
- `run.restart: refuse` ends with exit code 2, touching nothing, or lets it pass,
- the work was really gone on with: lines of steps, attempts and scores from before are still there, byte for byte, and
  each of them once."""
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

RUN_FILE = """\
run: {folder: run, seed: 1}
models: {base: {preset: tiny}, other: {preset: tiny-gqa}}
problems:
  train: {dataset: arithmetic, split: train, limit: 40}
  test: {dataset: arithmetic, split: test, limit: 6}
training: {lanes: 2, tokens_per_lane: 300, max_length: 128, learning_rate: 1e-3, schedule: constant, save_every: 2steps, keep: 3}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 8steps}
  answers: {recipe: sample, model: solver, problems: test, per_problem: 4, max_new_tokens: 12}
  verifier: {recipe: verifier_sft, model: solver, attempts: answers, loss: both, reference_is_right: true, tokens_per_lane: 500, length: 4steps}
  ranking: {recipe: rerank, attempts: answers, verifier: solver}
  report: {recipe: report, of: [answers, ranking]}
"""
RECIPE_STAGE = {"solution_sft": "solver", "sample": "answers", "verifier_sft": "verifier", "rerank": "ranking", "report": "report"}
PIECES = {"answers": "attempts", "ranking": "scores"}
# Values that a type alone does not tell.
VALUES = {"run.folder": None, "run.restart": None, "run.time_limit": "1h", "run.hang_timeout": "99s", "run.seed": "2",
          "models.base.preset": "tiny-gqa", "models.base.path": None, "models.base.tokenizer": None,
          "prompts.solver": "'Q: {problem} A: '", "prompts.verifier": "'Q: {problem} A: {solution} so '", "prompts.correct": None, "prompts.incorrect": None,
          "parallel.tensor": None, "parallel.device": "auto", "training.tokens_per_lane": "400", "training.recompute": "layers", "training.max_length": "127",
          "training.too_long": "refuse", "training.result": "best", "training.validation": "test", "training.length": None,
          "stages.solver.model": "other", "stages.answers.model": "other", "stages.verifier.model": "other", "stages.solver.problems": "test",
          "stages.answers.problems": "train", "stages.ranking.verifier": "other", "stages.ranking.attempts": None, "stages.verifier.attempts": None,
          "stages.report.of": "[answers]", "stages.report.title": "Title", "stages.solver.style": "fine"}
# Every way to ask for more or less of the same: also what fits a checkpoint exactly, lies before the first, and other units.
FIXED = [[f"stages.solver.length={length}"] for length in ("2steps", "4steps", "5steps", "6steps", "9steps", "500tokens", "2500tokens", "0.2epochs", "3s")]
FIXED += [["stages.answers.per_problem=2"], ["stages.answers.per_problem=6"], ["problems.test.limit=3"], ["problems.test.limit=8"],
          ["problems.train.limit=39"], ["stages.solver.length=5steps", "stages.answers.per_problem=3"], ["stages.solver.schedule_length=9steps"]]
LIMIT = ["run.time_limit=1h"]


class Keys:
    """The keys that `ftrun explain` tells of, with another value for each."""

    def __init__(self, ftrun):
        text = subprocess.run([ftrun, "explain"], capture_output=True, text=True, check=True).stdout
        self.changes, section = [], ""
        for block in re.split(r"\n(?=\S|  \S+: )", text):
            if not block.startswith(" "):
                section = block.strip()
                continue
            name = block.split(":", 1)[0].strip()
            fact = lambda key: (re.search(rf"^    {key}: +(.*)$", block, re.M) or [None, ""])[1]
            for prefix in self.places(section, name):
                value = VALUES.get(f"{prefix}.{name}", VALUES.get(f"training.{name}")) if f"{prefix}.{name}" in VALUES or prefix == "training" and f"training.{name}" in VALUES \
                    else self.other(fact("type"), fact("default"), fact("range"))
                if value is not None:
                    self.changes.append([f"{prefix}.{name}={value}"])

    @staticmethod
    def places(section, name):
        if section.startswith("stages.NAME"):
            if section.endswith((" grade", " given_attempts")):
                return []  # the run's own stage of it is changed by `grading`; done in one go, and not in this run
            return ["stages." + RECIPE_STAGE[section.rsplit(" ", 1)[1]]]
        if section == "problems.NAME":
            return ["problems.train", "problems.test"]
        return [{"models.NAME": "models.base"}.get(section, section)]

    @staticmethod
    def other(kind, default, limits):
        if kind == "true or false":
            return "false" if default == "true" else "true"
        if kind.startswith("one of "):
            return next(c for c in kind[7:].split(", ") if c != default)
        if kind == "whole number":
            value = int(float(default)) if re.fullmatch(r"[\d.e+]+", default) else 3
            return str(value + 1)
        if kind == "number":
            value = float(default) if re.fullmatch(r"[-\d.e+]+", default) else 0.5
            below_one = re.search(r"(below|to|at most) 1$", limits)
            return repr(0.5 if value == 0 or below_one and value > 0.5 else value * 0.9)
        if kind.startswith("length"):
            return "3steps"
        if kind.startswith("duration"):
            return "77s"
        return None


def digest_of(folder):
    """Of all files but those that tell of a start itself."""
    return {str(p.relative_to(folder)): (p.stat().st_size, p.read_bytes()[-4096:]) for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in ("lock", "exit_code")}


def halve(folder):
    """As a kill leaves it: nothing is sealed, of each stage a part is there."""
    run = folder / "run"
    for output in run.glob("stages/*/output-*"):
        shutil.rmtree(output)
    for stage, left in (("solver", 6), ("verifier", 2)):
        work = next(run.glob(f"stages/{stage}-*/work/checkpoints"))
        for checkpoint in work.iterdir():
            if int(checkpoint.name.split("-")[1]) > left:
                shutil.rmtree(checkpoint)
    for stage, stem in PIECES.items():
        for piece in run.glob(f"stages/{stage}-*/work/{stem}-*.jsonl"):
            lines = piece.read_bytes().splitlines(keepends=True)
            piece.write_bytes(b"".join(lines[:len(lines) // 2]))


class Work:
    """What a stage has made, line by line, wherever its folders are."""

    def __init__(self, folder, stage):
        self.lines = {}
        for path in folder.glob(f"run/stages/{stage}-*"):
            if stage in ("solver", "verifier"):
                logs = [path / "steps.jsonl"]
            else:
                logs = path.glob("work/*.jsonl")
            self.lines[path.name] = [line for log in sorted(logs) if log.exists() for line in log.read_bytes().splitlines()]

    def went_on_from(self, before, saved):
        """Whether the stage's new work is a continuation of the old: the saved part is there unchanged and no other folder has more."""
        (name, old), = before.lines.items()
        now = self.lines[name]
        return len(self.lines) == 1 and now[:saved] == old[:saved]


class Bench:
    def __init__(self, ftrun):
        self.ftrun = os.path.abspath(ftrun)
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-restart-"))
        self.failed, self.kinds = [], {"goes on": 0, "begins anew": 0, "refused by a check": 0}

    def call(self, folder, *arguments):
        return subprocess.run([self.ftrun, *arguments], capture_output=True, text=True, cwd=folder)

    def expect(self, name, truth, *evidence):
        if not truth:
            self.failed.append(name)
            print(f"FAILED {name}", *(f"\n   {str(e).strip()}" for e in evidence), flush=True)

    def try_change(self, origin, change):
        name = " ".join(change)
        folder = self.base / "trial"
        shutil.copytree(origin, folder)
        try:
            self.compare(folder, name, change)
        finally:
            shutil.rmtree(folder)

    def compare(self, folder, name, change):
        # What must be left of the lines: up to the newest checkpoint that the length lets it go on from.
        steps = re.search(r"solver\.length=(\d+)steps", name)
        saved = {"solver": 6 if not steps or int(steps[1]) >= 6 else 4, "verifier": 2}
        if re.search(r"solver\.length=\S*(tokens|epochs)", name):
            saved["solver"] = 4
        before = {stage: Work(folder, stage) for stage in RECIPE_STAGE.values() if stage != "report"}
        files = digest_of(folder)
        planned = self.call(folder, "plan", "run.yaml", *change)
        if planned.returncode == 2:
            refused = self.call(folder, "run.yaml", *change)
            same = [line for line in planned.stderr.splitlines() if line.startswith("ftrun: ")]
            self.expect(name, refused.returncode == 2 and same and same[-1] in refused.stderr and digest_of(folder) == files, planned.stderr, refused.stderr)
            self.kinds["refused by a check"] += 1
            return
        self.expect(name + ": plan", planned.returncode == 0, planned.stderr)
        anew_by_plan = set(re.findall(r"^stage '(\S+)' begins anew: ", planned.stdout, re.M)) - {"report"}
        goes_by_plan = set(re.findall(r"^  (\S+) +\S+ +(?:go on|add|skip) ", planned.stdout, re.M)) - {"report"}
        self.expect(name + ": plan's table beside its words", goes_by_plan == set(before) - anew_by_plan, planned.stdout)

        strict = self.call(folder, "run.yaml", *change, "run.restart=refuse")
        if anew_by_plan:
            self.expect(name + ": refused", strict.returncode == 2 and digest_of(folder) == files, strict.stderr)
            self.expect(name + ": refused in the plan's words", set(re.findall(r"stage '(\S+)' begins anew", strict.stderr)) == anew_by_plan, strict.stderr)
            done = self.call(folder, "run.yaml", *change, "--yes")
        else:
            done = strict
        self.expect(name + ": the run", done.returncode == 0, done.stderr)
        anew_by_run = set(re.findall(r"stage '(\S+)' begins anew: ", done.stderr)) - {"report"}
        really = set()
        for stage, old in before.items():
            now = Work(folder, stage)
            (identity, lines), = old.lines.items()
            if not now.went_on_from(old, saved.get(stage, len(lines))):
                really.add(stage)
            if stage in PIECES and identity in now.lines:
                records = [json.loads(line)["record"] for line in now.lines[identity]]
                names = [(r["problem"], r.get("index")) for r in records]
                self.expect(f"{name}: lines of {stage} that stand there twice", len(names) == len(set(names)))
        self.expect(f"{name}: who begins anew", anew_by_plan == anew_by_run == really, f"plan {sorted(anew_by_plan)}", f"run {sorted(anew_by_run)}",
                    f"really {sorted(really)}", planned.stdout, done.stderr)
        self.kinds["begins anew" if really else "goes on"] += 1
        again = self.call(folder, "run.yaml", *change, "run.restart=refuse")
        self.expect(name + ": once more", again.returncode == 0 and "begins anew" not in again.stderr, again.stderr)


def lengths_grow_again(bench, origin):
    """Shorter, then as long as before: the checkpoints of the longer one are still there, and so are its steps in the log."""
    folder = bench.base / "again"
    shutil.copytree(origin, folder)
    steps = lambda: [json.loads(line)["step"] for line in next(folder.glob("run/stages/solver-*/steps.jsonl")).read_text().splitlines() if '"loss"' in line]
    first = bench.call(folder, "run.yaml", "stages.solver.length=3steps", "--yes")
    bench.expect("a length before every checkpoint", first.returncode == 0 and steps() == [1, 2, 3] and
                 re.search(r"begins anew: stages\.solver\.length was 8steps, is 3steps, and no checkpoint within it is left \(the earliest is of step 4\); 6 steps .* stay there for a longer length", first.stderr), first.stderr)
    back = bench.call(folder, "run.yaml", "run.restart=refuse")
    bench.expect("and back", back.returncode == 0 and "step-00000006" in back.stderr and steps() == list(range(1, 9)), back.stderr, steps())
    whole = json.loads(next(origin.glob("whole/solver.json")).read_text())
    now = [json.loads(p.read_text()) for p in folder.glob("run/stages/solver-*/output-*/manifest.json")]
    bench.expect("the same weights as of one run", whole in [m["body"]["weights_digest"] for m in now], whole)


def idle_keys(bench):
    """What is said to have no effect has none: not in the identity, and the weights are the same with another value."""
    text = RUN_FILE.replace("length: 8steps", "length: 2steps").replace("length: 4steps", "length: 2steps")
    trials = [("solver", [], ["training.final_learning_rate=0.5", "training.schedule_length=9steps", "training.validate_every=1steps", "training.most_skipped=3"]),
              ("answers", ["stages.answers.temperature=0"], ["stages.answers.top_p=0.5", "stages.answers.top_k=3"]),
              ("verifier", ["stages.verifier.loss=margin"], ["cross_entropy_weight=3", "cross_entropy_over=verdicts", "balance=none", "contrastive_margin=2",
                                                             "length_exponent=1", "mle_on=right_attempt", "validation=test", "validate_every=1steps"]),
              ("verifier", ["stages.verifier.loss=cross_entropy"], ["margin=3", "margin_weight=2"]),
              ("verifier", ["stages.verifier.loss=both", "stages.verifier.margin_weight=0"], ["margin=3"]),
              ("verifier", ["stages.verifier.loss=both", "stages.verifier.cross_entropy_weight=0"], ["cross_entropy_over=verdicts"]),
              ("answers.verdicts", ["grading.rules=prm800k"], ["grading.units=required", "grading.percent=either", "grading.tolerance=0.1"])]
    for number, (stage, settings, idle) in enumerate(trials):
        idle = [key if "." in key.split("=")[0] else f"stages.{stage}.{key}" for key in idle]
        results = []
        for more in ([], idle):
            folder = bench.base / f"idle-{number}-{len(more)}"
            folder.mkdir()
            (folder / "run.yaml").write_text(text)
            done = bench.call(folder, "run.yaml", *settings, *more)
            output = next(folder.glob(f"run/stages/{stage}-*/output-*"), None)
            bench.expect(f"idle {stage} {more}", done.returncode == 0 and output, done.stderr)
            if not output:
                return
            body = json.loads((output / "manifest.json").read_text())["body"]
            made = [output / name for name in ("attempts-00000.jsonl", "verdicts-00000.jsonl")]
            results.append((output.parent.name, body.get("weights_digest"), body.get("grading"), [one.read_bytes() for one in made if one.exists()]))
            for key in more:
                path, name = key.split("=")[0], key.split("=")[0].rsplit(".", 1)[1]
                words = rf"argument '{re.escape(key)}': (stage '{stage}': {name}|{re.escape(path)}) has no effect: \w+"
                bench.expect(f"idle {key} is told with its place", re.search(words, done.stderr), done.stderr)
        bench.expect(f"idle {stage} {idle}: the same identity and the same bits", results[0] == results[1], results[0][:2], results[1][:2])


def main():
    bench = Bench(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    seed = int(os.environ.get("FT_FAULT_SEED", "1"))
    began = time.monotonic()
    try:
        origin = bench.base / "origin"
        origin.mkdir()
        (origin / "run.yaml").write_text(RUN_FILE)
        whole = bench.call(origin, "run.yaml")
        assert whole.returncode == 0, whole.stderr
        (origin / "whole").mkdir()
        manifest = json.loads(next(origin.glob("run/stages/solver-*/output-*/manifest.json")).read_text())
        (origin / "whole" / "solver.json").write_text(json.dumps(manifest["body"]["weights_digest"]))
        halve(origin)
        changes = Keys(bench.ftrun).changes
        if count > 0:
            draw = random.Random(seed)
            drawn = draw.sample(FIXED[4:], 3) + draw.sample(changes, count)
            changes, fixed = drawn, FIXED[:4]
        else:
            fixed = FIXED
        for change in fixed + changes:
            bench.try_change(origin, change)
        lengths_grow_again(bench, origin)
        idle_keys(bench)
    finally:
        shutil.rmtree(bench.base, ignore_errors=True)
    print(f"{len(fixed) + len(changes)} changes: {bench.kinds}; {time.monotonic() - began:.0f} s; {len(bench.failed)} failed {bench.failed or ''}")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
