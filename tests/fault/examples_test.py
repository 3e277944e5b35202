#!/usr/bin/env python3
"""Tokenised examples that all stages and ranks share: killed while they are written, damaged, foreign, unreadable, on a
full disk, they end in the weights of the run that was left alone.

  examples_test.py FTRUN [CASE...]

The kills come when the pieces have reached a size, so no clock decides where they hit. Compared are the weights' digests,
the digests of consumed examples and the losses of every step."""
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
run: {folder: FOLDER/run, seed: 1}
models:
  base: {preset: tiny}
problems:
  train: {dataset: arithmetic, split: train, limit: PROBLEMS}
  valid: {dataset: arithmetic, split: valid, limit: 70}
  practice: {dataset: arithmetic, split: train, limit: 70}
training: {lanes: 4, tokens_per_lane: 224, max_length: 128, learning_rate: 1e-3, save_every: 1steps, keep: 20}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, validation: valid, length: 2steps}
  again: {recipe: solution_sft, model: solver, problems: train, length: 2steps}
"""
VERIFIER = """\
  attempts: {recipe: sample, model: solver, problems: practice, per_problem: 4, max_new_tokens: 8}
  verifier: {recipe: verifier_sft, model: solver, attempts: attempts, reference_is_right: true, pairs_per_problem: 4, tokens_per_lane: 600, length: 2steps}
  other: {recipe: verifier_sft, model: solver, attempts: attempts, reference_is_right: true, pairs_per_problem: 4, tokens_per_lane: 600, length: 3steps}
