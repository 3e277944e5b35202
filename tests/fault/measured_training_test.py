#!/usr/bin/env python3
"""What a training measures beside its validation loss: the accuracy of sampled answers, the order of held-out attempts.

  measured_training_test.py FTRUN

Each number is that of stages which look at the weights of the same step: `sample` and `grade`, or `rerank`. The best step by it hands on
the weights of a training that ends there. So on one and two ranks and after a kill; and looking changes no weight."""
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from attempt_sets_test import Run  # noqa: E402
from frame import check, main_of  # noqa: E402

HEAD = """\
run: {seed: 3}
models:
  base: {preset: tiny}
problems:
  train: {dataset: arithmetic, split: train, limit: 200}
  valid: {dataset: arithmetic, split: train, limit: 12}
  asked: {dataset: arithmetic, split: train, limit: 40}
training: {lanes: 2, tokens_per_lane: 600, max_length: 200, learning_rate: 1e-2, schedule: constant, save_every: 10steps}
stages:
"""
SOLVER = HEAD + "  solver: {recipe: solution_sft, model: base, problems: train, %s}\n"
SAMPLED = "  answers: {recipe: sample, model: solver, problems: valid, per_problem: 5, greedy: false, max_new_tokens: 60}\n  report: {recipe: report, of: [answers]}\n"
LOOKS = "validation: valid, validate_every: 40steps, accuracy_attempts: 5, accuracy_max_new_tokens: 60"
PROBLEMS = HEAD + "  answers: {recipe: sample, model: base, problems: asked, per_problem: 1, greedy: false, max_new_tokens: 1}\n"
VERIFIER = HEAD.replace("problems:\n", "problems:\n  theirs: {dataset: jsonl, path: @/theirs.jsonl, holds: attempts}\n  others: {dataset: jsonl, path: @/others.jsonl, holds: attempts}\n") + """\
  attempts: {recipe: given_attempts, problems: theirs}
  held: {recipe: given_attempts, problems: others}
  verifier: {recipe: verifier_sft, model: base, attempts: attempts, learning_rate: 3e-3, pairs_per_problem: 6, %s}
"""
RANKED = "  ranking: {recipe: rerank, attempts: held, verifier: verifier}\n"


def begun(ftrun, base, name, text):
    run = Run(ftrun, base, name)
    run.file.write_text(text)
    return run


def looked(run, stage):
    lines = [json.loads(line) for path in run.folder.glob(f"stages/{stage}-*/steps.jsonl") for line in path.read_text().splitlines()]
    return {line["step"]: line["measure"] for line in lines if "measure" in line}


def training(run, stage):
    return json.loads(next(run.folder.glob(f"stages/{stage}-*/output-*/manifest.json")).read_text())["body"]["metadata"]["training"]


