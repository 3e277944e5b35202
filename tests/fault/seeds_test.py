#!/usr/bin/env python3
"""Several seeds in one run: run.seeds.

  seeds_test.py FTRUN

Each seed's models and attempts are, byte for byte, those of a run with that seed alone, on one and two ranks; what does not depend on the
seed is done once; a run that was begun with `seed` goes on when others join it, and one that was killed goes on where it was. The
report's means over seeds and its differences are computed again here from the attempts' verdicts. Mistakes are told before anything runs."""
import json
import math
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

RUN_FILE = """\
run: {seed: 5}
models:
  base: {preset: tiny}
problems:
  train: {dataset: arithmetic, split: train, limit: 300}
  test: {dataset: arithmetic, split: test, limit: 12}
training: {lanes: 2, tokens_per_lane: 600, max_length: 128, learning_rate: 3e-3, save_every: 20steps}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 60steps}
  answers: {recipe: sample, model: solver, problems: test, per_problem: 8, max_new_tokens: 40}
  longer: {recipe: solution_sft, model: solver, problems: train, length: 20steps}
  answers_longer: {recipe: sample, model: longer, problems: test, per_problem: 8, max_new_tokens: 40}
  verifier: {recipe: verifier_sft, model: solver, attempts: answers, length: 4steps, unreadable_is_wrong: true, reference_is_right: true}
  ranking: {recipe: rerank, attempts: answers, verifier: verifier, top_clusters: 2}
  report: {recipe: report, of: [answers, answers_longer, ranking], check_overlap: false,
           compare: ["answers_longer - answers", "ranking W.RR - Maj1", "answers_longer Maj1 - answers"]}
"""
SEEDS = (5, 2, 9)


class Run(TinyRun):
    def __init__(self, ftrun, base, name):
        super().__init__(ftrun, base, name)
        self.file.write_text(RUN_FILE)

    def end(self, *overrides, ranks=1, code=0):
        done = subprocess.run(self.command(*overrides, ranks=ranks), capture_output=True, text=True)
        check(done.returncode == code, f"{self.home.name} {overrides}: exit code {done.returncode}", done.stdout + done.stderr)
        return done.stdout + done.stderr

    def results(self, stem):
        """What stages of that name have made, by a digest or by their lines."""
        found = []
        for folder in self.folder.glob(f"stages/{stem}-*/output-*"):
            manifest = json.loads((folder / "manifest.json").read_text())["body"]
            found.append(manifest["weights_digest"] if "weights_digest" in manifest else (folder / "attempts-00000.jsonl").read_bytes())
        return found

    def report(self):
        newest = max(self.folder.glob("stages/report-*/output-*/report.json"), key=lambda path: path.stat().st_mtime)
        return json.loads(newest.read_text())["results"]


def alone(ftrun, base):
    """Runs with one seed each: what every other run here must equal."""
    wanted = {}
    for seed in SEEDS:
        run = Run(ftrun, base, f"alone{seed}")
        run.end(f"run.seed={seed}")
        wanted[seed] = {stem: run.results(stem) for stem in ("solver", "answers", "answers_longer", "verifier")}
    check(wanted[5]["solver"] != wanted[2]["solver"], "seeds make no difference")
    return wanted


def same(run, wanted, what):
    for seed, results in wanted.items():
        for stem, result in results.items():
            name = stem if seed == SEEDS[0] else f"{stem}.seed{seed}"
            check(run.results(name) == result, f"{what}: {name} is not what seed {seed} alone makes")


def joined(ftrun, base, wanted):
    run = Run(ftrun, base, "joined")
    run.end()
    before = {path: path.stat().st_mtime_ns for path in run.folder.glob("stages/*/output-*/manifest.json") if "report" not in str(path)}
    run.file.write_text(RUN_FILE.replace("{seed: 5}", "{seeds: [5, 2, 9]}"))
    run.end("run.restart=refuse", ranks=2)
    same(run, wanted, "two ranks")
    check(all(path.stat().st_mtime_ns == time for path, time in before.items()), "something of the first seed was made again")
    run.file.write_text(RUN_FILE.replace("{seed: 5}", "{seeds: [2, 5, 9]}"))
    said = run.end("run.restart=refuse", code=2)
    check("it was named 'solver.seed2'" in said and "the first one of run.seeds must stay the first" in said, "seeds in another order: nobody tells where the work is", said)
    run.file.write_text(RUN_FILE.replace("{seed: 5}", "{seeds: [5, 2, 9]}"))
    made = {path: path.stat().st_mtime_ns for path in run.folder.glob("stages/*/output-*/manifest.json")}
    said = run.end("run.restart=refuse")
    after = {path: path.stat().st_mtime_ns for path in run.folder.glob("stages/*/output-*/manifest.json")}
    check(after == made, "a second start does something", said)
    return run


