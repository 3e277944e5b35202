#!/usr/bin/env python3
"""Kills at random moments, one rank or all, over every stage; every run must end like the one that was left alone.

  random_kills.py FTRUN [KILLS] [OVERRIDES]      200 kills unless told; FT_FAULT_SEED sets the seed (1)

Each start has 1, 2 or 4 ranks and lives for a random time. Where one rank of several is killed, all others must be gone
within ten seconds. A run that ends is compared with the quiet one, and the next run begins in a new folder. At the end:
how many kills hit each stage, and how long the survivors lived at most. By hand: some ten minutes on two cores."""
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
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fault_test import command, compare, ranks_of, run_to_end  # noqa: E402

LONGEST_LIFE = 0.4  # of the time that the quiet run takes
GONE_WITHIN = 10.0


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


def start_and_kill(ftrun, folder, extra, life, rng, tally):
    """One start. True when the run ended before its time came."""
    ranks = rng.choice([1, 2, 2, 4])
    log = open(folder.with_suffix(".log"), "ab")
    process = subprocess.Popen(command(ftrun, folder, ranks, extra), stdout=log, stderr=log, start_new_session=True)
    try:
        code = process.wait(rng.uniform(0.2, life))
        if code != 0:
            sys.exit(f"before any kill the run on {ranks} ranks ended with {code}:\n{folder.with_suffix('.log').read_text()[-4000:]}")
        return True
    except subprocess.TimeoutExpired:
        pass
    everyone = sorted(ranks_of(process))
    members = [pid for pid in everyone if is_rank(pid, ftrun)]
    one = ranks > 1 and rng.random() < 0.5 and len(members) > 1
    stage = current_stage(folder)
    struck = time.monotonic()
    kill([rng.choice(members)] if one else reversed(everyone))
    left = everyone
    while left and time.monotonic() - struck < GONE_WITHIN:
        time.sleep(0.02)
        process.poll()
        left = [pid for pid in left if is_alive(pid)]
    if left:
        kill(left)
        sys.exit(f"{len(left)} processes live on {GONE_WITHIN:.0f} s after one of {ranks} ranks was killed in '{stage}'")
    if process.wait() == 0:
        return True  # it ended in the very moment
    tally.stages[stage] += 1
    tally.kinds["one rank" if one else "all"] += 1
    tally.longest = max(tally.longest, time.monotonic() - struck)
    return False


def main():
    ftrun, *rest = sys.argv[1:]
    extra = [argument for argument in rest if "=" in argument]
    wanted = next((int(argument) for argument in rest if "=" not in argument), 200)
    rng = random.Random(int(os.environ.get("FT_FAULT_SEED", "1")))
    base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-kills-"))
    started = time.monotonic()
    tally = Tally()
    try:
        expected = run_to_end(ftrun, base / "quiet", 2, extra)
        quiet = time.monotonic() - started
        print(f"the quiet run took {quiet:.0f} s", flush=True)
        last_run_ended = True
        while tally.kinds.total() < wanted or not last_run_ended:
            folder = base / f"run-{tally.ended}"
            last_run_ended = start_and_kill(ftrun, folder, extra, LONGEST_LIFE * quiet, rng, tally)
            if last_run_ended:
                compare(expected, run_to_end(ftrun, folder, 1, extra), f"run {tally.ended}, {tally.kinds.total()} kills so far")
                shutil.rmtree(folder)
                tally.ended += 1
        print(f"{tally.kinds.total()} kills {dict(tally.kinds)} in {dict(tally.stages)}; {tally.ended} runs ended equal; "
              f"all ranks gone within {tally.longest:.1f} s", flush=True)
    finally:
        print(f"{time.monotonic() - started:.0f} s", flush=True)
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
