#!/usr/bin/env python3
"""Kills and requests to stop at random moments over every stage; every run must end like the one that was left alone.

  random_kills.py FTRUN [STRIKES] [OVERRIDES] [--ranks 1,2,2]      200 strikes unless told; FT_FAULT_SEED sets the seed (1)

Each start has one of these numbers of ranks (which must give the same bits: powers of two, or one number such as 3), lives for a random time, and is then struck: SIGKILL to one rank or to all, one of the
signals that ask for an end to one rank, or its output's reader goes away (and it is stopped by SIGTERM a while later). Where
one rank of several is killed, all others must be gone within ten seconds. After a request the exit code must be 75 and every
step of the training be saved; after a kill at most `save_every` of them may be lost, and those that were made while the
checkpoint was being written. FTRUN_SHARED_MEMORY=1 acts as if each rank had a host of its own. A run that ends is compared with the quiet one, and the next run begins in a new folder. At
the end: how many strikes of each kind hit each stage, what was lost, how long the survivors lived at most. By hand: some
ten minutes on two quiet cores."""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fault_test import command, compare, ranks_of, run_to_end  # noqa: E402

LONGEST_LIFE = 0.4  # of the time that the quiet run takes
GONE_WITHIN = 10.0
SEALED_WITHIN = 60.0
SAVE_EVERY = 5  # steps, in smoke.yaml
REQUESTS = ["SIGHUP", "SIGUSR2", "SIGXCPU", "SIGQUIT", "SIGTERM", "SIGINT"]
KINDS = ["one rank", "all", "all", *REQUESTS, "closed pipe"]


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_rank(pid, ftrun):
    try:
        return os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(ftrun)
    except OSError:
        return False


def current_stage(folder):
    """The stage that the run was in, by its ledger."""
    stage = "start-up"
    try:
        for line in (folder / "ledger.jsonl").read_text().splitlines():
            record = json.loads(line)["record"]
            stage = {"start": "start-up", "stage begins": record.get("stage"), "stage ends": "between stages"}.get(record["event"], stage)
    except (FileNotFoundError, json.JSONDecodeError):
        pass
    return stage


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Tally:
    def __init__(self):
        self.stages, self.kinds, self.longest, self.ended = collections.Counter(), collections.Counter(), 0.0, 0
        self.lost = collections.Counter()  # steps that were made and not saved: how often


class Reader(threading.Thread):
    """Reads a job's output into a file until it is told to go away."""

    def __init__(self, pipe, path):
        super().__init__(daemon=True)
        self.pipe, self.path, self.leave = pipe, path, threading.Event()
        self.start()

    def run(self):
        with open(self.path, "ab") as log:
            while not self.leave.is_set():
                piece = self.pipe.read1(4096)
                if not piece:
                    break
                log.write(piece)
                log.flush()
        self.pipe.close()


def lost_steps(folder):
    """Steps of the training under way that no checkpoint holds; None where none is under way."""
    lost = None
    for log in folder.glob("stages/*/steps.jsonl"):
        if any(log.parent.glob("output-*")):
            continue
        made = [json.loads(line).get("step", 0) for line in log.read_text().splitlines() if line.endswith("}")]
        manifests = sorted(log.parent.glob("work/checkpoints/step-*/manifest.json"))
        saved = json.loads(manifests[-1].read_text())["body"]["metadata"]["cursor"]["step"] if manifests else 0
        lost = max(lost or 0, max(made, default=0) - saved)
    return lost


def listens(pid):
    """Whether this rank has installed its handlers: before, a signal ends it as it ends any process."""
    try:
        caught = next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    except (OSError, StopIteration):
        return False
    return int(caught.split()[1], 16) >> (signal.SIGXCPU - 1) & 1 == 1


def strike_all(everyone, members, kind, rng):
    """Kills; True when the job must be gone at once."""
    if kind in ("one rank", "all"):
        kill([rng.choice(members)] if kind == "one rank" else reversed(everyone))
        return True
    os.kill(rng.choice(members), signal.SIGTERM if kind == "closed pipe" else getattr(signal, kind))
    return False


def wait_until_gone(process, everyone, seconds):
    struck = time.monotonic()
    left = everyone
    while left and time.monotonic() - struck < seconds:
        time.sleep(0.02)
        process.poll()
        left = [pid for pid in left if is_alive(pid)]
    kill(left)
    return left


