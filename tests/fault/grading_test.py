#!/usr/bin/env python3
"""Verdicts apart from texts, and conventions that are the same in every door.

  grading_test.py FTRUN [CASE...]

Attempts are put into a run's folder as an older program sealed them, verdicts in their lines, with texts whose answers are
equal under some conventions only. Then: what each convention makes of them, in the run file, in a stage, in a second grading
beside the first, in `ftrun grade` and in `ftrun rerank`; that nothing is sampled or scored again; that verdicts are the same
on 1, 2 and 4 ranks and after kills; that a damaged one is made again."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

RUN_FILE = """\
run: {{folder: {folder}, seed: 1}}
models: {{base: {{preset: tiny}}}}
problems:
  test: {{dataset: arithmetic, split: test, limit: {problems}}}
stages:
  answers: {{recipe: sample, model: base, problems: test, per_problem: {attempts}, max_new_tokens: 8}}
  ranking: {{recipe: rerank, attempts: answers, bootstrap: 10{verifier}}}
  report: {{recipe: report, of: [answers, ranking], bootstrap: 10, check_overlap: false}}
"""
# Many attempts, of which nothing but the verdicts is asked.
RANKED = RUN_FILE[RUN_FILE.index("  ranking:"):]
GRADED = "  answers.verdicts: {{recipe: grade, attempts: answers}}\n"
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def expect(what, holds, *seen):
    if not holds:
        sys.exit(f"FAILED: {what}\n" + "\n".join(str(one) for one in seen))
    print(f"  {what}", flush=True)


class Run:
    def __init__(self, ftrun, base, name, problems=4, attempts=4, verifier="", ranked=True):
        self.ftrun, self.file, self.folder = ftrun, base / f"{name}.yaml", base / name
        self.file.write_text((RUN_FILE if ranked else RUN_FILE.replace(RANKED, GRADED)).format(folder=self.folder, problems=problems, attempts=attempts, verifier=verifier))

    def command(self, *overrides, ranks=1):
        run = [self.ftrun, str(self.file), *overrides]
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        return run if ranks == 1 else ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks), *run]

    def __call__(self, *overrides, ranks=1, code=0, env=None):
        done = subprocess.run(self.command(*overrides, ranks=ranks), capture_output=True, text=True, env=env and {**os.environ, **env})
        expect(f"{' '.join(overrides) or 'as it is'}: exit code {code}", done.returncode == code, done.returncode, done.stdout, done.stderr)
        return done.stderr

    def output(self, stage):
        """Of the last start."""
        for one in json.loads((self.folder / "last_start.json").read_text())["stages"]:
            if one["stage"] == stage:
                return self.folder / one["output"]

    def body(self, stage):
        return json.loads((self.output(stage) / "manifest.json").read_text())["body"]

    def verdicts(self, stage):
        """(problem, index): verdict"""
        lines = [line for piece in sorted(self.output(stage).glob("verdicts-*.jsonl")) for line in piece.read_text().splitlines()]
        return {(v["problem"], v["index"]): v["verdict"] for v in map(json.loads, lines)}

    def right(self, stage):
        return sum(v == "equal" for v in self.verdicts(stage).values())


def begun(said):
    return re.findall(r"^stage '(\S+)' \(\w+\)$", said, re.M)


def reseal(folder, name, content):
    """Another content of a file of a sealed folder, as if it had been sealed so."""
    (folder / name).write_text(content)
    data, manifest = content.encode(), folder / "manifest.json"
    text = manifest.read_text()
    file = next(f for f in json.loads(text)["files"] if f["name"] == name)
    sign(manifest, text.replace(file["sha256"], hashlib.sha256(data).hexdigest()).replace(f'"size": {file["size"]}', f'"size": {len(data)}'))


def sign(manifest, text):
    head, line = re.match(r'(.*\n)( *"digest".*)', text, re.S).groups()
    digest = hashlib.sha256(head.encode()).hexdigest()
    manifest.write_text(head + re.sub(r"[0-9a-f]{64}", digest, line))


# One problem's attempts: what is written, and whether it is equal by default, with percent: fraction, units: required,
# rules: prm800k.
FORMS = [("The answer is {r}.", 1, 1, 1, 1), ("\\boxed{{{r}\\%}}", 1, 0, 1, 1), ("So \\boxed{{{r} \\text{{ cm}}}}.", 1, 1, 0, 1),
         ("\\boxed{{{r}/1}}", 1, 1, 1, 0), ("\\boxed{{{wrong}}}", 0, 0, 0, 0), ("nothing at all", 0, 0, 0, 0)]


def forge(run, each=1, forms=FORMS):
    """The attempts' output as an older program sealed it."""
    output, lines = run.output("answers"), []
    for problem in map(json.loads, (output / "problems-00000.jsonl").read_text().splitlines()):
        r = int(problem["answer"])
        for index in range(-1, len(forms) * each - 1):
            text = forms[(index + 1) % len(forms)][0].format(r=r, wrong=r + 1)
            lines.append(json.dumps({"problem": problem["id"], "index": index, "text": text, "answer": "7", "finished": True, "tokens": 3,
                                     "log_prob": -1.5, "verdict": "unknown", "reason": "of an older grader"}, separators=(",", ":")))
    reseal(output, "attempts-00000.jsonl", "".join(line + "\n" for line in lines))
    for stage in run.folder.glob("stages/*"):
        if not stage.name.startswith("answers-"):
            shutil.rmtree(stage)
    return output / "attempts-00000.jsonl"


