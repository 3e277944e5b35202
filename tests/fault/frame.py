"""What tests of the whole program share: checks that show the output, and an end that leaves nothing behind.

    from frame import check, main_of

    def main(base):                                  # a new folder, which goes away
        check(done.returncode == 0, "it fails", done.stderr)

    if __name__ == "__main__":
        main_of(main, "ftrun-signals-")
"""
import os
import pathlib
import shutil
import sys
import tempfile

SKIPPED = 77  # what ctest takes for "cannot be tried on this machine"


def check(condition, what, output=""):
    """Ends the test with `what`, and the end of `output`, unless the condition holds."""
    if not condition:
        raise AssertionError(f"{what}\n{output[-3000:]}" if output else what)


def skip(why):
    print(why)
    sys.exit(SKIPPED)


def main_of(main, prefix, in_memory=False):
    """Runs `main` on a folder of its own; `in_memory` where one can be had there. A failed check is exit code 1."""
    where = "/dev/shm" if in_memory and os.path.isdir("/dev/shm") else None
    base = pathlib.Path(os.path.realpath(tempfile.mkdtemp(prefix=prefix, dir=where)))
    try:
        main(base)
    except AssertionError as failure:
        sys.exit(f"FAILED: {failure}")
    finally:
        shutil.rmtree(base, ignore_errors=True)
