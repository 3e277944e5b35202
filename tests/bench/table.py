#!/usr/bin/env python3
"""The table of tests/bench/run.sh."""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRECISIONS = ("float32", "bfloat16")
LAYERS, PARAMETERS = 30, 134_515_008
# How often a layer multiplies by each of the shapes that `products` measures.
TIMES = {"query, output": 2 * LAYERS, "key, value": 2 * LAYERS, "gate, up": 2 * LAYERS, "down": LAYERS, "vocabulary": 1}
WORKS = ("training", "sampling", "scoring", "all-reduce", "checkpoint", "start", "memory")
NEW_TOKENS = 64

TRAIN = """\
run: {{folder: {folder}, seed: 1}}
models: {{base: {{path: {model}}}}}
problems: {{train: {{dataset: gsm8k, split: train, limit: 2000}}}}
training: {{lanes: {lanes}, tokens_per_lane: 1024, tokens_per_micro_batch: 1024, max_length: 512, learning_rate: 1e-5, schedule: constant,
           compute: {compute}}}
stages: {{solver: {{recipe: solution_sft, model: base, problems: train, length: {steps}steps}}}}
"""
SAMPLE = """\
run: {{folder: {folder}, seed: 1}}
models: {{base: {{path: {model}}}}}
prompts: {{solver: "Question: {{problem}}\\nAnswer:\\n"}}
problems: {{test: {{dataset: gsm8k, split: test, limit: {problems}}}}}
stages:
  answers: {{recipe: sample, model: base, problems: test, per_problem: 8, greedy: false, max_new_tokens: {tokens}, compute: {compute}}}
"""
SCORE = "  ranking: {{recipe: rerank, attempts: answers, verifier: base, bootstrap: 0, compute: {compute}}}\n"


