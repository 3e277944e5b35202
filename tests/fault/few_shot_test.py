#!/usr/bin/env python3
"""A base model that is shown how problems are solved: demonstrations, a prompt of the stage's own, stop texts.

  few_shot_test.py FTRUN

The attempts are those of a run whose prompts.solver holds the demonstrations word for word, on one and two ranks; with stop texts they
are the beginnings of the attempts without, cut before the first one. Keys that are not used leave the identity as it was;
another demonstration, one more of them, another prompt or stop text makes another stage. Mistakes are told before anything runs."""
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from identity_test import write_model  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

RUN_FILE = """\
run: {{seed: 1}}
models: {{base: {{path: {home}/model}}}}
prompts: {{solver: {usual}}}
problems:
  test: {{dataset: jsonl, path: {home}/test.jsonl}}
  shots: {{dataset: jsonl, path: {home}/shots.jsonl}}
  two: {{dataset: jsonl, path: {home}/shots.jsonl, limit: 2}}
  unsolved: {{dataset: jsonl, path: {home}/test.jsonl}}
stages:
  answers: {{recipe: sample, model: base, problems: test, per_problem: 6, max_new_tokens: 20{keys}}}
  report: {{recipe: report, of: [answers]}}
"""
SHOTS = [{"id": f"s{i}", "problem": f"What is {i} {{plus}} {{{{two}}}}?", "solution": f"It is \\boxed{{{i + 2}}}.\n#### {i + 2}", "answer": str(i + 2)} for i in range(3)]
TEST = [{"id": f"t{i}", "problem": f"{i} + {i} = ?", "answer": str(2 * i)} for i in range(3)]
FORM = "Q: {problem}\nA: {solution}\n\n"
PROMPT = "Q: {problem}\nA:"