@case
def conventions(ftrun, base):
    run, problems = Run(ftrun, base, "conventions"), 4
    run()
    attempts = forge(run)
    before = attempts.read_bytes()
    total = [problems * sum(form[1 + i] for form in FORMS) for i in range(4)]

    said = run()
    expect("what an older program sealed is read, its verdicts are not", "stage 'answers' is done already" in said and
           begun(said) == ["answers.verdicts", "ranking", "report"] and run.right("answers.verdicts") == total[0], said, run.verdicts("answers.verdicts"))
    expect("the manifest says how", run.body("answers.verdicts")["grading"]["percent"] == "number" and
           run.body("answers.verdicts")["summary"] == {"graded": problems * len(FORMS), "right": total[0], "unknown": 0, "unreadable": problems},
           run.body("answers.verdicts"))
    for i, (key, value) in enumerate([("percent", "fraction"), ("units", "required"), ("rules", "prm800k")], 1):
        said = run(f"grading.{key}={value}")
        expect(f"grading.{key}={value}: graded anew, nothing else", begun(said) == ["answers.verdicts", "ranking", "report"] and
               run.right("answers.verdicts") == total[i] and f"grading.{key} was" in said, said, run.verdicts("answers.verdicts"))
        said = run(f"stages.ranking.{key}={value}")
        expect(f"stages.ranking.{key}={value}: for one stage alone", run.right(f"answers.verdicts.ranking") == total[i] and
               run.right("answers.verdicts") == total[0], said)
        said = run(f"stages.other={{recipe: grade, attempts: answers, {key}: {value}}}",
                   "stages.last={recipe: report, of: [answers, other], bootstrap: 10, check_overlap: false}")
        tables = json.loads((run.output("last") / "report.json").read_text())["results"]["stages"]
        sampled = problems * (len(FORMS) - 1)  # the first one is the greedy attempt
        shares = [round(tables[name]["right"] * sampled) + problems for name in ("answers", "other")]
        expect("two gradings in one report", shares == [total[0], total[i]] and f"{key} {value}" in tables["other"]["grading"] and
               "by default" in tables["answers"]["grading"], shares, tables)
        forms, readable = tables["answers"]["forms"], round((1 - tables["answers"]["unreadable"]) * sampled)
        expect("every readable attempt states its answer in some way", sum(form["sampled"] for form in forms) == readable and
               sum(form["sampled_right"] for form in forms) == round(tables["answers"]["right"] * sampled) and sum(form["greedy"] for form in forms) > 0, forms)
        expect("in words, too", f"{key} {value}" in (run.output("last") / "report.txt").read_text())
    expect("no attempt was touched", attempts.read_bytes() == before)
    expect("back to what it was: all is there", begun(run()) == [])

    # The other doors, on the same attempts.
    references = {p["id"]: p["answer"] for p in map(json.loads, (attempts.parent / "problems-00000.jsonl").read_text().splitlines())}
    pairs, labelled, texts = base / "pairs.jsonl", base / "labelled.jsonl", base / "texts"
    texts.mkdir()
    shutil.copy(attempts.parent / "problems-00000.jsonl", texts)
    keys = ("problem", "index", "text", "finished", "tokens", "log_prob")
    (texts / "attempts-00000.jsonl").write_text("".join(json.dumps({k: json.loads(line)[k] for k in keys}, separators=(",", ":")) + "\n"
                                                  for line in before.decode().splitlines()))
    rows = [json.loads(line) for line in before.decode().splitlines()]
    pairs.write_text("".join(json.dumps({"gold": references[a["problem"]], "solution": a["text"]}) + "\n" for a in rows))
    labelled.write_text("".join(json.dumps({"problem_id": a["problem"], "text": a["text"], "reference": references[a["problem"]]}) + "\n" for a in rows))
    for i, options in enumerate([[], ["--percent", "fraction"], ["--units", "required"], ["--prm800k"]]):
        graded = subprocess.run([ftrun, "grade", "--no-cas", str(pairs), *options], capture_output=True, text=True)
        expect(f"ftrun grade {' '.join(options)}", graded.stdout.count('"verdict":"equal"') == total[i], graded.stdout, graded.stderr)
        ranked = subprocess.run([ftrun, "rerank", str(labelled), "--bootstrap", "0", "--json", "-", *options], capture_output=True, text=True)
        share = json.loads(ranked.stdout)["results"]["stages"]["attempts"]["right"]
        expect(f"ftrun rerank {' '.join(options)}", round(share * len(rows)) == total[i], share, ranked.stderr)
        ranked = subprocess.run([ftrun, "rerank", str(texts), "--bootstrap", "0", "--json", "-", *options], capture_output=True, text=True)
        share = json.loads(ranked.stdout)["results"]["stages"]["attempts"]["right"]
        expect("... of a folder of attempts", round(share * sampled) + problems == total[i], share, ranked.stderr)


