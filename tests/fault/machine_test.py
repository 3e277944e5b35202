#!/usr/bin/env python3
"""What the machine refuses is told in its own terms, with its limit and what to do; what does not matter is only warned of.

  machine_test.py FTRUN      needs a C compiler; exit code 77 where there is none

A library of a few lines, loaded before all others, lets single calls fail as on other file systems and machines: flock on
those that know no locks, space without inodes, quotas, descriptors, threads. Each case runs the whole program."""
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import main_of, skip  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

REFUSE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>
/* FT_REFUSE="call errno": this call fails with it; of fallocate only where the path of the file holds "checkpoints". */
static int refused(const char* call) {
  const char* told = getenv("FT_REFUSE");
  return told && !strncmp(told, call, strlen(call)) && told[strlen(call)] == ' ' ? atoi(told + strlen(call)) : 0;
}
int flock(int fd, int how) {
  int error = refused("flock");
  if (error) { errno = error; return -1; }
  return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(fd, how);
}
static int of_checkpoint(int fd) {
  char name[64] = "/proc/self/fd/", path[4096] = "";
  char digits[12]; int n = 0;
  do digits[n++] = '0' + fd % 10; while (fd /= 10);
  int at = strlen(name);
  while (n) name[at++] = digits[--n];
  return readlink(name, path, sizeof path - 1) > 0 && strstr(path, "checkpoints") != NULL;
}
int fallocate(int fd, int mode, off_t begin, off_t size) {
  int error = refused("fallocate");
  if (error && of_checkpoint(fd)) { errno = error; return -1; }
  return ((int (*)(int, int, off_t, off_t))dlsym(RTLD_NEXT, "fallocate"))(fd, mode, begin, size);
}
int fallocate64(int fd, int mode, off_t begin, off_t size) { return fallocate(fd, mode, begin, size); }
int statvfs(const char* path, struct statvfs* out) {
  int result = ((int (*)(const char*, struct statvfs*))dlsym(RTLD_NEXT, "statvfs"))(path, out);
  if (getenv("FT_NO_INODES")) { out->f_files = 65536; out->f_ffree = out->f_favail = 0; }
  return result;
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  int error = refused("pthread_create");
  if (error) return error;
  return ((int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*))dlsym(RTLD_NEXT, "pthread_create"))(thread, attributes, body, argument);
}
"""
ENOSPC, EDQUOT, EIO, EAGAIN, EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP, KERNEL_ENOTSUPP = 28, 122, 5, 11, 22, 37, 38, 95, 524


class Machine:
    def __init__(self, ftrun, base):
        self.ftrun, self.base, self.count = ftrun, base, 0
        (base / "refuse.c").write_text(REFUSE)
        self.library = base / "refuse.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library, base / "refuse.c", "-ldl"], check=True)

    def run(self, code, words, refuse="", silent=(), files=None, **environment):
        """A new run under these conditions ends with this code and says all of the words, none of `silent`."""
        self.count += 1
        run = TinyRun(self.ftrun, self.base, f"run-{self.count}")
        environment = os.environ | {"LD_PRELOAD": str(self.library), "FT_REFUSE": refuse} | environment
        limit = None if files is None else lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        done = subprocess.run(run.command(), capture_output=True, text=True, env=environment, preexec_fn=limit)
        output = done.stdout + done.stderr
        what = f"{refuse or environment.get('FT_CASE', '')} {files or ''}".strip()
        assert done.returncode == code, f"{what}: exit code {done.returncode}, not {code}\n{output[-2000:]}"
        assert all(word in output for word in words), f"{what}: not said {[w for w in words if w not in output]}\n{output[-2000:]}"
        assert not any(word in output for word in silent), f"{what}: said one of {silent}\n{output[-2000:]}"
        if code != 0:  # nothing is lost: without the trouble the same command goes on
            run.to_end()
        return run


def main(base):
    ftrun = sys.argv[1]
    if shutil.which("cc") is None:
        skip("there is no C compiler")
    began = time.monotonic()
    machine = Machine(ftrun, base)
    for error in (EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP, KERNEL_ENOTSUPP):
        machine.run(0, ["knows no locks"], f"flock {error}")
    machine.run(1, ["cannot lock", "Input/output error"], f"flock {EIO}")
    machine.run(1, ["No space left", "no inodes are left", "remove files"], f"fallocate {ENOSPC}", silent=["free some space"], FT_NO_INODES="1")
    machine.run(1, ["No space left", "bytes are free", "free some space"], f"fallocate {ENOSPC}", silent=["inodes"])
    machine.run(1, ["quota of your user"], f"fallocate {EDQUOT}", silent=["bytes are free"])
    machine.run(1, ["no further thread can be started", "ulimit -u"], f"pthread_create {EAGAIN}")
    said = 0
    for files in range(6, 40, 2):
        run = TinyRun(ftrun, base, f"files-{files}")
        done = subprocess.run(run.command(), capture_output=True, text=True,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)))
        if done.returncode == 127 or "error while loading shared libraries" in done.stderr:
            continue
        assert done.returncode in (0, 1), f"ulimit -n {files}: exit code {done.returncode}\n{done.stderr[-2000:]}"
        assert done.returncode == 0 or "ulimit -n" in done.stderr, f"ulimit -n {files}: the limit is not named\n{done.stderr[-2000:]}"
        said += done.returncode == 1
        if done.returncode == 0:
            break
    assert said > 0, "no limit of descriptors was too low"
    # Less than the program takes where it may. MKL's kernels for Intel's processors need more: 96 kB end in SIGSEGV there.
    least = 512 if "GenuineIntel" in pathlib.Path("/proc/cpuinfo").read_text() else 64
    for stack in (least, 1024):
        run = TinyRun(ftrun, base, f"stack-{stack}")
        done = subprocess.run(["bash", "-c", f'ulimit -s {stack}; exec "$@"', "bash", *run.command()], capture_output=True, text=True)
        assert done.returncode == 0, f"ulimit -s {stack}: exit code {done.returncode}\n{done.stderr[-2000:]}"
    print(f"locks, inodes, quotas, threads, {said} limits of descriptors: told in their terms, short stacks borne; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main_of(main, "ftrun-machine-")
