#!/usr/bin/env python3
"""A run that is killed again and again must end like the run that was left alone.

  fault_test.py FTRUN equal RANKS...   the same digests and results on these numbers of ranks, from scratch each
  fault_test.py FTRUN kill [N]         kill -9 of all ranks in every stage (or at N of these moments), then finish on one
                                       rank; compare with an undisturbed run on two
  fault_test.py FTRUN stop [N]         SIGUSR1 instead: every start must end with exit code 75 or 0
  fault_test.py FTRUN recompute        the same with each value of training.recompute, on 1 and 2 ranks, and where a run
                                       that was killed goes on with another value, from checkpoints written in place

Overrides of the run file may follow, for all runs; with parallel.tensor=2 the disturbed run is finished on 4 ranks.

Compared are the weights' digests of every sealed model, the attempts byte for byte, and `results` of report.json.
Exit code 0 when all are equal. The seed of what is random about the moments is fixed unless FT_FAULT_SEED is set."""
import hashlib
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

HERE = pathlib.Path(__file__).resolve().parent


def command(ftrun, folder, ranks, extra=()):
    run = [ftrun, str(HERE / "smoke.yaml"), f"run.folder={folder}", *extra]
    if ranks == 1:
        return run
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks), *run]


def outcome(folder):
    """What must be equal: {name: digest} over all stages."""
    found = {}
    for output in sorted(pathlib.Path(folder).glob("stages/*/output-*")):
        stage = output.parent.name
        manifest = json.loads((output / "manifest.json").read_text())
        body = manifest["body"]
        if "weights_digest" in body:
            found[stage + " weights"] = body["weights_digest"]
        for name in ("attempts-00000.jsonl", "problems-00000.jsonl", "scores-00000.jsonl", "verdicts-00000.jsonl"):
            if (output / name).exists():
                found[f"{stage} {name}"] = hashlib.sha256((output / name).read_bytes()).hexdigest()
        report = output / "report.json"
        if report.exists():
            results = json.loads(report.read_text())["results"]
            found[stage + " results"] = hashlib.sha256(json.dumps(results).encode()).hexdigest()
    return found