def start_and_strike(ftrun, folder, extra, sizes, life, rng, tally):
    """One start. True when the run ended before its time came."""
    ranks, kind = rng.choice(sizes), rng.choice(KINDS)
    if ranks == 1 and kind == "one rank":
        kind = "all"
    path, lost_before = folder.with_suffix(".log"), lost_steps(folder) or 0
    process = subprocess.Popen(command(ftrun, folder, ranks, extra), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    reader = Reader(process.stdout, path)
    try:
        code = process.wait(rng.uniform(0.2, life))
        reader.join()
        if code != 0:
            sys.exit(f"before any strike the run on {ranks} ranks ended with {code}:\n{path.read_text()[-4000:]}")
        return True
    except subprocess.TimeoutExpired:
        pass
    everyone = sorted(ranks_of(process))
    members = [pid for pid in everyone if is_rank(pid, ftrun)]
    if len(members) < ranks or not all(listens(pid) for pid in members):
        kind = "all"  # the launcher has not yet made them, or they have not come to main()
    if kind == "closed pipe":
        reader.leave.set()
        time.sleep(rng.uniform(0.1, 1))
    stage = current_stage(folder)
    struck = time.monotonic()
    try:
        killed = strike_all(everyone, members, kind, rng)
    except ProcessLookupError:
        killed = False  # it ended in the very moment
    left = wait_until_gone(process, everyone, GONE_WITHIN if killed else SEALED_WITHIN)
    if left:
        sys.exit(f"{len(left)} processes live on {time.monotonic() - struck:.0f} s after '{kind}' on {ranks} ranks in '{stage}'")
    code = process.wait()
    if code == 0:
        return True  # it ended in the very moment
    # mpirun itself may end by the pipe that nobody reads, or crash, and takes its ranks along.
    piped = kind == "closed pipe" and ranks > 1 and code in (-signal.SIGPIPE, 128 + signal.SIGPIPE, -signal.SIGSEGV)
    if not killed and code != 75 and not piped:
        sys.exit(f"'{kind}' on {ranks} ranks in '{stage}': exit code {code}:\n{path.read_text()[-4000:]}")
    lost = lost_steps(folder)
    if lost is not None:
        tally.lost[lost] += 1
        # A start that is stopped before it trains leaves the log as a kill before has left it.
        if code == 75 and lost > lost_before:
            sys.exit(f"'{kind}' on {ranks} ranks in '{stage}': sealed, but {lost} steps are not saved")
        if lost > 2 * SAVE_EVERY:
            sys.exit(f"'{kind}' on {ranks} ranks in '{stage}': {lost} steps lost, saved every {SAVE_EVERY}")
    tally.stages[stage] += 1
    tally.kinds[kind] += 1
    if killed:
        tally.longest = max(tally.longest, time.monotonic() - struck)
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ftrun")
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--ranks", default="1,2,2")
    given = parser.parse_intermixed_args()
    ftrun, sizes = given.ftrun, [int(size) for size in given.ranks.split(",")]
    extra = [argument for argument in given.rest if "=" in argument]
    wanted = next((int(argument) for argument in given.rest if "=" not in argument), 200)
    rng = random.Random(int(os.environ.get("FT_FAULT_SEED", "1")))
    base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-kills-"))
    started = time.monotonic()
    tally = Tally()
    try:
        expected = run_to_end(ftrun, base / "quiet", max(sizes), extra)
        quiet = time.monotonic() - started
        print(f"the quiet run took {quiet:.0f} s", flush=True)
        last_run_ended = True
        while tally.kinds.total() < wanted or not last_run_ended:
            folder = base / f"run-{tally.ended}"
            last_run_ended = start_and_strike(ftrun, folder, extra, sizes, LONGEST_LIFE * quiet, rng, tally)
            if last_run_ended:
                compare(expected, run_to_end(ftrun, folder, min(sizes), extra), f"run {tally.ended}, {tally.kinds.total()} strikes so far")
                shutil.rmtree(folder)
                tally.ended += 1
        print(f"{tally.kinds.total()} strikes {dict(tally.kinds)} in {dict(tally.stages)}; {tally.ended} runs ended equal; "
              f"killed ones gone within {tally.longest:.1f} s; steps lost: {dict(sorted(tally.lost.items()))}", flush=True)
    finally:
        print(f"{time.monotonic() - started:.0f} s", flush=True)
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
