#!/usr/bin/env python3
"""Many ranks on few cores: the whole method on a grid of ranks, beside two ranks, with what it takes.

  many_ranks_test.py FTRUN RANKS [--tensor 8] [--seconds 600] [--gigabytes 12] [key=value ...]

Runs tests/fault/smoke.yaml on two ranks and on RANKS ranks with parallel.tensor, and prints wall-clock time, memory (sum
of the ranks' proportional set sizes, sampled), losses step by step against those of two ranks, and how many of the texts
drawn part. Fails when the run fails or hangs, when it takes more than --seconds or --gigabytes, when the losses of the
first stage part by more than TOLERANCE, or when more than PARTED of the attempts of the first solver differ: another
number of tensor ranks adds in another order, so late bits differ, and a draw that falls just there takes another token.
Later stages train on what was drawn, so they are compared only where that is the same."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 2e-3  # of the loss, at any step of the first stage; rounding grows from step to step
PARTED = 0.25     # of the attempts


def command(ftrun, folder, ranks, extra):
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return ["mpirun", *root, "--oversubscribe", "-np", str(ranks), ftrun, str(HERE / "smoke.yaml"), f"run.folder={folder}", *extra]


def ranks_of(launcher):
    """Process ids of all ranks below mpirun."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        name, rest = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
        if name == "ftrun" and int(rest[1]) == launcher:
            parents[int(entry.name)] = launcher
    return list(parents)


def proportional_bytes(pids):
    total = 0
    for pid in pids:
        try:
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def run(ftrun, folder, ranks, extra, limit):
    start, peak, sampled = time.monotonic(), 0, 0.0
    log = pathlib.Path(str(folder) + ".log")
    with open(log, "w") as out:
        job = subprocess.Popen(command(ftrun, folder, ranks, extra), stdout=out, stderr=subprocess.STDOUT)
        while job.poll() is None:
            time.sleep(0.2)
            if time.monotonic() - sampled > 2:
                peak = max(peak, proportional_bytes(ranks_of(job.pid)))
                sampled = time.monotonic()
            if time.monotonic() - start > limit:
                job.kill()
                job.wait()
                sys.exit(f"{ranks} ranks: not at the end after {limit} s\n{log.read_text()[-3000:]}")
    if job.returncode != 0:
        sys.exit(f"{ranks} ranks: exit code {job.returncode}\n{log.read_text()[-5000:]}")
    return time.monotonic() - start, peak


def losses(folder, stage):
    (path,) = pathlib.Path(folder).glob(f"stages/{stage}-*/steps.jsonl")
    return {record["step"]: record["loss"] for record in map(json.loads, path.read_text().splitlines()) if "loss" in record and "num_steps" in record}


def texts(folder, stage):
    (path,) = pathlib.Path(folder).glob(f"stages/{stage}-*/output-*/attempts-00000.jsonl")
    return {(a["problem"], a["index"]): a["text"] for a in map(json.loads, path.read_text().splitlines())}


def compare(few, many):
    """Prints what differs; returns complaints."""
    complaints, same_input = [], True
    for stage, kind in [("solver", "losses"), ("attempts", "texts"), ("verifier", "losses"), ("solver_again", "losses"), ("answers", "texts")]:
        if kind == "losses":
            a, b = losses(few, stage), losses(many, stage)
            if not a:
                sys.exit(f"{stage}: no losses were logged")
            if same_input and sorted(a) != sorted(b):
                complaints.append(f"{stage}: {len(a)} and {len(b)} steps")
                continue
            worst = max(abs(a[s] - b[s]) / abs(a[s]) for s in a if s in b)
            print(f"  {stage}: {len(a)} steps, losses {a[min(a)]:.4f} to {a[max(a)]:.4f}, largest relative difference {worst:.1e}"
                  + ("" if same_input else " (trained on other attempts)"))
            if stage == "solver" and worst > TOLERANCE:
                complaints.append(f"{stage}: losses part by {worst:.1e}, more than {TOLERANCE}")
        else:
            a, b = texts(few, stage), texts(many, stage)
            if sorted(a) != sorted(b):
                complaints.append(f"{stage}: other attempts")
                continue
            parted = sum(a[key] != b[key] for key in a)
            print(f"  {stage}: {parted} of {len(a)} texts part")
            if stage == "attempts" and parted > PARTED * len(a):
                complaints.append(f"{stage}: {parted} of {len(a)} texts part")
            same_input = same_input and parted == 0
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ftrun")
    parser.add_argument("ranks", type=int)
    parser.add_argument("--tensor", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--gigabytes", type=float, default=12)
    parser.add_argument("overrides", nargs="*")
    args = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-many-"))
    extra = [f"training.lanes={max(4, args.ranks // args.tensor)}", *args.overrides]
    try:
        seconds, peak = run(args.ftrun, folder / "few", 2, extra, args.seconds)
        print(f"2 ranks: {seconds:.0f} s, {peak / 1e9:.2f} GB", flush=True)
        seconds, peak = run(args.ftrun, folder / "many", args.ranks, [*extra, f"parallel.tensor={args.tensor}"], args.seconds)
        print(f"{args.ranks} ranks, parallel.tensor={args.tensor}: {seconds:.0f} s, {peak / 1e9:.2f} GB on {os.cpu_count()} cores", flush=True)
        complaints = compare(folder / "few", folder / "many")
        if peak == 0:
            complaints.append("no memory was measured")
        if peak > args.gigabytes * 1e9:
            complaints.append(f"{peak / 1e9:.1f} GB is more than {args.gigabytes}")
        for complaint in complaints:
            print(complaint)
        sys.exit(1 if complaints else 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
