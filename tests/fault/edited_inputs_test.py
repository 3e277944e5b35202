#!/usr/bin/env python3
"""Inputs that are edited while a run works: what is sealed is made of the content that it is named by, or it is not made.

  edited_inputs_test.py FTRUN

While the first stage trains, what a later stage reads (a problem file, each file of a model's folder) is appended to, rewritten,
renamed over, given its old times back, joined by another file or removed. The later stage then ends with exit code 2 that names the
input and the file, seals nothing, and goes on to the end of the run that nobody disturbed once the old content is back; started with
the new content it begins anew. What was only touched, or copied over with the same bytes, disturbs nothing."""
import json
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from identity_test import write_model  # noqa: E402
from moved_test import attempts_begun, begin  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

RUN_FILE = """\
run: {{seed: 1}}
models:
  base: {{preset: tiny}}
  other: {{path: {model}}}
problems:
  train: {{dataset: arithmetic, split: train, limit: 40}}
  mine: {{dataset: jsonl, path: {problems}}}
training: {{lanes: 2, tokens_per_lane: 300, max_length: 128, learning_rate: 1e-3, save_every: 5steps, keep: 3}}
stages:
  solver: {{recipe: solution_sft, model: base, problems: train, length: 60steps}}
  answers: {{recipe: sample, model: other, problems: mine, per_problem: 4, max_new_tokens: 24}}
"""
PROBLEMS = [{"id": f"p{i}", "problem": f"{i} + {i + 1} = ?", "answer": str(2 * i + 1)} for i in range(3)]


def rewrite(path, change):
    path.write_bytes(change(path.read_bytes()))


def renamed_over(path, change):
    fresh = path.with_name(path.name + ".fresh")
    fresh.write_bytes(change(path.read_bytes()))
    fresh.rename(path)


def times_back(path, change):
    before = path.stat()
    rewrite(path, change)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flipped(at):
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def more_space(data):
    """Another content of the same meaning, of JSON."""
    return data.replace(b"{", b"{ ", 1)


OTHER_PROBLEM = lambda data: data.replace(b"1 + 2", b"2 + 1")  # noqa: E731
# What is done to which file, and how the input is called that it belongs to.
EDITS = {
    "problems, appended": ("problems", lambda d: rewrite(d / "mine.jsonl", lambda b: b + b'{"id": "q", "problem": "1 + 1 = ?", "answer": "2"}\n')),
    "problems, rewritten": ("problems", lambda d: rewrite(d / "mine.jsonl", OTHER_PROBLEM)),
    "problems, renamed over": ("problems", lambda d: renamed_over(d / "mine.jsonl", OTHER_PROBLEM)),
    "problems, with their times back": ("problems", lambda d: times_back(d / "mine.jsonl", OTHER_PROBLEM)),
    "problems, gone": ("problems", lambda d: (d / "mine.jsonl").unlink()),
    "weights, one bit": ("model", lambda d: times_back(d / "model/model.safetensors", flipped(-7))),
    "weights, renamed over": ("model", lambda d: renamed_over(d / "model/model.safetensors", flipped(-7))),
    "tokenizer": ("model", lambda d: rewrite(d / "model/tokenizer.json", more_space)),
    "config": ("model", lambda d: rewrite(d / "model/config.json", more_space)),
    "another file that is read": ("model", lambda d: (d / "model/generation_config.json").write_text('{"eos_token_id": 3}\n')),
}
SAME = {
    "touched": lambda d: [os.utime(path) for path in (d / "mine.jsonl", d / "model/config.json", d / "model/model.safetensors")],
    "copied over": lambda d: [renamed_over(path, lambda b: b) for path in (d / "mine.jsonl", d / "model/model.safetensors")],
    "a file that nobody reads": lambda d: [(d / "model/notes.txt").write_text("a user's"), (d / "more.jsonl").write_text("x")],
}


class Run(TinyRun):
    def __init__(self, ftrun, base, name):
        super().__init__(ftrun, base, name)
        self.inputs = self.home / "inputs"
        self.inputs.mkdir()
        write_model(self.inputs / "model")
        (self.inputs / "mine.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in PROBLEMS))
        self.file.write_text(RUN_FILE.format(model=self.inputs / "model", problems=self.inputs / "mine.jsonl"))

    def edited_while_it_trains(self, edit, ranks):
        process = begin(self, lambda: self.saved_step() > 0, ranks=ranks)
        edit(self.inputs)
        check(not list(self.folder.glob("stages/answers-*")), f"{self.home.name}: the edit came too late")
        output, _ = process.communicate(timeout=120)
        return process.returncode, output


def report_goes_on(ftrun, base):
    """What only the report would look at again ends no run."""
    run = Run(ftrun, base, "report")
    run.file.write_text(run.file.read_text().replace("length: 60steps", "length: 6steps").replace("per_problem: 4", "per_problem: 400")
                        + "  report: {recipe: report, of: [answers]}\n")
    process = begin(run, lambda: attempts_begun(run))
    rewrite(run.inputs / "mine.jsonl", OTHER_PROBLEM)
    output, _ = process.communicate(timeout=300)
    check(process.returncode == 0 and "shares with other sets are left out of the report: problem set 'mine' is not what it was" in output,
          f"an edit that only the report meets: exit code {process.returncode}", output)
    check(list(run.folder.glob("stages/report-*/output-*/report.json")) != [], "there is no report", output)
    print("the report goes on", flush=True)


def main(base):
    ftrun = sys.argv[1]
    whole = Run(ftrun, base, "whole").to_end()
    for index, (name, (kind, edit)) in enumerate(EDITS.items()):
        run = Run(ftrun, base, f"edit-{index}")
        old = run.home / "old"
        shutil.copytree(run.inputs, old)
        code, output = run.edited_while_it_trains(edit, ranks=1 + index % 2)
        check(code == 2, f"{name}: exit code {code}, not 2", output)
        word = "mine" if kind == "problems" else "model"
        check(word in output and ("is not what it was when this run was started" in output or "which does not exist" in output),
              f"{name}: nobody says what has changed", output)
        check(not list(run.folder.glob("stages/answers-*/output-*")), f"{name}: something was sealed", output)
        shutil.rmtree(run.inputs)
        shutil.copytree(old, run.inputs)
        check(run.to_end() == whole, f"{name}: with the old content back the run does not come to the same end")
        edit(run.inputs)
        if "gone" not in name:
            run.to_end()
            check(len(list(run.folder.glob("stages/answers-*/output-*/manifest.json"))) == 2, f"{name}: the new content made no new output")
        print(name, "holds", flush=True)
    report_goes_on(ftrun, base)
    for index, (name, edit) in enumerate(SAME.items()):
        run = Run(ftrun, base, f"same-{index}")
        code, output = run.edited_while_it_trains(edit, ranks=1 + index % 2)
        check(code == 0 and run.outcome() == whole, f"{name}: exit code {code}", output)
        print(name, "disturbs nothing", flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-edited-", in_memory=True)
