#!/usr/bin/env python3
"""Ranks that stop, die or are lost: what the user sees, how long it takes, and that nobody is left behind.

  hang_test.py verbs JOB      SIGSTOP for one rank in every kind of exchange, over shared memory and over messages
  hang_test.py run FTRUN      the real program: one rank stopped, killed; the run goes on afterwards
  hang_test.py stop FTRUN     SIGUSR1 in start-up, in the middle of a step, a validation, a save and a sampled batch: how soon
                              all ranks leave with exit code 75, and that the run ends as if nothing had been

JOB is mpi_hanging_job, FTRUN the program. Exit code 0 when all is as it should be."""
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402

LIMIT = 4.0  # seconds: the hang report's, in all cases
VERBS = ["all_reduce", "all_gather", "reduce_scatter", "broadcast_bytes", "gather_bytes", "all_gather_bytes", "barrier"]
MESSAGES = {"FTRUN_SHARED_MEMORY": "off", "OMPI_MCA_btl": "tcp,self", "OMPI_MCA_pml": "ob1"}


def mpirun(ranks, *command):
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks), *map(str, command)]


def wait_for(come, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = come()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    """Processes whose parent is `pid`."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return sorted(found)


def finish(process, pids, seconds, what):
    """The job's output and the seconds until it has ended; fails when processes are left."""
    start = time.monotonic()
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        for pid in pids:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.kill()
        output, _ = process.communicate()
        raise AssertionError(f"{what}: not over after {seconds} s\n{output}")
    took = time.monotonic() - start
    wait_for(lambda: not any(alive(pid) for pid in pids), 5, f"{what}: ranks {pids} are left behind")
    return output, took


class End:
    """When these processes have ended: those that this program can end, which a stopped one is not. That is mpirun's to kill, and
    the job's end was seen to take 21 s longer once."""

    def __init__(self, pids):
        self.seconds, self.start = None, time.monotonic()
        self.watcher = threading.Thread(target=self.watch, args=(pids,))
        self.watcher.start()

    def watch(self, pids):
        while any(alive(pid) for pid in pids) and time.monotonic() < self.start + 60:
            time.sleep(0.02)
        self.seconds = time.monotonic() - self.start

    def took(self):
        self.watcher.join()
        return self.seconds


def check_report(what, output, folder, took, rank, pid, words, waiting):
    """The table names the odd rank and what the others wait for; each of these has left its file."""
    check(output.count("ftrun: the job stands still") == 1, f"{what}: not one table", output)
    check(re.search(rf"^  rank {rank} on \S+ pid {pid}: {words}", output, re.M), f"{what}: rank {rank} is not named", output)
    check(re.search(waiting, output, re.M), f"{what}: what the others wait for is not said", output)
    # The limit runs from the exchange's begin; a rank's watch looks every sixtieth of it.
    check(took < LIMIT + 4, f"{what}: {took:.1f} s until all had ended", output)
    reports = sorted(path.name for path in (folder / "hang").glob("*/rank-*.txt"))
    expected = [f"rank-{r:05}.txt" for r in range(3) if r != rank]
    check(set(expected) <= set(reports), f"{what}: reports {reports}", output)


def verb_case(job, verb, messages):
    what = f"{verb} over {'messages' if messages else 'shared memory'}"
    with tempfile.TemporaryDirectory(prefix="ftrun-hang-") as name:
        folder = pathlib.Path(name)
        process = subprocess.Popen(mpirun(3, job, verb, folder, LIMIT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env=os.environ | (MESSAGES if messages else {}))
        def pid_of(rank):
            path = folder / f"pid-{rank}"
            return int(path.read_text()) if path.exists() and path.read_text().endswith("\n") else None
        pids = [wait_for(lambda rank=rank: pid_of(rank), 60, f"{what}: start of rank {rank}") for rank in range(3)]
        time.sleep(0.2)
        os.kill(pids[1], signal.SIGSTOP)
        end = End([pids[0], pids[2]])
        output, whole = finish(process, pids, 60, what)
        took = end.took()
        check(process.returncode == 1, f"{what}: exit code {process.returncode}", output)
        words = rf"stopped by a signal (in|after) world/\d+\.0 #\d+: {verb.split()[0]} "
        check_report(what, output, folder, took, 1, pids[1], words,
                     rf"^  (ranks 0, 2 on \S+|rank [02] on \S+ pid \d+): in stage 'test', waits in world/\d+\.0 #\d+: {verb.split()[0]} .*for \d")
    return f"{what}: all others ended {took:.1f} s after the stop, mpirun after {whole:.1f} s"


RUN_FILE = """\
run: {{folder: {folder}, seed: 5, hang_timeout: {limit}s}}
models:
  base: {{preset: tiny}}
problems:
  train: {{dataset: arithmetic, split: train, limit: 60}}
training: {{lanes: 4, tokens_per_lane: 300, max_length: 128, learning_rate: 1e-3, save_every: 5steps}}
stages:
  solver: {{recipe: solution_sft, model: base, problems: train, length: 60steps}}
"""


class Run:
    """The real program on three ranks, in a folder of its own."""

    def __init__(self, ftrun, base, name):
        self.folder = base / name
        self.ftrun, self.file = ftrun, base / f"{name}.yaml"
        self.file.write_text(RUN_FILE.format(folder=self.folder, limit=LIMIT))

    def start(self):
        return subprocess.Popen(mpirun(3, self.ftrun, self.file), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def steps(self):
        return sum(path.read_bytes().count(b"\n") for path in self.folder.glob("stages/solver-*/steps.jsonl"))

    def reach(self, process, steps):
        """Process ids of the ranks, in their order, once so many steps have been made."""
        wait_for(lambda: self.steps() >= steps or process.poll() is not None, 60, f"step {steps}")
        check(process.poll() is None, f"ended before step {steps}", process.poll() is not None and process.stdout.read())
        return children(process.pid)

    def to_end(self):
        process = self.start()
        output, _ = process.communicate(timeout=120)
        check(process.returncode == 0, f"exit code {process.returncode}", output)
        manifest = next(self.folder.glob("stages/solver-*/output-*/manifest.json"))
        return json.loads(manifest.read_text())["body"]["weights_digest"], output


def strike(run, steps, with_signal, what):
    process = run.start()
    pids = run.reach(process, steps)
    check(len(pids) == 3, f"{what}: ranks {pids}")
    os.kill(pids[1], with_signal)
    output, took = finish(process, pids, 30, what)
    return process.returncode, output, took, pids


def real_program(ftrun, base):
    expected, _ = Run(ftrun, base, "quiet").to_end()
    shaken = Run(ftrun, base, "shaken")
    code, output, took, pids = strike(shaken, 7, signal.SIGSTOP, "SIGSTOP")
    check(code == 1, f"SIGSTOP: exit code {code}", output)
    check_report("SIGSTOP", output, shaken.folder, took, 1, pids[1], "stopped by a signal", r"in stage 'solver', waits in world #\d+: .* for \d")
    print(f"a stopped rank: all ended after {took:.1f} s", flush=True)
    code, output, took, _ = strike(shaken, 20, signal.SIGKILL, "SIGKILL")
    check(code == 137, f"SIGKILL: exit code {code}", output)
    check(took < 10, f"SIGKILL: {took:.1f} s until all had ended", output)
    check(output.count("on signal 9 (Killed)") == 1 and "ftrun: rank" not in output, "SIGKILL: not one message", output)
    print(f"a killed rank: all ended after {took:.1f} s", flush=True)
    got, output = shaken.to_end()
    check("going on from" in output, "the run did not go on from a checkpoint", output)
    check(got == expected, f"weights {got} instead of {expected}")
    print("stopped, killed, and finished: the weights of the undisturbed run", flush=True)


STOP_FILE = """\
run: {{folder: {folder}, seed: 5}}
models:
  base: {{preset: tiny}}
problems:
  train: {{dataset: arithmetic, split: train, limit: 1200}}
  valid: {{dataset: arithmetic, split: valid, limit: 600}}
  test: {{dataset: arithmetic, split: test, limit: 24}}
training: {{lanes: 4, tokens_per_lane: 12000, tokens_per_micro_batch: 400, max_length: 128, learning_rate: 1e-3, save_every: 1steps}}
stages:
  solver: {{recipe: solution_sft, model: base, problems: train, validation: valid, validate_every: 2steps, length: 3steps}}
  answers: {{recipe: sample, model: solver, problems: test, per_problem: 144, slots: 64, max_new_tokens: 96, temperature: 1.5}}
"""


class StoppedRun(Run):
    def __init__(self, ftrun, base, name):
        super().__init__(ftrun, base, name)
        self.file.write_text(STOP_FILE.format(folder=self.folder))

    def begun(self, stage):
        ledger = self.folder / "ledger.jsonl"
        return ledger.exists() and f'"stage begins","stage":"{stage}"' in ledger.read_text()

    def cursor(self):
        """Of the newest checkpoint."""
        newest = max(self.folder.glob("stages/solver-*/work/checkpoints/step-*/manifest.json"), default=None)
        return newest and json.loads(newest.read_text())["body"]["metadata"]["cursor"]

    def outcome(self):
        manifests = [json.loads(path.read_text())["body"] for path in self.folder.glob("stages/*/output-*/manifest.json")]
        weights = [body["weights_digest"] for body in manifests if "weights_digest" in body]
        attempts = next(self.folder.glob("stages/answers-*/output-*/attempts-00000.jsonl")).read_bytes()
        validations = [line for line in next(self.folder.glob("stages/solver-*/steps.jsonl")).read_text().splitlines() if "validation" in line]
        return weights, attempts, validations

    def finish(self):
        process = self.start()
        output, _ = process.communicate(timeout=240)
        check(process.returncode == 0, f"exit code {process.returncode}", output)
        return self.outcome()


# Name, whether the moment has come, how long after it the signal is sent, and what must be true when all have ended.
STOP_MOMENTS = [
    ("start-up", lambda run: run.folder.exists(), 0.05, lambda run: run.steps() == 0),
    ("the middle of a step", lambda run: run.begun("solver"), 1.5, lambda run: True),
    ("a save", lambda run: any(run.folder.glob("stages/solver-*/work/checkpoints/.*partial")), 0, lambda run: run.cursor()["step"] >= 1),
    ("a validation", lambda run: run.steps() >= 2, 0.3, lambda run: run.cursor()["validation_due"]),
    ("a sampled batch", lambda run: run.begun("answers"), 0.5, lambda run: True),
]


def stopped(ftrun, base):
    quiet = StoppedRun(ftrun, base, "quiet")
    expected = quiet.finish()
    run = StoppedRun(ftrun, base, "shaken")
    for name, come, delay, holds in STOP_MOMENTS:
        process = run.start()
        wait_for(lambda: come(run) or process.poll() is not None, 60, name)
        time.sleep(delay)
        pids = children(process.pid)
        process.send_signal(signal.SIGUSR1)
        output, took = finish(process, pids, 30, name)
        check(process.returncode == 75, f"in {name}: exit code {process.returncode}", output)
        check(took < 8, f"in {name}: {took:.1f} s until all had ended", output)
        check(holds(run), f"in {name}: the signal came at another moment, or the state is not what it should be", output)
        said = re.search(r"stopped [\d.]+ s after the signal", output)
        print(f"in {name}: all ended after {took:.1f} s, {run.steps()} steps; {said.group(0) if said else ''}", flush=True)
    check(run.finish() == expected, "the run that was stopped ended with other weights, attempts or validations")
    lead = (run.folder / "stop_lead_seconds").read_text()
    check(re.fullmatch(r"\d+\n", lead) and int(lead) >= 5, f"stop_lead_seconds: {lead!r}")
    print(f"finished with the same weights, validations and attempts; stop_lead_seconds {lead.strip()}", flush=True)


def main(base):
    mode, program = sys.argv[1:3]
    started = time.monotonic()
    if mode == "run":
        real_program(program, base)
    elif mode == "stop":
        stopped(program, base)
    else:
        cases = [(verb, messages) for messages in (False, True) for verb in VERBS]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for line in pool.map(lambda case: verb_case(program, *case), cases):
                print(line, flush=True)
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main_of(main, "ftrun-hang-")
