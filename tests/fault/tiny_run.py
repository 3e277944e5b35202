"""A run of seconds for tests of the whole program, and what it left behind."""
import json
import os
import pathlib
import subprocess

RUN_FILE = """\
run: {seed: 1}
models:
  base: {preset: tiny}
problems:
  train: {dataset: arithmetic, split: train, limit: 40}
  test: {dataset: arithmetic, split: test, limit: 3}
training: {lanes: 2, tokens_per_lane: 300, max_length: 128, learning_rate: 1e-3, save_every: 5steps, keep: 3}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 6steps}
  answers: {recipe: sample, model: solver, problems: test, per_problem: 4, max_new_tokens: 24}
  report: {recipe: report, of: [answers]}
"""


class TinyRun:
    """A folder with the run file; the run's own folder is `run` in it."""

    def __init__(self, ftrun, base, name):
        self.home = pathlib.Path(base) / name
        self.home.mkdir()
        self.file, self.folder, self.ftrun = self.home / "run.yaml", self.home / "run", str(ftrun)
        self.file.write_text(RUN_FILE)

    def command(self, *overrides, ranks=1):
        run = [self.ftrun, str(self.file), f"run.folder={self.folder}", *overrides]
        if ranks == 1:
            return run
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        return ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks), *run]

    def to_end(self, *overrides, ranks=1):
        done = subprocess.run(self.command(*overrides, ranks=ranks), capture_output=True, text=True)
        assert done.returncode == 0, f"{self.home.name}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return self.outcome()

    def outcome(self):
        """The weights' digest and the attempts, byte for byte."""
        manifest = next(self.folder.glob("stages/solver-*/output-*/manifest.json"))
        attempts = next(self.folder.glob("stages/answers-*/output-*/attempts-00000.jsonl"))
        return json.loads(manifest.read_text())["body"]["weights_digest"], attempts.read_bytes()

    def steps(self):
        """Of the training so far, by its log."""
        return sum(path.read_bytes().count(b"\n") for path in self.folder.glob("stages/solver-*/steps.jsonl"))

    def saved_step(self):
        """Of the newest sealed checkpoint; 0 where there is none."""
        newest = max(self.folder.glob("stages/solver-*/work/checkpoints/step-*/manifest.json"), default=None)
        return json.loads(newest.read_text())["body"]["metadata"]["cursor"]["step"] if newest else 0

    def log(self):
        path = self.folder / "log.txt"
        return path.read_text() if path.exists() else ""