def run_to_end(ftrun, folder, ranks, extra):
    done = subprocess.run(command(ftrun, folder, ranks, extra), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"run on {ranks} ranks failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return outcome(folder)


def compare(expected, got, what):
    kinds = {name.split(" ", 1)[1] for name in expected}
    if not {"weights", "attempts-00000.jsonl", "verdicts-00000.jsonl", "results"} <= kinds:
        sys.exit(f"nothing to compare: the undisturbed run left only {sorted(expected)}")
    different = [name for name in sorted(expected | got) if expected.get(name) != got.get(name)]
    if different:
        sys.exit(f"{what}: differs in {', '.join(different)}")
    print(f"{what}: all {len(expected)} digests equal", flush=True)


class Watch:
    """Sees in the files of a run what it is doing: no clock decides where it is hit."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def lines(self, pattern):
        """Whole lines in the files of that pattern; what is being replaced just now counts as empty."""
        count = 0
        for path in self.folder.glob(pattern):
            try:
                count += path.read_bytes().count(b"\n")
            except FileNotFoundError:
                pass
        return count

    def begun(self, stage):
        return (self.folder / "ledger.jsonl").exists() and f'"stage begins","stage":"{stage}"' in (self.folder / "ledger.jsonl").read_text()

    def ended(self, stage):
        return any(self.folder.glob(f"stages/{stage}-*/output-*"))


# Where a run is hit: name, whether the moment has come, and whether it is over. Two of them lie within one epoch of the
# solver (which has 32 steps in 3 epochs), one while a checkpoint is being written, one each in every other stage.
def at_step(stage, step):
    return (f"{stage} after step {step}", lambda w: w.lines(f"stages/{stage}-*/steps.jsonl") >= step, lambda w: w.ended(stage))


def in_checkpoint(stage):
    return (f"{stage} while it writes a checkpoint", lambda w: any(w.folder.glob(f"stages/{stage}-*/work/checkpoints/.*partial")),
            lambda w: w.ended(stage))


def at_lines(stage, stem, count):
    return (f"{stage} after {count} lines", lambda w: w.lines(f"stages/{stage}-*/work/{stem}*") >= count, lambda w: w.ended(stage))


def at_begin(stage):
    return (f"{stage} at its begin", lambda w: w.begun(stage), lambda w: w.ended(stage))


MOMENTS = [
    ("start-up", lambda w: w.folder.exists(), lambda w: False),
    at_step("solver", 7), at_step("solver", 10), in_checkpoint("solver"), at_step("solver", 25),
    at_lines("attempts", "attempts", 60), at_begin("attempts.verdicts"), at_begin("verifier"), at_step("verifier", 8), in_checkpoint("verifier"),
    at_step("solver_again", 4), at_lines("answers", "attempts", 20), at_begin("ranking"),
    at_lines("ranking", "scores", 4), at_begin("report"),
]


def ranks_of(process):
    """Process ids of a job: mpirun and, in sessions of their own, its ranks."""
    ids, found = {process.pid}, True
    while found:
        found = False
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            pid = int(stat.parent.name)
            if int(fields[1]) in ids and pid not in ids:
                ids.add(pid)
                found = True
    return ids


def strike(process, with_signal):
    if with_signal != signal.SIGKILL:
        process.send_signal(with_signal)
        return
    for pid in sorted(ranks_of(process), reverse=True):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def disturb(ftrun, folder, ranks, extra, moments, with_signal, rng):
    """Starts the run once per moment and ends it there; returns how many starts were really cut short."""
    cut, watch = 0, Watch(folder)
    for name, come, over in moments:
        process = subprocess.Popen(command(ftrun, folder, ranks, extra), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   start_new_session=True)
        while process.poll() is None and not come(watch) and not over(watch):
            time.sleep(0.002)
        missed = over(watch)
        if process.poll() is None and not missed:
            time.sleep(rng.uniform(0, 0.03))
            strike(process, with_signal)
        elif process.poll() is None:
            strike(process, with_signal)
        output, _ = process.communicate(timeout=60)
        code = process.returncode
        if with_signal != signal.SIGKILL and code not in (0, 75):
            sys.exit(f"after signal {with_signal} at '{name}' the exit code is {code}:\n{output}")
        if with_signal == signal.SIGKILL and code not in (0, -9, 137):
            sys.exit(f"before the kill at '{name}' the run ended with {code}:\n{output}")
        cut += code != 0
        state = "too late" if missed else "cut" if code != 0 else "had ended"
        print(f"  {name}: {state}, exit code {code}, {watch.lines('stages/*/steps.jsonl')} steps and "
              f"{watch.lines('stages/*/work/attempts*')} attempts on disk", flush=True)
    return cut


def recompute(ftrun, base, extra):
    def setting(value):
        return [*extra, f"training.recompute={value}"]

    expected = run_to_end(ftrun, base / "kept", 1, extra)
    for ranks, value in ((1, "layers"), (2, "2")):
        compare(expected, run_to_end(ftrun, base / f"made-again-{value}", ranks, setting(value)), f"recompute: {value} on {ranks} ranks")
    rng = random.Random(1)
    cut = disturb(ftrun, base / "changed", 2, [*setting("layers"), "training.save=in_place"], [at_step("solver", 10)], signal.SIGKILL, rng)
    cut += disturb(ftrun, base / "changed", 1, setting("none"), [at_step("verifier", 8)], signal.SIGKILL, rng)
    if cut < 2:
        sys.exit("the starts were not cut short: the test has shown too little")
    compare(expected, run_to_end(ftrun, base / "changed", 2, setting("2")), "layers, killed, none, killed, 2")


def main():
    ftrun, mode, *rest = sys.argv[1:]
    extra = [argument for argument in rest if "=" in argument]
    numbers = [int(argument) for argument in rest if "=" not in argument]
    last = 4 if any(override.startswith("parallel.tensor=") for override in extra) else 1  # ranks that finish the run
    base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-fault-"))
    started = time.monotonic()
    try:
        if mode == "equal":
            expected = run_to_end(ftrun, base / "run-0", numbers[0], extra)
            for i, ranks in enumerate(numbers[1:], 1):
                compare(expected, run_to_end(ftrun, base / f"run-{i}", ranks, extra), f"{ranks} ranks against {numbers[0]}")
            return
        if mode == "recompute":
            recompute(ftrun, base, extra)
            return
        expected = run_to_end(ftrun, base / "quiet", 2, extra)
        rng = random.Random(int(os.environ.get("FT_FAULT_SEED", "1")))
        count = min(numbers[0], len(MOMENTS)) if numbers else len(MOMENTS)
        moments = [MOMENTS[i] for i in sorted(rng.sample(range(len(MOMENTS)), count))]
        cut = disturb(ftrun, base / "shaken", 2, extra, moments, signal.SIGKILL if mode == "kill" else signal.SIGUSR1, rng)
        if cut < 0.7 * len(moments):
            sys.exit(f"only {cut} of {len(moments)} starts were cut short: the test has shown too little")
        compare(expected, run_to_end(ftrun, base / "shaken", last, extra),
                f"after {cut} cut starts on 2 ranks, finished on {last}")
    finally:
        print(f"{time.monotonic() - started:.0f} s", flush=True)
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
