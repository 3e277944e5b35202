#!/usr/bin/env python3
"""Right attempts as training data: a problem set of the run file that is made of a stage's attempts.

  attempt_sets_test.py FTRUN

A model that is trained on such a set has the bits of one that is trained on a file with the same solutions, chosen here from the sealed
attempts and verdicts by the keys' meaning: right or any, so many of a problem, each text once, beside another set's. So on one and two
ranks, after a kill, and with several seeds. Keys that change the choice begin the training anew; mistakes are told before anything runs."""
import json
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

RUN_FILE = """\
run: {{seed: 3}}
models:
  base: {{preset: tiny}}
problems:
  train: {{dataset: arithmetic, split: train, limit: 200}}
  asked: {problems}
  few: {{dataset: jsonl, path: {home}/few.jsonl}}
  solved: {solved}
training: {{lanes: 2, tokens_per_lane: 600, max_length: 200, learning_rate: 3e-3, save_every: 10steps}}
stages:
  solver: {{recipe: solution_sft, model: base, problems: train, length: 60steps}}
  answers: {{recipe: sample, model: solver, problems: asked, per_problem: 8, max_new_tokens: 60}}
  again: {{recipe: solution_sft, model: solver, problems: solved, length: 20steps{keys}}}
"""


class Run(TinyRun):
    def __init__(self, ftrun, base, name):
        super().__init__(ftrun, base, name)
        self.problems = "{dataset: arithmetic, split: test, limit: 24}"

    def give(self, solved, keys=""):
        self.file.write_text(RUN_FILE.format(home=self.home.parent, problems=self.problems, solved=solved, keys=keys))

    def end(self, *overrides, ranks=1, code=0):
        done = subprocess.run(self.command(*overrides, ranks=ranks), capture_output=True, text=True)
        check(done.returncode == code, f"{self.home.name} {overrides}: exit code {done.returncode}", done.stdout + done.stderr)
        return done.stdout + done.stderr

    def lines(self, stem, file):
        folder = max(self.folder.glob(f"stages/{stem}-*/output-*"), key=lambda path: path.stat().st_mtime)
        return [json.loads(line) for piece in sorted(folder.glob(file)) for line in piece.read_text().splitlines()]

    def digests(self, stem="again"):
        return {json.loads(path.read_text())["body"]["weights_digest"] for path in self.folder.glob(f"stages/{stem}-*/output-*/manifest.json")}


def chosen(run, stem, only, per_problem, distinct, beside):
    """The set by its definition, as lines of a problem file."""
    right = {(line["problem"], line["index"]) for line in run.lines(stem + ".verdicts", "verdicts*.jsonl") if line["verdict"] == "equal"}
    of = {}
    for line in sorted(run.lines(stem, "attempts*.jsonl"), key=lambda line: line["index"]):
        texts = of.setdefault(line["problem"], [])
        if line["index"] < 0 or not line["finished"] or (only == "right" and (line["problem"], line["index"]) not in right):
            continue
        if len(texts) < per_problem and not (distinct and line["text"] in texts):
            texts.append(line["text"])
    rows = [dict(one, solutions=list(one["solutions"])) for one in beside]
    known = {one["id"]: one for one in rows}
    for problem in run.lines(stem, "problems*.jsonl"):
        texts = [{"text": text, "style": "attempt"} for text in of.get(problem["id"], [])]
        if problem["id"] in known:
            known[problem["id"]]["solutions"] += texts
        elif texts:
            rows.append({"id": problem["id"], "problem": problem["text"] if "text" in problem else problem["problem"], "answer": problem["answer"], "solutions": texts})
    return rows


def first_look(ftrun, base):
    """Problems whose answers are what the solver says of them, so that many attempts are right; and two more that are solved."""
    run = Run(ftrun, base, "look")
    (base / "few.jsonl").write_text(json.dumps({"id": "x", "problem": "1 + 1", "answer": "2"}) + "\n")
    run.give("{attempts: answers, only: any}")
    run.end()
    said = {}
    for line in run.lines("answers.verdicts", "verdicts*.jsonl"):
        if line.get("answer") and line["index"] >= 0:
            said.setdefault(line["problem"], line["answer"])
    problems = [dict(id=one["id"], problem=one.get("text", one.get("problem")), answer=said.get(one["id"], one["answer"])) for one in run.lines("answers", "problems*.jsonl")]
    check(len(said) > 10, f"only {len(said)} problems have an answer")
    (base / "asked.jsonl").write_text("".join(json.dumps(one) + "\n" for one in problems))
    few = [dict(id=one["id"], problem=one.get("text", one.get("problem")), answer=one["answer"], solutions=one["solutions"])
           for one in run.lines("answers", "problems*.jsonl")[:2]]
    check(all(one["solutions"] for one in few), "the test problems have no solutions")
    (base / "few.jsonl").write_text("".join(json.dumps(one) + "\n" for one in few))
    return few


