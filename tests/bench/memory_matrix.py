#!/usr/bin/env python3
"""The plan's memory beside what each stage took, by hand: models x precisions x grids, one run after the other.

  memory_matrix.py FTRUN [--smollm2 DIR] [--qwen DIR] [--work DIR] [--steps N] [--tokens N] [--most GB] [CELL...] [key=value...]

Cells are default-1, default-2 (the main run file with short stages) and MODEL-PRECISION-GRID: smollm2 or qwen (Qwen2.5-Coder-0.5B,
any Hugging Face folder of a Llama-like model serves), float32 or bfloat16, data1, data2 or tensor2; a part of a name means all that
hold it; key=value goes to every run. Each trains a few steps, samples, and ranks by the trained model. A cell whose ranks would take more than --most together by
the plan (or more than is free now) saves `blocking`, and is left out if it is still too much. Ends with 1 where any stage is more
than 15 % off. With --steps 60 it also shows whether memory grows: a line of what the ranks hold every ten steps."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WITHIN = 0.15
GRIDS = {"data1": (1, 1), "data2": (2, 1), "tensor2": (2, 2)}
PROMPTS = {"smollm2": "Question: {problem}\\nAnswer:\\n",
           "qwen": "<|im_start|>user\\n{problem}<|im_end|>\\n<|im_start|>assistant\\n"}
RUN = """\
run: {{folder: {folder}/run, seed: 1}}
models: {{base: {{path: {model}}}}}
parallel: {{tensor: {tensor}}}
prompts: {{solver: "{prompt}"}}
problems:
  train: {{dataset: gsm8k, split: train, limit: 400}}
  test: {{dataset: gsm8k, split: test, limit: 6}}
training: {{lanes: 2, tokens_per_lane: {tokens}, tokens_per_micro_batch: {tokens}, max_length: {tokens}, learning_rate: 1e-5,
           schedule: constant, compute: {compute}, save_every: 2steps, keep: 1}}
stages:
  solver: {{recipe: solution_sft, model: base, problems: train, length: {steps}steps}}
  answers: {{recipe: sample, model: solver, problems: test, per_problem: 8, max_new_tokens: 32}}
  ranking: {{recipe: rerank, attempts: answers, verifier: solver}}