@case
def mistakes(ftrun, base):
    run = Run(ftrun, base, "mistakes", problems=2, attempts=1)
    for override, words in [("grading.percnt=number", "did you mean 'percent'"), ("grading.percent=fractoin", "did you mean 'fraction'|one of number, fraction, either"),
                            ("grading.tolerance=2", "from 0 to 0.5"), ("stages.ranking.unit=required", "unknown key 'unit'.*did you mean 'units'"),
                            ("stages.answers.units=required", "unknown key 'units'"), ("grading=[]", "map"),
                            ("stages.ranking.attempts=report", "is used before it is made"), ("stages.answers.verdicts={}", "unknown key 'verdicts'")]:
        said = run(override, code=2)
        expect(f"... {words}", re.search(words, said), said)
    said = run("stages.other={recipe: grade, attempts: answers}", "stages.last={recipe: rerank, attempts: other, units: required}", code=2)
    expect("a key for what is graded already is refused", "'units' has no effect here" in said, said)
    said = run("grading.rules=prm800k", "grading.units=required")
    expect("what the rules do not know is told", "units has no effect: the rules prm800k know no such choice" in said, said)
    said = run("grading.cas=true", code=2, env={"FTRUN_CAS": "off"})
    expect("computer algebra that is not there ends the run before it begins", "no helper ftrun-cas" in said and not begun(said), said)
    for command in ("grade", "rerank"):
        done = subprocess.run([ftrun, command, "1", "--rules", "prm800k", "--units", "required"], capture_output=True, text=True)
        expect(f"ftrun {command}: a convention without effect", done.returncode == 2 and "--units has no effect" in done.stderr, done.stderr)
        done = subprocess.run([ftrun, command, "1", "--units", "require"], capture_output=True, text=True)
        expect(f"ftrun {command}: a wrong value", done.returncode == 2 and "did you mean 'required'" in done.stderr, done.stderr)


# What is written for the reference r, and the verdict without computer algebra and with it.
ALGEBRA = [("\\boxed{{{r}}}", "equal", "equal"), ("\\boxed{{{r}\\cos 10^{{-12}}}}", "unknown", "different"),
           ("\\boxed{{{r}-6+\\lfloor 2\\pi\\rfloor}}", "equal", "equal"), ("\\boxed{{{r}+\\sqrt{{10^{{40}}+1}}-10^{{20}}}}", "unknown", "different")]