def killed(ftrun, base, wanted):
    run = Run(ftrun, base, "killed")
    run.file.write_text(RUN_FILE.replace("{seed: 5}", "{seeds: [5, 2, 9]}"))
    for stem in ("solver.seed2", "answers.seed2", "solver.seed9"):
        process = subprocess.Popen(run.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not any(run.folder.glob(f"stages/{stem}-*/work")):
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
    run.end()
    same(run, wanted, "killed")


def once(ftrun, base):
    """What is greedy and of a given model does not depend on the seed: one stage for all."""
    run = Run(ftrun, base, "once")
    solver = next((base / "alone5" / "run").glob("stages/solver-*/output-*"))
    exported = run.home / "model"
    done = subprocess.run([run.ftrun, "export", str(solver), str(exported)], capture_output=True, text=True)
    check(done.returncode == 0, "export", done.stderr)
    prompts = json.loads((exported / "prompts.json").read_text())
    check(prompts["solver"] == "{problem}\n" and prompts["correct"] == " correct" and "{solution}" in prompts["verifier"], f"exported prompts: {prompts}")
    run.file.write_text(RUN_FILE.replace("{seed: 5}", "{seeds: [5, 2]}").replace("{preset: tiny}", f"{{path: {exported}}}").replace(
        "stages:\n", "stages:\n  first: {recipe: sample, model: base, problems: test, per_problem: 0, max_new_tokens: 40}\n").replace("of: [", "of: [first, "))
    run.file.write_text(run.file.read_text().replace('compare: [', 'compare: ["answers greedy - first greedy", '))
    run.end()
    said = run.report()["differences"]["answers greedy - first greedy"]
    check(said["seeds"] == 2 and said["problems"] == 12, f"greedy attempts that need no seed are not compared: {said}")
    names = sorted(path.name.rsplit("-", 1)[0] for path in run.folder.glob("stages/*"))
    check("first" in names and not any(name.startswith("first.seed") for name in names), f"greedy attempts of a given model are made for each seed: {names}")
    check("solver.seed2" in names and "answers.seed2" in names and "ranking.seed2" in names, f"stages are missing: {names}")


def numbers(run):
    """The report's own, from the problems' rows in it, by the formulas of the header (framework/rerank/two_level.h)."""
    report = run.report()
    tables = {(name, 5): table for name, table in report["stages"].items()}
    for name, table in report["other_seeds"].items():
        stem, seed = name.rsplit(".seed", 1)
        check(table["seed"] == int(seed), f"{name} says seed {table['seed']}")
        tables[stem, int(seed)] = table
    rows = {key: {row["id"]: row for row in table["per_problem"]} for key, table in tables.items()}

    def close(ours, theirs, what):
        check(math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12), f"{what}: {theirs} in the report, {ours} computed again")

    def compare(matrix, said, what):
        seeds, problems = len(matrix), len(matrix[0])
        of_seeds = [sum(row) / problems for row in matrix]
        of_problems = [sum(row[p] for row in matrix) / seeds for p in range(problems)]
        mean = sum(of_seeds) / seeds
        rest = sum((matrix[s][p] - of_seeds[s] - of_problems[p] + mean) ** 2 for s in range(seeds) for p in range(problems))
        by_seed = sum((value - mean) ** 2 for value in of_seeds) / (seeds - 1) / seeds
        by_problem = sum((value - mean) ** 2 for value in of_problems) / (problems - 1) / problems
        residual = rest / ((seeds - 1) * (problems - 1)) / (seeds * problems)
        close(mean, said["mean"], what)
        close(math.sqrt(max(by_seed + by_problem - residual, by_seed, by_problem)), said["standard_error"], what)
        close(math.sqrt(by_seed * seeds), said["between_seeds"], what)
        check(said["seeds"] == seeds and said["problems"] == problems, f"{what}: {said}")

    def matrix(stem, value):
        ids = sorted(rows[stem, 5])
        return [[rows[stem, seed][one][value] for one in ids] for seed in SEEDS]

    def minus(a, b):
        return [[x - y for x, y in zip(left, right)] for left, right in zip(a, b)]

    for stem, strategy, value in (("answers", "sampled", "right"), ("answers_longer", "greedy", "pass@1"), ("answers", "Maj1@8", "maj1")):
        compare(matrix(stem, value), report["over_seeds"][stem][strategy], f"{stem} {strategy}")
    differences = report["differences"]
    compare(minus(matrix("answers_longer", "right"), matrix("answers", "right")), differences["answers_longer sampled - answers sampled"], "sampled")
    compare(minus(matrix("answers_longer", "maj1"), matrix("answers", "maj1")), differences["answers_longer Maj1 - answers Maj1"], "Maj1")
    asked = [one for one in differences.values() if "holm_p" in one]
    check(len(asked) == 3, f"{len(asked)} differences were asked for")
    ordered = sorted(asked, key=lambda one: one["p"])
    most = 0.0
    for i, one in enumerate(ordered):
        most = max(most, min(1.0, (len(ordered) - i) * one["p"]))
        close(most, one["holm_p"], "Holm")
    page = max(run.folder.glob("stages/report-*/output-*/index.html"), key=lambda path: path.stat().st_mtime).read_text()
    check("between seeds" in page and "answers_longer sampled" in page, "the page does not show them")


