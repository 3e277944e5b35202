#!/usr/bin/env python3
"""`ftrun doctor` on a sound set-up and on broken ones: each fault must be found under its own name, and no other.

  doctor_test.py FTRUN [CASE...]"""
import json
import math
import os
import pathlib
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FTRUN = sys.argv[1]
# What others do on the machine meanwhile, and how fast it is, is no fault of the set-up.
MOMENTARY = {"load", "disk", "space", "memory", "inodes", "file system"}


def mpirun(*arguments):
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return ["mpirun", *root, "--oversubscribe", *arguments]


def examine(command, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "PMI", "SLURM_", "FTRUN_", "OMP_"))}
    environment.update(variables)
    without_cores = lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, preexec_fn=without_cores)
    start = done.stdout.find("{")
    if start < 0:
        raise AssertionError(f"no JSON; exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.returncode, json.loads(done.stdout[start:])


def doctor(*arguments):
    return [FTRUN, "doctor", "--json", *map(str, arguments)]


def expect(result, health, name, text, alone=True, failure=1):
    """One finding of that health, name and text. A problem means exit code `failure`, and only one with `alone`."""
    code, report = result
    listing = "\n".join(f"{f['health']:8} {f['name']:11} {f['text']}; {f['advice']}" for f in report["findings"])
    matching = [f for f in report["findings"] if f["health"] == health and f["name"] == name and re.search(text, f["text"])]
    assert len(matching) == 1, f"{len(matching)} findings match {health} {name} /{text}/ in\n{listing}"
    assert health == "ok" or matching[0]["advice"], f"no advice in\n{listing}"
    assert code == (failure if health == "problem" else 0), f"exit code {code}\n{listing}"
    assert report["healthy"] == (health != "problem"), listing
    others = [f for f in report["findings"] if f["health"] == "problem" and f is not matching[0]]
    assert not (alone and others), f"other problems too:\n{listing}"
    print(f"  {matching[0]['health']}: {matching[0]['name']}: {matching[0]['text']}; {matching[0]['advice']}")


CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


@case
def sound_on_two_ranks(folder):
    code, report = examine(mpirun("-np", "2", *doctor(HERE / "smoke.yaml", f"run.folder={folder}/run")))
    bad = [f for f in report["findings"] if f["health"] != "ok" and f["name"] not in MOMENTARY]
    names = {f["name"] for f in report["findings"]}
    if os.cpu_count() >= 2:
        assert not bad, bad
    assert code == 0 and report["healthy"] and report["ranks"] == 2, report
    assert {"launcher", "libraries", "clocks", "run file", "cores", "memory", "processor", "exactness", "gpu", "limits", "folder", "shared",
            "locks", "space", "disk", "exchange"} <= names, names
    assert list(folder.iterdir()) == [], "the doctor left something behind"


@case
def sound_alone_in_lines(folder):
    done = subprocess.run([FTRUN, "doctor", "--folder", folder], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^ok +locks +hold$", done.stdout, re.M), done.stdout
    assert re.search(r"^healthy: \d+ ok, ", done.stdout, re.M), done.stdout
    assert list(folder.iterdir()) == [], "the doctor left something behind"


@case
def ranks_in_different_folders(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
    one = lambda name: ["-np", "1", "-wdir", str(folder / name), *doctor("--folder", "run")]
    expect(examine(mpirun(*one("a"), ":", *one("b"))), "problem", "shared", r"rank 1 on .* works in .*/b, rank 0 in .*/a: they are not one folder", alone=False)


@case
def run_file_not_on_all_ranks(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
    shutil.copy(HERE / "smoke.yaml", folder / "a" / "x.yaml")
    one = lambda name: ["-np", "1", "-wdir", str(folder / name), *doctor("x.yaml", "--folder", folder)]
    expect(examine(mpirun(*one("a"), ":", *one("b"))), "problem", "run file", r"rank 1 sees another x\.yaml than rank 0: .*x\.yaml")


@case
def folder_below_a_file(folder):
    (folder / "file").write_text("")
    expect(examine(doctor("--folder", folder / "file" / "run")), "problem", "folder", "file")


@case
def small_limit_of_file_size(folder):
    shell = ["bash", "-c", 'ulimit -f 64; exec "$@"', "bash"]
    expect(examine([*shell, *doctor("--folder", folder)]), "problem", "limits", "files may not grow beyond 66 kB", alone=False)
    expect(examine([*shell, *doctor("--folder", folder)]), "problem", "disk", "File too large", alone=False)


@case
def few_open_files(folder):
    expect(examine(["bash", "-c", 'ulimit -n 48; exec "$@"', "bash", *doctor("--folder", folder)]), "problem", "limits", "only 48 open files")


@case
def disk_nearly_full(folder):
    mount = ["unshare", *([] if os.geteuid() == 0 else ["-Ur"]), "-m", "bash", "-c", 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"', str(folder)]
    if subprocess.run([*mount, "true"], capture_output=True).returncode != 0:
        print("  not tried: no small file system may be mounted here")
        return
    expect(examine([*mount, *doctor("--folder", folder)]), "problem", "space", r"[\d.]+ .B free of 3\.1 MB \(tmpfs\)")
    expect(examine([*mount, *doctor(HERE / "smoke.yaml", "--folder", folder)]), "problem", "space", r"the run needs about \d+ MB")


@case
def ranks_on_one_core(folder):
    cpu = min(os.sched_getaffinity(0))
    if os.cpu_count() < 2:
        print("  not tried: the host has one core")
        return
    expect(examine(mpirun("--bind-to", "none", "-np", "2", "taskset", "-c", str(cpu), *doctor("--folder", folder))), "problem", "binding",
           rf"ranks 0, 1 share core {cpu} of .*, though the host has \d+ cores")


@case
def more_ranks_than_cores(folder):
    ranks = os.cpu_count() + 1
    expect(examine(mpirun("-np", str(ranks), *doctor("--folder", folder))), "warning", "binding", r"ranks .* share cores? .* of .*: they take turns")


@case
def srun_without_pmi(folder):
    expect(examine(doctor("--folder", folder), SLURM_STEP_NUM_TASKS="4", SLURM_PROCID="0"), "problem", "launcher", "srun started 4 tasks, but without MPI")


@case
def mpirun_of_another_mpi(folder):
    expect(examine(doctor("--folder", folder), PMI_SIZE="4", PMI_RANK="0"), "problem", "launcher", "PMI started 4 ranks, but MPI sees 1")


@case
def messages_instead_of_shared_memory(folder):
    expect(examine(mpirun("-np", "2", *doctor("--folder", folder)), FTRUN_SHARED_MEMORY="off"), "warning", "transport", "through MPI, not through shared memory")


def write_hollow_weights(path, config):
    """Every tensor that a Llama of that shape has, in a file that takes no room on the disk: all zeros."""
    h, inner = config["hidden_size"], config["intermediate_size"]
    kv = h // config["num_attention_heads"] * config["num_key_value_heads"]
    shapes = {"model.embed_tokens.weight": (config["vocab_size"], h), "lm_head.weight": (config["vocab_size"], h), "model.norm.weight": (h,)}
    for layer in range(config["num_hidden_layers"]):
        for name, shape in {"self_attn.q_proj": (h, h), "self_attn.k_proj": (kv, h), "self_attn.v_proj": (kv, h), "self_attn.o_proj": (h, h),
                            "mlp.gate_proj": (inner, h), "mlp.up_proj": (inner, h), "mlp.down_proj": (h, inner),
                            "input_layernorm": (h,), "post_attention_layernorm": (h,)}.items():
            shapes[f"model.layers.{layer}.{name}.weight"] = shape
    header, offset = {}, 0
    for name, shape in shapes.items():
        size = 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    os.truncate(path, 8 + len(text) + offset)


@case
def stage_larger_than_memory(folder):
    """Activations of 2.1 million tokens at once are more than a terabyte. The file of the weights is a hole behind its header."""
    config = {"model_type": "llama", "vocab_size": 49152, "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 8, "num_attention_heads": 16,
              "num_key_value_heads": 8, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": False}
    model = folder / "model"
    shutil.copytree(HERE.parent / "golden" / "tokenizers" / "smollm2", model)
    (model / "config.json").write_text(json.dumps(config))
    write_hollow_weights(model / "model.safetensors", config)
    many = ["training.lanes=1", "training.tokens_per_lane=2100000", "training.tokens_per_micro_batch=2100000", "stages.solver.length=6steps"]
    expect(examine(doctor(HERE / "smoke.yaml", f"run.folder={folder}/run", f"models.base={{path: {model}}}", *many)), "problem", "memory",
           r"GB free for 1 rank on .*, but stage 'solver\w*' needs about \d\.\d TB a rank, \d\.\d TB in all", alone=False)


def without_locks(folder, body):
    (folder / "lock.c").write_text(f"#include <errno.h>\nint flock(int file, int what) {{ {body} }}\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "lock.so", folder / "lock.c"], check=True)
    (folder / "run").mkdir()
    return examine(mpirun("-np", "2", "-x", f"LD_PRELOAD={folder}/lock.so", *doctor("--folder", folder / "run")))


@case
def file_system_without_locks(folder):
    expect(without_locks(folder, "errno = ENOLCK; return -1;"), "problem", "locks", "knows no locks")


@case
def locks_that_hold_on_one_rank_only(folder):
    expect(without_locks(folder, "return 0;"), "problem", "locks", r"rank \d got a lock that rank 0 holds")


@case
def warnings_of_the_run_file(folder):
    expect(examine(doctor(HERE / "smoke.yaml", f"run.folder={folder}/run", "stages.answers.temperature=0")), "warning", "run file", "temperature is 0: the 12 attempts")


@case
def mistake_in_the_run_file(folder):
    expect(examine(doctor(HERE / "smoke.yaml", f"run.folder={folder}/run", "training.learing_rate=1")), "problem", "run file", "did you mean 'learning_rate'", failure=2)


@case
def threads_that_are_ignored(folder):
    expect(examine(doctor("--folder", folder), OMP_NUM_THREADS="4"), "warning", "threads", "OMP_NUM_THREADS=4 is ignored")


def main():
    failed = []
    for name in sys.argv[2:] or CASES:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-doctor-"))
        print(name, flush=True)
        try:
            CASES[name](folder)
        except AssertionError as error:
            failed.append(name)
            print(f"  FAILED: {error}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "all well")
    sys.exit(1 if failed else 0)


main()