NUMERIC, PROVED = "numeric, 20 digits", "proved by computer algebra"


@case
def algebra(ftrun, base):
    if not (pathlib.Path(ftrun).parent / "ftrun-cas").exists():
        print("  no helper ftrun-cas beside the program: skipped")
        return
    run, problems = Run(ftrun, base, "algebra"), 4
    run()
    attempts = forge(run, forms=[(text,) for text, _, _ in ALGEBRA])
    references = {p["id"]: p["answer"] for p in map(json.loads, (attempts.parent / "problems-00000.jsonl").read_text().splitlines())}
    rows = [json.loads(line) for line in attempts.read_text().splitlines()]
    pairs, labelled = base / "pairs.jsonl", base / "labelled.jsonl"
    pairs.write_text("".join(json.dumps({"gold": references[a["problem"]], "solution": a["text"]}) + "\n" for a in rows))
    labelled.write_text("".join(json.dumps({"problem_id": a["problem"], "text": a["text"], "reference": references[a["problem"]]}) + "\n" for a in rows))
    for with_cas in (False, True):
        expected = [form[1 + with_cas] for form in ALGEBRA]
        said = run(f"grading.cas={str(with_cas).lower()}", ranks=2)
        verdicts = run.verdicts("answers.verdicts")
        expect(f"cas: {with_cas}, to the report: each verdict is as it should be", all(
            verdict == expected[index + 1] for (_, index), verdict in verdicts.items()) and len(verdicts) == len(rows), verdicts, said)
        reasons = {v["reason"] for piece in run.output("answers.verdicts").glob("verdicts-*.jsonl") for v in map(json.loads, piece.read_text().splitlines())}
        expect("... for the reason that it should have", (PROVED in reasons) == with_cas and (NUMERIC in reasons) != with_cas, reasons)
        expect("... and the manifest says so", run.body("answers.verdicts")["grading"]["cas"] is with_cas)
        graded = subprocess.run([ftrun, "grade", str(pairs), *([] if with_cas else ["--no-cas"])], capture_output=True, text=True)
        expect("... as ftrun grade", [json.loads(line)["verdict"] for line in graded.stdout.splitlines() if '"verdict"' in line] ==
               expected * problems, graded.stdout, graded.stderr)
        ranked = subprocess.run([ftrun, "rerank", str(labelled), "--bootstrap", "0", "--json", "-", *(["--cas"] if with_cas else [])], capture_output=True, text=True)
        share = json.loads(ranked.stdout)["results"]["stages"]["attempts"]["right"]
        expect("... and ftrun rerank", round(share * len(rows)) == problems * expected.count("equal"), share, ranked.stderr)
    said = run("stages.other={recipe: grade, attempts: answers, cas: true}")
    expect("of one stage alone", "answers.verdicts" not in begun(said) or run.body("answers.verdicts")["grading"]["cas"] is False, said)
    expect("the other is with it", run.body("other")["grading"]["cas"] is True)
    alone = subprocess.run([ftrun, "rerank", str(labelled), "--cas"], capture_output=True, text=True, env={**os.environ, "FTRUN_CAS": "off"})
    expect("rerank --cas without the helper is refused", alone.returncode == 2 and "no helper ftrun-cas" in alone.stderr, alone.stderr)


@case
def scores_stay(ftrun, base):
    run = Run(ftrun, base, "scores", verifier=", verifier: base")
    run()
    first = run.output("ranking")
    scored = lambda: {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in first.parent.glob("work/scores-*")}
    before = scored()
    said = run("grading.units=required")
    second = run.output("ranking")
    expect("another ranking of the same scores", begun(said) == ["answers.verdicts", "ranking", "report"] and first != second and first.parent == second.parent and
           (first / "scores-00000.jsonl").read_bytes() == (second / "scores-00000.jsonl").read_bytes() and run.body("ranking")["grading"]["units"] == "required", said)
    expect("the verifier scored once", before and scored() == before and "stage 'ranking' begins anew" not in said, said)
    said = run("grading.units=required", "stages.answers.per_problem=6")
    expect("more attempts are graded without setting verdicts aside", "stage 'answers.verdicts' begins anew" not in said and
           run.body("answers.verdicts")["summary"]["graded"] == 4 * 7, said)


