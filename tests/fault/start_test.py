#!/usr/bin/env python3
"""The program starts on its own libraries, whatever the environment and the working directory hold.

  start_test.py FTRUN BUILD_FOLDER

In the build tree and in a tree installed from it: no library path is relative or empty (which is the working directory), and
none yields to LD_LIBRARY_PATH; with LD_LIBRARY_PATH full of broken files of the names of the program's own libraries a whole
run ends well, and so it does beside such files in the working directory. What is installed finds its libraries without the
build tree and without the sources."""
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import main_of  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

SYSTEM = re.compile(r"^/(usr/)?lib(64)?/")


def objects_of(root):
    """Every program and library of a tree with bin/ and lib/ that is the project's own."""
    found = [root / "bin" / "ftrun", root / "bin" / "ftrun-cas", root / "lib" / "libftrun.so", root / "lib" / "libft_cuda.so",
             *(root / "lib" / "ftrun").glob("*.so")]
    found = [path for path in found if path.exists()]
    assert len(found) > 5, f"{root}: only {found}"
    return found


def check_paths(root):
    for path in objects_of(root):
        dynamic = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
        assert "(RUNPATH)" not in dynamic, f"{path} has a RUNPATH, which yields to LD_LIBRARY_PATH"
        for entries in re.findall(r"\(RPATH\).*\[(.*)\]", dynamic):
            for entry in entries.split(":"):
                assert entry.startswith(("/", "$ORIGIN")), f"{path}: the RPATH entry '{entry}' depends on the working directory: {entries}"


def libraries_of(path, environment=None):
    """{name: file} as the loader resolves them."""
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, env=environment, check=True).stdout
    return dict(re.findall(r"^\s*(\S+) => (.*?)(?: \(0x[0-9a-f]+\))?$", listed, re.M))


def own_libraries(root):
    names = {"libftrun.so.0"}
    for path in objects_of(root):
        for name, file in libraries_of(path).items():
            assert "not found" not in file, f"{path}: {name} is not found"
            if not SYSTEM.match(os.path.realpath(file)):
                names.add(name)
    assert {"libtorch_cpu.so", "libc10.so", "libgomp.so.1"} <= names, f"the program's own libraries are {sorted(names)}"
    return names


def starts(ftrun, what, **options):
    done = subprocess.run([ftrun, "--version"], capture_output=True, text=True, **options)
    assert done.returncode == 0 and done.stdout.startswith("ftrun "), f"{what}: exit code {done.returncode}\n{done.stdout}{done.stderr}"


def hostile_surroundings(ftrun, root, base, name):
    names = own_libraries(root)
    broken = base / f"{name}-broken"
    broken.mkdir()
    for library in names:
        (broken / library).write_text("no library\n")
    environment = os.environ | {"LD_LIBRARY_PATH": str(broken)}
    starts(ftrun, f"{name}: LD_LIBRARY_PATH with another {', '.join(sorted(names))}", env=environment)
    for library in ("libmpi.so.40", "libfmt.so.9", "libhdf5_serial.so.103"):  # the system's, looked for in its own folders
        (broken / library).write_text("no library\n")
    starts(ftrun, f"{name}: broken libraries in the working directory", cwd=broken)
    for library in ("libmpi.so.40", "libfmt.so.9", "libhdf5_serial.so.103"):
        (broken / library).unlink()
    run = TinyRun(ftrun, base, name)  # plugins are loaded, the grid is built, everything is used
    done = subprocess.run(run.command(), capture_output=True, text=True, env=environment, cwd=broken)
    assert done.returncode == 0, f"{name}: exit code {done.returncode}\n{done.stderr}"
    return run.outcome()


def main(base):
    ftrun, build = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2]).resolve()
    began = time.monotonic()
    check_paths(build)
    expected = hostile_surroundings(ftrun, build, base, "build")
    prefix = base / "prefix"
    subprocess.run(["cmake", "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    moved = base / "moved"  # an installed tree may be moved as a whole
    prefix.rename(moved)
    check_paths(moved)
    for path in objects_of(moved):
        for name, file in libraries_of(path, {}).items():
            file = os.path.realpath(file)
            if path.name == "libft_cuda.so" and name.startswith("libnccl"):
                continue  # the machine's own, as the driver is: its toolkit may lie anywhere
            assert file.startswith(f"{moved}/") or SYSTEM.match(file), f"{path}: {name} comes from {file}"
    assert hostile_surroundings(str(moved / "bin" / "ftrun"), moved, base, "installed") == expected, "the installed program computes something else"
    print(f"build tree and installed tree start on their own libraries; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main_of(main, "ftrun-start-")
