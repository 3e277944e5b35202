#!/usr/bin/env python3
"""Millions of attempts with their scores, as this program stores them: what continuing, sealing, grading, voting, ranking and the
report cost, in time and in memory of the rank that holds most.

  many_attempts.py FTRUN [--problems 10000] [--each 100] [--ranks 1,2,4] [--folder DIR]

By hand; needs the Python package xxhash. A run is stopped at the beginning of its stages of sampling and ranking; the attempts and
scores are put into their work folders as if ranks had made them, but for one; then the run goes on. Printed is what the ledger says
of each stage: seconds, and memory beyond the libraries."""
import hashlib
import json
import random
import shutil
import signal
import sys
import time

import xxhash

import many

RUN_FILE = many.RUN_FILE + """\
problems:
  train: {{dataset: jsonl, path: {problems}, limit: 8}}
  test:  {{dataset: jsonl, path: {problems}}}
training: {{lanes: 4, tokens_per_lane: 512, max_length: 128, learning_rate: 1e-3}}
stages:
  solver:  {{recipe: solution_sft, model: base, problems: train, length: 1steps}}
  answers: {{recipe: sample, model: solver, problems: test, per_problem: {each}, greedy: false, max_new_tokens: 4}}
  ranking: {{recipe: rerank, attempts: answers, verifier: solver}}
  report:  {{recipe: report, of: [answers, ranking], check_overlap: false}}
"""
STAGES = ["answers", "answers.verdicts", "ranking", "report"]


def record(owner, value):
    text = json.dumps(value, separators=(",", ":"))
    return f'{{"sum":"{xxhash.xxh3_128_hexdigest((owner + text).encode())[:16]}","of":"{owner}","record":{text}}}\n'


def write_pieces(work, stem, records, made, pieces=4):
    """Made once: the stages have the same identities on any number of ranks."""
    owner = hashlib.sha256((work.parent / "identity.txt").read_bytes()).hexdigest()[:16]
    names = [f"{stem}-{i:04}.jsonl" for i in range(pieces)]
    folder = made / f"{stem}-{owner}"
    if not folder.exists():
        folder.mkdir(parents=True)
        files = [open(folder / name, "w") for name in names]
        for number, value in records:
            files[number % pieces].write(record(owner, value))
        for file in files:
            file.close()
    for name in names:
        shutil.copyfile(folder / name, work / name)


def attempts(problems, each):
    draw = random.Random(2)
    for p in range(problems):
        hard = draw.random()
        for i in range(each):
            if p == 0 and i == 0:
                continue  # the stage has something to do
            answer = p % 1000 if draw.random() > hard else draw.randrange(40)
            text = f"We add the numbers one by one.\nThat gives {answer}.\n# Answer\n{answer}"
            yield p, {"problem": f"made-{p}", "index": i, "text": text, "finished": True, "tokens": 20 + draw.randrange(20), "log_prob": -draw.expovariate(0.1)}


def scores(problems, each):
    draw = random.Random(3)
    for p in range(problems):
        if p > 0:
            yield p, {"problem": f"made-{p}", "scores": [[i, -draw.expovariate(1.0), -draw.expovariate(1.0)] for i in range(each)]}


def run(program, run_file, ranks, until=None):
    process = many.start(program, run_file, ranks)
    while until and process.poll() is None and not until():
        time.sleep(0.2)
    if until and process.poll() is None:
        process.send_signal(signal.SIGUSR1)
    errors = process.communicate()[1]
    if process.returncode not in ((0, 75) if until else (0,)):
        sys.exit(f"exit code {process.returncode}\n{errors[-3000:]}")


def measure(program, base, problems, each, ranks):
    folder, run_file = base / f"run-{ranks}", base / f"run-{ranks}.yaml"
    run_file.write_text(RUN_FILE.format(folder=folder, problems=base / "problems.jsonl", each=each))
    for stage, stem, records in (("answers", "attempts", attempts), ("ranking", "scores", scores)):
        run(program, run_file, ranks, lambda: any(folder.glob(f"stages/{stage}-*/work")))
        (work,) = folder.glob(f"stages/{stage}-*/work")
        for piece in work.glob(f"{stem}-*"):
            piece.unlink()
        write_pieces(work, stem, records(problems, each), base / "made")
    run(program, run_file, ranks)
    ends = {}
    for line in (folder / "ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        entry = entry.get("record", entry)
        if entry.get("event") == "stage ends":
            ends[entry["stage"]] = entry
    for stage in STAGES:
        end = ends[stage]
        print(f"{ranks} ranks, {problems * each} attempts, {stage}: {end['seconds']:.1f} s, {(end['memory'] - end['libraries']) / 1e6:.0f} MB a rank at most", flush=True)
    results = json.loads(next(folder.glob("stages/report-*/output-*/report.json")).read_text())["results"]
    shutil.rmtree(folder)
    return json.dumps(results["stages"])


def main():
    given = many.arguments(1, "1,2,4", problems=10_000, each=100)
    with many.folder(given.folder) as base:
        with open(base / "problems.jsonl", "w") as out:
            for p in range(given.problems):
                out.write(json.dumps({"id": f"made-{p}", "problem": f"Add {p % 1000} and 0.", "solution": f"It is {p % 1000}.\n# Answer\n{p % 1000}",
                                      "answer": str(p % 1000)}) + "\n")
        results = {ranks: measure(given.programs[0], base, given.problems, given.each, ranks) for ranks in given.ranks}
        if len(set(results.values())) != 1:
            sys.exit("the reports differ between numbers of ranks")
        print(f"equal reports on {given.ranks} ranks")


if __name__ == "__main__":
    main()
