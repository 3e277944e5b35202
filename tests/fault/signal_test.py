#!/usr/bin/env python3
"""What a run is told by signals, and what becomes of it when nobody listens any more.

  signal_test.py FTRUN

Every signal that asks for an end leaves a sealed checkpoint of the step that was reached, says so in the log, and gives
exit code 75, on one rank and on one of two; the run then goes on from there. A reader of its output that goes away, and
standard streams that were closed from the start, change neither the run nor its exit code, and the log goes on."""
import json
import os
import pathlib
import pty
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from hang_test import children, finish, wait_for  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

LONG = ["stages.solver.length=100000steps", "training.save_every=1000000steps"]
STOPS = ["SIGHUP", "SIGUSR2", "SIGXCPU", "SIGQUIT", "SIGTERM", "SIGINT", "SIGUSR1"]


class Shaken(TinyRun):
    """A run that only ends when it is told to, and saves only then."""

    def start(self, ranks=1, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
        return subprocess.Popen(self.command(*LONG, ranks=ranks), text=True, errors="replace", **options)

    def more_steps(self, process, what, more=3):
        """Waits for so many steps more than there are."""
        wanted = self.steps() + more
        wait_for(lambda: self.steps() >= wanted or process.poll() is not None, 120, f"{what}: {more} more steps")
        check(process.poll() is None, f"{what}: the run ended by itself with {process.poll()}")

    def stopped(self, process, what, codes=(75,), seconds=60):
        """After it was told to stop: sealed as far as it had come, said so in the log, and nobody left."""
        output, _ = finish(process, children(process.pid), seconds, what)
        check(process.returncode in codes, f"{what}: exit code {process.returncode}", output)
        check(self.saved_step() == self.steps(), f"{what}: {self.steps()} steps were made, {self.saved_step()} are saved", output)
        return output or ""


def each_signal(ftrun, base):
    run = Shaken(ftrun, base, "signals")
    for name in STOPS:
        before = run.saved_step()
        process = run.start()
        run.more_steps(process, name)
        process.send_signal(getattr(signal, name))
        output = run.stopped(process, name)
        check(run.saved_step() > before, f"{name}: nothing was added")
        check(f"after the signal ({name})" in output and f"after the signal ({name})" in run.log(), f"{name}: not in the log", output)
        check(before == 0 or "going on from" in output, f"{name}: not continued from the checkpoint before", output)
    print(f"{', '.join(STOPS)}: sealed, exit code 75, continued; {run.saved_step()} steps", flush=True)


def ranks(ftrun, base):
    run = Shaken(ftrun, base, "ranks")
    for name in ("SIGHUP", "SIGQUIT", "SIGXCPU", "SIGUSR2", "SIGTERM"):
        process = run.start(ranks=2)
        run.more_steps(process, f"{name} to a rank")
        pids = children(process.pid)
        os.kill(pids[1], getattr(signal, name))
        run.stopped(process, f"{name} to rank 1 of 2")
    for name in ("SIGUSR1", "SIGUSR2"):
        process = run.start(ranks=2)
        run.more_steps(process, f"{name} to mpirun")
        process.send_signal(getattr(signal, name))
        run.stopped(process, f"{name} to mpirun")
    # mpirun hands on what ends itself as SIGTERM after this time, and kills after as long again: a second by default.
    patient = os.environ | {"OMPI_MCA_odls_base_sigkill_timeout": "6"}
    before, process = run.saved_step(), run.start(ranks=2, env=patient)
    run.more_steps(process, "SIGTERM to mpirun")
    process.send_signal(signal.SIGTERM)
    output, _ = finish(process, children(process.pid), 60, "SIGTERM to mpirun")
    check(run.saved_step() > before and run.saved_step() == run.steps(), "SIGTERM to mpirun: not sealed", output)
    print(f"SIGTERM to a patient mpirun: sealed, its exit code {process.returncode}", flush=True)
    print("two ranks: the same by one rank's signal, and by those that mpirun hands on", flush=True)


def exit_code_of(run):
    return (run.folder / "exit_code").read_text().strip()


def planning(ftrun, base):
    """A start that is killed while it reads and hashes has not ended: the number of the start before is not its own."""
    run = TinyRun(ftrun, base, "planning")
    run.to_end()
    check(exit_code_of(run) == "0", f"a finished run's code is {exit_code_of(run)!r}")
    lines = "".join(json.dumps({"id": f"p{i}", "problem": "1 + 1 = ?" + " " * 400, "answer": "2"}) + "\n" for i in range(60000))
    (run.home / "large.jsonl").write_text(lines)
    ledger = (run.folder / "ledger.jsonl").read_bytes()
    process = subprocess.Popen(run.command(f"problems.test={{dataset: jsonl, path: {run.home}/large.jsonl, limit: 3}}"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while exit_code_of(run) == "0" and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    check((run.folder / "ledger.jsonl").read_bytes() == ledger, "the plan was over before the note changed")
    check(exit_code_of(run).startswith("not ended: process "), f"killed while it plans: {exit_code_of(run)!r}")
    done = subprocess.run(run.command("stages.solver.length=nothing"), capture_output=True, text=True)
    check(done.returncode == 2 and exit_code_of(run) == "2", f"a refused start's code is {exit_code_of(run)!r}")
    print("killed while it plans: no number", flush=True)


# As the README has it: a shell that hands TERM, INT and HUP on to mpirun as USR1, and waits for its exit code.
HANDED_ON = """mpirun "$@" & job=$!
trap 'kill -USR1 $job' TERM INT HUP
wait $job; while kill -0 $job 2>/dev/null; do wait $job; done
wait $job"""


def launchers(ftrun, base):
    run = Shaken(ftrun, base, "launcher")
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        patient = os.environ | {"OMPI_MCA_odls_base_sigkill_timeout": "6"}
        process = run.start(ranks=2, env=patient)
        run.more_steps(process, f"{name} to mpirun")
        check(exit_code_of(run).startswith("not ended: process "), f"{name}: {exit_code_of(run)!r} while it runs")
        process.send_signal(getattr(signal, name))
        finish(process, children(process.pid), 60, f"{name} to mpirun")
        check(process.returncode != 75 and exit_code_of(run) == "75", f"{name} to mpirun: its code {process.returncode}, the run's {exit_code_of(run)!r}")
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        command = ["bash", "-c", HANDED_ON, "job", *run.command(*LONG, ranks=2)[1:]]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        run.more_steps(process, f"{name} to the shell around mpirun")
        process.send_signal(getattr(signal, name))
        run.stopped(process, f"{name} to the shell around mpirun")
        check(exit_code_of(run) == "75", f"{name}: the run's code {exit_code_of(run)!r}")
    # A rank that is killed: -q hides mpirun's lines, not its code, and the run folder holds no number.
    mpirun, *rest = run.command(*LONG, ranks=2)
    process = subprocess.Popen([mpirun, "-q", *rest], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    run.more_steps(process, "mpirun -q")
    os.kill(children(process.pid)[0], signal.SIGKILL)
    finish(process, children(process.pid), 60, "a killed rank under mpirun -q")
    check(process.returncode == 137 and exit_code_of(run).startswith("not ended"), f"killed rank: {process.returncode}, {exit_code_of(run)!r}")
    print("mpirun that is told to end: 1, and 75 in exit_code; handed on as USR1: 75; a killed rank: 137", flush=True)


def at_the_start(ftrun, base):
    """From the program's first instruction on. Before that (its libraries are being loaded) nothing has begun."""
    run = Shaken(ftrun, base, "start")
    codes = {}
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGXCPU"):
        number = getattr(signal, name)
        for wait in range(3):
            process = run.start()
            caught = lambda: int(next(line for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
                                      if line.startswith("SigCgt")).split()[1], 16)
            while not caught() & 1 << (number - 1):  # not a moment later than the handler is there
                check(process.poll() is None, f"{name}: ended by itself")
            time.sleep(0.03 * wait)
            process.send_signal(number)
            output, _ = finish(process, [], 60, f"{name} at the start")
            check(process.returncode == 75 and "ftrun: stopped on request" in output, f"{name} at the start: exit code {process.returncode}", output)
            codes[name] = codes.get(name, 0) + 1
    # Commands that only print end as others do.
    process = subprocess.Popen([ftrun, "rerank", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    process.terminate()
    process.communicate(timeout=30)
    check(process.returncode == -signal.SIGTERM, f"a command that prints: {process.returncode}")
    print(f"a request in the first moment: 75, and said, {sum(codes.values())} times", flush=True)


def ignored_hangup(ftrun, base):
    run = Shaken(ftrun, base, "nohup")
    process = run.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    run.more_steps(process, "nohup")
    process.send_signal(signal.SIGHUP)
    run.more_steps(process, "a hangup that is ignored")
    process.terminate()
    check("(SIGTERM)" in run.stopped(process, "nohup"), "nohup: stopped by another signal")


def second_signal(ftrun, base):
    for name, code in (("SIGINT", 130), ("SIGQUIT", 131)):
        run = Shaken(ftrun, base, f"second-{name}")
        run.file.write_text(run.file.read_text().replace("tokens_per_lane: 300", "tokens_per_lane: 60000, tokens_per_micro_batch: 30000"))
        process = run.start()
        wait_for(lambda: "stage 'solver'" in run.log() or process.poll() is not None, 60, "the first stage")
        time.sleep(0.5)
        process.send_signal(getattr(signal, name))
        time.sleep(0.05)
        process.send_signal(getattr(signal, name))
        output, took = finish(process, [], 30, f"second {name}")
        check(process.returncode in (code, 75), f"second {name}: exit code {process.returncode}", output)
        print(f"{name} twice: exit code {process.returncode} after {took:.1f} s", flush=True)


def vanished_readers(ftrun, base):
    run = Shaken(ftrun, base, "head")
    process = run.start()
    for _ in range(2):
        process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    run.more_steps(process, "| head -2")
    process.terminate()
    run.stopped(process, "| head -2")
    check("after the signal" in run.log(), "| head -2: the log stopped speaking")

    run = Shaken(ftrun, base, "tee")
    line = f"{' '.join(run.command(*LONG))} 2>&1 | tee {run.home}/copy; exit ${{PIPESTATUS[0]}}"
    process = subprocess.Popen(["bash", "-c", line], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    run.more_steps(process, "| tee")
    pids = children(process.pid)
    # As a terminal sends Ctrl-C: to every process of the group. The shell itself waits for its pipeline.
    for pid in pids:
        os.kill(pid, signal.SIGINT)
    run.stopped(process, "| tee and Ctrl-C")

    run = Shaken(ftrun, base, "ranks-head")
    process = run.start(ranks=2)
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    run.more_steps(process, "mpirun | head -1")
    process.send_signal(signal.SIGUSR1)
    run.stopped(process, "mpirun | head -1", codes=(75, -13, 141, -11, 139))  # mpirun itself dies of it at times
    print("| head, | tee with Ctrl-C, mpirun | head: not a step lost, the log goes on", flush=True)


def terminals(ftrun, base):
    try:
        mine, its = pty.openpty()
    except OSError as error:  # a root without /dev/pts
        print(f"closed terminals: skipped, none can be had here ({error})", flush=True)
        return
    run = Shaken(ftrun, base, "terminal")
    process = run.start(stdout=its, stderr=its, stdin=its)
    os.close(its)
    run.more_steps(process, "a terminal")
    os.close(mine)
    run.more_steps(process, "a terminal that was closed")
    process.terminate()
    run.stopped(process, "a terminal that was closed")

    run = Shaken(ftrun, base, "connection")
    pid, mine = pty.fork()  # the run leads the session: closing its terminal sends SIGHUP
    if pid == 0:
        os.execv(run.ftrun, run.command(*LONG))
    wait_for(lambda: run.steps() >= 3, 120, "steps in a session of its own")
    os.close(mine)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    check(code == 75 and run.saved_step() == run.steps(), f"a connection that was cut: exit code {code}, {run.saved_step()} steps saved")
    print("a terminal that was closed, a connection that was cut: sealed", flush=True)


def closed_streams(ftrun, base, expected):
    for closed in ([1], [2], [0, 1, 2]):
        run = TinyRun(ftrun, base, f"closed-{''.join(map(str, closed))}")
        command = " ".join(run.command()) + "".join(f" {number}>&-" for number in closed)
        code = subprocess.run(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        check(code == 0 and run.outcome() == expected, f"streams {closed} closed: exit code {code}")
    run = TinyRun(ftrun, base, "full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(run.command(), stdout=full, stderr=subprocess.PIPE, text=True)
    check(done.returncode == 0 and run.outcome() == expected, f"> /dev/full: exit code {done.returncode}", done.stderr)
    check("warning: standard output cannot be written: No space left" in done.stderr, "> /dev/full: not said", done.stderr)
    print("closed and full standard streams: the run's results are those of others", flush=True)


def commands(ftrun):
    for ignore in (False, True):
        process = subprocess.Popen([ftrun, "explain"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   restore_signals=not ignore)
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        _, said = process.communicate(timeout=30)
        check(said == "" and process.returncode in (0, -signal.SIGPIPE), f"explain | head -1: {process.returncode}", said)
    with open("/dev/full", "w") as full:
        done = subprocess.run([ftrun, "explain"], stdout=full, stderr=subprocess.PIPE, text=True)
    check(done.returncode == 1 and "No space left" in done.stderr, f"explain > /dev/full: {done.returncode}", done.stderr)


def processor_time(ftrun, base):
    run = Shaken(ftrun, base, "cpu")
    started = run.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (8, 8)))  # as `ulimit -t 8`
    run.stopped(started, "ulimit -t", seconds=240)
    check("(SIGXCPU)" in run.log(), "ulimit -t: another reason in the log")
    print("ulimit -t: sealed before the end of the time", flush=True)


def main(base):
    ftrun = sys.argv[1]
    began = time.monotonic()
    expected = TinyRun(ftrun, base, "quiet").to_end()
    commands(ftrun)
    each_signal(ftrun, base)
    at_the_start(ftrun, base)
    ranks(ftrun, base)
    planning(ftrun, base)
    launchers(ftrun, base)
    ignored_hangup(ftrun, base)
    second_signal(ftrun, base)
    vanished_readers(ftrun, base)
    terminals(ftrun, base)
    closed_streams(ftrun, base, expected)
    processor_time(ftrun, base)
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main_of(main, "ftrun-signals-")
