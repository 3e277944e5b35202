#!/usr/bin/env python3
"""Tokenises a large synthetic set and trains two steps on it: what that costs, in processor time and in memory a rank.

  many_examples.py FTRUN [FTRUN ...] [--examples 1000000] [--ranks 1,2] [--folder DIR]

Several programs are run one after the other on the same problems; the digests of consumed examples and of the weights must be
equal among all of them and all numbers of ranks. By hand: a million examples are about 400 MB of text and take minutes.

For each run: processor seconds of all ranks until the examples are ready (what comes before the first step), and of each
rank the most that it held while tokenising and while training, as memory of its own and as pages of files, which the ranks of a host
share. Samples of /proc, every 0.1 s."""
import json
import os
import pathlib
import random
import re
import shutil
import sys
import time

import many

RUN_FILE = many.RUN_FILE + """\
problems:
  train: {{dataset: jsonl, path: {problems}}}
training: {{lanes: 4, tokens_per_lane: 1024, max_length: 512, learning_rate: 1e-3}}
stages:
  solver: {{recipe: solution_sft, model: base, problems: train, length: 2steps}}
"""


def make_problems(path, count):
    """Problems of a few sentences, solutions of a few lines, all different."""
    draw = random.Random(1)
    names, things = ["Ann", "Bob", "Cat", "Dan", "Eve", "Fay"], ["cups", "pens", "coins", "stones", "shells"]
    with open(path, "w") as out:
        for i in range(count):
            a, b, c = draw.randrange(10, 999), draw.randrange(10, 999), draw.randrange(2, 30)
            who, other, what = draw.choice(names), draw.choice(names), draw.choice(things)
            problem = f"{who} has {a} {what} in box {i}. {other} has {b} more than {who}, and gives {c} of them away. How many {what} have they together now?"
            solution = f"{other} has {a}+{b}={a + b} {what}.\nAfter giving {c} away {a + b}-{c}={a + b - c} are left.\nTogether {a}+{a + b - c}={2 * a + b - c}.\n# Answer\n{2 * a + b - c}"
            out.write(json.dumps({"id": f"made-{i}", "problem": problem, "solution": solution, "answer": str(2 * a + b - c)}) + "\n")


def status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    number = lambda key: int(re.search(key + r":\s+(\d+)", text).group(1)) / 1024
    return number("RssAnon"), number("RssFile") + number("RssShmem")


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ranks_of(program, run_file):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(run_file).encode() in (entry / "cmdline").read_bytes().split(b"\0") and os.path.samefile(entry / "exe", program):
                found.append(int(entry.name))
        except OSError:
            pass
    return sorted(found)


def run(program, folder, run_file, ranks):
    process = many.start(program, run_file, ranks)
    pids, peaks, used, begun, ready = [], {}, {}, {}, {}
    phase, started, seconds = "planning", time.monotonic(), {}
    while process.poll() is None:
        log = (folder / "log.txt").read_text() if (folder / "log.txt").exists() else ""
        if phase == "planning" and "stage 'solver'" in log:
            phase, begun, seconds["begun"] = "tokenising", dict(used), time.monotonic()
        if phase == "tokenising" and re.search(r"train: \d+ examples", log):
            phase, ready, seconds["ready"] = "training", dict(used), time.monotonic()
        pids = pids if len(pids) == ranks else ranks_of(program, run_file)
        for pid in pids:
            try:
                own, files = status(pid)
                used[pid] = processor_seconds(pid)
            except (OSError, AttributeError):
                continue
            most = peaks.setdefault((phase, pid), [0, 0])
            most[0], most[1] = max(most[0], own), max(most[1], files)
        time.sleep(0.1)
    errors = process.stderr.read()
    if process.returncode != 0:
        sys.exit(f"{program} on {ranks} ranks: exit code {process.returncode}\n{errors[-3000:]}")
    spent = sum(ready.get(pid, 0) - begun.get(pid, 0) for pid in ready)
    print(f"{program}, {ranks} ranks: {spent:.1f} s of processors to make the examples ({seconds['ready'] - seconds['begun']:.1f} s by the clock)")
    for phase in ("tokenising", "training"):
        for (of_phase, pid), (own, files) in sorted(peaks.items()):
            if of_phase == phase:
                print(f"  {phase}, rank of pid {pid}: at most {own:.0f} MB of its own, {files:.0f} MB of files")
    manifest = json.loads(next(folder.glob("stages/solver-*/output-*/manifest.json")).read_text())["body"]
    metadata = json.loads(manifest["metadata"]) if isinstance(manifest["metadata"], str) else manifest["metadata"]
    return manifest["weights_digest"], metadata["training"]["consumed_digest"]


def main():
    given = many.arguments("+", "1,2", examples=1_000_000)
    with many.folder(given.folder) as base:
        problems = base / "problems.jsonl"
        make_problems(problems, given.examples)
        print(f"{given.examples} problems, {problems.stat().st_size / 1e6:.0f} MB")
        found = {}
        for number, program in enumerate(given.programs):
            for ranks in given.ranks:
                folder, run_file = base / f"run-{number}-{ranks}", base / f"run-{number}-{ranks}.yaml"
                run_file.write_text(RUN_FILE.format(folder=folder, problems=problems))
                found[f"{program} on {ranks}"] = run(program, folder, run_file, ranks)
                shutil.rmtree(folder)
        if len(set(found.values())) != 1:
            sys.exit(f"the digests differ: {found}")
        print(f"equal weights and consumed examples in all {len(found)} runs: {next(iter(found.values()))}")


if __name__ == "__main__":
    main()
