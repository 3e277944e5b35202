#!/usr/bin/env python3
"""Runs of several hosts under Slurm, disturbed in every way a cluster knows, must end like an undisturbed run on one.

  cluster_test.py FTRUN            the cases that continuous integration runs
  cluster_test.py FTRUN all        every case
  cluster_test.py FTRUN NAME...    these; `list` names them

A cluster of three nodes is started on this machine (slurm.py; exit code 77, "skipped", where that is impossible), and
cluster/job.sbatch submitted as a user would. Compared are the weights' digests of every sealed model, the attempts byte
for byte, and `results` of report.json. Data sizes are powers of two throughout, where these must be equal bit for bit.

To hit a run in a known place, however fast the machine, its ranks are frozen (SIGSTOP) there until it is hit."""
import fcntl
import os
import pathlib
import re
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fault"))
sys.path.insert(0, str(HERE))
import fault_test  # noqa: E402
import slurm  # noqa: E402

SKIPPED = 77


class Failure(Exception):
    pass


class Case:
    """One submitted run."""

    def __init__(self, cluster, base, ftrun, name):
        self.cluster, self.ftrun = cluster, ftrun
        self.home = base / name
        self.home.mkdir()
        self.folder = self.home / "run"
        self.watch = fault_test.Watch(self.folder)
        self.job = ""

    def submit(self, *options, run=("smoke.yaml",), **variables):
        """sbatch, from a folder of the case's own."""
        environment = {"FTRUN": self.ftrun, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                       "FTRUN_DOCTOR": "0", **variables}
        run_file = HERE.parent / "fault" / run[0]
        self.job = self.cluster.run("sbatch", "--parsable", f"--chdir={self.home}", *options, HERE.parents[1] / "cluster/job.sbatch",
                                    run_file, f"run.folder={self.folder}", *run[1:], env=environment).strip()

    @property
    def log(self):
        path = self.home / f"ftrun-{self.job}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def state(self):
        return self.cluster.job(self.job)["JobState"]

    def expect(self, condition, what):
        if not condition:
            end = "\n".join(self.log.splitlines()[-30:])
            raise Failure(f"{what}\n{end}\n{self.cluster.run('scontrol', 'show', 'job', self.job, check=False)}")

    def wait_log(self, pattern, seconds=60, count=1):
        self.wait(lambda: len(re.findall(pattern, self.log)) >= count, f"'{pattern}' in the job's log", seconds)

    def wait(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            for _ in range(50):  # a stage of these runs lasts a second or two: asking Slurm alone takes a tenth
                if condition():
                    return
                time.sleep(0.01)
            self.expect(time.monotonic() < deadline, f"waited {seconds} s in vain for {what}")
            self.expect(self.state() not in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"), f"ended before {what}")

    def wait_end(self, state="COMPLETED", restarts=None, code=0, seconds=180):
        deadline = time.monotonic() + seconds
        while self.state() in ("PENDING", "RUNNING", "COMPLETING", "REQUEUED", "PREEMPTED", "CONFIGURING"):
            self.expect(time.monotonic() < deadline, f"not at its end after {seconds} s")
            time.sleep(0.2)
        job = self.cluster.job(self.job)
        self.expect(job["JobState"] == state, f"the job's state is {job['JobState']}, not {state}")
        self.expect(job["ExitCode"].split(":")[0] == str(code), f"the job's exit code is {job['ExitCode']}, not {code}")
        self.expect(restarts is None or job["Restarts"] == str(restarts), f"{job['Restarts']} restarts, not {restarts}")
        self.expect(state != "COMPLETED" or not (self.home / f"ftrun-{self.job}.restarts").exists(), "a finished job left its counter")

    def ranks(self, nodes=(1, 2, 3)):
        """Process ids of the run's ranks on these nodes."""
        found = []
        for node in nodes:
            for pid in slurm.processes_in(f"ftn{node}"):
                try:
                    if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "ftrun":
                        found.append(pid)
                except FileNotFoundError:
                    pass
        return found

    def freeze(self, stage="solver", step=7):
        """Waits until a stage has made that many steps, and stops all ranks there."""
        self.wait(lambda: self.watch.lines(f"stages/{stage}-*/steps.jsonl") >= step, f"step {step} of {stage}", 120)
        for pid in self.ranks():
            os.kill(pid, signal.SIGSTOP)
        self.expect(not self.watch.ended(stage), f"{stage} was over before it could be frozen")

    def thaw(self):
        for pid in self.ranks():
            os.kill(pid, signal.SIGCONT)

    def same(self, expected, what):
        fault_test.compare(expected, fault_test.outcome(self.folder), what)


def submit(case, expected):
    """4 ranks on 3 nodes, srun with PMIx."""
    case.submit("-N3", "-n4", FTRUN_DOCTOR="1")
    case.wait_end(restarts=0)
    case.expect("preflight: 3 node(s) are fine" in case.log, "no preflight")
    case.expect("healthy: " in case.log, "no word of ftrun doctor")
    case.same(expected, "4 ranks on 3 nodes by srun")


def late_rank(case, _):
    """A rank that begins late: the others must not run ahead of those that wait for it."""
    doctor = f"{case.ftrun} doctor {HERE.parent / 'fault/smoke.yaml'} run.folder={case.folder}"
    environment = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    for late in ("1", "0", "3"):
        output = case.cluster.run("bash", "-c", f"timeout 60 srun --mpi=pmix -N3 -n4 bash -c '[ $SLURM_PROCID != {late} ] || sleep 1; exec {doctor}' 2>&1; "
                                  "echo ended with $?", env=environment)
        if "healthy: " not in output or "ended with 0" not in output:
            raise Failure(f"rank {late} late:\n{output[-2000:]}")


def mpirun(case, expected):
    """mpirun in the batch script; told to stop by a user's USR1, back in the queue, to its end."""
    case.submit("-N2", "--ntasks-per-node=1", FTRUN_LAUNCHER="mpirun")
    case.freeze()
    case.cluster.run("scancel", "--signal=USR1", "--batch", case.job)
    case.wait_log("USR1: the run is told to stop")
    case.thaw()
    case.wait_log("ftrun: stopped on request")
    case.wait_end(restarts=1)
    case.same(expected, "2 nodes by mpirun, stopped and requeued")


def time_limit(case, expected):
    """Slurm's warning before the time limit; the job comes back and ends."""
    # Slurm looks every 30 s and warns rather early than late: between 15 and 45 s after the start.
    case.submit("-N2", "--ntasks-per-node=1", "-t", "2", "--signal=B:USR1@75")
    case.freeze()
    case.wait_log("USR1: the run is told to stop", 90)
    case.thaw()
    case.wait_log("ftrun: stopped on request")
    # On a slow machine the next minute does not suffice either.
    case.wait_end()
    case.expect(case.cluster.job(case.job)["Restarts"] != "0", "not requeued")
    case.same(expected, "2 nodes, stopped by the time limit, requeued")


def told_early(case, expected):
    """Told to stop before the run has begun: nothing is started, the job comes back and ends."""
    case.submit("-N2", "--ntasks-per-node=1", FTRUN_DOCTOR="1")
    case.wait_log("run folder ")  # the plan's first line
    case.cluster.run("scancel", "--signal=USR1", "--batch", case.job)
    case.wait_log(r"told to stop \(USR1\) before the run began; back into the queue")
    case.wait_end(restarts=1)
    case.same(expected, "2 nodes, told to stop before the run began")


def measured_lead(case, expected):
    """The job's own clock stops it earlier than Slurm's warning would, by what the last attempt measured."""
    case.folder.mkdir()
    (case.folder / "stop_lead_seconds").write_text("3600.5\n")  # more than the job has: half of its time
    case.submit("-N1", "-n2", "-t", "1", "--signal=B:USR1@1")
    case.freeze()
    case.wait_log("USR1: the run is told to stop", 90)
    started, now = case.cluster.job(case.job)["StartTime"], time.time()
    elapsed = now - time.mktime(time.strptime(started, "%Y-%m-%dT%H:%M:%S"))
    case.expect(29 <= elapsed < 50, f"stopped after {elapsed:.0f} s instead of about 30")
    case.thaw()
    case.cluster.run("scontrol", "update", f"JobId={case.job}", "TimeLimit=10")
    case.wait_end(restarts=1)
    case.same(expected, "stopped by the measured lead")


def other_nodes(case, expected):
    """Stopped on 3 nodes with 4 ranks, submitted again on 2 with one each."""
    case.submit("-N3", "-n4", FTRUN_REQUEUE="0")
    case.freeze()
    case.cluster.run("scancel", "--signal=USR1", "--batch", case.job)
    case.wait_log("USR1: the run is told to stop")
    case.thaw()
    case.wait_end(state="FAILED", code=75, restarts=0)
    case.submit("-N2", "--ntasks-per-node=1")
    case.wait_end(restarts=0)
    case.same(expected, "begun on 3 nodes, ended on 2")


def lock(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def preempt(case, expected):
    """A job of a higher partition takes the nodes; the run stops, comes back after it, and waits for the run folder."""
    case.submit("-N2", "--ntasks-per-node=1", "-p", "low")
    case.freeze("verifier", 5)
    intruder = case.cluster.run("sbatch", "--parsable", "-p", "high", "-N3", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 5").strip()
    case.wait_log("TERM: the run is told to stop")
    case.wait_log("ftrun: stopped on request")  # Slurm's TERM came with a CONT
    with open(case.folder / "lock", "r+", encoding="ascii") as held:  # as by a rank of the first attempt that hangs
        case.wait(lambda: lock(held), "the first attempt to let go of the run folder")
        case.wait_log("is still in use, by what is left of the attempt before")
    case.wait_end(restarts=1)
    case.expect(case.cluster.job(intruder)["JobState"] == "COMPLETED", "the other job did not run")
    case.same(expected, "2 nodes, preempted")


def killed_rank(case, expected):
    """kill -9 of one rank on one node: all end, the job comes back."""
    case.submit("-N2", "--ntasks-per-node=1", FTRUN_LAUNCHER_OPTIONS="--wait=5")
    case.freeze("verifier", 5)
    victim = case.ranks((2,))
    case.expect(len(victim) == 1, f"{len(victim)} ranks on n2")
    case.thaw()
    os.kill(victim[0], signal.SIGKILL)
    case.wait_end(restarts=1)
    case.expect("ended by signal 9; back into the queue" in case.log, "not said why")
    case.same(expected, "2 nodes, one rank killed")


def cancelled(case, _):
    """scancel ends it for good, with a checkpoint."""
    case.submit("-N2", "--ntasks-per-node=1")
    case.freeze()
    case.cluster.run("scancel", case.job)
    case.wait_log("ftrun: stopped on request")
    case.wait_end(state="CANCELLED", code=75, restarts=0)
    time.sleep(4)
    case.expect(case.state() == "CANCELLED", "it came back")


def mistakes(case, _):
    """A mistake in the run file ends the job with 2, once; attempts that add nothing end after their number."""
    case.submit("-N2", "--ntasks-per-node=1", run=("smoke.yaml", "training.lerning_rate=1"))
    case.wait_end(state="FAILED", code=2, restarts=0)
    case.expect(case.log.count("learning_rate") == 1, "the nearest name is not given once")
    doomed = case.home / "ftrun"
    doomed.write_text(f"#!/bin/sh\ncase $1 in --version|plan) exec {case.ftrun} \"$@\" ;; esac\nkill -9 $$\n")
    doomed.chmod(0o755)
    case.submit("-N1", "-n1", FTRUN_IDLE_RESTARTS="2", FTRUN=str(doomed))
    case.wait_end(state="FAILED", code=1, restarts=2)
    case.expect(case.log.count("ended by signal 9; back into the queue") == 2, "not killed twice")
    case.expect("2 attempts in a row added nothing" in case.log, "not said why")


def bad_node(case, expected):
    """A node with too little shared memory is named; or excluded, and the run goes to the others."""
    pid = case.cluster.slurmds[2].pid
    case.cluster.run("nsenter", f"--target={pid}", "--mount", "mount", "-o", "remount,size=32m", "/dev/shm")
    try:
        case.submit("-N3", "--ntasks-per-node=1")
        case.wait_end(state="FAILED", code=76, restarts=0)
        case.expect("preflight: n2: only" in case.log and "--exclude=n2" in case.log, "n2 is not named")
        case.submit("-N2", "--ntasks-per-node=1", FTRUN_EXCLUDE_BAD="1")
        case.wait_end(restarts=1)
        case.expect(case.cluster.job(case.job)["NodeList"] == "n[1,3]", "not on the good nodes")
        case.same(expected, "2 nodes, a bad one excluded")
    finally:
        case.cluster.run("nsenter", f"--target={pid}", "--mount", "mount", "-o", "remount,size=50%", "/dev/shm")


def wait_restart(case):
    case.wait(lambda: case.cluster.job(case.job)["Restarts"] == "1", "the node failure", 90)


def lost_slurmd(case, expected):
    """kill -9 of a node's slurmd: Slurm gives the node up and the job comes back on the others."""
    case.submit("-N2", "--ntasks-per-node=1")
    case.freeze("verifier", 5)
    case.cluster.kill_slurmd(2)
    wait_restart(case)
    case.thaw()  # also the rank on n2, which nobody has told
    case.wait_end(restarts=1)
    case.expect(case.cluster.job(case.job)["NodeList"] == "n[1,3]", "not on the good nodes")
    case.same(expected, "2 nodes, one slurmd killed")


def lost_batch_node(case, expected):
    """The same for the node of the batch script, which lives on there with rank 0 and holds the run folder."""
    case.submit("-N2", "--ntasks-per-node=1")
    case.freeze("verifier", 5)
    case.cluster.kill_slurmd(1)
    wait_restart(case)
    case.thaw()
    case.wait_end(restarts=1)
    case.expect("attempt 1 has taken over, this one was cut off" in case.log, "the old script did not see that")
    case.expect(case.cluster.job(case.job)["NodeList"] == "n[2-3]", "not on the good nodes")
    case.same(expected, "2 nodes, the slurmd of the batch script killed")


def cable(case, expected):
    """A cable out for 4 s changes nothing; out for good, the job goes to other nodes."""
    case.submit("-N2", "--ntasks-per-node=1")
    case.freeze()
    case.cluster.cable(2, plugged=False)
    case.thaw()
    time.sleep(4)
    case.cluster.cable(2, plugged=True)
    case.freeze("verifier", 5)
    case.expect(case.cluster.job(case.job)["Restarts"] == "0", "the short cut was not survived")
    case.cluster.cable(2, plugged=False)
    case.thaw()
    wait_restart(case)
    case.wait_end(restarts=1)
    case.expect(case.cluster.job(case.job)["NodeList"] == "n[1,3]", "not on the good nodes")
    case.same(expected, "2 nodes, one cable cut")


CI = [submit, late_rank, mpirun, time_limit, told_early, other_nodes, preempt, cancelled, mistakes]
ALL = [*CI, killed_rank, bad_node, measured_lead, lost_slurmd, lost_batch_node, cable]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ftrun, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    known = {case.__name__: case for case in ALL}
    if names == ["list"] or any(name not in known for name in names if name != "all"):
        sys.exit("\n".join(f"{name}: {case.__doc__}" for name, case in known.items()))
    cases = ALL if names == ["all"] else [known[name] for name in names] if names else CI
    if slurm.why_not():
        print(f"skipped: {slurm.why_not()}")
        return SKIPPED
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an exception: nothing is left behind
    failed = []
    with slurm.Slurm() as cluster:
        base = slurm.BASE / "cases"  # goes with the cluster
        base.mkdir()
        cluster.run(*fault_test.command(ftrun, base / "quiet", 1))  # within the cluster, so that it goes with it
        expected = fault_test.outcome(base / "quiet")
        for function in cases:
            started = time.monotonic()
            case = Case(cluster, base, ftrun, function.__name__)
            try:
                function(case, expected)
                print(f"{function.__name__}: passed in {time.monotonic() - started:.0f} s", flush=True)
            except (Failure, RuntimeError, SystemExit) as error:
                failed.append(function.__name__)
                print(f"{function.__name__}: FAILED after {time.monotonic() - started:.0f} s: {error}", flush=True)
                if case.job:
                    cluster.run("scancel", case.job, check=False)
            cluster.repair()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
