"""What the measurements of very many records share: how the program is started, and the parts of the run file and of the command line
that are alike."""
import argparse
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

RUN_FILE = f"""\
run: {{{{folder: {{folder}}, seed: 1}}}}
models:
  base: {{{{preset: tiny, tokenizer: {pathlib.Path(__file__).resolve().parent.parent / "golden" / "tokenizers" / "smollm2"}}}}}
"""


def start(program, run_file, ranks):
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    launcher = ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []
    return subprocess.Popen([*launcher, program, str(run_file), "parallel.bind=none"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def arguments(programs, ranks, **numbers):
    """--NAME of each number, with its default; ranks is a list of numbers, programs are full paths."""
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs=programs, type=os.path.abspath)
    parser.add_argument("--ranks", default=ranks, type=lambda text: [int(one) for one in text.split(",")])
    parser.add_argument("--folder")
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


@contextlib.contextmanager
def folder(inside):
    base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-many-", dir=inside))
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)
