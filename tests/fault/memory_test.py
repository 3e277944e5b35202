#!/usr/bin/env python3
"""Memory is what the plan says: it does not grow from step to step, peaks are within 15 % of what `ftrun plan` expects, a
run that cannot fit is refused by plan and warned of at its start, and blocking saves hold no copy.

  memory_test.py FTRUN [CASE...]

The model is made here, with random weights: large enough that weights and activations outweigh the program."""
import array
import json
import math
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
FTRUN = sys.argv[1]
SHAPE = {"model_type": "llama", "vocab_size": 24000, "hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 6, "num_attention_heads": 6,
         "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
         "tie_word_embeddings": True, "torch_dtype": "float32"}
WITHIN = 0.15
WARM = 5  # steps; the first checkpoint is written after the last of them
RUN = """
run: {{folder: {folder}/run, seed: 1}}
models: {{base: {{path: {folder}/model}}}}
problems:
  train: {{dataset: arithmetic, split: train, limit: 300}}
  test: {{dataset: arithmetic, split: test, limit: 6}}
training: {{lanes: 2, tokens_per_lane: 192, tokens_per_micro_batch: 192, max_length: 192, learning_rate: 1e-4, schedule: constant, save_every: 5steps, keep: 1}}
stages:
{stages}
"""
SOLVER = "  solver: {{recipe: solution_sft, model: base, problems: train, length: {steps}steps}}\n"
ANSWERS = "  answers: {recipe: sample, model: solver, problems: test, per_problem: 8, max_new_tokens: 24}\n"
RANKING = "  ranking: {recipe: rerank, attempts: answers, verifier: solver}\n"


def tensors():
    h, i, head = SHAPE["hidden_size"], SHAPE["intermediate_size"], SHAPE["head_dim"]
    q, kv = SHAPE["num_attention_heads"] * head, SHAPE["num_key_value_heads"] * head
    yield "model.embed_tokens.weight", (SHAPE["vocab_size"], h)
    for layer in range(SHAPE["num_hidden_layers"]):
        name = f"model.layers.{layer}."
        for projection, shape in {"q": (q, h), "k": (kv, h), "v": (kv, h), "o": (h, q)}.items():
            yield f"{name}self_attn.{projection}_proj.weight", shape
        for projection, shape in {"gate": (i, h), "up": (i, h), "down": (h, i)}.items():
            yield f"{name}mlp.{projection}_proj.weight", shape
        yield name + "input_layernorm.weight", (h,)
        yield name + "post_attention_layernorm.weight", (h,)
    yield "model.norm.weight", (h,)


