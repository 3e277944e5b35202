#!/usr/bin/env python3
"""What a training step sends over the wire: each byte once for each host, however many ranks a host has.

  wire_test.py FTRUN                  two hosts with 1, 2 and 4 ranks each; compared with what a step must send
  wire_test.py FTRUN --hosts 3        the same on three; --measure prints without judging (for other versions)

A cluster of three nodes is started on this machine (slurm.py; exit code 77, "skipped", where that is impossible), and the
counters of the nodes' interfaces are read when a run has made some steps and when it has made more. On two hosts the
weights must have the bits of one rank alone."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import slurm  # noqa: E402

SKIPPED = 77
FIRST, LAST = 10, 90   # steps between which is counted
PARAMETERS = 619_392   # of the preset "tiny"
OVERHEAD = 0.05        # headers of TCP, Ethernet and MPI, and what ranks agree upon: of the data, at most
READING = 0.02         # the counters are read a little after the step was seen
RUN_FILE = """\
run: {{folder: {folder}, seed: 3}}
models:
  base: {{preset: tiny}}
problems:
  train: {{dataset: arithmetic, split: train, limit: 200}}
training: {{lanes: 8, tokens_per_lane: 60, max_length: 60, learning_rate: 1e-3, save_every: 1000steps}}
stages:
  solver: {{recipe: solution_sft, model: base, problems: train, length: {steps}steps}}
"""


def sent(node):
    """Bytes that a node has sent so far."""
    out = subprocess.run([slurm.tool("ip"), "-n", f"ftn{node}", "-s", "-j", "link", "show", "eth0"], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)[0]["stats64"]["tx"]["bytes"]


class Run:
    def __init__(self, cluster, ftrun, name):
        self.cluster, self.ftrun = cluster, ftrun
        self.folder = slurm.BASE / "wire" / name
        self.file = self.folder.with_suffix(".yaml")
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(RUN_FILE.format(folder=self.folder, steps=LAST + 4))

    def steps(self):
        return sum(path.read_bytes().count(b"\n") for path in self.folder.glob("stages/solver-*/steps.jsonl"))

    def reach(self, job, steps):
        deadline = time.monotonic() + 120
        while self.steps() < steps:
            if job.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{self.folder.name}: not at step {steps}\n{job.stdout.read() if job.poll() is not None else ''}")
            time.sleep(0.005)
        return self.steps()

    def digest(self):
        (manifest,) = self.folder.glob("stages/solver-*/output-*/manifest.json")
        return json.loads(manifest.read_text())["body"]["weights_digest"]

    def on(self, hosts, ranks):
        """Bytes that a host has sent for a step, the mean over hosts."""
        environment = {**self.cluster.environment(), "OMPI_MCA_btl_tcp_if_include": "eth0", "OMPI_MCA_oob_tcp_if_include": "eth0",
                       "OMP_NUM_THREADS": "1"}
        job = self.cluster.popen("srun", "--mpi=pmix", "-O", f"-N{hosts}", f"--ntasks-per-node={ranks}", self.ftrun, self.file,
                                 env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        nodes = range(1, hosts + 1)
        first = self.reach(job, FIRST)
        before = [sent(node) for node in nodes]
        last = self.reach(job, LAST)
        after = [sent(node) for node in nodes]
        output, _ = job.communicate()
        if job.returncode != 0:
            sys.exit(f"{self.folder.name}: exit code {job.returncode}\n{output}")
        return sum(b - a for a, b in zip(before, after)) / len(before) / (last - first)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ftrun")
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--measure", action="store_true")
    args = parser.parse_args()
    if slurm.why_not():
        print(f"skipped: {slurm.why_not()}")
        return SKIPPED
    ftrun = os.path.abspath(args.ftrun)
    # A host sends the sum of its ranks for the others' slices of the gradients, and its own slices of the parameters.
    least = 2 * 4 * PARAMETERS * (args.hosts - 1) / args.hosts
    wrong = []
    with slurm.Slurm(cpus=4) as cluster:
        alone = Run(cluster, ftrun, "alone")
        cluster.run(ftrun, alone.file)
        for ranks in (1, 2, 4):
            run = Run(cluster, ftrun, f"{args.hosts}x{ranks}")
            bytes_a_step = run.on(args.hosts, ranks)
            same = run.digest() == alone.digest()
            print(f"{args.hosts} hosts, {ranks} ranks each: {bytes_a_step / 1e6:.2f} MB a host and step, at least {least / 1e6:.2f}; "
                  f"{'the bits' if same else 'not the bits'} of one rank alone", flush=True)
            if not least * (1 - READING) <= bytes_a_step <= least * (1 + OVERHEAD):
                wrong.append(f"{ranks} ranks: {bytes_a_step / 1e6:.2f} MB instead of {least / 1e6:.2f}")
            if not same and args.hosts & (args.hosts - 1) == 0:
                wrong.append(f"{ranks} ranks: other weights")
    if args.measure:
        return 0
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