def mistakes(ftrun, base):
    run = Run(ftrun, base, "mistakes")
    for given, words in ((("run.seeds=[1, 2]",), "run.seeds begins with 1, but run.seed is 5"),):
        said = run.end(*given, code=2)
        check(words in said, f"{given}", said)
    run.file.write_text(RUN_FILE.replace("run: {seed: 5}", "run: {}"))
    for given, words in ((("run.seeds=[1, 1]",), "names 1 twice"), (("run.seeds=[]",), "run.seeds is empty"), (("run.seeds=[-1]",), "at least 0"),
                         (("stages.report.compare=[answers]",), "is no difference"), (("stages.report.compare=[answer - answers]",), "did you mean 'answers'?"),
                         (("stages.report.compare=[answers W.RR - Maj1]",), "'answers' has none"), (("stages.report.compare=[answers Maj2 - Maj1]",), "is no strategy"),
                         (("stages.report.compare=[ranking W.RR by luck - Maj1]",), "is no score"), (("stages.report.compare=[answers - answers]",), "both sides are the same"),
                         (("stages.report.compare=[ranking RR.Top-8 - Maj1]",), "'ranking' has RR.Top-2, and no RR.Top-8"),
                         (("stages.report.compare=[ranking Maj1.Top-4 - Maj1]",), "has Maj1.Top-16, and no"), (("stages.report.compare=[answers Maj1@64 - sampled]",), "has Maj1@8, and no"),
                         (("stages.report.compare=[answers greedy - sampled]", "stages.answers.greedy=false"), "makes no greedy attempts"),
                         (("stages.report.compare=[answers_longer - answers]", "stages.answers_longer.per_problem=0"), "has no sampled attempts"),
                         (("stages.report.compare=[ranking RR.All - Maj1]", "stages.ranking.score=top_clusters"), "needs all scores"),
                         (("stages.report.compare=[answers_longer - answers]", "stages.answers_longer.problems=train"), "only answers to the same ones")):
        for command in ("plan", "run"):
            start = run.command(*given)
            if command == "plan":
                start.insert(1, command)
            done = subprocess.run(start, capture_output=True, text=True)
            check(done.returncode == 2 and words in done.stderr, f"{command} {given} ends with {done.returncode}", done.stdout + done.stderr)
    check(not run.folder.exists(), "something was made")


def main(base):
    ftrun = sys.argv[1]
    mistakes(ftrun, base)
    print("mistakes are told", flush=True)
    wanted = alone(ftrun, base)
    run = joined(ftrun, base, wanted)
    print("seeds that join a run are what each would be alone", flush=True)
    numbers(run)
    print("the report's numbers are computed again", flush=True)
    killed(ftrun, base, wanted)
    once(ftrun, base)
    print("killed runs go on, and what needs no seed is done once", flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-seeds-", in_memory=True)
