#!/usr/bin/env python3
"""How evenly sampling and scoring are spread over ranks: 64 attempts each at 40 problems whose answers are very uneven in length,
and 256 attempts at one problem.

  balance.py FTRUN [--ranks 1,2,4,16] [--kill] [--hosts N]

By hand. A small solver learns to count to the number that it is given, which makes answers of 6 to 130 tokens. Then the same
attempts are sampled and scored on each number of ranks, from the same weights. Printed is what the program's log says of busy ranks;
the sealed attempts and scores must be the same files on all of them, with --kill also where all ranks are killed twice in the middle.
--hosts N: as if a host had N ranks each, so that ranks ask each other by messages."""
import argparse
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
run: {seed: 5}
models: {base: {preset: tiny}}
problems:
  train: {dataset: jsonl, path: train.jsonl}
  many:  {dataset: jsonl, path: many.jsonl}
  one:   {dataset: jsonl, path: one.jsonl}
training: {lanes: 4, tokens_per_lane: 400, max_length: 200, learning_rate: 3e-3, warmup: 20steps}
stages:
  solver:   {recipe: solution_sft, model: base, problems: train, length: 250steps}
  attempts: {recipe: sample, model: solver, problems: many, per_problem: 64, max_new_tokens: 160}
  alone:    {recipe: sample, model: solver, problems: one, per_problem: 256, max_new_tokens: 160}
  ranking:  {recipe: rerank, attempts: attempts, verifier: solver}
"""
STAGES = ("attempts", "alone", "ranking")


def problem(name, last):
    count = ", ".join(str(i) for i in range(1, last + 1))
    return {"id": name, "problem": f"Total {last}", "solution": f"{count}\n# Answer\n{last}", "answer": str(last)}


def write_problems(folder):
    sets = {"train": [problem(f"t{i}", i) for i in range(2, 44)],
            "many": [problem(f"m{i}", 2 + i * 7 % 41) for i in range(40)], "one": [problem("o", 40)]}
    for name, problems in sets.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(p) + "\n" for p in problems))
    (folder / "run.yaml").write_text(RUN_FILE)


def command(ftrun, folder, ranks):
    run = [ftrun, "run.yaml", f"run.folder={folder}"]
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return run if ranks == 1 else ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks), *run]


def run(ftrun, home, folder, ranks, hosts):
    environment = dict(os.environ, **({"FTRUN_SHARED_MEMORY": str(hosts)} if hosts else {}))
    return subprocess.Popen(command(ftrun, folder, ranks), cwd=home, env=environment, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, start_new_session=True)


def to_end(process):
    said = process.communicate()[1]
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode}:\n{said}")
    return said


def lines_in_work(folder, stage):
    return sum(piece.read_bytes().count(b"\n") for piece in folder.glob(f"stages/{stage}-*/work/*.jsonl"))


def kill_when(process, folder, stage, lines):
    """Kills all ranks once the stage's pieces have so many lines."""
    while lines_in_work(folder, stage) < lines:
        if process.poll() is not None:
            sys.exit(f"the run ended before it could be killed in '{stage}'")
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    time.sleep(1)


def digests(folder):
    found = {}
    for stage in STAGES:
        output = next(folder.glob(f"stages/{stage}-*/output-*"))
        for file in sorted(output.glob("*-0*.jsonl")):
            found[f"{stage} {file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def busy_lines(log):
    """Of the last start: what it said of each of the stages."""
    said, stage = {}, ""
    for line in log.splitlines():
        if begun := re.search(r"stage '(\w+)' \(", line):
            stage = begun[1]
        if busy := re.search(r"ranks were busy.*", line):
            said[stage] = busy[0]
    return said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ftrun")
    parser.add_argument("--ranks", default="1,2,4,16")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--hosts", type=int, default=0)
    args = parser.parse_args()
    ftrun = str(pathlib.Path(args.ftrun).resolve())
    with tempfile.TemporaryDirectory() as temporary:
        home = pathlib.Path(temporary)
        write_problems(home)
        trained = home / "trained"
        process = subprocess.run([ftrun, "run.yaml", f"run.folder={trained}", "stages.attempts.per_problem=1", "stages.alone.per_problem=1"],
                                 cwd=home, capture_output=True, text=True)
        if process.returncode != 0:
            sys.exit(process.stderr)
        for stage in STAGES:
            for folder in trained.glob(f"stages/{stage}*"):
                shutil.rmtree(folder)
        expected = None
        for ranks in map(int, args.ranks.split(",")):
            folder = home / f"on-{ranks}"
            shutil.copytree(trained, folder)
            begun = time.monotonic()
            if args.kill:
                kill_when(run(ftrun, home, folder, ranks, args.hosts), folder, "attempts", 700)
                kill_when(run(ftrun, home, folder, ranks, args.hosts), folder, "attempts", 1700)
                kill_when(run(ftrun, home, folder, ranks, args.hosts), folder, "ranking", 20)
            to_end(run(ftrun, home, folder, ranks, args.hosts))
            print(f"{ranks} ranks: {time.monotonic() - begun:.1f} s", flush=True)
            for stage, words in busy_lines((folder / "log.txt").read_text()).items():
                print(f"  {stage:9} {words}", flush=True)
            got = digests(folder)
            expected = expected or got
            if got != expected:
                sys.exit(f"{ranks} ranks: other files: {[name for name in expected if got.get(name) != expected[name]]}")
            print(f"  all {len(got)} sealed files equal", flush=True)


if __name__ == "__main__":
    main()
