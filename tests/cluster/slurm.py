#!/usr/bin/env python3
"""A Slurm cluster of a few nodes on this one machine, for tests: real daemons, no systemd, nothing left behind.

  slurm.py run COMMAND...   start it, run COMMAND on its login node (sbatch, srun, squeue ... work there), stop it
  slurm.py shell            the same with a shell: try cluster/job.sbatch by hand
  slurm.py stop             remove what a killed test left behind (every start does so too)

Every node is a network, host-name and mount namespace with an address, a name and a /dev/shm of its own; so is the
controller, whose namespace also holds the bridge between them: the machine's own network is not touched. All nodes see
the same file system, as on a cluster with shared storage. Needs root and Debian's slurm-wlm (22.05) and munge; `why_not()`
says what is missing."""
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time

BASE = pathlib.Path("/tmp/ftrun-slurm")
PREFIX = "10.77.0"
CONTROLLER = "ftctl"  # names of network namespaces: ftctl, ftn1, ftn2, ...
TOOLS = ("slurmctld", "slurmd", "sbatch", "munged", "ip", "nsenter", "unshare")


def tool(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def why_not():
    """Why a cluster cannot be started here; empty when it can."""
    if os.geteuid() != 0:
        return "namespaces and slurmd need root"
    missing = [name for name in TOOLS if tool(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed (launch/setup.sh --tests does that)"
    if not os.path.ismount("/sys/fs/cgroup"):
        return "no /sys/fs/cgroup is mounted, without which slurmd does not start"
    probe = "ip link add name ftprobe type bridge && ip link add ftprobe0 type veth peer name ftprobe1 && mount -t tmpfs tmpfs /dev/shm"
    done = subprocess.run(["unshare", "-n", "-u", "-m", "sh", "-c", probe], capture_output=True, text=True)
    return f"no namespaces, bridges or mounts here: {done.stderr.strip()}" if done.returncode != 0 else ""


def namespaces():
    """Those that a cluster of this file made."""
    folder = pathlib.Path("/run/netns")
    return sorted(p.name for p in folder.glob("ft*") if p.name == CONTROLLER or p.name[3:].isdigit()) if folder.exists() else []


def ip(*arguments):
    subprocess.run([tool("ip"), *arguments], check=True)


def processes_in(space):
    done = subprocess.run([tool("ip"), "netns", "pids", space], capture_output=True, text=True)
    return [int(pid) for pid in done.stdout.split()]


def clean():
    """Ends every process of a cluster and removes its namespaces and files."""
    spaces = namespaces()
    for with_signal, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 10.0)):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            pids = [pid for space in spaces for pid in processes_in(space)]
            if not pids:
                break
            for pid in pids:
                try:
                    os.kill(pid, with_signal)
                except ProcessLookupError:
                    pass
            time.sleep(0.1)
    for space in spaces:
        ip("netns", "del", space)
    shutil.rmtree(BASE, ignore_errors=True)
    netns = pathlib.Path("/run/netns")
    if netns.exists() and not any(netns.iterdir()):
        subprocess.run(["umount", str(netns)], capture_output=True)
        netns.rmdir()


def stay_after_parent():
    """In the child: a session of its own, and death when this test dies."""
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Slurm:
    """with Slurm() as cluster: cluster.run("sbatch", ...)"""

    def __init__(self, nodes=3, cpus=2):
        self.nodes, self.cpus = nodes, cpus
        self.daemons, self.slurmds = [], {}

    def __enter__(self):
        # One cluster a machine: the name vanishes with this process, however it ends.
        self.guard = socket.socket(socket.AF_UNIX)
        try:
            self.guard.bind("\0ftrun-test-slurm")
        except OSError:
            sys.exit("another test cluster runs on this machine")
        clean()
        try:
            self.make_folders()
            self.make_network()
            self.start_controller()
            for node in range(1, self.nodes + 1):
                self.start_slurmd(node)
            self.wait_nodes(range(1, self.nodes + 1), 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        clean()
        for daemon in self.daemons:
            daemon.wait()
        self.guard.close()

    # --- start

    def make_folders(self):
        for folder in ("state", "log", "run", "munge", *(f"{kind}/n{n}" for n in range(1, self.nodes + 1) for kind in ("spool", "tmp"))):
            (BASE / folder).mkdir(parents=True)
            (BASE / folder).chmod(0o755)
        (BASE / "munge/key").write_bytes(os.urandom(128))
        (BASE / "munge/key").chmod(0o400)
        nodes = [(f"n{n}", f"{PREFIX}.{10 + n}") for n in range(1, self.nodes + 1)]
        (BASE / "hosts").write_text("".join(f"{a} {name}\n" for name, a in [("localhost", "127.0.0.1"), ("ctl", f"{PREFIX}.1"), *nodes]))
        lines = "".join(f"NodeName={name} NodeAddr={address} CPUs={self.cpus} RealMemory=2000 State=UNKNOWN\n" for name, address in nodes)
        # cred_expire: a requeued job waits that long and one second (121 s by default; below 5 it is not believed). linuxproc: no cgroups needed.
        # config_overrides: nodes may claim more cores than there are. filetxt: a history without a database.
        (BASE / "slurm.conf").write_text(textwrap.dedent(f"""\
            ClusterName=test
            SlurmctldHost=ctl({PREFIX}.1)
            SlurmUser=root
            AuthType=auth/munge
            AuthInfo=socket={BASE}/munge/socket,cred_expire=5
            StateSaveLocation={BASE}/state
            SlurmdSpoolDir={BASE}/spool/%n
            TmpFS={BASE}/tmp/%n
            SlurmctldPidFile={BASE}/run/slurmctld.pid
            SlurmdPidFile={BASE}/run/slurmd-%n.pid
            SlurmctldLogFile={BASE}/log/slurmctld.log
            SlurmdLogFile={BASE}/log/slurmd-%n.log
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            SlurmdParameters=config_overrides
            SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0,bf_interval=2
            ReturnToService=2
            JobRequeue=1
            PreemptType=preempt/partition_prio
            PreemptMode=REQUEUE
            KillWait=5
            SlurmdTimeout=10
            JobCompType=jobcomp/filetxt
            JobCompLoc={BASE}/log/jobcomp.log
            PartitionName=low  Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1 PreemptMode=REQUEUE GraceTime=0
            PartitionName=high Nodes=ALL Default=NO  MaxTime=INFINITE PriorityTier=10
            """) + lines)

    def make_network(self):
        ip("netns", "add", CONTROLLER)
        ip("-n", CONTROLLER, "link", "set", "lo", "up")
        ip("-n", CONTROLLER, "link", "add", "bridge", "type", "bridge")
        ip("-n", CONTROLLER, "addr", "add", f"{PREFIX}.1/24", "dev", "bridge")
        ip("-n", CONTROLLER, "link", "set", "bridge", "up")
        for n in range(1, self.nodes + 1):
            ip("netns", "add", f"ftn{n}")
            ip("-n", CONTROLLER, "link", "add", f"cable{n}", "type", "veth", "peer", "name", "eth0", "netns", f"ftn{n}")
            ip("-n", CONTROLLER, "link", "set", f"cable{n}", "master", "bridge", "up")
            ip("-n", f"ftn{n}", "addr", "add", f"{PREFIX}.{10 + n}/24", "dev", "eth0")
            ip("-n", f"ftn{n}", "link", "set", "eth0", "up")
            ip("-n", f"ftn{n}", "link", "set", "lo", "up")

    @staticmethod
    def inside(space, name, shm=""):
        # Not `ip netns exec`: it remounts /sys, and slurmd then finds no cgroups there.
        hosts = f"hostname {name}; mount --bind {BASE}/hosts /etc/hosts; {shm} exec \"$@\""
        return [tool("nsenter"), f"--net=/run/netns/{space}", tool("unshare"), "-u", "-m", "sh", "-c", hosts, "sh"]

    @staticmethod
    def environment():
        return {**os.environ, "SLURM_CONF": str(BASE / "slurm.conf"), "LC_ALL": "C.UTF-8"}

    def start(self, log, command):
        with open(BASE / "log" / log, "ab") as out:
            daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.environment(),
                                      preexec_fn=stay_after_parent)
        self.daemons.append(daemon)
        return daemon

    def start_controller(self):
        munge = BASE / "munge"
        self.start("munged.out", self.inside(CONTROLLER, "ctl") + [
            tool("munged"), "--foreground", "--force", f"--key-file={munge}/key", f"--socket={munge}/socket",
            f"--pid-file={munge}/pid", f"--log-file={BASE}/log/munged.log", f"--seed-file={munge}/seed"])
        self.wait("munged's socket", lambda: (munge / "socket").exists(), 20)
        self.start("slurmctld.out", self.inside(CONTROLLER, "ctl") + [tool("slurmctld"), "-D"])

    def start_slurmd(self, node):
        command = self.inside(f"ftn{node}", f"n{node}", "mount -t tmpfs tmpfs /dev/shm;")
        self.slurmds[node] = self.start(f"n{node}.out", command + [tool("slurmd"), "-D", "-N", f"n{node}"])

    # --- use

    def popen(self, *command, **options):
        return subprocess.Popen(self.inside(CONTROLLER, "login") + [str(c) for c in command], env=options.pop("env", self.environment()), **options)

    def run(self, *command, check=True, env=None):
        """The output of a command on the login node."""
        done = subprocess.run(self.inside(CONTROLLER, "login") + [str(c) for c in command], env={**self.environment(), **(env or {})},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stdout}")
        return done.stdout

    def node_state(self, node):
        return self.run("sinfo", "-h", "-N", "-o", "%T", "-n", f"n{node}").split("\n")[0]

    def wait_nodes(self, nodes, seconds):
        up = ("idle", "mixed", "allocated")
        self.wait(f"nodes {list(nodes)}", lambda: all(self.node_state(n) in up for n in nodes), seconds)

    def kill_slurmd(self, node):
        """kill -9 of the node's daemon; what it had started lives on, as after a real crash of it."""
        self.slurmds[node].kill()
        self.slurmds[node].wait()

    def cable(self, node, plugged):
        ip("-n", CONTROLLER, "link", "set", f"cable{node}", "up" if plugged else "down")

    def repair(self):
        """Plugs all cables and starts what daemons are missing; returns when all nodes are up."""
        for node in range(1, self.nodes + 1):
            self.cable(node, plugged=True)
            if self.slurmds[node].poll() is not None:
                self.start_slurmd(node)
        self.wait_nodes(range(1, self.nodes + 1), 60)

    def job(self, job):
        """What `scontrol show job` says, as {key: value}."""
        text = self.run("scontrol", "-o", "show", "job", job)
        return dict(word.split("=", 1) for word in text.split() if "=" in word)

    def wait(self, what, condition, seconds):
        deadline = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return
            except RuntimeError as error:  # a controller that is not there yet
                last = str(error)
            else:
                last = ""
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what}: waited {seconds} s in vain {last}\n{self.logs()}")
            time.sleep(0.2)

    def logs(self):
        return "\n".join(f"--- {p.name}\n" + "".join(p.read_text(errors="replace").splitlines(True)[-30:])
                         for p in sorted((BASE / "log").glob("*")) if p.stat().st_size > 0)


def main():
    action = sys.argv[1] if len(sys.argv) > 1 else ""
    if action == "stop":
        clean()
        return 0
    if action not in ("run", "shell") or (action == "run" and len(sys.argv) < 3):
        sys.exit(__doc__)
    if why_not():
        sys.exit(f"no Slurm here: {why_not()}")
    started = time.monotonic()
    with Slurm() as cluster:
        print(f"3 nodes after {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
        return cluster.popen(*(sys.argv[2:] if action == "run" else [os.environ.get("SHELL", "bash")])).wait()


if __name__ == "__main__":
    sys.exit(main())