def make_model(folder):
    shutil.copytree(HERE.parent / "golden" / "tokenizers" / "smollm2", folder)
    (folder / "config.json").write_text(json.dumps(SHAPE))
    header, offset = {}, 0
    for name, shape in tensors():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    draw = random.Random(1)
    some = array.array("f", (draw.gauss(0, 0.02) for _ in range(99991)))  # again and again: a prime number, so no two rows alike
    with open(folder / "model.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _, shape in tensors():
            count = math.prod(shape)
            values = array.array("f", [1.0]) * count if len(shape) == 1 else (some * (count // len(some) + 1))[:count]
            out.write(values.tobytes())


def mpirun(ranks):
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []


def resident(pid):
    try:
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024
    except (OSError, AttributeError):
        return 0.0


def ranks_of(parent):
    """Processes of FTRUN at or below the one that was started."""
    found, waiting = [], [parent]
    while waiting:
        pid = waiting.pop()
        try:
            if os.path.samefile(f"/proc/{pid}/exe", FTRUN):
                found.append(pid)
            for task in os.listdir(f"/proc/{pid}/task"):
                waiting += map(int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except OSError:
            pass
    return found


class Run:
    """One run of the program, watched: resident[step] is the most that its ranks were seen to hold after that step, in MB."""

    def __init__(self, folder, stages, ranks=1, extra=()):
        self.folder, self.extra, self.resident = folder, list(extra), {}
        (folder / "run.yaml").write_text(RUN.format(folder=folder, stages=stages))
        with open(folder / "log", "w") as log:
            process = subprocess.Popen([*mpirun(ranks), FTRUN, str(folder / "run.yaml"), *self.extra], stdout=log, stderr=log)
            watch = threading.Thread(target=self.watch, args=(process,))
            watch.start()
            code = process.wait()
            watch.join()
        self.log = (folder / "log").read_text()
        assert code == 0, f"exit code {code}\n{self.log[-3000:]}"

    def watch(self, process):
        while process.poll() is None:
            for file in self.folder.glob("run/stages/solver-*/steps.jsonl"):
                step = sum('"num_steps"' in line for line in file.read_text().splitlines())
                held = max((resident(pid) for pid in ranks_of(process.pid)), default=0.0)
                if step and held:
                    self.resident[step] = max(held, self.resident.get(step, 0.0))
            time.sleep(0.05)

    def check_level(self):
        """Once it is warm (both computing and saving have taken what they keep), memory stays: the last steps hold no more than
        2 % over the first ones after WARM, and a line through all of them rises by no more than that."""
        print("  resident MB after steps " + ", ".join(f"{s}: {self.resident[s]:.0f}" for s in sorted(self.resident)))
        warm = {step: held for step, held in self.resident.items() if step > WARM}
        complaint = growth(warm)
        assert not complaint, complaint

    def check_plan(self, stages):
        """Every stage's measured peak within 15 % of the plan's, as `plan --compare` prints it."""
        done = subprocess.run([FTRUN, "plan", str(self.folder / "run.yaml"), *self.extra, "--compare"], capture_output=True, text=True)
        print("  " + done.stdout.replace("\n", "\n  "))
        assert done.returncode == 0, done.stderr
        for stage in stages:
            line, = [line.split() for line in done.stdout.splitlines() if line.strip().startswith(stage + " ")]
            ratio, = [float(word) for word in line if re.fullmatch(r"\d+\.\d\d", word)]
            assert abs(ratio - 1) <= WITHIN, f"stage {stage}: measured/expected is {ratio}"

    def peak(self, stage):
        events = map(json.loads, (self.folder / "run" / "ledger.jsonl").read_text().splitlines())
        events = [event.get("record", event) for event in events]
        return [e["memory"] for e in events if e["event"] == "stage ends" and e["stage"] == stage][-1] / 1e6


def growth(held):
    """What is wrong with memory held after steps {step: MB}; empty: it is level. A leak of 0.2 % a step is found in 16 steps."""
    steps = sorted(held)
    if len(steps) < 8 or steps[-1] - steps[0] < 10:
        return f"too few steps were seen to judge: {steps}"
    late = max(held[step] for step in steps[-3:])
    early = max(held[step] for step in steps[:3])
    middle = sum(steps) / len(steps)
    mean = sum(held.values()) / len(steps)
    slope = sum((step - middle) * (held[step] - mean) for step in steps) / sum((step - middle) ** 2 for step in steps)
    rise = slope * (steps[-1] - steps[0])
    if late > 1.02 * early or rise > 0.02 * mean:
        return f"memory grows: {early:.0f} MB after steps {steps[:3]}, {late:.0f} MB after steps {steps[-3:]}, {slope:.2f} MB a step"
    return ""


CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


@case
def level_and_as_planned(folder):
    run = Run(folder, SOLVER.format(steps=24) + ANSWERS + RANKING)
    run.check_level()
    run.check_plan(["solver", "answers", "ranking"])
    # A stage's peak is its own: sampling does not carry what training took.
    assert run.peak("answers") < 0.6 * run.peak("solver"), (run.peak("answers"), run.peak("solver"))


@case
def a_small_leak_is_found(folder):
    """The measure itself: level memory passes, growth by a little at every step does not."""
    noise = random.Random(3)
    level = {step: 600 + noise.uniform(-3, 3) for step in range(6, 23)}
    assert growth(level) == "", growth(level)
    for leak in (1.5, 3, 10):  # MB a step, of 600 MB
        assert growth({step: held + leak * step for step, held in level.items()}), leak
    assert growth({step: 600 for step in range(6, 9)}), "too few steps"


@case
def level_in_bfloat16_on_two_tensor_ranks(folder):
    run = Run(folder, SOLVER.format(steps=22), 2, ["training.compute=bfloat16", "parallel.tensor=2"])
    run.check_level()
    run.check_plan(["solver"])


@case
def recomputation_keeps_little(folder):
    """Of activations, which outweigh the weights here, one layer's are left, and the bits are the same."""
    peaks, losses = {}, {}
    for value in ("none", "layers", "4"):
        place = folder / value
        place.mkdir()
        (place / "model").symlink_to(folder / "model")
        run = Run(place, SOLVER.format(steps=3), 1, [f"training.recompute={value}", *(f"training.tokens_per_{of}=1536" for of in ("lane", "micro_batch"))])
        run.check_plan(["solver"])
        peaks[value] = run.peak("solver")
        losses[value] = [json.loads(line)["loss"] for line in next(place.glob("run/stages/solver-*/steps.jsonl")).read_text().splitlines() if '"num_steps"' in line]
    print(f"  peaks in MB: {peaks}")
    assert losses["layers"] == losses["none"] and losses["4"] == losses["none"], losses
    assert peaks["layers"] < peaks["4"] < peaks["none"], peaks


@case
def other_saves_hold_no_copy(folder):
    for mode in ("blocking", "in_place"):
        place = folder / mode
        place.mkdir()
        (place / "model").symlink_to(folder / "model")
        run = Run(place, SOLVER.format(steps=6), 2, [f"training.save={mode}"])
        run.check_plan(["solver"])


def plan(folder, *arguments):
    (folder / "run.yaml").write_text(RUN.format(folder=folder, stages=SOLVER.format(steps=24) + ANSWERS))
    return subprocess.run([FTRUN, "plan", str(folder / "run.yaml"), *arguments], capture_output=True, text=True)


@case
def what_cannot_fit_is_refused(folder):
    done = plan(folder, "--memory", "64GB")
    assert done.returncode == 0 and re.search(r"'solver' needs most: weights \d+ MB, gradients \d+ MB, moments", done.stdout), done
    done = plan(folder, "--memory", "500MB")
    assert done.returncode == 2, done
    assert re.search(r"stage 'solver' does not fit: it needs about \d+ MB a rank .*in all for one rank, and a host has 500 MB", done.stderr), done.stderr
    assert "solver" in done.stdout, "the table is printed all the same"
    done = plan(folder, "--ranks", "64", "--memory", "4GB")
    assert done.returncode == 2 and "in all for 64 ranks" in done.stderr and "--ranks-per-host" in done.stderr, done
    assert plan(folder, "--ranks", "64", "--memory", "4GB", "--ranks-per-host", "2").returncode == 0
    assert plan(folder, "--memory", "many").returncode == 2


@case
def a_run_says_that_it_may_not_fit(folder):
    """Told that little memory is free, a run warns and goes on."""
    little = folder / "meminfo"
    little.write_text(re.sub(r"MemAvailable: +\d+", "MemAvailable:     120000", pathlib.Path("/proc/meminfo").read_text()))
    space = ["unshare", *([] if os.geteuid() == 0 else ["-Ur"]), "-m", "bash", "-c", 'mount --bind "$0" /proc/meminfo && exec "$@"', str(little)]
    if subprocess.run([*space, "true"], capture_output=True).returncode != 0:
        print("  not tried: nothing may be mounted here")
        return
    (folder / "run.yaml").write_text(RUN.format(folder=folder, stages=SOLVER.format(steps=1)))
    done = subprocess.run([*space, FTRUN, str(folder / "run.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"stage 'solver' needs about \d+ MB a rank \(weights .*which has 123 MB free: it may be killed", done.stderr), done.stderr
    again = subprocess.run([*space, FTRUN, str(folder / "run.yaml")], capture_output=True, text=True)
    assert again.returncode == 0 and "may be killed" not in again.stderr, "nothing is left to do, so nothing is warned of"


def main():
    failed = []
    names = sys.argv[2:] or CASES
    work = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-memory-"))
    try:
        make_model(work / "model")
        for name in names:
            folder = work / name
            folder.mkdir()
            (folder / "model").symlink_to(work / "model")
            print(name, flush=True)
            try:
                CASES[name](folder)
            except AssertionError as error:
                failed.append(name)
                print(f"  FAILED: {error}", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "all well")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