def same_as_a_file(ftrun, base, few):
    run = Run(ftrun, base, "sets")
    run.problems = f"{{dataset: jsonl, path: {base}/asked.jsonl}}"
    trained = set()
    for only, per_problem, distinct, beside in (("right", 4, True, []), ("right", 2, False, few), ("any", 3, True, few), ("right", 1, True, few)):
        keys = f"attempts: answers, only: {only}, per_problem: {per_problem}, distinct: {str(distinct).lower()}" + (", with: few" if beside else "")
        run.give(f"{{{keys}}}")
        before = run.digests()
        run.end(ranks=1 + len(trained) % 2)
        made = run.digests() - before
        check(len(made) == 1, f"{keys}: the training is not another one")
        rows = chosen(run, "answers", only, per_problem, distinct, beside)
        check(len(rows) > 5 and sum(len(row["solutions"]) for row in rows) > len(rows) * (per_problem > 1), f"{keys}: too little to tell anything: {len(rows)}")
        path = base / f"file{len(trained)}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        file = Run(ftrun, base, f"file{len(trained)}")
        file.problems = run.problems
        file.give(f"{{dataset: jsonl, path: {path}}}")
        file.end()
        check(file.digests() == made, f"{keys}: {made} on the set, {file.digests()} on a file of the same solutions")
        trained |= made
    check(len(trained) == 4, "sets of other keys are trained on alike")
    said = run.end()
    check(len(run.digests()) == 4, "the same again is not found", said)
    return run


