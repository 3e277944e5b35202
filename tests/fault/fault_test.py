#!/usr/bin/env python3
"""A run that is killed again and again must end like the run that was left alone.

  fault_test.py FTRUN equal RANKS...   the same digests and results on these numbers of ranks, from scratch each
  fault_test.py FTRUN kill N           kill -9 of all ranks at N random moments, then finish; compare with an undisturbed run
  fault_test.py FTRUN stop N           SIGUSR1 instead: every start must end with exit code 75 or 0

Compared are the weights' digests of every sealed model, the attempts byte for byte, and `results` of report.json.
Exit code 0 when all are equal. The seed of the moments is fixed unless FT_FAULT_SEED is set."""
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
        for name in ("attempts.jsonl", "problems.jsonl", "scores.jsonl"):
            if (output / name).exists():
                found[f"{stage} {name}"] = hashlib.sha256((output / name).read_bytes()).hexdigest()
        report = output / "report.json"
        if report.exists():
            results = json.loads(report.read_text())["results"]
            found[stage + " results"] = hashlib.sha256(json.dumps(results).encode()).hexdigest()
    return found


def run_to_end(ftrun, folder, ranks):
    done = subprocess.run(command(ftrun, folder, ranks), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"run on {ranks} ranks failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return outcome(folder)


def compare(expected, got, what):
    kinds = {name.split(" ", 1)[1] for name in expected}
    if not {"weights", "attempts.jsonl", "results"} <= kinds:
        sys.exit(f"nothing to compare: the undisturbed run left only {sorted(expected)}")
    different = [name for name in sorted(expected | got) if expected.get(name) != got.get(name)]
    if different:
        sys.exit(f"{what}: differs in {', '.join(different)}")
    print(f"{what}: all {len(expected)} digests equal", flush=True)


def disturb(ftrun, folder, ranks, moments, with_signal):
    """Starts the run once per moment and ends it there; returns how many starts were really cut short."""
    cut = 0
    for moment in moments:
        process = subprocess.Popen(command(ftrun, folder, ranks), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   start_new_session=True)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            if with_signal == signal.SIGKILL:
                os.killpg(process.pid, signal.SIGKILL)
                subprocess.run(["pkill", "-9", "-f", f"run.folder={folder}"], check=False)  # ranks have sessions of their own
            else:
                process.send_signal(with_signal)
        output, _ = process.communicate(timeout=60)
        code = process.returncode
        if with_signal != signal.SIGKILL and code not in (0, 75):
            sys.exit(f"after signal {with_signal} at {moment:.1f} s the exit code is {code}:\n{output}")
        cut += code != 0
    return cut


def main():
    ftrun, mode, *numbers = sys.argv[1:]
    numbers = [int(n) for n in numbers]
    base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-fault-"))
    started = time.monotonic()
    try:
        if mode == "equal":
            expected = run_to_end(ftrun, base / "run-0", numbers[0])
            for i, ranks in enumerate(numbers[1:], 1):
                compare(expected, run_to_end(ftrun, base / f"run-{i}", ranks), f"{ranks} ranks against {numbers[0]}")
            return
        begin = time.monotonic()
        expected = run_to_end(ftrun, base / "quiet", 2)
        length = time.monotonic() - begin
        rng = random.Random(int(os.environ.get("FT_FAULT_SEED", "1")))
        # Starts continue each other, so moments are spread over start-up and work of the stage they fall into.
        moments = [rng.uniform(0.3, max(2.0, 0.6 * length)) for _ in range(numbers[0])]
        cut = disturb(ftrun, base / "shaken", 2, moments, signal.SIGKILL if mode == "kill" else signal.SIGUSR1)
        if cut == 0:
            sys.exit("no start was cut short: the test has shown nothing")
        compare(expected, run_to_end(ftrun, base / "shaken", 1), f"after {cut} cut starts on 2 ranks, finished on 1")
    finally:
        print(f"{time.monotonic() - started:.0f} s", flush=True)
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