@case
def older_scores(ftrun, base):
    """A ranking as it was sealed when scores were one file, in the order of the problems' names."""
    run = Run(ftrun, base, "older", verifier=", verifier: base")
    run()
    ranking, report = run.output("ranking"), run.output("report")
    scored = lambda: {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in ranking.parent.glob("work/scores-*")}
    before, sealed = scored(), (ranking / "scores-00000.jsonl").read_bytes()
    (ranking / "scores-00000.jsonl").rename(ranking / "scores.jsonl")
    sign(ranking / "manifest.json", (ranking / "manifest.json").read_text().replace('"scores-00000.jsonl"', '"scores.jsonl"'))
    shutil.rmtree(report)
    for ranks in (1, 2):
        said = run(code=2, ranks=ranks)
        expect("scores of an older version are refused, with what to do", f"{ranking} was made by an older version" in said and
               f"Remove this folder: the same command makes it again in seconds, from the scores in {ranking.parent / 'work'}" in said and
               (ranking / "scores.jsonl").exists() and not report.exists(), said)
    shutil.rmtree(ranking)
    said = run()
    expect("... and that helps, without a score made again", begun(said) == ["ranking", "report"] and before and scored() == before and
           (ranking / "scores-00000.jsonl").read_bytes() == sealed, said)


def digest(run):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(run.output("answers.verdicts").glob("verdicts-*.jsonl"))}