def killed(ftrun, base, run):
    wanted = run.digests()
    again = Run(ftrun, base, "killed")
    again.problems = run.problems
    again.give("{attempts: answers, only: right, per_problem: 4, distinct: true}")
    process = subprocess.Popen(again.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any(again.folder.glob("stages/again-*/work/checkpoints/step-*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again.end()
    check(again.digests() <= wanted, "a killed run trains on something else")


def seeds(ftrun, base, run):
    many = Run(ftrun, base, "seeds")
    many.problems = run.problems
    many.give("{attempts: answers, per_problem: 4, with: few}")
    many.file.write_text(many.file.read_text().replace("{seed: 3}", "{seeds: [3, 4]}"))
    many.end()
    alone = Run(ftrun, base, "alone")
    alone.problems = run.problems
    alone.give("{attempts: answers, per_problem: 4, with: few}")
    alone.end("run.seed=4")
    check(many.digests("again.seed4") == alone.digests(), "the second seed trains on the first one's attempts")


def held_out(ftrun, base, run):
    """A verifier that is validated on attempts at other problems hands on its best step: the weights of a training that ends there."""
    text = run.file.read_text().split("  again:")[0].replace("  answers:", "  held: {recipe: sample, model: solver, problems: few, per_problem: 16, max_new_tokens: 60}\n  answers:")
    lines = (base / "asked.jsonl").read_text().splitlines(keepends=True)
    (base / "learnt.jsonl").write_text("".join(lines[:14]))
    (base / "held.jsonl").write_text("".join(lines[14:]))
    text = text.replace("asked.jsonl", "learnt.jsonl").replace("few.jsonl", "held.jsonl")
    verifier = "  again: {recipe: verifier_sft, model: solver, attempts: answers, learning_rate: 1e-2, schedule: constant, pairs_per_problem: 6%s}\n"
    best = Run(ftrun, base, "best")
    best.file.write_text(text + verifier % ", validation_attempts: held, validate_every: 2steps, result: best, length: 16steps")
    said = best.end(ranks=2)
    check("validation loss" in said, "no validation is told of", said)
    log = [json.loads(line) for path in best.folder.glob("stages/again-*/steps.jsonl") for line in path.read_text().splitlines()]
    losses = {line["step"]: line["validation_loss"] for line in log if "validation_loss" in line}
    step = min(losses, key=losses.get)
    check(len(losses) == 8, f"validated after {sorted(losses)}")
    manifest = json.loads(next(best.folder.glob("stages/again-*/output-*/manifest.json")).read_text())["body"]["metadata"]
    check(manifest["training"]["result_step"] == step, f"handed on is step {manifest['training']['result_step']}, the best was {step}: {losses}")
    check(manifest["data"]["validation"]["attempts"] == "held" and manifest["data"]["validation"]["count"] > 3, f"{manifest['data']}")
    ended = Run(ftrun, base, "ended")
    ended.file.write_text(text + verifier % f", length: {step}steps")
    ended.end()
    check(ended.digests() == best.digests(), "the best step's weights are not those of a training that ends there")
    best.file.write_text(text + verifier % ", validation_attempts: answers, length: 2steps")
    check("from which it learns" in best.end(code=2), "attempts are held out from themselves")


def top_clusters(ftrun, base, run):
    """A verifier that judges the largest clusters alone ranks within them as one that judges all, and judges no more than these."""
    text = run.file.read_text().split("  again:")[0] + "  ranking: {recipe: rerank, attempts: answers, verifier: solver, top_clusters: 2%s}\n"
    tables, judged = [], []
    for name, keys, ranks in (("all", "", 1), ("top", ", score: top_clusters", 1), ("top2", ", score: top_clusters", 2)):
        ranked = Run(ftrun, base, name)
        ranked.file.write_text(text % keys)
        said = ranked.end(ranks=ranks)
        folder = next(ranked.folder.glob("stages/ranking-*/output-*"))
        tables.append(next(iter(json.loads((folder / "ranking.json").read_text())["results"]["stages"].values())))
        judged.append({(line["problem"], line["index"]): line["log_score"] for line in ranked.lines("ranking", "scores*.jsonl")})
    whole, part = tables[:2]
    check(judged[1] == judged[2] and tables[1] == tables[2], "two ranks judge otherwise")
    check(all(judged[0][key] == score for key, score in judged[1].items()), "a score is another one")
    answers, wanted = {}, set()
    for line in ranked.lines("answers.verdicts", "verdicts*.jsonl"):
        if line["index"] >= 0 and line.get("answer"):
            answers.setdefault(line["problem"], {}).setdefault(line["answer"].lstrip("0"), []).append(line["index"])
    for problem, clusters in answers.items():
        sizes = sorted((len(members) for members in clusters.values()), reverse=True)
        least = sizes[min(1, len(sizes) - 1)]
        wanted |= {(problem, index) for members in clusters.values() if len(members) >= least for index in members}
    check(set(judged[1]) == wanted and len(wanted) < len(judged[0]), f"{len(judged[1])} of {len(judged[0])} judged, {len(wanted)} are in the two largest clusters")
    rows = [{row["name"]: row.get("verifier") for row in table["strategies"]} for table in (whole, part)]
    for name in ("RR.Top-2", "W.RR.Top-2", "W.RR.Top-2 (max)"):
        check(rows[0][name] is not None and rows[0][name] == rows[1][name], f"{name}: {rows[0][name]} of all, {rows[1][name]} of some")
    for name in ("RR.All", "W.RR", "Maj1.Top-16"):
        check(rows[0][name] is not None and rows[1].get(name) is None, f"{name} is there without its scores")
    curves = [{curve["name"]: curve["values"]["mean"] for curve in table["curves"]} for table in (whole, part)]
    for name in ("RR.MajK", "W.RR.MajK"):
        check(curves[1][name] == curves[0][name][:2], f"{name}: {curves}")


def many_files(ftrun, base):
    """Attempts in several files, dealt to ranks: every one is scored, with the same score on any number of ranks and after a kill."""
    made = []
    for name, ranks in (("one", 1), ("two", 2), ("cut", 2)):
        run = Run(ftrun, base, f"files_{name}")
        run.problems = "{dataset: arithmetic, split: test, limit: 140}"
        run.give("{attempts: answers}")
        text = run.file.read_text().split("  again:")[0].replace("per_problem: 8, max_new_tokens: 60", "per_problem: 64, max_new_tokens: 4")
        run.file.write_text(text.replace("length: 60steps", "length: 3steps") + "  ranking: {recipe: rerank, attempts: answers, verifier: solver}\n")
        if name == "cut":
            process = subprocess.Popen(run.command(ranks=ranks), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and sum(path.stat().st_size for path in run.folder.glob("stages/ranking-*/work/scores*")) < 100_000:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
        run.end(ranks=ranks)
        files = next(run.folder.glob("stages/answers-*/output-*")).glob("attempts*.jsonl")
        check(len(list(files)) > 2, "the attempts lie in one file")
        made.append({(line["problem"], line["index"]): line["log_score"] for line in run.lines("ranking", "scores*.jsonl")})
        sampled = {(line["problem"], line["index"]) for line in run.lines("answers", "attempts*.jsonl") if line["index"] >= 0}
        check(set(made[-1]) == sampled and len(sampled) == 140 * 64, f"{name}: {len(made[-1])} of {len(sampled)} attempts have a score")
        check(made[-1] == made[0], f"{name}: another score than on one rank")


def mistakes(ftrun, base):
    run = Run(ftrun, base, "mistakes")
    for solved, words in (("{attempts: answer}", "did you mean 'answers'?"), ("{attempts: answers, per_problem: 0}", "from 1 to 100000"), ("{attempts: again}", "cannot be made from its own output"),
                          ("{attempts: solver}", "but stage 'solver' gives a model"), ("{attempts: answers, with: solved}", "is made of attempts itself"), ("{attempts: answers, with: fw}", "did you mean 'few'?"),
                          ("{attempts: answers, only: wrong}", "right, any"), ("{attempts: answers, limit: 3}", "unknown key 'limit'")):
        run.give(solved)
        for command in ("plan", "run"):
            start = run.command()
            if command == "plan":
                start.insert(1, command)
            done = subprocess.run(start, capture_output=True, text=True)
            check(done.returncode == 2 and words in done.stderr and "run.yaml:" in done.stderr, f"{command} {solved} ends with {done.returncode}", done.stdout + done.stderr)
    for solved, given, words in (("{attempts: answers}", ("stages.again.style=fine",), "their style is 'attempt'"), ("{attempts: answers, with: few}", ("stages.again.style=fien",), "their styles are"),
                                 ("{attempts: answers}", ("stages.answers.per_problem=0",), "whose per_problem is 0"), ("{attempts: answers, with: few}", ("stages.again.max_length=4", "stages.again.tokens_per_lane=4"), "tokens or more before any solution")):
        run.give(solved)
        start = run.command(*given)
        start.insert(1, "plan")
        done = subprocess.run(start, capture_output=True, text=True)
        check(done.returncode == 2 and words in done.stderr, f"{solved} {given}: plan ends with {done.returncode}", done.stdout + done.stderr)
    run.give("{attempts: answers}")
    text = run.file.read_text().split("  again:")[0]
    for held, words, code in (("per_problem: 0", "validation_attempts name 'held', whose per_problem is 0", 2), ("per_problem: 1", "validation_attempts name 'held', whose per_problem is 1", 2),
                              ("per_problem: 4, problems: asked", "from which it learns, too", 0)):
        problems = "" if "problems" in held else ", problems: train"
        run.file.write_text(f"{text}  held: {{recipe: sample, model: solver{problems}, {held}, max_new_tokens: 9}}\n  again: {{recipe: verifier_sft, model: solver, attempts: answers, validation_attempts: held, length: 2steps}}\n")
        start = run.command()
        start.insert(1, "plan")
        done = subprocess.run(start, capture_output=True, text=True)
        check(done.returncode == code and words in done.stdout + done.stderr, f"validation on {held}: plan ends with {done.returncode}", done.stdout + done.stderr)
    check(not run.folder.exists(), "something was made")


def nothing_right(ftrun, base):
    run = Run(ftrun, base, "nothing")
    (base / "hopeless.jsonl").write_text("".join(json.dumps(dict(json.loads(line), answer="123456789")) + "\n" for line in (base / "asked.jsonl").read_text().splitlines()))
    run.problems = f"{{dataset: jsonl, path: {base}/hopeless.jsonl}}"
    run.give("{attempts: answers}")
    said = run.end(code=2)
    check("no attempt" in said and "answers" in said, "nobody says that nothing was right", said)


def main(base):
    ftrun = sys.argv[1]
    few = first_look(ftrun, base)
    mistakes(ftrun, base)
    run = same_as_a_file(ftrun, base, few)
    print("a set of attempts is the file of the same solutions", flush=True)
    killed(ftrun, base, run)
    seeds(ftrun, base, run)
    held_out(ftrun, base, run)
    top_clusters(ftrun, base, run)
    many_files(ftrun, base)
    nothing_right(ftrun, base)
    print("killed, with seeds, and where nothing is right", flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-attempt-sets-", in_memory=True)