"""
# The main run file, its stages cut short: of the same kinds and shapes, in two minutes.
SHORT = ["stages.solver.length=400steps", "problems.practice.limit=60", "stages.solver_again.length=20steps",
         "stages.control.length=20steps", "problems.test.limit=40", "training.save_every=100steps"]


def mpirun(ranks):
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []


def free_gigabytes():
    return int(re.search(r"MemAvailable: +(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) * 1024 / 1e9


def held(parent, program):
    """Megabytes of each process of `program` at or below `parent`."""
    found, waiting = [], [parent]
    while waiting:
        pid = waiting.pop()
        try:
            if os.path.samefile(f"/proc/{pid}/exe", program):
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                found.append(int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024 / 1e6)
            for task in os.listdir(f"/proc/{pid}/task"):
                waiting += map(int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except (OSError, AttributeError):
            pass
    return found


class Cell:
    def __init__(self, name, arguments):
        self.name, self.ftrun = name, arguments.ftrun
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-matrix-", dir=arguments.work))
        if name.startswith("default"):
            self.ranks, self.extra = int(name[-1]), SHORT + [f"run.folder={self.folder}/run"] + arguments.settings
            self.file = ROOT / "recipes" / "multitask.yaml"
            return
        model, compute, grid = name.split("-")
        self.ranks, tensor = GRIDS[grid]
        self.file, self.extra = self.folder / "run.yaml", list(arguments.settings)
        self.file.write_text(RUN.format(folder=self.folder, model=getattr(arguments, model).resolve(), tensor=tensor, prompt=PROMPTS[model],
                                        tokens=arguments.tokens, compute=compute, steps=arguments.steps))

    def plan(self, *more):
        done = subprocess.run([self.ftrun, "plan", str(self.file), *self.extra, *more], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def gigabytes(self):
        """What the ranks take together in the largest stage, by the plan."""
        text = self.plan("--ranks", str(self.ranks))
        number, unit = re.search(r"memory of a rank ([\d.]+) (kB|MB|GB)", text).groups()
        return self.ranks * (float(number) * {"kB": 1e-6, "MB": 1e-3, "GB": 1}[unit] + 0.15)

    def watch(self, process):
        """A line at the first step and at every tenth."""
        shown, most = 0, {}
        while process.poll() is None:
            for file in self.folder.glob("run/stages/solver-*/steps.jsonl"):
                step = sum('"num_steps"' in line for line in file.read_text().splitlines())
                now = held(process.pid, self.ftrun)
                if step and now:
                    most[step] = max(most.get(step, 0), *now)
                if step != shown and (step == 1 or step % 10 == 0) and now:
                    print(f"    step {step}: " + ", ".join(f"{megabytes:.0f} MB" for megabytes in now), flush=True)
                    shown = step
            time.sleep(0.3)

    def run(self):
        """[(stage, measured / expected)] for every stage that was measured."""
        with open(self.folder / "log", "w") as log:
            process = subprocess.Popen([*mpirun(self.ranks), self.ftrun, str(self.file), *self.extra], stdout=log, stderr=log)
            watch = threading.Thread(target=self.watch, args=(process,))
            watch.start()
            code = process.wait()
            watch.join()
        assert code == 0, f"exit code {code}\n{(self.folder / 'log').read_text()[-2000:]}"
        rows = [line for line in self.plan("--compare").splitlines() if re.search(r" \d+\.\d\d ", line)]
        print("\n".join(rows), flush=True)
        return [(line.split()[0], float(re.search(r" (\d+\.\d\d) ", line).group(1))) for line in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ftrun")
    parser.add_argument("cells", nargs="*")
    parser.add_argument("--smollm2", type=pathlib.Path, default=ROOT / ".deps" / "smollm2")
    parser.add_argument("--qwen", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=512, help="of a lane and a micro-batch")
    parser.add_argument("--most", type=float, default=64, help="gigabytes that the ranks of a cell may take together")
    arguments = parser.parse_intermixed_args()
    arguments.settings = [word for word in arguments.cells if "=" in word]
    arguments.cells = [word for word in arguments.cells if "=" not in word]
    models = [model for model in PROMPTS if getattr(arguments, model) and getattr(arguments, model).exists()]
    names = ["default-1", "default-2"] + [f"{m}-{c}-{g}" for m in models for c in ("float32", "bfloat16") for g in GRIDS]
    off = []
    for name in names:
        if arguments.cells and not any(part in name for part in arguments.cells):
            continue
        cell = Cell(name, arguments)
        try:
            refused = subprocess.run([arguments.ftrun, "plan", str(cell.file), *cell.extra, "--ranks", str(cell.ranks)],
                                     capture_output=True, text=True)
            if refused.returncode == 2:  # such as tensor2 of a model with an odd number of heads
                print(f"{name}: left out, {refused.stderr.strip()}", flush=True)
                continue
            room = min(arguments.most, free_gigabytes() - 2)
            if cell.gigabytes() > room:
                cell.extra.append("training.save=blocking")
            takes = cell.gigabytes()
            saves = " (blocking saves)" if cell.extra[-1:] == ["training.save=blocking"] else ""
            if takes > room:
                print(f"{name}{saves}: left out, would take {takes:.1f} GB of {room:.1f}", flush=True)
                continue
            print(f"{name}{saves}: {cell.ranks} ranks, {takes:.1f} GB in all by the plan", flush=True)
            off += [f"{name} {stage} {ratio}" for stage, ratio in cell.run() if abs(ratio - 1) > WITHIN]
        finally:
            shutil.rmtree(cell.folder, ignore_errors=True)
    print(f"{len(off)} stages are more than {100 * WITHIN:.0f} % off: {', '.join(off)}" if off else "every stage within 15 %")
    sys.exit(1 if off else 0)


if __name__ == "__main__":
    main()