"""
PROBLEMS = 4000  # 63 blocks, about 1 MB


class Run:
    def __init__(self, ftrun, base, name, stages="", problems=PROBLEMS):
        self.ftrun, self.home = ftrun, pathlib.Path(base) / name
        self.home.mkdir()
        self.folder = self.home / "run"
        (self.home / "run.yaml").write_text((RUN_FILE + stages).replace("FOLDER", str(self.home)).replace("PROBLEMS", str(problems)))

    def command(self, ranks):
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        launcher = ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []
        return [*launcher, self.ftrun, str(self.home / "run.yaml"), "parallel.bind=none"]

    def start(self, ranks=1):
        return subprocess.run(self.command(ranks), capture_output=True, text=True, timeout=300)

    def to_end(self, ranks=1):
        done = self.start(ranks)
        assert done.returncode == 0, f"{self.home.name}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return self.outcome()

    def outcome(self):
        found = {}
        for output in sorted(self.folder.glob("stages/*/output-*")):
            body = json.loads((output / "manifest.json").read_text())["body"]
            if "weights_digest" not in body:
                continue
            steps = [json.loads(line) for line in (output.parent / "steps.jsonl").read_text().splitlines()]
            training = json.loads(body["metadata"])["training"] if isinstance(body["metadata"], str) else body["metadata"]["training"]
            losses = [{key: value for key, value in step.items() if "loss" in key} for step in steps]
            found[output.parent.name] = (body["weights_digest"], training["consumed_digest"], losses)
        return found

    def pieces(self):
        return sorted(self.folder.glob("examples/*/piece-*.bin"))

    def indexes(self):
        return sorted(self.folder.glob("examples/*/index.bin"))

    def log(self):
        path = self.folder / "log.txt"
        return path.read_text() if path.exists() else ""

    def stop_when(self, ready, ranks, how):
        """Starts the run and ends it at the moment when ready() holds; False where it came to its end before."""
        process = subprocess.Popen(self.command(ranks), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None and not ready():
            time.sleep(0.002)
        early = process.poll() is None
        if early and how == signal.SIGKILL:
            os.killpg(process.pid, how)
        elif early:
            process.send_signal(how)
        code = process.wait()
        for pid in ranks_left(self.home):  # mpirun's ranks have sessions of their own
            os.kill(pid, signal.SIGKILL)
        while ranks_left(self.home):
            time.sleep(0.01)
        return early, code

    def stopped_in_training(self):
        """A run with whole examples and without an output."""
        early, _ = self.stop_when(lambda: any(self.folder.glob("stages/solver-*/work/checkpoints/step-00000001/manifest.json")), 1, signal.SIGKILL)
        assert early and len(self.indexes()) == 2, self.log()


def ranks_left(home):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(home / "run.yaml").encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            pass
    return found


def size_of(paths):
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except OSError:
            pass
    return total


class Cases:
    def __init__(self, ftrun, base):
        self.ftrun, self.base = os.path.abspath(ftrun), base
        whole = Run(self.ftrun, base, "whole")
        self.expected = whole.to_end()
        assert len(self.expected) == 2, self.expected
        assert not (whole.folder / "examples").exists(), "examples that no stage needs are still there"
        self.total = 900_000

    def same(self, run, ranks=1):
        got = run.to_end(ranks)
        assert got == self.expected, f"{run.home.name}: {got}\nnot {self.expected}\n{run.log()}"

    def ranks(self):
        """The same on any number of ranks; a store is made once for all stages that share it."""
        for ranks in (2, 4):
            run = Run(self.ftrun, self.base, f"ranks-{ranks}")
            self.same(run, ranks)
            assert run.log().count("train: its examples are there already") == 1, run.log()

    def verifier(self):
        """Two verifiers of the same attempts share theirs; on two ranks and on one."""
        one, two = Run(self.ftrun, self.base, "verifier-1", VERIFIER), Run(self.ftrun, self.base, "verifier-2", VERIFIER)
        first = one.to_end(1)
        assert len(first) == 4 and first == two.to_end(2)
        assert one.log().count("attempts: its examples are there already") == 1, one.log()

    def killed(self):
        """Killed while the pieces grow, by all ranks or one; finished on another number of ranks."""
        for number, (share, ranks, last) in enumerate([(0.02, 1, 2), (0.3, 2, 1), (0.6, 2, 4), (0.9, 2, 1)]):
            run = Run(self.ftrun, self.base, f"killed-{number}")
            early, _ = run.stop_when(lambda: size_of(run.pieces()) >= share * self.total, ranks, signal.SIGKILL)
            assert early, "the run was over before it could be killed"
            again, _ = run.stop_when(lambda: size_of(run.pieces()) >= (share + 0.05) * self.total or run.indexes(), last, signal.SIGKILL)
            self.same(run, last)
            print(f"  killed at {share:.0%}: " + next((l.split("]")[-1].strip() for l in run.log().splitlines() if "blocks of examples are there" in l), "nothing kept"))
        assert "blocks of examples are there already" in run.log(), run.log()

    def stopped(self):
        """SIGUSR1 while they are tokenised: exit code 75, and on it goes."""
        run = Run(self.ftrun, self.base, "stopped", problems=20000)
        early, code = run.stop_when(lambda: size_of(run.pieces()) >= 200_000, 1, signal.SIGUSR1)
        assert early and code == 75, (early, code, run.log())
        assert not run.indexes()
        run.to_end()
        assert "blocks of examples are there already" in run.log(), run.log()

    def damaged(self):
        """Bits flipped, files cut, gone or foreign: told, and never used."""
        sound = Run(self.ftrun, self.base, "sound")
        sound.stopped_in_training()
        piece = max(sound.pieces(), key=lambda path: path.stat().st_size)
        index = piece.parent / "index.bin"
        def flip(path, share):
            content = bytearray(path.read_bytes())
            content[int(len(content) * share)] ^= 16
            path.write_bytes(content)
        cases = {"piece-flipped": (lambda p, i: flip(p, 0.5), "is damaged or torn at byte"),
                 "index-flipped": (lambda p, i: flip(i, 0.01), "index.bin"),
                 "column-flipped": (lambda p, i: flip(i, 0.9), "says something else of block"),
                 "piece-cut": (lambda p, i: os.truncate(p, p.stat().st_size - 1000), "is damaged or torn at byte"),
                 "piece-gone": (lambda p, i: p.unlink(), "is not there"),
                 "index-foreign": (lambda p, i: i.write_bytes(b"something else"), "is torn or no index of examples")}
        for name, (damage, words) in cases.items():
            run = Run(self.ftrun, self.base, name)
            shutil.copytree(sound.folder, run.folder)
            place = run.folder / piece.relative_to(sound.folder)
            damage(place, place.parent / "index.bin")
            self.same(run, 2 if name == "piece-flipped" else 1)
            assert any(words in line and "tokenised again" in line for line in run.log().splitlines()), f"{name}: not told\n{run.log()}"
        assert index.exists()

    def unreadable(self):
        """What cannot be read is left alone: told by its name before anything is done, and all as it was."""
        run = Run(self.ftrun, self.base, "unreadable")
        run.stopped_in_training()
        piece = max(run.pieces(), key=lambda path: path.stat().st_size)
        away = run.home / "away"
        piece.rename(away)
        piece.symlink_to(run.home / "no disk is mounted here")
        index = piece.parent / "index.bin"
        before = index.read_bytes()
        done = run.start()
        assert done.returncode == 2 and f"{piece} is a link that leads nowhere" in done.stderr, f"{done.returncode}\n{done.stderr}"
        assert index.read_bytes() == before and piece.is_symlink()
        piece.unlink()
        away.rename(piece)
        self.same(run)

    def full(self):
        """A disk that is full while they are written: exit code 1 and the file's name; with space again it goes on."""
        run = Run(self.ftrun, self.base, "full")
        run.folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2500k", "tmpfs", str(run.folder)], capture_output=True)
        if mounted.returncode != 0:
            print("  skipped: no file system can be mounted here")
            return
        try:
            done = run.start(2)
            said = re.search(r"cannot \S+ .*examples/[0-9a-f]*/piece-\d+\.bin: No space left on device.*", done.stderr)
            assert done.returncode == 1 and said, f"{done.returncode}\n{done.stderr}"
            subprocess.run(["mount", "-o", "remount,size=200m", str(run.folder)], check=True)
            self.same(run, 2)
        finally:
            subprocess.run(["umount", str(run.folder)], check=False)


def main():
    base = tempfile.mkdtemp(prefix="ftrun-examples-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        cases = Cases(sys.argv[1], base)
        for name in sys.argv[2:] or ["ranks", "verifier", "killed", "stopped", "damaged", "unreadable", "full"]:
            started = time.monotonic()
            getattr(cases, name)()
            print(f"{name}: {getattr(cases, name).__doc__} ({time.monotonic() - started:.0f} s)", flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
