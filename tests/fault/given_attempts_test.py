#!/usr/bin/env python3
"""Attempts that somebody else has made: verifiers, rankings and training sets of them are those of attempts that were sampled here.

  given_attempts_test.py FTRUN

A run samples; its attempts are written to files as others write them: a list a problem, a row an attempt with and without names of
problems, CSV, conversations. Another run reads each, and its verifier, scores, votes and training on right attempts have the bits of the
first one's, on one and two ranks. What has no log-probability is not ranked by one. Mistakes are told before anything runs."""
import csv
import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from attempt_sets_test import Run  # noqa: E402
from frame import check, main_of  # noqa: E402

RUN_FILE = """\
run: {{seed: 3}}
models:
  base: {{preset: tiny}}
problems:
  train: {{dataset: arithmetic, split: train, limit: 200}}
  asked: {asked}
  solved: {{attempts: attempts, only: right, per_problem: 3}}
training: {{lanes: 2, tokens_per_lane: 600, max_length: 200, learning_rate: 3e-3, save_every: 10steps}}
stages:
  solver: {{recipe: solution_sft, model: base, problems: train, length: 60steps}}
  attempts: {attempts}
  verifier: {{recipe: verifier_sft, model: solver, attempts: attempts, pairs_per_problem: 4, length: 8steps}}
  ranking: {{recipe: rerank, attempts: attempts, verifier: verifier}}
  again: {{recipe: solution_sft, model: solver, problems: solved, length: 8steps}}
  report: {{recipe: report, of: [attempts, ranking]}}
"""
GIVEN = "{recipe: given_attempts, problems: asked}"


class Given(Run):
    def write(self, asked, attempts=GIVEN):
        self.file.write_text(RUN_FILE.format(asked=asked, attempts=attempts))

    def results(self):
        scores = {(line["problem"], line["index"]): line["log_score"] for line in self.lines("ranking", "scores*.jsonl")}
        verdicts = {(line["problem"], line["index"]): (line.get("answer"), line["verdict"]) for line in self.lines("attempts.verdicts", "verdicts*.jsonl")}
        folder = next(self.folder.glob("stages/ranking-*/output-*"))
        table = next(iter(json.loads((folder / "ranking.json").read_text())["results"]["stages"].values()))
        return {"verifier": self.digests("verifier"), "again": self.digests("again"), "scores": scores, "verdicts": verdicts}, {row["name"]: row for row in table["strategies"]}


SAMPLED = "{recipe: sample, model: solver, problems: asked, per_problem: 8, greedy: false, max_new_tokens: 90}"


def asked_of(ftrun, base):
    """Problems whose answers are what the solver says of them first, so that there is right and wrong."""
    look = Given(ftrun, base, "look")
    look.write("{dataset: arithmetic, split: test, limit: 24}", SAMPLED)
    look.file.write_text(look.file.read_text().split("  verifier:")[0] + "  report: {recipe: report, of: [attempts]}\n")
    look.end()
    said = {}
    for line in look.lines("attempts.verdicts", "verdicts*.jsonl"):
        if line.get("answer"):
            said.setdefault(line["problem"], line["answer"])
    check(len(said) > 10, f"only {len(said)} problems have an answer")
    (base / "asked.jsonl").write_text("".join(json.dumps(dict(id=row["id"], problem=row["problem"], answer=said.get(row["id"], row["answer"]))) + "\n" for row in rows_of(look)))
    return f"{{dataset: jsonl, path: {base}/asked.jsonl}}"


def rows_of(run):
    problems = {one["id"]: one for one in run.lines("attempts", "problems*.jsonl")}
    texts = {name: [] for name in problems}
    for line in sorted(run.lines("attempts", "attempts*.jsonl"), key=lambda line: line["index"]):
        texts[line["problem"]].append(line["text"])
    return [dict(id=name, problem=one.get("problem"), answer=one["answer"], attempts=texts[name]) for name, one in problems.items()]