@case
def ranks_and_kills(ftrun, base):
    run = Run(ftrun, base, "first", problems=40, attempts=1, ranked=False)
    run()
    forge(run, each=250)
    shutil.copytree(run.folder, base / "as-it-was")
    run()
    expected = digest(run)
    expect(f"{len(expected)} pieces of verdicts", len(expected) >= 8)
    for ranks in (2, 4):
        other = Run(ftrun, base, f"on-{ranks}", problems=40, attempts=1, ranked=False)
        shutil.copytree(base / "as-it-was", other.folder)
        other(ranks=ranks)
        expect(f"the same on {ranks} ranks", digest(other) == expected)
    killed = Run(ftrun, base, "killed", problems=40, attempts=1, ranked=False)
    shutil.copytree(base / "as-it-was", killed.folder)
    pieces = lambda: list(killed.folder.glob("stages/answers.verdicts-*/work/*/verdicts-*.jsonl"))
    kept, stops = 0, 0
    for how, ranks, wanted in ((signal.SIGKILL, 1, 2), (signal.SIGUSR1, 1, 4), (signal.SIGKILL, 2, 6)):
        process = subprocess.Popen(killed.command(ranks=ranks), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while process.poll() is None and len(pieces()) < wanted:
            time.sleep(0.005)
        process.send_signal(how)
        process.communicate(timeout=60)
        stops += process.returncode == 75
        kept = max(kept, len(pieces()))
        if ranks > 1:
            time.sleep(3)  # ranks without mpirun end by themselves
    expect(f"{kept} pieces outlived kills and {stops} stops", 2 <= kept)
    for piece in pieces()[:1]:  # and one of them is damaged
        data = bytearray(piece.read_bytes())
        data[len(data) // 2] ^= 1
        piece.write_bytes(data)
        said = killed()
        expect("a damaged piece is made again", "is damaged: its verdicts are made again" in said, said)
    expect("after kills the same", digest(killed) == expected)
    expect("nothing is left in work", not pieces())
    flipped = killed.output("answers.verdicts") / "verdicts-00000.jsonl"
    data = bytearray(flipped.read_bytes())
    data[100] ^= 1
    flipped.write_bytes(data)
    said = killed()
    expect("damaged verdicts are set aside and made again", "output of stage 'answers.verdicts' is damaged and will be made again" in said and
           digest(killed) == expected, said)


@case
def foreign_pieces(ftrun, base):
    """What a start that was cut off has made of bytes that were not those of the attempts."""
    run = Run(ftrun, base, "pieces", problems=40, attempts=1, ranked=False)
    run()
    forge(run, each=250)
    process = subprocess.Popen(run.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pieces = lambda: sorted(run.folder.glob("stages/answers.verdicts-*/work/*/verdicts-*.jsonl"))
    while process.poll() is None and len(pieces()) < 3:
        time.sleep(0.005)
    process.kill()
    process.wait()
    expect(f"{len(pieces())} pieces outlived the kill", len(pieces()) >= 3)
    for piece in pieces():  # sound by itself: other verdicts, of other texts
        block, inputs, _ = piece.stem.removeprefix("verdicts-").split("-")
        content = piece.read_bytes().replace(b'"equal"', b'"different"')
        piece.unlink()
        piece.with_name(f"verdicts-{block}-{inputs[::-1]}-{hashlib.sha256(content).hexdigest()[:16]}.jsonl").write_bytes(content)
    run()
    expect("verdicts of other texts are not taken", run.right("answers.verdicts") == 40 * 250 * sum(form[1] for form in FORMS), run.right("answers.verdicts"))


@case
def damaged_texts(ftrun, base):
    """Whoever reads the attempts finds the damage: the stage that grades, the verifier, the ranking and `ftrun rerank`."""
    run = Run(ftrun, base, "damaged")
    run()
    output = run.output("answers")
    for name in ("attempts-00000.jsonl", "problems-00000.jsonl"):
        data = (output / name).read_bytes()
        (output / name).write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
        done = subprocess.run([ftrun, "rerank", str(output), "--bootstrap", "0"], capture_output=True, text=True)
        expect(f"ftrun rerank of a folder with a damaged {name}", done.returncode == 1 and f"{name} is damaged" in done.stderr, done.stderr)
        (output / name).write_bytes(data)
    done = subprocess.run([ftrun, "rerank", str(output), "--bootstrap", "0", "--score", "log_prob"], capture_output=True, text=True)
    expect("fields of a folder are known", done.returncode == 2 and "--score" in done.stderr and "whose fields are known" in done.stderr, done.stderr)
    done = subprocess.run([ftrun, "rerank", str(output), "--bootstrap", "0"], capture_output=True, text=True)
    expect("the sound folder is ranked", done.returncode == 0, done.stderr)


@case
def another_grading(ftrun, base):
    """The whole method, then the same attempts under the rules of PRM800K and with computer algebra, side by side in one report."""
    folder = base / "smoke"
    smoke = [ftrun, str(pathlib.Path(__file__).resolve().parent / "smoke.yaml"), f"run.folder={folder}"]
    done = subprocess.run(smoke, capture_output=True, text=True)
    expect("the whole method", done.returncode == 0, done.stderr)
    texts = lambda: {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file() and
                     re.search(r"stages/(solver|attempts|verifier|solver_again|answers|ranking)-", str(p)) and "intact-" not in p.name}
    before = texts()
    more = ["stages.strict={recipe: grade, attempts: answers, rules: prm800k}",
            "stages.ranked_strictly={recipe: rerank, attempts: strict, top_clusters: 4}",
            "stages.both={recipe: report, of: [answers, strict, ranking, ranked_strictly]}"]
    started = time.monotonic()
    done = subprocess.run([*smoke, *more], capture_output=True, text=True)
    expect(f"another grading: {time.monotonic() - started:.1f} s", done.returncode == 0 and begun(done.stderr) == ["strict", "ranked_strictly", "both"], done.stderr)
    expect("nothing was sampled, trained or scored again", texts() == before)
    (report,) = folder.glob("stages/both-*/output-*/report.json")
    tables = json.loads(report.read_text())["results"]["stages"]
    expect("both gradings in one report", set(tables) == {"answers", "strict", "ranking", "ranked_strictly"} and
           all(("rules prm800k" in tables[name]["grading"]) == (name in ("strict", "ranked_strictly")) for name in tables), tables)
    text, page = (report.parent / "report.txt").read_text(), (report.parent / "index.html").read_text()
    expect("in words and on the page", all("rules prm800k" in one and "conventions by default" in one for one in (text, page)), text)
    verified = subprocess.run([ftrun, "verify", str(folder)], capture_output=True, text=True)
    expect("the chain of parents is sound", verified.returncode == 0, verified.stdout)


def main():
    ftrun, *names = sys.argv[1:]
    for name in names or CASES:
        base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-grading-"))
        started = time.monotonic()
        try:
            CASES[name](os.path.abspath(ftrun), base)
        finally:
            shutil.rmtree(base, ignore_errors=True)
        print(f"{name}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