class Run(TinyRun):
    def __init__(self, ftrun, base, name, keys="", usual=PROMPT):
        super().__init__(ftrun, base, name)
        write_model(self.home / "model")
        for file, lines in (("test", TEST), ("shots", SHOTS)):
            (self.home / f"{file}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.give(keys, usual)

    def give(self, keys, usual=PROMPT):
        self.file.write_text(RUN_FILE.format(home=self.home, keys=keys and ", " + keys, usual=json.dumps(usual)))

    def attempts(self, ranks=1):
        done = self.start(self.command(ranks=ranks))
        check(done.returncode == 0, f"{self.home.name}: exit code {done.returncode}", done.stdout + done.stderr)
        folder = max(self.folder.glob("stages/answers-*"), key=lambda path: path.stat().st_mtime)
        lines = [json.loads(line) for line in next(folder.glob("output-*/attempts-00000.jsonl")).read_text().splitlines()]
        return {(line["problem"], line["index"]): line for line in lines}

    def start(self, command):
        return subprocess.run(command, capture_output=True, text=True)

    def stages(self):
        return {path.name for path in self.folder.glob("stages/answers-*")}


def keys(**given):
    return ", ".join(f"{key}: {value if key == 'demonstrations' else json.dumps(value)}" for key, value in given.items())


def word_for_word(ftrun, base):
    shown = "".join(FORM.replace("{problem}", shot["problem"]).replace("{solution}", shot["solution"]) for shot in SHOTS)
    # {plus} and {{two}} stand in the text: as a template they need one more pair of braces.
    literal = Run(ftrun, base, "literal", usual=shown.replace("{plus}", "{{plus}}").replace("{{two}}", "{{{two}}}") + PROMPT)
    few = Run(ftrun, base, "few", keys(demonstrations="shots", demonstration=FORM))
    wanted = literal.attempts()
    check(few.attempts() == wanted, "the prompt is not what the demonstrations say")
    shutil.rmtree(few.folder)
    check(few.attempts(ranks=2) == wanted, "two ranks ask otherwise")
    own = Run(ftrun, base, "own", keys(prompt=PROMPT, demonstrations="shots", demonstration=FORM), usual="{problem}")
    check(own.attempts() == wanted, "a prompt of the stage's own is not used")
    report = json.loads(next(few.folder.glob("stages/report-*/output-*/report.json")).read_text())["results"]
    check(any(stage["training"] == "as given, few-shot (shots)" for stage in report["stages"].values()), f"the report does not tell of it: {report['stages']}")
    check(("test", "shots") in {(finding["problems_of"], finding["also_in"]) for finding in report["overlaps"]}, f"nobody compares demonstrations with the test set: {report['overlaps']}")
    return few


def stops(ftrun, base, few):
    whole = few.attempts()
    texts = sorted(line["text"] for line in whole.values() if len(line["text"]) > 8)
    chosen = [texts[0][4:6], texts[-1][3:5], "never there"]
    cut = Run(ftrun, base, "stops", keys(demonstrations="shots", demonstration=FORM, stop=chosen)).attempts()
    stopped = 0
    for key, line in whole.items():
        at = min((line["text"].find(text) for text in chosen if text in line["text"]), default=None)
        check(cut[key]["text"] == (line["text"] if at is None else line["text"][:at]), f"{key}: '{cut[key]['text']}' of '{line['text']}'")
        check(cut[key]["finished"] == (line["finished"] or at is not None), f"{key}: finished is {cut[key]['finished']}")
        check(cut[key]["tokens"] <= line["tokens"], f"{key}: more tokens than without")
        stopped += at is not None
    check(stopped >= 2, f"only {stopped} of {len(whole)} attempts were stopped")


def identities(few):
    begun = few.stages()
    for name, given in (("two of them", dict(demonstrations="two", demonstration=FORM)), ("another form", dict(demonstrations="shots", demonstration=FORM + "\n")),
                        ("another prompt", dict(demonstrations="shots", demonstration=FORM, prompt="{problem}")), ("a stop text", dict(demonstrations="shots", demonstration=FORM, stop=["\n\n"])),
                        ("none", {}), ("without solutions", dict(demonstrations="unsolved"))):
        few.give(keys(**given))
        done = few.start(few.command())
        if name == "without solutions":
            check(done.returncode == 2 and "problem 't0' has no solution" in done.stderr, "problems without solutions are shown", done.stderr)
            continue
        check(done.returncode == 0, name, done.stderr)
        check(len(few.stages()) == len(begun) + 1, f"{name}: no stage of its own")
        begun = few.stages()
    few.give("")
    done = few.start(few.command("prompts.verifier='{problem} {solution} is'", "prompts.correct=' yes'"))
    check(done.returncode == 0 and few.stages() == begun, "a prompt that nobody is asked with makes another stage", done.stderr)
    few.give("demonstration: \"{problem} {solution}\"")
    done = few.start(few.command())
    check(done.returncode == 0 and few.stages() == begun, "a demonstration that is not shown makes another stage", done.stderr)
    check("demonstration has no effect: there are no demonstrations" in done.stderr, "nobody says that it has no effect", done.stderr)


def shown_themselves(ftrun, base):
    run = Run(ftrun, base, "themselves", keys(demonstrations="solved", demonstration="{problem}{solution}"))
    run.file.write_text(run.file.read_text().replace("problems: test,", "problems: solved,").replace("  two:", f"  solved: {{dataset: jsonl, path: {run.home}/shots.jsonl, limit: 1}}\n  two:"))
    start = run.command()
    done = run.start([start[0], "plan", *start[1:]])
    check(done.returncode == 0 and "the problems themselves: each stands solved before itself" in done.stdout + done.stderr, "problems that stand solved before themselves", done.stdout + done.stderr)


def mistakes(ftrun, base):
    run = Run(ftrun, base, "mistakes")
    for given, words in ((dict(demonstrations="shot"), "did you mean 'shots'?"), (dict(demonstrations="unsolved"), "problem 't0' has no solution"),
                         (dict(stop=["", "x"]), "stop holds an empty text"), (dict(prompt="Q:"), "lacks the placeholder {problem}"),
                         (dict(prompt="{problm}"), "did you mean {problem}?"), (dict(demonstrations="shots", demonstration="{problem}"), "lacks the placeholder {solution}"),
                         (dict(demonstrations="shots", demonstration="{problem} {solution} {answr}"), "unknown placeholder {answr}"),
                         (dict(demonstrations="shots", demonstration="{problem}{solution}" + "x" * 300), "more than the model's 256")):
        run.give(keys(**given))
        for command in ("plan", "run"):
            start = run.command()
            if command == "plan":
                start.insert(1, command)
            done = run.start(start)
            check(done.returncode == 2 and words in done.stderr, f"{given}: {command} ends with {done.returncode}", done.stdout + done.stderr)
            check("run.yaml:" in done.stderr, f"{given}: no place", done.stderr)
    check(not run.folder.exists(), "something was made")


def main(base):
    ftrun = sys.argv[1]
    few = word_for_word(ftrun, base)
    print("demonstrations stand word for word", flush=True)
    stops(ftrun, base, few)
    print("stop texts end attempts", flush=True)
    identities(few)
    print("what changes the result is in the identity", flush=True)
    shown_themselves(ftrun, base)
    mistakes(ftrun, base)
    print("mistakes are told", flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-few-shot-", in_memory=True)