def write_files(base, rows):
    """name -> keys of the problem set."""
    lines = lambda name, many: (base / name).write_text("".join(json.dumps(one) + "\n" for one in many))  # noqa: E731
    single = [dict(id=row["id"], question=row["problem"], target=row["answer"], response=text) for row in rows for text in row["attempts"]]
    mixed = [dict(qid=row["id"], question=row["problem"], target=row["answer"], response=row["attempts"][i]) for i in range(8) for row in rows]
    lines("lists.jsonl", rows)
    lines("rows.jsonl", single)
    lines("mixed.jsonl", mixed)
    lines("talks.jsonl", [dict(id=row["id"], prompt=[{"role": "user", "content": row["problem"]}], answer=row["answer"],
                               completions=[[{"role": "assistant", "content": text}] for text in row["attempts"]]) for row in rows])
    with (base / "rows.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["id", "question", "target", "response"])
        table.writeheader()
        table.writerows(single)
    named = "problem_field: question, answer_field: target, solution_field: response"
    return {"lists.jsonl": "solution_field: attempts", "rows.jsonl": named, "mixed.jsonl": named + ", id_field: qid", "rows.csv": named,
            "talks.jsonl": "problem_field: prompt, solution_field: completions"}


def case_equal(ftrun, base):
    here = Given(ftrun, base, "here")
    here.write(asked_of(ftrun, base), SAMPLED)
    here.end()
    wanted, strategies = here.results()
    check(len(wanted["scores"]) == 24 * 8 and len({verdict for _, verdict in wanted["verdicts"].values()}) > 1, "nothing to tell right from wrong")
    check("mean_log_prob" in strategies["RR.All"], f"{strategies['RR.All']}")
    unfinished = [line for line in here.lines("attempts", "attempts*.jsonl") if not line["finished"]]
    check(len(unfinished) < 100, f"{len(unfinished)} attempts are cut off")
    for number, (name, keys) in enumerate(write_files(base, rows_of(here)).items()):
        there = Given(ftrun, base, f"there{number}")
        there.write(f"{{dataset: jsonl, path: {base / name}, {keys}, holds: attempts}}")
        said = there.end(ranks=1 + number % 2)
        got, others = there.results()
        for what, value in wanted.items():
            check(got[what] == value, f"{name}: {what} is another one than of attempts that were sampled here", said[-2000:])
        check(others.keys() == strategies.keys(), f"{name}: {sorted(others)}, here {sorted(strategies)}")
        for row, told in others.items():
            check("mean_log_prob" not in told and "sum_log_prob" not in told, f"{name}: {row} is ranked by log-probabilities that nobody knows: {told}")
            known = {key: value for key, value in strategies[row].items() if not key.endswith("log_prob")}
            check(told == known, f"{name}: {row} is {told}, here {known}")
        check("made elsewhere" in next(there.folder.glob("stages/report-*/output-*/report.json")).read_text(), f"{name}: the report does not say that they were made elsewhere")
        plan = there.command()
        plan.insert(1, "plan")
        told = subprocess.run(plan, capture_output=True, text=True)
        check(told.returncode == 0 and "192 attempts at 24 problems" in told.stdout, f"{name}: plan ends with {told.returncode}", told.stdout + told.stderr)


def case_seeds(ftrun, base):
    """One set of attempts, judged by each seed's verifier: the report tells of all of them."""
    run = Given(ftrun, base, "seeds")
    run.write(f"{{dataset: jsonl, path: {base}/lists.jsonl, solution_field: attempts, holds: attempts}}")
    run.file.write_text(run.file.read_text().replace("{seed: 3}", "{seeds: [3, 4, 5]}").replace("of: [attempts, ranking]}", "of: [attempts, ranking], compare: [ranking RR.All - ranking Maj1]}"))
    run.end()
    report = json.loads(next(run.folder.glob("stages/report-*/output-*/report.json")).read_text())["results"]
    tables = [report["stages"]["ranking"], report["other_seeds"]["ranking.seed4"], report["other_seeds"]["ranking.seed5"]]
    check([table["seed"] for table in tables] == [3, 4, 5], f"seeds {[table['seed'] for table in tables]}")
    means = [next(row for row in table["strategies"] if row["name"] == "RR.All")["verifier"]["mean"] for table in tables]
    said = report["over_seeds"]["ranking"]["RR.All"]
    check(len(set(means)) > 1 and said["seeds"] == 3 and abs(said["mean"] - sum(means) / 3) < 1e-12, f"{means} come to {said}")
    difference = report["differences"]["ranking RR.All - ranking Maj1"]
    vote = next(row for row in tables[0]["strategies"] if row["name"] == "Maj1@8")
    check(difference["seeds"] == 3 and "attempts.seed4" not in report["other_seeds"], f"{difference}, {sorted(report['other_seeds'])}")
    check(abs(difference["mean"] - (said["mean"] - vote["solver"]["mean"])) < 1e-9, f"{difference} beside {vote}")


def case_blank_and_missing(ftrun, base):
    """An empty attempt is one without an answer; a reference is never taken from an attempt."""
    rows = [dict(id="a", problem="Ann has 1 stamp and buys 2 stamps. How many stamps has Ann in all?", answer="3", solution=["# Answer\n\n3", "", "# Answer\n\n4"]),
            dict(id="b", problem="Ben has 2 stamps and buys 2 stamps. How many stamps has Ben in all?", solution=["# Answer\n\n4", "# Answer\n\n5"]),
            dict(id="c", problem="Cid has 3 stamps and buys 2 stamps. How many stamps has Cid in all?", answer="5")]
    (base / "blank.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = Given(ftrun, base, "blank")
    run.write(f"{{dataset: jsonl, path: {base}/blank.jsonl, holds: attempts}}")
    run.file.write_text(run.file.read_text().split("  verifier:")[0] + "  report: {recipe: report, of: [attempts]}\n")
    said = run.end()
    verdicts = {(line["problem"], line["index"]): line["verdict"] for line in run.lines("attempts.verdicts", "verdicts*.jsonl")}
    check(verdicts[("a", 0)] == "equal" and verdicts[("a", 2)] == "different" and verdicts[("a", 1)] != "equal", f"{verdicts}")
    check(verdicts[("b", 0)] != "equal" and verdicts[("b", 1)] != "equal", f"a reference was taken from an attempt: {verdicts}", said)
    check("1 of 3 problems have no answer" in said, "the missing reference is not told of", said)
    check("1 of 3 problems have no attempt: each counts as one attempt without an answer" in said, "the missing attempts are not told of", said)
    table = json.loads(next(run.folder.glob("stages/report-*/output-*/report.json")).read_text())["results"]["stages"]["attempts"]
    check(table["problems"] == 3 and abs(table["right"] - (1 / 3 + 0 + 0) / 3) < 1e-12, f"of 3 problems {table['right']} are right: {table}")


def case_one_kind(ftrun, base):
    """Nothing can be learnt from attempts that are all right, or all wrong: told before a solver is trained for them."""
    look = Given.__new__(Given)  # of case_equal
    look.folder = base / "look" / "run"
    solved = look.lines("attempts", "problems*.jsonl")[:3]
    for name, kinds, told in (("right", (True, True), "every attempt is right"), ("wrong", (False, False), "no attempt is right"), ("both", (True, False), "")):
        rows = []
        for one in solved:
            right = one["solutions"][0]["text"]
            wrong = re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), right)
            rows.append(dict(id=one["id"], problem=one["problem"], answer=one["answer"], solution=[right if kind else wrong for kind in kinds]))
        (base / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        run = Given(ftrun, base, f"kind-{name}")
        run.write(f"{{dataset: jsonl, path: {base}/{name}.jsonl, holds: attempts}}")
        start = run.command()
        start.insert(1, "plan")
        done = subprocess.run(start, capture_output=True, text=True)
        said = done.stdout + done.stderr
        check(done.returncode == 0 and (f"stage 'verifier': attempts name 'attempts': {told}" in said if told else "nothing to learn" not in said), f"{name}: plan ends with {done.returncode}", said)


def case_mistakes(ftrun, base):
    one = dict(id="a", problem="Ann has 1 stamp. How many stamps has Ann?", answer="1", solution=["# Answer\n\n1"])
    other = dict(one, answer="2")
    files = {"good": [one], "none": [dict(one, solution=[])], "answers": [one, other], "texts": [one, dict(one, problem="Ben?")], "numbers": [dict(one, solution=[1, 2])]}
    for name, rows in files.items():
        (base / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    held = "{{dataset: jsonl, path: {}/{}.jsonl, holds: attempts}}"
    for number, (asked, attempts, words) in enumerate((
            (f"{{dataset: jsonl, path: {base}/good.jsonl}}", GIVEN, "that set says so: holds: attempts"),
            (held.format(base, "none"), GIVEN, "in which no problem has an attempt"),
            (held.format(base, "answers"), GIVEN, "answers.jsonl:2: problem 'a' has the reference answer '2' here, and '1' in"),
            (held.format(base, "texts"), GIVEN, "with another text"),
            (held.format(base, "numbers"), GIVEN, "is a list of solutions, but it holds"),
            (held.format(base, "good")[:-1] + ", style: fine}", GIVEN, "style has no effect"),
            (held.format(base, "good"), "{recipe: solution_sft, model: base, problems: asked, length: 3steps}", "which holds attempts, wrong ones among them"),
            (held.format(base, "good"), "{recipe: sample, model: base, problems: asked, demonstrations: asked, per_problem: 1}", "which holds attempts, wrong ones among them"),
            (held.format(base, "good"), GIVEN + "\n  again: {recipe: solution_sft, model: base, problems: mixed, length: 3steps}", "which holds attempts, wrong ones among them"),
            (held.format(base, "good"), "{recipe: given_attempts, model: base, problems: asked}", "unknown key 'model'"))):
        run = Given(ftrun, base, f"mistake{number}")
        run.write(asked, attempts)
        run.file.write_text(run.file.read_text().split("  verifier:")[0].replace("  solved: {attempts: attempts, only: right, per_problem: 3}\n", "  mixed: {attempts: attempts, with: asked}\n" if "mixed" in attempts else ""))
        for command in ("plan", "run"):
            start = run.command()
            if command == "plan":
                start.insert(1, command)
            done = subprocess.run(start, capture_output=True, text=True)
            check(done.returncode == 2 and words in done.stderr, f"{command} {asked} {attempts}: exit code {done.returncode}", done.stdout + done.stderr)


def main(base):
    for case in (case_mistakes, case_blank_and_missing, case_equal, case_one_kind, case_seeds):
        case(sys.argv[1], base)
        print(f"{case.__name__} holds", flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-given-attempts-", in_memory=True)