def killed_after(run, stage, measures):
    process = subprocess.Popen(run.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(looked(run, stage) if list(run.folder.glob(f"stages/{stage}-*/steps.jsonl")) else {}) < measures:
        time.sleep(0.01)
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()


def case_accuracy(ftrun, base):
    keys = LOOKS + ", length: 240steps, result: best, best_by: accuracy"
    one = begun(ftrun, base, "one", SOLVER % keys)
    said = one.end()
    seen = looked(one, "solver")
    check(sorted(seen) == list(range(40, 241, 40)) and len(set(seen.values())) > 2, f"looked at {seen}")
    check(f", accuracy {seen[40]:.4f} after step 40" in said, "the accuracy is not told of", said)
    best = min(step for step, value in seen.items() if value == max(seen.values()))
    told = training(one, "solver")
    check(told["result_step"] == best == told["best_step"] and told["best_accuracy"] == seen[best], f"{told}, {seen}")
    two, cut = begun(ftrun, base, "two", SOLVER % keys), begun(ftrun, base, "cut", SOLVER % keys)
    two.end(ranks=2)
    killed_after(cut, "solver", 3)
    cut.end(ranks=2)
    for run in (two, cut):
        check(looked(run, "solver") == seen and run.digests("solver") == one.digests("solver"), f"{run.home.name}: {looked(run, 'solver')}, not {seen}")
    for step in (best, 80):
        ended = begun(ftrun, base, f"ended{step}", SOLVER % f"length: {step}steps" + SAMPLED)
        ended.end()
        right = [line["verdict"] == "equal" for line in ended.lines("answers.verdicts", "verdicts*.jsonl")]
        check(len(right) == 60 and sum(right) / 60 == seen[step], f"step {step}: {sum(right)} of {len(right)} sampled are right, the training saw {seen[step]}")
        check(step != best or ended.digests("solver") == one.digests("solver"), "the best step's weights are not those of a training that ends there")
    check(any(seen[step] != seen[80] for step in seen), "nothing to tell steps apart")
    quiet, loud = begun(ftrun, base, "quiet", SOLVER % "length: 80steps"), begun(ftrun, base, "loud", SOLVER % (LOOKS + ", length: 80steps"))
    quiet.end()
    loud.end()
    check(quiet.digests("solver") == loud.digests("solver"), "looking has changed the weights")


def write_attempts(ftrun, base):
    """Solutions, and the same with other last digits, of problems to learn from and of others."""
    run = begun(ftrun, base, "problems", PROBLEMS)
    run.end()
    problems = run.lines("answers", "problems*.jsonl")
    for name, some in (("theirs", problems[12:]), ("others", problems[:12])):
        rows = [dict(id=one["id"], problem=one["problem"], answer=one["answer"],
                     solution=[text for solution in one["solutions"] for text in (solution["text"], re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), solution["text"]))]) for one in some]
        (base / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def case_auc(ftrun, base):
    keys = "validation_attempts: held, validation_auc: true, validate_every: 6steps, length: 24steps, result: best, best_by: auc"
    verifier = VERIFIER.replace("@", str(base))
    one = begun(ftrun, base, "order", verifier % keys)
    said = one.end()
    seen = looked(one, "verifier")
    check(sorted(seen) == [6, 12, 18, 24] and ", auc " in said, f"looked at {seen}", said)
    best = min(step for step, value in seen.items() if value == max(seen.values()))
    check(training(one, "verifier")["result_step"] == best, f"handed on is step {training(one, 'verifier')['result_step']}: {seen}")
    two = begun(ftrun, base, "order2", verifier % keys)
    two.end(ranks=2)
    check(looked(two, "verifier") == seen and two.digests("verifier") == one.digests("verifier"), f"two ranks: {looked(two, 'verifier')}, not {seen}")
    for step in (best, 12):
        ended = begun(ftrun, base, f"order-ended{step}", verifier % f"length: {step}steps" + RANKED)
        ended.end()
        right = {(line["problem"], line["index"]): line["verdict"] == "equal" for line in ended.lines("held.verdicts", "verdicts*.jsonl") if line.get("answer") is not None}
        scores = {(line["problem"], line["index"]): line["log_score"] for line in ended.lines("ranking", "scores*.jsonl")}
        above = [[scores[key] for key in scores if right.get(key) is is_right] for is_right in (True, False)]
        check(min(map(len, above)) > 3, f"{len(above[0])} right and {len(above[1])} wrong attempts")
        area = sum((a > b) + (a == b) / 2 for a in above[0] for b in above[1]) / (len(above[0]) * len(above[1]))
        check(abs(area - seen[step]) < 1e-12, f"step {step}: {area} by its scores, the training saw {seen[step]}")
        table = next(iter(json.loads(next(ended.folder.glob("stages/ranking-*/output-*/ranking.json")).read_text())["results"]["stages"].values()))
        check(abs(table["verifier_quality"]["auc_pooled"] - seen[step]) < 1e-12, f"step {step}: {table['verifier_quality']} in the ranking, the training saw {seen[step]}")
        check(step != best or ended.digests("verifier") == one.digests("verifier"), "the best step's weights are not those of a training that ends there")


def case_told(ftrun, base):
    write_attempts(ftrun, base)
    verifier = VERIFIER.replace("@", str(base))
    for number, (text, code, words) in enumerate((
            (SOLVER % "validation: valid, validate_every: 2steps, length: 3steps, result: best, best_by: accuracy", 2, "set accuracy_attempts"),
            (SOLVER % "validation: valid, length: 3steps, accuracy_attempts: 2, best_by: accuracy", 0, "best_by has no effect: result: last takes the last step"),
            (SOLVER % "length: 3steps, accuracy_attempts: 2", 0, "accuracy_attempts has no effect: there is no validation"),
            (SOLVER % (LOOKS + ", length: 3steps, best_by: auc"), 2, "loss, accuracy"),
            (verifier % "validation_attempts: held, length: 3steps, result: best, validate_every: 2steps, best_by: auc", 2, "set validation_auc: true"),
            (verifier % "validation_auc: true, length: 3steps", 0, "validation_auc has no effect: there are no validation_attempts"))):
        run = begun(ftrun, base, f"told{number}", text)
        start = run.command()
        start.insert(1, "plan")
        done = subprocess.run(start, capture_output=True, text=True)
        check(done.returncode == code and words in done.stdout + done.stderr, f"case {number}: plan ends with {done.returncode}, without '{words}'", done.stdout + done.stderr)


def main(base):
    for case in (case_told, case_auc, case_accuracy):
        case(sys.argv[1], base)
        print(f"{case.__name__} holds", flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-measured-", in_memory=True)