class Bench:
    def __init__(self, args, work):
        self.args, self.work, self.rows = args, work, []
        self.ftrun = args.build / "bin" / "ftrun"
        self.rates = {}  # rows of a product -> shape -> precision -> best GFLOP/s
        self.memory = {}

    def add(self, what, measured, limit, share, note):
        self.rows.append((what, measured, limit, share, note))
        print(f"  {what}: {measured}" + (f" (limit {limit})" if limit else ""), file=sys.stderr)

    def command(self, program, *arguments):
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        ranks = self.args.ranks
        launcher = ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []
        return [*launcher, str(program), *map(str, arguments)]

    def ftrun_on(self, text):
        """Runs a run file anew; returns its log and its folder."""
        folder = self.work / "run"
        shutil.rmtree(folder, ignore_errors=True)
        path = self.work / "run.yaml"
        path.write_text(text)
        done = subprocess.run(self.command(self.ftrun, path), capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"ftrun ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout + done.stderr, folder

    # What products alone would take of one core for one token, seconds; `passes` 3 for forward and backward.
    def seconds_a_token(self, rows, precision, passes=1, head=True):
        if rows not in self.rates:
            out = subprocess.run([str(self.args.build / "bin" / "products"), str(rows)], capture_output=True, text=True, check=True).stdout
            self.rates[rows] = {}
            for line in out.splitlines():
                name, k, n, f32, bf16 = re.match(r"(.+?) +\d+ x +(\d+) x +(\d+) +float32 (.*?) +bfloat16 (.*?) +layout", line).groups()
                best = {p: max(map(float, text.split())) for p, text in (("float32", f32), ("bfloat16", bf16))}
                self.rates[rows][name] = (2e-9 * int(k) * int(n), best)
        return sum(passes * TIMES[name] * work / best[precision] for name, (work, best) in self.rates[rows].items()
                   if head or name != "vocabulary")

    def limit(self, rows, precision, **how):
        return self.args.ranks / self.seconds_a_token(rows, precision, **how)

    def rate(self, what, measured, limit, note):
        middle = statistics.median(measured)
        spread = f" ({min(measured):.0f} to {max(measured):.0f})" if len(measured) > 1 else ""
        self.add(what, f"{middle:.0f} tokens/s{spread}", f"{limit:.0f}", f"{100 * middle / limit:.0f} %", note)

    def training(self):
        for precision in PRECISIONS:
            _, folder = self.ftrun_on(TRAIN.format(folder=self.work / "run", model=self.args.model, lanes=self.args.ranks, compute=precision,
                                                   steps=self.args.steps + 2))
            log, = folder.glob("stages/solver-*/**/steps.jsonl")
            steps = [s for s in map(json.loads, log.read_text().splitlines()) if "tokens_per_second" in s][2:]
            self.rate(f"training, {precision}", [s["tokens_per_second"] for s in steps], self.limit(512, precision, passes=3),
                      f"{len(steps)} steps of {self.args.ranks} x 1,024 tokens; limit: forward and two products backward, head for every token")
            ends = [r["record"] for r in map(json.loads, (folder / "ledger.jsonl").read_text().splitlines())]
            self.memory[precision] = max(r["memory"] for r in ends if r["event"] == "stage ends")

    def sampling(self):
        for precision in PRECISIONS:
            rates = []
            for _ in range(self.args.repeats):
                log, _ = self.ftrun_on(SAMPLE.format(folder=self.work / "run", model=self.args.model, problems=8 * self.args.ranks, tokens=NEW_TOKENS,
                                                     compute=precision))
                rate = re.search(r"sampled \d+ attempts, \d+ tokens, (\d+) tokens/s", log).group(1)
                rates.append(float(rate))
            self.rate(f"sampling, {precision}", rates, self.limit(64, precision),
                      f"64 attempts a rank, {NEW_TOKENS} new tokens, top-p 0.95, prompts counted as time; limit: products of the new tokens")

    def scoring(self):
        for precision in PRECISIONS:
            text = SAMPLE.format(folder=self.work / "run", model=self.args.model, problems=8 * self.args.ranks, tokens=NEW_TOKENS, compute=precision)
            rates = []
            for _ in range(self.args.repeats):
                _, folder = self.ftrun_on(text + SCORE.format(compute=precision))
                pieces = sorted(folder.glob("stages/answers-*/output-*/attempts-*.jsonl"))
                texts = {(a["problem"], a["text"]): a["tokens"] for piece in pieces for a in map(json.loads, piece.read_text().splitlines())}
                ends = [r["record"] for r in map(json.loads, (folder / "ledger.jsonl").read_text().splitlines())]
                rates.append(sum(texts.values()) / next(r["seconds"] for r in ends if r["event"] == "stage ends" and r["stage"] == "ranking"))
            self.rate(f"scoring, {precision}", rates, self.limit(512, precision, head=False),
                      "tokens of attempts that differ; whole stage, loading and problems counted as time; limit: products of these tokens")

    def all_reduce(self):
        if self.args.ranks == 1:
            return
        floats = 16 << 20
        out = subprocess.run(self.command(self.args.build / "bin" / "bench_all_reduce", floats), capture_output=True, text=True, check=True).stdout
        exact = float(re.search(r"shared windows: exact ([\d.]+) ms", out).group(1))
        a, b = b"\1" * (4 * floats), memoryview(bytearray(4 * floats))
        times = []
        for _ in range(9):
            begun = time.perf_counter()
            b[:] = a
            times.append(1e3 * (time.perf_counter() - begun))
        limit = 2 * statistics.median(times)
        self.add("all-reduce, 64 MiB", f"{exact:.1f} ms", f"{limit:.1f} ms", f"{100 * limit / exact:.0f} %", "in a fixed order; limit: copying it twice on one core")

    def checkpoint(self):
        out = subprocess.run([str(self.args.build / "bin" / "save_checkpoint"), str(self.work), str(self.args.ranks)], capture_output=True, text=True,
                             check=True).stdout
        found = [tuple(map(float, m)) for m in re.findall(r"blocking ([\d.]+) s .*?stands still ([\d.]+) s", out)]
        write, stall = (statistics.median(values) for values in zip(*found))
        self.add("checkpoint, 1.6 GB", f"{stall:.3f} s stall", f"{write:.2f} s", f"{100 * stall / write:.1f} %", "beside: the write itself, training stopped")

    def start(self):
        seconds = []
        for _ in range(self.args.repeats):
            folder = self.work / "run"
            shutil.rmtree(folder, ignore_errors=True)
            path = self.work / "run.yaml"
            path.write_text(TRAIN.format(folder=folder, model=self.args.model, lanes=self.args.ranks, compute="float32", steps=1))
            begun = time.time()
            running = subprocess.Popen(self.command(self.ftrun, path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            first = None
            while first is None and running.poll() is None:
                time.sleep(0.02)
                for log in folder.glob("stages/solver-*/**/steps.jsonl"):
                    lines = log.read_text().splitlines()
                    if lines:
                        first = time.time() - begun - json.loads(lines[0])["seconds"]
            running.wait()
            if first is not None:
                seconds.append(first)
        begun = time.time()
        size = len((self.args.model / "model.safetensors").read_bytes())
        read = time.time() - begun
        measured = statistics.median(seconds)
        self.add("start", f"{measured:.1f} s", f"{read:.2f} s", f"{100 * read / measured:.0f} %", f"to the first step's begin; limit: reading {size / 1e6:.0f} MB once")

    def memory_of_training(self):
        if not self.memory:
            return
        least = 16 * PARAMETERS if self.args.ranks == 1 else (8 + 8 / self.args.ranks) * PARAMETERS
        for precision, peak in self.memory.items():
            self.add(f"memory, {precision}", f"{peak / 1e9:.2f} GB", f"{least / 1e9:.2f} GB", f"{100 * least / peak:.0f} %",
                     "peak of a training rank; limit: weights, gradients, its moments")

    def peers(self):
        peer = [str(self.args.peers / "bin" / "python"), str(ROOT / "tests" / "bench" / "peer.py"), str(self.args.model)]
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        for work in ("training", "sampling"):
            if work not in self.args.only:
                continue
            for precision in PRECISIONS:
                done = subprocess.run([*peer, work, precision, str(self.args.ranks), str(self.args.steps)], capture_output=True, text=True, env=environment)
                if done.returncode != 0:
                    self.add(f"transformers, {work}, {precision}", "failed", "", "", done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "")
                    continue
                told = json.loads(done.stdout.splitlines()[-1])
                self.add(f"transformers, {work}, {precision}", f"{told['rate']:.0f} tokens/s", "", "", told["what"])

    def run(self):
        steps = {"all-reduce": self.all_reduce, "memory": self.memory_of_training}
        for work in WORKS:
            if work in self.args.only:
                steps.get(work, getattr(self, work, None))()
        if self.args.peers:
            self.peers()
        head = ("work", "measured", "limit", "share", "")
        widths = [max(len(row[i]) for row in [head, *self.rows]) for i in range(4)]
        for row in [head, *self.rows]:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) + "  " + row[4])


def main():
    parser = argparse.ArgumentParser(description="How fast ftrun is here, beside limits measured on the spot.")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / ".deps" / "smollm2")
    parser.add_argument("--ranks", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3, help="runs of sampling, scoring and start")
    parser.add_argument("--steps", type=int, default=10, help="steps of training that count; two go before")
    parser.add_argument("--only", default=",".join(WORKS), help="some of: " + ", ".join(WORKS))
    parser.add_argument("--peers", type=pathlib.Path, help="a Python environment with torch and transformers")
    args = parser.parse_args()
    args.only = args.only.split(",")
    unknown = [work for work in args.only if work not in WORKS]
    if unknown:
        parser.error(f"--only knows {', '.join(WORKS)}, not {', '.join(unknown)}")
    if "memory" in args.only and "training" not in args.only:
        parser.error("--only memory: it is training's memory; name training, too")
    args.build, args.model = args.build.absolute(), args.model.absolute()
    if not (args.build / "CMakeCache.txt").is_file():
        sys.exit(f"{args.build} is no configured build folder: cmake --preset {args.build.name}")
    if not (args.model / "model.safetensors").is_file():
        sys.exit(f"{args.model} holds no model: launch/fetch_model.sh smollm2")
    if not (pathlib.Path(os.environ.get("FT_DATA", "")) / "gsm8k").is_dir():
        sys.exit("FT_DATA must name a folder that holds gsm8k (README, Data)")
    subprocess.run(["cmake", "--build", str(args.build), "--target", "ftrun_all", "products", "bench_all_reduce", "save_checkpoint"], check=True,
                   stdout=subprocess.DEVNULL)
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"bench: the machine is busy (load {load:.1f}): these figures will be too low", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        Bench(args, pathlib.Path(name)).run()


if __name__ == "__main__":
    main()
